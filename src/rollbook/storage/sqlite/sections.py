"""
Sections as the writer knows them: who is on the roster, and where the record stands.

Looking these up took a fifth of the time of a save, and mostly found what the last save of the
same section had left there. So they are remembered, for as long as nobody else writes to the
file: one number of SQLite's tells (`data_version`), and it is asked for in each transaction.
"""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import apsw
import msgspec

from rollbook.domain.attendance import Judgement
from rollbook.domain.days import Day
from rollbook.domain.errors import ChangedMeanwhile, NoSuchThing
from rollbook.domain.people import Instant
from rollbook.domain.record import GENESIS, Author, RecordEntry, chain_hash
from rollbook.storage import rows
from rollbook.storage.sqlite.statements import SQL

REMEMBERED = 2000  # sections, of some 6 KB each


class Sections:
    """The sections that one connection wrote to last."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._known: dict[tuple[int, int], Section] = {}
        self._version = 0

    def begin(self) -> None:
        """Forget everything if anybody else wrote since; a transaction has begun."""
        version = int(self._db.pragma("data_version"))
        if version != self._version:
            self._known.clear()
            self._version = version

    def forget(self) -> None:
        """Forget everything: what was written is not there, or something else is."""
        self._known.clear()

    @contextlib.contextmanager
    def opened(self, district_id: int, section_id: int) -> Iterator["Section"]:
        """
        Let a section be written to, and remember it when that went well.

        Raises:
            NoSuchThing: There is none in the district.
        """
        key = (district_id, section_id)
        section = self._known.pop(key, None) or Section(self._db, *key)
        yield section
        self._known[key] = section  # at the end: a dict remembers the order
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]


class Section:
    """A section as the writer sees it: its roster and the head of its record."""

    def __init__(self, db: apsw.Connection, district_id: int, section_id: int) -> None:
        self._db = db
        self._key = (district_id, section_id)
        found = db.execute(SQL.seats, self._key).fetchall()
        if not found and not db.execute(SQL.section_exists, self._key).fetchone():
            raise NoSuchThing("section", section_id)
        self.seats = [rows.seat(row) for row in found]
        self.markable = {seat.enrollment_id for seat in self.seats if seat.can_be_marked}
        head: Any = db.execute(SQL.record_head, self._key).fetchone() or (0, GENESIS)
        self.version: int = head[0]
        self._hash: bytes = head[1]

    def require_version(self, expected: tuple[int, ...] | None) -> None:
        """Raise `ChangedMeanwhile` unless the section is in one of those states."""
        if expected is not None and self.version not in expected:
            raise ChangedMeanwhile(self._key[1])

    def current(self, days: Iterable[Day]) -> dict[tuple[Day, int], tuple[int, str]]:
        """Return status and comment of the marks of those days."""
        return {
            (day, who): (status, comment)
            for day in days
            for who, status, comment in self._db.execute(SQL.marks_on_day, (*self._key, day))
        }

    def write(self, judgement: Judgement, author: Author, now: Instant) -> None:
        """Write marks, rolls, record and event; nothing at all when nothing changes."""
        dates = tuple(self._days_to_record(judgement))
        if dates or judgement.changes:
            self._write_marks(judgement)
            self._db.executemany(
                SQL.save_roll, [(*self._key, day, now, author.acting) for day in dates]
            )
            self._write_record(judgement, dates, author, now)

    def _days_to_record(self, judgement: Judgement) -> list[Day]:
        """Return the days whose roll this save takes: those that it changes, and new ones."""
        changed = {change.date for change in judgement.changes}
        return [day for day in judgement.dates if day in changed or not self._is_taken(day)]

    def _is_taken(self, day: Day) -> bool:
        return self._db.execute(SQL.roll_is_taken, (*self._key, day)).fetchone() is not None

    def _write_marks(self, judgement: Judgement) -> None:
        # In the order of the key: neighbours in the file are written together.
        self._db.executemany(
            SQL.save_mark,
            [(*self._key, *place, *value) for place, value in sorted(judgement.final.items())],
        )

    def _write_record(
        self, judgement: Judgement, dates: tuple[Day, ...], author: Author, now: Instant
    ) -> None:
        district_id, section_id = self._key
        entry = RecordEntry(
            section_id=section_id,
            number=self.version + 1,
            at=now,
            author=author,
            dates=dates,
            changes=tuple(judgement.changes),
        )
        entry = msgspec.structs.replace(entry, hash=chain_hash(self._hash, entry))
        self._db.execute(SQL.add_to_record, rows.from_record_entry(district_id, entry))
        self._db.execute(SQL.add_event, (district_id, section_id, entry.number))
        self.version, self._hash = entry.number, entry.hash
