"""Reading marks out: section by section, all from one moment."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw

from rollbook.domain.attendance import Status
from rollbook.domain.mark_files import IdColumn, MarkRow, MarkSelection, Place, SectionMarks
from rollbook.storage import rows
from rollbook.storage.sqlite import naming
from rollbook.storage.sqlite.connection import moment, open_reader
from rollbook.storage.sqlite.statements import SQL

_AT_A_TIME = 10_000  # marks of one section in memory
_FIRST, _LAST = "0000-00-00", "9999-99-99"  # before and after every day, as text


def export_marks(
    path: Path, district_id: int, selection: MarkSelection
) -> Iterator[SectionMarks]:
    """
    Yield the marks of a district on a connection of its own.

    It reads one moment's state to the end: until then the log that writers append to cannot be
    emptied.
    """
    db = open_reader(path)
    try:
        with moment(db):
            yield from _Export(db, district_id, selection).sections()
    finally:
        db.close()


class _Export:
    """A selection, and the statements that find what it names."""

    def __init__(self, db: apsw.Connection, district_id: int, selection: MarkSelection) -> None:
        self._db = db
        self._district_id = district_id
        self._selection = selection
        wanted = selection.statuses or tuple(Status)
        self._filters = (
            selection.start or _FIRST,
            selection.end or _LAST,
            sum(1 << status for status in set(wanted)),
        )

    def sections(self) -> Iterator[SectionMarks]:
        """Yield each section that is asked for and has marks, by id."""
        only = self._enrollments()
        for section_id, code in self._sections(only):
            places: dict[int, Place] = {}
            for marks in self._marks(section_id):
                kept = marks if only is None else [m for m in marks if m[1] in only]
                if kept:
                    places = places or self._places(section_id)
                    yield SectionMarks(section_id, code, places, kept)

    def _enrollments(self) -> dict[int, int] | None:
        """Return the sections of the students that are asked for, by enrollment; None: of all."""
        if not self._selection.students:
            return None
        return {
            enrollment_id: section_id
            for cell in self._selection.students
            for section_id, enrollment_id in self._db.execute(
                SQL.all_places_of_user,
                (self._district_id, naming.user(self._db, self._district_id, cell)),
            )
        }

    def _sections(self, only: dict[int, int] | None) -> list[Any]:
        found = self._db.execute(SQL.section_codes, (self._district_id,)).fetchall()
        if only is not None:
            of_students = set(only.values())
            found = [row for row in found if row[0] in of_students]
        if self._selection.sections:
            either = IdColumn("section")
            wanted = {
                naming.section(self._db, self._district_id, cell, either)
                for cell in self._selection.sections
            }
            found = [row for row in found if row[0] in wanted]
        return found

    def _places(self, section_id: int) -> dict[int, Place]:
        found = self._db.execute(SQL.places, (self._district_id, section_id))
        return {row[0]: rows.place(row) for row in found}

    def _marks(self, section_id: int) -> Iterator[Sequence[MarkRow]]:
        found = self._db.execute(
            SQL.marks_to_export, (self._district_id, section_id, *self._filters)
        )
        while marks := list(itertools.islice(found, _AT_A_TIME)):
            yield marks
