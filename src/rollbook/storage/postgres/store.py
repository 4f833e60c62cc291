"""`PostgresStore`: what the house asks of a database, on PostgreSQL."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from rollbook.domain.attendance import tally
from rollbook.domain.days import Day, instant
from rollbook.domain.mark_files import MarkLines, MarkSelection, MarksSummary, SectionMarks
from rollbook.domain.people import ApiKey, District, KeyHolder, User
from rollbook.domain.record import Author
from rollbook.domain.roster_files import RosterLimits, RosterPart, RosterSummary
from rollbook.domain.rosters import Footing
from rollbook.domain.store import (
    HistoryPage,
    HistoryQuery,
    Listed,
    MarkPage,
    MarkQuery,
    Roll,
    RollQuery,
    Saved,
    SaveMarks,
    TakeRoll,
)
from rollbook.storage import rows
from rollbook.storage import selection as choice
from rollbook.storage.clock import Clock, system_clock
from rollbook.storage.postgres import changes, mark_files, migrations, reading, roster_import
from rollbook.storage.postgres.accounts import Accounts
from rollbook.storage.postgres.catalogue import Catalogue
from rollbook.storage.postgres.gathering import Gathered
from rollbook.storage.postgres.overview import Lookups
from rollbook.storage.postgres.pool import FIRST, LAST, Pool
from rollbook.storage.postgres.school_days import DaysOfSchool
from rollbook.storage.postgres.sections import Rosters
from rollbook.storage.postgres.standby import LongReads
from rollbook.storage.postgres.statements import SQL

log = logging.getLogger("rollbook.storage")

# Seconds in which nobody asks whether keys or people changed elsewhere: for so long at most a key
# that was revoked is good, and somebody who left may read. No save goes by it (`save_sections`).
_PEOPLE_KNOWN_FOR = 0.25
_TOGETHER_MOST = 200  # entries of a save that goes with others: a class's week


class PostgresStore(Accounts, Catalogue, DaysOfSchool, Lookups):
    """
    A district's book, or many, in a PostgreSQL database.

    Every method borrows a connection that sees one district only. What must hold under two
    writers is held by the database; what a writer lost to another is tried again.
    """

    def __init__(
        self, pool: Pool, clock: Clock = system_clock, *, standby: Pool | None = None
    ) -> None:
        self._pool = pool
        self._long_reads = LongReads(pool, standby)
        self._clock = clock
        self._rosters = Rosters()
        self._footings = Gathered(pool, reading.footings)
        self._versions = Gathered(pool, reading.versions)
        self._listings = Gathered(pool, reading.listings)
        self._saves = Gathered(pool, self._save)
        self._people = 0
        self._people_until = 0.0
        self._counting: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        standby: str = "",
        clock: Clock = system_clock,
        size: int = 8,
        waits: float = 30.0,
    ) -> "PostgresStore":
        """
        Connect, for a command, which has more time than a request.

        Raises `Unavailable`, also when this version cannot work with the tables.
        A server that may lose what it said was saved is used, but that is told in the log.
        """
        store = cls(
            Pool(url, size=size, waits=waits), clock, standby=Pool(standby) if standby else None
        )
        try:
            await store.ping()
            await store._look_at_durability()
        except BaseException:
            await store.close()
            raise
        return store

    async def _look_at_durability(self) -> None:
        async with self._pool.shared() as db:
            for name, setting in await db.fetch(SQL.durability):
                if setting == "off":
                    log.warning(
                        "a crash of the database may lose saves", extra={"setting": name}
                    )

    async def close(self) -> None:
        """Let go of every connection."""
        await self._long_reads.close()
        await self._pool.close()

    async def ping(self) -> None:
        """Read something."""
        async with self._pool.shared() as db:
            await migrations.require_usable(db)

    async def try_writing(self) -> None:
        """Write nothing into the database's log, and wait until it is on the disk."""
        async with self._pool.shared() as db:
            await db.execute(SQL.try_writing)

    # ---- the front door

    async def key_holder(self, key: str) -> KeyHolder | None:
        """Find the key's district first: until then nothing of any district is seen."""
        async with self._pool.shared() as db:
            district_id = await db.fetchval(SQL.key_home, key)
        if district_id is None:
            return None
        async with self._pool.moment(district_id) as db:
            found = await db.fetchrow(SQL.key, district_id, key)
            if found is None:
                return None
            known = rows.api_key(found)
            user = await reading.one(
                db, "user", known.user_id, SQL.user, district_id, known.user_id
            )
            district = await db.fetchrow(SQL.district, district_id)
        return KeyHolder(known, rows.user(user), rows.district(district))

    async def people_version(self) -> int:
        """Read the counter, once for all who ask; it is remembered for a quarter of a second."""
        if time.monotonic() >= self._people_until:
            if self._counting is None or self._counting.done():
                self._counting = asyncio.create_task(self._count_people())
            await asyncio.shield(self._counting)
        return self._people

    async def _count_people(self) -> None:
        async with self._pool.shared() as db:
            self._people = int(await db.fetchval(SQL.people_version))
        self._people_until = time.monotonic() + _PEOPLE_KNOWN_FOR

    @asynccontextmanager
    async def _changing_people(self, district_id: int) -> AsyncIterator[Any]:
        """Lend a connection; what was changed on it is seen here at once."""
        async with self._pool.of(district_id) as db:
            try:
                yield db
            finally:
                self._people_until = 0.0

    async def footing(self, district_id: int, section_id: int, user_id: int) -> Footing:
        """Read the section's school and the user's enrollments in it."""
        return await self._footings.ask(district_id, (section_id, user_id))

    # ---- attendance

    async def version(self, district_id: int, section_id: int) -> int:
        """Read the number of the record's last entry."""
        return await self._versions.ask(district_id, section_id)

    async def marks(self, district_id: int, section_id: int, query: MarkQuery) -> MarkPage:
        """Read the marks, the days and the version from one moment."""
        if query.present:
            listing = await self._all_marks(district_id, section_id, query)
        else:
            listing = await self._listings.ask(district_id, (section_id, query))
        found = listing.marks
        if query.enrollment_ids is not None:
            async with self._pool.of(district_id) as db:
                seats = await db.fetch(SQL.seats, district_id, section_id)
            wanted = choice.require_all(query.enrollment_ids, seats)
            found = [row for row in found if row[0] in wanted]
        return choice.mark_page(listing.version, found, listing.days, query)

    async def _all_marks(
        self, district_id: int, section_id: int, query: MarkQuery
    ) -> reading.Listing:
        """Read those that are PRESENT too: asked for seldom, so by itself."""
        key = (district_id, section_id)
        span = (query.start or FIRST, query.end or LAST)
        async with self._pool.moment(district_id) as db:
            version = await reading.version(db, *key)
            found = await db.fetch(SQL.marks_of_every_status, *key, *span)
            days = await db.fetch(SQL.taken_days, *key, *span)
        return reading.Listing(version, found, [day for (day,) in days])

    async def save_marks(self, command: SaveMarks) -> Saved:
        """Save marks, a section's writers one after the other."""
        if len(command.entries) > _TOGETHER_MOST:
            async with self._pool.of(command.district_id) as db:
                return await changes.save_alone(db, self._rosters, command, self._now())
        return await self._saves.ask(command.district_id, command)

    async def take_roll(self, command: TakeRoll) -> Saved:
        """Take a roll, a section's writers one after the other."""
        return await self._saves.ask(command.district_id, command)

    async def _save(
        self, db: Any, _: int, commands: Sequence[changes.Save]
    ) -> list[changes.Outcome]:
        return await changes.save_together(db, self._rosters, commands, self._now())

    def _now(self) -> str:
        return instant(self._clock())

    async def rolls(self, district_id: int, section_id: int, query: RollQuery) -> Listed[Roll]:
        """Read the rolls and count each from the marks of its day."""
        key = (district_id, section_id)
        span = (query.start or FIRST, query.end or LAST)
        async with self._pool.moment(district_id) as db:
            await reading.version(db, *key)
            total = await db.fetchval(SQL.count_rolls, *key, *span)
            found = await db.fetch(SQL.rolls, *key, *span, query.limit)
            taken = [rows.roll_taken(row) for row in found]
            if not taken:
                return Listed([], total)
            seats = [rows.seat(row) for row in await db.fetch(SQL.seats, *key)]
            statuses: dict[str, dict[int, int]] = {}
            span = (taken[0].date, taken[-1].date)
            for day, who, status in await db.fetch(SQL.statuses_in_range, *key, *span):
                statuses.setdefault(day, {})[who] = status
        items = [
            Roll(roll, tally(roll.date, seats, statuses.get(roll.date, {}))) for roll in taken
        ]
        return Listed(items, total)

    async def history(
        self, district_id: int, section_id: int, query: HistoryQuery
    ) -> HistoryPage:
        """Read the record entry by entry until the page is full, on a standby if it can be."""
        key = (district_id, section_id)
        return await self._long_reads.read(
            district_id, lambda db: reading.history(db, *key, query)
        )

    # ---- administration

    async def districts(self) -> list[District]:
        """Read every district."""
        async with self._pool.shared() as db:
            return [rows.district(row) for row in await db.fetch(SQL.districts)]

    async def create_district(
        self, name: str, time_zone: str, *, by: Author | None = None
    ) -> District:
        """Create a district; its number is lost when that fails."""
        async with self._pool.shared() as db:
            number = await changes.take_numbers(db, "district")
        async with self._pool.of(number) as db:
            return await changes.create_district(db, number, name, time_zone, by, self._now())

    async def change_district(
        self, district: District, *, by: Author | None = None
    ) -> District:
        """Store a district as it is set now."""
        async with self._changing_people(district.id) as db:
            return await changes.change_district(db, district, by, self._now())

    async def create_user(
        self, district_id: int, user: User, *, by: Author | None = None
    ) -> User:
        """Create a person."""
        async with self._pool.of(district_id) as db:
            return await changes.create_user(db, district_id, user, by, self._now())

    async def change_user(
        self, district_id: int, user: User, *, by: Author | None = None
    ) -> User:
        """Store a person."""
        async with self._changing_people(district_id) as db:
            return await changes.change_user(db, district_id, user, by, self._now())

    async def keys(self, district_id: int) -> list[ApiKey]:
        """Read the district's keys."""
        async with self._pool.of(district_id) as db:
            return [rows.api_key(row) for row in await db.fetch(SQL.keys, district_id)]

    async def create_key(self, key: ApiKey, *, by: Author | None = None) -> None:
        """Store a key."""
        async with self._changing_people(key.district_id) as db:
            await changes.create_key(db, key, by, self._now())

    async def change_key(self, key: ApiKey, *, by: Author | None = None) -> None:
        """Store a key's secrets and dates."""
        async with self._changing_people(key.district_id) as db:
            await changes.change_key(db, key, by, self._now())

    async def note_use_of_key(self, district_id: int, key: str, day: Day) -> None:
        """Note it, unless somebody has."""
        async with self._pool.of(district_id) as db:
            await db.execute(SQL.note_use_of_key, day, district_id, key)

    async def import_roster(
        self,
        district_id: int,
        parts: Iterable[RosterPart],
        limits: RosterLimits,
        progress: Callable[[str, int], None],
        *,
        by: Author | None = None,
    ) -> list[RosterSummary]:
        """Take the roster in on a connection of its own: it is one long transaction."""

        async def take_numbers(noun: str, count: int) -> int:
            async with self._pool.shared() as other:
                return await changes.take_numbers(other, noun, count)

        async with self._changing_people(district_id) as db:
            return await roster_import.import_roster(
                db, take_numbers, district_id, parts, limits, progress, by, self._now()
            )

    # ---- files of marks

    async def import_marks(
        self,
        district_id: int,
        lines: MarkLines,
        author: Author,
        progress: Callable[[str, int], None],
        *,
        dry_run: bool = False,
    ) -> MarksSummary:
        """Take the marks in, a section's month to a commit."""
        return await mark_files.import_marks(
            lambda: self._pool.of(district_id),
            self._rosters,
            district_id,
            lines,
            author,
            self._now(),
            progress,
            dry_run=dry_run,
        )

    async def export_marks(
        self, district_id: int, selection: MarkSelection
    ) -> AsyncIterator[SectionMarks]:
        """Read them from one moment to the end, a standby's if it can be."""
        async with self._long_reads.moment(district_id) as db:
            async for sheet in mark_files.export_marks(db, district_id, selection):
                yield sheet
