"""The languages of the pages: gettext's catalogues, read through Babel."""

import functools
import io
import re
from collections.abc import Callable
from importlib import resources

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from rollbook.domain.errors import RollbookError
from rollbook.domain.sentences import Sentence

LANGUAGES = {"en": "English", "es": "Español"}
_WEIGHT = re.compile(r"(?:q=([01](?:\.[0-9]{0,3})?))?")

DEFAULT = "en"  # the words in the templates are in this one


def N_(text: str) -> str:  # noqa: N802 — gettext's own name for it
    """Mark a text to be translated where it is shown."""
    return text


def told(error: RollbookError, gettext: Callable[[str], str]) -> str:
    """Return an error's sentence in a language; names and numbers in it stay as they are."""
    first, *others = error.facts or ("",)
    if isinstance(first, str) and error.begins_with_words:
        first = in_language(first, gettext)
    return gettext(error.sentence).format(first, *others)


def in_language(text: str, gettext: Callable[[str], str]) -> str:
    """Return a text of ours in a language, as far as its catalogue has it."""
    return text.parts.told(gettext) if isinstance(text, Sentence) else gettext(text)


@functools.cache
def translations(language: str) -> NullTranslations:
    """Return the catalogue of a language; there is none of the one that the templates are in."""
    if language == DEFAULT:
        return NullTranslations()
    source = resources.files("rollbook.web").joinpath("locale", f"{language}.po")
    compiled = io.BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled, "messages")


def choose(chosen: str | None, accept_language: str | None) -> str:
    """
    Return the language of an answer.

    Args:
        chosen: What the visitor chose here before.
        accept_language: What their browser asks for (RFC 9110, 12.5.4).
    """
    if chosen in LANGUAGES:
        return chosen
    return max(_wanted(accept_language or ""), default=(0.0, DEFAULT))[1]


def _wanted(header: str) -> list[tuple[float, str]]:
    """Return the languages of ours that a header names, with their weights; first named wins."""
    found: list[tuple[float, str]] = []
    for place, part in enumerate(header.split(",")[:20]):
        name, _, weight = part.partition(";")
        language = name.strip().lower().partition("-")[0]
        if language in LANGUAGES and (value := _weight(weight)) > 0:
            found.append((value - place / 1000, language))
    return found


def _weight(text: str) -> float:
    read = _WEIGHT.fullmatch(text.strip())
    return float(read[1] or 1) if read else 0.0
