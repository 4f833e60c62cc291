"""
A day of the school as the pages show it, and one student's days.

What a day adds up to is counted by the same rules as everywhere (`domain.attendance.tally`).
"""

from collections.abc import Iterable
from typing import Protocol, TypeAlias

import msgspec

from rollbook.domain.attendance import Mark, RollTaken, Status, Tally
from rollbook.domain.days import Day
from rollbook.domain.people import User
from rollbook.domain.rosters import Enrollment, Seat, Section

# Places in a section that are alike but for whose they are: what the rules need to know of each,
# the status that they all have on the day (None: no mark), how many there are.
Places: TypeAlias = tuple[Seat, int | None, int]


class DayQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which sections of a day: every filter that is given must hold."""

    date: Day
    school_id: int | None = None
    teacher_id: int | None = None  # who actively teaches them


class DayMark(msgspec.Struct, frozen=True, kw_only=True):
    """A mark other than PRESENT, and the student it is about."""

    enrollment_id: int
    status: int
    comment: str
    user: User


class SectionDay(msgspec.Struct, frozen=True, kw_only=True):
    """A section on a day: whether its roll was taken, what it adds up to, who was not there."""

    section: Section
    taken: RollTaken | None
    tally: Tally
    marks: list[DayMark]  # by enrollment


class StudentPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A student's place in a section, and the marks they have in it, PRESENT too, by day."""

    enrollment: Enrollment
    section: Section
    marks: list[Mark]


class StudentDays(msgspec.Struct, frozen=True, kw_only=True):
    """A student's days in every section they have or had a place in, from one moment."""

    user: User
    places: list[StudentPlace]  # by section and enrollment


def tally_of_places(day: Day, places: Iterable[Places]) -> Tally:
    """Count one day's roll by kinds of places, to what `tally` comes to place by place."""
    counts = dict.fromkeys((None, *Status), 0)
    on_roll = not_marked = 0
    for seat, status, count in places:
        counts[status] += count
        if seat.is_on_roll(day):
            on_roll += count
            not_marked += count if status is None else 0
    return Tally(
        on_roll=on_roll,
        present=counts[Status.PRESENT],
        absent=counts[Status.ABSENT],
        late=counts[Status.LATE],
        excused=counts[Status.EXCUSED],
        not_marked=not_marked,
    )


class SchoolDays(Protocol):
    """What the pages ask of a database about days: a part of `domain.store.Store`."""

    async def teaching(self, district_id: int, user_id: int) -> list[Section]:
        """Return the active sections that a user actively teaches, by id."""

    async def day(self, district_id: int, query: DayQuery) -> list[SectionDay]:
        """Return the active sections of a day by id, all from one moment."""

    async def student(
        self, district_id: int, user_id: int, first: Day, last: Day
    ) -> StudentDays:
        """
        Return the places in which a person can be marked, with their marks of those days.

        Raises `NoSuchThing` for the user.
        """
