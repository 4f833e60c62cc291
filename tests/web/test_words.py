"""The words of the pages: every text has its translation, with the same blanks to fill in."""

import ast
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.pofile import read_po

from cast import Cast
from rollbook.web import words
from web.browsing import Browser
from web.conftest import Visiting

DOCS = Path(__file__).resolve().parents[2] / "docs" / "words.py"
_BLANK = re.compile(r"%\(\w+\)s|\{\w+\}")


@pytest.fixture(scope="module")
def catalogues() -> ModuleType:
    """What `make words` runs."""
    spec = importlib.util.spec_from_file_location("words_of_docs", DOCS)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("language", sorted(set(words.LANGUAGES) - {words.DEFAULT}))
def test_every_text_has_its_translation(catalogues: ModuleType, language: str) -> None:
    """
    What stands in templates, pages and errors is in the catalogue, translated, with its blanks.
    """
    with (catalogues.LOCALE / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    wanted = {message.id for message in catalogues.to_translate() if message.id}
    translated = {str(message.id): str(message.string) for message in catalogue if message.id}

    assert len(wanted) > 100
    assert wanted - {text for text, string in translated.items() if string} == set()
    assert set(translated) - wanted == set()  # nothing is left of what was there once
    for text, string in translated.items():
        assert sorted(_BLANK.findall(text)) == sorted(_BLANK.findall(string)), text


def test_sentences_about_files_are_collected(catalogues: ModuleType) -> None:
    """
    Whatever is told of a file that was sent in is among the texts, wherever it is written.
    """
    wanted = {message.id for message in catalogues.to_translate() if message.id}
    written = {
        node.args[0].value
        for file in catalogues.HOUSE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id == "Sentence" and isinstance(node.args[0], ast.Constant)
    }

    assert len(written) > 50
    assert written - wanted == set()


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("es", "es"),
        ("es-MX,es;q=0.9,en;q=0.8", "es"),
        ("de-CH,de;q=0.9,en;q=0.8,es;q=0.7", "en"),
        ("fr", "en"),
        ("en;q=0.2, es;q=0.7", "es"),
        ("es;q=0", "en"),
        ("es;q=abc", "en"),
        ("es;q=nan", "en"),
        (",".join(["xx"] * 1000 + ["es"]), "en"),
    ],
)
def test_the_language_that_a_browser_asks_for(header: str | None, language: str) -> None:
    """
    The one of ours with the greatest weight, the first named of several; English otherwise.
    """
    assert words.choose(None, header) == language


async def test_a_language_is_chosen_and_remembered(stranger: Browser) -> None:
    """
    Whoever chooses Spanish gets it from then on, whatever the browser asks for.
    """
    page = await stranger.get("/login")
    assert "Log in" in page.text
    answer = await stranger.send(page, "/language", {"language": "es", "next": "/login"})

    assert answer.headers["location"] == "/login"
    spanish = await stranger.get("/login")
    assert "Entrar" in spanish.text
    assert '<html lang="es">' in spanish.html


async def test_a_sheet_in_spanish(visit: Visiting, cast: Cast) -> None:
    """
    Days, statuses and letters of the sheet are those of the language.
    """
    bob = await visit("bob")
    path = f"/sections/{cast.sections['maths']}/roll/2026-09-14"
    page = await bob.get(path, accept_language="es-US")

    assert "Lunes, 14 de septiembre de 2026" in page.text
    assert "Justificado" in page.text
    assert 'data-keys="p1a2t3l3j4e4"' in page.html


async def test_what_is_refused_is_told_in_the_language(visit: Visiting) -> None:
    """
    The sentence of an error is translated and what it is about, the number in it is kept.
    """
    bob = await visit("bob")
    page = await bob.get("/sections/1/roll/2026-09-14", accept_language="es")

    assert page.status == 404
    assert "Aquí no existe: clase 1." in page.text
