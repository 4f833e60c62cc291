"""The part of `PostgresStore` that administrators look things up in."""

from rollbook.domain.overview import FOUND_MOST, spellings
from rollbook.domain.people import User
from rollbook.storage import rows
from rollbook.storage.postgres.pool import Pool
from rollbook.storage.postgres.statements import SQL


class Lookups:
    """People by what is known of them, in the database that the rest of the store is in."""

    _pool: Pool

    async def find_people(self, district_id: int, text: str) -> list[User]:
        """Read through everybody of the district."""
        if not text:
            return []
        key = (district_id, len(text), *spellings(text), text, FOUND_MOST)
        async with self._pool.of(district_id) as db:
            return [rows.user(row) for row in await db.fetch(SQL.find_people, *key)]
