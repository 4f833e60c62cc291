"""Reading on one connection: a row that must be there, a record, a choice of sections."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from rollbook.domain.days import Day
from rollbook.domain.errors import NoSuchThing, Thing
from rollbook.domain.record import Recorded
from rollbook.domain.rosters import Footing
from rollbook.domain.store import HistoryPage, HistoryQuery, MarkQuery, SectionQuery
from rollbook.storage import rows
from rollbook.storage import selection as choice
from rollbook.storage.postgres.pool import FIRST, LAST
from rollbook.storage.postgres.statements import SQL

_READ_AHEAD = 50  # entries of the record read at a time


async def one(db: Any, noun: Thing, identifier: int, statement: str, *parameters: Any) -> Any:
    """Return the one row; none is `NoSuchThing`."""
    found = await db.fetchrow(statement, *parameters)
    if found is None:
        raise NoSuchThing(noun, identifier)
    return found


async def version(db: Any, district_id: int, section_id: int) -> int:
    """Return how many times a section was saved; raises `NoSuchThing`."""
    statement = SQL.section_version
    return int((await one(db, "section", section_id, statement, district_id, section_id))[0])


async def versions(db: Any, district_id: int, sections: Sequence[int]) -> list[int | Exception]:
    """Return how many times each of these sections was saved; `NoSuchThing` for none."""
    found = dict(await db.fetch(SQL.section_versions, district_id, sections))
    return [
        found[section] if section in found else NoSuchThing("section", section)
        for section in sections
    ]


async def footings(
    db: Any, district_id: int, asked: Sequence[tuple[int, int]]
) -> list[Footing | Exception]:
    """Return how each of these users stands in the section beside them; or `NoSuchThing`."""
    found: dict[int, tuple[int | None, list[rows.Row]]] = {}
    sections, users = [section for section, _ in asked], [user for _, user in asked]
    for place, school_id, *own in await db.fetch(SQL.footings, sections, users, district_id):
        _, places = found.setdefault(place, (school_id, []))
        if own[0] is not None:
            places.append(own)
    return [
        rows.footing(*found[place]) if place in found else NoSuchThing("section", section)
        for place, section in enumerate(sections, 1)
    ]


class Listing(msgspec.Struct, frozen=True, gc=False):
    """What a list of marks is made from."""

    version: int
    marks: list[rows.Row]
    days: list[Day]


async def listings(
    db: Any, district_id: int, asked: Sequence[tuple[int, MarkQuery]]
) -> list[Listing | Exception]:
    """Read, from one moment, what each of these lists is made from."""
    found = {
        place: Listing(version, list(zip(*marks, strict=True)) if marks[0] else [], days)
        for place, version, *marks, days in await db.fetch(
            SQL.listings,
            district_id,
            [section for section, _ in asked],
            [query.start or FIRST for _, query in asked],
            [query.end or LAST for _, query in asked],
        )
    }
    return [
        found[place] if place in found else NoSuchThing("section", section)
        for place, (section, _) in enumerate(asked, 1)
    ]


async def section_ids(db: Any, district_id: int, query: SectionQuery) -> list[int]:
    """Return the sections that every filter lets through, by id; raises `NoSuchThing`."""

    async def ids(statement: str, *parameters: Any) -> set[int]:
        return {row[0] for row in await db.fetch(statement, district_id, *parameters)}

    kept: list[set[int]] = []
    if query.course_id is not None:
        await one(db, "course", query.course_id, SQL.course, district_id, query.course_id)
        kept.append(await ids(SQL.sections_of_course, query.course_id))
    if query.user_id is not None:
        await one(db, "user", query.user_id, SQL.user, district_id, query.user_id)
        kept.append(await ids(SQL.sections_of_user, query.user_id))
    if query.school_codes is not None:
        found = [await ids(SQL.section_of_school_code, code) for code in query.school_codes]
        kept.append(set().union(*found))
    if not kept:
        kept.append(await ids(SQL.section_ids))
    return sorted(set.intersection(*kept))


async def record(
    db: Any, district_id: int, section_id: int, after: tuple[int, int]
) -> AsyncIterator[tuple[tuple[int, int], Recorded]]:
    """Yield each change after a place in the record, with its own place."""
    number = after[0]
    while True:
        span = (district_id, section_id, max(number, 1), _READ_AHEAD)
        entries = await db.fetch(SQL.record_entries, *span)
        for row in entries:
            for found in rows.changes_after(rows.record_entry(section_id, row), after):
                yield found
        if len(entries) < _READ_AHEAD:
            return
        number = entries[-1][0] + 1


async def history(
    db: Any, district_id: int, section_id: int, query: HistoryQuery
) -> HistoryPage:
    """Read a section's record entry by entry until the page is full; *db* sees one moment."""
    found: list[Recorded] = []
    last = query.after
    await version(db, district_id, section_id)
    if query.enrollment_ids is not None:
        seats = await db.fetch(SQL.seats, district_id, section_id)
        choice.require_all(query.enrollment_ids, seats)
    async for place, change in record(db, district_id, section_id, query.after):
        if not choice.is_wanted(change, query):
            continue
        if len(found) == query.limit:
            return HistoryPage(found, last)
        found.append(change)
        last = place
    return HistoryPage(found, None)
