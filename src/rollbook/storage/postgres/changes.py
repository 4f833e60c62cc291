"""What each write does: attendance by `sections`, administration by a statement or two."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg
import msgspec

from rollbook.domain import acts
from rollbook.domain.attendance import Entry, Judgement, judge
from rollbook.domain.days import Day
from rollbook.domain.errors import AlreadyThere, NoSuchThing, Unavailable
from rollbook.domain.people import ApiKey, District, Instant, User
from rollbook.domain.record import Author
from rollbook.domain.store import Saved, SaveMarks, TakeRoll
from rollbook.storage import rows
from rollbook.storage.judging import judge_marks, judge_roll
from rollbook.storage.postgres.acts import keeping_an_administrator, record
from rollbook.storage.postgres.pool import FAULTS, unavailable
from rollbook.storage.postgres.reading import one
from rollbook.storage.postgres.sections import Rosters, Sections
from rollbook.storage.postgres.statements import SQL

_TRIES = 200  # each of them fails only because somebody else's save succeeded

Save: TypeAlias = SaveMarks | TakeRoll
Outcome: TypeAlias = Saved | Exception  # an exception is one save's own


async def save_together(
    db: Any, rosters: Rosters, commands: Sequence[Save], now: Instant
) -> list[Outcome]:
    """
    Save each of these, all of one district; those of one section one after the other.

    What is refused of one is its own affair. So is what the database will not take: then each is
    tried by itself, unless another of its section has just waited in vain for somebody's lock.
    """
    done: dict[int, Outcome] = {}
    try:
        await _save(db, rosters, dict(enumerate(commands)), done, now)
    except (asyncpg.PostgresError, asyncpg.InterfaceError):
        # In a transaction nothing can be tried any more, and what was written goes with it.
        if len(commands) == 1 or db.is_closed() or db.is_in_transaction():
            raise
        locked: dict[int, Unavailable] = {}  # by section
        for place, command in enumerate(commands):
            if place in done:
                continue
            if command.section_id in locked:
                done[place] = locked[command.section_id]
                continue
            try:
                await _save(db, rosters, {place: command}, done, now)
            except FAULTS as fault:
                done[place] = refusal = unavailable(fault)
                if isinstance(fault, asyncpg.LockNotAvailableError):
                    locked[command.section_id] = refusal
    return [done[place] for place in range(len(commands))]


async def save_alone(db: Any, rosters: Rosters, command: Save, now: Instant) -> Saved:
    """Save one."""
    (outcome,) = await save_together(db, rosters, [command], now)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


async def rehearse_marks(db: Any, rosters: Rosters, command: SaveMarks) -> Judgement:
    """Return what a save would answer and write."""
    sections = await Sections.read(db, rosters, command.district_id, _days([command]))
    section = sections[command.section_id]
    return judge(command.entries, section.markable, section.current)


async def _save(
    db: Any,
    rosters: Rosters,
    commands: Mapping[int, Save],
    done: dict[int, Outcome],
    now: Instant,
) -> None:
    """Read, judge, write; from the start again where somebody was quicker."""
    left = dict(commands)
    (district_id,) = {command.district_id for command in left.values()}
    for _ in range(_TRIES):
        sections = await Sections.read(db, rosters, district_id, _days(left.values()))
        outcomes = {place: _judged(sections, command, now) for place, command in left.items()}
        beaten = await sections.write(now)
        for place, outcome in outcomes.items():
            if left[place].section_id not in beaten:
                done[place] = outcome
                del left[place]
        if not left:
            return
    for place, command in left.items():
        done[place] = Unavailable(
            f"Section {command.section_id} was saved by others so often that this save never "
            "came to its turn; nothing of it was saved."
        )


def _days(commands: Iterable[Save]) -> dict[int, set[Day]]:
    days: dict[int, set[Day]] = {}
    for command in commands:
        days.setdefault(command.section_id, set()).update(
            {command.date}
            if isinstance(command, TakeRoll)
            else {entry.date for entry in command.entries if isinstance(entry, Entry)}
        )
    return days


def _judged(sections: Sections, command: Save, now: Instant) -> Outcome:
    """Return what a save answers if it is written; its section takes it up."""
    try:
        section = sections[command.section_id]
        section.require_version(command.if_version)
        if isinstance(command, TakeRoll):
            judgement = judge_roll(command, section.seats, section.markable, section.current)
        else:
            judgement = judge_marks(command, section.markable, section.current)
        section.accept(judgement, command.author, now)
        return Saved(judgement.answers, section.version, len(judgement.changes))
    except Exception as refusal:  # noqa: BLE001 — it is raised again, where it was asked
        return refusal


# ---------------------------------------------------------------- administration


async def take_numbers(db: Any, noun: str, count: int = 1) -> int:
    """Give out *count* ids in a row and return the first."""
    return int(await db.fetchval(SQL.take_numbers, count, noun)) - count


async def create_district(
    db: Any, number: int, name: str, time_zone: str, by: Author | None, now: Instant
) -> District:
    """Create a district and its book of nonces: nobody can have used one before."""
    made = District(id=number, name=name, time_zone=time_zone)
    async with db.transaction():
        try:
            await db.execute(SQL.create_district, number, name, time_zone, now)
        except asyncpg.UniqueViolationError:
            raise AlreadyThere("district", f"“{name}”") from None
        await db.execute(SQL.begin_nonce_book, number, 0)
        await record(db, number, by, acts.district_created(made), now)
    return made


async def change_district(db: Any, new: District, by: Author | None, now: Instant) -> District:
    """Change a district."""
    async with _administering(db, new.id):
        old = rows.district(await one(db, "district", new.id, SQL.district, new.id))
        try:
            await db.execute(SQL.change_district, *rows.from_district_change(new))
        except asyncpg.UniqueViolationError:
            raise AlreadyThere("district", f"“{new.name}”") from None
        await record(db, new.id, by, acts.district_changed(old, new), now)
    return new


@asynccontextmanager
async def _administering(db: Any, district_id: int) -> AsyncIterator[None]:
    """Do all inside, or nothing, alone in the district; workers forget what they know of it."""
    async with db.transaction():
        await db.execute(SQL.administer_alone, district_id)
        yield
        await db.execute(SQL.raise_people_version)


async def create_user(
    db: Any, district_id: int, user: User, by: Author | None, now: Instant
) -> User:
    """Create a person, under an id of ours; foreign keys are looked at here, to be told."""
    if not await db.fetchval(SQL.district_exists, district_id):
        raise NoSuchThing("district", district_id)
    await _require_school(db, district_id, user.school_id)
    person = msgspec.structs.replace(user, id=await take_numbers(db, "user"))
    async with db.transaction():
        try:
            await db.execute(SQL.create_user, *rows.from_user(district_id, person))
        except asyncpg.UniqueViolationError:
            raise AlreadyThere("person with the district's id", person.sourced_id) from None
        await record(db, district_id, by, acts.person_created(person), now)
    return person


async def change_user(
    db: Any, district_id: int, person: User, by: Author | None, now: Instant
) -> User:
    """Change a person."""
    async with _administering(db, district_id):
        await _require_school(db, district_id, person.school_id)
        old = await one(db, "user", person.id, SQL.user, district_id, person.id)
        change = rows.from_user_change(district_id, person)
        try:
            async with keeping_an_administrator(db, district_id, by):
                await db.execute(SQL.change_user, *change)
        except asyncpg.UniqueViolationError:
            raise AlreadyThere("person with the district's id", person.sourced_id) from None
        await record(db, district_id, by, acts.person_changed(rows.user(old), person), now)
    return person


async def _require_school(db: Any, district_id: int, school_id: int | None) -> None:
    if school_id is not None:
        await one(db, "school", school_id, SQL.school, district_id, school_id)


async def create_key(db: Any, key: ApiKey, by: Author | None, now: Instant) -> None:
    """Store a key; its user is looked at here, so that the error can be told."""
    async with _administering(db, key.district_id):
        await one(db, "user", key.user_id, SQL.user, key.district_id, key.user_id)
        try:
            await db.execute(SQL.add_key_home, key.key, key.district_id)
        except asyncpg.UniqueViolationError:
            raise AlreadyThere("key", key.key) from None
        await db.execute(SQL.create_key, *rows.from_api_key(key))
        await record(db, key.district_id, by, acts.key_created(key), now)


async def change_key(db: Any, key: ApiKey, by: Author | None, now: Instant) -> None:
    """Change a key; an update that touches no row is the error."""
    async with _administering(db, key.district_id):
        old = await db.fetchrow(SQL.key, key.district_id, key.key)
        if await db.fetchval(SQL.change_key, *rows.from_key_change(key)) is None:
            raise NoSuchThing("key", key.key)
        await record(db, key.district_id, by, acts.key_changed(rows.api_key(old), key), now)
