"""
Holding each section's record against itself and the book, and taking its head.

It only reads, and never long at a time: sections are read a handful in a moment, so that nobody
who writes is kept waiting for room meanwhile.
"""

from collections.abc import AsyncIterator, Callable

import msgspec

from rollbook.domain.audit import Audit, Finding
from rollbook.domain.days import Day
from rollbook.domain.errors import BadRequest, NoSuchThing
from rollbook.domain.people import Instant
from rollbook.domain.record import Head, Link, end_of, head
from rollbook.domain.retention import Anchor
from rollbook.storage import rows
from rollbook.storage.desk import Desk, Key

Progress = Callable[[str, int, int], None]  # what is looked at, how many are done, of how many

_AT_A_TIME = 50  # sections that are read in one moment
_READ_AHEAD = 100  # entries of the record read at a time


class Checked(msgspec.Struct):
    """What was looked at, and what is wrong with it; grows as the check goes on."""

    sections: int = 0
    entries: int = 0
    marks: int = 0
    findings: list[Finding] = msgspec.field(default_factory=list)


async def districts(desk: Desk) -> AsyncIterator[int]:
    """Yield the number of each district, the desk turned to it."""
    for (district_id,) in await desk.rows(desk.sql.district_ids):
        await desk.work_for(district_id)
        yield district_id


async def check_one(desk: Desk, section_id: int, checked: Checked, *, quick: bool) -> None:
    """Look at one section, whichever district has it; raises `NoSuchThing`."""
    found = False
    async for district_id in districts(desk):
        key = (district_id, section_id)
        if await desk.rows(desk.sql.section_exists, *key):
            found = True
            async with desk.moment():
                await _check_section(desk, key, checked, quick=quick)
    if not found:
        raise NoSuchThing("section", section_id)


async def check_sections(
    desk: Desk, checked: Checked, *, quick: bool, progress: Progress
) -> None:
    """Look at every section; with *quick*, at its record alone."""
    total = 0
    async for district_id in districts(desk):
        total += (await desk.rows(desk.sql.count_sections, district_id))[0][0]
    async for district_id in districts(desk):
        async for keys in handfuls(desk, district_id):
            async with desk.moment():
                for key in keys:
                    await _check_section(desk, key, checked, quick=quick)
            progress("the record", checked.sections, total)


async def handfuls(desk: Desk, district_id: int) -> AsyncIterator[list[Key]]:
    """Yield the keys of all sections of a district, a handful at a time."""
    after = 0
    while found := await desk.rows(desk.sql.sections_after, district_id, after, _AT_A_TIME):
        yield [(district_id, section_id) for (section_id,) in found]
        ((after,),) = found[-1:]


async def _check_section(desk: Desk, key: Key, checked: Checked, *, quick: bool) -> None:
    section_id = key[1]
    audit = Audit(section_id, await anchor_of(desk, key))
    async for row in record_of(desk, key):
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
            for day, who, status, comment in await desk.rows(desk.sql.all_marks, *key)
        }
        audit.compare(marks, map(rows.roll_taken, await desk.rows(desk.sql.all_rolls, *key)))
        checked.marks += len(marks)
    checked.sections += 1
    checked.entries += audit.entries
    checked.findings += audit.findings


async def record_of(desk: Desk, key: Key) -> AsyncIterator[rows.Row]:
    """Yield a section's entries by number, reading no further than asked."""
    number = 0
    while True:
        found = await desk.rows(desk.sql.record_entries, *key, number, _READ_AHEAD)
        for row in found:
            yield row
        if len(found) < _READ_AHEAD:
            return
        number = found[-1][0] + 1


async def anchor_of(desk: Desk, key: Key) -> Anchor | None:
    """Return where the section's record begins; None for the beginning."""
    found = await desk.rows(desk.sql.anchor, *key) if desk.has_anchors else []
    if not found:
        return None
    pruning_id, before, number, digest, at = found[0]
    return Anchor(pruning_id=pruning_id, before=before, number=number, hash=digest, at=at)


async def head_of(desk: Desk, day: Day) -> Head:
    """
    Return the head of the whole record at the end of a day that is over.

    Raises:
        BadRequest: Entries that it goes back to were pruned since.
    """
    return head(day, [link async for link in _links(desk, end_of(day))])


async def _links(desk: Desk, end: Instant) -> AsyncIterator[Link]:
    async for district_id in districts(desk):
        async for keys in handfuls(desk, district_id):
            for key in keys:
                found = await desk.rows(desk.sql.last_entry_before, *key, end)
                if found:
                    yield Link(*key, *found[0])
                    continue
                anchor = await anchor_of(desk, key)
                if anchor is None or anchor.number == 0:
                    continue
                if anchor.at >= end:
                    raise BadRequest(
                        f"That day's head can no longer be told: pruning {anchor.pruning_id} "
                        f"removed days before {anchor.before}. Heads of that day and later ones "
                        "hold."
                    )
                yield Link(*key, anchor.number, anchor.hash)
