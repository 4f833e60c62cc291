"""Old years in files of their own: archived, taken out of the database, brought back."""

from pathlib import Path

import click

from rollbook.cli.common import district_option, refusals_as_sentences, settings
from rollbook.cli.progress import shown
from rollbook.cli.retention import cut, home_of, login, old_years
from rollbook.config import Config
from rollbook.domain.archives import Archive
from rollbook.domain.retention import Counts

folder_argument = click.argument("folder", type=click.Path(path_type=Path))


@click.group()
def archive() -> None:
    """
    Keep old school years in Parquet files, outside the database.

    An archive is a folder. It holds what `rollbook prune` of the same day would remove: marks,
    rolls and their record, and which places and sections they belong to, by ids and without names.
    """


@archive.command("create", no_args_is_help=True)
@folder_argument
@old_years(
    older_than="Leave out the present school year and that many before it.",
    before="Archive the days before this one, YYYY-MM-DD.",
)
@district_option
@settings("database")
def create(
    config: Config,
    *,
    folder: Path,
    older_than: int | None,
    before: str | None,
    year_begins: str,
    district: str | None,
) -> None:
    """
    Write a district's old school years into a new FOLDER; the database stays as it is.

    What is on hold is left out. The files are read back and compared before FOLDER is there.
    """
    from rollbook import archiving

    home = home_of(config, district)
    day = cut(home, older_than, before, year_begins)
    with shown() as progress:
        made = archiving.create(config, home, day, folder, by=login(), progress=progress)
    size = sum(file.bytes for file in made.files.values())
    click.echo(
        f"{folder} holds {_told(made.holds)}, before {day}, of {home.name}: {size:,} bytes, "
        "read back and found right."
    )


@archive.command("check", no_args_is_help=True)
@folder_argument
def check(folder: Path) -> None:
    """Read the whole archive in FOLDER: is every byte and every row what was written?"""
    from rollbook import archiving

    with refusals_as_sentences(), shown() as progress:
        found = archiving.check(folder, progress)
    click.echo(f"{folder} is whole: {_told(found.holds)}, {_whose(found)}.")


@archive.command("detach", no_args_is_help=True)
@folder_argument
@click.option("--yes", is_flag=True, help="Do not ask: for timers.")
@settings("database")
def detach(config: Config, *, folder: Path, yes: bool) -> None:
    """
    Remove from the database what the archive in FOLDER holds.

    The archive is read and compared first, and each section with it in the moment of its removal:
    one that was saved since stays. What is left can be checked as after `rollbook prune`; broken
    off, the same command goes on.
    """
    from rollbook import archiving

    found = archiving.read(folder)
    click.echo(f"{folder} holds {_told(found.holds)}, {_whose(found)}.")
    if not yes:
        click.confirm("Remove them from the database?", abort=True)
    with shown() as progress:
        pruned = archiving.detach(config, folder, by=login(), progress=progress)
    click.echo(
        f"Pruning {pruned.pruning.id} removed {_told(pruned.pruning.removed)}. "
        f"{pruned.held:,} sections are on hold; {pruned.kept:,} have old days that are not in "
        "this archive as they are now, and kept them."
    )


@archive.command("restore", no_args_is_help=True)
@folder_argument
@settings("database")
def restore(config: Config, *, folder: Path) -> None:
    """
    Bring back what the archive in FOLDER holds: the same rows, ids and hashes, or nothing at all.

    What was removed last comes back first. On a file, saves wait meanwhile: choose a quiet hour.
    Put it on hold if the next pruning is not to take it again.
    """
    from rollbook import archiving

    with shown() as progress:
        restored = archiving.restore(config, folder, by=login(), progress=progress)
    stayed = archiving.read(folder).holds.sections - restored.sections
    click.echo(
        f"Restored {_told(restored)}."
        + (f" {stayed:,} more sections of the archive were never away." if stayed else "")
    )


def _told(counts: Counts) -> str:
    return (
        f"{counts.marks:,} marks, {counts.rolls:,} rolls and {counts.entries:,} entries of the "
        f"record in {counts.sections:,} sections"
    )


def _whose(found: Archive) -> str:
    return f"before {found.before}, of {found.district}"
