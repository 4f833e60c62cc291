"""What each write does: attendance by `sections`, administration by a statement or two."""

from typing import Any

import asyncpg
import msgspec

from rollbook.domain.attendance import Entry, Judgement, answers_to, judge
from rollbook.domain.days import Day
from rollbook.domain.errors import AlreadyThere, NoSuchThing, Unavailable
from rollbook.domain.people import ApiKey, District, Instant, User
from rollbook.domain.store import Saved, SaveMarks, TakeRoll
from rollbook.storage import rows
from rollbook.storage.judging import judge_marks, judge_roll
from rollbook.storage.postgres.sections import Rosters, Section
from rollbook.storage.postgres.statements import SQL

_TRIES = 200  # each of them fails only because somebody else's save succeeded


async def save_marks(db: Any, rosters: Rosters, command: SaveMarks, now: Instant) -> Saved:
    """Save entry by entry, or with `atomic` all or none."""

    def judged(section: Section) -> Judgement:
        return judge_marks(command, section.markable, section.current)

    days = _days(command)
    section, judgement = await _written(db, rosters, command, days, judged, now)
    answers = answers_to(command.entries, judgement.refused)
    return Saved(answers, section.version, len(judgement.changes))


async def rehearse_marks(db: Any, rosters: Rosters, command: SaveMarks) -> Judgement:
    """Return what `save_marks` would answer and write."""
    key = (command.district_id, command.section_id)
    section = await Section.read(db, rosters, key, _days(command))
    return judge(command.entries, section.markable, section.current)


def _days(command: SaveMarks) -> set[Day]:
    return {entry.date for entry in command.entries if isinstance(entry, Entry)}


async def take_roll(db: Any, rosters: Rosters, command: TakeRoll, now: Instant) -> Saved:
    """Save a whole roll, the day's fact even when nobody is on it."""

    def judged(section: Section) -> Judgement:
        return judge_roll(command, section.seats, section.markable, section.current)

    section, judgement = await _written(db, rosters, command, {command.date}, judged, now)
    return Saved(judgement.answers, section.version, len(judgement.changes))


async def _written(
    db: Any,
    rosters: Rosters,
    command: SaveMarks | TakeRoll,
    days: set[Day],
    judged: Any,
    now: Instant,
) -> tuple[Section, Judgement]:
    """Read, judge, write; from the start again as often as somebody was quicker."""
    key = (command.district_id, command.section_id)
    for _ in range(_TRIES):
        section = await Section.read(db, rosters, key, days)
        section.require_version(command.if_version)
        judgement = judged(section)
        if await section.write(judgement, command.author, now):
            return section, judgement
    raise Unavailable(
        f"Section {command.section_id} was saved by others so often that this save never came "
        "to its turn; nothing of it was saved."
    )


# ---------------------------------------------------------------- administration


async def take_numbers(db: Any, noun: str, count: int = 1) -> int:
    """Give out *count* ids in a row and return the first."""
    return int(await db.fetchval(SQL.take_numbers, count, noun)) - count


async def create_district(db: Any, name: str, time_zone: str, now: Instant) -> District:
    """Create a district; the unique name speaks for itself."""
    number = await take_numbers(db, "district")
    try:
        await db.execute(SQL.create_district, number, name, time_zone, now)
    except asyncpg.UniqueViolationError:
        raise AlreadyThere("district", f"“{name}”") from None
    return District(id=number, name=name, time_zone=time_zone)


async def change_district(db: Any, new: District) -> District:
    """Change a district; an update that touches no row is the error."""
    async with db.transaction():
        try:
            touched = await db.fetchval(SQL.change_district, *rows.from_district_change(new))
        except asyncpg.UniqueViolationError:
            raise AlreadyThere("district", f"“{new.name}”") from None
        if touched is None:
            raise NoSuchThing("district", new.id)
        await db.execute(SQL.raise_people_version)
    return new


async def create_user(db: Any, district_id: int, user: User) -> User:
    """Create a person, under an id of ours; foreign keys are looked at here, to be told."""
    if not await db.fetchval(SQL.district_exists, district_id):
        raise NoSuchThing("district", district_id)
    await _require_school(db, district_id, user.school_id)
    person = msgspec.structs.replace(user, id=await take_numbers(db, "user"))
    try:
        await db.execute(SQL.create_user, *rows.from_user(district_id, person))
    except asyncpg.UniqueViolationError:
        raise AlreadyThere("person with the district's id", person.sourced_id) from None
    return person


async def change_user(db: Any, district_id: int, person: User) -> User:
    """Change a person; an update that touches no row is the error."""
    async with db.transaction():
        await _require_school(db, district_id, person.school_id)
        change = rows.from_user_change(district_id, person)
        try:
            touched = await db.fetchval(SQL.change_user, *change)
        except asyncpg.UniqueViolationError:
            raise AlreadyThere("person with the district's id", person.sourced_id) from None
        if touched is None:
            raise NoSuchThing("user", person.id)
        await db.execute(SQL.raise_people_version)
    return person


async def _require_school(db: Any, district_id: int, school_id: int | None) -> None:
    if school_id is not None and not await db.fetchval(SQL.school, district_id, school_id):
        raise NoSuchThing("school", school_id)


async def create_key(db: Any, key: ApiKey) -> None:
    """Store a key; its user is looked at here, so that the error can be told."""
    async with db.transaction():
        if not await db.fetchval(SQL.user, key.district_id, key.user_id):
            raise NoSuchThing("user", key.user_id)
        try:
            await db.execute(SQL.add_key_home, key.key, key.district_id)
        except asyncpg.UniqueViolationError:
            raise AlreadyThere("key", key.key) from None
        await db.execute(SQL.create_key, *rows.from_api_key(key))
        await db.execute(SQL.raise_people_version)


async def change_key(db: Any, key: ApiKey) -> None:
    """Change a key; an update that touches no row is the error."""
    async with db.transaction():
        if await db.fetchval(SQL.change_key, *rows.from_key_change(key)) is None:
            raise NoSuchThing("key", key.key)
        await db.execute(SQL.raise_people_version)
