"""Old years: what is removed when its time is over, and what is kept for longer."""

import datetime as dt
import getpass
import zoneinfo
from collections.abc import Callable
from typing import Any, TypeVar

import click

from rollbook.cli.common import (
    Refusal,
    district_of,
    district_option,
    number,
    out,
    settings,
    table,
)
from rollbook.cli.progress import shown
from rollbook.config import Config
from rollbook.domain.days import Day, is_day
from rollbook.domain.people import District
from rollbook.domain.retention import Hold
from rollbook.domain.school_years import BEGINS, first_day, year_of

Command = TypeVar("Command", bound=Callable[..., Any])


def old_years(*, older_than: str, before: str) -> Callable[[Command], Command]:
    """Give a command the options that `cut` makes a day of, with what the first two mean there."""

    def decorate(command: Command) -> Command:
        for option in (
            click.option(
                "--year-begins",
                default=BEGINS,
                show_default=True,
                metavar="MM-DD",
                help="Month and day on which a school year begins.",
            ),
            click.option("--before", metavar="DAY", help=before),
            click.option(
                "--older-than", type=click.IntRange(min=1), metavar="YEARS", help=older_than
            ),
        ):
            command = option(command)
        return command

    return decorate


@click.command(no_args_is_help=True)
@old_years(
    older_than="Keep the present school year and that many before it.",
    before="Remove the days before this one, YYYY-MM-DD.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@click.option("--yes", is_flag=True, help="Do not ask: for timers.")
@district_option
@settings("database")
def prune(
    config: Config,
    *,
    older_than: int | None,
    before: str | None,
    year_begins: str,
    dry_run: bool,
    yes: bool,
    district: str | None,
) -> None:
    """
    Remove a district's old school years for good: marks, rolls, and their record.

    What is on hold stays (`rollbook hold`). It says what it would remove and asks first. What is
    left of the record can still be checked: it begins at an anchor, and says itself that it was
    pruned. Broken off, it has removed whole sections only; the same command goes on. On
    PostgreSQL it takes the address of the database's owner.
    """
    from rollbook import upkeep

    home = home_of(config, district)
    day = cut(home, older_than, before, year_begins)
    with shown() as progress:
        found = upkeep.survey(
            config, home.id, day, lambda done, total: progress("looking", done, total)
        )
    counts = found.removes
    click.echo(
        f"Before {day}: {counts.marks:,} marks, {counts.rolls:,} rolls and {counts.entries:,} "
        f"entries of the record in {counts.sections:,} sections of {home.name}; "
        f"{found.held:,} more sections are on hold."
    )
    if found.interrupted:
        click.echo(f"A pruning of the days before {found.interrupted} was interrupted.")
    if dry_run:
        click.echo("This was a dry run: nothing was removed.")
        return
    if not (counts.sections or found.interrupted):
        click.echo("Nothing is old enough: nothing was removed.")
        return
    if not yes:
        click.confirm("Remove them for good?", abort=True)
    with shown() as progress:
        pruned = upkeep.prune(
            config,
            home.id,
            day,
            by=login(),
            progress=lambda done, total: progress("removing", done, total),
        )
    removed = pruned.pruning.removed
    click.echo(
        f"Pruning {pruned.pruning.id} removed {removed.marks:,} marks, {removed.rolls:,} rolls "
        f"and {removed.entries:,} entries of the record in {removed.sections:,} sections. "
        f"No save had to wait longer than {pruned.longest * 1000:,.0f} ms. "
        "Backups made before still hold what was removed."
    )


def cut(home: District, older_than: int | None, before: str | None, year_begins: str) -> Day:
    """Return the day before which all goes; raises `Refusal` for one that cannot be meant."""
    today = dt.datetime.now(zoneinfo.ZoneInfo(home.time_zone)).date().isoformat()
    if (older_than is None) == (before is None):
        raise Refusal("Say how old it must be: --older-than YEARS or --before DAY.")
    if older_than is not None:
        try:
            return first_day(year_of(today, year_begins) - older_than, year_begins)
        except ValueError:
            raise Refusal(f"No school year can begin on {year_begins}; write MM-DD.") from None
    assert before is not None
    if not is_day(before):
        raise Refusal(f"{before} is no day; write it as 2021-07-01.")
    if before > today:
        raise Refusal(f"{before} has not come yet: only what is past can be old.")
    return before


@click.group()
def hold() -> None:
    """Keep old years of a district, a section or a student, whatever `prune` is told."""


@hold.command("add")
@click.option("--section", type=number, metavar="INTEGER", help="Keep this section.")
@click.option(
    "--enrollment", type=number, metavar="INTEGER", help="Keep the section of this enrollment."
)
@click.option(
    "--student",
    type=number,
    metavar="INTEGER",
    help="Keep every section that this user ever had a place in.",
)
@click.option("--all", "all_", is_flag=True, help="Keep all of the district.")
@click.option("--reason", required=True, help="Why: for whoever asks years later.")
@district_option
@settings("database")
def add(
    config: Config,
    *,
    section: int | None,
    enrollment: int | None,
    student: int | None,
    all_: bool,
    reason: str,
    district: str | None,
) -> None:
    """
    Put something on hold.

    A hold keeps whole sections, the other students in them too: an entry of the record is about
    the roll of a class.
    """
    from rollbook import upkeep

    named = [each for each in (section, enrollment, student) if each is not None]
    if len(named) + all_ != 1:
        raise Refusal("Say what to keep: --section, --enrollment, --student or --all.")
    if not reason.strip():
        raise Refusal("Say why it is kept, with --reason.")
    placed = upkeep.place_hold(
        config,
        Hold(
            district_id=home_of(config, district).id,
            section_id=section,
            enrollment_id=enrollment,
            user_id=student,
            reason=reason,
            placed_at=upkeep.now(),
            placed_by=login(),
        ),
    )
    click.echo(f"Hold {placed.id} is on. Lift it with: rollbook hold lift {placed.id}")


@hold.command("list")
@click.option("--lifted", is_flag=True, help="Show the ones that were lifted too.")
@district_option
@settings("database")
def list_(config: Config, *, lifted: bool, district: str | None) -> None:
    """Print what is on hold, and why."""
    from rollbook import upkeep

    shown_ = table("hold", "keeps", "placed", "by", "lifted", "reason")
    for each in upkeep.holds(config, home_of(config, district).id):
        if each.lifted_at is None or lifted:
            ended = f"{each.lifted_at} by {each.lifted_by}" if each.lifted_at else ""
            shown_.line(
                str(each.id), _kept(each), each.placed_at, each.placed_by, ended, each.reason
            )
    out.print(shown_ if shown_.row_count else "Nothing is on hold.")


@hold.command("lift", no_args_is_help=True)
@click.argument("hold_id", type=number)
@district_option
@settings("database")
def lift(config: Config, *, hold_id: int, district: str | None) -> None:
    """Lift hold HOLD_ID: the next pruning removes what is old. That it was there stays written."""
    from rollbook import upkeep

    upkeep.lift_hold(config, home_of(config, district).id, hold_id, by=login())
    click.echo(f"Hold {hold_id} is lifted.")


def _kept(hold: Hold) -> str:
    if hold.user_id is not None:
        return f"student {hold.user_id}"
    if hold.enrollment_id is not None:
        return f"enrollment {hold.enrollment_id} in section {hold.section_id}"
    return "everything" if hold.section_id is None else f"section {hold.section_id}"


def home_of(config: Config, name: str | None) -> District:
    """Return the district that is meant, by its name or as the only one."""
    from rollbook import upkeep

    return district_of(upkeep.districts(config), name)


def login() -> str:
    """Return who types, as the machine knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "nobody the machine knows"
