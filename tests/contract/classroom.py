"""One section of the cast, and what the tests do in it: names instead of ids."""

from typing import Any, TypeAlias

from cast import Cast
from rollbook.domain.attendance import Entry, Mark, Status, Unreadable
from rollbook.domain.days import Day
from rollbook.domain.record import Author, Channel
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
    Store,
    TakeRoll,
)

PRESENT, ABSENT, LATE, EXCUSED = Status

Wanted: TypeAlias = tuple[str, Day, Status] | tuple[str, Day, Status, str] | Unreadable


class Classroom:
    """A section; people in it are called by their names in the cast."""

    def __init__(self, store: Store, cast: Cast, section: str) -> None:
        self.store = store
        self.cast = cast
        self.id = cast.sections[section]
        self.key = (cast.district.id, self.id)  # how the store is asked about it
        self._names = {number: name for name, number in cast.enrollments.items()}

    def place(self, name: str) -> int:
        """Return the enrollment's id."""
        return self.cast.enrollments[name]

    def name(self, enrollment_id: int) -> str:
        """Return whose enrollment it is."""
        return self._names[enrollment_id]

    def entries(self, *wanted: Wanted) -> list[Entry | Unreadable]:
        """Return what is asked for as the store takes it."""
        return [
            one if isinstance(one, Unreadable) else Entry(self.place(one[0]), *one[1:])
            for one in wanted
        ]

    def author(self, by: str, on_behalf_of: str | None = None) -> Author:
        """Return the author of what that user writes."""
        acts_for = None if on_behalf_of is None else self.cast.users[on_behalf_of]
        return Author(
            user_id=self.cast.users[by],
            on_behalf_of=acts_for,
            channel=Channel.API,
            request_id="request 1",
        )

    async def save(
        self,
        *wanted: Wanted,
        by: str = "bob",
        on_behalf_of: str | None = None,
        atomic: bool = False,
        if_version: tuple[int, ...] | None = None,
        takes_roll: bool = True,
    ) -> Saved:
        """Save marks: who, on which day, as what, and the comment if there is one."""
        district_id, section_id = self.key
        command = SaveMarks(
            district_id=district_id,
            section_id=section_id,
            entries=self.entries(*wanted),
            author=self.author(by, on_behalf_of),
            atomic=atomic,
            if_version=if_version,
            takes_roll=takes_roll,
        )
        return await self.store.save_marks(command)

    async def take_roll(
        self, day: Day, *exceptions: Wanted, by: str = "bob", **options: Any
    ) -> Saved:
        """Take the roll of that day."""
        district_id, section_id = self.key
        command = TakeRoll(
            district_id=district_id,
            section_id=section_id,
            date=day,
            exceptions=self.entries(*exceptions),
            author=self.author(by),
            **options,
        )
        return await self.store.take_roll(command)

    async def version(self) -> int:
        """Return how many times the section's attendance was saved."""
        return await self.store.version(*self.key)

    async def marks(self, **query: Any) -> MarkPage:
        """Return a page of the marks."""
        return await self.store.marks(*self.key, MarkQuery(**query))

    async def listed(self, **query: Any) -> list[tuple[str, Day, int, str]]:
        """Return the marks of a page with the names of whom they are."""
        return [self.named(mark) for mark in (await self.marks(**query)).marks]

    def named(self, mark: Mark) -> tuple[str, Day, int, str]:
        """Return a mark with the name of whom it is."""
        return self.name(mark.enrollment_id), mark.date, mark.status, mark.comment

    async def rolls(self, **query: Any) -> Listed[Roll]:
        """Return the rolls that were taken."""
        return await self.store.rolls(*self.key, RollQuery(**query))

    async def roll(self, day: Day) -> Roll:
        """Return the one roll of that day."""
        (roll,) = (await self.rolls(start=day, end=day)).items
        return roll

    async def history(self, **query: Any) -> HistoryPage:
        """Return a page of the changes."""
        return await self.store.history(*self.key, HistoryQuery(**query))

    async def everything(self) -> tuple[Any, ...]:
        """Return all that the store tells of the section's attendance."""
        return (
            await self.version(),
            await self.marks(),
            await self.rolls(limit=10_000),
            await self.history(limit=10_000),
        )
