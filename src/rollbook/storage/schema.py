"""
The numbered files of `storage/sql/<dialect>/schema`: append-only, each run once.

Each runs in a transaction that also writes its number down, so a database is at one number or at
the next, never between.
"""

import functools
from importlib import resources

import msgspec

from rollbook.domain.errors import Unavailable


class Migration(msgspec.Struct, frozen=True):
    """One step of the schema."""

    number: int
    name: str
    script: str


def known(dialect: str) -> list[Migration]:
    """Return every migration of this version of Rollbook for a dialect, in order."""
    return list(_read(dialect))


@functools.cache  # each look at the server's health asks for them
def _read(dialect: str) -> tuple[Migration, ...]:
    folder = resources.files("rollbook.storage") / "sql" / dialect / "schema"
    files = sorted(folder.iterdir(), key=lambda file: file.name)
    return tuple(
        Migration(int(file.name.partition("_")[0]), file.name, file.read_text(encoding="utf-8"))
        for file in files
        if file.name.endswith(".sql")
    )


def pending(steps: list[Migration], present: int) -> list[Migration]:
    """Return the steps after *present*; raises `Unavailable` for a later version's database."""
    if present > steps[-1].number:
        raise Unavailable(
            f"The database was written by a later version of Rollbook (schema {present}, "
            f"this version knows {steps[-1].number}). Install that version or a later one."
        )
    return [step for step in steps if step.number > present]
