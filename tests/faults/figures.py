"""What the faults came to in figures: a line each while they run, a table and a file after."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

LONG = "ROLLBOOK_FAULTS_LONG" in os.environ  # `make faults` sets it
PLACE = Path(os.environ.get("ROLLBOOK_FAULTS_FIGURES", ""))

only_long = pytest.mark.skipif(not LONG, reason="takes long: `make faults` runs it")

on_both = pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgresql", marks=only_long)]
)

_noted: list[dict[str, Any]] = []


def note(entry: str, what: str, **figures: Any) -> None:
    """Write down what a test of the catalogue measured, and say it."""
    tidy = {
        name: round(figure, 3) if isinstance(figure, float) else figure
        for name, figure in figures.items()
    }
    _noted.append({"id": entry, "what": what, "long": LONG, **tidy})
    print(f"\n{entry} {what}: {_words(tidy)}")


def long_or_short(in_full: int, in_short: int) -> int:
    """Return how often something is done: in `make faults`, and in `make test`."""
    return in_full if LONG else in_short


def share(seconds: list[float], part: float) -> float:
    """Return the time within which that part of the requests was answered."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


def table() -> list[str]:
    """Return a line for each, in Markdown, in the order of the catalogue."""
    lines = ["| | what | figures |", "| --- | --- | --- |"]
    for noted in sorted(_noted, key=lambda noted: (noted["id"][0], int(noted["id"][1:]))):
        rest = {name: f for name, f in noted.items() if name not in _HEAD and _is_small(f)}
        lines.append(f"| {noted['id']} | {noted['what']} | {_words(rest)} |")
    return lines if _noted else []


def save() -> None:
    """Write them to the file that was asked for, if one was."""
    if _noted and PLACE.name:
        PLACE.parent.mkdir(parents=True, exist_ok=True)
        PLACE.write_text(json.dumps(_noted, indent=1) + "\n")


_HEAD = {"id", "what", "long"}


def _is_small(figure: Any) -> bool:
    return not isinstance(figure, list)


def _words(figures: dict[str, Any]) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {figure}"
        for name, figure in figures.items()
        if _is_small(figure)
    )
