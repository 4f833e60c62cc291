"""An operator's terminal, at an empty house and at one with the cast in it."""

from pathlib import Path

import pytest

import books
from cli.terminal import Terminal
from conftest import World


@pytest.fixture
def empty(tmp_path: Path) -> Terminal:
    """A terminal before anything was made."""
    return Terminal(tmp_path)


@pytest.fixture
def terminal(empty: Terminal) -> Terminal:
    """A terminal with one district in a new database."""
    empty.run("migrate")
    empty.run("district", "create", "Lindenhof", "--time-zone", "Europe/Zurich")
    return empty


@pytest.fixture
def school(world: World, tmp_path: Path) -> Terminal:
    """A terminal in a house with both districts of the cast."""
    if isinstance(world.book, books.Database):
        return Terminal(tmp_path, address=world.book.url)
    terminal = Terminal(tmp_path)
    assert terminal.database == world.path
    return terminal
