"""Fixtures of the embedded store: its writer, and a section as a reader sees it."""

from collections.abc import Iterator

import pytest

from conftest import Clock, World
from contract.classroom import Classroom
from rollbook.storage.sqlite import SqliteStore
from rollbook.storage.sqlite.writer import Writer


@pytest.fixture
def writer(world: World, clock: Clock) -> Iterator[Writer]:
    """The writer of the test's own file."""
    writer = Writer(world.path, clock)
    yield writer
    writer.close()


@pytest.fixture
def maths(store: SqliteStore, world: World) -> Classroom:
    """Maths, as a reader sees it."""
    return Classroom(store, world.lindenhof, "maths")
