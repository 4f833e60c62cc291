"""
Holding a section's record against itself and against the book: what was done to it, by name.

A record is right when its entries follow one another without a gap, each hash follows from the
one before, each change begins where the one before it ended, and marks and rolls are what the
entries say they became. Whatever was changed, removed, added or reordered afterwards breaks one of
these at the entry where it happened.
"""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import msgspec

from rollbook.domain.attendance import RollTaken
from rollbook.domain.days import Day
from rollbook.domain.record import GENESIS, RecordEntry, chain_hash
from rollbook.domain.retention import Anchor, Statement, statement_of

_NAMED = 5  # differences of marks or rolls that are told one by one; the rest are counted

Marks: TypeAlias = Mapping[tuple[Day, int], tuple[int, str]]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong, and where."""

    what: str
    section_id: int | None = None  # None: in the file as a whole
    number: int | None = None  # of the entry, where it is one

    def __str__(self) -> str:
        if self.section_id is None:
            return self.what
        where = f"section {self.section_id}"
        if self.number is not None:
            where += f", entry {self.number}"
        return f"{where}: {self.what}"


class _Pruned(msgspec.Struct, frozen=True):
    """What the record says was pruned, in which entry, and what it took out of the book."""

    said: Statement
    number: int
    marks: dict[tuple[Day, int], tuple[int, str]]
    rolls: dict[Day, RollTaken]
    known_before: Day  # as it was then


class Audit:
    """
    One section, entry by entry; what is wrong gathers in `findings`.

    Call `follow` for each entry in the order of their numbers, then `compare`.
    """

    def __init__(self, section_id: int, anchor: Anchor | None) -> None:
        self.findings: list[Finding] = []
        self.number = anchor.number if anchor else 0
        self.entries = 0
        self._section_id = section_id
        self._anchor = anchor
        self._previous = anchor.hash if anchor else GENESIS
        self._marks: dict[tuple[Day, int], tuple[int, str]] = {}
        self._rolls: dict[Day, RollTaken] = {}
        # Of days from the one to the other, what removed entries said is not known.
        self._known_before: Day = ""
        self._unknown_before: Day = anchor.before if anchor else ""
        # What the record says was pruned and has not come back, and where it says so.
        self._stated: list[_Pruned] = []

    def follow(self, entry: RecordEntry) -> None:
        """Hold the next entry against the ones before it."""
        follows = self._count(entry.number)
        if follows and chain_hash(self._previous, entry) != entry.hash:
            self._note(
                "its hash does not follow from what it says and the entry before it: "
                "one of the two was changed, moved or put in afterwards",
                entry.number,
            )
        self._previous = entry.hash
        if statement := statement_of(entry):
            if statement.brought_back:
                self._recall(statement, entry.number)
            else:
                self._forget(statement, entry.number)
            return
        self._change_marks(entry)
        self._take_rolls(entry)

    def unreadable(self, number: int, digest: bytes, reason: str) -> None:
        """Note an entry that cannot be read; the next is held against its hash all the same."""
        self._count(number)
        self._note(f"it cannot be read ({reason})", number)
        self._previous = digest

    def _count(self, number: int) -> bool:
        """Note which numbers are missing; say whether none is."""
        first, last = self.number + 1, number - 1
        if first == last:
            self._note("the entry is missing", first)
        elif first < last:
            self._note(f"the entries from here to {last} are missing", first)
        elif number < first:
            self._note("the anchor of a pruning says that it was removed", number)
        self.number = max(self.number, number)
        self.entries += 1
        return last < first and number >= first

    def _change_marks(self, entry: RecordEntry) -> None:
        marks = self._marks
        for change in entry.changes:
            key = (change.date, change.enrollment_id)
            former = marks.get(key, _NO_MARK)
            if former != (change.old_status, change.old_comment) and not (
                former is _NO_MARK and self._known_before <= change.date < self._unknown_before
            ):
                self._note(
                    f"it changes the mark of enrollment {change.enrollment_id} on {change.date} "
                    f"from {_mark(change.old_status)}, which was {_mark(former[0])} before",
                    entry.number,
                )
            marks[key] = (change.new_status, change.new_comment)

    def _take_rolls(self, entry: RecordEntry) -> None:
        by = entry.author.acting
        for day in entry.dates:
            first = self._rolls.get(day)
            self._rolls[day] = RollTaken(
                date=day,
                first_taken_at=first.first_taken_at if first else entry.at,
                first_taken_by=first.first_taken_by if first else by,
                last_taken_at=entry.at,
                last_taken_by=by,
            )

    def _forget(self, pruned: Statement, number: int) -> None:
        """Let go of what was pruned: marks and rolls of those days are gone from here on."""
        gone = _Pruned(
            pruned,
            number,
            {key: mark for key, mark in self._marks.items() if key[0] < pruned.before},
            {day: roll for day, roll in self._rolls.items() if day < pruned.before},
            self._known_before,
        )
        for key in gone.marks:
            del self._marks[key]
        for day in gone.rolls:
            del self._rolls[day]
        self._known_before = max(self._known_before, pruned.before)
        self._stated.append(gone)

    def _recall(self, restored: Statement, number: int) -> None:
        """Take back what was pruned last: from here on marks and rolls of those days are there."""
        if self._stated:
            gone = self._stated.pop()
            if gone.said == msgspec.structs.replace(restored, brought_back=False):
                self._marks.update(gone.marks)
                self._rolls.update(gone.rolls)
                self._known_before = gone.known_before
                return
        elif self._anchor and restored.pruning_id < self._anchor.pruning_id:
            return  # both went with a later pruning: what the former said, and all that came back
        self._note(
            f"it tells that what pruning {restored.pruning_id} removed came back, which was not "
            "the last to be removed",
            number,
        )

    def compare(self, marks: Marks, rolls: Iterable[RollTaken]) -> None:
        """Hold marks and rolls of the book against what the record says they became."""
        self.end()
        if marks != self._marks:
            self._tell_apart(
                "the mark of enrollment {0[1]} on {0[0]}",
                {key: _mark(status, comment) for key, (status, comment) in marks.items()},
                {key: _mark(*mark) for key, mark in self._marks.items()},
            )
        taken = {roll.date: roll for roll in rolls}
        if taken != self._rolls:
            self._tell_apart(
                "the roll of {0}",
                {day: _roll(roll) for day, roll in taken.items()},
                {day: _roll(roll) for day, roll in self._rolls.items()},
            )

    def end(self) -> None:
        """Hold the anchor against the last pruning that the record tells of."""
        anchor = self._anchor
        if anchor is None:
            for pruned in self._stated:
                self._note("it tells of a pruning whose anchor is missing", pruned.number)
            return
        last = self._stated[-1].said if self._stated else None
        if last != Statement(anchor.pruning_id, anchor.before, anchor.number):
            self._note(
                f"the anchor says that pruning {anchor.pruning_id} removed the entries up to "
                f"{anchor.number}; the record itself does not say so"
            )

    def _tell_apart(
        self, noun: str, book: Mapping[object, str], record: Mapping[object, str]
    ) -> None:
        keys = [key for key in book.keys() | record.keys() if book.get(key) != record.get(key)]
        for key in sorted(keys, key=str)[:_NAMED]:
            is_now, should_be = book.get(key, "not there"), record.get(key, "not there")
            self._note(f"{noun.format(key)} is {is_now}; the record says {should_be}")
        if len(keys) > _NAMED:
            self._note(f"and {len(keys) - _NAMED} more like the one before")

    def _note(self, what: str, number: int | None = None) -> None:
        self.findings.append(Finding(what=what, section_id=self._section_id, number=number))


_NO_MARK: tuple[None, str] = (None, "")


def _mark(status: int | None, comment: str = "") -> str:
    """Describe a mark without what its comment says: findings are kept in logs."""
    if status is None:
        return "no mark"
    return f"status {status}" + (
        f" with a comment of {len(comment)} characters" if comment else ""
    )


def _roll(roll: RollTaken) -> str:
    return (
        f"taken first {roll.first_taken_at} by {roll.first_taken_by}, "
        f"last {roll.last_taken_at} by {roll.last_taken_by}"
    )
