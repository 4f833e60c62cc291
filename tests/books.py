"""
A district's book under test: one file of SQLite's, a database of a PostgreSQL cluster, or one that
Citus spreads over several, where there is one.

What the tests have to do behind the store's back they do here, in the same words for both.
"""

import asyncio
import datetime as dt
import itertools
import os
import re
import shutil
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar

import apsw

from clusters import Cluster
from rollbook.domain.store import Store
from rollbook.storage.moving import TABLES
from rollbook.storage.postgres.pool import teach_days
from rollbook.storage.sqlite import SqliteStore, create

T = TypeVar("T")
Rows: TypeAlias = list[tuple[Any, ...]]
Clock: TypeAlias = Callable[[], dt.datetime]

# A database for the tests alone, on a coordinator of Citus; its name has "test" in it.
COORDINATOR = os.environ.get("ROLLBOOK_TEST_CITUS", "")
KINDS = ("sqlite", "postgres", *(["citus"] if COORDINATOR else []))


def aside(work: Callable[[], T]) -> T:
    """Do what has an event loop of its own beside whatever loop a test runs in."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


class Book(Protocol):
    """A database of Rollbook's, with its tables up to date."""

    async def open(self, clock: Clock) -> Store:
        """Return a store on it, on that clock."""

    def sql(self, statement: str, *parameters: Any) -> Rows:
        """Run a statement with `?` for its parameters, as nobody should."""

    def content(self) -> dict[str, Rows]:
        """Return every row of every table but those that count."""

    def close(self) -> None:
        """Remove it."""


class Library(Protocol):
    """Where new books come from."""

    def new(self) -> Book:
        """Return a book with nothing in it."""

    def copy(self, book: Book, *, often: bool = False) -> Book:
        """
        Return another with the same in it; nobody may have the first one open.

        One that is copied *often* never changes: the next copy may be made beforehand.
        """


# ---------------------------------------------------------------- SQLite


class File:
    """A book in one file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def open(self, clock: Clock) -> Store:
        return SqliteStore(self.path, clock=clock)

    def sql(self, statement: str, *parameters: Any) -> Rows:
        db = apsw.Connection(str(self.path))
        try:
            return list(db.execute(statement, parameters))
        finally:
            db.close()

    def content(self) -> dict[str, Rows]:
        tables = self.sql("SELECT name FROM sqlite_schema WHERE type = 'table'")
        return _rows_of(self, {name for (name,) in tables} - {"sqlite_stat1"})

    def close(self) -> None:
        for beside in self.path.parent.glob(f"{self.path.name}*"):
            if beside.is_dir():  # a server's book of nonces
                shutil.rmtree(beside)
            else:
                beside.unlink()


class FolderOfFiles:
    """Makes files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._paths = (folder / f"rollbook{number or ''}.db" for number in itertools.count())

    def new(self) -> File:
        path = next(self._paths)
        create(path)
        return File(path)

    def copy(self, book: Book, *, often: bool = False) -> File:
        assert isinstance(book, File)
        path = next(self._paths)
        shutil.copy(book.path, path)
        return File(path)


# ---------------------------------------------------------------- PostgreSQL


class Database:
    """A book in a database of a cluster."""

    waits = 2.0  # seconds, for a connection

    def __init__(self, cluster: Cluster, name: str, beside: Executor | None = None) -> None:
        self._cluster = cluster
        self._beside = beside
        self.name = name
        self.url = cluster.url(name)

    async def open(self, clock: Clock) -> Store:
        from rollbook.storage.postgres import PostgresStore

        return await PostgresStore.open(self.url, clock=clock, waits=self.waits)

    def sql(self, statement: str, *parameters: Any) -> Rows:
        numbers = itertools.count(1)
        numbered = re.sub(r"\?", lambda _: f"${next(numbers)}", statement)

        async def ask(db: Any) -> Rows:
            found = await db.fetch(numbered, *parameters)
            if not statement.startswith("SELECT"):  # what triggers do in SQLite
                await db.execute(
                    "UPDATE counters SET next = next + 1 WHERE noun = 'change of people'"
                )
            return [tuple(row) for row in found]

        return self._aside(ask)

    def content(self) -> dict[str, Rows]:
        tables = self.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return _rows_of(self, {name for (name,) in tables})

    def close(self) -> None:
        if self._beside is None:
            self._cluster.drop_database(self.name)
        else:
            self._beside.submit(self._cluster.drop_database, self.name)

    def _aside(self, asking: Callable[[Any], Awaitable[Rows]]) -> Rows:
        """Ask on a connection of its own."""
        import asyncpg

        async def ask() -> Rows:
            db = await asyncpg.connect(self.url)
            try:
                await db.set_type_codec(
                    "date", schema="pg_catalog", encoder=str, decoder=str, format="text"
                )
                return await asking(db)
            finally:
                await db.close()

        return aside(lambda: asyncio.run(ask()))


class ClusterOfDatabases:
    """Makes databases in a cluster; an empty one is migrated once, and copied then."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._names = map("book_{}".format, itertools.count())  # for two threads at once
        self._empty: Database | None = None
        # Databases come and go while tests run: each would wait a tenth of a second for it.
        self._beside = ThreadPoolExecutor(1, "databases")
        self._ready: dict[str, Future[Database]] = {}

    def new(self) -> Database:
        if self._empty is None:
            self._empty = Database(self._cluster, next(self._names), self._beside)
            self._cluster.new_database(self._empty.name)
            asyncio.run(_migrate(self._empty.url))
        return self.copy(self._empty, often=True)

    def copy(self, book: Book, *, often: bool = False) -> Database:
        assert isinstance(book, Database)
        if not often:
            return self._copy(book)
        copy = self._ready.get(book.name) or self._beside.submit(self._copy, book)
        self._ready[book.name] = self._beside.submit(self._copy, book)
        return copy.result()

    def _copy(self, book: Database) -> Database:
        copy = Database(self._cluster, next(self._names), self._beside)
        self._cluster.new_database(copy.name, template=book.name)
        return copy


async def _migrate(url: str) -> None:
    from rollbook.storage.postgres import migrations

    async for _ in migrations.migrate(url):
        pass


# ---------------------------------------------------------------- Citus


class Distributed(Database):
    """A book that has the one database on several servers while it is open, and no other has."""

    waits = 60.0  # two servers and their tests may be on one small machine

    def __init__(self, url: str) -> None:
        self.url = url
        self.name = url.rpartition("/")[2]
        self.kept: dict[str, list[Any]] = {}

    def keep(self) -> None:
        """Remember every row, so that another book can begin with them."""

        async def read(db: Any) -> Rows:
            for name, columns in _COLUMNS.items():
                found = await db.fetch(f"SELECT {', '.join(columns)} FROM {name}")
                self.kept[name] = [tuple(row) for row in found]
            return []

        self._aside(read)

    def begin_with(self, kept: dict[str, list[Any]]) -> None:
        """Have these rows; whatever was in the database goes. Its counters count on."""

        async def write(db: Any) -> Rows:
            await teach_days(db)
            await db.execute(_SEND_AWAY)
            async with db.transaction():
                emptying = [
                    f"DELETE FROM {name} WHERE {_DISTRICT.get(name, 'district_id')} = {number}"
                    for (number,) in await db.fetch("SELECT id FROM districts")
                    for name in reversed(_COLUMNS)
                ]
                if emptying:
                    await db.execute(";".join(emptying))
                for name, rows in kept.items():
                    if rows:
                        await db.copy_records_to_table(
                            name, records=rows, columns=_COLUMNS[name]
                        )
            return []

        self._aside(write)

    def close(self) -> None:
        """Leave it to the next one to remove what is in it."""


_DISTRICT = {"districts": "id"}  # what tells a row's district, where it is not district_id
_COLUMNS: dict[str, tuple[str, ...]] = {
    "districts": ("id", "name", "time_zone", "powerschool", "created_at"),
    "key_homes": ("key", "district_id"),
    "login_homes": ("login", "district_id"),
    "subject_homes": ("subject", "district_id"),
    "imports": ("district_id", "number"),
    **{table.name: table.columns for table in TABLES if table.name != "counters"},
}


# Who is still at something in the book before would be waited for by their own event loop.
_SEND_AWAY = """
SELECT pg_terminate_backend(pid)
  FROM pg_stat_activity
 WHERE datname = current_database() AND application_name = 'rollbook'
"""


class Coordinator:
    """The one database on several servers, which each book has in its turn."""

    def __init__(self, url: str) -> None:
        assert "test" in url.rpartition("/")[2], f"{url}: is this for tests? All of it will go"
        asyncio.run(_migrate(url))
        self.url = url

    def new(self) -> Distributed:
        book = Distributed(self.url)
        book.begin_with({})
        return book

    def copy(self, book: Book, *, often: bool = False) -> Distributed:
        assert isinstance(book, Distributed)
        if not book.kept:  # nobody had the database after it
            book.keep()
        copy = Distributed(self.url)
        copy.begin_with(book.kept)
        return copy


def _rows_of(book: Book, tables: set[str]) -> dict[str, Rows]:
    return {
        name: sorted(book.sql(f"SELECT * FROM {name}"), key=repr)
        for name in sorted(tables - {"counters", "imports"})
    }
