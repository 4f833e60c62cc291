"""What the store promises when many write at once."""

import asyncio

import pytest

from cast import MONDAY, NEXT_MONDAY
from contract.classroom import ABSENT, EXCUSED, LATE, Classroom
from rollbook.domain.errors import ChangedMeanwhile
from rollbook.domain.store import Saved

WRITERS = 200


async def test_of_many_who_write_one_mark_one_remains(maths: Classroom) -> None:
    """
    200 writers of one mark leave what one of them wrote, and a record without a break.
    """
    wanted = [("anna", MONDAY, (ABSENT, LATE, EXCUSED)[n % 3], f"w{n}") for n in range(WRITERS)]
    saves = await asyncio.gather(*map(maths.save, wanted))
    (mark,) = (await maths.marks()).marks
    changes = [each.change for each in (await maths.history(limit=WRITERS + 1)).changes]

    assert maths.named(mark) in wanted
    assert sorted(saved.version for saved in saves) == list(range(1, WRITERS + 1))
    assert len(changes) == WRITERS
    state: tuple[int | None, str] = (None, "")
    for change in changes:
        assert (change.old_status, change.old_comment) == state
        state = (change.new_status, change.new_comment)
    assert state == (mark.status, mark.comment)


async def test_of_many_who_read_the_same_version_one_writes(maths: Classroom) -> None:
    """
    Of writers who all name the version that they read, the first is let through.
    """
    attempts = [maths.save(("anna", MONDAY, LATE, f"w{n}"), if_version=(0,)) for n in range(20)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)

    assert sum(isinstance(outcome, Saved) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, ChangedMeanwhile) for outcome in outcomes) == 19
    assert await maths.version() == 1


@pytest.mark.parametrize("readers", [20])
async def test_readers_see_whole_saves(maths: Classroom, readers: int) -> None:
    """
    Whoever reads while others write sees all of a save or nothing of it.
    """
    names = ("anna", "ben", "cleo")

    async def write(number: int) -> None:
        await maths.save(*((who, MONDAY, ABSENT, f"save {number}") for who in names))

    async def read() -> set[str]:
        marks = (await maths.marks()).marks
        assert len(marks) in {0, len(names)}
        return {mark.comment for mark in marks}

    tasks = [read() if number % 2 else write(number) for number in range(2 * readers)]
    seen = await asyncio.gather(*tasks)

    assert all(len(comments) == 1 for comments in seen[1::2] if comments)


async def test_writers_of_two_sections_keep_two_records(
    maths: Classroom, music: Classroom
) -> None:
    """
    Saves of different sections, made at once, are numbered in each section by itself.
    """
    saves = [maths.save(("ben", NEXT_MONDAY, LATE, str(n))) for n in range(10)]
    saves += [music.save(("anna in music", NEXT_MONDAY, LATE, str(n))) for n in range(10)]
    await asyncio.gather(*saves)

    assert (await maths.version(), await music.version()) == (10, 10)
    for section in (maths, music):
        numbers = [each.number for each in (await section.history()).changes]
        assert numbers == list(range(1, 11))
