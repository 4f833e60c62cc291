"""What the store promises of the rolls that were taken: `Store.rolls`."""

from typing import Any

import pytest

from cast import FRIDAY_BEFORE, MONDAY, NEXT_MONDAY, TUESDAY, WEDNESDAY, Cast
from conftest import Clock
from contract.classroom import ABSENT, EXCUSED, LATE, Classroom
from rollbook.domain.attendance import Tally
from rollbook.domain.errors import NoSuchThing
from rollbook.domain.store import Listed, RollQuery, Store


async def test_the_first_who_took_a_roll_stays_and_the_last_changes(
    maths: Classroom, clock: Clock
) -> None:
    """
    A roll says who took it first and last, and when; another day's save touches neither.
    """
    await maths.take_roll(MONDAY, by="bob")
    clock.advance(hours=1)
    await maths.save(("anna", MONDAY, ABSENT), by="alice")
    clock.advance(hours=1)
    await maths.save(("anna", TUESDAY, ABSENT), by="bob")
    taken = (await maths.roll(MONDAY)).taken

    assert (taken.first_taken_at, taken.first_taken_by) == (
        "2026-11-23T08:00:00.000Z",
        maths.cast.users["bob"],
    )
    assert (taken.last_taken_at, taken.last_taken_by) == (
        "2026-11-23T09:00:00.000Z",
        maths.cast.users["alice"],
    )


async def test_a_save_takes_again_only_the_rolls_that_it_changes(
    maths: Classroom, clock: Clock
) -> None:
    """
    Of the days in a save, those on which nothing changes stay as they were taken.
    """
    await maths.save(("anna", MONDAY, ABSENT), ("anna", TUESDAY, ABSENT))
    clock.advance(hours=1)
    await maths.save(("anna", MONDAY, ABSENT), ("anna", TUESDAY, LATE), by="alice")

    assert (await maths.roll(MONDAY)).taken.last_taken_by == maths.cast.users["bob"]
    assert (await maths.roll(TUESDAY)).taken.last_taken_by == maths.cast.users["alice"]


async def test_a_roll_adds_up(maths: Classroom) -> None:
    """
    A roll says how many are on it, how they were, and how many were not marked.
    """
    await maths.take_roll(FRIDAY_BEFORE, ("anna", FRIDAY_BEFORE, ABSENT))
    await maths.save(("ben", MONDAY, LATE), ("greta", MONDAY, EXCUSED))

    assert (await maths.roll(FRIDAY_BEFORE)).tally == Tally(on_roll=4, present=3, absent=1)
    assert (await maths.roll(MONDAY)).tally == Tally(on_roll=3, late=1, excused=1, not_marked=2)


@pytest.mark.parametrize(
    ("query", "days", "total"),
    [
        ({}, [MONDAY, TUESDAY, WEDNESDAY], 3),
        ({"start": TUESDAY}, [TUESDAY, WEDNESDAY], 2),
        ({"end": TUESDAY}, [MONDAY, TUESDAY], 2),
        ({"start": TUESDAY, "end": TUESDAY}, [TUESDAY], 1),
        ({"limit": 2}, [MONDAY, TUESDAY], 3),
        ({"start": TUESDAY, "limit": 1}, [TUESDAY], 2),
        ({"start": NEXT_MONDAY}, [], 0),
    ],
)
async def test_rolls_go_by_day(
    maths: Classroom, query: dict[str, Any], days: list[str], total: int
) -> None:
    """
    Rolls are listed by day, between two days, as many as asked for, with the number of all.
    """
    for day in (WEDNESDAY, MONDAY, TUESDAY):
        await maths.take_roll(day)
    found = await maths.rolls(**query)

    assert [roll.taken.date for roll in found.items] == days
    assert found.total == total
    assert all(roll.tally == Tally(on_roll=3, present=3) for roll in found.items)


async def test_no_roll_was_taken_yet(music: Classroom) -> None:
    """
    A section whose attendance was never taken has no rolls.
    """
    assert await music.rolls() == Listed([], 0)


async def test_an_unknown_section_has_no_rolls(store: Store, cast: Cast) -> None:
    """
    Of a section that does not exist no rolls are listed.
    """
    with pytest.raises(NoSuchThing, match="section 7 "):
        await store.rolls(cast.district.id, 7, RollQuery())
