"""
Bringing a database's tables up to date, as their owner.

The application cannot do this: it comes in a role of its own that changes no table's shape.
"""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg

from rollbook.domain.errors import Unavailable
from rollbook.storage import schema
from rollbook.storage.postgres.hosts import Hosts
from rollbook.storage.postgres.pool import faults_as_unavailable
from rollbook.storage.postgres.statements import SQL
from rollbook.storage.schema import Migration


def known() -> list[Migration]:
    """Return every migration of this version of Rollbook, in order."""
    return schema.known("postgres")


async def level(db: Any) -> int:
    """Return the number of the last migration that the database has seen; 0 for an empty one."""
    if not await db.fetchval(SQL.has_migrations):
        return 0
    return int(await db.fetchval(SQL.migration_level))


async def migrate(url: str, *, rehearse: bool = False) -> AsyncIterator[Migration]:
    """
    Run what is pending, yielding each step when it is done.

    Two that run at once wait for each other. A rehearsal runs all steps in one transaction and
    undoes them at the end. Raises `Unavailable`.

    On a database that is several servers (Citus) the tables are cut by district afterwards.
    """
    with faults_as_unavailable():
        db = await Hosts(url).connect()
        try:
            if rehearse:
                for step in await _rehearsed(db):
                    yield step
                return
            for step in known():
                if await _run_alone(db, step):
                    yield step
            await distribute(db)
        finally:
            await db.close()


async def _run_alone(db: Any, step: Migration) -> bool:
    """Run a step unless it was run; say whether it had to be."""
    async with db.transaction():
        await db.execute(SQL.migrate_alone)
        await db.execute(SQL.create_migrations)
        if step not in schema.pending(known(), await level(db)):
            return False
        await _run(db, step)
    return True


async def _run(db: Any, step: Migration) -> None:
    await db.execute(SQL.allow_ties_to_the_cut)
    await db.execute(SQL.wait_for_no_table)
    try:
        await db.execute(step.script)
    except asyncpg.LockNotAvailableError:
        raise Unavailable(
            f"A table that {step.name} changes is in use by a long read or import; the step was "
            "undone, so that nobody waits behind it. Try again, or when that is over."
        ) from None
    await db.execute(SQL.add_migration, step.number, step.name)


async def distribute(db: Any) -> None:
    """Cut by district, where there is Citus, every table that is not cut yet."""
    if await db.fetchval(SQL.has_citus):
        async with db.transaction():
            await db.execute(SQL.migrate_alone)
            await db.execute(SQL.distribute)


async def _rehearsed(db: Any) -> list[Migration]:
    """Run what is pending, undo it, and return what it was."""
    rehearsal = db.transaction()
    await rehearsal.start()
    try:
        await db.execute(SQL.create_migrations)
        steps = schema.pending(known(), await level(db))
        for step in steps:
            await _run(db, step)
    finally:
        await rehearsal.rollback()
    return steps


async def require_current(db: Any) -> None:
    """Raise `Unavailable`, saying what to do, unless the schema is this very version's."""
    steps = schema.pending(known(), await level(db))
    if steps:
        raise Unavailable(
            f"The database is not up to date ({len(steps)} steps behind). "
            "Bring it up to date with: rollbook migrate"
        )


async def require_usable(db: Any) -> None:
    """
    Raise `Unavailable`, saying what to do, unless this version can work on the database.

    It can on a later version's: while machines are brought to a new one, one after another, those
    that still run the old one go on. What a step adds they do not know and leave alone; a step
    that does more than add is named `*.breaking.sql`, and is what they refuse.
    """
    newest = known()[-1].number
    if await level(db) <= newest or await db.fetchval(SQL.migration_floor) > newest:
        await require_current(db)
