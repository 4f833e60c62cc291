"""Checking a database: what its keys promise, and what both databases are checked for."""

from collections.abc import AsyncIterator

from rollbook.domain.audit import Finding
from rollbook.storage.checking import (
    Checked,
    Progress,
    check_one,
    check_sections,
    districts,
)
from rollbook.storage.postgres.desk import DatabaseDesk
from rollbook.storage.postgres.statements import SQL


async def check(
    desk: DatabaseDesk, *, section_id: int | None, quick: bool, progress: Progress
) -> Checked:
    """
    Look at everything, or at one section, and return what is wrong.

    Whether pages and indexes are whole is for PostgreSQL's own tools (`pg_amcheck`).

    Args:
        desk: As the owner, or as the application.
        section_id: Look only at this section's record, marks and rolls.
        quick: Leave out whether marks and rolls are what the record says, and whether what
            belongs to something is there with it.
        progress: Told how far it is.

    Raises:
        NoSuchThing: There is no such section.
    """
    checked = Checked()
    if section_id is not None:
        await check_one(desk, section_id, checked, quick=quick)
        return checked
    if not quick:
        checked.findings += [found async for found in _lonely(desk, progress)]
    await check_sections(desk, checked, quick=quick, progress=progress)
    progress("the events", 0, 1)
    checked.findings += [found async for found in _events(desk)]
    progress("the events", 1, 1)
    return checked


async def _lonely(desk: DatabaseDesk, progress: Progress) -> AsyncIterator[Finding]:
    """Yield what foreign keys would refuse, were they not switched off by somebody."""
    keys = await desk.rows(SQL.foreign_keys)
    for done, (table, parent, counting) in enumerate(keys):
        progress("the keys", done, len(keys))
        async for district_id in districts(desk):
            ((lonely,),) = await desk.rows(counting, district_id)
            if lonely:
                what = (
                    f"{lonely:,} rows of {table} belong to rows of {parent} that are not there"
                )
                yield Finding(what=what)


async def _events(desk: DatabaseDesk) -> AsyncIterator[Finding]:
    """Yield each entry without its event, or with more than one."""
    async for district_id in districts(desk):
        for section_id, number in await desk.rows(SQL.entries_without_event, district_id):
            yield Finding(section_id=section_id, number=number, what="it has no event")
        for section_id, number in await desk.rows(SQL.events_too_many, district_id):
            yield Finding(section_id=section_id, number=number, what="it has an event too many")
