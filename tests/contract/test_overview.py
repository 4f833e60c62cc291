"""What the store promises of what administrators look up."""

import msgspec
import pytest

from cast import Cast
from rollbook.domain.overview import FOUND_MOST
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
