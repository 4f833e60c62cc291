"""What the store promises of a whole roll: `Store.take_roll`."""

import pytest

from cast import FRIDAY_BEFORE, MONDAY, NEXT_MONDAY, Cast
from conftest import Clock
from contract.classroom import ABSENT, EXCUSED, LATE, PRESENT, Classroom
from rollbook.domain.attendance import Tally, Unreadable
from rollbook.domain.errors import ChangedMeanwhile, NoSuchThing, RollRefused
from rollbook.domain.store import Store, TakeRoll


async def statuses(classroom: Classroom, day: str) -> dict[str, int]:
    """Return who was given which status that day, from the record."""
    history = await classroom.history(start=day, end=day, limit=1000)
    return {
        classroom.name(recorded.change.enrollment_id): recorded.change.new_status
        for recorded in history.changes
    }


async def test_everybody_else_is_present(maths: Classroom) -> None:
    """
    A roll marks the exceptions as they are given, and whoever is not named as present.
    """
    saved = await maths.take_roll(
        MONDAY, ("anna", MONDAY, ABSENT, "ill"), ("ben", MONDAY, LATE)
    )

    assert await statuses(maths, MONDAY) == {"anna": ABSENT, "ben": LATE, "cleo": PRESENT}
    assert await maths.listed() == [("anna", MONDAY, ABSENT, "ill"), ("ben", MONDAY, LATE, "")]
    assert [answer.response_code for answer in saved.answers] == [200, 200, 200]


async def test_a_roll_goes_by_enrollment(maths: Classroom) -> None:
    """
    So do its changes in the record, also after a roster has changed.
    """
    district_id, _ = maths.key
    bob = await maths.store.user(district_id, maths.cast.users["bob"])
    for day in (MONDAY, NEXT_MONDAY):
        await maths.take_roll(day)
        recorded = (await maths.history(start=day, end=day)).changes
        changed = [each.change.enrollment_id for each in recorded]

        assert changed == sorted(changed)
        assert len(changed) > 2
        await maths.store.change_user(district_id, bob)


@pytest.mark.parametrize(
    ("day", "names"),
    [
        (FRIDAY_BEFORE, {"anna", "ben", "cleo", "finn"}),
        (MONDAY, {"anna", "ben", "cleo"}),
        (NEXT_MONDAY, {"anna", "ben", "cleo", "greta"}),
    ],
)
async def test_a_roll_is_of_those_who_belong_to_the_class_that_day(
    maths: Classroom, day: str, names: set[str]
) -> None:
    """
    Who has left or joins later is not on the roll, nor a teacher, nor a pending student.
    """
    await maths.take_roll(day)

    assert set(await statuses(maths, day)) == names
    assert (await maths.roll(day)).tally == Tally(on_roll=len(names), present=len(names))


async def test_an_excuse_stays(maths: Classroom) -> None:
    """
    Whoever is excused already keeps that and its comment when the roll does not name them.
    """
    await maths.save(("anna", MONDAY, EXCUSED, "dentist"), by="alice")
    await maths.take_roll(MONDAY)

    assert await maths.listed() == [("anna", MONDAY, EXCUSED, "dentist")]


async def test_an_excuse_is_replaced_when_told(maths: Classroom) -> None:
    """
    Told to replace excuses, the roll marks as present whoever it does not name.
    """
    await maths.save(("anna", MONDAY, EXCUSED, "dentist"), by="alice")
    await maths.take_roll(MONDAY, replace_excused=True)

    assert await maths.listed() == []
    assert (await maths.roll(MONDAY)).tally.present == 3


async def test_an_exception_counts_more_than_an_excuse(maths: Classroom) -> None:
    """
    Somebody who is excused and named is what the roll says.
    """
    await maths.save(("anna", MONDAY, EXCUSED, "dentist"), by="alice")
    await maths.take_roll(MONDAY, ("anna", MONDAY, LATE))

    assert await maths.listed() == [("anna", MONDAY, LATE, "dentist")]


@pytest.mark.parametrize("status", [ABSENT, LATE])
async def test_another_mark_gives_way_to_the_roll(maths: Classroom, status: int) -> None:
    """
    An absence that a later roll does not name is corrected to present.
    """
    await maths.save(("anna", MONDAY, ABSENT))
    await maths.take_roll(MONDAY)

    assert await maths.listed() == []
    assert await statuses(maths, MONDAY) == {"anna": PRESENT, "ben": PRESENT, "cleo": PRESENT}


@pytest.mark.parametrize("who", ["finn", "greta"])
async def test_an_exception_may_name_who_is_not_on_the_roll_that_day(
    maths: Classroom, who: str
) -> None:
    """
    An exception is taken for any student whom marks can be kept for.
    """
    await maths.take_roll(MONDAY, (who, MONDAY, EXCUSED))

    assert await maths.listed() == [(who, MONDAY, EXCUSED, "")]


@pytest.mark.parametrize(
    "bad", [("hugo", MONDAY, ABSENT), Unreadable("status must be 1 to 4", None, MONDAY)]
)
async def test_a_roll_is_taken_whole_or_not_at_all(
    maths: Classroom, bad: tuple[str, str, int] | Unreadable
) -> None:
    """
    One exception that is refused refuses the roll: nobody is marked, and it was not taken.
    """
    before = await maths.everything()
    with pytest.raises(RollRefused) as refusal:
        await maths.take_roll(MONDAY, ("anna", MONDAY, ABSENT), bad)  # type: ignore[arg-type]

    assert refusal.value.facts[:2] == (1, 4)
    assert [answer.id is None for answer in refusal.value.answers] == [
        False,
        True,
        False,
        False,
    ]
    assert await maths.everything() == before


async def test_a_roll_of_nobody_was_taken(empty_room: Classroom) -> None:
    """
    On a day on which nobody is on the roll, that it was taken is still a fact.
    """
    saved = await empty_room.take_roll(MONDAY)
    page = await empty_room.marks()

    assert (saved.version, saved.changed, saved.answers) == (1, 0, [])
    assert (page.dates, page.marks) == ([MONDAY], [])
    assert (await empty_room.roll(MONDAY)).tally == Tally(on_roll=0)


async def test_the_same_roll_again_changes_nothing(maths: Classroom, clock: Clock) -> None:
    """
    A roll that is taken a second time just as it was writes nothing.
    """
    first = await maths.take_roll(MONDAY, ("anna", MONDAY, ABSENT))
    before = await maths.everything()
    clock.advance(minutes=1)
    second = await maths.take_roll(MONDAY, ("anna", MONDAY, ABSENT), by="alice")

    assert second.answers == first.answers
    assert (second.version, second.changed) == (1, 0)
    assert await maths.everything() == before


async def test_a_roll_of_nobody_again_changes_nothing(empty_room: Classroom) -> None:
    """
    An empty roll that is taken a second time writes nothing either.
    """
    await empty_room.take_roll(MONDAY)
    before = await empty_room.everything()
    await empty_room.take_roll(MONDAY)

    assert await empty_room.everything() == before


async def test_a_roll_on_a_stale_version_is_refused(maths: Classroom) -> None:
    """
    When somebody else wrote in between, the roll is not taken.
    """
    await maths.save(("anna", MONDAY, ABSENT))
    before = await maths.everything()
    with pytest.raises(ChangedMeanwhile):
        await maths.take_roll(MONDAY, if_version=(0,))

    assert await maths.everything() == before
    assert (await maths.take_roll(MONDAY, if_version=(1,))).version == 2


async def test_an_unknown_section_has_no_roll(
    store: Store, cast: Cast, maths: Classroom
) -> None:
    """
    The roll of a section that does not exist cannot be taken.
    """
    command = TakeRoll(
        district_id=cast.district.id,
        section_id=7,
        date=MONDAY,
        exceptions=[],
        author=maths.author("bob"),
    )
    with pytest.raises(NoSuchThing, match="section 7 "):
        await store.take_roll(command)
