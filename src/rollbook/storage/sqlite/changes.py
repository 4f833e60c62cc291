"""
What each write does, inside a transaction that somebody else opened.

A write is a command; `run` carries it out or raises. Nothing here commits: the writer does, for
many commands at once.
"""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import apsw
import msgspec

from rollbook.domain.attendance import Answer, Entry, Judgement, Unreadable, fill_roll, judge
from rollbook.domain.days import Day
from rollbook.domain.errors import (
    AlreadyThere,
    ChangedMeanwhile,
    NoSuchThing,
    RollRefused,
)
from rollbook.domain.people import ApiKey, District, Instant, User
from rollbook.domain.record import GENESIS, Author, RecordEntry, chain_hash
from rollbook.domain.store import Saved, SaveMarks, TakeRoll
from rollbook.storage import queries
from rollbook.storage.sqlite import rows

SQL = queries.load("sqlite")


class CreateDistrict(msgspec.Struct, frozen=True, tag=True):
    """A new district."""

    name: str
    time_zone: str


class ChangeDistrict(msgspec.Struct, frozen=True, tag=True):
    """A district's name, time zone and switch."""

    district: District


class CreateUser(msgspec.Struct, frozen=True, tag=True):
    """A new person."""

    district_id: int
    user: User


class CreateKey(msgspec.Struct, frozen=True, tag=True):
    """A new key."""

    key: ApiKey


class ChangeKey(msgspec.Struct, frozen=True, tag=True):
    """A key's secrets and dates."""

    key: ApiKey


Command: TypeAlias = (
    SaveMarks | TakeRoll | CreateDistrict | ChangeDistrict | CreateUser | CreateKey | ChangeKey
)


def run(db: apsw.Connection, command: Command, now: Instant) -> Any:
    """Carry out one command; whoever calls undoes what a raised error left half done."""
    do, _ = COMMANDS[type(command)]
    return do(db, command, now)


# ---------------------------------------------------------------- attendance


class MarksSaved(msgspec.Struct, frozen=True, array_like=True):
    """
    What a save of marks did.

    Whoever asked knows the entries: only what was refused of them goes back to them.
    """

    refused: dict[int, Answer]
    version: int
    changed: int


def save_marks(db: apsw.Connection, command: SaveMarks, now: Instant) -> MarksSaved:
    """Save entry by entry, or with `atomic` all or none."""
    section = _Section(db, command.district_id, command.section_id)
    section.require_version(command.if_version)
    judgement = _judged(section, command)
    if command.atomic:
        _require_all(judgement)
    section.write(judgement, command.author, now)
    return MarksSaved(judgement.refused, section.version, len(judgement.changes))


def rehearse_marks(db: apsw.Connection, command: SaveMarks) -> Judgement:
    """Return what `save_marks` would answer and write."""
    return _judged(_Section(db, command.district_id, command.section_id), command)


def _judged(section: "_Section", command: SaveMarks) -> Judgement:
    days = {entry.date for entry in command.entries if isinstance(entry, Entry)}
    return judge(command.entries, section.markable, section.current(days))


def take_roll(db: apsw.Connection, command: TakeRoll, now: Instant) -> Saved:
    """Save a whole roll, the day's fact even when nobody is on it."""
    section = _Section(db, command.district_id, command.section_id)
    section.require_version(command.if_version)
    current = section.current([command.date])
    entries: Sequence[Entry | Unreadable] = fill_roll(
        command.exceptions,
        command.date,
        section.seats,
        current,
        replace_excused=command.replace_excused,
    )
    judgement = judge(entries, section.markable, current)
    _require_all(judgement)
    whole = msgspec.structs.replace(judgement, dates=[command.date])
    section.write(whole, command.author, now)
    return Saved(judgement.answers, section.version, len(judgement.changes))


def _require_all(judgement: Judgement) -> None:
    if judgement.refused:
        answers = judgement.answers
        raise RollRefused(len(judgement.refused), len(answers), answers)


class _Section:
    """A section as one transaction sees it: its roster and the head of its record."""

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


# ---------------------------------------------------------------- administration


def take_numbers(db: apsw.Connection, noun: str, count: int = 1) -> int:
    """Give out *count* ids in a row and return the first."""
    following: Any = db.execute(SQL.take_numbers, (count, noun)).fetchone()
    return int(following[0]) - count


def create_district(db: apsw.Connection, command: CreateDistrict, now: Instant) -> District:
    """Create a district; the unique name speaks for itself."""
    number = take_numbers(db, "district")
    try:
        db.execute(SQL.create_district, (number, command.name, command.time_zone, now))
    except apsw.ConstraintError:
        raise AlreadyThere("district", f"“{command.name}”") from None
    return District(id=number, name=command.name, time_zone=command.time_zone)


def change_district(db: apsw.Connection, command: ChangeDistrict, _now: Instant) -> District:
    """Change a district; an update that touches no row is the error."""
    new = command.district
    try:
        touched = db.execute(
            SQL.change_district, (new.name, new.time_zone, new.powerschool, new.id)
        ).fetchone()
    except apsw.ConstraintError:
        raise AlreadyThere("district", f"“{new.name}”") from None
    if touched is None:
        raise NoSuchThing("district", new.id)
    return new


def create_user(db: apsw.Connection, command: CreateUser, _now: Instant) -> User:
    """Create a person, under an id of ours; foreign keys are looked at here, to be told."""
    district_id, school_id = command.district_id, command.user.school_id
    if not db.execute(SQL.district_exists, (district_id,)).fetchone():
        raise NoSuchThing("district", district_id)
    if school_id is not None:
        school = db.execute(SQL.school, (district_id, school_id)).fetchone()
        if school is None:
            raise NoSuchThing("school", school_id)
    person = msgspec.structs.replace(command.user, id=take_numbers(db, "user"))
    try:
        db.execute(SQL.create_user, rows.from_user(district_id, person))
    except apsw.ConstraintError:
        raise AlreadyThere("person with the district's id", person.sourced_id) from None
    return person


def create_key(db: apsw.Connection, command: CreateKey, _now: Instant) -> None:
    """Store a key; foreign keys are looked at here, so that the error can be told."""
    key = command.key
    if not db.execute(SQL.user, (key.district_id, key.user_id)).fetchone():
        raise NoSuchThing("user", key.user_id)
    try:
        db.execute(SQL.create_key, rows.from_api_key(key))
    except apsw.ConstraintError:
        raise AlreadyThere("key", key.key) from None


def change_key(db: apsw.Connection, command: ChangeKey, _now: Instant) -> None:
    """Change a key; an update that touches no row is the error."""
    key = command.key
    parameters = (
        key.sealed_secret,
        key.former_sealed_secret,
        key.former_until,
        key.name,
        key.read_only,
        key.expires_at,
        key.revoked_at,
        key.district_id,
        key.key,
    )
    if db.execute(SQL.change_key, parameters).fetchone() is None:
        raise NoSuchThing("key", key.key)


# What carries out each command, and what comes back.
COMMANDS: dict[type, tuple[Any, Any]] = {
    SaveMarks: (save_marks, MarksSaved),
    TakeRoll: (take_roll, Saved),
    CreateDistrict: (create_district, District),
    ChangeDistrict: (change_district, District),
    CreateUser: (create_user, User),
    CreateKey: (create_key, None),
    ChangeKey: (change_key, None),
}
