"""
Taking marks in from a file: put aside by section and month, then saved.

While the lines are read nothing is written to the database. When all are read, each section's
month becomes a save like any other, through the same rule and the same record, some thousand
marks to a commit.

Between two commits the lock is free for a few milliseconds, in which the next marks are got
ready: whoever waits for it asks more often than that (`connection.wait_for_others`). While others
save too, a month is a commit, and the lock is free for as long as it was held.
"""

import asyncio
import time
from collections.abc import Iterator

import apsw

from rollbook.domain.mark_files import IdColumn, MarkLines, MarksSummary, Place, Progress
from rollbook.domain.record import Author
from rollbook.domain.store import SaveMarks
from rollbook.storage import rows
from rollbook.storage.marks_import import Blocks, Classes, put_aside, tell_of_refusals
from rollbook.storage.sqlite import changes, naming
from rollbook.storage.sqlite.connection import ASK_EVERY, faults_as_unavailable
from rollbook.storage.sqlite.statements import SQL
from rollbook.storage.sqlite.writer import Writer

_COMMIT = 4_000  # entries that share a commit: about 20 ms
_LOCK_IS_FREE = 1.5 * ASK_EVERY  # seconds between two commits, at least
_AT_FIRST = 0.5  # seconds for which it is not known yet whether others save
_OTHERS_STAY = 3.0  # seconds for which somebody who saved is expected to save again


async def import_marks(
    reader: apsw.Connection,
    writer: Writer,
    district_id: int,
    lines: MarkLines,
    author: Author,
    progress: Progress,
    *,
    dry_run: bool,
) -> MarksSummary:
    """
    Put aside, then save; on a dry run only find out what would be saved.

    Raises:
        Unavailable: The disk or the lock did not let us; what was saved before stays so.
    """
    blocks = Blocks()
    try:
        with faults_as_unavailable():
            classes = Classes(_Desk(reader, district_id), lines)
            await put_aside(blocks, classes, lines, progress)
            commands = blocks.saves(district_id, author)
            if dry_run:
                return _rehearse(reader, commands, progress)
            return await _save(writer, commands, lines, progress)
    finally:
        blocks.close()


class _Desk:
    """Looks up whom the cells of a file mean."""

    def __init__(self, db: apsw.Connection, district_id: int) -> None:
        self._db = db
        self._district_id = district_id

    async def section(self, cell: str, column: IdColumn) -> int:
        return naming.section(self._db, self._district_id, cell, column)

    async def places(self, section_id: int) -> list[Place]:
        found = self._db.execute(SQL.places, (self._district_id, section_id))
        return [rows.place(row) for row in found]


# ---------------------------------------------------------------- saving


def _rehearse(
    reader: apsw.Connection, commands: Iterator[SaveMarks], progress: Progress
) -> MarksSummary:
    """Return what saving would do, without asking for the lock."""
    lines = changed = refused = 0
    for command in commands:
        judgement = changes.rehearse_marks(reader, command)
        lines += len(command.entries)
        changed += len(judgement.changes)
        refused += len(judgement.refused)
        progress("comparing", lines)
    unchanged = lines - changed - refused
    return MarksSummary(changed=changed, unchanged=unchanged, refused=refused)


async def _save(
    writer: Writer, commands: Iterator[SaveMarks], lines: MarkLines, progress: Progress
) -> MarksSummary:
    """Save group by group, each group in one commit."""
    saved = changed = refused = 0
    turns = _Turns(writer.db)
    while group := _group(commands, 1 if turns.others_save else _COMMIT):
        await turns.mine()
        outcomes = writer.all(group)
        turns.over()
        for command, outcome in zip(group, outcomes, strict=True):
            if isinstance(outcome, Exception):
                raise outcome
            changed += outcome.changed
            refused += tell_of_refusals(command, outcome.refused.values(), lines)
            saved += len(command.entries)
        progress("saving", saved)
    unchanged = saved - changed - refused
    return MarksSummary(changed=changed, unchanged=unchanged, refused=refused)


class _Turns:
    """When the import may take the lock again, so that others come to their turn."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._version = self._db.pragma("data_version")
        self._began = self._ended = time.monotonic()
        self._others_until = self._ended + _AT_FIRST

    @property
    def others_save(self) -> bool:
        """Whether somebody else saved lately, or may be about to."""
        return self._ended < self._others_until

    async def mine(self) -> None:
        """Return when the lock was free for long enough."""
        version = self._db.pragma("data_version")  # another one when somebody else committed
        if version != self._version:
            self._version, self._others_until = version, time.monotonic() + _OTHERS_STAY
        held = self._ended - self._began
        free = max(held if self.others_save else 0, _LOCK_IS_FREE)
        await asyncio.sleep(max(0, self._ended + free - time.monotonic()))
        self._began = time.monotonic()

    def over(self) -> None:
        """Note that the lock is free."""
        self._ended = time.monotonic()


def _group(commands: Iterator[SaveMarks], least: int) -> list[SaveMarks]:
    """Return the saves that share the next commit."""
    group: list[SaveMarks] = []
    entries = 0
    for command in commands:
        group.append(command)
        entries += len(command.entries)
        if entries >= least:
            break
    return group
