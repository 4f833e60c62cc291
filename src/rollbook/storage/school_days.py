"""Days of the school put together from what the databases' statements found."""

from collections.abc import Iterable

from rollbook.domain.attendance import Mark
from rollbook.domain.days import Day
from rollbook.domain.people import User
from rollbook.domain.rosters import Seat
from rollbook.domain.school_days import (
    DayMark,
    Places,
    SectionDay,
    StudentDays,
    StudentPlace,
    tally_of_places,
)
from rollbook.storage import rows

_SECTION = 14  # columns
_ENROLLMENT = 8


def section_days(
    day: Day,
    sections: Iterable[rows.Row],
    places: Iterable[rows.Row],
    marks: Iterable[rows.Row],
) -> list[SectionDay]:
    """Put together what the statements `sections_`, `places_` and `marks_of_day` found."""
    by_section: dict[int, list[Places]] = {}
    for section_id, admin, status, first, last, marked, count in places:
        seat = Seat(0, bool(admin), status, first, last)
        by_section.setdefault(section_id, []).append((seat, marked, count))
    not_present: dict[int, list[DayMark]] = {}
    for section_id, *mark in marks:
        not_present.setdefault(section_id, []).append(rows.day_mark(mark))
    found = []
    for row in sections:
        section, roll = rows.section(row[:_SECTION]), row[_SECTION:]
        found.append(
            SectionDay(
                section=section,
                taken=rows.roll_taken(roll) if roll[0] is not None else None,
                tally=tally_of_places(day, by_section.get(section.id, ())),
                marks=not_present.get(section.id, []),
            )
        )
    return found


def student_days(
    user: User, places: Iterable[rows.Row], marks: Iterable[rows.Row]
) -> StudentDays:
    """Put together what the statements `places_` and `marks_of_student` found."""
    by_enrollment: dict[int, list[Mark]] = {}
    for row in marks:
        by_enrollment.setdefault(row[0], []).append(Mark(*row))
    found = []
    for row in sorted(places, key=_by_section):
        if not Seat(row[0], *row[3:7]).can_be_marked:
            continue
        place = StudentPlace(
            enrollment=rows.enrollment(row[:_ENROLLMENT]),
            section=rows.section(row[_ENROLLMENT:]),
            marks=by_enrollment.get(row[0], []),
        )
        found.append(place)
    return StudentDays(user=user, places=found)


def _by_section(place: rows.Row) -> tuple[int, int]:
    return place[1], place[0]
