"""Fixtures of the faults."""

import asyncio
from pathlib import Path

import pytest

from faults.ground import Ground, prepare


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    """A district for a storm, in a file of the test's own."""
    return asyncio.run(prepare(tmp_path / "rollbook.db"))
