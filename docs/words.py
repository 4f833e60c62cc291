"""
Bring the catalogues of the pages up to date: `make words`.

What is to be translated stands in the templates, in the pages' code, in the sentences of the
house's errors, and in those with something filled in (`domain.sentences`). Words that are new
come without a translation: fill them in, a test asks for it.
"""

from pathlib import Path
from typing import get_args

import click
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from rollbook.auth.policy import Action
from rollbook.domain import errors
from rollbook.domain.accounts import SignOnRefused, WhyNot
from rollbook.domain.people import Colour
from rollbook.web.words import DEFAULT, LANGUAGES

HOUSE = Path(__file__).resolve().parent.parent / "src" / "rollbook"
LOCALE = HOUSE / "web" / "locale"

_METHODS = [
    ("web/templates/**.html", "jinja2"),
    ("web/**.py", "python"),
    *(
        (f"{part}/**.py", "python")
        for part in ("auth", "domain", "exchange", "operations", "watch", "wire")
    ),
    ("storage/*.py", "python"),
]
_OPTIONS = {"web/templates/**.html": {"trimmed": "true", "silent": "false"}}
_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None, "Sentence": None}


def to_translate() -> Catalog:
    """Return everything that has to have its words in each language."""
    catalog = Catalog(project="Rollbook", charset="utf-8")
    found = extract_from_dir(
        HOUSE, _METHODS, _OPTIONS, keywords=_KEYWORDS, strip_comment_tags=True
    )
    for file, _line, message, _comments, _context in found:
        catalog.add(message, locations=[(file, 0)])
    actions = {action.value for action in Action}
    things = {*get_args(errors.Thing)}
    for sentence in sorted(
        {*_sentences(), *things, *actions, *WhyNot, *SignOnRefused, *Colour}
    ):
        catalog.add(str(sentence), locations=[("domain", 0)])
    return catalog


def _sentences() -> set[str]:
    return {cls.sentence for cls in errors.RollbookError.__subclasses__()} - {"{0}"}


def main() -> None:
    """Write each catalogue again, its translations kept."""
    for language in LANGUAGES:
        if language == DEFAULT:
            continue
        place = LOCALE / f"{language}.po"
        catalog = Catalog(locale=language, charset="utf-8")
        if place.exists():
            with place.open("rb") as file:
                catalog = read_po(file, locale=language)
        catalog.update(to_translate(), no_fuzzy_matching=True, update_creation_date=False)
        catalog.obsolete.clear()
        with place.open("wb") as out:
            write_po(out, catalog, width=96, omit_header=True, sort_output=True)
        missing = sum(not message.string for message in catalog if message.id)
        click.echo(f"{place.name}: {len(catalog)} texts, {missing} without a translation")


if __name__ == "__main__":
    main()
