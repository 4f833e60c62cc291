"""A PostgreSQL database at one end of a move."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from rollbook.domain.errors import Unavailable
from rollbook.storage.moving import AT_A_TIME, Rows, Table
from rollbook.storage.postgres import migrations
from rollbook.storage.postgres.hosts import Hosts
from rollbook.storage.postgres.pool import faults_as_unavailable, teach_days
from rollbook.storage.postgres.statements import SQL

# Of which tables' rows what stands beside them, for whoever does not know the district yet.
_HOMES = {
    "api_keys": {"key": SQL.add_key_home},
    "accounts": {"login": SQL.add_login_home, "subject": SQL.add_subject_home},
}


@asynccontextmanager
async def owner_of(url: str) -> AsyncIterator[Any]:
    """
    Lend a connection of the owner's, in a transaction that sees one moment.

    It is committed when the block ends well. Raises `Unavailable`, also for a login that sees
    only one district, or none.
    """
    with faults_as_unavailable():
        db = await Hosts(url).connect()
        try:
            await teach_days(db)
            await migrations.require_current(db)
            if await db.fetchval(SQL.sees_districts_apart):
                raise Unavailable(
                    "A move needs the address of the database's owner: this login would see "
                    "no district at all."
                )
            async with db.transaction(isolation="repeatable_read"):
                yield db
        finally:
            await db.close()


class DatabaseEnd:
    """A database, on a connection that `owner_of` lent."""

    def __init__(self, db: Any) -> None:
        self._db = db

    async def count(self, table: Table) -> int:
        """Return how many rows a table has."""
        return int(await self._db.fetchval(f"SELECT count(*) FROM {table.name}"))  # noqa: S608

    async def rows(self, table: Table) -> AsyncIterator[Rows]:
        """Yield a table's rows in the order of its key, some at a time."""
        columns = ", ".join(
            f"CAST({name} AS integer)" if name in table.flags else name
            for name in table.columns
        )
        # The names are those of `moving.TABLES`.
        statement = f"SELECT {columns} FROM {table.name} ORDER BY {', '.join(table.key)}"  # noqa: S608
        cursor = await self._db.cursor(statement)
        while rows := await cursor.fetch(AT_A_TIME):
            yield rows

    async def require_empty(self) -> None:
        """Raise `Unavailable` when there is a district in it."""
        if await self._db.fetch(SQL.districts):
            raise Unavailable("There is something in the target already; nothing was moved.")
        await self._db.execute(SQL.forget_counters)

    async def take(self, table: Table, rows: Rows) -> None:
        """Write rows of a table; keys, logins and subjects bring their homes with them."""
        for name, add_home in _HOMES.get(table.name, {}).items():
            place = table.columns.index(name)
            homes = [(row[place], row[0]) for row in rows if row[place] is not None]
            await self._db.executemany(add_home, homes)
        flags = [place for place, name in enumerate(table.columns) if name in table.flags]
        await self._db.copy_records_to_table(
            table.name, records=_with_flags(rows, flags), columns=table.columns
        )

    async def settle(self) -> None:
        """Let new ids begin after those that came, and refuse requests from before now."""
        await self._db.execute(SQL.number_on)
        await self._db.execute(SQL.begin_every_nonce_book)


def _with_flags(rows: Rows, flags: list[int]) -> Rows:
    if not flags:
        return rows
    turned = [list(row) for row in rows]
    for row in turned:
        for place in flags:
            row[place] = bool(row[place])
    return turned
