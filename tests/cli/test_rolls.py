import asyncio
from collections.abc import Awaitable, Callable

import pytest

from cast import MONDAY, TUESDAY, WEDNESDAY
from cli.terminal import Terminal, rows
from conftest import World
from contract.classroom import ABSENT, EXCUSED, LATE, PRESENT, Classroom
from rollbook.domain.record import Author, Channel
from rollbook.domain.store import TakeRoll
from rollbook.storage.sqlite import SqliteStore

HERE = ("--district", "Lindenhof")


def in_maths(world: World, work: Callable[[Classroom], Awaitable[None]]) -> None:
    """Do something in Maths."""

    async def do() -> None:
        store = SqliteStore(world.path)
        await work(Classroom(store, world.lindenhof, "maths"))
        await store.close()

    asyncio.run(do())


async def taken(maths: Classroom) -> None:
    """Take Monday's roll, correct it, and take Tuesday's at the command line."""
    await maths.take_roll(MONDAY, ("anna", MONDAY, ABSENT, "ill [/b] \x9b31m"))
    await maths.save(("ben", MONDAY, LATE), by="alice", on_behalf_of="bob")
    operator = Author(user_id=None, channel=Channel.CLI)
    district_id, section_id = maths.key
    await maths.store.take_roll(
        TakeRoll(
            district_id=district_id,
            section_id=section_id,
            date=TUESDAY,
            exceptions=[],
            author=operator,
        )
    )


@pytest.fixture
def maths(world: World) -> int:
    """The number of Maths, whose rolls of Monday and Tuesday were taken."""
    in_maths(world, taken)
    return world.lindenhof.sections["maths"]


def test_a_roll_is_printed(school: Terminal, world: World, maths: int) -> None:
    """
    `roll` names who was not present and why, and says what the day adds up to.
    """
    printed = school.run("roll", maths, MONDAY, *HERE)
    anna, ben = (world.lindenhof.enrollments[name] for name in ("anna", "ben"))
    lines = [line.split() for line in printed.splitlines()]

    assert printed.startswith(f"Maths 1, {MONDAY}")
    assert [str(anna), "Anna", "O’Malley-Müller", "absent", "ill", "[/b]", "\ufffd31m"] in lines
    assert [str(ben), "Ben", "O’Malley-Müller", "late"] in lines
    assert "3 on the roll: 1 present, 1 absent, 1 late, 0 excused, 0 not marked." in printed
    assert f"by user {world.lindenhof.users['bob']}" in printed
    assert "\x9b" not in printed


def test_a_roll_without_absences_is_printed(school: Terminal, maths: int) -> None:
    """
    Where nobody was missing, that is said, and who took it.
    """
    printed = school.run("roll", maths, TUESDAY, *HERE)

    assert printed.startswith(
        f"Maths 1, {TUESDAY}: nobody was missing.\n3 on the roll: 3 present"
    )
    assert "by the operator" in printed


def test_a_history_is_printed(school: Terminal, world: World, maths: int) -> None:
    """
    `history` shows each change: when, by whom for whom, whose mark, from what to what.
    """
    told = rows(school.run("history", maths, *HERE))
    alice, bob = (str(world.lindenhof.users[name]) for name in ("alice", "bob"))
    anna, ben = (str(world.lindenhof.enrollments[name]) for name in ("anna", "ben"))

    assert len(told) == 7  # three students on two days, one of them twice
    assert told[0][1:7] == ["user", bob, "api", anna, MONDAY, "none"]
    assert told[3][1:7] == ["user", alice, "as", "user", bob, "api"]
    assert told[3][7:] == [ben, MONDAY, "present", "late"]
    assert told[4][1:] == ["the", "operator", "cli", anna, TUESDAY, "none", "present"]


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        (["--date", MONDAY], 4),
        (["--enrollment", "ben"], 3),
        (["--date", TUESDAY, "--enrollment", "ben"], 1),
    ],
)
def test_a_history_can_be_of_a_day_and_an_enrollment(
    school: Terminal, world: World, maths: int, filters: list[str], count: int
) -> None:
    """
    The options choose changes by the day and the enrollment of their mark.
    """
    words = [str(world.lindenhof.enrollments.get(word, word)) for word in filters]

    assert len(rows(school.run("history", maths, *HERE, *words))) == count


def test_a_long_history_is_printed_whole(school: Terminal, world: World) -> None:
    """
    However many changes there are, none is left out.
    """

    async def many(maths: Classroom) -> None:
        for number in range(300):
            day = f"2026-{number // 28 + 1:02}-{number % 28 + 1:02}"
            await maths.save(*((who, day, EXCUSED) for who in ("anna", "ben", "cleo", "finn")))
        await maths.save(("anna", MONDAY, PRESENT))

    in_maths(world, many)
    printed = school.run("history", world.lindenhof.sections["maths"], *HERE)

    assert len(rows(printed)) == 1201


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["roll", "maths", WEDNESDAY], f"was not taken on {WEDNESDAY}."),
        (["roll", "maths", "2026-9-14"], "2026-9-14 is no day; write it as 2026-11-23."),
        (["roll", "7", MONDAY], "There is no section 7 here."),
        (["roll", "theirs", MONDAY], "There is no section"),
        (["history", "7"], "There is no section 7 here."),
        (["history", "theirs"], "There is no section"),
        (["history", "music"], "was ever changed."),
        (["history", "maths", "--date", "Monday"], "Monday is no day"),
        (["history", "maths", "--date", WEDNESDAY], "was ever changed."),
        (["history", "maths", "--enrollment", "7"], "There is no enrollment 7 here."),
    ],
)
def test_what_is_not_there_is_said(
    school: Terminal, world: World, maths: int, words: list[str], says: str
) -> None:
    """
    A refusal says which roll, section or enrollment there is none of.
    """
    names = {**world.lindenhof.sections, "theirs": world.nordhafen.sections["maths"]}

    assert says in school.refused(*(names.get(word, word) for word in words), *HERE)
