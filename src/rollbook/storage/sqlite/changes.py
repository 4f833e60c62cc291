"""
What each write does, inside a transaction that somebody else opened.

A write is a command; `run` carries it out or raises. Nothing here commits: the writer does, for
many commands at once.
"""

from typing import Any, TypeAlias

import apsw
import msgspec

from rollbook.domain import acts
from rollbook.domain.attendance import Answer, Entry, Judgement, judge
from rollbook.domain.days import Day
from rollbook.domain.errors import AlreadyThere, NoSuchThing, Thing
from rollbook.domain.people import ApiKey, District, Instant, User
from rollbook.domain.record import Author
from rollbook.domain.store import Saved, SaveMarks, TakeRoll
from rollbook.storage import rows
from rollbook.storage.judging import judge_marks, judge_roll
from rollbook.storage.sqlite import account_changes
from rollbook.storage.sqlite.account_changes import AccountCommand
from rollbook.storage.sqlite.acts import keeping_an_administrator, record
from rollbook.storage.sqlite.sections import Section, Sections
from rollbook.storage.sqlite.statements import SQL


class CreateDistrict(msgspec.Struct, frozen=True, tag=True):
    """A new district."""

    name: str
    time_zone: str
    by: Author | None = None


class ChangeDistrict(msgspec.Struct, frozen=True, tag=True):
    """A district as it is set now."""

    district: District
    by: Author | None = None


class CreateUser(msgspec.Struct, frozen=True, tag=True):
    """A new person."""

    district_id: int
    user: User
    by: Author | None = None


class ChangeUser(msgspec.Struct, frozen=True, tag=True):
    """A person as they are now."""

    district_id: int
    user: User
    by: Author | None = None


class CreateKey(msgspec.Struct, frozen=True, tag=True):
    """A new key."""

    key: ApiKey
    by: Author | None = None


class ChangeKey(msgspec.Struct, frozen=True, tag=True):
    """A key's secrets and dates."""

    key: ApiKey
    by: Author | None = None


class NoteUseOfKey(msgspec.Struct, frozen=True, tag=True):
    """A key that was used on a day."""

    district_id: int
    key: str
    day: Day


class TryWriting(msgspec.Struct, frozen=True, tag=True):
    """Nothing, but on the disk."""


Command: TypeAlias = (
    SaveMarks
    | TakeRoll
    | CreateDistrict
    | ChangeDistrict
    | CreateUser
    | ChangeUser
    | CreateKey
    | ChangeKey
    | NoteUseOfKey
    | AccountCommand
    | TryWriting
)


def run(db: apsw.Connection, command: Command, now: Instant, sections: Sections) -> Any:
    """Carry out one command; whoever calls undoes what a raised error left half done."""
    do, _ = COMMANDS[type(command)]
    if isinstance(command, SaveMarks | TakeRoll):
        with sections.opened(command.district_id, command.section_id) as section:
            return do(section, command, now)
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


def save_marks(section: Section, command: SaveMarks, now: Instant) -> MarksSaved:
    """Save entry by entry, or with `atomic` all or none."""
    section.require_version(command.if_version)
    current = section.current(_days(command))
    judgement = judge_marks(command, section.markable, current)
    section.write(judgement, command.author, now)
    return MarksSaved(judgement.refused, section.version, len(judgement.changes))


def rehearse_marks(db: apsw.Connection, command: SaveMarks) -> Judgement:
    """Return what `save_marks` would answer and write."""
    section = Section(db, command.district_id, command.section_id)
    return judge(command.entries, section.markable, section.current(_days(command)))


def _days(command: SaveMarks) -> set[Day]:
    return {entry.date for entry in command.entries if isinstance(entry, Entry)}


def take_roll(section: Section, command: TakeRoll, now: Instant) -> Saved:
    """Save a whole roll, the day's fact even when nobody is on it."""
    section.require_version(command.if_version)
    current = section.current([command.date])
    judgement = judge_roll(command, section.seats, section.markable, current)
    section.write(judgement, command.author, now)
    return Saved(judgement.answers, section.version, len(judgement.changes))


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
    made = District(id=number, name=command.name, time_zone=command.time_zone)
    record(db, made.id, command.by, acts.district_created(made), now)
    return made


def change_district(db: apsw.Connection, command: ChangeDistrict, now: Instant) -> District:
    """Change a district."""
    new = command.district
    old = rows.district(_row(db, "district", new.id, SQL.district, new.id))
    try:
        db.execute(SQL.change_district, rows.from_district_change(new))
    except apsw.ConstraintError:
        raise AlreadyThere("district", f"“{new.name}”") from None
    record(db, new.id, command.by, acts.district_changed(old, new), now)
    return new


def _row(db: apsw.Connection, noun: Thing, name: int | str, statement: str, *key: Any) -> Any:
    """Return the one row; none is `NoSuchThing`."""
    found = db.execute(statement, key).fetchone()
    if found is None:
        raise NoSuchThing(noun, name)
    return found


def create_user(db: apsw.Connection, command: CreateUser, now: Instant) -> User:
    """Create a person, under an id of ours; foreign keys are looked at here, to be told."""
    district_id = command.district_id
    if not db.execute(SQL.district_exists, (district_id,)).fetchone():
        raise NoSuchThing("district", district_id)
    _require_school(db, district_id, command.user.school_id)
    person = msgspec.structs.replace(command.user, id=take_numbers(db, "user"))
    try:
        db.execute(SQL.create_user, rows.from_user(district_id, person))
    except apsw.ConstraintError:
        raise AlreadyThere("person with the district's id", person.sourced_id) from None
    record(db, district_id, command.by, acts.person_created(person), now)
    return person


def change_user(db: apsw.Connection, command: ChangeUser, now: Instant) -> User:
    """Change a person."""
    district_id, person = command.district_id, command.user
    _require_school(db, district_id, person.school_id)
    old = rows.user(_row(db, "user", person.id, SQL.user, district_id, person.id))
    try:
        with keeping_an_administrator(db, district_id, command.by):
            db.execute(SQL.change_user, rows.from_user_change(district_id, person))
    except apsw.ConstraintError:
        raise AlreadyThere("person with the district's id", person.sourced_id) from None
    record(db, district_id, command.by, acts.person_changed(old, person), now)
    return person


def _require_school(db: apsw.Connection, district_id: int, school_id: int | None) -> None:
    if school_id is not None:
        _row(db, "school", school_id, SQL.school, district_id, school_id)


def create_key(db: apsw.Connection, command: CreateKey, now: Instant) -> None:
    """Store a key; foreign keys are looked at here, so that the error can be told."""
    key = command.key
    _row(db, "user", key.user_id, SQL.user, key.district_id, key.user_id)
    try:
        db.execute(SQL.create_key, rows.from_api_key(key))
    except apsw.ConstraintError:
        raise AlreadyThere("key", key.key) from None
    record(db, key.district_id, command.by, acts.key_created(key), now)


def change_key(db: apsw.Connection, command: ChangeKey, now: Instant) -> None:
    """Change a key; one of another district is none."""
    key = command.key
    old = rows.api_key(_row(db, "key", key.key, SQL.key, key.key))
    if db.execute(SQL.change_key, rows.from_key_change(key)).fetchone() is None:
        raise NoSuchThing("key", key.key)
    record(db, key.district_id, command.by, acts.key_changed(old, key), now)


def note_use_of_key(db: apsw.Connection, command: NoteUseOfKey, _now: Instant) -> None:
    """Note it, unless somebody has."""
    db.execute(SQL.note_use_of_key, (command.day, command.district_id, command.key))


def try_writing(db: apsw.Connection, _command: TryWriting, _now: Instant) -> None:
    """Write the number of the schema over itself: its page goes to the disk all the same."""
    db.pragma("user_version", db.pragma("user_version"))


# What carries out each command, and what comes back.
COMMANDS: dict[type, tuple[Any, Any]] = {
    SaveMarks: (save_marks, MarksSaved),
    TakeRoll: (take_roll, Saved),
    CreateDistrict: (create_district, District),
    ChangeDistrict: (change_district, District),
    CreateUser: (create_user, User),
    ChangeUser: (change_user, User),
    CreateKey: (create_key, None),
    ChangeKey: (change_key, None),
    NoteUseOfKey: (note_use_of_key, None),
    TryWriting: (try_writing, None),
    **account_changes.COMMANDS,
}
