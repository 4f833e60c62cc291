"""
Checking a file: SQLite's own checks, and each section's record against itself and the book.

It only reads, and never long at a time: sections are read a handful in a moment, so that the
server's log can be taken into the file meanwhile.
"""

from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import Any

import apsw
import msgspec

from rollbook.domain.audit import Audit, Finding
from rollbook.domain.days import Day
from rollbook.domain.errors import BadRequest, NoSuchThing, Unavailable
from rollbook.domain.people import Instant
from rollbook.domain.record import Head, Link, end_of, head
from rollbook.domain.retention import Anchor
from rollbook.storage import rows
from rollbook.storage.sqlite import migrations
from rollbook.storage.sqlite.connection import faults_as_unavailable, moment
from rollbook.storage.sqlite.statements import SQL

Progress = Callable[[str, int, int], None]  # what is looked at, how many are done, of how many
Key = tuple[int, int]  # district, section

_TOLD = 100  # of SQLite's own findings
_AT_A_TIME = 50  # sections that are read in one moment
_ANCHORS_SINCE = 3  # the schema that brought them: an older file is checked too
_ALL_ENTRIES = 1 << 62


class Checked(msgspec.Struct):
    """What was looked at, and what is wrong with it; grows as the check goes on."""

    sections: int = 0
    entries: int = 0
    marks: int = 0
    findings: list[Finding] = msgspec.field(default_factory=list)


def check(
    db: apsw.Connection, *, section_id: int | None, quick: bool, progress: Progress
) -> Checked:
    """
    Look at everything, or at one section, and return what is wrong.

    Args:
        db: A reader's connection.
        section_id: Look only at this section's record, marks and rolls.
        quick: Leave out what reads the whole file twice: whether each index holds what its table
            holds, and whether marks and rolls are what the record says.
        progress: Told how far it is.

    Raises:
        NoSuchThing: There is no such section.
        Unavailable: The file cannot be read now.
    """
    checked = Checked()
    try:
        with faults_as_unavailable():
            if section_id is not None:
                _check_one(db, section_id, checked, quick=quick)
            else:
                _check_all(db, checked, quick=quick, progress=progress)
    except Unavailable as fault:
        if not isinstance(fault.__cause__, apsw.CorruptError):
            raise
        checked.findings.append(Finding(what=f"the file is damaged: {fault.__cause__}"))
    return checked


def _check_one(db: apsw.Connection, section_id: int, checked: Checked, *, quick: bool) -> None:
    found: Any = db.execute(SQL.section_anywhere, (section_id,)).fetchall()
    if not found:
        raise NoSuchThing("section", section_id)
    for key in found:
        with moment(db):
            _check_section(db, key, checked, quick=quick)


def _check_all(
    db: apsw.Connection, checked: Checked, *, quick: bool, progress: Progress
) -> None:
    checked.findings += _check_file(db, quick=quick, progress=progress)
    ((total,),) = db.execute(SQL.count_all_sections)
    for keys in handfuls(db):
        with moment(db):
            for key in keys:
                _check_section(db, key, checked, quick=quick)
        progress("the record", checked.sections, total)
    progress("the events", 0, 1)
    checked.findings += _check_events(db)
    progress("the events", 1, 1)


def _check_file(db: apsw.Connection, *, quick: bool, progress: Progress) -> Iterator[Finding]:
    """Yield what SQLite itself finds."""
    progress("the file", 0, 2)
    pragma = "quick_check" if quick else "integrity_check"
    for (line,) in db.execute(f"PRAGMA {pragma}({_TOLD})"):
        if line != "ok":
            yield Finding(what=f"the file: {line}")
    progress("the file", 1, 2)
    for number, (table, _, parent, _) in enumerate(db.execute("PRAGMA foreign_key_check")):
        if number == _TOLD:
            yield Finding(what="and more rows like the one before")
            return
        yield Finding(what=f"a row of {table} belongs to a row of {parent} that is not there")


def handfuls(db: apsw.Connection, after: Key = (0, 0)) -> Iterator[list[Key]]:
    """Yield the keys of all sections after one, a handful at a time."""
    while True:
        keys: Any = db.execute(SQL.sections_after, (*after, _AT_A_TIME)).fetchall()
        if not keys:
            return
        yield keys
        after = keys[-1]


def _check_section(db: apsw.Connection, key: Key, checked: Checked, *, quick: bool) -> None:
    section_id = key[1]
    audit = Audit(section_id, anchor_of(db, key))
    for row in db.execute(SQL.record_entries, (*key, 0, _ALL_ENTRIES)):
        try:
            entry = rows.record_entry(section_id, row)
        except (msgspec.MsgspecError, ValueError) as error:
            audit.unreadable(row[0], row[8], str(error))
        else:
            audit.follow(entry)
    if quick:
        audit.end()
    else:
        marks = {
            (day, who): (status, comment)
            for day, who, status, comment in db.execute(SQL.all_marks, key)
        }
        audit.compare(marks, map(rows.roll_taken, db.execute(SQL.all_rolls, key)))
        checked.marks += len(marks)
    checked.sections += 1
    checked.entries += audit.entries
    checked.findings += audit.findings


def anchor_of(db: apsw.Connection, key: Key) -> Anchor | None:
    """Return where the section's record begins; None for the beginning."""
    if migrations.level(db) < _ANCHORS_SINCE:
        return None
    found: Any = db.execute(SQL.anchor, key).fetchone()
    if found is None:
        return None
    pruning_id, before, number, digest, at = found
    return Anchor(pruning_id=pruning_id, before=before, number=number, hash=digest, at=at)


def _check_events(db: apsw.Connection) -> Iterator[Finding]:
    """
    Yield each entry without its event, and the other way round.

    Both are written in the same order, so what still waits for its other half is never much.
    """
    entries: set[Any] = set()
    events: set[Any] = set()
    with moment(db):
        # Two cursors: the statements are read side by side.
        pairs = zip_longest(
            db.cursor().execute(SQL.record_in_order), db.cursor().execute(SQL.events_in_order)
        )
        for entry, event in pairs:
            _pair_off(entry, entries, events)
            _pair_off(event, events, entries)
    for _, section_id, number in sorted(entries):
        yield Finding(section_id=section_id, number=number, what="it has no event")
    for _, section_id, number in sorted(events):
        yield Finding(section_id=section_id, number=number, what="it has an event too many")


def _pair_off(one: Any, waiting: set[Any], others: set[Any]) -> None:
    if one in others:
        others.remove(one)
    elif one is not None:
        waiting.add(one)


def head_of(db: apsw.Connection, day: Day) -> Head:
    """
    Return the head of the whole record at the end of a day that is over.

    Raises:
        BadRequest: Entries that it goes back to were pruned since.
        Unavailable: The file cannot be read now.
    """
    with faults_as_unavailable():
        return head(day, _links(db, end_of(day)))


def _links(db: apsw.Connection, end: Instant) -> Iterator[Link]:
    for keys in handfuls(db):
        for key in keys:
            found: Any = db.execute(SQL.last_entry_before, (*key, end)).fetchone()
            if found is not None:
                yield Link(*key, *found)
                continue
            anchor = anchor_of(db, key)
            if anchor is None or anchor.number == 0:
                continue
            if anchor.at >= end:
                raise BadRequest(
                    f"That day's head can no longer be told: pruning {anchor.pruning_id} "
                    f"removed days before {anchor.before}. Heads of that day and later ones hold."
                )
            yield Link(*key, anchor.number, anchor.hash)
