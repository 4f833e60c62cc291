"""Opening a section's sheet, and saving it beside others who do the same."""

from collections.abc import Sequence

import msgspec

from rollbook.domain.attendance import Answer
from rollbook.domain.days import Day
from rollbook.domain.errors import ChangedMeanwhile
from rollbook.domain.people import District
from rollbook.domain.record import Author, Recorded
from rollbook.domain.sheets import (
    Conflict,
    Line,
    Sheet,
    Value,
    Wish,
    on_roll,
    settle,
    values_of,
)
from rollbook.domain.store import (
    EVERYBODY,
    HistoryQuery,
    MarkQuery,
    RollQuery,
    Saved,
    Store,
)
from rollbook.operations.attendance import require_kept_here, save_marks

_TRIES = 8  # each writer that comes between costs one
_MANY = 1_000_000
_LATEST = 10_000  # entries of one student's day


class SheetSaved(msgspec.Struct, frozen=True):
    """What became of a sheet: the lines that were refused, and those in conflict."""

    saved: Saved | None  # None: there was nothing left to save
    refused: list[Answer]
    conflicts: list[Conflict]


async def open_sheet(store: Store, district: District, section_id: int, day: Day) -> Sheet:
    """
    Return the sheet of a section's day.

    Raises:
        NoSuchThing: There is no such section.
        TakenElsewhere: The district keeps its attendance in PowerSchool.
    """
    require_kept_here(district)
    key = (district.id, section_id)
    section = await store.section(*key)
    people = await store.enrollments(*key, EVERYBODY)
    rolls = await store.rolls(*key, RollQuery(start=day, end=day))
    page = await store.marks(*key, _all_of(day))
    values = values_of(page.marks)
    return Sheet(
        section=section,
        day=day,
        lines=[
            Line(one.enrollment, one.user, values.get(one.enrollment.id, Value()))
            for one in on_roll(people.items, day)
        ],
        taken=rolls.items[0].taken if rolls.items else None,
    )


async def save_sheet(
    store: Store,
    district: District,
    section_id: int,
    day: Day,
    wishes: Sequence[Wish],
    by: Author,
) -> SheetSaved:
    """
    Save the lines of a sheet that nobody else changed meanwhile; to save it again is harmless.

    Raises:
        ChangedMeanwhile: Others save this section again and again; nothing was saved.
        TakenElsewhere: The district keeps its attendance in PowerSchool.
    """
    for _ in range(_TRIES):
        page = await store.marks(district.id, section_id, _all_of(day))
        entries, conflicts = settle(wishes, values_of(page.marks), day)
        if not entries:
            return SheetSaved(None, [], conflicts)
        try:
            saved = await save_marks(
                store, district, section_id, entries, by, if_version=(page.version,)
            )
        except ChangedMeanwhile:
            continue  # look again: it may be about other lines, or another day
        refused = [answer for answer in saved.answers if answer.response_code != 200]
        return SheetSaved(saved, refused, conflicts)
    raise ChangedMeanwhile(section_id)


def _all_of(day: Day) -> MarkQuery:
    """Ask for every mark of a day: whoever is present may have a comment too."""
    return MarkQuery(start=day, end=day, present=True, limit=_MANY)


async def last_change(
    store: Store, district: District, section_id: int, day: Day, enrollment_id: int
) -> Recorded | None:
    """Return who gave a mark the value that it has, and when; None when nobody ever did."""
    query = HistoryQuery(start=day, end=day, enrollment_ids=(enrollment_id,), limit=_LATEST)
    found = await store.history(district.id, section_id, query)
    return found.changes[-1] if found.changes else None
