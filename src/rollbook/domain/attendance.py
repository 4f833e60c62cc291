"""
Marks and rolls: what may be written, what it changes, what a day adds up to.

A mark is one status for one enrollment on one day. Its id is made of the two (`mark_id`), so it
never changes, needs no counter, and the same mark asked for twice bears the same id.

What there are thousands of is made with `gc=False`: text and numbers alone make no cycles.
"""

import enum
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import TypeAlias, cast

import msgspec

from rollbook.domain.days import Day, from_ordinal, to_ordinal
from rollbook.domain.people import Instant
from rollbook.domain.rosters import Seat
from rollbook.domain.sentences import Sentence

COMMENT_MAX = 2000  # characters
ENTRIES_MAX = 5000  # in one body

_DAY_BITS = 22  # 9999-12-31 is day 3,652,059 of the calendar: 22 bits hold it
_ENROLLMENT_MAX = (1 << (63 - _DAY_BITS)) - 1

# Characters that XML 1.0 cannot carry (XML 1.0, production 2): a comment that holds one could be
# stored by a JSON client and never be read by an XML one.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Status(enum.IntEnum):
    """How somebody was there; the numbers are the wire's: never renumber."""

    PRESENT = 1
    ABSENT = 2
    LATE = 3
    EXCUSED = 4


class Mark(msgspec.Struct, frozen=True, gc=False):
    """One enrollment's status on one day, with the fields that the API shows in its order."""

    enrollment_id: int
    date: Day
    status: int
    comment: str


class Entry(msgspec.Struct, frozen=True, array_like=True, tag=True, gc=False):
    """A mark that somebody asks for; with no comment given, the one it has stays."""

    enrollment_id: int
    date: Day
    status: int
    comment: str | None = None


class Unreadable(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """An entry that is none: what is wrong with it, and what of it could be read."""

    message: str
    enrollment_id: int | None = None
    date: Day | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What became of one entry: `id` and 200, or why it was refused."""

    id: str | None = None
    response_code: int
    message: str | None = None
    enrollment_id: int | None = None
    date: Day | None = None


class Change(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one save did to one mark; `old_status` is None where there was no mark."""

    enrollment_id: int
    date: Day
    old_status: int | None
    new_status: int
    old_comment: str
    new_comment: str


class Judgement(msgspec.Struct, frozen=True):
    """What is to be answered and written."""

    entries: Sequence["Entry | Unreadable"]  # as they were asked for
    refused: dict[int, Answer]  # by the place in the entries, from 0 on
    changes: list[Change]  # in the order they were asked for
    final: dict[tuple[Day, int], tuple[int, str]]  # the last word on each mark that is another
    dates: list[Day]  # the days whose roll this takes, ascending

    @property
    def answers(self) -> list[Answer]:
        """An answer to each entry, in their order."""
        return answers_to(self.entries, self.refused)

    @property
    def marks(self) -> list[Mark]:
        """The marks that end up different from what they were."""
        return [Mark(who, day, *value) for (day, who), value in self.final.items()]


def answers_to(
    entries: Sequence["Entry | Unreadable"], refused: Mapping[int, Answer]
) -> list[Answer]:
    """Return an answer to each entry, in their order: the refusals, and ids for the others."""
    if not refused:  # as nearly always
        return [_saved(entry) for entry in cast("Sequence[Entry]", entries)]
    return [
        refused[place] if isinstance(entry, Unreadable) or place in refused else _saved(entry)
        for place, entry in enumerate(entries)
    ]


def _saved(entry: Entry) -> Answer:
    return Answer(id=str(mark_id(entry.enrollment_id, entry.date)), response_code=200)


Current: TypeAlias = Mapping[tuple[Day, int], tuple[int, str]]


def mark_id(enrollment_id: int, date: Day) -> int:
    """
    Return the id of the mark of that enrollment on that day.

    The enrollment's id in the high bits, the day's number in the 22 low ones: 63 bits in all.
    """
    return (enrollment_id << _DAY_BITS) | to_ordinal(date)


def mark_key(identifier: int) -> tuple[Day, int]:
    """Return the day and the enrollment of a mark's id; ValueError when it can be no mark's."""
    enrollment_id, ordinal = identifier >> _DAY_BITS, identifier & ((1 << _DAY_BITS) - 1)
    if not 0 < enrollment_id <= _ENROLLMENT_MAX or ordinal == 0:
        raise ValueError(identifier)
    try:
        return from_ordinal(ordinal), enrollment_id
    except (OverflowError, ValueError):
        raise ValueError(identifier) from None


def why_not_comment(text: str) -> Sentence | None:
    """Return what is wrong with a comment, or None."""
    if len(text) > COMMENT_MAX:
        return Sentence(
            "comment has {number} characters; at most {most} are kept",
            number=len(text),
            most=COMMENT_MAX,
        )
    if bad := _NOT_XML.search(text):
        code = f"U+{ord(bad[0]):04X}"
        return Sentence("comment has the character {code}, which XML cannot carry", code=code)
    return None


def judge(
    entries: Sequence[Entry | Unreadable],
    markable: Container[int],
    current: Current,
) -> Judgement:
    """
    Decide entry by entry, in their order, what is saved and what is answered.

    Args:
        entries: What was asked for, as the letterbox read it.
        markable: The enrollments of the section that marks can be kept for.
        current: Status and comment of the marks there are, by day and enrollment.
    """
    refused: dict[int, Answer] = {}
    changes: list[Change] = []
    latest: dict[tuple[Day, int], tuple[int, str]] = {}
    for place, entry in enumerate(entries):
        if isinstance(entry, Unreadable):
            refused[place] = _refusal(400, entry.message, entry.enrollment_id, entry.date)
            continue
        who, day, status, comment = entry.enrollment_id, entry.date, entry.status, entry.comment
        if who not in markable:
            sentence = f"enrollment {who} is not on the roll of this section"
            refused[place] = _refusal(404, sentence, who, day)
            continue
        key = (day, who)
        old = latest.get(key) or current.get(key)
        old_status, old_comment = old or (None, "")
        new = (status, old_comment if comment is None else comment)
        if old != new:
            changes.append(Change(who, day, old_status, new[0], old_comment, new[1]))
        latest[key] = new
    # A mark that ends as it began was not changed, whatever was asked for on the way.
    final = {key: new for key, new in latest.items() if new != current.get(key)}
    if len(final) < len(changes):
        changes = [one for one in changes if (one.date, one.enrollment_id) in final]
    return Judgement(entries, refused, changes, final, sorted({day for day, _ in latest}))


def _refusal(code: int, message: str, who: int | None, day: Day | None) -> Answer:
    return Answer(response_code=code, message=message, enrollment_id=who, date=day)


def fill_roll(
    exceptions: Sequence[Entry | Unreadable],
    day: Day,
    seats: Iterable[Seat],
    current: Current,
    *,
    replace_excused: bool,
) -> list[Entry | Unreadable]:
    """
    Return the entries of a whole roll: the exceptions, then everybody else as present.

    Whoever is excused already keeps that, unless an exception names them or *replace_excused*
    says otherwise: an excuse was given by somebody who knew more than an empty chair tells.
    """
    named = {entry.enrollment_id for entry in exceptions}
    entries = list(exceptions)
    for seat in seats:
        who = seat.enrollment_id
        if who in named or not seat.is_on_roll(day):
            continue
        excused = current.get((day, who), (0, ""))[0] == Status.EXCUSED
        if replace_excused or not excused:
            entries.append(Entry(who, day, Status.PRESENT))
    return entries


class RollTaken(msgspec.Struct, frozen=True, kw_only=True):
    """The fact that a roll was taken: when first and last, and by whom."""

    date: Day
    first_taken_at: Instant
    first_taken_by: int | None
    last_taken_at: Instant
    last_taken_by: int | None


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What a roll adds up to; `not_marked` are those on the roll that day without a mark."""

    on_roll: int
    present: int = 0
    absent: int = 0
    late: int = 0
    excused: int = 0
    not_marked: int = 0


def tally(day: Day, seats: Iterable[Seat], statuses: Mapping[int, int]) -> Tally:
    """
    Count one day's roll.

    Args:
        day: The day.
        seats: Every enrollment of the section.
        statuses: Status of each enrollment that has a mark that day.
    """
    on_roll = [seat.enrollment_id for seat in seats if seat.is_on_roll(day)]
    given = list(statuses.values())
    return Tally(
        on_roll=len(on_roll),
        present=given.count(Status.PRESENT),
        absent=given.count(Status.ABSENT),
        late=given.count(Status.LATE),
        excused=given.count(Status.EXCUSED),
        not_marked=sum(who not in statuses for who in on_roll),
    )
