"""Moving house: opens both ends of a move, whichever databases they are."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import apsw

from rollbook.config import Config
from rollbook.domain.errors import BadRequest, Unavailable
from rollbook.processes import only_server
from rollbook.storage import moving
from rollbook.storage.moving import End, Moved, Progress
from rollbook.storage.postgres.moving import DatabaseEnd, owner_of
from rollbook.storage.sqlite import copies, migrations
from rollbook.storage.sqlite.connection import enforce_foreign_keys, moment, open_reader
from rollbook.storage.sqlite.moving import FileEnd


def move(source: str, target: str, progress: Progress) -> Moved:
    """
    Move an installation; raises `Unavailable` and leaves the target as it was.

    Raises `BadRequest` when both ends are of one kind: files and databases have tools of their
    own to be copied with.
    """
    here, there = Config(database=source), Config(database=target)
    if here.on_postgres == there.on_postgres:
        raise BadRequest(
            "A move is from a file to PostgreSQL or back. To copy a file there is rollbook "
            "backup, for PostgreSQL there is pg_dump."
        )
    return asyncio.run(_move(here, there, progress))


async def _move(here: Config, there: Config, progress: Progress) -> Moved:
    if here.on_postgres:
        with copies.appearing(there.database_path) as part:
            async with _database(here) as ours, _new_file(part) as theirs:
                return await moving.move(ours, theirs, progress)
    if not here.database_path.exists():
        raise Unavailable(f"There is no database {here.database_path}.")
    with only_server(here.database_path):
        async with _file(here) as ours, _database(there) as theirs:
            return await moving.move(ours, theirs, progress)


@asynccontextmanager
async def _database(config: Config) -> AsyncIterator[End]:
    async with owner_of(config.database) as db:
        yield DatabaseEnd(db)


@asynccontextmanager
async def _file(config: Config) -> AsyncIterator[End]:
    db = open_reader(config.database_path)
    try:
        migrations.require_current(db)
        with moment(db):
            yield FileEnd(db)
    finally:
        db.close()


@asynccontextmanager
async def _new_file(part: Path) -> AsyncIterator[End]:
    """Make a file that nobody needs after a crash: it has no name yet."""
    db = apsw.Connection(str(part))
    try:
        enforce_foreign_keys(db)
        for _ in migrations.migrate(db):
            pass
        with db:
            yield FileEnd(db)
    finally:
        db.close()
