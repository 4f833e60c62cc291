"""
Taking a roster into the file: staged, compared, applied.

The files are read into temporary tables, and the many enrollments that are there already are
put aside, before the write lock is asked for: that is nearly all of the time. Then one
transaction compares the rest with what is there and writes the difference, set by set. The rows
of one file are never in memory together.
"""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import apsw

from rollbook.domain.acts import roster_taken_in
from rollbook.domain.people import Instant
from rollbook.domain.record import Author
from rollbook.domain.roster_files import (
    RosterCourse,
    RosterEnrollment,
    RosterLimits,
    RosterPart,
    RosterPeriod,
    RosterSchool,
    RosterSection,
    RosterSummary,
    RosterUser,
)
from rollbook.storage.roster_import import Progress, RosterImport, lines, nouns, two_alike
from rollbook.storage.sqlite import changes
from rollbook.storage.sqlite.acts import keeping_an_administrator, record
from rollbook.storage.sqlite.connection import faults_as_unavailable
from rollbook.storage.sqlite.statements import SQL

_CACHE_KIB = 64 * 1024  # for the file, and as much again for the temporary tables
_BY_TYPE = {noun.of: noun for noun in nouns(SQL)}
_STAGE: dict[type, str] = {
    RosterSchool: SQL.stage_school,
    RosterPeriod: SQL.stage_period,
    RosterCourse: SQL.stage_course,
    RosterSection: SQL.stage_section,
    RosterUser: SQL.stage_user,
    RosterEnrollment: SQL.stage_enrollment,
}


async def import_roster(
    db: apsw.Connection,
    district_id: int,
    parts: Iterable[RosterPart],
    limits: RosterLimits,
    progress: Progress,
    by: Author | None,
    now: Instant,
) -> list[RosterSummary]:
    """
    Stage, compare, apply, and write down who did it; on a dry run, undo.

    Raises:
        NoSuchThing: There is no such district.
        ImportRefused: Something refers to what is not there, or too many enrollments would end.
        LastAdministrator: Nobody who may come in would be administrator any more.
        Unavailable: The disk or the lock did not let us; what was staged is gone.
    """
    with faults_as_unavailable(), _staging(db):
        db.execute("BEGIN")  # writes to temporary tables only: nobody waits for it
        with _ending_with(db, "COMMIT"):
            whole = _stage(db, district_id, parts, progress)
            roster = RosterImport(_Desk(db), SQL, district_id, whole, limits)
            await roster.prepare()
        db.execute("BEGIN IMMEDIATE")
        with _ending_with(db, "ROLLBACK" if limits.dry_run else "COMMIT"):
            with keeping_an_administrator(db, district_id, by):
                summaries = await roster.apply()
            record(db, district_id, by, roster_taken_in(summaries), now)
    return summaries


class _Desk:
    """Carries out the statements of an import on a connection, which the import has to itself."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db

    async def rows(self, statement: str, bindings: dict[str, Any]) -> list[Any]:
        return self._db.execute(statement, bindings).fetchall()

    async def change(self, statement: str, bindings: dict[str, Any]) -> int:
        self._db.execute(statement, bindings)
        return self._db.changes()

    async def take_numbers(self, noun: str, count: int) -> int:
        return changes.take_numbers(self._db, noun, count)


@contextlib.contextmanager
def _staging(db: apsw.Connection) -> Iterator[None]:
    """Have the temporary tables, on disk, and room for the trees that are written to."""
    former = db.pragma("cache_size")
    db.execute(SQL.drop_staging)
    db.pragma("temp_store", "file")
    db.pragma("cache_size", -_CACHE_KIB)
    db.pragma("cache_size", -_CACHE_KIB, schema="temp")
    try:
        db.execute(SQL.create_staging)
        yield
    finally:
        db.execute(SQL.drop_staging)
        db.pragma("cache_size", former)


@contextlib.contextmanager
def _ending_with(db: apsw.Connection, last: str) -> Iterator[None]:
    """End the open transaction with *last*, or undo it when something is raised."""
    try:
        yield
        db.execute(last)
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _stage(
    db: apsw.Connection, district_id: int, parts: Iterable[RosterPart], progress: Progress
) -> dict[type, bool]:
    """Read every part; return which nouns came, and whether as a whole."""
    whole: dict[type, bool] = {}
    for part in parts:
        noun = _BY_TYPE[part.noun]
        try:
            rows = lines(noun, district_id, iter(part.rows), progress)
            db.executemany(_STAGE[part.noun], rows)
        except apsw.ConstraintError:
            raise two_alike(noun) from None
        # Only now: what is ended comes out of the same lines as the rows.
        db.executemany(noun.leave, ((district_id, sourced_id) for sourced_id in part.ended))
        whole[part.noun] = part.complete
    return whole
