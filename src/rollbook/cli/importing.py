"""Bringing rosters and marks in."""

import datetime as dt
import os
import secrets
import zoneinfo
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from rollbook.cli.common import (
    OPERATOR,
    Refusal,
    district_option,
    err,
    find_district,
    number,
    out,
    plain,
    table,
    with_store,
)
from rollbook.domain.errors import ImportRefused, LastAdministrator, TooManyEnd
from rollbook.domain.mark_files import MarksSummary
from rollbook.domain.people import District
from rollbook.domain.record import Author, Channel
from rollbook.domain.roster_files import RosterLimits, RosterSummary
from rollbook.domain.sentences import Sentence
from rollbook.domain.store import Store
from rollbook.exchange import marks_csv, oneroster
from rollbook.exchange.archive import open_files
from rollbook.exchange.outcome import Outcome, refusal
from rollbook.exchange.problems import Problems
from rollbook.operations.mark_files import import_marks

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_REPORT = "Write everything that is wrong into this file, one fault a line."


@click.group("import")
def import_() -> None:
    """Bring a roster, or marks, in from files."""


@import_.command("oneroster")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@district_option
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option(
    "--allow-ending",
    is_flag=True,
    help="Go on although more than a tenth of the active enrollments would end.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what came of it as JSON.")
@click.option("--by", type=number, hidden=True, help="Who sent it in at the pages.")
@with_store
async def oneroster_(
    store: Store,
    path: Path,
    district: str | None,
    by: int | None,
    *,
    dry_run: bool,
    allow_ending: bool,
    as_json: bool,
) -> None:
    """
    Take in the roster in PATH: a OneRoster set, 1.1 or 1.2, as a zip or a folder of CSV files.

    All of it is taken in, or nothing. Nobody and no mark is deleted: who is missing in a bulk
    file, or marked inactive or tobedeleted, is ended. The same files again change nothing.
    """
    home = await find_district(store, district)
    limits = RosterLimits(today=_today(home), dry_run=dry_run)
    if allow_ending:
        limits = msgspec.structs.replace(limits, end_share=1.0)
    author = OPERATOR if by is None else Author(user_id=by, channel=Channel.WEB)
    if as_json:
        outcome = await outcome_of(store, home, path, limits, author)
        click.echo(msgspec.json.encode(outcome))
        return
    try:
        summaries = await import_oneroster(store, home, path, limits, author, err)
    except ImportRefused as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        raise
    out.print(_table(summaries))
    if dry_run:
        click.echo("This was a dry run: nothing was changed.")


async def import_oneroster(
    store: Store,
    district: District,
    path: Path,
    limits: RosterLimits,
    by: Author,
    console: Console,
) -> list[RosterSummary]:
    """Read a set and take it in, showing on *console* how far it is; raises `ImportRefused`."""
    with open_files(path) as files, _progress(lambda *_: files.share_read, console) as progress:
        return await store.import_roster(
            district.id, oneroster.read(files), limits, progress, by=by
        )


async def outcome_of(
    store: Store, district: District, path: Path, limits: RosterLimits, by: Author
) -> Outcome:
    """
    Take a set in, or say what is wrong with it, in a form that programs read.

    A dry run of one that would end too many says how many, and what else it would do.
    """
    try:
        summaries = await import_oneroster(store, district, path, limits, by, err)
        return Outcome(summaries=summaries)
    except TooManyEnd as error:
        if not limits.dry_run:
            return refusal(error.facts[0])
        all_ = msgspec.structs.replace(limits, end_share=1.0)
        summaries = await import_oneroster(store, district, path, all_, by, err)
        return Outcome(summaries=summaries, ended=error.ended, active=error.active)
    except ImportRefused as error:
        return refusal(error.facts[0], error.problems)
    except LastAdministrator as error:
        return refusal(Sentence(error.sentence))


@contextmanager
def _progress(
    share: Callable[[str, int], float], console: Console
) -> Iterator[Callable[[str, int], None]]:
    """Show a bar for the *share* that is done, from 0 to 1, on a terminal only."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[rows]:,} rows"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("reading", total=1.0, rows=0)

        def progress(noun: str, rows: int) -> None:
            bar.update(task, description=noun, rows=rows, completed=share(noun, rows))

        yield progress


@import_.command("marks", no_args_is_help=True)
@click.argument("path", metavar="FILE", type=_FILE)
@district_option
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option(
    "--partial", is_flag=True, help="Save the good lines although there are bad ones."
)
@click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), help=_REPORT, metavar="FILE"
)
@with_store
async def marks_(
    store: Store,
    path: Path,
    district: str | None,
    report: Path | None,
    *,
    dry_run: bool,
    partial: bool,
) -> None:
    r"""
    Save the marks in FILE, a CSV file in UTF-8 with a header, in the operator's name.

    \b
    The columns, by name and in any order; others are ignored:
      section_id, section_sourced_id, section_school_code, or section (either id)
      enrollment_id, enrollment_sourced_id, or enrollment (either id)
      or instead student_id, student_sourced_id, school_uid, or student
      date      YYYY-MM-DD
      status    1 to 4; present, absent, late (tardy), excused; P, A, L (T), E
      comment   without this column comments stay; an empty cell clears one

    Every line is checked before the first is saved: if one is wrong, all that is wrong is
    named, and nothing is changed. Then marks are saved a section's month at a time, while
    others go on saving theirs. The same file again changes nothing, and finishes an import
    that was interrupted.
    """
    home = await find_district(store, district)
    request_id = f"import-{secrets.token_hex(8)}"
    with ExitStack() as stack:
        tell = stack.enter_context(_reporting(report)) if report else _ignored
        problems = Problems(tell)
        file = stack.enter_context(path.open("rb"))
        progress = stack.enter_context(_progress(_share_of(file), err))
        try:
            lines = marks_csv.read(file, path.name, problems, partial=partial)
            summary = await import_marks(
                store, home, lines, progress, request_id=request_id, dry_run=dry_run
            )
        finally:
            for problem in problems.lines:
                click.echo(plain(problem), err=True)
    _print_marks(summary, request_id, dry_run=dry_run)
    if problems.count:
        raise Refusal(f"not everything was saved: there were {problems.count:,} faults.")


def _share_of(file: IO[bytes]) -> Callable[[str, int], float]:
    """Return how much of a step is done: of reading by bytes, of the others by lines."""
    size, read = os.fstat(file.fileno()).st_size, 0

    def share(step: str, lines: int) -> float:
        nonlocal read
        if step == "reading":
            read = lines
            return file.tell() / size if size else 1.0
        return lines / read if read else 1.0

    return share


def _print_marks(summary: MarksSummary, request_id: str, *, dry_run: bool) -> None:
    would = "would be " if dry_run else ""
    click.echo(
        f"{summary.changed:,} marks {would}changed, {summary.unchanged:,} were so already."
    )
    if dry_run:
        click.echo("This was a dry run: nothing was changed.")
    elif summary.changed:
        click.echo(f"In the record they are those of {request_id}.")


def _ignored(_line: str) -> None:
    pass


@contextmanager
def _reporting(path: Path) -> Iterator[Callable[[str], object]]:
    """Write each problem into a file, one a line."""
    with path.open("w", encoding="utf-8") as file:
        yield lambda line: file.write(f"{plain(line)}\n")


def _today(district: District) -> str:
    return dt.datetime.now(zoneinfo.ZoneInfo(district.time_zone)).date().isoformat()


def _table(summaries: list[RosterSummary]) -> Table:
    counted = table("", "added", "changed", "ended", "unchanged")
    for column in counted.columns[1:]:
        column.justify = "right"
    for each in summaries:
        counts = (each.added, each.changed, each.ended, each.unchanged)
        counted.add_row(each.noun, *(f"{count:,}" for count in counts))
    return counted
