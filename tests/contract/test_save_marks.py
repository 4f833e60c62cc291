"""What the store promises of marks that are saved: `Store.save_marks`, `Store.version`."""

import datetime as dt

import pytest

from cast import FRIDAY_BEFORE, MONDAY, NEXT_MONDAY, TUESDAY, Cast
from conftest import Clock
from contract.classroom import ABSENT, EXCUSED, LATE, PRESENT, Classroom
from rollbook.domain.attendance import Entry, Unreadable, mark_id
from rollbook.domain.errors import ChangedMeanwhile, NoSuchThing, RollRefused
from rollbook.domain.store import SaveMarks, Store

UNREADABLE = Unreadable("status must be 1 to 4", 7, MONDAY)


async def test_a_saved_mark_is_listed(maths: Classroom) -> None:
    """
    A mark is there as it was saved, under the id that the answer gave.
    """
    saved = await maths.save(("anna", MONDAY, ABSENT, "ill"))

    assert await maths.listed() == [("anna", MONDAY, ABSENT, "ill")]
    assert saved.answers[0].id == str(mark_id(maths.place("anna"), MONDAY))
    assert (saved.version, saved.changed) == (1, 1)


async def test_a_second_save_replaces_the_first(maths: Classroom) -> None:
    """
    A day saved twice holds one mark a student, the later one, under the same id.
    """
    first = await maths.save(("anna", MONDAY, ABSENT))
    second = await maths.save(("anna", MONDAY, LATE))

    assert await maths.listed() == [("anna", MONDAY, LATE, "")]
    assert first.answers == second.answers


async def test_a_comment_left_out_stays(maths: Classroom) -> None:
    """
    Without a comment a save keeps the one that is there; an empty one clears it.
    """
    await maths.save(("anna", MONDAY, ABSENT, "ill"))
    await maths.save(("anna", MONDAY, EXCUSED))
    kept = await maths.listed()
    await maths.save(("anna", MONDAY, EXCUSED, ""))

    assert kept == [("anna", MONDAY, EXCUSED, "ill")]
    assert await maths.listed() == [("anna", MONDAY, EXCUSED, "")]


@pytest.mark.parametrize(
    "comment",
    [
        "Bus №7: „verspätet“ 😀",
        "'); DROP TABLE marks; --",
        ":district_id ? $1 %s {0}",
        "line\r\nline\ttab",
        " \u2028 \x85 ",
        "e\u0301 is not \u00e9",
        "<comment>&amp;</comment>",
        "x" * 2000,
    ],
)
async def test_a_comment_is_kept_to_the_letter(maths: Classroom, comment: str) -> None:
    """
    A comment comes back character by character, whatever language it looks like.
    """
    await maths.save(("anna", MONDAY, ABSENT, comment))

    assert await maths.listed() == [("anna", MONDAY, ABSENT, comment)]
    assert (await maths.history()).changes[0].change.new_comment == comment


async def test_present_is_kept_and_not_listed(maths: Classroom) -> None:
    """
    That somebody was seen is a fact: it counts and keeps its comment, but no list shows it.
    """
    await maths.save(("anna", MONDAY, PRESENT, "back again"))
    hidden = await maths.marks()
    present = (await maths.roll(MONDAY)).tally.present
    await maths.save(("anna", MONDAY, LATE))

    assert (hidden.marks, hidden.totals, hidden.dates) == ([], {}, [MONDAY])
    assert present == 1
    assert await maths.listed() == [("anna", MONDAY, LATE, "back again")]


async def test_present_over_absent_leaves_the_list_and_stays_in_the_record(
    maths: Classroom,
) -> None:
    """
    A corrected absence is no longer listed, and the history still says that it was there.
    """
    await maths.save(("anna", MONDAY, ABSENT))
    await maths.save(("anna", MONDAY, PRESENT))
    changes = [recorded.change for recorded in (await maths.history()).changes]

    assert await maths.listed() == []
    assert [(c.old_status, c.new_status) for c in changes] == [
        (None, ABSENT),
        (ABSENT, PRESENT),
    ]


async def test_a_bad_entry_leaves_the_good_ones_alone(maths: Classroom) -> None:
    """
    Each entry is answered in its place, and what is good of a body is saved.
    """
    saved = await maths.save(
        ("anna", MONDAY, ABSENT),
        UNREADABLE,
        ("anna in music", MONDAY, LATE),
        ("ben", MONDAY, LATE),
    )

    assert [answer.response_code for answer in saved.answers] == [200, 400, 404, 200]
    assert saved.answers[1].message == UNREADABLE.message
    assert (saved.answers[1].enrollment_id, saved.answers[1].date) == (7, MONDAY)
    assert await maths.listed() == [("anna", MONDAY, ABSENT, ""), ("ben", MONDAY, LATE, "")]


@pytest.mark.parametrize("who", ["bob in maths", "anna in music", "hugo"])
async def test_who_is_not_a_student_here_is_refused_like_a_stranger(
    store: Store, maths: Classroom, who: str
) -> None:
    """
    A teacher, a pending student and another section's student are answered as an unknown id.
    """
    unknown = SaveMarks(
        district_id=maths.key[0],
        section_id=maths.id,
        entries=[Entry(1, MONDAY, ABSENT)],
        author=maths.author("bob"),
    )
    (stranger,) = (await store.save_marks(unknown)).answers
    (answer,) = (await maths.save((who, MONDAY, ABSENT))).answers

    assert answer.response_code == stranger.response_code == 404
    assert str(answer.message).replace(str(maths.place(who)), "1") == stranger.message
    assert await maths.version() == 0


@pytest.mark.parametrize(("who", "day"), [("finn", NEXT_MONDAY), ("greta", FRIDAY_BEFORE)])
async def test_who_left_or_comes_later_can_be_marked(
    maths: Classroom, who: str, day: str
) -> None:
    """
    The past gets corrected after a student left: days outside the enrollment can be marked.
    """
    await maths.save((who, day, ABSENT))

    assert await maths.listed() == [(who, day, ABSENT, "")]


async def test_nothing_is_saved_when_every_entry_is_refused(maths: Classroom) -> None:
    """
    A body without one good entry takes no roll, and leaves no trace in the record.
    """
    before = await maths.everything()
    saved = await maths.save(UNREADABLE, ("hugo", MONDAY, ABSENT))

    assert (saved.version, saved.changed) == (0, 0)
    assert await maths.everything() == before


# ---------------------------------------------------------------- all or nothing


async def test_atomic_saves_all_or_nothing(maths: Classroom) -> None:
    """
    With `atomic` one bad entry refuses the whole body, and every entry still has its answer.
    """
    before = await maths.everything()
    with pytest.raises(RollRefused) as refusal:
        await maths.save(("anna", MONDAY, ABSENT), ("hugo", MONDAY, LATE), atomic=True)

    assert refusal.value.facts[:2] == (1, 2)
    assert [answer.response_code for answer in refusal.value.answers] == [200, 404]
    assert await maths.everything() == before


async def test_atomic_saves_what_is_good_throughout(maths: Classroom) -> None:
    """
    With `atomic` a body in which all is good is saved as without it.
    """
    saved = await maths.save(("anna", MONDAY, ABSENT), ("ben", MONDAY, LATE), atomic=True)

    assert saved.changed == 2
    assert await maths.listed() == [("anna", MONDAY, ABSENT, ""), ("ben", MONDAY, LATE, "")]


# ---------------------------------------------------------------- versions


async def test_the_version_counts_the_saves(maths: Classroom, music: Classroom) -> None:
    """
    A section's version grows by one with each save that changes something, for itself.
    """
    versions = [await maths.version()]
    for status in (ABSENT, LATE):
        saved = await maths.save(("anna", MONDAY, status), ("ben", MONDAY, status))
        versions += [saved.version, await maths.version()]

    assert versions == [0, 1, 1, 2, 2]
    assert await music.version() == 0


@pytest.mark.parametrize("expected", [(1,), (7, 1), (1, 0)])
async def test_a_save_on_the_version_that_was_read_is_done(
    maths: Classroom, expected: tuple[int, ...]
) -> None:
    """
    A save that names the section's present version, alone or among others, is carried out.
    """
    await maths.save(("anna", MONDAY, ABSENT))
    saved = await maths.save(("anna", MONDAY, LATE), if_version=expected)

    assert saved.version == 2


@pytest.mark.parametrize("expected", [(0,), (2,), (0, 2), ()])
async def test_a_save_on_a_stale_version_is_refused(
    maths: Classroom, expected: tuple[int, ...]
) -> None:
    """
    When somebody else wrote in between, nothing of the save is done.
    """
    await maths.save(("anna", MONDAY, ABSENT))
    before = await maths.everything()
    with pytest.raises(ChangedMeanwhile):
        await maths.save(("anna", MONDAY, LATE), if_version=expected)

    assert await maths.everything() == before


# ---------------------------------------------------------------- twice, and nothing new


async def test_of_the_same_mark_twice_the_last_counts(maths: Classroom) -> None:
    """
    A body that names one mark twice is answered with the same id twice; the last word counts.
    """
    saved = await maths.save(
        ("anna", MONDAY, ABSENT, "ill"), ("anna", MONDAY, LATE), ("anna", TUESDAY, LATE)
    )

    assert saved.answers[0] == saved.answers[1] != saved.answers[2]
    assert await maths.listed() == [
        ("anna", MONDAY, LATE, "ill"),
        ("anna", TUESDAY, LATE, ""),
    ]


@pytest.mark.parametrize(
    "body",
    [
        [("anna", MONDAY, ABSENT)],
        [("anna", MONDAY, ABSENT, "ill"), ("ben", MONDAY, PRESENT)],
        [("anna", MONDAY, ABSENT), ("anna", MONDAY, LATE)],
    ],
)
async def test_the_same_save_again_changes_nothing(
    maths: Classroom, clock: Clock, body: list[tuple[str, str, int, str]]
) -> None:
    """
    A save that is sent a second time has the same answers and writes nothing.
    """
    first = await maths.save(*body)  # type: ignore[arg-type]
    before = await maths.everything()
    clock.advance(minutes=1)
    second = await maths.save(*body)  # type: ignore[arg-type]

    assert second.answers == first.answers
    assert (second.version, second.changed) == (1, 0)
    assert await maths.everything() == before


# ---------------------------------------------------------------- what goes with a save


async def test_a_save_takes_the_rolls_of_its_days(maths: Classroom, clock: Clock) -> None:
    """
    Saving any mark for a day records that its roll was taken, by whom and when.
    """
    await maths.save(("anna", MONDAY, PRESENT), ("ben", TUESDAY, ABSENT))
    rolls = await maths.rolls()
    moment = f"{clock.now:%Y-%m-%dT%H:%M:%S}.000Z"

    assert [roll.taken.date for roll in rolls.items] == [MONDAY, TUESDAY]
    for roll in rolls.items:
        assert roll.taken.first_taken_at == roll.taken.last_taken_at == moment
        assert roll.taken.first_taken_by == roll.taken.last_taken_by == maths.cast.users["bob"]


async def test_a_mark_given_ahead_takes_no_roll(maths: Classroom) -> None:
    """
    A save that says so leaves the roll of its days untaken; its marks and its record are there.
    """
    saved = await maths.save(("anna", MONDAY, EXCUSED, "wedding"), takes_roll=False)
    (recorded,) = (await maths.history()).changes

    assert (saved.version, saved.changed) == (1, 1)
    assert (await maths.rolls()).items == []
    assert (await maths.marks()).dates == []
    assert await maths.listed() == [("anna", MONDAY, EXCUSED, "wedding")]
    assert recorded.change.new_status == EXCUSED
    await maths.take_roll(MONDAY)
    assert await maths.listed() == [("anna", MONDAY, EXCUSED, "wedding")]


async def test_a_mark_given_beside_a_roll_leaves_it_as_it_was_taken(
    maths: Classroom, clock: Clock
) -> None:
    """
    Who took the roll, and when, stays as it is when others correct it without taking it.
    """
    await maths.take_roll(MONDAY)
    before = (await maths.roll(MONDAY)).taken
    clock.advance(hours=1)
    await maths.save(("anna", MONDAY, EXCUSED), by="alice", takes_roll=False)
    after = await maths.roll(MONDAY)

    assert after.taken == before
    assert after.tally.excused == 1


async def test_a_mark_given_ahead_again_changes_nothing(maths: Classroom) -> None:
    """
    The same mark a second time is no save, and atomic still means all or nothing.
    """
    await maths.save(("anna", MONDAY, EXCUSED), takes_roll=False)
    again = await maths.save(("anna", MONDAY, EXCUSED), takes_roll=False)
    with pytest.raises(RollRefused):
        await maths.save(
            ("ben", MONDAY, EXCUSED), ("hugo", MONDAY, EXCUSED), atomic=True, takes_roll=False
        )

    assert (again.version, again.changed) == (1, 0)
    assert await maths.listed() == [("anna", MONDAY, EXCUSED, "")]


async def test_a_refused_entry_takes_no_roll(maths: Classroom) -> None:
    """
    The day of an entry that was refused does not count as taken.
    """
    await maths.save(("anna", MONDAY, ABSENT), ("hugo", TUESDAY, ABSENT))

    assert [roll.taken.date for roll in (await maths.rolls()).items] == [MONDAY]


async def test_a_save_is_recorded_with_its_author(maths: Classroom, clock: Clock) -> None:
    """
    The history says when a mark was changed, by whose key, for whom and in which request.
    """
    await maths.save(("anna", MONDAY, ABSENT), by="alice", on_behalf_of="bob")
    (recorded,) = (await maths.history()).changes

    assert recorded.author == maths.author("alice", "bob")
    assert recorded.at == f"{clock.now:%Y-%m-%dT%H:%M:%S}.000Z"
    assert (await maths.roll(MONDAY)).taken.last_taken_by == maths.cast.users["bob"]


async def test_a_year_can_be_saved_at_once(maths: Classroom) -> None:
    """
    A save of as many entries as one request may carry is kept whole.
    """
    first = dt.date(2026, 1, 1)
    days = [(first + dt.timedelta(days=number)).isoformat() for number in range(1000)]
    saved = await maths.save(
        *(
            (who, day, ABSENT)
            for day in days
            for who in ("anna", "ben", "cleo", "finn", "greta")
        )
    )
    page = await maths.marks()

    assert (saved.version, saved.changed, len(saved.answers)) == (1, 5000, 5000)
    assert (len(page.marks), page.dates, page.totals) == (5000, days, {ABSENT: 5000})


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
async def test_the_ends_of_the_calendar_are_days_like_others(
    maths: Classroom, day: str
) -> None:
    """
    The first and the last day of the calendar can be marked and found.
    """
    await maths.save(("anna", day, ABSENT))

    assert await maths.listed() == await maths.listed(start=day, end=day)
    assert (await maths.marks()).dates == [day]


@pytest.mark.parametrize("number", [0, -1, 1, 1 << 40])
async def test_there_is_nothing_to_save_in_an_unknown_section(
    store: Store, cast: Cast, maths: Classroom, number: int
) -> None:
    """
    A section that does not exist is said not to, by its number.
    """
    command = SaveMarks(
        district_id=cast.district.id,
        section_id=number,
        entries=maths.entries(("anna", MONDAY, ABSENT)),
        author=maths.author("bob"),
    )
    with pytest.raises(NoSuchThing, match=f"section {number} "):
        await store.save_marks(command)
    with pytest.raises(NoSuchThing, match=f"section {number} "):
        await store.version(cast.district.id, number)
