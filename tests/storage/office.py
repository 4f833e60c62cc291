"""Two sections with an old year and a new one, and who looks after their book."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from conftest import Clock, World
from contract.classroom import ABSENT, LATE, PRESENT, Classroom
from rollbook.domain.retention import Hold, Pruning
from rollbook.domain.store import Store
from rollbook.storage import retention
from rollbook.storage.desk import Desk
from rollbook.storage.retention import Pruned
from storage.looking_after import at_desk, entries_of, found, head

OLD, LATER_OLD, CUT, NEW = "2025-05-05", "2025-05-06", "2025-07-01", "2025-09-01"


class Office:
    """Maths and Music in Lindenhof, which looks after its own, and Maths in Nordhafen."""

    def __init__(self, world: World, store: Store, clock: Clock) -> None:
        self.world, self.book, self.clock = world, world.book, clock
        self.maths = Classroom(store, world.lindenhof, "maths")
        self.music = Classroom(store, world.lindenhof, "music")
        self.theirs = Classroom(store, world.nordhafen, "maths")
        self.district = world.lindenhof.district.id

    async def settle(self) -> None:
        """Save in each section on two old days and two new ones."""
        for day, status in (
            (OLD, ABSENT),
            (LATER_OLD, LATE),
            (NEW, PRESENT),
            ("2025-09-02", ABSENT),
        ):
            self.at(day)
            await self.maths.take_roll(day, ("anna", day, status, "a word"))
            await self.music.take_roll(day, ("anna in music", day, status))
            await self.theirs.save(("anna", day, status))
        self.at("2026-11-25")

    def at(self, day: str) -> None:
        """Let it be nine o'clock on that day."""
        self.clock.now = dt.datetime.fromisoformat(f"{day}T09:00:00Z")

    def prune(
        self, before: str = CUT, *, at: Callable[[Desk], Desk] = lambda desk: desk
    ) -> Pruned:
        """Prune, at a desk that may have been tampered with."""
        return at_desk(
            self.book,
            lambda desk: retention.prune(
                at(desk),
                self.district,
                before,
                by="root",
                clock=self.clock,
                progress=lambda *_: None,
            ),
        )

    def prunings(self) -> list[Pruning]:
        async def read(desk: Desk) -> list[Pruning]:
            await desk.work_for(self.district)
            return await retention.prunings(desk, self.district)

        return at_desk(self.book, read)

    def hold(self, **what: Any) -> int:
        hold = Hold(
            district_id=self.district, reason="court", placed_at="", placed_by="", **what
        )
        return at_desk(self.book, lambda desk: retention.place_hold(desk, hold)).id

    def lift(self, number: int, at: str = "2026-11-25") -> None:
        return at_desk(
            self.book,
            lambda desk: retention.lift_hold(desk, self.district, number, at, "root"),
        )

    def found(self) -> list[str]:
        return found(self.book)

    def head(self, day: str) -> str:
        return head(self.book, day)

    def numbers(self, classroom: Classroom) -> list[int]:
        return [entry.number for entry in entries_of(self.book, classroom.key)]

    def days(self, classroom: Classroom) -> set[str]:
        statement = "SELECT date FROM {0} WHERE district_id = ? AND section_id = ?"
        return {
            str(day)
            for table in ("marks", "rolls")
            for (day,) in self.book.sql(statement.format(table), *classroom.key)
        }
