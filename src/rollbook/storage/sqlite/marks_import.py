"""
Taking marks in from a file: read and looked up, put aside, saved.

While the lines are read nothing is written to the database. Each is turned into an entry and put
aside by section and month, in blocks of bytes in a nameless file; so what is in memory does not
grow with the file, and the lines may come in any order. When all are read, each section's month
becomes a save like any other, through the same rule and the same record, some thousand marks to
a commit.

Between two commits the lock is free for a few milliseconds, in which the next marks are got
ready: whoever waits for it asks more often than that (`connection.wait_for_others`). While others
save too, a month is a commit, and the lock is free for as long as it was held.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Collection, Iterator

import apsw
import msgspec

from rollbook.domain.attendance import ENTRIES_MAX, Answer, Entry
from rollbook.domain.errors import RollbookError
from rollbook.domain.mark_files import IdColumn, MarkLines, MarksSummary, Names, Progress
from rollbook.domain.record import Author
from rollbook.domain.store import SaveMarks
from rollbook.storage import rows
from rollbook.storage.sqlite import changes, naming
from rollbook.storage.sqlite.connection import ASK_EVERY, faults_as_unavailable
from rollbook.storage.sqlite.statements import SQL
from rollbook.storage.sqlite.writer import Writer

_HELD = 100_000  # entries in memory before they are put aside
_KNOWN = 60_000  # seats whose names are kept in memory
_COMMIT = 4_000  # entries that share a commit: about 20 ms
_LOCK_IS_FREE = 1.5 * ASK_EVERY  # seconds between two commits, at least
_AT_FIRST = 0.5  # seconds for which it is not known yet whether others save
_OTHERS_STAY = 3.0  # seconds for which somebody who saved is expected to save again
_DISK_CACHE_KIB = 8 * 1024
_MONTH = len("YYYY-MM")
_NOBODY = Names([], IdColumn(""), of_students=False)

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Entry]).decode


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
    blocks = _Blocks()
    try:
        with faults_as_unavailable():
            await _put_aside(blocks, _Classes(reader, district_id, lines), lines, progress)
            commands = (
                SaveMarks(
                    district_id=district_id, section_id=section, entries=entries, author=author
                )
                for section, entries in blocks.by_month()
            )
            if dry_run:
                return _rehearse(reader, commands, progress)
            return await _save(writer, commands, lines, progress)
    finally:
        blocks.close()


# ---------------------------------------------------------------- reading


async def _put_aside(
    blocks: "_Blocks", classes: "_Classes", lines: MarkLines, progress: Progress
) -> None:
    """Look up whom each line means; what leads nowhere is told, and left out."""
    last: str | None = None
    section_id, names = 0, _NOBODY
    alone, held, taken = names.alone, blocks.held, 0
    for number, section, place, day, status, comment in lines.lines:
        if section != last:
            section_id, names = classes.find(number, section)
            if not section_id:
                last = None  # so that each of its lines is told of
                continue
            last, alone = section, names.alone
        who = alone.get(place)
        if who is None:
            try:
                who = names.choose(place, day)
            except LookupError as why:
                lines.wrong(number, lines.place.name, str(why))
                continue
        if status:
            held[section_id, day[:_MONTH]].append(Entry(who, day, status, comment))
            taken += 1
            if taken % _HELD == 0:
                blocks.put_away()
                progress("reading", taken)
                await asyncio.sleep(0)  # where Ctrl-C is heard
    blocks.put_away()
    progress("reading", taken)


class _Classes:
    """Who may be named in which section: as many sections at a time as memory is for."""

    def __init__(self, db: apsw.Connection, district_id: int, lines: MarkLines) -> None:
        self._db = db
        self._district_id = district_id
        self._lines = lines
        self._known: dict[str, tuple[int, Names, int]] = {}
        self._seats = 0

    def find(self, number: int, cell: str) -> tuple[int, Names]:
        """Return the id and the names of the section that a cell means; 0 if it is none."""
        if cell not in self._known:
            section_id, names, seats = self._load(number, cell)
            if not section_id:
                return 0, names
            self._known[cell] = section_id, names, seats
            self._seats += seats
            while self._seats > _KNOWN and len(self._known) > 1:
                self._seats -= self._known.pop(next(iter(self._known)))[2]
        section_id, names, _ = self._known[cell]
        return section_id, names

    def _load(self, number: int, cell: str) -> tuple[int, Names, int]:
        column = self._lines.section
        try:
            section_id = naming.section(self._db, self._district_id, cell, column)
        except RollbookError as why:
            self._lines.wrong(number, column.name, str(why))
            return 0, _NOBODY, 0
        places = [
            rows.place(row)
            for row in self._db.execute(SQL.places, (self._district_id, section_id))
        ]
        names = Names(places, self._lines.place, of_students=self._lines.of_students)
        return section_id, names, len(places)


class _Blocks:
    """Entries put aside in a file, and found again section by section, month by month."""

    def __init__(self) -> None:
        # A database without a name is a file that nobody else sees and that goes when we do.
        self._db = apsw.Connection("")
        self._db.pragma("journal_mode", "off")
        self._db.pragma("synchronous", "off")
        self._db.pragma("cache_size", -_DISK_CACHE_KIB)
        self._db.execute(SQL.create_blocks)
        self.held: defaultdict[tuple[int, str], list[Entry]] = defaultdict(list)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def put_away(self) -> None:
        """Write what is held in memory to the file."""
        with self._db:
            self._db.executemany(
                SQL.add_block,
                ((*key, _encode(entries)) for key, entries in self.held.items()),
            )
        self.held.clear()

    def by_month(self) -> Iterator[tuple[int, list[Entry]]]:
        """Yield a section and its entries of one month; in pieces where they are very many."""
        self._db.execute(SQL.sort_blocks)
        entries: list[Entry] = []
        former: tuple[int, str] | None = None
        for section_id, month, block in self._db.execute(SQL.blocks):
            if former is not None and (section_id, month) != former:
                yield former[0], entries
                entries = []
            former = section_id, month
            entries += _decode(block)
            while len(entries) > ENTRIES_MAX:
                yield section_id, entries[:ENTRIES_MAX]
                entries = entries[ENTRIES_MAX:]
        if former is not None:
            yield former[0], entries


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
            refused += _tell_of_refusals(command, outcome.refused.values(), lines)
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


def _tell_of_refusals(command: SaveMarks, refused: Collection[Answer], lines: MarkLines) -> int:
    """Tell of entries that the roster no longer allows, and return how many."""
    for each in refused:
        place = f"section {command.section_id}, {each.date}"
        lines.wrong(0, "", f"{place}: {each.message} any more")
    return len(refused)
