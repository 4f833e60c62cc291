"""
The sheet: a roll as somebody fills it in, while others may be at it too.

Whoever fills in a sheet saw each student's mark as it was when the sheet was opened. What has
become another one since is not overwritten: that line is in conflict, and only that one.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from rollbook.domain.attendance import Entry, Mark, RollTaken, Status
from rollbook.domain.days import Day, to_ordinal
from rollbook.domain.people import User
from rollbook.domain.rosters import Enrollment, Person, Seat, Section

WEEKDAYS = "0123456"  # of `Section.meeting_days`: Sunday is 0
SCHOOLDAYS = "12345"  # when a section does not say when it meets


class Value(msgspec.Struct, frozen=True):
    """A mark's status and comment: what is on a line of a sheet."""

    status: int = Status.PRESENT
    comment: str = ""


class Line(msgspec.Struct, frozen=True):
    """A student on the roll of that day, and the mark they have; PRESENT until one says else."""

    enrollment: Enrollment
    user: User
    value: Value = Value()


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """The roll of a section on a day, ready to be filled in."""

    section: Section
    day: Day
    lines: list[Line]  # in the order of names
    taken: RollTaken | None  # None: nobody took this roll yet


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants a line to be, and what they saw there when they began."""

    enrollment_id: int
    wanted: Value
    seen: Value


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """A line that became another one while somebody filled it in: both values of it."""

    enrollment_id: int
    wanted: Value
    present: Value


def values_of(marks: Iterable[Mark]) -> dict[int, Value]:
    """Return the value of each enrollment that has a mark here."""
    return {mark.enrollment_id: Value(mark.status, mark.comment) for mark in marks}


def settle(
    wishes: Sequence[Wish], present: Mapping[int, Value], day: Day
) -> tuple[list[Entry], list[Conflict]]:
    """
    Return what is to be saved of a sheet, and which of its lines are in conflict.

    Args:
        wishes: A line each.
        present: The marks there are now; whoever has none is present.
        day: The day of the sheet.
    """
    entries, conflicts = [], []
    for wish in wishes:
        now = present.get(wish.enrollment_id, Value())
        # What is there already as it is wanted was perhaps saved by this very sheet, unanswered.
        if _typed(now) in (_typed(wish.seen), _typed(wish.wanted)):
            value = _untouched(wish.wanted, now)
            entries.append(Entry(wish.enrollment_id, day, value.status, value.comment))
        else:
            conflicts.append(
                Conflict(enrollment_id=wish.enrollment_id, wanted=wish.wanted, present=now)
            )
    return entries, conflicts


def taking_along(wanted: Value, own: Value, other: Value, *, ticked: bool) -> Value:
    """
    Return what a line in conflict is to be, with the other's comment when theirs was chosen.

    Whoever chooses the other's status and writes nothing new takes what the other wrote with it.
    Of two who had chosen the same status, only the comment is left to choose.

    Args:
        wanted: What was filled in on the line, with both values in sight.
        own: What they had wanted before, and what stood in the fields.
        other: What somebody else had made of it.
        ticked: Whether they say that they take the other's comment.
    """
    chose_theirs = ticked or wanted.status == other.status != own.status
    wrote_nothing = _typed(wanted).comment == _typed(own).comment
    return Value(wanted.status, other.comment) if chose_theirs and wrote_nothing else wanted


def _typed(value: Value) -> Value:
    """Return a value as the fields of a form hold it: the comment on one line, nothing around."""
    return Value(value.status, value.comment.replace("\r", "").replace("\n", "").strip())


def _untouched(wanted: Value, now: Value) -> Value:
    """Return a value with the comment as it is kept, where nobody wrote another one."""
    same = _typed(wanted).comment == _typed(now).comment
    return Value(wanted.status, now.comment) if same else wanted


def on_roll(people: Iterable[Person], day: Day) -> list[Person]:
    """Return who is on the roll of that day, in the order of names."""
    return sorted(
        (person for person in people if seat_of(person.enrollment).is_on_roll(day)),
        key=lambda person: by_name(person.user),
    )


def seat_of(place: Enrollment) -> Seat:
    """Return what the rules of attendance need to know of a place."""
    return Seat(place.id, place.admin, place.status, place.first_day, place.last_day)


def by_name(user: User) -> tuple[str, str, int]:
    """Order by last and preferred first name, letters with and without marks side by side."""
    first = user.name_first_preferred or user.name_first
    return _plain(user.name_last), _plain(first), user.id


def _plain(text: str) -> str:
    return "".join(
        letter
        for letter in unicodedata.normalize("NFKD", text.casefold())
        if not unicodedata.combining(letter)
    )


def hour_of(section: Section) -> str:
    """Return a section's hour so that hours sort: 8:05 before 10:15, and none after both."""
    return in_five(section.start_time) if section.start_time else "~"


def in_five(hour: str) -> str:
    """Return an hour in five characters: rosters write it with a zero before it or without."""
    return hour.rjust(5, "0")


def meets(section: Section, day: Day) -> bool:
    """Say whether a section meets on that day of the week; one that does not say, on weekdays."""
    days = [one for one in section.meeting_days if one in WEEKDAYS] or SCHOOLDAYS
    return str(to_ordinal(day) % 7) in days  # day 0 of the calendar was a Sunday


def is_locked(day: Day, today: Day, lock_days: int | None) -> bool:
    """Say whether a day is so long ago that teachers may not change its marks any more."""
    return lock_days is not None and to_ordinal(today) - to_ordinal(day) > lock_days
