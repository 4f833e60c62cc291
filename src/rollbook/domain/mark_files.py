"""
Marks in files: whom a line means, what an import did, what an export is to hold.

A file names sections, enrollments and students by our ids or by the roster's own. Both are often
plain numbers, so an id is never guessed: where a column may hold either and a cell could mean
two things, the line is refused.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeAlias

import msgspec

from rollbook.domain.attendance import Status
from rollbook.domain.days import Day
from rollbook.domain.record import Author
from rollbook.domain.rosters import Seat

# Line number, the cells that name section and place, day, status, comment (None: it stays). With
# status 0 the line is wrong already, and only whether its ids lead anywhere is still to be said.
MarkLine: TypeAlias = tuple[int, str, str, Day, int, str | None]

MarkRow: TypeAlias = tuple[Day, int, int, str]  # day, enrollment, status, comment

Wrong: TypeAlias = Callable[[int, str, str], None]  # line, column, what is wrong there
Progress: TypeAlias = Callable[[str, int], None]  # what is being done, lines so far


class IdColumn(msgspec.Struct, frozen=True):
    """A column of ids: ours, the roster's own, or either."""

    name: str
    ours: bool = True
    rosters: bool = True

    def names(self, identifier: int, sourced_id: str | None) -> set[str]:
        """Return how a cell of this column may name a thing with those two ids."""
        names = {str(identifier)} if self.ours else set()
        return names | {sourced_id} if self.rosters and sourced_id is not None else names


class MarkLines(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of a file, which columns name section and place, and whom to tell of faults."""

    section: IdColumn
    place: IdColumn
    of_students: bool  # the place is named by its student, not by the enrollment
    lines: Iterable[MarkLine]
    wrong: Wrong


class MarksSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did, or on a dry run would have done."""

    changed: int = 0  # marks that were new or became another
    unchanged: int = 0
    refused: int = 0  # by rosters that changed while the file was read


class MarkSelection(msgspec.Struct, frozen=True, kw_only=True):
    """Which marks an export holds: every filter that is given must hold; none leaves it open."""

    sections: tuple[str, ...] = ()  # ours or the roster's ids
    students: tuple[str, ...] = ()
    start: Day | None = None
    end: Day | None = None
    statuses: tuple[Status, ...] = ()


class Place(msgspec.Struct, frozen=True, array_like=True):
    """An enrollment in a section, with all by which a file may name it."""

    seat: Seat
    sourced_id: str | None
    user_id: int
    user_sourced_id: str | None


class SectionMarks(msgspec.Struct, frozen=True):
    """Marks of one section in the order of day and enrollment, and whose they are."""

    section_id: int
    sourced_id: str | None
    places: Mapping[int, Place]
    marks: Sequence[MarkRow]


class Names:
    """Whom the cells in the lines of one section mean."""

    def __init__(self, places: Sequence[Place], column: IdColumn, *, of_students: bool) -> None:
        self._noun = "student" if of_students else "enrollment"
        self._of_students = of_students
        found: dict[str, list[Place]] = {}
        for place in places:
            ids = (
                (place.user_id, place.user_sourced_id)
                if of_students
                else (place.seat.enrollment_id, place.sourced_id)
            )
            for name in column.names(*ids):
                found.setdefault(name, []).append(place)
        self.alone = {  # cells that need no choosing: nearly all
            name: meant[0].seat.enrollment_id
            for name, meant in found.items()
            if len(meant) == 1 and meant[0].seat.can_be_marked
        }
        self._odd = {name: meant for name, meant in found.items() if name not in self.alone}

    def choose(self, cell: str, day: Day) -> int:
        """
        Return the enrollment that a cell means in a line of that day.

        A student who left and came back has several places in a section: the one they had on
        the day is meant. LookupError says why it can be none.
        """
        meant = self._odd.get(cell, [])
        if not meant:
            raise LookupError(f"there is no {self._noun} {cell} in this section")
        if len({place.user_id for place in meant}) > 1 or (
            len(meant) > 1 and not self._of_students
        ):
            raise LookupError(ambiguous(self._noun, cell))
        can_be = [place.seat for place in meant if place.seat.can_be_marked]
        if not can_be:
            raise LookupError(f"{self._noun} {cell} is not on the roll of this section")
        chosen = can_be if len(can_be) == 1 else [s for s in can_be if s.is_on_roll(day)]
        if len(chosen) != 1:
            raise LookupError(
                f"student {cell} has {len(can_be)} places in this section, and "
                f"{len(chosen) or 'none'} of them on that day: name the enrollment"
            )
        return chosen[0].enrollment_id


def ambiguous(noun: str, cell: str) -> str:
    """Return what is told of a cell that could mean two things."""
    return (
        f"{cell} is our id of one {noun} and the roster's of another: "
        f"say which in a column {noun}_id or {noun}_sourced_id"
    )


class MarkFiles(Protocol):
    """What the house asks of a database about files of marks: a part of `domain.store.Store`."""

    async def import_marks(
        self,
        district_id: int,
        lines: MarkLines,
        author: Author,
        progress: Progress,
        *,
        dry_run: bool = False,
    ) -> MarksSummary:
        """
        Save the marks of a file as `save_marks` would, a section's month at a time.

        All lines are read, and their ids looked up, before the first is saved; what reading
        them raises is let through, and then nothing was saved. After that each section's month
        is whole or not there, whatever happens, and the same lines again finish what was begun.
        """

    def export_marks(
        self, district_id: int, selection: MarkSelection
    ) -> AsyncIterator[SectionMarks]:
        """
        Yield the marks of a district by section, all from one moment.

        Raises `NoSuchThing` for a section or a student of the selection, `BadRequest` where
        one could be either of two.
        """
