"""Checking, copying and pruning at the command line; what they do is tested in `storage`."""

import re
from pathlib import Path

import pytest

from cast import MONDAY
from cli.terminal import Terminal, rows
from conftest import World
from contract.classroom import ABSENT, Classroom
from rollbook.domain.store import Store
from storage.looking_after import tamper

both = pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """Which database the test is on: a file, unless it is on both."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
async def maths(world: World, store: Store, clock: object) -> Classroom:
    """Maths with a roll that was taken at the time of the tests' clock."""
    maths = Classroom(store, world.lindenhof, "maths")
    await maths.take_roll(MONDAY, ("anna", MONDAY, ABSENT, "a word"))
    return maths


def forge(world: World) -> None:
    tamper(world.book, "UPDATE record SET at = '2026-11-23T08:00:00.001Z'")


# ---------------------------------------------------------------- check and head


@both
def test_a_book_is_found_right(school: Terminal, maths: Classroom) -> None:
    """
    `check` says how much it looked at, and that nothing is wrong.
    """
    said = school.run("check")

    assert "4 sections with 1 entries of the record" in said
    assert said.endswith("Nothing is wrong.\n")


@both
@pytest.mark.parametrize("options", [(), ("--quick",), ("--section",)])
def test_what_is_wrong_is_named(
    world: World, school: Terminal, maths: Classroom, options: tuple[str, ...]
) -> None:
    """
    `check` names section and entry, and ends with exit code 1.
    """
    forge(world)
    number = (str(maths.id),) if options == ("--section",) else ()
    result = school.types("check", *options, *number)

    assert result.exit_code == 1
    assert f"section {maths.id}, entry 1: its hash does not follow" in result.stdout
    assert "wrong" in result.stderr


@both
def test_a_head_that_was_kept_is_expected(
    school: Terminal, maths: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What `head` prints is what `check --expect-head` takes; another one is told with both hashes.
    """
    monkeypatch.setattr("rollbook.upkeep.yesterday", lambda: "2026-11-24")
    result = school.types("head", "2026-11-23")
    kept = result.stdout.strip()
    right = school.run("check", "--expect-head", kept)
    other = kept[:-1] + ("0" if kept[-1] != "0" else "1")
    wrong = school.types("check", "--expect-head", other)

    assert re.fullmatch("2026-11-23:[0-9a-f]{64}", kept)
    assert result.stderr == "1 entries in 1 sections.\n"
    assert "Nothing is wrong." in right
    assert wrong.exit_code == 1
    assert f"expected was {other[11:]}" in wrong.stdout
    assert kept[11:] in wrong.stdout


@pytest.mark.parametrize("day", ["tomorrow", "2026-02-30", "9999-01-01"])
def test_a_day_without_a_head_is_refused(school: Terminal, maths: Classroom, day: str) -> None:
    """
    What is no day, and a day that is not over, has no head.
    """
    assert day in school.refused("head", day)


@pytest.mark.parametrize("head", ["2026-11-23", "2026-11-23:abc", "2026-02-30:" + "0" * 64])
def test_a_head_that_is_none_is_refused(school: Terminal, head: str) -> None:
    """
    What no `head` can have printed is refused before anything is looked at.
    """
    assert school.types("check", "--expect-head", head).exit_code == 2


# ---------------------------------------------------------------- backup and restore


def test_a_backup_is_made_and_restored(
    school: Terminal, maths: Classroom, tmp_path: Path
) -> None:
    """
    `backup` says how large it is and where the master key is; `restore` how to start.
    """
    made, new = tmp_path / "a.bak", tmp_path / "new.db"
    first = school.run("backup", str(made))
    again = school.refused("backup", str(made))
    forced = school.run("backup", str(made), "--force", "--quick")
    restored = school.run("restore", str(made), "--to", str(new))
    twice = school.refused("restore", str(made), "--to", str(new))

    assert "MB, checked, in" in first
    assert str(school.master_key) in first
    assert f"{made} is there already" in again
    assert "MB, checked" in forced
    assert f"rollbook serve --database {new}" in restored
    assert f"{new} is there already" in twice
    assert "Nothing is wrong" in school.run("check", "--database", str(new))


def test_a_forged_book_makes_no_backup(
    world: World, school: Terminal, maths: Classroom, tmp_path: Path
) -> None:
    """
    A backup that would not be right is refused, with the first thing that is wrong.
    """
    forge(world)

    assert f"section {maths.id}, entry 1" in school.refused("backup", str(tmp_path / "a"))
    assert not (tmp_path / "a").exists()


# ---------------------------------------------------------------- prune and hold


LINDENHOF = ("--district", "Lindenhof")


@both
def test_old_years_are_removed_when_asked(school: Terminal, maths: Classroom) -> None:
    """
    `prune` says what would go, goes on only when it is told to, and says what went.
    """
    cut = ("prune", "--before", "2026-10-01", *LINDENHOF)
    dry = school.run(*cut, "--dry-run")
    asked = school.types(*cut)
    still = school.run("roll", maths.id, MONDAY, *LINDENHOF)
    done = school.run(*cut, "--yes")
    again = school.run(*cut, "--yes")

    assert "Before 2026-10-01: 3 marks, 1 rolls and 0 entries" in dry
    assert "nothing was removed" in dry
    assert asked.exit_code == 1
    assert "Remove them for good?" in asked.output
    assert "3 on the roll" in still
    assert "Pruning 1 removed 3 marks, 1 rolls" in done
    assert "Nothing is old enough" in again
    assert "was not taken" in school.refused("roll", maths.id, MONDAY, *LINDENHOF)
    assert "Nothing is wrong" in school.run("check")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "how old"),
        (("--before", "2026-10-01", "--older-than", "3"), "how old"),
        (("--before", "autumn"), "autumn is no day"),
        (("--before", "9999-01-01"), "has not come yet"),
        (("--older-than", "3", "--year-begins", "02-30"), "02-30"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    school: Terminal, maths: Classroom, words: tuple[str, ...], says: str
) -> None:
    """
    Without a day, with two, or with one that cannot be meant, nothing is removed.
    """
    assert says in school.refused("prune", *words, "--yes", *LINDENHOF)


def test_years_are_counted_back(school: Terminal, maths: Classroom) -> None:
    """
    `--older-than` names the day on which the oldest year that is kept begins.
    """
    said = school.run("prune", "--older-than", 5, "--year-begins", "08-15", *LINDENHOF)

    assert re.search(r"Before \d{4}-08-15: 0 marks", said)


@both
def test_what_is_on_hold_stays(school: Terminal, maths: Classroom, world: World) -> None:
    """
    A hold is placed with a reason, listed, keeps its section, is lifted, and stays in the list.
    """
    student = world.lindenhof.users["anna"]
    placed = school.run("hold", "add", "--student", student, "--reason", "a court", *LINDENHOF)
    listed = rows(school.run("hold", "list", *LINDENHOF))
    kept = school.run("prune", "--before", "2026-10-01", "--yes", *LINDENHOF)
    school.run("hold", "lift", 1, *LINDENHOF)
    none = school.run("hold", "list", *LINDENHOF)
    all_ = rows(school.run("hold", "list", "--lifted", *LINDENHOF))

    assert "rollbook hold lift 1" in placed
    assert [row[:3] for row in listed] == [["1", "student", str(student)]]
    assert listed[0][-2:] == ["a", "court"]
    assert "1 more sections are on hold" in kept
    assert none == "Nothing is on hold.\n"
    assert [row[0] for row in all_] == ["1"]
    assert "no hold" in school.refused("hold", "lift", 1, *LINDENHOF)


@both
@pytest.mark.parametrize(
    "words",
    [
        ("--reason", "r"),
        ("--all", "--section", "1", "--reason", "r"),
        ("--all", "--reason", " "),
        ("--section", "7", "--reason", "r"),
        ("--enrollment", "7", "--reason", "r"),
        ("--student", "7", "--reason", "r"),
    ],
)
def test_a_hold_on_nothing_is_refused(
    school: Terminal, maths: Classroom, words: tuple[str, ...]
) -> None:
    """
    One thing is put on hold, it is there, and there is a reason.
    """
    school.refused("hold", "add", *words, *LINDENHOF)
