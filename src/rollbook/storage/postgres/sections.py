"""
Sections as a save sees them: read, judged, written, and read again when somebody was quicker.

A save costs two round trips. The first reads from one moment all that it is judged by, but for
the roster, which is remembered as long as nobody's changed (`Store.people_version`). The second
writes everything in one call, if that is still how things stand (`save_section` in the schema).
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from rollbook.domain.attendance import Judgement
from rollbook.domain.days import Day
from rollbook.domain.errors import ChangedMeanwhile, NoSuchThing
from rollbook.domain.people import Instant
from rollbook.domain.record import GENESIS, Author, RecordEntry, chain_hash
from rollbook.domain.rosters import Seat
from rollbook.storage import rows
from rollbook.storage.postgres.statements import SQL

REMEMBERED = 2000  # rosters, of some 6 KB each


class Rosters:
    """The rosters that this process saved marks of last."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], list[Seat]] = {}
        self._people = 0

    async def seats(self, db: Any, key: tuple[int, int], people: int) -> list[Seat]:
        """Return the seats of a section, as they were when *people* was the version."""
        if people != self._people:
            self._known.clear()
            self._people = people
        seats = self._known.pop(key, None)
        if seats is None:
            seats = [rows.seat(row) for row in await db.fetch(SQL.seats, *key)]
        self._known[key] = seats  # at the end: a dict remembers the order
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
        return seats


class Section:
    """A section as it was at one moment."""

    def __init__(self, db: Any, key: tuple[int, int], state: Any, seats: list[Seat]) -> None:
        self._db = db
        self._key = key
        self._people, number, head, *marks, taken = state
        self.version: int = number or 0
        self._hash: bytes = head or GENESIS
        self._taken = frozenset(taken or ())
        self.current: dict[tuple[Day, int], tuple[int, str]] = {}
        if marks[0]:
            for day, who, status, comment in zip(*marks, strict=True):
                self.current[day, who] = (status, comment)
        self.seats = seats
        self.markable = {seat.enrollment_id for seat in seats if seat.can_be_marked}

    @classmethod
    async def read(
        cls, db: Any, rosters: Rosters, key: tuple[int, int], days: Iterable[Day]
    ) -> "Section":
        """Read a section, with its marks of those days; raises `NoSuchThing`."""
        state = await db.fetchrow(SQL.section_state, *key, sorted(days))
        if state is None:
            raise NoSuchThing("section", key[1])
        return cls(db, key, state, await rosters.seats(db, key, state[0]))

    def require_version(self, expected: tuple[int, ...] | None) -> None:
        """Raise `ChangedMeanwhile` unless the section is in one of those states."""
        if expected is not None and self.version not in expected:
            raise ChangedMeanwhile(self._key[1])

    async def write(self, judgement: Judgement, author: Author, now: Instant) -> bool:
        """
        Write marks, rolls, record and event; nothing at all when nothing changes.

        Returns False, with nothing written, when the section is no longer as it was read.
        """
        changed = {change.date for change in judgement.changes}
        dates = [day for day in judgement.dates if day in changed or day not in self._taken]
        if not (dates or judgement.changes):
            return True
        entry = RecordEntry(
            section_id=self._key[1],
            number=self.version + 1,
            at=now,
            author=author,
            dates=tuple(dates),
            changes=tuple(judgement.changes),
        )
        entry = msgspec.structs.replace(entry, hash=chain_hash(self._hash, entry))
        written: bool = await self._db.fetchval(
            SQL.save_section, *self._parameters(judgement, entry)
        )
        if written:
            self.version = entry.number
        return written

    def _parameters(self, judgement: Judgement, entry: RecordEntry) -> tuple[Any, ...]:
        """Return the parameters of the statement `save_section`; marks in the key's order."""
        final = sorted(judgement.final.items())
        author = entry.author
        return (
            *self._key,
            self._people,
            entry.number,
            [day for (day, _), _ in final],
            [who for (_, who), _ in final],
            [status for _, (status, _) in final],
            [comment for _, (_, comment) in final],
            list(entry.dates),
            entry.at,
            author.acting,
            author.user_id,
            author.on_behalf_of,
            author.channel,
            author.request_id,
            rows.to_json(entry.dates).decode(),
            rows.to_json(entry.changes).decode(),
            entry.hash,
        )
