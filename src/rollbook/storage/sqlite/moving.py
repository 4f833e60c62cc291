"""A file at one end of a move."""

import itertools
from collections.abc import AsyncIterator

import apsw

from rollbook.domain.errors import Unavailable
from rollbook.storage.moving import AT_A_TIME, Rows, Table
from rollbook.storage.sqlite.statements import SQL


class FileEnd:
    """A file, on a connection in a transaction that somebody else ends."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._counters: Rows = ()  # written last: triggers count what is written before

    async def count(self, table: Table) -> int:
        """Return how many rows a table has."""
        ((count,),) = self._db.execute(f"SELECT count(*) FROM {table.name}")  # noqa: S608
        return int(count)

    async def rows(self, table: Table) -> AsyncIterator[Rows]:
        """Yield a table's rows in the order of its key, some at a time."""
        columns, key = ", ".join(table.columns), ", ".join(table.key)
        # The names are those of `moving.TABLES`.
        found = self._db.execute(
            f"SELECT {columns} FROM {table.name} ORDER BY {key}"  # noqa: S608
        )
        while rows := list(itertools.islice(found, AT_A_TIME)):
            yield rows

    async def require_empty(self) -> None:
        """Raise `Unavailable` when there is a district in it."""
        if self._db.execute(SQL.districts).fetchone():
            raise Unavailable("There is something in the target already; nothing was moved.")
        self._db.execute(SQL.forget_counters)
        self._db.execute(SQL.let_references_wait)
        self._db.execute(SQL.create_moving_record)

    async def take(self, table: Table, rows: Rows) -> None:
        """Write rows of a table; the record waits until its events have come."""
        if table.name == "counters":
            self._counters = rows
            return
        name = "moving_record" if table.name == "record" else table.name
        columns, places = ", ".join(table.columns), ", ".join("?" * len(table.columns))
        self._db.executemany(
            f"INSERT INTO {name} ({columns}) VALUES ({places})",  # noqa: S608
            map(tuple, rows),
        )

    async def settle(self) -> None:
        """Give each entry of the record the id of its event: the order they were made in."""
        self._db.execute(SQL.index_moving_record)
        self._db.execute(SQL.settle_record)
        self._db.execute(SQL.drop_moving_record)
        self._db.executemany(SQL.add_counter, map(tuple, self._counters))
