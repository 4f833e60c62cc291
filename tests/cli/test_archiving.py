"""Archives at the command line; what they do is tested in `storage`."""

from pathlib import Path

import pytest

from cli.terminal import Terminal
from conftest import Clock, World
from rollbook.domain.store import Store
from storage.office import CUT, Office

ALL = "10 marks, 4 rolls and 4 entries of the record in 2 sections"
OURS = ("--district", "Lindenhof")


@pytest.fixture
async def office(world: World, store: Store, clock: Clock) -> Office:
    """In each section two saves of old days and two of new ones."""
    office = Office(world, store, clock)
    await office.settle()
    return office


def test_away_and_back(school: Terminal, office: Office, tmp_path: Path) -> None:
    """
    Each step says what it did, and how much that was.
    """
    old = tmp_path / "old"
    made = school.run("archive", "create", old, "--before", CUT, *OURS)
    whole = school.run("archive", "check", old)
    detached = school.run("archive", "detach", old, "--yes")
    restored = school.run("archive", "restore", old)

    assert f"{old} holds {ALL}, before {CUT}, of Lindenhof" in made
    assert made.endswith("read back and found right.\n")
    assert whole == f"{old} is whole: {ALL}, before {CUT}, of Lindenhof.\n"
    assert f"Pruning 1 removed {ALL}. 0 sections are on hold; 0 have" in detached
    assert restored == f"Restored {ALL}.\n"
    assert office.found() == []


def test_it_asks_before_it_removes(school: Terminal, office: Office, tmp_path: Path) -> None:
    """
    Without a yes nothing is removed.
    """
    school.run("archive", "create", tmp_path / "old", "--older-than", 1, *OURS)
    result = school.types("archive", "detach", tmp_path / "old")

    assert "Remove them from the database? [y/N]" in result.output
    assert result.exit_code == 1
    assert "2025-05-05" in office.days(office.maths)


def test_it_refuses_with_a_sentence(school: Terminal, office: Office, tmp_path: Path) -> None:
    """
    What is no archive, and a day that cannot be meant, are told.
    """
    assert "There is no archive" in school.refused("archive", "check", tmp_path)
    assert "There is no archive" in school.refused("archive", "restore", tmp_path)
    assert "only what is past" in school.refused(
        "archive", "create", tmp_path / "old", "--before", "2099-01-01", *OURS
    )
