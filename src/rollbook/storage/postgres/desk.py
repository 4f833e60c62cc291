"""A database at which the book is looked after, on one connection."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import asyncpg

from rollbook.domain.errors import Unavailable
from rollbook.storage.desk import Key
from rollbook.storage.postgres import migrations
from rollbook.storage.postgres.pool import faults_as_unavailable, one_moment, teach_days
from rollbook.storage.postgres.statements import SQL


class DatabaseDesk:
    """See `storage.desk.Desk`."""

    sql: Any = SQL
    broken: type[Exception] = asyncpg.IntegrityConstraintViolationError
    has_anchors = True
    entry_id: tuple[str, ...] = ()

    def __init__(self, db: Any) -> None:
        self._db = db

    async def rows(self, statement: str, *parameters: Any) -> list[Any]:
        """Run a statement and return its rows."""
        found: list[Any] = await self._db.fetch(statement, *parameters)
        return found

    async def work_for(self, district_id: int) -> None:
        """See the rows of that district; the owner sees them all."""
        await self._db.execute(SQL.work_for, district_id)

    def moment(self) -> AbstractAsyncContextManager[None]:
        """Let every read inside see one and the same state of the book."""
        moment: AbstractAsyncContextManager[None] = one_moment(self._db)
        return moment

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Do all inside, or nothing, one after the other: so no hold comes between."""
        async with self._db.transaction():
            await self._db.execute(SQL.look_after_alone)
            yield

    async def require_owner(self) -> None:
        """Raise `Unavailable` unless this login may remove entries of the record: the owner."""
        if not await self._db.fetchval(SQL.may_remove):
            raise Unavailable(
                "This login may neither remove anything of the record nor bring it back, which is "
                "as it should be for the application's. Name the address of the database's owner "
                "with --database."
            )

    async def prepare_to_remove(self) -> None:
        """Raise `Unavailable` for anybody but the owner: there is nothing else to prepare."""
        await self.require_owner()

    async def insert(self, table: str, columns: Sequence[str], rows: list[Any]) -> None:
        """Write rows into a table."""
        await self._db.copy_records_to_table(table, columns=columns, records=rows)

    async def remove_events(self, key: Key, number: int, _entries: int) -> None:
        """Remove them by their index."""
        await self._db.execute(SQL.remove_events_up_to, *key, number)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[DatabaseDesk]:
    """
    Open a desk at a database, as whoever the address names, for as long as the block runs.

    Raises:
        Unavailable: It cannot be reached, or is not at this version's schema.
    """
    with faults_as_unavailable():
        db = await asyncpg.connect(url, server_settings={"application_name": "rollbook"})
        try:
            await teach_days(db)
            await migrations.require_current(db)
            yield DatabaseDesk(db)
        finally:
            await db.close()
