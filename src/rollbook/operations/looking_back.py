"""Looking back: a section's month, a student's year, every change of a mark."""

import msgspec

from rollbook.domain.days import Day
from rollbook.domain.months import Month, Year, days_of_month, lay_out
from rollbook.domain.people import District, User
from rollbook.domain.record import Recorded
from rollbook.domain.rosters import Section
from rollbook.domain.school_days import StudentDays
from rollbook.domain.school_years import school_year
from rollbook.domain.store import EVERYBODY, HistoryQuery, MarkQuery, Store
from rollbook.operations.attendance import require_kept_here
from rollbook.operations.people import Known

CHANGES_MOST = 2_000  # shown of one student's year in one section


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a mark, the section it was in, and who made it."""

    section: Section
    recorded: Recorded
    author: User | None  # None: the operator, at the command line


async def month(store: Store, district: District, section_id: int, name: str) -> Month:
    """
    Return a section's month, YYYY-MM.

    Raises:
        ValueError: There is no such month.
        NoSuchThing: There is no such section.
    """
    require_kept_here(district)
    days = days_of_month(name)
    key = (district.id, section_id)
    section = await store.section(*key)
    people = await store.enrollments(*key, EVERYBODY)
    page = await store.marks(*key, MarkQuery(start=days[0], end=days[-1], limit=1_000_000))
    return lay_out(section, name, people.items, page.marks, page.dates)


async def year(store: Store, district: District, user_id: int, begins: int) -> StudentDays:
    """
    Return a student's days of the school year that begins in that calendar year.

    Raises:
        NoSuchThing: There is no such person.
        TakenElsewhere: The district keeps its attendance in PowerSchool.
    """
    first, last = school_year(begins)
    found = await store.student(district.id, user_id, first, last)
    require_kept_here(district)
    return found


async def changes(store: Store, district: District, year: Year) -> list[Told]:
    """Return every change of every mark of a student's year, the newest first."""
    found: list[Told] = []
    people = Known(store, district.id)
    for place in year.places:
        section = place.place.section
        query = HistoryQuery(
            start=year.first,
            end=year.last,
            enrollment_ids=(place.place.enrollment.id,),
            limit=CHANGES_MOST,
        )
        history = await store.history(district.id, section.id, query)
        for recorded in history.changes:
            author = await people.person(recorded.author.acting)
            found.append(Told(section=section, recorded=recorded, author=author))
    return sorted(found, key=_moment, reverse=True)


def _moment(told: Told) -> tuple[str, int]:
    return told.recorded.at, told.recorded.number


async def teachers_words(
    store: Store, district: District, day: Day, section_id: int, enrollment_ids: tuple[int, ...]
) -> dict[int, Recorded]:
    """Return of each mark of a day the change before its last, if somebody else made it."""
    query = HistoryQuery(start=day, end=day, enrollment_ids=enrollment_ids, limit=10_000)
    found: dict[int, list[Recorded]] = {}
    for recorded in (await store.history(district.id, section_id, query)).changes:
        found.setdefault(recorded.change.enrollment_id, []).append(recorded)
    return {
        who: changes[-2]
        for who, changes in found.items()
        if len(changes) > 1 and changes[-2].author.acting != changes[-1].author.acting
    }
