"""Sheets that are let go of after the test."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from rollbook.watch.figures import Figure, Sheet
from rollbook.watch.metrics import FIGURES


@pytest.fixture
def take_sheet(tmp_path: Path) -> Iterator[Callable[..., Sheet]]:
    """Takes sheets in the test's own room."""
    taken: list[Sheet] = []

    def take(who: str = "worker", figures: Iterable[Figure] = FIGURES.values()) -> Sheet:
        taken.append(Sheet(tmp_path, who, figures))
        return taken[-1]

    yield take
    for sheet in taken:
        sheet.close()
