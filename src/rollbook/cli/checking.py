"""Whether the book is what was written into it."""

import re
import time

import click

from rollbook.cli.common import Refusal, number, plain, settings
from rollbook.cli.progress import shown
from rollbook.config import Config
from rollbook.domain.days import Day, is_day

_HEAD = re.compile(r"(\d{4}-\d\d-\d\d):([0-9a-f]{64})")


class _Head(click.ParamType[tuple[Day, str]]):
    """A head as `rollbook head` prints it."""

    name = "DAY:HASH"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Day, str]:
        found = _HEAD.fullmatch(str(value))
        if found is None or not is_day(found[1]):
            self.fail(f"{value} is no head; write it as `rollbook head` does.", param, ctx)
        return found[1], found[2]


@click.command()
@click.option(
    "--section", "section_id", type=number, metavar="INTEGER", help="Look at this one alone."
)
@click.option(
    "--quick",
    is_flag=True,
    help="Leave out whether indexes hold what their tables hold, and whether marks and rolls are "
    "what the record says they became.",
)
@click.option(
    "--expect-head",
    "heads",
    type=_Head(),
    multiple=True,
    help="A head that was kept elsewhere: say whether the record up to that day is still what it "
    "was. Can be given several times.",
)
@settings("database")
def check(
    config: Config, *, section_id: int | None, quick: bool, heads: tuple[tuple[Day, str], ...]
) -> None:
    """
    Look for what is wrong with the database, and name it; exit code 1 when something is.

    Looks at the file itself, if it is one, at whether what belongs together is there, and at the
    record: each entry carries a hash of itself and the one before it, so an entry that was
    changed, removed, put in or moved is named by its section and number. Only reads, also while
    the server runs.
    """
    from rollbook import upkeep

    begun = time.monotonic()
    with shown() as progress:
        checked = upkeep.check(
            config, section_id=section_id, quick=quick, heads=heads, progress=progress
        )
    took = time.monotonic() - begun
    for finding in checked.findings:
        click.echo(plain(str(finding)))
    click.echo(
        f"Checked {checked.sections:,} sections with {checked.entries:,} entries of the record"
        + ("" if quick else f" and {checked.marks:,} marks")
        + f" in {took:.1f} s."
    )
    if checked.findings:
        raise Refusal(f"{len(checked.findings)} things are wrong; see above.")
    click.echo("Nothing is wrong.")


@click.command()
@click.argument("day", required=False)
@settings("database")
def head(config: Config, *, day: str | None) -> None:
    """
    Print the head of DAY (YYYY-MM-DD, in UTC; default: yesterday), to be kept elsewhere.

    It is one hash over the whole record up to the end of that day. Kept where nobody who can
    write the database can change it, it shows later, with `rollbook check --expect-head`, that
    nothing of the record up to then was cut off or computed anew.
    """
    from rollbook import upkeep

    last = upkeep.yesterday()
    day = day or last
    if not is_day(day):
        raise Refusal(f"{plain(day)} is no day; write it as 2026-11-23.")
    if day > last:
        raise Refusal(f"{day} is not over yet (in UTC); its head can still change.")
    found = upkeep.head(config, day)
    click.echo(str(found))
    click.echo(f"{found.entries:,} entries in {found.sections:,} sections.", err=True)
