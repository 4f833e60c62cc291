"""Running the server and looking after its database."""

import click
from click.shell_completion import get_completion_class

from rollbook.cli.common import Refusal, settings
from rollbook.config import SETTINGS, Config


@click.command()
@settings(*(setting.name for setting in SETTINGS))
def serve(config: Config) -> None:
    """
    Answer requests until stopped with Ctrl-C or SIGTERM.

    A database in a file is made when it is missing and brought up to date; one of PostgreSQL
    is prepared with rollbook migrate, as its owner. Requests that are under way
    when the server is stopped are answered first.
    """
    from rollbook import wiring

    wiring.serve(config, ready=lambda: announce(config))
    click.echo("Stopped; everything that was acknowledged is on the disk.")


def announce(config: Config) -> None:
    """Say where the server is."""
    scheme = "https" if config.tls_certificate else "http"
    address = config.public_url or f"{scheme}://{config.host}:{config.port}"
    click.echo(f"Rollbook answers at {address}/v1 (documentation: {address}/docs)")


@click.command()
@click.option("--rehearse", is_flag=True, help="Run what is pending, then undo it.")
@settings("database")
def migrate(config: Config, *, rehearse: bool) -> None:
    """
    Make the database, or bring it to this version's schema.

    Each step is one transaction: stopped in the middle, the database is at one step or the
    next, and the command can be run again.
    """
    from rollbook import wiring

    steps = 0
    for step in wiring.migrate(config, rehearse=rehearse):
        click.echo(f"{'rehearsed' if rehearse else 'ran'} {step}")
        steps += 1
    if not steps:
        click.echo(f"{config.database_name} is up to date.")


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """
    Print the shell's completion script.

    For bash, for example, put this into ~/.bashrc:  eval "$(rollbook completion bash)"
    """
    found = get_completion_class(shell)
    if found is None:
        raise Refusal(f"There is no completion for {shell}.")
    root = ctx.find_root().command
    click.echo(found(root, {}, "rollbook", "_ROLLBOOK_COMPLETE").source())
