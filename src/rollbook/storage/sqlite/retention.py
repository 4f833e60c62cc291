"""Holds, and the removal of old years in transactions that others can wait for."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import apsw
import msgspec

from rollbook.domain.days import Day, instant
from rollbook.domain.errors import NoSuchThing
from rollbook.domain.people import Instant
from rollbook.domain.record import GENESIS, chain_hash
from rollbook.domain.retention import (
    Counts,
    Hold,
    Pruning,
    Statement,
    entry_of_pruning,
    is_older,
)
from rollbook.storage import rows
from rollbook.storage.clock import Clock
from rollbook.storage.sqlite.checking import Key, anchor_of, handfuls
from rollbook.storage.sqlite.connection import faults_as_unavailable
from rollbook.storage.sqlite.statements import SQL

_LOCK_FOR = 0.02  # seconds after which a transaction takes in no further section
_LEAVE_FOR = 0.02  # seconds between two, in which the server's saves come in
_DUE = 100  # sections that are found before they are pruned
_ALL_ENTRIES = 1 << 62


# ---------------------------------------------------------------- holds


def place_hold(db: apsw.Connection, hold: Hold) -> Hold:
    """Write a hold down and return it with its number; raises `NoSuchThing`."""
    section_id = hold.section_id
    if hold.enrollment_id is not None:
        place = (hold.district_id, hold.enrollment_id)
        found: Any = db.execute(SQL.section_of_enrollment, place).fetchone()
        if found is None:
            raise NoSuchThing("enrollment", hold.enrollment_id)
        section_id = found[0]
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
        with faults_as_unavailable():
            ((number,),) = db.execute(SQL.add_hold, parameters).fetchall()
    except apsw.ConstraintError:
        noun = "section" if hold.user_id is None else "user"
        raise NoSuchThing(noun, hold.user_id or hold.section_id) from None
    return msgspec.structs.replace(hold, id=number)


def lift_hold(db: apsw.Connection, district_id: int, number: int, at: Instant, by: str) -> None:
    """Lift a hold, by whom and when; raises `NoSuchThing` when none of that number is on."""
    with faults_as_unavailable():
        if not db.execute(SQL.lift_hold, (at, by, district_id, number)).fetchall():
            raise NoSuchThing("hold that is on with the number", number)


def holds(db: apsw.Connection, district_id: int) -> list[Hold]:
    """Return every hold of the district, lifted ones too."""
    with faults_as_unavailable():
        return [rows.hold(row) for row in db.execute(SQL.holds, (district_id,))]


# ---------------------------------------------------------------- pruning

Progress = Callable[[int, int], None]  # sections looked at, of how many


class Survey(msgspec.Struct, kw_only=True):
    """What a pruning would remove, and how many sections with old days are on hold."""

    removes: Counts = Counts()
    held: int = 0  # sections with old days that are on hold
    interrupted: Day | None = None  # the day of a pruning that was begun and never ended


class Pruned(msgspec.Struct, kw_only=True):
    """What a pruning came to."""

    pruning: Pruning
    held: int = 0  # sections with old days that are on hold
    longest: float = 0.0  # seconds that a save had to wait, at most


class _Old(msgspec.Struct, kw_only=True):
    """What of a section lies before the day, and the last entry of its record that does."""

    removes: Counts
    number: int
    hash: bytes
    at: Instant


def _old(db: apsw.Connection, key: Key, before: Day) -> _Old | None:
    """Return what there is to remove from a section; None for nothing."""
    anchor = anchor_of(db, key)
    number, digest, at = (anchor.number, anchor.hash, anchor.at) if anchor else (0, GENESIS, "")
    entries, saves = 0, False
    for row in db.execute(SQL.record_entries, (*key, 0, _ALL_ENTRIES)):
        entry = rows.record_entry(key[1], row)
        if not is_older(entry, before):
            break
        number, digest, at = entry.number, entry.hash, entry.at
        entries += 1
        saves = saves or bool(entry.dates or entry.changes)
    ((marks,),) = db.execute(SQL.count_old_marks, (*key, before))
    ((rolls,),) = db.execute(SQL.count_old_rolls, (*key, before))
    if not (saves or marks or rolls):  # what an earlier pruning said is no reason for another
        return None
    removes = Counts(sections=1, marks=marks, rolls=rolls, entries=entries)
    return _Old(removes=removes, number=number, hash=digest, at=at)


def survey(db: apsw.Connection, district_id: int, before: Day, progress: Progress) -> Survey:
    """Return what a pruning would do now; raises `Unavailable`."""
    found = Survey()
    with faults_as_unavailable():
        for pruning in prunings(db, district_id):
            if pruning.ended_at is None:
                found.interrupted = pruning.before
        for key in _sections(db, district_id, progress):
            old = _old(db, key, before)
            if old is None:
                continue
            if _is_held(db, key):
                found.held += 1
            else:
                found.removes += old.removes
    return found


def _sections(db: apsw.Connection, district_id: int, progress: Progress) -> Iterator[Key]:
    """Yield the district's sections, telling how far it is."""
    ((total,),) = db.execute(SQL.count_sections, (district_id,))
    seen = 0
    for keys in handfuls(db, after=(district_id, 0)):
        own = [key for key in keys if key[0] == district_id]
        yield from own
        seen += len(own)
        progress(seen, total)
        if len(own) < len(keys):
            return


def _is_held(db: apsw.Connection, key: Key) -> bool:
    return db.execute(SQL.is_held, key).fetchone() is not None


def prune(
    db: apsw.Connection,
    district_id: int,
    before: Day,
    *,
    by: str,
    clock: Clock,
    progress: Progress,
) -> Pruned:
    """
    Remove the marks, rolls and entries of a district's days before one, except what is on hold.

    Interrupted, whatever was committed is whole: called again for the same day it goes on; called
    for another, the one that was interrupted ends where it stood.

    Raises:
        Unavailable: The file cannot be written now; what was committed stays done.
    """
    # What is deleted is overwritten: old years are not to be read out of free pages.
    db.pragma("secure_delete", 1)
    # For each entry that is removed, SQLite would read every event there is, to see that none
    # belongs to it. They are removed before it, in the same transaction.
    db.pragma("foreign_keys", 0)
    with faults_as_unavailable():
        pruned = Pruned(pruning=_begin(db, district_id, before, by, clock))
        due: list[Key] = []
        for key in _sections(db, district_id, progress):
            if _old(db, key, before) is not None:
                due.append(key)
            if len(due) == _DUE:
                _prune_all(db, due, pruned, clock)
        _prune_all(db, due, pruned, clock)
        db.execute(SQL.end_prunings, (instant(clock()), district_id, None))
        pruned.pruning = _pruning(db, district_id, pruned.pruning.id)
    return pruned


def _begin(
    db: apsw.Connection, district_id: int, before: Day, by: str, clock: Clock
) -> Pruning:
    """Go on with the pruning of that day that was interrupted, or begin one."""
    now = instant(clock())
    with _transaction(db):
        db.execute(SQL.end_prunings, (now, district_id, before))
        for pruning in prunings(db, district_id):
            if pruning.ended_at is None:
                return pruning
        begun: Any = db.execute(SQL.begin_pruning, (district_id, before, now, by)).fetchall()
    ((number,),) = begun
    return _pruning(db, district_id, number)


def prunings(db: apsw.Connection, district_id: int) -> list[Pruning]:
    """Return every pruning of the district, oldest first."""
    return [rows.pruning(row) for row in db.execute(SQL.prunings, (district_id,))]


def _pruning(db: apsw.Connection, district_id: int, number: int) -> Pruning:
    return next(each for each in prunings(db, district_id) if each.id == number)


def _prune_all(db: apsw.Connection, due: list[Key], pruned: Pruned, clock: Clock) -> None:
    """Prune those sections and forget them, some in each transaction."""
    while due:
        begun = time.monotonic()
        removed = Counts()
        with _transaction(db):
            while due and time.monotonic() < begun + _LOCK_FOR:
                removed += _prune_section(db, due.pop(), pruned, instant(clock()))
            counted = (removed.sections, removed.marks, removed.rolls, removed.entries)
            db.execute(SQL.count_pruned, (*counted, pruned.pruning.id))
        pruned.longest = max(pruned.longest, time.monotonic() - begun)
        time.sleep(_LEAVE_FOR)


def _prune_section(db: apsw.Connection, key: Key, pruned: Pruned, now: Instant) -> Counts:
    """Remove what is old of one section, unless it was put on hold meanwhile."""
    pruning = pruned.pruning
    anchor, old = anchor_of(db, key), _old(db, key, pruning.before)
    if old is None or (anchor is not None and anchor.pruning_id == pruning.id):
        return Counts()
    if _is_held(db, key):
        pruned.held += 1
        return Counts()
    # The anchor comes first: the schema lets no entry go without it.
    db.execute(SQL.add_anchor, (*key, pruning.id, old.number, old.hash, old.at))
    _say_in_the_record(db, key, Statement(pruning.id, pruning.before, old.number), now)
    up_to = (*key, old.number)
    db.execute(SQL.remove_events_beside, up_to)
    if db.changes() < old.removes.entries:
        db.execute(SQL.remove_events_up_to, up_to)
    db.execute(SQL.remove_record_up_to, up_to)
    db.execute(SQL.remove_old_marks, (*key, pruning.before))
    db.execute(SQL.remove_old_rolls, (*key, pruning.before))
    return old.removes


def _say_in_the_record(
    db: apsw.Connection, key: Key, statement: Statement, now: Instant
) -> None:
    head: Any = db.execute(SQL.record_head, key).fetchone() or (0, GENESIS)
    entry = entry_of_pruning(statement, section_id=key[1], number=head[0] + 1, at=now)
    entry = msgspec.structs.replace(entry, hash=chain_hash(head[1], entry))
    db.execute(SQL.add_to_record, rows.from_record_entry(key[0], entry))
    db.execute(SQL.add_event, (*key, entry.number))


@contextlib.contextmanager
def _transaction(db: apsw.Connection) -> Iterator[None]:
    """Do all inside, or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if db.in_transaction:  # some faults end it themselves
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
