"""
Taking a roster into PostgreSQL: staged, compared and applied in one transaction.

Lines lie in tables of the database, beside those of other districts whose imports run meanwhile.
Nobody else ever sees them: they are removed before the transaction ends.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import asyncpg

from rollbook.domain.acts import roster_taken_in
from rollbook.domain.people import Instant
from rollbook.domain.record import Author
from rollbook.domain.roster_files import RosterLimits, RosterPart, RosterSummary
from rollbook.storage.postgres.acts import keeping_an_administrator, record
from rollbook.storage.postgres.statements import PARAMETERS, SQL
from rollbook.storage.roster_import import Progress, RosterImport, lines, nouns, two_alike

_BY_TYPE = {noun.of: noun for noun in nouns(SQL)}
# The columns of a line, as `domain.store` has them, under the names of the staging tables.
_COLUMNS = {"user": "person"}

_NO_LIMIT = 3600.0  # seconds: an hour, for one statement

TakeNumbers = Callable[[str, int], Awaitable[int]]


async def import_roster(
    db: Any,
    take_numbers: TakeNumbers,
    district_id: int,
    parts: Iterable[RosterPart],
    limits: RosterLimits,
    progress: Progress,
    by: Author | None,
    now: Instant,
) -> list[RosterSummary]:
    """
    Stage, compare, apply, and write down who did it; on a dry run, undo.

    Ids are taken beside the import, so that nobody who needs one waits until it ends: those of an
    import that was undone are never used.

    Raises:
        NoSuchThing: There is no such district.
        ImportRefused: Something refers to what is not there, or too many enrollments would end.
        LastAdministrator: Nobody who may come in would be administrator any more.
    """
    work = db.transaction()
    await work.start()
    done = False
    try:
        # Of two imports into one district the second waits here until the first is done.
        await db.execute(SQL.count_import, district_id, timeout=_NO_LIMIT)
        await db.execute(SQL.plan_by_values)
        whole = await _stage(db, district_id, parts, progress)
        roster = RosterImport(_Desk(db, take_numbers), SQL, district_id, whole, limits)
        await roster.prepare()
        await db.execute(SQL.administer_alone, district_id)
        async with keeping_an_administrator(db, district_id, by):
            summaries = await roster.apply()
        for table in _STAGING:
            await db.execute(f"DELETE FROM {table} WHERE district_id = $1", district_id)  # noqa: S608
        await record(db, district_id, by, roster_taken_in(summaries), now)
        await db.execute(SQL.raise_people_version)
        done = not limits.dry_run
    finally:
        await (work.commit() if done else work.rollback())
    return summaries


class _Desk:
    """Carries out the statements of an import on its connection."""

    def __init__(self, db: Any, take_numbers: TakeNumbers) -> None:
        self._db = db
        self._take_numbers = take_numbers

    async def rows(self, statement: str, bindings: dict[str, Any]) -> list[Any]:
        found: list[Any] = await self._db.fetch(
            statement, *_values(statement, bindings), timeout=None
        )
        return found

    async def change(self, statement: str, bindings: dict[str, Any]) -> int:
        # Its answer is as "UPDATE 30" or "INSERT 0 30".
        status = await self._db.execute(
            statement, *_values(statement, bindings), timeout=_NO_LIMIT
        )
        return int(status.rpartition(" ")[2])

    async def take_numbers(self, noun: str, count: int) -> int:
        return await self._take_numbers(noun, count)


def _values(statement: str, bindings: dict[str, Any]) -> list[Any]:
    return [bindings[name] for name in PARAMETERS[statement]]


async def _stage(
    db: Any, district_id: int, parts: Iterable[RosterPart], progress: Progress
) -> dict[type, bool]:
    """Read every part; return which nouns came, and whether as a whole."""
    whole: dict[type, bool] = {}
    for part in parts:
        noun = _BY_TYPE[part.noun]
        columns = [_COLUMNS.get(name, name) for name in part.noun.__struct_fields__]
        staging = f"staged_{_TABLES[noun.singular]}"
        try:
            await db.copy_records_to_table(
                staging,
                records=lines(noun, district_id, iter(part.rows), progress),
                columns=["district_id", "seq", *columns],
                timeout=_NO_LIMIT,
            )
        except asyncpg.PostgresError as fault:
            # Told by the key's name: what a node says, Citus passes on under a code of its own.
            if f"{staging}_pkey" not in str(fault):
                raise
            raise two_alike(noun) from None
        # Only now: what is ended comes out of the same lines as the rows.
        leaving = [(district_id, sourced_id) for sourced_id in part.ended]
        await db.executemany(noun.leave, leaving)
        whole[part.noun] = part.complete
    return whole


_TABLES = {
    "school": "schools",
    "period": "periods",
    "course": "courses",
    "section": "sections",
    "user": "users",
    "enrollment": "enrollments",
}
_STAGING = [f"{kind}_{name}" for kind in ("staged", "leaving") for name in _TABLES.values()]
