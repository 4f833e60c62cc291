"""The demonstration."""

import click


@click.command()
def demo() -> None:
    """Start a server with a believable district in it."""
