"""What the store promises of a day of the school, and of one student's days."""

from typing import Any

import pytest
from msgspec.structs import replace as change

from cast import FRIDAY_BEFORE, MONDAY, NEXT_MONDAY, TODAY, TUESDAY, WEDNESDAY, Cast
from contract.classroom import ABSENT, EXCUSED, LATE, PRESENT, Classroom
from rollbook.domain.errors import NoSuchThing
from rollbook.domain.roster_files import (
    RosterCourse,
    RosterEnrollment,
    RosterLimits,
    RosterPart,
    RosterSchool,
    RosterSection,
)
from rollbook.domain.school_days import DayQuery, SectionDay
from rollbook.domain.store import Page, Store

PARTS: dict[Any, list[Any]] = {
    RosterSchool: [RosterSchool("other school", "Otherwhere")],
    RosterCourse: [RosterCourse("art", "Art", "ART 1", "Arts", "other school")],
    RosterSection: [RosterSection("art", "art", "other school", "Art 1", "1", ())],
    RosterEnrollment: [
        RosterEnrollment("bob in art", "art", "bob", admin=True),
        RosterEnrollment("anna in art", "art", "anna", admin=False),
    ],
}


@pytest.fixture
async def school_id(store: Store, cast: Cast) -> int:
    """Lindenhof School; beside it there is another one now, where Bob teaches Art."""
    limits = RosterLimits(today=TODAY)
    parts = [
        RosterPart(noun=noun, rows=rows, ended=(), complete=False)
        for noun, rows in PARTS.items()
    ]
    await store.import_roster(cast.district.id, parts, limits, lambda *_: None)
    schools = (await store.schools(cast.district.id, Page())).items
    return next(school.id for school in schools if school.sourced_id == "school")


async def day(store: Store, cast: Cast, date: str, **query: Any) -> dict[str, SectionDay]:
    """Return the sections of a day by their names in the cast."""
    found = await store.day(cast.district.id, DayQuery(date=date, **query))
    ids = [each.section.id for each in found]
    assert ids == sorted(ids)
    return {each.section.school_code: each for each in found}


# ---------------------------------------------------------------- a day


@pytest.mark.parametrize("date", [FRIDAY_BEFORE, MONDAY, NEXT_MONDAY])
async def test_a_day_adds_up_to_what_the_rolls_do(
    maths: Classroom, music: Classroom, date: str
) -> None:
    """
    Each section's tally, and that its roll was taken, is what its list of rolls tells.
    """
    await maths.take_roll(date, ("anna", date, ABSENT), ("ben", date, LATE, "the bus"))
    await maths.save(("finn", date, EXCUSED), ("greta", date, PRESENT), by="alice")
    await music.save(("anna in music", date, PRESENT))
    found = await day(maths.store, maths.cast, date)

    for name, room in (("maths", maths), ("music", music)):
        roll = await room.roll(date)
        assert (found[name].taken, found[name].tally) == (roll.taken, roll.tally)
        assert found[name].section == await room.store.section(*room.key)


async def test_a_roll_that_nobody_took_is_not_taken(maths: Classroom) -> None:
    """
    Before its roll is taken a section shows who is on it, and nobody as present.
    """
    for other in (MONDAY, WEDNESDAY):
        await maths.take_roll(other)
    found = (await day(maths.store, maths.cast, TUESDAY))["maths"]

    assert found.taken is None
    assert (found.tally.on_roll, found.tally.not_marked, found.tally.present) == (3, 3, 0)
    assert found.marks == []


async def test_a_day_shows_who_was_not_there(maths: Classroom, music: Classroom) -> None:
    """
    Each mark that is not PRESENT comes with its comment and its student; those of other days
    and of the other section do not.
    """
    await maths.take_roll(MONDAY, ("cleo", MONDAY, LATE, "“ü”"), ("anna", MONDAY, ABSENT))
    await maths.take_roll(TUESDAY, ("ben", TUESDAY, ABSENT))
    await music.save(("anna in music", MONDAY, EXCUSED))
    found = await day(maths.store, maths.cast, MONDAY)
    shown = [
        (maths.name(mark.enrollment_id), mark.status, mark.comment, mark.user.username)
        for mark in found["maths"].marks
    ]

    assert shown == [("anna", ABSENT, "", "anna"), ("cleo", LATE, "“ü”", "cleo")]
    for mark in found["maths"].marks:
        assert mark.user == await maths.store.user(maths.key[0], mark.user.id)
    assert [mark.status for mark in found["music"].marks] == [EXCUSED]


async def test_a_day_is_a_schools_or_a_teachers(
    store: Store, cast: Cast, school_id: int
) -> None:
    """
    The sections of a school, those that somebody teaches, those that are both, or all.
    """
    bob, anna = cast.users["bob"], cast.users["anna"]

    assert set(await day(store, cast, MONDAY)) == {"maths", "music", "art"}
    assert set(await day(store, cast, MONDAY, school_id=school_id)) == {"maths", "music"}
    assert set(await day(store, cast, MONDAY, teacher_id=bob)) == {"maths", "art"}
    both = await day(store, cast, MONDAY, school_id=school_id, teacher_id=bob)
    assert set(both) == {"maths"}
    assert await day(store, cast, MONDAY, teacher_id=anna) == {}
    assert await day(store, cast, MONDAY, school_id=7) == {}


async def test_filters_leave_what_a_section_shows(maths: Classroom, school_id: int) -> None:
    """
    A section shows the same in its school's day, in its teacher's and in the district's.
    """
    await maths.take_roll(MONDAY, ("anna", MONDAY, ABSENT))
    store, cast = maths.store, maths.cast
    whole = (await day(store, cast, MONDAY))["maths"]

    assert whole.marks
    for query in ({"school_id": school_id}, {"teacher_id": cast.users["bob"]}):
        assert (await day(store, cast, MONDAY, **query))["maths"] == whole


async def test_a_section_that_has_ended_has_no_day(
    maths: Classroom, empty_room: Classroom
) -> None:
    """
    A section without students is shown with nobody on its roll; one that was ended is not.
    """
    store, cast = maths.store, maths.cast
    await maths.save(("anna", MONDAY, ABSENT))
    assert (await day(store, cast, MONDAY))["empty"].tally.on_roll == 0

    part = RosterPart(noun=RosterSection, rows=[], ended=["maths"], complete=False)
    limits = RosterLimits(today=TODAY, end_share=1.0)
    await store.import_roster(cast.district.id, [part], limits, lambda *_: None)
    assert set(await day(store, cast, MONDAY)) == {"music", "empty"}
    assert await store.teaching(cast.district.id, cast.users["bob"]) == []


# ---------------------------------------------------------------- a teacher


async def test_a_teacher_teaches_their_sections(
    store: Store, cast: Cast, school_id: int
) -> None:
    """
    Who teaches is told the sections by id; who only sits in them, or is nobody, none.
    """
    taught = await store.teaching(cast.district.id, cast.users["bob"])

    assert [section.school_code for section in taught] == ["maths", "art"]
    assert taught[0] == await store.section(cast.district.id, cast.sections["maths"])
    for user_id in (cast.users["anna"], cast.users["ida"], 7):
        assert await store.teaching(cast.district.id, user_id) == []


async def test_who_no_longer_teaches_a_section_is_not_shown_it(
    store: Store, cast: Cast, school_id: int
) -> None:
    """
    An enrollment as a teacher counts while it is active.
    """
    part = RosterPart(noun=RosterEnrollment, rows=[], ended=["bob in maths"], complete=False)
    limits = RosterLimits(today=TODAY, end_share=1.0)
    await store.import_roster(cast.district.id, [part], limits, lambda *_: None)
    bob = cast.users["bob"]

    taught = await store.teaching(cast.district.id, bob)
    assert [section.school_code for section in taught] == ["art"]
    assert set(await day(store, cast, MONDAY, teacher_id=bob)) == {"art"}


# ---------------------------------------------------------------- a student


async def test_a_student_has_days_in_every_section(maths: Classroom, music: Classroom) -> None:
    """
    All marks of the student in the range, PRESENT too, by day; nobody else's.
    """
    await maths.take_roll(FRIDAY_BEFORE, ("anna", FRIDAY_BEFORE, LATE, "before"))
    await maths.take_roll(TUESDAY, ("anna", TUESDAY, ABSENT, "“ü”"))
    await maths.take_roll(MONDAY, ("ben", MONDAY, ABSENT))
    await maths.take_roll(NEXT_MONDAY, ("anna", NEXT_MONDAY, LATE, "after"))
    await music.save(("anna in music", TUESDAY, EXCUSED))
    anna = maths.cast.users["anna"]
    found = await maths.store.student(maths.key[0], anna, MONDAY, TUESDAY)

    assert found.user == await maths.store.user(maths.key[0], anna)
    assert [[maths.named(mark) for mark in place.marks] for place in found.places] == [
        [("anna", MONDAY, PRESENT, ""), ("anna", TUESDAY, ABSENT, "“ü”")],
        [("anna in music", TUESDAY, EXCUSED, "")],
    ]
    for place, room, name in zip(
        found.places, (maths, music), ("anna", "anna in music"), strict=True
    ):
        person = await room.store.enrollment(*room.key, room.place(name))
        assert place.enrollment == person.enrollment
        assert place.section == await room.store.section(*room.key)


async def test_places_in_which_nobody_can_be_marked_are_not_shown(
    store: Store, cast: Cast
) -> None:
    """
    A place that is pending is none, nor is a teacher's; one that has ended is.
    """
    places = {
        name: (await store.student(cast.district.id, cast.users[name], MONDAY, MONDAY)).places
        for name in ("hugo", "bob", "ida", "finn")
    }

    assert {name: len(found) for name, found in places.items()} == {
        "hugo": 0,
        "bob": 0,
        "ida": 0,
        "finn": 1,
    }
    assert places["finn"][0].enrollment.last_day == FRIDAY_BEFORE


async def test_days_are_of_one_district(
    maths: Classroom, their_maths: Classroom, strangers: Cast
) -> None:
    """
    A day and a student show nothing of a district with the same names.
    """
    await their_maths.take_roll(MONDAY, ("anna", MONDAY, ABSENT, "theirs"))
    store, here = maths.store, maths.key[0]
    found = await day(store, maths.cast, MONDAY)
    (school,) = (await store.schools(strangers.district.id, Page())).items

    assert {each.section.id for each in found.values()} == set(maths.cast.sections.values())
    assert [each.marks for each in found.values()] == [[], []]
    assert await day(store, maths.cast, MONDAY, school_id=school.id) == {}
    assert await day(store, maths.cast, MONDAY, teacher_id=strangers.users["bob"]) == {}
    assert await store.teaching(here, strangers.users["bob"]) == []
    with pytest.raises(NoSuchThing):
        await store.student(here, strangers.users["anna"], MONDAY, MONDAY)


async def test_a_day_is_from_one_moment(maths: Classroom) -> None:
    """
    What was changed is in the next reading, whole.
    """
    await maths.take_roll(MONDAY, ("anna", MONDAY, ABSENT))
    before = (await day(maths.store, maths.cast, MONDAY))["maths"]
    await maths.save(("anna", MONDAY, PRESENT), by="alice")
    after = (await day(maths.store, maths.cast, MONDAY))["maths"]

    assert after.marks == []
    assert after.tally == change(before.tally, present=3, absent=0)
    assert after.taken is not None
    assert after.taken.last_taken_by == maths.cast.users["alice"]
