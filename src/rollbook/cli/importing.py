"""Bringing rosters in."""

import datetime as dt
import zoneinfo
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from rollbook.cli.common import district_option, err, find_district, out, table, with_store
from rollbook.domain.errors import ImportRefused
from rollbook.domain.people import District
from rollbook.domain.store import RosterLimits, RosterSummary, Store
from rollbook.exchange import oneroster
from rollbook.exchange.archive import Files, open_files


@click.group("import")
def import_() -> None:
    """Bring a roster in from files."""


@import_.command("oneroster")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@district_option
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option(
    "--allow-ending",
    is_flag=True,
    help="Go on although more than a tenth of the active enrollments would end.",
)
@with_store
async def oneroster_(
    store: Store, path: Path, district: str | None, *, dry_run: bool, allow_ending: bool
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
    try:
        summaries = await import_oneroster(store, home, path, limits, err)
    except ImportRefused as refusal:
        for problem in refusal.problems:
            click.echo(problem, err=True)
        raise
    out.print(_table(summaries))
    if dry_run:
        click.echo("This was a dry run: nothing was changed.")


async def import_oneroster(
    store: Store, district: District, path: Path, limits: RosterLimits, console: Console
) -> list[RosterSummary]:
    """Read a set and take it in, showing on *console* how far it is; raises `ImportRefused`."""
    with open_files(path) as files, _progress(files, console) as progress:
        return await store.import_roster(district.id, oneroster.read(files), limits, progress)


@contextmanager
def _progress(files: Files, console: Console) -> Iterator[Callable[[str, int], None]]:
    """Show a bar for the bytes read so far, on a terminal only."""
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
            bar.update(task, description=noun, rows=rows, completed=files.share_read)

        yield progress


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
