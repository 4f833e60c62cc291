"""Marks from files and into them, on PostgreSQL."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeAlias

from rollbook.domain.attendance import Status
from rollbook.domain.mark_files import (
    IdColumn,
    MarkLines,
    MarkSelection,
    MarksSummary,
    Place,
    Progress,
    SectionMarks,
)
from rollbook.domain.people import Instant
from rollbook.domain.record import Author
from rollbook.domain.store import SaveMarks
from rollbook.storage import rows
from rollbook.storage.marks_import import Blocks, Classes, put_aside, tell_of_refusals
from rollbook.storage.naming import is_number, only
from rollbook.storage.postgres import changes
from rollbook.storage.postgres.pool import FIRST, LAST
from rollbook.storage.postgres.sections import Rosters
from rollbook.storage.postgres.statements import SQL

Lend: TypeAlias = Callable[[], AbstractAsyncContextManager[Any]]  # a connection, for a while

_AT_A_TIME = 10_000  # marks of one section in memory


class Desk:
    """Looks up, in one district, whom the cells of a file mean."""

    def __init__(self, db: Any, district_id: int) -> None:
        self._db = db
        self._district_id = district_id

    async def section(self, cell: str, column: IdColumn) -> int:
        """Return the id of a section; raises `NoSuchThing`, or `BadRequest` if it could be two."""
        found = set()
        if column.ours and is_number(cell):
            ours = (self._district_id, int(cell))
            if await self._db.fetchval(SQL.section_exists, *ours):
                found.add(int(cell))
        if column.rosters:
            rosters = (self._district_id, cell)
            found |= {
                row[0] for row in await self._db.fetch(SQL.section_of_school_code, *rosters)
            }
        return only("section", cell, found)

    async def user(self, cell: str) -> int:
        """Return the id of a person; raises `NoSuchThing`, or `BadRequest` if it could be two."""
        own = (self._district_id, cell)
        found = {row[0] for row in await self._db.fetch(SQL.user_of_sourced_id, *own)}
        if is_number(cell) and await self._db.fetchval(SQL.user, self._district_id, int(cell)):
            found.add(int(cell))
        return only("student", cell, found)

    async def places(self, section_id: int) -> list[Place]:
        """Return who is enrolled in a section."""
        found = await self._db.fetch(SQL.places, self._district_id, section_id)
        return [rows.place(row) for row in found]


async def import_marks(
    lend: Lend,
    rosters: Rosters,
    district_id: int,
    lines: MarkLines,
    author: Author,
    now: Instant,
    progress: Progress,
    *,
    dry_run: bool,
) -> MarksSummary:
    """Put aside, then save month by month; on a dry run only find out what would be saved."""
    blocks = Blocks()
    try:
        async with lend() as db:
            classes = Classes(Desk(db, district_id), lines)
            await put_aside(blocks, classes, lines, progress)
        saves = blocks.saves(district_id, author)
        if dry_run:
            return await _rehearse(lend, rosters, saves, progress)
        return await _save(lend, rosters, saves, lines, now, progress)
    finally:
        blocks.close()


async def _rehearse(
    lend: Lend, rosters: Rosters, saves: Iterator[SaveMarks], progress: Progress
) -> MarksSummary:
    read = changed = refused = 0
    for command in saves:
        async with lend() as db:
            judgement = await changes.rehearse_marks(db, rosters, command)
        read += len(command.entries)
        changed += len(judgement.changes)
        refused += len(judgement.refused)
        progress("comparing", read)
    unchanged = read - changed - refused
    return MarksSummary(changed=changed, unchanged=unchanged, refused=refused)


async def _save(
    lend: Lend,
    rosters: Rosters,
    saves: Iterator[SaveMarks],
    lines: MarkLines,
    now: Instant,
    progress: Progress,
) -> MarksSummary:
    saved = changed = refused = 0
    for command in saves:
        async with lend() as db:
            done = await changes.save_alone(db, rosters, command, now)
        changed += done.changed
        turned_away = [answer for answer in done.answers if answer.response_code != 200]
        refused += tell_of_refusals(command, turned_away, lines)
        saved += len(command.entries)
        progress("saving", saved)
    unchanged = saved - changed - refused
    return MarksSummary(changed=changed, unchanged=unchanged, refused=refused)


# ---------------------------------------------------------------- out


async def export_marks(
    db: Any, district_id: int, selection: MarkSelection
) -> AsyncIterator[SectionMarks]:
    """Yield each section that is asked for and has marks, by id; *db* sees one moment."""
    desk = Desk(db, district_id)
    only_these = await _enrollments(db, desk, district_id, selection)
    wanted = selection.statuses or tuple(Status)
    filters = (
        selection.start or FIRST,
        selection.end or LAST,
        sum(1 << status for status in set(wanted)),
    )
    for section_id, code in await _sections(db, desk, district_id, selection, only_these):
        places: dict[int, Place] = {}
        key = (district_id, section_id)
        async for part in _parts(db.cursor(SQL.marks_to_export, *key, *filters)):
            kept = part if only_these is None else [m for m in part if m[1] in only_these]
            if kept:
                places = places or {
                    place.seat.enrollment_id: place for place in await desk.places(section_id)
                }
                yield SectionMarks(section_id, code, places, kept)


async def _parts(marks: Any) -> AsyncIterator[list[Any]]:
    cursor = await marks
    while part := await cursor.fetch(_AT_A_TIME):
        yield part


async def _enrollments(
    db: Any, desk: Desk, district_id: int, selection: MarkSelection
) -> dict[int, int] | None:
    """Return the sections of the students that are asked for, by enrollment; None: of all."""
    if not selection.students:
        return None
    found: dict[int, int] = {}
    for cell in selection.students:
        user_id = await desk.user(cell)
        places = await db.fetch(SQL.all_places_of_user, district_id, user_id)
        found.update({who: section_id for section_id, who in places})
    return found


async def _sections(
    db: Any,
    desk: Desk,
    district_id: int,
    selection: MarkSelection,
    only_these: dict[int, int] | None,
) -> list[Any]:
    found: list[Any] = await db.fetch(SQL.section_codes, district_id)
    if only_these is not None:
        of_students = set(only_these.values())
        found = [row for row in found if row[0] in of_students]
    if selection.sections:
        either = IdColumn("section")
        wanted = {await desk.section(cell, either) for cell in selection.sections}
        found = [row for row in found if row[0] in wanted]
    return found
