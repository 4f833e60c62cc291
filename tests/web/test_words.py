"""The words of the pages: every text has its translation, with the same blanks to fill in."""

import ast
import html
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from babel.messages.pofile import read_po

from cast import Cast
from rollbook.auth.reception import Reception
from rollbook.domain.errors import AccountChanged, AlreadyThere, AskedTooOften
from rollbook.domain.sentences import Sentence
from rollbook.web import words
from rollbook.web.render import clock_time
from web.browsing import Browser, Page
from web.conftest import Visiting
from web.every_route import URLENCODED, Route, ask, places, token_of
from web.test_rights import TABLE

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


def refusal(answer: httpx.Response) -> str:
    """Return the sentence of a page that says no."""
    found = re.search(r"</h1>\s*<p>(.*?)</p>", answer.text, re.DOTALL)
    return html.unescape(found[1]) if found else ""


@pytest.mark.parametrize("role", ["alice", "bob", "anna", "mallory"])
async def test_no_refusal_is_told_in_another_language(
    visit: Visiting, reception: Reception, cast: Cast, role: str
) -> None:
    """
    Whatever somebody may not do, is told in Spanish to whoever reads Spanish.
    """
    browser = await visit(role)
    ids = await places(cast, reception) | {"key": "nokey", "year": "202", "month": "2026-9"}
    token = await token_of(browser)
    told: dict[Route, list[str]] = {}
    for route in TABLE.keys() - {("POST", "/language"), ("POST", "/logout")}:
        for language in ("en", "es"):
            answer = await ask(
                browser, route, ids, token, headers={"accept_language": language}
            )
            if answer.status_code >= 400 and (sentence := refusal(answer)):
                told.setdefault(route, []).append(sentence)

    assert len(told) > 3
    assert {route: said for route, said in told.items() if len({*said}) < 2} == {}


STRANGE: dict[str, tuple[str, str, dict[str, str], bytes]] = {
    "no path": ("GET", "/nothing/here", {}, b""),
    "no method": ("DELETE", "/today", {}, b""),
    "no host": ("GET", "/login", {"host": "a b"}, b""),
    "another host": ("GET", "/login", {"host": "another.test"}, b""),
    "no length": ("POST", "/login", {"content-length": "many"}, b""),
    "no form": ("POST", "/login", {"content-type": "text/plain"}, b"x"),
    "a large form": ("POST", "/login", {"content-type": URLENCODED}, b"x" * 3_000_000),
    "another site's form": ("POST", "/login", {"content-type": URLENCODED}, b"x=1"),
}


@pytest.mark.parametrize("request_of", STRANGE)
async def test_no_refusal_of_a_request_is_told_in_another_language(
    stranger: Browser, request_of: str
) -> None:
    """
    So are those of what no page of ours sends.
    """
    method, path, headers, content = STRANGE[request_of]
    said = [
        await stranger.client.request(
            method, path, headers={**headers, "accept-language": language}, content=content
        )
        for language in ("en", "es")
    ]

    assert said[0].status_code == said[1].status_code >= 400
    assert refusal(said[0])
    assert refusal(said[0]) != refusal(said[1])


def test_too_many_tries_are_told_in_the_language() -> None:
    """
    Both halves of the sentence, and the seconds between them.
    """
    refused = AskedTooOften(Sentence("There were too many tries to log in with this name"), 7)
    spanish = words.translations("es").gettext

    assert words.told(refused, spanish) == (
        "Hubo demasiados intentos de entrar con este nombre; espere 7 s antes de la próxima "
        "petición."
    )


@pytest.mark.parametrize("name", ["user", "Excused", "section"])
def test_a_name_is_not_translated(name: str) -> None:
    """
    A school, a login or an id that reads like a word of ours stays as it is.
    """
    spanish = words.translations("es").gettext

    assert words.told(AlreadyThere("school", name), spanish) == f"Ya existe: escuela {name}."
    assert f" {name} " in words.told(AccountChanged(name), spanish)


async def test_what_is_refused_is_told_in_the_language(visit: Visiting) -> None:
    """
    The sentence of an error is translated and what it is about, the number in it is kept.
    """
    bob = await visit("bob")
    page = await bob.get("/sections/1/roll/2026-09-14", accept_language="es")

    assert page.status == 404
    assert "Aquí no existe: clase 1." in page.text


async def test_another_language_shows_the_same_page(visit: Visiting, cast: Cast) -> None:
    """
    With what was looked for on it; what is only sent to leads to the page that it was sent from.
    """
    alice = await visit("alice")
    looked_for = "/admin/people?find=O%27Malley&page=1"
    page = await alice.get(looked_for)
    answer = await alice.send(page, "/language", {"language": "es"})
    assert answer.headers["location"] == looked_for

    keys = await alice.get("/admin/keys")
    made = await alice.send(keys, f"/admin/keys/{cast.keys['bob']}", {"rotate": ""})
    answer = await alice.send(Page(made), "/language", {"language": "en"})
    assert answer.headers["location"] == "/admin/keys"


@pytest.mark.parametrize(
    ("language", "hour", "told"),
    [
        ("en", "13:35", "1:35\u202fPM"),
        ("en", "8:05", "8:05\u202fAM"),
        ("es", "08:05", "8:05"),
        ("es", "13:35", "13:35"),
        ("en", "25:00", "25:00"),
        ("en", "after lunch", "after lunch"),
        ("en", "", ""),
    ],
)
def test_an_hour_is_written_as_the_language_does(language: str, hour: str, told: str) -> None:
    """
    As rosters write it, with a nought or without; what is no hour stays.
    """
    assert clock_time(language, hour) == told
