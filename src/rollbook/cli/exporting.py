"""Bringing marks out into files."""

import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from rollbook.cli.common import Refusal, district_option, err, find_district, with_store_to_read
from rollbook.domain.attendance import Status
from rollbook.domain.days import is_day
from rollbook.domain.mark_files import MarkSelection, SectionMarks
from rollbook.domain.store import Store
from rollbook.exchange import marks_csv
from rollbook.operations.mark_files import export_marks


@click.group()
def export() -> None:
    """Bring marks out into files."""


def _day(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    if text is not None and not is_day(text):
        raise click.BadParameter(f"{text} is no day; write it as 2026-11-23.")
    return text


def _statuses(
    _context: click.Context, _option: click.Parameter, words: tuple[str, ...]
) -> tuple[Status, ...]:
    for word in words:
        if word.lower() not in marks_csv.STATUSES:
            raise click.BadParameter(f"{word} is no status; there are: {_WORDS}.")
    return tuple(marks_csv.STATUSES[word.lower()] for word in words)


_WORDS = ", ".join(status.name.lower() for status in Status)


@export.command("marks")
@district_option
@click.option(
    "--section",
    "sections",
    multiple=True,
    help="Only this section: our id or the roster's. Can be repeated.",
)
@click.option(
    "--student",
    "students",
    multiple=True,
    help="Only this student: our id or the roster's. Can be repeated.",
)
@click.option("--start", callback=_day, metavar="DATE", help="Only from this day on.")
@click.option("--end", callback=_day, metavar="DATE", help="Only up to this day.")
@click.option(
    "--status",
    "statuses",
    multiple=True,
    callback=_statuses,
    help=f"Only this status: {_WORDS}. Can be repeated.",
)
@click.option(
    "--output",
    default="-",
    metavar="FILE",
    help="Where to; - is the terminal or a pipe.  [default: -]",
)
@click.option(
    "--no-comments",
    is_flag=True,
    help="Leave comments out: they may say what is nobody's business.",
)
@with_store_to_read
async def marks_(
    store: Store,
    district: str | None,
    sections: tuple[str, ...],
    students: tuple[str, ...],
    start: str | None,
    end: str | None,
    statuses: tuple[Status, ...],
    output: str,
    *,
    no_comments: bool,
) -> None:
    """
    Write marks as CSV: ids of section, enrollment and student, date, status, comment.

    Ordered by section, day and enrollment, and all from one moment, whatever is saved
    meanwhile. A cell that a spreadsheet would run as a formula gets a quote before it, which
    rollbook import marks takes away again: it reads these files as they are.

    A file is there whole or not at all. While the export runs, the database's log cannot be
    emptied and grows by what is saved: export into a file rather than into a slow pipe.
    """
    home = await find_district(store, district)
    selection = MarkSelection(
        sections=sections, students=students, start=start, end=end, statuses=statuses
    )
    with _written(output) as write, _counted(export_marks(store, home, selection)) as sheets:
        async for text in marks_csv.write(sheets, comments=not no_comments):
            write(text)


@contextmanager
def _written(output: str) -> Iterator[Callable[[str], object]]:
    """Yield what takes the text: a file gets its name when all of it is on the disk."""
    if output == "-":
        yield lambda text: sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
        return
    place = Path(output)
    try:
        with _named_when_whole(place) as write:
            yield write
    except OSError as error:
        raise Refusal(f"{output} cannot be written: {error.strerror}.") from error


@contextmanager
def _named_when_whole(place: Path) -> Iterator[Callable[[str], object]]:
    number, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}-")
    unnamed = Path(name)  # readable by its owner alone
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="") as file:
            yield file.write
            file.flush()
            os.fsync(number)
        unnamed.replace(place)
    except BaseException:
        unnamed.unlink()
        raise


@contextmanager
def _counted(sheets: AsyncIterator[SectionMarks]) -> Iterator[AsyncIterator[SectionMarks]]:
    """Count the marks that pass, on a terminal; what was counted is told at the end."""
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} marks"), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal) as shown:
        task = shown.add_task("exporting", total=None)

        async def counted() -> AsyncIterator[SectionMarks]:
            async for sheet in sheets:
                yield sheet
                shown.advance(task, len(sheet.marks))

        yield counted()
