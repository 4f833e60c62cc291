"""
Excuses for days: what they change of a student's marks, and what they leave.

An excuse is kept as EXCUSED marks, so it is where every reader of marks looks. Given ahead it
says nothing about the roll, which is still to be taken, and keeps the excuse
(`domain.attendance.fill_roll`).
"""

from collections.abc import Iterable, Mapping, Sequence

from rollbook.domain.attendance import Entry, Mark, Status
from rollbook.domain.days import Day, from_ordinal, to_ordinal
from rollbook.domain.rosters import Enrollment, Section
from rollbook.domain.sheets import meets, seat_of

DAYS_MAX = 366  # that one excuse may reach over

_MAY_BE_EXCUSED = {Status.ABSENT, Status.EXCUSED}  # who was there was there, excused or not


def days_of(first: Day, last: Day) -> list[Day]:
    """Return every day from the first to the last one."""
    return [from_ordinal(number) for number in range(to_ordinal(first), to_ordinal(last) + 1)]


def to_excuse(
    place: Enrollment,
    section: Section,
    marks: Iterable[Mark],
    days: Sequence[Day],
    reason: str,
) -> list[Entry]:
    """
    Return the marks that excuse a student in a section, on the days that it meets.

    Who was marked present or late was there, and stays so.
    """
    given = {mark.date: mark for mark in marks}
    return [
        Entry(place.id, day, Status.EXCUSED, reason)
        for day in days
        if seat_of(place).is_on_roll(day)
        and _may_be_excused(given, day)
        and (day in given or meets(section, day))
    ]


def _may_be_excused(given: Mapping[Day, Mark], day: Day) -> bool:
    return day not in given or given[day].status in _MAY_BE_EXCUSED


def to_withdraw(place: Enrollment, marks: Iterable[Mark], days: Sequence[Day]) -> list[Entry]:
    """Return the marks that take an excuse back: on those days the student is expected again."""
    return [
        Entry(place.id, mark.date, Status.PRESENT, "")
        for mark in marks
        if mark.date in days and mark.status == Status.EXCUSED
    ]
