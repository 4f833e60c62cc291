"""A section's month and a student's year, counted."""

import calendar
from collections.abc import Iterable, Sequence

import msgspec

from rollbook.domain.attendance import Mark, Status
from rollbook.domain.days import Day, is_day
from rollbook.domain.rosters import Person, Section
from rollbook.domain.school_days import StudentPlace
from rollbook.domain.sheets import Value, by_name, hour_of, meets, seat_of


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A student's line of a month: a value for each day, None where there is none to have."""

    person: Person
    values: list[Value | None]  # as `Month.days`
    totals: dict[int, int]  # status -> days


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """A section's month: students by days."""

    section: Section
    month: str  # YYYY-MM
    days: list[Day]  # on which the section meets, or its roll was taken, or a mark was given
    taken: set[Day]
    rows: list[Row]  # in the order of names
    totals: list[dict[int, int]]  # of each day: status -> students


def days_of_month(month: str) -> list[Day]:
    """Return the days of a month, YYYY-MM; ValueError when it is none."""
    if not is_day(f"{month}-01"):
        raise ValueError(month)
    year, number = int(month[:4]), int(month[5:])
    return [f"{month}-{day:02}" for day in range(1, calendar.monthrange(year, number)[1] + 1)]


def lay_out(
    section: Section,
    month: str,
    people: Iterable[Person],
    marks: Sequence[Mark],
    taken: Iterable[Day],
) -> Month:
    """
    Lay out a section's month.

    Args:
        section: The section.
        month: YYYY-MM.
        people: Everybody who has or had a place in it.
        marks: The month's marks other than PRESENT.
        taken: The days of the month on which the roll was taken.
    """
    roll_days = set(taken)
    given = {mark.date for mark in marks}
    days = [
        day
        for day in days_of_month(month)
        if meets(section, day) or day in roll_days or day in given
    ]
    by_student: dict[int, list[Mark]] = {}
    for mark in marks:
        by_student.setdefault(mark.enrollment_id, []).append(mark)
    rows = [_row(one, days, by_student.get(one.enrollment.id, []), roll_days) for one in people]
    rows = [row for row in rows if _belongs(row, days)]
    return Month(
        section=section,
        month=month,
        days=days,
        taken=roll_days,
        rows=sorted(rows, key=lambda row: by_name(row.person.user)),
        totals=[_count(row.values[place] for row in rows) for place in range(len(days))],
    )


def _row(person: Person, days: Sequence[Day], marks: Iterable[Mark], taken: set[Day]) -> Row:
    given = {mark.date: Value(mark.status, mark.comment) for mark in marks}
    seat = seat_of(person.enrollment)
    values = [
        given.get(day) or (Value() if day in taken and seat.is_on_roll(day) else None)
        for day in days
    ]
    return Row(person=person, values=values, totals=_count(values))


def _belongs(row: Row, days: Sequence[Day]) -> bool:
    seat = seat_of(row.person.enrollment)
    return any(value is not None for value in row.values) or any(map(seat.is_on_roll, days))


def _count(values: Iterable[Value | None]) -> dict[int, int]:
    counts = {int(status): 0 for status in Status}
    for value in values:
        if value is not None:
            counts[value.status] += 1
    return counts


# ---------------------------------------------------------------- a student's year


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A student's year in one section."""

    place: StudentPlace
    totals: dict[int, int]  # status -> marks


class Year(msgspec.Struct, frozen=True, kw_only=True):
    """A student's year: by day every mark, by section the totals."""

    first: Day
    last: Day
    places: list[Place]
    days: dict[Day, list[tuple[StudentPlace, Value]]]  # marks of a day, in the order of hours
    totals: dict[int, int]

    def months(self) -> list[str]:
        """Return the months of the year, YYYY-MM."""
        year, begins = int(self.first[:4]), int(self.first[5:7])
        return [
            f"{year + (number - 1) // 12:04}-{(number - 1) % 12 + 1:02}"
            for number in range(begins, begins + 12)
        ]


def sum_up(first: Day, last: Day, places: Iterable[StudentPlace]) -> Year:
    """Sum up a student's marks of a year, PRESENT too."""
    days: dict[Day, list[tuple[StudentPlace, Value]]] = {}
    found: list[Place] = []
    ordered = sorted(places, key=lambda place: (hour_of(place.section), place.section.id))
    for place in ordered:
        values = [Value(mark.status, mark.comment) for mark in place.marks]
        found.append(Place(place=place, totals=_count(values)))
        for mark, value in zip(place.marks, values, strict=True):
            days.setdefault(mark.date, []).append((place, value))
    totals = {
        int(status): sum(place.totals[int(status)] for place in found) for status in Status
    }
    return Year(first=first, last=last, places=found, days=days, totals=totals)


_TELLING = (Status.ABSENT, Status.LATE, Status.EXCUSED, Status.PRESENT)


def most_telling(statuses: Iterable[int]) -> int | None:
    """Return of a day's statuses the one to be seen first: absent, late, excused, present."""
    given = set(statuses)
    return next((int(status) for status in _TELLING if status in given), None)
