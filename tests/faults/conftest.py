"""Fixtures of the faults."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from clusters import Cluster
from faults import figures
from faults.ground import Ground, prepare, prepare_in_cluster
from faults.server import Server
from faults.way import Way

if TYPE_CHECKING:
    from books import ClusterOfDatabases


@pytest.fixture
def ground(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    """A district for a storm, in a file or a database of the test's own."""
    if database == "sqlite":
        yield asyncio.run(prepare(tmp_path / "rollbook.db"))
        return
    databases: ClusterOfDatabases = request.getfixturevalue("databases")
    book = databases.new()
    yield prepare_in_cluster(book, tmp_path)
    book.close()


@pytest.fixture
def new_server(ground: Ground) -> Iterator[Callable[..., Server]]:
    """Makes servers on the test's own database, and kills what is left of them."""
    made: list[Server] = []

    def make(**options: Any) -> Server:
        made.append(ground.server(**options))
        return made[-1]

    yield make
    for server in made:
        if server.process is not None:
            server.kill()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was measured, as a table for docs/reliability.md."""
    lines = figures.table()
    if lines and figures.LONG:
        terminalreporter.section("the faults in figures")
        for line in lines:
            terminalreporter.write_line(line)
    figures.save()


@pytest.fixture
def way(cluster: Cluster) -> Iterator[Way]:
    """A way to the cluster on which nothing is the matter yet."""
    with Way(cluster.port) as way:
        yield way
