"""Checking a file: SQLite's own checks, and what both databases are checked for."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import apsw

from rollbook.domain.audit import Finding
from rollbook.domain.errors import Unavailable
from rollbook.storage.checking import Checked, Progress, check_one, check_sections
from rollbook.storage.sqlite.connection import faults_as_unavailable, moment
from rollbook.storage.sqlite.desk import FileDesk
from rollbook.storage.sqlite.statements import SQL

_TOLD = 100  # of SQLite's own findings


async def check(
    desk: FileDesk, *, section_id: int | None, quick: bool, progress: Progress
) -> Checked:
    """
    Look at everything, or at one section, and return what is wrong.

    Args:
        desk: On a reader's connection.
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
                await check_one(desk, section_id, checked, quick=quick)
            else:
                await _check_all(desk, checked, quick=quick, progress=progress)
    except Unavailable as fault:
        if not isinstance(fault.__cause__, apsw.CorruptError):
            raise
        checked.findings.append(Finding(what=f"the file is damaged: {fault.__cause__}"))
    return checked


async def _check_all(
    desk: FileDesk, checked: Checked, *, quick: bool, progress: Progress
) -> None:
    checked.findings += _check_file(desk.db, quick=quick, progress=progress)
    await check_sections(desk, checked, quick=quick, progress=progress)
    progress("the events", 0, 1)
    checked.findings += _check_events(desk.db)
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
