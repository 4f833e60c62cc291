"""
Bytes to the rows of a CSV file, each with the line it begins on.

Files come from many programs and through many hands. What does no harm is taken as it comes: a
byte order mark, either line ending, columns in any order and any number of others beside them,
blank lines, empty cells too many or too few at the end. Whatever could put a value under the
wrong name, or turn a name into rubbish, is an error with its line. No message holds a value.
"""

import codecs
import csv
import io
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, TypeAlias

import msgspec

from rollbook.domain.sentences import Sentence

# Line, column or "", what is wrong there.
Report: TypeAlias = Callable[[int, str, Sentence], None]
Row: TypeAlias = tuple[
    int, tuple[str, ...]
]  # the line it begins on; cells, in the order asked for

_BLOCK = 2**16  # bytes read, and made text, at a time
_LONGEST_LINE = 2**20  # bytes; a cell may have 128 KiB, the csv module's own limit
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class BrokenCsvError(Exception):
    """The file cannot be read on from a line: whatever came after it would be guessing."""

    def __init__(self, line: int, reason: Sentence) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


class Column(msgspec.Struct, frozen=True):
    """A column that is asked for; where it is missing and not `required`, it reads as empty."""

    name: str
    required: bool = False


def read_header(file: IO[bytes]) -> list[str]:
    """Return the names of a file's columns, in lower case; raises `BrokenCsvError`."""
    header = _header(_rows(file))
    file.seek(0)
    return header


def read_rows(file: IO[bytes], columns: Sequence[Column], report: Report) -> Iterator[Row]:
    """
    Yield the rows of a file, with the cells of *columns* in that order.

    A row that does not fit the header is reported and left out.

    Raises:
        BrokenCsvError: The header lacks a column, or the text is not CSV in UTF-8.
    """
    rows = _rows(file)
    header = _header(rows)
    places = _places(header, columns)
    width = len(header)
    least = 1 + max(
        (place for place, column in zip(places, columns, strict=True) if column.required),
        default=-1,
    )
    pick = operator.itemgetter(*places, -1)  # the last, so that it is a tuple also for one
    for line, row in rows:
        if len(row) == width:
            # One cell more than the header has: it stands for the columns that are missing.
            row.append("")
            yield line, pick(row)[:-1]
        elif len(row) < least:
            few = Sentence(
                "has {cells} cells, and the header names {columns} columns",
                cells=len(row),
                columns=width,
            )
            report(line, "", few)
        elif any(row[width:]):
            many = Sentence(
                "has {cells} cells, but the header names {columns} columns",
                cells=len(row),
                columns=width,
            )
            report(line, "", many)
        else:
            yield line, pick(row[:width] + [""] * (width + 1 - min(len(row), width)))[:-1]


def _header(rows: Iterator[tuple[int, list[str]]]) -> list[str]:
    return [name.strip().lower() for name in next(rows, (1, []))[1]]


def _places(header: Sequence[str], columns: Sequence[Column]) -> list[int]:
    """Return where each column is; one that is missing is beyond the last."""
    if not header:
        raise BrokenCsvError(1, Sentence("the file is empty: not even a header is there"))
    places = []
    for column in columns:
        found = [place for place, name in enumerate(header) if name == column.name.lower()]
        if len(found) > 1:
            raise BrokenCsvError(
                1, Sentence("the header names the column {column} twice", column=column.name)
            )
        if column.required and not found:
            raise BrokenCsvError(
                1, Sentence("the header lacks the column {column}", column=column.name)
            )
        places.append(found[0] if found else len(header))
    return places


def _rows(file: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    """Yield rows that are not blank, each with the line it begins on."""
    reader = csv.reader(_lines(file), strict=True)
    line = 1
    try:
        for row in reader:
            if row and (row[0].strip() or "".join(row).strip()):
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise BrokenCsvError(line, _sentence(str(error))) from None


def _sentence(error: str) -> Sentence:
    """Say what the csv module found, in words for whoever has to mend the file."""
    for beginning, sentence in (
        ("unexpected end of data", Sentence("a quote is opened here and never closed")),
        (
            "new-line character",
            Sentence("there is a carriage return in the middle of the line"),
        ),
        ("field larger", Sentence("a cell is longer than 128 KiB (is a quote left open?)")),
    ):
        if error.startswith(beginning):
            return sentence
    return Sentence("this is not CSV: {error}", error=error)


def _lines(file: IO[bytes]) -> Iterator[str]:
    """Yield the lines as text, with their endings, which may stand inside quotes."""
    number = 1  # of the line that a block begins with
    while block := file.read(_BLOCK):
        block += file.readline(_LONGEST_LINE)
        if number == 1:
            if block.startswith(_WIDE):
                raise BrokenCsvError(1, Sentence("the file is in UTF-16; it must be in UTF-8"))
            block = block.removeprefix(codecs.BOM_UTF8)
        try:
            text = block.decode()
        except UnicodeDecodeError:
            text = "\0"
        if "\0" in text or len(block) > _LONGEST_LINE:
            yield from _lines_one_by_one(block, number)
        else:
            yield from io.StringIO(text, newline="\n")
        number += block.count(b"\n")


def _lines_one_by_one(block: bytes, first: int) -> Iterator[str]:
    """Yield the lines of a block up to the one that is wrong; raises `BrokenCsvError`."""
    for number, line in enumerate(io.BytesIO(block), first):
        if len(line) >= _LONGEST_LINE:
            raise BrokenCsvError(number, Sentence("the line is longer than 1 MiB"))
        if b"\0" in line:
            raise BrokenCsvError(number, Sentence("there is a NUL; is the file in UTF-16?"))
        try:
            yield line.decode()
        except UnicodeDecodeError as error:
            reason = Sentence(
                "the text is not UTF-8, from byte {byte} of the line on", byte=error.start + 1
            )
            raise BrokenCsvError(number, reason) from None


def row_of(cells: Iterable[object]) -> str:
    """Return the text of a row (RFC 4180)."""
    line = io.StringIO(newline="")
    csv.writer(line).writerow(cells)
    return line.getvalue()
