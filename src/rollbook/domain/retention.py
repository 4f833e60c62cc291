"""
Retention: when a school year's rolls are old enough to go, and what keeps them.

Old marks and rolls go by their day. Entries of the record go from the beginning of a section's
record on, as long as nothing in them is younger (`is_older`): so what is left is still a chain,
which begins at the last entry that went, the anchor. The pruning itself becomes an entry of the
record (`entry_of_pruning`): who reads the section later sees that it happened, the version of its
attendance goes on, and the anchor can be held against what the record says.

What was archived before it was removed can come back (`Statement.brought_back`), what went last
first: then the record begins where it began before that pruning, with the same entries and hashes,
and says of both that they happened.

A hold keeps whole sections, also when it names one student: the entry of a roll is about the whole
class, and taking the other students out of it would break its hash.
"""

import re

import msgspec

from rollbook.domain.days import Day, is_day
from rollbook.domain.people import Instant
from rollbook.domain.record import Author, Channel, RecordEntry

_STATEMENT = re.compile(
    r"(pruning|restoring) (\d+): before (\d{4}-\d\d-\d\d), entries up to (\d+)"
)


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """What keeps old years: of a district, of a section, or of a student's sections."""

    id: int = 0
    district_id: int
    section_id: int | None = None
    enrollment_id: int | None = None
    user_id: int | None = None
    reason: str
    placed_at: Instant
    placed_by: str
    lifted_at: Instant | None = None
    lifted_by: str | None = None


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What a pruning removes, or removed."""

    sections: int = 0
    marks: int = 0
    rolls: int = 0
    entries: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            sections=self.sections + other.sections,
            marks=self.marks + other.marks,
            rolls=self.rolls + other.rolls,
            entries=self.entries + other.entries,
        )


class Pruning(msgspec.Struct, frozen=True, kw_only=True):
    """One removal of old years: when, by whom, and what it came to."""

    id: int
    district_id: int
    before: Day
    begun_at: Instant
    begun_by: str
    ended_at: Instant | None  # None: under way, or interrupted
    removed: Counts


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """Where a pruned record begins: its last entry that was removed, and by which pruning."""

    pruning_id: int
    before: Day
    number: int  # 0: no entry was removed
    hash: bytes
    at: Instant


class Statement(msgspec.Struct, frozen=True):
    """What the record says of a pruning, or of bringing back what it removed."""

    pruning_id: int
    before: Day
    number: int
    brought_back: bool = False


def is_older(entry: RecordEntry, before: Day) -> bool:
    """
    Say whether an entry, and everything it is about, lies before that day.

    Also the day on which it was written: so the head of each day since (`record.head`) can still
    be told after the pruning, from the entries that are left and the anchors.
    """
    return (
        entry.at[:10] < before
        and all(day < before for day in entry.dates)
        and all(change.date < before for change in entry.changes)
    )


def entry_of(statement: Statement, *, section_id: int, number: int, at: Instant) -> RecordEntry:
    """Return the entry, still without its hash, that says in the record what was done to it."""
    doing = "restoring" if statement.brought_back else "pruning"
    said = (
        f"{doing} {statement.pruning_id}: before {statement.before}, "
        f"entries up to {statement.number}"
    )
    return RecordEntry(
        section_id=section_id,
        number=number,
        at=at,
        author=Author(user_id=None, channel=Channel.CLI, request_id=said),
        dates=(),
        changes=(),
    )


def statement_of(entry: RecordEntry) -> Statement | None:
    """Return what an entry says of a pruning; None for a save, which has days or changes."""
    if entry.dates or entry.changes or entry.author.channel is not Channel.CLI:
        return None
    found = _STATEMENT.fullmatch(entry.author.request_id)
    if found is None or not is_day(found[3]):
        return None
    return Statement(int(found[2]), found[3], int(found[4]), found[1] == "restoring")
