"""Copies of the database, and databases out of copies."""

import time
from pathlib import Path

import click

from rollbook.cli.common import settings
from rollbook.cli.progress import shown
from rollbook.config import Config

_QUICK = click.option(
    "--quick",
    is_flag=True,
    help="Check the copy as `rollbook check --quick` does: for books that are very large.",
)


@click.command(no_args_is_help=True)
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Take the place of a TARGET that is there already.")
@_QUICK
@settings("database")
def backup(config: Config, target: Path, *, force: bool, quick: bool) -> None:
    """
    Copy the database to TARGET, also while the server runs.

    The copy is checked before it bears its name: broken off, or when anything is wrong, there is
    no TARGET. It holds everything that was acknowledged when the command began. The master key is
    not in it, and without it the secrets of API keys are lost: keep a copy of that elsewhere.
    """
    from rollbook import upkeep

    begun = time.monotonic()
    with shown() as progress:
        copied = upkeep.backup(config, target, replace=force, quick=quick, progress=progress)
    _tell(target, copied.size, time.monotonic() - begun)
    click.echo(f"Its record has the head {copied.head}")
    click.echo(
        f"The master key ({config.master_key_path}) is not in it: keep a copy of that too, "
        "in another place."
    )


@click.command(no_args_is_help=True)
@click.argument("backup", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The new database; nothing may be there yet.",
)
@_QUICK
def restore(backup: Path, target: Path, *, quick: bool) -> None:
    """
    Make a new database out of BACKUP, and check it before it bears its name.

    BACKUP stays as it is; one of an earlier version is brought to this version's schema. A
    database that is there is never overwritten: move it away first, with the files beside it.
    """
    from rollbook import upkeep
    from rollbook.cli.common import refusals_as_sentences

    begun = time.monotonic()
    with refusals_as_sentences(), shown() as progress:
        copied = upkeep.restore(backup, target, quick=quick, progress=progress)
    _tell(target, copied.size, time.monotonic() - begun)
    click.echo(f"Its record has the head {copied.head}")
    click.echo(f"Start the server on it with: rollbook serve --database {target}")


def _tell(target: Path, size: int, took: float) -> None:
    click.echo(f"{target}: {size / 1e6:,.1f} MB, checked, in {took:.1f} s.")
