"""Choosing from what was read: the page of a list of marks, the changes that a query wants."""

import bisect
import itertools
import operator
from collections import Counter
from collections.abc import Iterable, Sequence

from rollbook.domain.attendance import Mark
from rollbook.domain.days import Day
from rollbook.domain.errors import NoSuchThing
from rollbook.domain.record import Recorded
from rollbook.domain.rosters import Person
from rollbook.domain.store import EnrollmentQuery, HistoryQuery, MarkPage, MarkQuery
from rollbook.storage.rows import Row

_LAST_OF_ALL = "9999-99-99"  # after every day, as text

_status = operator.itemgetter(2)
_place = operator.itemgetter(1, 0)  # day, enrollment: the order of the list


def mark_page(
    version: int, found: Sequence[Row], days: Sequence[Day], query: MarkQuery
) -> MarkPage:
    """
    Return the page that *query* asks for.

    Args:
        version: The section's, as it was read with the rest.
        found: Rows of every mark that the filters select, in the order of the list.
        days: Every day in the range whose roll was taken, ascending.
        query: Where the page begins and how long it is.
    """
    first = query.offset
    if query.after is not None:
        first += bisect.bisect_right(found, query.after, key=_place)
    end = first + query.limit
    marks = list(itertools.starmap(Mark, found[first:end]))
    left_over = end < len(found)
    totals = dict(sorted(Counter(map(_status, found)).items()))
    if query.after is None and first == 0 and not left_over:  # as nearly always: all of it
        return MarkPage(version, marks, list(days), totals, left_over)
    # The pages before this one went up to here, whether or not that mark is still listed.
    before = found[:first]  # nothing, also where an offset is asked of an empty list
    lower = max(query.after[0] if query.after else "", before[-1][1] if before else "")
    upper = marks[-1].date if left_over else _LAST_OF_ALL
    shown = {mark.date for mark in marks}
    covered = [day for day in days if (lower < day or day in shown) and day <= upper]
    return MarkPage(version, marks, covered, totals, left_over)


def require_all(wanted: Sequence[int], seats: Sequence[Row]) -> frozenset[int]:
    """Return the enrollments asked for; one that is not of the section is `NoSuchThing`."""
    there = {seat[0] for seat in seats}
    for identifier in wanted:
        if identifier not in there:
            raise NoSuchThing("enrollment", identifier)
    return frozenset(wanted)


def is_wanted(recorded: Recorded, query: HistoryQuery) -> bool:
    """Say whether a change is one of those that the query asks for."""
    change = recorded.change
    return (
        (query.start is None or query.start <= change.date)
        and (query.end is None or change.date <= query.end)
        and (query.enrollment_ids is None or change.enrollment_id in query.enrollment_ids)
    )


def people(found: Iterable[Person], query: EnrollmentQuery) -> list[Person]:
    """Return who of a class every filter of the query lets through."""
    return [
        person
        for person in found
        if (query.ids is None or person.enrollment.id in query.ids)
        and (query.user_ids is None or person.user.id in query.user_ids)
        and (query.statuses is None or person.enrollment.status in query.statuses)
    ]
