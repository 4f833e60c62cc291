"""Holds, and the removal of old years in transactions that others can wait for."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec

from rollbook.domain.days import Day, instant
from rollbook.domain.errors import NoSuchThing, Thing
from rollbook.domain.people import Instant
from rollbook.domain.record import GENESIS, chain_hash
from rollbook.domain.retention import (
    Counts,
    Hold,
    Pruning,
    Statement,
    entry_of,
    is_older,
)
from rollbook.storage import rows
from rollbook.storage.checking import anchor_of, handfuls, record_of
from rollbook.storage.clock import Clock
from rollbook.storage.desk import Desk, Key

_LOCK_FOR = 0.02  # seconds after which a transaction takes in no further section
_LEAVE_FOR = 0.02  # seconds between two, in which the server's saves come in
_DUE = 100  # sections that are found before they are pruned


# ---------------------------------------------------------------- holds


async def place_hold(desk: Desk, hold: Hold) -> Hold:
    """Write a hold down and return it with its number; raises `NoSuchThing`."""
    await desk.work_for(hold.district_id)
    section_id = hold.section_id
    if hold.enrollment_id is not None:
        place = (hold.district_id, hold.enrollment_id)
        found = await desk.rows(desk.sql.section_of_enrollment, *place)
        if not found:
            raise NoSuchThing("enrollment", hold.enrollment_id)
        ((section_id,),) = found
    hold = msgspec.structs.replace(hold, section_id=section_id)
    parameters = (
        hold.district_id,
        hold.section_id,
        hold.enrollment_id,
        hold.user_id,
        hold.reason,
        hold.placed_at,
        hold.placed_by,
    )
    try:
        async with desk.transaction():
            ((number,),) = await desk.rows(desk.sql.add_hold, *parameters)
    except desk.broken:
        noun: Thing = "section" if hold.user_id is None else "user"
        raise NoSuchThing(noun, hold.user_id or hold.section_id) from None
    return msgspec.structs.replace(hold, id=number)


async def lift_hold(desk: Desk, district_id: int, number: int, at: Instant, by: str) -> None:
    """Lift a hold, by whom and when; raises `NoSuchThing` when none of that number is on."""
    await desk.work_for(district_id)
    if not await desk.rows(desk.sql.lift_hold, at, by, district_id, number):
        raise NoSuchThing("hold that is on with the number", number)


async def holds(desk: Desk, district_id: int) -> list[Hold]:
    """Return every hold of the district, lifted ones too."""
    await desk.work_for(district_id)
    return [rows.hold(row) for row in await desk.rows(desk.sql.holds, district_id)]


# ---------------------------------------------------------------- pruning

Progress = Callable[[int, int], None]  # sections looked at, of how many
MayGo = Callable[[Key, "Old"], Awaitable[bool]]  # may this be removed of the section?


class Survey(msgspec.Struct, kw_only=True):
    """What a pruning would remove, and how many sections with old days are on hold."""

    removes: Counts = Counts()
    held: int = 0  # sections with old days that are on hold
    interrupted: Day | None = None  # the day of a pruning that was begun and never ended


class Pruned(msgspec.Struct, kw_only=True):
    """What a pruning came to."""

    pruning: Pruning
    held: int = 0  # sections with old days that are on hold
    kept: int = 0  # sections whose old days were not to go
    longest: float = 0.0  # seconds that a save had to wait, at most


class Old(msgspec.Struct, kw_only=True):
    """What of a section lies before the day, and the last entry of its record that does."""

    removes: Counts
    number: int
    hash: bytes
    at: Instant


async def old_of(desk: Desk, key: Key, before: Day) -> Old | None:
    """
    Return what there is to remove from a section; None for nothing.

    Nothing, too, when days up to a later one were removed before: what was saved of them since
    goes with the next that reaches further, so that anchors follow one another by day.
    """
    anchor = await anchor_of(desk, key)
    if anchor is not None and anchor.before > before:
        return None
    number, digest, at = (anchor.number, anchor.hash, anchor.at) if anchor else (0, GENESIS, "")
    entries, saves = 0, False
    async for row in record_of(desk, key):
        entry = rows.record_entry(key[1], row)
        if not is_older(entry, before):
            break
        number, digest, at = entry.number, entry.hash, entry.at
        entries += 1
        saves = saves or bool(entry.dates or entry.changes)
    ((marks,),) = await desk.rows(desk.sql.count_old_marks, *key, before)
    ((rolls,),) = await desk.rows(desk.sql.count_old_rolls, *key, before)
    if not (saves or marks or rolls):  # what an earlier pruning said is no reason for another
        return None
    removes = Counts(sections=1, marks=marks, rolls=rolls, entries=entries)
    return Old(removes=removes, number=number, hash=digest, at=at)


async def survey(desk: Desk, district_id: int, before: Day, progress: Progress) -> Survey:
    """Return what a pruning would do now."""
    await desk.work_for(district_id)
    found = Survey()
    for pruning in await prunings(desk, district_id):
        if pruning.ended_at is None:
            found.interrupted = pruning.before
    async for key in sections_of(desk, district_id, progress):
        old = await old_of(desk, key, before)
        if old is None:
            continue
        if await is_held(desk, key):
            found.held += 1
        else:
            found.removes += old.removes
    return found


async def sections_of(desk: Desk, district_id: int, progress: Progress) -> AsyncIterator[Key]:
    """Yield the district's sections, telling how far it is."""
    ((total,),) = await desk.rows(desk.sql.count_sections, district_id)
    seen = 0
    async for keys in handfuls(desk, district_id):
        for key in keys:
            yield key
        seen += len(keys)
        progress(seen, total)


async def is_held(desk: Desk, key: Key) -> bool:
    """Say whether a hold keeps a section."""
    return bool(await desk.rows(desk.sql.is_held, *key))


async def _anything(_key: Key, _old: Old) -> bool:
    return True


async def prune(
    desk: Desk,
    district_id: int,
    before: Day,
    *,
    by: str,
    clock: Clock,
    progress: Progress,
    may_go: MayGo = _anything,
) -> Pruned:
    """
    Remove the marks, rolls and entries of a district's days before one, except what is on hold.

    Interrupted, whatever was committed is whole: called again for the same day it goes on; called
    for another, the one that was interrupted ends where it stood.

    Raises:
        Unavailable: This login may not, or nothing can be written now; what was committed stays
            done.
    """
    await desk.prepare_to_remove()
    await desk.work_for(district_id)
    pruned = Pruned(pruning=await _begin(desk, district_id, before, by, clock))
    due: list[Key] = []
    async for key in sections_of(desk, district_id, progress):
        if await old_of(desk, key, before) is not None:
            due.append(key)
        if len(due) == _DUE:
            await _prune_all(desk, due, pruned, clock, may_go)
    await _prune_all(desk, due, pruned, clock, may_go)
    await desk.rows(desk.sql.end_prunings, instant(clock()), district_id, None)
    pruned.pruning = await _pruning(desk, district_id, pruned.pruning.id)
    return pruned


async def _begin(desk: Desk, district_id: int, before: Day, by: str, clock: Clock) -> Pruning:
    """Go on with the pruning of that day that was interrupted, or begin one."""
    now = instant(clock())
    async with desk.transaction():
        await desk.rows(desk.sql.end_prunings, now, district_id, before)
        for pruning in await prunings(desk, district_id):
            if pruning.ended_at is None:
                return pruning
        begun = await desk.rows(desk.sql.begin_pruning, district_id, before, now, by)
    ((number,),) = begun
    return await _pruning(desk, district_id, number)


async def prunings(desk: Desk, district_id: int) -> list[Pruning]:
    """Return every pruning of the district, oldest first."""
    return [rows.pruning(row) for row in await desk.rows(desk.sql.prunings, district_id)]


async def _pruning(desk: Desk, district_id: int, number: int) -> Pruning:
    return next(each for each in await prunings(desk, district_id) if each.id == number)


async def _prune_all(
    desk: Desk, due: list[Key], pruned: Pruned, clock: Clock, may_go: MayGo
) -> None:
    """Prune those sections and forget them, some in each transaction."""
    while due:
        begun = time.monotonic()
        removed = Counts()
        async with desk.transaction():
            while due and time.monotonic() < begun + _LOCK_FOR:
                removed += await _prune_section(
                    desk, due.pop(), pruned, instant(clock()), may_go
                )
            counted = (removed.sections, removed.marks, removed.rolls, removed.entries)
            own = (pruned.pruning.district_id, pruned.pruning.id)
            await desk.rows(desk.sql.count_pruned, *counted, *own)
        pruned.longest = max(pruned.longest, time.monotonic() - begun)
        await asyncio.sleep(_LEAVE_FOR)


async def _prune_section(
    desk: Desk, key: Key, pruned: Pruned, now: Instant, may_go: MayGo
) -> Counts:
    """Remove what is old of one section, unless it was put on hold meanwhile."""
    pruning = pruned.pruning
    old = await _told_in_the_record(desk, key, pruned, now, may_go)
    if old is None:
        return Counts()
    # The anchor comes first: the schema of a file lets no entry go without it.
    await desk.rows(desk.sql.add_anchor, *key, pruning.id, old.number, old.hash, old.at)
    await desk.remove_events(key, old.number, old.removes.entries)
    await desk.rows(desk.sql.remove_record_up_to, *key, old.number)
    await desk.rows(desk.sql.remove_old_marks, *key, pruning.before)
    await desk.rows(desk.sql.remove_old_rolls, *key, pruning.before)
    return old.removes


async def _told_in_the_record(
    desk: Desk, key: Key, pruned: Pruned, now: Instant, may_go: MayGo
) -> Old | None:
    """
    Add the entry that says what is removed, and return that; None when there is nothing.

    Where others save meanwhile, one of them may take the entry's number: then all is read again.
    With the entry in its place, nobody saves in the section until this transaction has ended.
    """
    pruning = pruned.pruning
    while True:
        number, digest = await last_entry(desk, key)
        anchor, old = await anchor_of(desk, key), await old_of(desk, key, pruning.before)
        if old is None or (anchor is not None and anchor.pruning_id == pruning.id):
            return None
        if await is_held(desk, key):
            pruned.held += 1
            return None
        if not await may_go(key, old):
            pruned.kept += 1
            return None
        statement = Statement(pruning.id, pruning.before, old.number)
        if await say_in_the_record(desk, key, (number, digest), statement, now):
            return old


async def say_in_the_record(
    desk: Desk, key: Key, last: tuple[int, bytes], statement: Statement, now: Instant
) -> bool:
    """Add an entry after the last one, with its event; say whether nobody was quicker."""
    entry = entry_of(statement, section_id=key[1], number=last[0] + 1, at=now)
    entry = msgspec.structs.replace(entry, hash=chain_hash(last[1], entry))
    row = rows.from_record_entry(key[0], entry)
    if not await desk.rows(desk.sql.say_in_the_record, *row):
        return False
    await desk.rows(desk.sql.add_event, *key, entry.number)
    return True


async def last_entry(desk: Desk, key: Key) -> tuple[int, bytes]:
    """Return number and hash of the section's last entry."""
    found = await desk.rows(desk.sql.record_head, *key)
    return found[0] if found else (0, GENESIS)
