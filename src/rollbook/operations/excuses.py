"""Giving an excuse for days, ahead or afterwards, and taking it back."""

from collections.abc import Callable, Sequence

import msgspec

from rollbook.domain.attendance import Entry
from rollbook.domain.days import Day, to_ordinal
from rollbook.domain.errors import BadRequest, ChangedMeanwhile
from rollbook.domain.excuses import DAYS_MAX, days_of, to_excuse, to_withdraw
from rollbook.domain.people import District
from rollbook.domain.record import Author
from rollbook.domain.school_days import StudentPlace
from rollbook.domain.sentences import Sentence
from rollbook.domain.store import Store
from rollbook.operations.attendance import require_kept_here, save_marks

_TRIES = 8  # each writer that comes between costs one


class Excused(msgspec.Struct, frozen=True, kw_only=True):
    """What an excuse came to: marks that changed, in how many sections."""

    marks: int
    sections: int


def count_days(first: Day, last: Day) -> int:
    """Return how many days an excuse reaches over; none or fewer when they are the wrong way."""
    return to_ordinal(last) - to_ordinal(first) + 1


async def excuse(
    store: Store,
    district: District,
    user_id: int,
    first: Day,
    last: Day,
    reason: str,
    by: Author,
) -> Excused:
    """
    Excuse a student on those days, in every section that meets; to repeat it is harmless.

    Each section is saved for itself. When one fails, those before it are saved.

    Raises:
        BadRequest: The days are the wrong way round, or too many.
        NoSuchThing: There is no such person.
        ChangedMeanwhile: Others save a section again and again.
    """

    def entries(place: StudentPlace, days: Sequence[Day]) -> list[Entry]:
        return to_excuse(place.enrollment, place.section, place.marks, days, reason)

    return await _change(store, district, user_id, (first, last), entries, by)


async def withdraw(
    store: Store, district: District, user_id: int, first: Day, last: Day, by: Author
) -> Excused:
    """Take excuses of those days back: who was excused is present until somebody says else."""

    def entries(place: StudentPlace, days: Sequence[Day]) -> list[Entry]:
        return to_withdraw(place.enrollment, place.marks, days)

    return await _change(store, district, user_id, (first, last), entries, by)


async def _change(
    store: Store,
    district: District,
    user_id: int,
    span: tuple[Day, Day],
    entries_of: Callable[[StudentPlace, Sequence[Day]], list[Entry]],
    by: Author,
) -> Excused:
    require_kept_here(district)
    first, last = span
    if not 0 < count_days(first, last) <= DAYS_MAX:
        raise BadRequest(
            Sentence("The last day must not be before the first, nor more than a year after.")
        )
    days = days_of(first, last)
    found = await store.student(district.id, user_id, first, last)
    changed = [
        await _change_section(store, district, user_id, section_id, days, entries_of, by)
        for section_id in sorted({place.section.id for place in found.places})
    ]
    return Excused(marks=sum(changed), sections=sum(map(bool, changed)))


async def _change_section(
    store: Store,
    district: District,
    user_id: int,
    section_id: int,
    days: Sequence[Day],
    entries_of: Callable[[StudentPlace, Sequence[Day]], list[Entry]],
    by: Author,
) -> int:
    """Change the marks of one section as they are now; return how many that were."""
    for _ in range(_TRIES):
        version = await store.version(district.id, section_id)
        found = await store.student(district.id, user_id, days[0], days[-1])
        places = [place for place in found.places if place.section.id == section_id]
        entries = [entry for place in places for entry in entries_of(place, days)]
        if not entries:
            return 0
        try:
            saved = await save_marks(
                store,
                district,
                section_id,
                entries,
                by,
                if_version=(version,),
                takes_roll=False,
            )
        except ChangedMeanwhile:
            continue
        return saved.changed
    raise ChangedMeanwhile(section_id)
