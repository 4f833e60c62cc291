"""Looking after a book of either database, and changing it as whoever holds it can."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import apsw
import asyncpg

import books
from rollbook.domain.record import RecordEntry
from rollbook.storage import checking, rows
from rollbook.storage.checking import Checked
from rollbook.storage.desk import Desk
from rollbook.storage.postgres.checking import check as check_database
from rollbook.storage.postgres.desk import DatabaseDesk, opened
from rollbook.storage.sqlite.checking import check as check_file
from rollbook.storage.sqlite.connection import open_writer
from rollbook.storage.sqlite.desk import FileDesk

T = TypeVar("T")

GUARDS = ("record_is_not_rewritten", "record_is_only_pruned")


def at_desk(book: books.Book, work: Callable[[Desk], Awaitable[T]]) -> T:
    """Do something at a book's desk, as its owner."""

    async def sit_down() -> T:
        if isinstance(book, books.Database):
            async with opened(book.url) as desk:
                return await work(desk)
        assert isinstance(book, books.File)
        db = open_writer(book.path)
        try:
            return await work(FileDesk(db))
        finally:
            db.close()

    return books.aside(lambda: asyncio.run(sit_down()))


def check(book: books.Book, *, section_id: int | None = None, quick: bool = False) -> Checked:
    """Return what a check finds."""

    async def look(desk: Desk) -> Checked:
        how: dict[str, Any] = {"section_id": section_id, "quick": quick}
        if isinstance(desk, DatabaseDesk):
            return await check_database(desk, **how, progress=lambda *_: None)
        assert isinstance(desk, FileDesk)
        return await check_file(desk, **how, progress=lambda *_: None)

    return at_desk(book, look)


def found(book: books.Book, **options: Any) -> list[str]:
    """Return the same as lines."""
    return [str(finding) for finding in check(book, **options).findings]


def head(book: books.Book, day: str) -> str:
    """Return the head of a day."""
    return at_desk(book, lambda desk: checking.head_of(desk, day)).hash


def entries_of(book: books.Book, key: tuple[int, int]) -> list[RecordEntry]:
    """Return every entry of a section's record."""

    async def read(desk: Desk) -> list[RecordEntry]:
        return [rows.record_entry(key[1], row) async for row in checking.record_of(desk, key)]

    return at_desk(book, read)


def tamper(book: books.Book, *statements: str) -> None:
    """Change the book with the database's own tools; nothing that guards it is left on."""
    if isinstance(book, books.Database):
        books.aside(lambda: asyncio.run(_tamper_as_superuser(book.url, statements)))
        return
    assert isinstance(book, books.File)
    db = apsw.Connection(str(book.path))
    for trigger in GUARDS:
        db.execute(f"DROP TRIGGER {trigger}")
    for statement in statements:
        db.execute(statement)
    db.close()


async def _tamper_as_superuser(url: str, statements: tuple[str, ...]) -> None:
    db = await asyncpg.connect(url)
    await db.execute("SET session_replication_role = replica")  # no foreign key is looked at
    for statement in statements:
        await db.execute(statement.replace("zeroblob(32)", "decode(repeat('00', 32), 'hex')"))
    await db.close()


def literal(book: books.Book, content: bytes) -> str:
    """Write bytes as a statement has them."""
    return f"decode('{content.hex()}', 'hex')" if _is_database(book) else f"x'{content.hex()}'"


def _is_database(book: books.Book) -> bool:
    return isinstance(book, books.Database)
