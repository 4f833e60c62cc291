"""The command `rollbook`: one file a noun."""

import click

from rollbook import __version__
from rollbook.cli import (
    accounts,
    archiving,
    checking,
    copies,
    demo,
    districts,
    exporting,
    importing,
    keys,
    moving,
    retention,
    rolls,
    server,
    users,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96})
@click.version_option(__version__, prog_name="rollbook")
def main() -> None:
    """
    Rollbook: who was there, for every child, class and day.

    A first district:  rollbook migrate; rollbook district create "My District"; rollbook user
    create; rollbook key create; rollbook serve.  To look around:  rollbook demo.
    """


for command in (
    server.serve,
    demo.demo,
    importing.import_,
    exporting.export,
    districts.district,
    users.user,
    accounts.account,
    keys.key,
    rolls.roll,
    rolls.history,
    server.migrate,
    checking.check,
    checking.head,
    copies.backup,
    copies.restore,
    moving.move,
    retention.prune,
    retention.hold,
    archiving.archive,
    server.completion,
):
    main.add_command(command)
