"""Moving an installation from one database to the other."""

import time

import click

from rollbook.cli.common import refusals_as_sentences
from rollbook.cli.progress import shown


@click.command(no_args_is_help=True)
@click.option(
    "--from", "source", required=True, help="What to move: a file, or a postgresql:// address."
)
@click.option(
    "--to", "target", required=True, help="Where to: a new file, or an empty database."
)
def move(source: str, target: str) -> None:
    """
    Copy a whole installation between a file and PostgreSQL, either way, and compare both ends.

    Stop the server first: what is saved meanwhile is not moved. The target is new or empty, and a
    PostgreSQL one was prepared with rollbook migrate; its address is the owner's. All of it
    arrives or nothing: when the command was broken off, run it again. The source stays as it is.
    """
    from rollbook import moving

    begun = time.monotonic()
    with refusals_as_sentences(), shown() as progress:
        moved = moving.move(source, target, progress)
    took = time.monotonic() - begun
    rows = sum(moved.rows.values())
    click.echo(
        f"Moved {rows:,} rows of {len(moved.rows)} tables in {took:.1f} s, "
        f"{moved.rows['marks']:,} marks among them; both ends have the same sums."
    )
