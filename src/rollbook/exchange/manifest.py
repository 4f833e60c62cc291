"""What a OneRoster set says of itself: which files it has, and whether each is the whole."""

import enum
from collections.abc import Sequence

from rollbook.domain.errors import ImportRefused
from rollbook.domain.sentences import Sentence
from rollbook.exchange.archive import Files
from rollbook.exchange.csv_rows import BrokenCsvError, Column, read_rows
from rollbook.exchange.problems import Problems, placed

_NAME = "manifest.csv"
_VERSIONS = ("1.1", "1.2")


class Delivery(enum.StrEnum):
    """How a file comes."""

    BULK = "bulk"  # the whole: whoever is missing has left
    DELTA = "delta"  # what changed: whoever is missing has not
    ABSENT = "absent"


def deliveries(files: Files, names: Sequence[str], problems: Problems) -> dict[str, Delivery]:
    """
    Return how each of *names* comes (`users` for `users.csv`).

    The manifest's word counts, also for a file that it calls absent and that is there. A file
    that it does not mention, or a set without a manifest, is taken as bulk.

    Raises:
        ImportRefused: The set is of a version that is not read, or has none of the files.
    """
    told = _properties(files, problems)
    version = told.get("oneroster.version", "").removeprefix("v")
    if version and not version.startswith(_VERSIONS):
        raise ImportRefused(
            Sentence("{file} names a version of OneRoster other than 1.1 and 1.2", file=_NAME)
        )
    found = {name: _delivery(name, files, told, problems) for name in names}
    if set(found.values()) == {Delivery.ABSENT}:
        raise ImportRefused(
            Sentence("there is none of the OneRoster files in it (users.csv and others)")
        )
    return found


def _properties(files: Files, problems: Problems) -> dict[str, str]:
    """Read the manifest: names of properties in lower case, and their values."""
    if _NAME not in files:
        return {}

    def report(line: int, column: str, what: Sentence) -> None:
        problems.add(_NAME, line, column, what)

    columns = [Column("propertyName", required=True), Column("value", required=True)]
    try:
        with files.open(_NAME) as file:
            rows = [cells for _, cells in read_rows(file, columns, report)]
    except BrokenCsvError as error:
        raise ImportRefused(placed(_NAME, error.line, "", error.reason)) from None
    return {name.strip().lower(): value.strip().lower() for name, value in rows}


def _delivery(name: str, files: Files, told: dict[str, str], problems: Problems) -> Delivery:
    file = f"{name}.csv"
    word = told.get(f"file.{name}".lower())
    if word is None:
        return Delivery.BULK if file in files else Delivery.ABSENT
    try:
        delivery = Delivery(word or Delivery.ABSENT)
    except ValueError:
        what = Sentence("is neither bulk nor delta nor absent")
        problems.add(_NAME, 0, f"file.{name}", what)
        return Delivery.ABSENT
    if delivery is not Delivery.ABSENT and file not in files:
        what = Sentence(
            "is {delivery}, but there is no {file}", delivery=delivery.value, file=file
        )
        problems.add(_NAME, 0, f"file.{name}", what)
        return Delivery.ABSENT
    return delivery
