"""
Archives: what a pruning removes of a district, kept outside so that it can come back.

An archive holds, section by section, the marks, rolls and entries of the record that lie before a
day: no more and no less than a pruning of that day takes out. It names people by their ids and the
roster's own, never by name. Each section has a digest over its rows, by which the archive is held
against the book before anything is removed, and against itself before anything comes back.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from rollbook.domain.days import Day
from rollbook.domain.people import Instant
from rollbook.domain.retention import Counts

FORM = 1  # of an archive: what a later version of this program reads it by

Rows = list[tuple[Any, ...]]


class Table(msgspec.Struct, frozen=True):
    """A table of an archive: its columns in order, each with its type."""

    name: str
    types: dict[str, str]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns; the first is always the section."""
        return tuple(self.types)


def _table(name: str, columns: str) -> Table:
    named = (column.partition(":") for column in f"section_id:number {columns}".split())
    return Table(name, {column: kind for column, _, kind in named})


SECTIONS = _table(
    "sections",
    "school_code:text title:text section_code:text course_id:number course_code:text "
    "course_title:text school_id:number school_title:text marks:number rolls:number "
    "entries:number last_number:number last_hash:bytes digest:bytes",
)
ENROLLMENTS = _table(
    "enrollments",
    "enrollment_id:number sourced_id:text user_id:number user_sourced_id:text admin:small "
    "status:small first_day:day last_day:day",
)
MARKS = _table("marks", "date:day enrollment_id:number status:small comment:text")
ROLLS = _table(
    "rolls",
    "date:day first_taken_at:text first_taken_by:number last_taken_at:text "
    "last_taken_by:number",
)
RECORD = _table(
    "record",
    "number:number hash:bytes at:text user_id:number on_behalf_of:number channel:text "
    "request_id:text dates:text changes:text event_id:number",
)
TABLES = (SECTIONS, ENROLLMENTS, MARKS, ROLLS, RECORD)


class ArchivedSection(msgspec.Struct, frozen=True, kw_only=True):
    """What an archive holds of one section; its rows leave the section's id out."""

    id: int
    about: tuple[Any, ...]  # code, title and so on, as `SECTIONS` has them
    number: int  # of the last entry that it holds, or that an earlier pruning removed
    hash: bytes  # of the same
    enrollments: Rows
    marks: Rows
    rolls: Rows
    entries: Rows

    @property
    def counts(self) -> Counts:
        """How much that is."""
        return Counts(
            sections=1,
            marks=len(self.marks),
            rolls=len(self.rolls),
            entries=len(self.entries),
        )

    def digest(self) -> bytes:
        """Return SHA-256 over all that a pruning removes, and where the record goes on."""
        return digest(self.number, self.hash, self.marks, self.rolls, self.entries)


def digest(
    number: int, last_hash: bytes, marks: Sequence[Any], rolls: Sequence[Any], entries: Any
) -> bytes:
    """Return SHA-256 over a section's rows, in the order of their keys."""
    content = (number, last_hash, marks, rolls, entries)
    return hashlib.sha256(msgspec.msgpack.encode(content)).digest()


class ArchivedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of an archive, as it was when it was made."""

    rows: int
    bytes: int
    sha256: str


class Archive(msgspec.Struct, frozen=True, kw_only=True):
    """What an archive says of itself."""

    form: int = msgspec.field(name="rollbook archive", default=FORM)
    district_id: int
    district: str
    before: Day
    made_at: Instant
    made_by: str
    holds: Counts
    files: dict[str, ArchivedFile]
