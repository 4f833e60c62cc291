"""
What the store promises two districts: neither sees nor touches anything of the other.

Lindenhof and Nordhafen have the same ids of their own for everything. Each method of `Store`
stands in one of the tables here; one that stands in none fails the last test.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from cast import MONDAY, TODAY, Cast, roster
from contract.classroom import ABSENT, EXCUSED, PRESENT, Classroom
from rollbook.domain.attendance import Entry
from rollbook.domain.errors import NoSuchThing
from rollbook.domain.people import ApiKey, Role, User
from rollbook.domain.record import Author, Channel
from rollbook.domain.roster_files import RosterLimits
from rollbook.domain.store import (
    EnrollmentQuery,
    HistoryQuery,
    MarkQuery,
    Page,
    RollQuery,
    SaveMarks,
    SectionQuery,
    Store,
    TakeRoll,
)

ALL = Page(0, 1000)
BY = Author(user_id=None, channel=Channel.CLI)


class Things(msgspec.Struct, frozen=True):
    """One of each."""

    school: int
    user: int
    course: int
    section: int
    enrollment: int
    key: str


UNKNOWN = Things(7, 7, 7, 7, 7, "7" * 40)

Ask = Callable[[Store, int, Things], Awaitable[Any]]


async def things_of(store: Store, cast: Cast) -> Things:
    """Return one of each thing of a district."""
    (school,) = (await store.schools(cast.district.id, ALL)).items
    course = (await store.courses(cast.district.id, ALL)).items[0]
    return Things(
        school=school.id,
        user=cast.users["anna"],
        course=course.id,
        section=cast.sections["maths"],
        enrollment=cast.enrollments["anna"],
        key=cast.keys["alice"],
    )


def save(district_id: int, section_id: int, enrollment_id: int) -> SaveMarks:
    """Return a command that saves one mark."""
    return SaveMarks(
        district_id=district_id,
        section_id=section_id,
        entries=[Entry(enrollment_id, MONDAY, ABSENT)],
        author=BY,
    )


def take(district_id: int, section_id: int) -> TakeRoll:
    """Return a command that takes a roll without exceptions."""
    return TakeRoll(
        district_id=district_id, section_id=section_id, date=MONDAY, exceptions=[], author=BY
    )


def person(school_id: int) -> User:
    """Return a person of that school."""
    return User(id=0, role=Role.STAFF, name_first="Jo", name_last="Doe", school_id=school_id)


def key(district_id: int, user_id: int, name: str) -> ApiKey:
    """Return a key that is new but for its name."""
    return ApiKey(key=name, district_id=district_id, user_id=user_id, sealed_secret=b"new")


REFUSED: list[tuple[str, Ask]] = [
    ("footing", lambda store, d, its: store.footing(d, its.section, its.user)),
    ("version", lambda store, d, its: store.version(d, its.section)),
    ("marks", lambda store, d, its: store.marks(d, its.section, MarkQuery())),
    (
        "save_marks",
        lambda store, d, its: store.save_marks(save(d, its.section, its.enrollment)),
    ),
    ("take_roll", lambda store, d, its: store.take_roll(take(d, its.section))),
    ("rolls", lambda store, d, its: store.rolls(d, its.section, RollQuery())),
    ("history", lambda store, d, its: store.history(d, its.section, HistoryQuery())),
    ("school", lambda store, d, its: store.school(d, its.school)),
    ("user", lambda store, d, its: store.user(d, its.user)),
    ("course", lambda store, d, its: store.course(d, its.course)),
    ("sections", lambda store, d, its: store.sections(d, SectionQuery(course_id=its.course))),
    ("sections", lambda store, d, its: store.sections(d, SectionQuery(user_id=its.user))),
    ("section", lambda store, d, its: store.section(d, its.section)),
    ("enrollments", lambda store, d, its: store.enrollments(d, its.section, EnrollmentQuery())),
    ("enrollment", lambda store, d, its: store.enrollment(d, its.section, its.enrollment)),
    ("create_user", lambda store, d, its: store.create_user(d, person(its.school))),
    (
        "change_user",
        lambda store, d, its: store.change_user(
            d, User(id=its.user, role=Role.STAFF, name_first="Jo", name_last="Doe")
        ),
    ),
    ("create_key", lambda store, d, its: store.create_key(key(d, its.user, "c" * 40))),
    ("change_key", lambda store, d, its: store.change_key(key(d, its.user, its.key))),
]
LISTED: list[tuple[str, Callable[[Store, int], Awaitable[Any]]]] = [
    ("schools", lambda store, d: store.schools(d, ALL)),
    ("users", lambda store, d: store.users(d, ALL)),
    ("courses", lambda store, d: store.courses(d, ALL)),
    ("sections", lambda store, d: store.sections(d, SectionQuery(page=ALL))),
    ("keys", lambda store, d: store.keys(d)),
]
OF_NO_DISTRICT = {
    "close",
    "ping",
    "try_writing",
    "people_version",
    "key_holder",
    "districts",
    "create_district",
}
# Below, each in a test of its own.
ELSEWHERE = {"import_roster", "change_district", "note_use_of_key"}


def sourced_id(row: msgspec.Struct) -> str:
    """Return the district's own id of a row of a roster."""
    return str(msgspec.structs.asdict(row)["sourced_id"])


def ids(table: list[tuple[str, Any]]) -> list[str]:
    """Return the names of a table's rows."""
    return [name for name, _ in table]


async def everything(store: Store, cast: Cast) -> list[Any]:
    """Return all that the store tells of a district."""
    found: list[Any] = [await ask(store, cast.district.id) for _, ask in LISTED]
    for name, section_id in cast.sections.items():
        found += [
            await Classroom(store, cast, name).everything(),
            await store.enrollments(cast.district.id, section_id, EnrollmentQuery(page=ALL)),
        ]
    return found


@pytest.fixture
async def theirs(store: Store, strangers: Cast, their_maths: Classroom) -> Things:
    """Things of Nordhafen, where the same marks were saved as may be saved in Lindenhof."""
    await their_maths.save(("anna", MONDAY, EXCUSED, "theirs"), ("ben", MONDAY, PRESENT))
    return await things_of(store, strangers)


@pytest.mark.parametrize(("method", "ask"), REFUSED, ids=ids(REFUSED))
async def test_what_is_another_district_s_is_not_there(
    store: Store, cast: Cast, strangers: Cast, theirs: Things, method: str, ask: Ask
) -> None:
    """
    A thing of another district is answered, word for word, as one that does not exist.
    """
    before = await everything(store, strangers)
    refusals = []
    for its in (theirs, UNKNOWN):
        with pytest.raises(NoSuchThing) as refusal:
            await ask(store, cast.district.id, its)
        noun, identifier = refusal.value.facts
        refusals.append((noun, str(refusal.value).replace(str(identifier), "…")))

    assert refusals[0] == refusals[1]
    assert await everything(store, strangers) == before


@pytest.mark.parametrize(("method", "ask"), LISTED, ids=ids(LISTED))
async def test_a_list_is_of_one_district(
    store: Store,
    cast: Cast,
    strangers: Cast,
    method: str,
    ask: Callable[[Store, int], Awaitable[Any]],
) -> None:
    """
    Lists of two districts have as many items and share none of them.
    """
    own, foreign = await ask(store, cast.district.id), await ask(store, strangers.district.id)
    own, foreign = getattr(own, "items", own), getattr(foreign, "items", foreign)
    names = [
        {getattr(item, "id", None) or item.key for item in items} for items in (own, foreign)
    ]

    assert len(own) == len(foreign) > 0
    assert not names[0] & names[1]


async def test_filters_find_nothing_of_another_district(
    maths: Classroom, strangers: Cast, theirs: Things
) -> None:
    """
    A filter that names people or codes of another district selects nothing of it.
    """
    store, district_id = maths.store, maths.key[0]
    coded = await store.sections(district_id, SectionQuery(school_codes=("maths", "music")))
    by_id = EnrollmentQuery(ids=(theirs.enrollment,))
    by_user = EnrollmentQuery(user_ids=(theirs.user,))

    assert {section.id for section in coded.items} == set(maths.cast.sections.values())
    assert (await store.enrollments(*maths.key, by_id)).items == []
    assert (await store.enrollments(*maths.key, by_user)).items == []
    footing = await store.footing(*maths.key, theirs.user)
    assert (footing.teaches, footing.enrollment_ids) == (False, ())


async def test_an_enrollment_of_another_district_is_not_of_our_section(
    maths: Classroom, theirs: Things
) -> None:
    """
    Named in a filter, another district's enrollment is as unknown as one that is nowhere.
    """
    message = f"There is no enrollment {theirs.enrollment} here."
    with pytest.raises(NoSuchThing, match=message):
        await maths.store.enrollment(*maths.key, theirs.enrollment)
    with pytest.raises(NoSuchThing, match=message):
        await maths.marks(enrollment_ids=(theirs.enrollment,))
    with pytest.raises(NoSuchThing, match=message):
        await maths.history(enrollment_ids=(theirs.enrollment,))


async def test_a_mark_for_another_district_s_student_is_not_saved(
    maths: Classroom, strangers: Cast, theirs: Things
) -> None:
    """
    An entry that names another district's enrollment is answered as one that names nobody's.
    """
    before = await everything(maths.store, strangers)
    answers = []
    for number in (theirs.enrollment, UNKNOWN.enrollment):
        saved = await maths.store.save_marks(save(*maths.key, number))
        (answer,) = saved.answers
        answers.append((answer.response_code, str(answer.message).replace(str(number), "…")))

    assert answers[0] == answers[1]
    assert answers[0][0] == 404
    assert await maths.version() == 0
    assert await everything(maths.store, strangers) == before


async def test_a_save_here_is_none_there(
    store: Store, maths: Classroom, strangers: Cast, theirs: Things
) -> None:
    """
    What is written in one district leaves the other one's lists, rolls and record as they were.
    """
    before = await everything(store, strangers)
    await maths.save(("anna", MONDAY, ABSENT, "ours"))
    await maths.take_roll(MONDAY, ("ben", MONDAY, ABSENT))
    await store.create_user(
        maths.key[0], User(id=0, role=Role.STAFF, name_first="Jo", name_last="Doe")
    )

    assert await everything(store, strangers) == before


async def test_the_same_ids_can_be_of_two_districts(
    store: Store, cast: Cast, strangers: Cast
) -> None:
    """
    An id of the district's own that another district uses too is free here.
    """
    jo = User(id=0, role=Role.STAFF, name_first="Jo", name_last="Doe", sourced_id="jo")
    here = await store.create_user(cast.district.id, jo)
    there = await store.create_user(strangers.district.id, jo)

    assert here.id != there.id
    assert here.sourced_id == there.sourced_id == "jo"


async def test_a_roster_is_of_one_district(
    store: Store, cast: Cast, strangers: Cast, theirs: Things
) -> None:
    """
    A roster that comes into one district, and ends all there, leaves the other one alone.
    """
    before = await everything(store, strangers)
    limits = RosterLimits(today=TODAY, end_share=1.0)
    emptied = [
        msgspec.structs.replace(part, rows=[], ended=[sourced_id(row) for row in part.rows])
        for part in roster()
    ]
    await store.import_roster(cast.district.id, emptied, limits, lambda *_: None)
    ended = await store.enrollments(
        cast.district.id, cast.sections["maths"], EnrollmentQuery(page=ALL)
    )

    assert 1 not in {each.enrollment.status for each in ended.items}
    assert await everything(store, strangers) == before


async def test_a_switch_is_of_one_district(store: Store, cast: Cast, strangers: Cast) -> None:
    """
    A district that is renamed or switched changes no other one.
    """
    await store.change_district(
        msgspec.structs.replace(cast.district, name="Lindenau", powerschool=True)
    )
    holder = await store.key_holder(strangers.keys["alice"])

    assert strangers.district in await store.districts()
    assert holder is not None
    assert holder.district == strangers.district


async def test_the_use_of_a_key_is_noted_in_its_own_district(
    store: Store, cast: Cast, strangers: Cast
) -> None:
    """
    A key of another district is none that can have been used here.
    """
    before = await store.keys(strangers.district.id)
    await store.note_use_of_key(cast.district.id, strangers.keys["bob"], MONDAY)

    assert await store.keys(strangers.district.id) == before


def test_no_method_of_the_store_is_left_out() -> None:
    """
    Whoever adds a method to the store says here how it keeps two districts apart.
    """
    methods = {name for name in vars(Store) if not name.startswith("_")}

    assert methods == {*ids(REFUSED), *ids(LISTED), *OF_NO_DISTRICT, *ELSEWHERE}
