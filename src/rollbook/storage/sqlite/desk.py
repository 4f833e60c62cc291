"""A file at which the book is looked after, on one connection."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import apsw

from rollbook.storage.desk import Key
from rollbook.storage.sqlite import migrations
from rollbook.storage.sqlite.connection import moment
from rollbook.storage.sqlite.statements import SQL

_ANCHORS_SINCE, _RESTORATIONS_SINCE = 3, 5  # schemas; an older file is checked too


class FileDesk:
    """See `storage.desk.Desk`; nothing here ever waits for a network."""

    sql: Any = SQL
    broken: type[Exception] = apsw.ConstraintError
    entry_id: tuple[str, ...] = ("id",)

    def __init__(self, db: apsw.Connection) -> None:
        self.db = db
        level = migrations.level(db)
        self.has_anchors = level >= _ANCHORS_SINCE
        if level < _RESTORATIONS_SINCE:
            self.sql = SimpleNamespace(**vars(SQL) | {"anchor": SQL.anchor_before_restorations})

    async def rows(self, statement: str, *parameters: Any) -> list[Any]:
        """Run a statement and return its rows."""
        return self.db.execute(statement, parameters).fetchall()

    async def work_for(self, district_id: int) -> None:
        """A connection sees every district."""

    @asynccontextmanager
    async def moment(self) -> AsyncIterator[None]:
        """Let every read inside see one and the same state of the file."""
        with moment(self.db):
            yield

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Do all inside, or nothing."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self.db.in_transaction:  # some faults end it themselves
                self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    async def require_owner(self) -> None:
        """Whoever can write the file may: nothing to ask."""

    async def prepare_to_remove(self) -> None:
        """
        Overwrite what is deleted: old years are not to be read out of free pages.

        For each entry that is removed, SQLite would read every event there is, to see that none
        belongs to it. They are removed before it, in the same transaction.
        """
        self.db.pragma("secure_delete", 1)
        self.db.pragma("foreign_keys", 0)

    async def insert(self, table: str, columns: Sequence[str], rows: list[Any]) -> None:
        """Write rows into a table."""
        names, places = ", ".join(columns), ", ".join("?" * len(columns))
        # The names are those of `storage.archiving`.
        self.db.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)  # noqa: S608

    async def remove_events(self, key: Key, number: int, entries: int) -> None:
        """Remove the events that bear their entries' ids, or whichever are the entries'."""
        self.db.execute(SQL.remove_events_beside, (*key, number))
        if self.db.changes() < entries:
            self.db.execute(SQL.remove_events_up_to, (*key, number))
