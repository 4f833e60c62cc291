"""
Marks as CSV, in and out.

Out go the ids of section, enrollment and student, ours and the roster's, then day, status and
comment. In come columns by their names, in any order: of each group below the first that the
header has is read, and all other columns are left alone.
"""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Sequence
from typing import IO

from rollbook.domain.attendance import Status, why_not_comment
from rollbook.domain.days import is_day
from rollbook.domain.mark_files import IdColumn, MarkLine, MarkLines, SectionMarks
from rollbook.domain.sentences import Sentence
from rollbook.exchange.cells import NO_DAY, NO_ID, is_id
from rollbook.exchange.csv_rows import BrokenCsvError, Column, read_header, read_rows, row_of
from rollbook.exchange.formulas import meant, neutral
from rollbook.exchange.problems import Problems


def _named(noun: str, *further: str) -> tuple[IdColumn, ...]:
    rosters = (f"{noun}_sourced_id", *further)
    return (
        IdColumn(f"{noun}_id", rosters=False),
        *(IdColumn(name, ours=False) for name in rosters),
        IdColumn(noun),
    )


SECTIONS = _named("section", "section_school_code")
ENROLLMENTS = _named("enrollment")
STUDENTS = _named("student", "school_uid")

_LETTERS = {"p": 1, "a": 2, "l": 3, "t": 3, "e": 4}  # t and tardy: late
STATUSES = {
    **{str(status.value): status for status in Status},
    **{status.name.lower(): status for status in Status},
    **{letter: Status(number) for letter, number in _LETTERS.items()},
    "tardy": Status.LATE,
}
_REMEMBERED = 50_000  # cells of a kind
_WORDS = {int(status): status.name.lower() for status in Status}


def read(file: IO[bytes], name: str, problems: Problems, *, partial: bool = False) -> MarkLines:
    """
    Return the lines of a file, read while they are used up.

    When the last is used up and there were problems, also such as whoever looked its ids up
    noted, the import is refused; unless the good ones are wanted anyhow (*partial*).

    Raises:
        ImportRefused: The header lacks a column, or (from `lines`) the text is not CSV in UTF-8.
    """
    try:
        header = read_header(file)
        section = _first(header, SECTIONS)
        place = _first(header, ENROLLMENTS + STUDENTS)
    except BrokenCsvError as broken:
        problems.add(name, broken.line, "", broken.reason)
        problems.refuse_if_any()
        raise
    sheet = _Sheet(file, name, problems, partial=partial)

    def wrong(line: int, column: str, what: str) -> None:
        problems.add(name, line, column, what)

    return MarkLines(
        section=section,
        place=place,
        of_students=place in STUDENTS,
        lines=sheet.lines(section.name, place.name, comments="comment" in header),
        wrong=wrong,
    )


def _first(header: Sequence[str], columns: Iterable[IdColumn]) -> IdColumn:
    for column in columns:
        if column.name in header:
            return column
    names = ", ".join(column.name for column in columns)
    raise BrokenCsvError(1, Sentence("the header has none of the columns {names}", names=names))


class _Sheet:
    """A file of marks while it is read."""

    def __init__(
        self, file: IO[bytes], name: str, problems: Problems, *, partial: bool
    ) -> None:
        self._file = file
        self._name = name
        self._problems = problems
        self._partial = partial
        # Cells as this file spells them that were looked at and found good: nearly every line
        # consists of such, and then takes no more than these look-ups.
        self._statuses: dict[str, int] = {"": 0}
        self._days: set[str] = set()
        self._ids: set[str] = set()

    def lines(self, section: str, place: str, *, comments: bool) -> Iterator[MarkLine]:
        """Yield every line; with status 0 where something but its ids is wrong."""
        columns = [Column(name, required=True) for name in (section, place, "date", "status")]
        statuses, days, ids = self._statuses, self._days, self._ids
        try:
            for number, cells in read_rows(
                self._file, [*columns, Column("comment")], self._wrong
            ):
                where, who, day, spelled, comment = cells
                status = statuses.get(spelled)
                if status and not comment and day in days and who in ids and where in ids:
                    yield number, where, who, day, status, "" if comments else None
                elif line := self._careful(number, cells, (section, place), comments=comments):
                    yield line
        except BrokenCsvError as broken:
            self._wrong(broken.line, "", broken.reason)
            self._problems.refuse_if_any()  # whatever was good in it: the end is missing
        if not self._partial:
            self._problems.refuse_if_any()

    def _careful(
        self, number: int, cells: Sequence[str], names: Sequence[str], *, comments: bool
    ) -> MarkLine | None:
        """Return a line, or None where its ids are none; notes all that is wrong with it."""
        day, comment = cells[2], meant(cells[4]) if comments else None
        good = self._is_day(number, day)
        if comment and (why := why_not_comment(comment)):
            self._wrong(number, "comment", why.removeprefix("comment "))
            good = False
        status = self._status(number, cells[3])
        ids = [self._id(number, *pair) for pair in zip(names, cells, strict=False)]
        if None in ids:
            return None
        return number, str(ids[0]), str(ids[1]), day, status if good else 0, comment

    def _is_day(self, number: int, cell: str) -> bool:
        if not is_day(cell):
            self._wrong(number, "date", NO_DAY)
            return False
        _remember(self._days, cell)
        return True

    def _status(self, number: int, cell: str) -> int:
        """Return a status as it may be spelled; 0 if it is none."""
        status = STATUSES.get(cell.strip().lower())
        if status is None:
            self._wrong(number, "status", "is none: 1 to 4, or a word such as absent, or A")
            return 0
        if len(self._statuses) < 100:
            self._statuses[cell] = status
        return status

    def _id(self, number: int, column: str, cell: str) -> str | None:
        identifier = meant(cell.strip())
        if not is_id(identifier):
            self._wrong(number, column, NO_ID)
            return None
        if identifier == cell:
            _remember(self._ids, cell)
        return identifier

    def _wrong(self, line: int, column: str, what: str) -> None:
        self._problems.add(self._name, line, column, what)


def _remember(cells: set[str], cell: str) -> None:
    if len(cells) >= _REMEMBERED:
        cells.clear()
    cells.add(cell)


# ---------------------------------------------------------------- out

COLUMNS = (
    *("section_id", "section_sourced_id", "enrollment_id", "enrollment_sourced_id"),
    *("student_id", "student_sourced_id", "date", "status", "comment"),
)


async def write(
    sheets: AsyncIterable[SectionMarks], *, comments: bool = True
) -> AsyncIterator[str]:
    """Yield the text of a file of marks: the header, then each section's lines."""
    yield row_of(COLUMNS if comments else COLUMNS[:-1])
    async for sheet in sheets:
        yield "".join(_lines(sheet, comments=comments))


def _lines(sheet: SectionMarks, *, comments: bool) -> Iterator[str]:
    places = {who: _beginning(sheet, who) for who in {mark[1] for mark in sheet.marks}}
    for day, who, status, comment in sheet.marks:
        ending = f",{_cell(comment)}\r\n" if comments else "\r\n"
        yield f"{places[who]},{day},{_WORDS[status]}{ending}"


def _beginning(sheet: SectionMarks, who: int) -> str:
    """Return the ids with which each line of an enrollment begins."""
    place = sheet.places[who]
    rosters = (sheet.sourced_id, place.sourced_id, place.user_sourced_id)
    section, enrollment, student = (neutral(sourced_id or "") for sourced_id in rosters)
    ids = (sheet.section_id, section, who, enrollment, place.user_id, student)
    return row_of(ids).removesuffix("\r\n")


def _cell(text: str) -> str:
    """Return a text as the last cell of a line."""
    return row_of(("", neutral(text)))[1:].removesuffix("\r\n") if text else ""
