"""
Marks from a file, before they are saved: read and looked up, and put aside by section and month.

Each line is turned into an entry and put aside in blocks of bytes in a nameless file; so what is
in memory does not grow with the file, and the lines may come in any order. Both databases do this
alike; how the saves that come of it are carried out, each knows for itself.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Protocol

import apsw
import msgspec

from rollbook.domain.attendance import ENTRIES_MAX, Answer, Entry
from rollbook.domain.errors import RollbookError
from rollbook.domain.mark_files import IdColumn, MarkLines, Names, Place, Progress
from rollbook.domain.record import Author
from rollbook.domain.store import SaveMarks
from rollbook.storage.queries import load

_SQL = load("sqlite")  # the nameless file is SQLite's, whatever the database is

_HELD = 100_000  # entries in memory before they are put aside
_KNOWN = 60_000  # seats whose names are kept in memory
_DISK_CACHE_KIB = 8 * 1024
_MONTH = len("YYYY-MM")
_NOBODY = Names([], IdColumn(""), of_students=False)

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Entry]).decode


class Desk(Protocol):
    """Looks up, in one district, whom the cells of a file mean."""

    async def section(self, cell: str, column: IdColumn) -> int:
        """Return the id of a section; raises `NoSuchThing`, or `BadRequest` if it could be two."""

    async def places(self, section_id: int) -> list[Place]:
        """Return who is enrolled in a section."""


async def put_aside(
    blocks: "Blocks", classes: "Classes", lines: MarkLines, progress: Progress
) -> None:
    """Look up whom each line means; what leads nowhere is told, and left out."""
    last: str | None = None
    section_id, names = 0, _NOBODY
    alone, held, taken = names.alone, blocks.held, 0
    for number, section, place, day, status, comment in lines.lines:
        if section != last:
            section_id, names = await classes.find(number, section)
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


class Classes:
    """Who may be named in which section: as many sections at a time as memory is for."""

    def __init__(self, desk: Desk, lines: MarkLines) -> None:
        self._desk = desk
        self._lines = lines
        self._known: dict[str, tuple[int, Names, int]] = {}
        self._seats = 0

    async def find(self, number: int, cell: str) -> tuple[int, Names]:
        """Return the id and the names of the section that a cell means; 0 if it is none."""
        if cell not in self._known:
            section_id, names, seats = await self._load(number, cell)
            if not section_id:
                return 0, names
            self._known[cell] = section_id, names, seats
            self._seats += seats
            while self._seats > _KNOWN and len(self._known) > 1:
                self._seats -= self._known.pop(next(iter(self._known)))[2]
        section_id, names, _ = self._known[cell]
        return section_id, names

    async def _load(self, number: int, cell: str) -> tuple[int, Names, int]:
        column = self._lines.section
        try:
            section_id = await self._desk.section(cell, column)
        except RollbookError as why:
            self._lines.wrong(number, column.name, str(why))
            return 0, _NOBODY, 0
        places = await self._desk.places(section_id)
        names = Names(places, self._lines.place, of_students=self._lines.of_students)
        return section_id, names, len(places)


class Blocks:
    """Entries put aside in a file, and found again section by section, month by month."""

    def __init__(self) -> None:
        # A database without a name is a file that nobody else sees and that goes when we do.
        self._db = apsw.Connection("")
        self._db.pragma("journal_mode", "off")
        self._db.pragma("synchronous", "off")
        self._db.pragma("cache_size", -_DISK_CACHE_KIB)
        self._db.execute(_SQL.create_blocks)
        self.held: defaultdict[tuple[int, str], list[Entry]] = defaultdict(list)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def put_away(self) -> None:
        """Write what is held in memory to the file."""
        with self._db:
            self._db.executemany(
                _SQL.add_block,
                ((*key, _encode(entries)) for key, entries in self.held.items()),
            )
        self.held.clear()

    def by_month(self) -> Iterator[tuple[int, list[Entry]]]:
        """Yield a section and its entries of one month; in pieces where they are very many."""
        self._db.execute(_SQL.sort_blocks)
        entries: list[Entry] = []
        former: tuple[int, str] | None = None
        for section_id, month, block in self._db.execute(_SQL.blocks):
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

    def saves(self, district_id: int, author: Author) -> Iterator[SaveMarks]:
        """Yield a save for each section's month."""
        for section_id, entries in self.by_month():
            yield SaveMarks(
                district_id=district_id, section_id=section_id, entries=entries, author=author
            )


def tell_of_refusals(command: SaveMarks, refused: Collection[Answer], lines: MarkLines) -> int:
    """Tell of entries that the roster no longer allows, and return how many."""
    for each in refused:
        place = f"section {command.section_id}, {each.date}"
        lines.wrong(0, "", f"{place}: {each.message} any more")
    return len(refused)
