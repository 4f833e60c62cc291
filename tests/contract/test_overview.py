"""What the store promises of what administrators look up."""

from typing import Any

import msgspec
import pytest

from cast import MONDAY, Cast
from conftest import Clock
from contract.classroom import ABSENT, EXCUSED, LATE, Classroom
from rollbook.domain.attendance import Change
from rollbook.domain.overview import FOUND_MOST, RecordQuery
from rollbook.domain.people import Role, User
from rollbook.domain.store import Store

PEOPLE = [
    User(id=0, role=Role.TEACHER, name_first="Émile", name_last="Östberg"),
    User(id=0, role=Role.STAFF, name_first="Jo", name_last="McDonald", username="jo.m"),
    User(
        id=0,
        role=Role.STUDENT,
        name_first="Ann",
        name_last="50%_Zed",
        sourced_id="S-77",
        primary_email="Ann.Zed@school.example",
    ),
]


@pytest.fixture
async def people(store: Store, cast: Cast, strangers: Cast) -> list[User]:
    """Three more people of Lindenhof, and the same three of Nordhafen."""
    made = [await store.create_user(cast.district.id, person) for person in PEOPLE]
    for person in PEOPLE:
        await store.create_user(strangers.district.id, person)
    return made


@pytest.mark.parametrize(
    ("text", "found"),
    [
        *[(text, 0) for text in ("Östberg", "östberg", "Öst", "ÖSTBERG")],
        *[(text, 1) for text in ("mcdonald", "McDonald", "MCD", "mc", "jo.m", "JO.")],
        *[(text, 2) for text in ("S-77", "ann.zed@", "50%_", "ANN.ZED@SCHOOL.EXAMPLE")],
        *[(text, None) for text in ("", "%", "s-77", "S-7", "Émile", "donald", "'", "_0")],
    ],
)
async def test_people_are_found(
    store: Store, cast: Cast, people: list[User], text: str, found: int | None
) -> None:
    """
    By the beginning of last name, user name or e-mail, in either case, or by the whole id of the
    district's own; nothing in a text is a pattern, and nobody of another district is found.
    """
    expected = [] if found is None else [people[found]]

    assert await store.find_people(cast.district.id, text) == expected


async def test_no_more_people_are_found_than_one_can_read(store: Store, cast: Cast) -> None:
    """
    The first of many, by last name, first name and number.
    """
    person = User(id=0, role=Role.STUDENT, name_first="B", name_last="Many")
    for number in range(FOUND_MOST + 5):
        first = "A" if number == FOUND_MOST else "B"
        named = msgspec.structs.replace(person, name_first=first)
        await store.create_user(cast.district.id, named)
    found = await store.find_people(cast.district.id, "many")

    assert len(found) == FOUND_MOST
    assert found[0].name_first == "A"
    assert [one.id for one in found[1:]] == sorted(one.id for one in found[1:])


# ---------------------------------------------------------------- the record

EIGHT, NINE, TEN = (f"2026-11-23T{hour}:00:00.000Z" for hour in ("08", "09", "10"))


@pytest.fixture
async def written(
    maths: Classroom, music: Classroom, their_maths: Classroom, clock: Clock
) -> None:
    """At eight a save in Maths and one in Music, one in Maths at nine and at ten; and theirs."""
    await maths.save(("ben", MONDAY, ABSENT))
    await music.save(("anna in music", MONDAY, ABSENT), by="dora")
    for status in (LATE, EXCUSED):
        clock.advance(hours=1)
        await maths.save(("ben", MONDAY, status), by="ida", on_behalf_of="bob")
        await their_maths.save(("ben", MONDAY, status))


async def places(
    room: Classroom, names: dict[int, str], **query: Any
) -> list[tuple[str, str, int]]:
    """Return when, in which section, and which number there, of what a query finds."""
    found = await room.store.district_record(room.cast.district.id, RecordQuery(**query))
    return [(entry.at, names[entry.section_id], entry.number) for entry in found]


async def test_the_record_goes_by_time(
    maths: Classroom, music: Classroom, written: None
) -> None:
    """
    The newest first, of one moment by section; in parts that neither skip nor repeat one.
    """
    names = {maths.id: "maths", music.id: "music"}
    at_eight = sorted([(maths.id, "maths"), (music.id, "music")], reverse=True)
    expected = [
        (TEN, "maths", 3),
        (NINE, "maths", 2),
        *((EIGHT, name, 1) for _, name in at_eight),
    ]

    ids = {name: number for number, name in names.items()}
    for sections in (None, (maths.id, music.id)):
        assert await places(maths, names, section_ids=sections) == expected
        parts: list[Any] = []
        before = ("9999", 0, 0)
        for _ in range(5):
            query = {"section_ids": sections, "before": before, "limit": 1}
            part = await places(maths, names, **query)
            parts += part
            if part:
                before = (part[0][0], ids[part[0][1]], part[0][2])
        assert parts == expected


async def test_a_page_ends_anywhere_in_one_moment(maths: Classroom, music: Classroom) -> None:
    """
    What was saved at once goes by section, and in a section by number.
    """
    for status in (ABSENT, LATE):
        await maths.save(("anna", MONDAY, status))
    await music.save(("anna in music", MONDAY, ABSENT), by="dora")
    everything = sorted([(maths.id, 1), (maths.id, 2), (music.id, 1)], reverse=True)
    for sections in (None, (maths.id, music.id), (maths.id,)):
        expected = [place for place in everything if place[0] in (sections or place)]
        for limit in (1, 2, 3):
            query = RecordQuery(section_ids=sections, limit=limit)
            found = await maths.store.district_record(maths.cast.district.id, query)

            assert [(entry.section_id, entry.number) for entry in found] == expected[:limit]


async def test_the_record_by_time_and_section(
    maths: Classroom, music: Classroom, their_maths: Classroom, written: None
) -> None:
    """
    From a moment on, before another one, in some sections; those of others have none.
    """
    names = {maths.id: "maths", music.id: "music"}

    assert await places(maths, names, since=NINE, before=(TEN, 0, 0)) == [(NINE, "maths", 2)]
    assert await places(maths, names, section_ids=(music.id,)) == [(EIGHT, "music", 1)]
    some = await places(maths, names, section_ids=(maths.id,), since=NINE)
    assert some == [(TEN, "maths", 3), (NINE, "maths", 2)]
    assert await places(maths, names, section_ids=(maths.id,), since=NINE, limit=1) == some[:1]
    assert await places(maths, names, section_ids=()) == []
    assert await places(maths, names, section_ids=(their_maths.id, 999)) == []


async def test_an_entry_of_the_record_is_whole(maths: Classroom, written: None) -> None:
    """
    Who wrote it, for whom, through which door, which rolls and which marks.
    """
    query = RecordQuery(limit=1)
    (entry,) = await maths.store.district_record(maths.cast.district.id, query)

    assert entry.author == maths.author("ida", "bob")
    assert entry.dates == (MONDAY,)
    assert entry.changes == (Change(maths.place("ben"), MONDAY, 3, 4, "", ""),)
    assert len(entry.hash) == 32
