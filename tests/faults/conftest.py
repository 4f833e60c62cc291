"""Fixtures of the faults."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from faults import figures
from faults.ground import Ground, prepare
from faults.server import Server


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    """A district for a storm, in a file of the test's own."""
    return asyncio.run(prepare(tmp_path / "rollbook.db"))


@pytest.fixture
def new_server(ground: Ground) -> Iterator[Callable[..., Server]]:
    """Makes servers on the test's own file, and kills what is left of them."""
    made: list[Server] = []

    def make(**options: Any) -> Server:
        made.append(Server(ground.database, **options))
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
