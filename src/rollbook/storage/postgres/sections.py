"""
Sections as saves see them: read, judged, written, and read again when somebody was quicker.

Saves that come together cost two round trips together. The first reads from one moment all that
they are judged by, but for the rosters, which are remembered as long as nobody's changed
(`Store.people_version`). The second writes everything in one call, each section's if that is still
how things stand (`save_sections` in the schema).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
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

_SEATS = 9  # from this column on `section_states` tells of a section's places


class Rosters:
    """The rosters, by district and section, that this process saved marks of last."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], list[Seat]] = {}
        self._people = 0

    def unknown(self, district_id: int, sections: Iterable[int]) -> list[int]:
        """Return those of a district's sections whose seats have to be read."""
        return [section for section in sections if (district_id, section) not in self._known]

    async def seats(
        self, db: Any, district_id: int, read: Mapping[int, list[Seat]], people: int
    ) -> dict[int, list[Seat]]:
        """
        Return the seats of sections, as they were when *people* was the version.

        Args:
            db: Where those are read that were known, and have changed since.
            district_id: Whose they are.
            read: What was read of each section when that was the version; nothing of the known.
            people: The version.
        """
        if people != self._people:
            self._known.clear()
            self._people = people
        remembered = {
            section: seats or self._known.pop((district_id, section), None)
            for section, seats in read.items()
        }
        found = {section: seats or [] for section, seats in remembered.items()}
        forgotten = [section for section, seats in remembered.items() if seats is None]
        if forgotten:
            for section, *seat in await db.fetch(SQL.seats_of_sections, district_id, forgotten):
                found[section].append(rows.seat(seat))
        if people != self._people:
            return found  # meanwhile somebody read newer ones: these are nobody's to remember
        for section, seats in found.items():
            self._known[district_id, section] = seats  # at the end: a dict remembers the order
        while len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
        return found


class Section:
    """A section as it was at one moment, and what saves that were judged since come to."""

    def __init__(self, section_id: int, state: Sequence[Any], seats: list[Seat]) -> None:
        self.section_id = section_id
        number, head, *marks, taken = state
        self.version: int = number or 0
        self._hash: bytes = head or GENESIS
        self._taken = set(taken or ())
        self.current: dict[tuple[Day, int], tuple[int, str]] = {}
        if marks[0]:
            for day, who, status, comment in zip(*marks, strict=True):
                self.current[day, who] = (status, comment)
        self.seats = seats
        self.markable = {seat.enrollment_id for seat in seats if seat.can_be_marked}
        self.entries: list[RecordEntry] = []
        self.marks: dict[tuple[Day, int], tuple[int, str]] = {}  # the last word on each
        self.rolls: dict[Day, tuple[int | None, int | None]] = {}  # who took it first and last

    def require_version(self, expected: tuple[int, ...] | None) -> None:
        """Raise `ChangedMeanwhile` unless the section is in one of those states."""
        if expected is not None and self.version not in expected:
            raise ChangedMeanwhile(self.section_id)

    def accept(self, judgement: Judgement, author: Author, now: Instant) -> None:
        """Take a save up: as if it were written; nothing at all when nothing changes."""
        changed = {change.date for change in judgement.changes}
        dates = [day for day in judgement.dates if day in changed or day not in self._taken]
        if not (dates or judgement.changes):
            return
        entry = RecordEntry(
            section_id=self.section_id,
            number=self.version + 1,
            at=now,
            author=author,
            dates=tuple(dates),
            changes=tuple(judgement.changes),
        )
        entry = msgspec.structs.replace(entry, hash=chain_hash(self._hash, entry))
        self.entries.append(entry)
        self.version, self._hash = entry.number, entry.hash
        self._taken.update(dates)
        self.current.update(judgement.final)
        self.marks.update(judgement.final)
        for day in dates:
            first, _ = self.rolls.get(day, (author.acting, None))
            self.rolls[day] = (first, author.acting)


class Sections:
    """Sections of one district, as they were at one moment."""

    def __init__(
        self, db: Any, district_id: int, people: int, found: dict[int, Section]
    ) -> None:
        self._db = db
        self._district_id = district_id
        self._people = people
        self._found = found

    def __getitem__(self, section_id: int) -> Section:
        """Return one of them; raises `NoSuchThing`."""
        if section_id not in self._found:
            raise NoSuchThing("section", section_id)
        return self._found[section_id]

    @classmethod
    async def read(
        cls, db: Any, rosters: Rosters, district_id: int, days: Mapping[int, Collection[Day]]
    ) -> "Sections":
        """Read those of these sections that are there, each with its marks of some days."""
        asked = [(section, day) for section, of_it in days.items() for day in of_it]
        states = await db.fetch(
            SQL.section_states,
            district_id,
            [section for section, _ in asked],
            [day for _, day in asked],
            rosters.unknown(district_id, days),
            [*days],
        )
        if not states:
            return cls(db, district_id, 0, {})
        people = states[0][1]
        read = {state["id"]: _seats(*state[_SEATS:]) for state in states}
        seats = await rosters.seats(db, district_id, read, people)
        found = {
            state["id"]: Section(state["id"], state[2:_SEATS], seats[state["id"]])
            for state in states
        }
        return cls(db, district_id, people, found)

    async def write(self, now: Instant) -> set[int]:
        """
        Write marks, rolls, record and events of what was accepted.

        Returns the sections of which nothing was written, because they are no longer as they
        were read.
        """
        changed = [section for _, section in sorted(self._found.items()) if section.entries]
        if not changed:
            return set()
        written = await self._db.fetchval(
            SQL.save_sections, self._district_id, self._people, now, *_columns(changed)
        )
        return {section.section_id for section in changed}.difference(written)


def _seats(ids: Sequence[int] | None, *columns: Sequence[Any]) -> list[Seat]:
    """Return seats from their columns; none at all are None."""
    return [rows.seat(row) for row in zip(ids, *columns, strict=True)] if ids else []


def _columns(sections: Sequence[Section]) -> list[Any]:
    """Return the parameters of `save_sections` that are lists, in its order."""
    entries = [(entry, place) for each in sections for place, entry in enumerate(each.entries)]
    marks = [
        (each.section_id, *key, *value)
        for each in sections
        for key, value in sorted(each.marks.items())  # in the order of the table's key
    ]
    rolls = [(each.section_id, day, *by) for each in sections for day, by in each.rolls.items()]
    return [
        [entry.section_id for entry, _ in entries],
        [entry.number for entry, _ in entries],
        [place > 0 for _, place in entries],
        [entry.author.user_id for entry, _ in entries],
        [entry.author.on_behalf_of for entry, _ in entries],
        [entry.author.channel for entry, _ in entries],
        [entry.author.request_id for entry, _ in entries],
        [rows.to_json(entry.dates).decode() for entry, _ in entries],
        [rows.to_json(entry.changes).decode() for entry, _ in entries],
        [entry.hash for entry, _ in entries],
        _as_text(section for section, *_ in marks),
        _as_text(day for _, day, *_ in marks),
        _as_text(who for _, _, who, *_ in marks),
        _as_text(status for *_, status, _ in marks),
        [comment for *_, comment in marks],
        [section for section, *_ in rolls],
        [day for _, day, *_ in rolls],
        [first for *_, first, _ in rolls],
        [last for *_, last in rolls],
    ]


def _as_text(values: Iterable[int | Day]) -> str:
    """Return a list as PostgreSQL spells it: the driver looks at each item of a real one long."""
    return f"{{{','.join(map(str, values))}}}"
