"""The part of `PostgresStore` that administrators look things up in."""

from typing import Any

from rollbook.domain.acts import Act, ActQuery
from rollbook.domain.overview import FOUND_MOST, RecordQuery, newest, spellings
from rollbook.domain.people import User
from rollbook.domain.record import RecordEntry
from rollbook.storage import act_rows, rows
from rollbook.storage.postgres.pool import Pool
from rollbook.storage.postgres.statements import SQL


class Lookups:
    """People and changes, in the database that the rest of the store is in."""

    _pool: Pool

    async def find_people(self, district_id: int, text: str) -> list[User]:
        """Read through everybody of the district."""
        if not text:
            return []
        key = (district_id, len(text), *spellings(text), text, FOUND_MOST)
        async with self._pool.of(district_id) as db:
            return [rows.user(row) for row in await db.fetch(SQL.find_people, *key)]

    async def district_record(self, district_id: int, query: RecordQuery) -> list[RecordEntry]:
        """Read them by time, or section by section."""
        place = (query.since, *query.before, query.limit)
        found: list[Any] = []
        async with self._pool.moment(district_id) as db:
            if query.section_ids is None:
                found = await db.fetch(SQL.district_record, district_id, *place)
            for section_id in query.section_ids or ():
                found += await db.fetch(SQL.section_record, district_id, section_id, *place)
        return newest((rows.record_entry(row[0], row[1:]) for row in found), query.limit)

    async def acts(self, district_id: int, query: ActQuery) -> list[Act]:
        """Read them by time, from the end of their index."""
        async with self._pool.moment(district_id) as db:
            await db.execute(SQL.plan_by_values)
            found = await db.fetch(SQL.acts, *act_rows.from_query(district_id, query))
        return [act_rows.act(row) for row in found]
