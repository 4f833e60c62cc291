"""`sections/{id}/enrollments`: who is in a class."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from api.talk import JSON, in_both_formats, tree, tree_of
from cast import Cast
from signing import Signed

BASE = "https://rollbook.test/v1"


@in_both_formats
async def test_an_enrollment_has_the_fields_that_clients_read(
    client: httpx.AsyncClient, cast: Cast, format_: str
) -> None:
    """
    An enrollment's ids as text, the names of whom it enrolls, and how they stand.
    """
    path = f"sections/{cast.sections['maths']}/enrollments/{cast.enrollments['bob in maths']}"
    response = await client.get(path, headers={"Accept": format_})
    expected = {
        "id": str(cast.enrollments["bob in maths"]),
        "uid": str(cast.users["bob"]),
        "school_uid": "bob",
        "name_title": "",
        "name_first": "Bob",
        "name_first_preferred": "",
        "name_middle": "",
        "name_last": "O\u2019Malley-Müller",
        "name_display": "Bob O\u2019Malley-Müller",
        "admin": 1,
        "status": "1",
        "links": {"self": f"{BASE}/{path}"},
    }

    assert response.status_code == 200
    assert tree(response) == tree_of(expected)
    if format_ == JSON:
        assert response.json() == expected


@pytest.fixture
def path(cast: Cast, sql: Callable[..., Any]) -> str:
    """The enrollments of Maths, Finn's expired and Ben's archived."""
    sql("UPDATE enrollments SET status = 2 WHERE id = ?", cast.enrollments["finn"])
    sql("UPDATE enrollments SET status = 5 WHERE id = ?", cast.enrollments["ben"])
    return f"sections/{cast.sections['maths']}/enrollments"


async def names(client: httpx.AsyncClient, path: str) -> list[str]:
    response = await client.get(path)
    assert response.status_code == 200, response.text
    page = response.json()
    assert page["total"] == str(len(page["enrollment"]))
    return [person["name_first"] for person in page["enrollment"]]


async def test_a_class_is_listed(client: httpx.AsyncClient, cast: Cast, path: str) -> None:
    """
    Everybody is there by enrollment id, in whatever state, each as shown alone.
    """
    page = (await client.get(path)).json()
    alone = (await client.get(f"{path}/{cast.enrollments['hugo']}")).json()

    assert [(person["name_first"], person["status"]) for person in page["enrollment"]] == [
        ("Bob", "1"),
        ("Anna", "1"),
        ("Ben", "5"),
        ("Cleo", "1"),
        ("Finn", "2"),
        ("Greta", "1"),
        ("Hugo", "4"),
    ]
    assert alone in page["enrollment"]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ("1", ["Bob", "Anna", "Cleo", "Greta"]),
        ("2,5", ["Ben", "Finn"]),
        ("4", ["Hugo"]),
        ("3", []),
        ("1,2,3,4,5", ["Bob", "Anna", "Ben", "Cleo", "Finn", "Greta", "Hugo"]),
        ("", ["Bob", "Anna", "Ben", "Cleo", "Finn", "Greta", "Hugo"]),
    ],
)
async def test_enrollments_are_selected_by_status(
    client: httpx.AsyncClient, path: str, statuses: str, expected: list[str]
) -> None:
    """
    `enrollment_status` is a list with commas of the family's numbers.
    """
    assert await names(client, f"{path}?enrollment_status={statuses}") == expected


async def test_enrollments_are_selected_by_person(
    client: httpx.AsyncClient, cast: Cast, path: str
) -> None:
    """
    `uid` is a list with commas; who is not in the class is not found, and no error.
    """
    anna, ben, ida = (cast.users[name] for name in ("anna", "ben", "ida"))

    assert await names(client, f"{path}?uid={ben}") == ["Ben"]
    assert await names(client, f"{path}?uid={ben},{ida},{anna}") == ["Anna", "Ben"]
    assert await names(client, f"{path}?uid={ida}") == []
    assert await names(client, f"{path}?uid={anna},{ben}&enrollment_status=5") == ["Ben"]


@pytest.mark.parametrize(
    "query",
    [
        "uid=x",
        "uid=1,",
        "uid=1&uid=2",
        "enrollment_status=0",
        "enrollment_status=6",
        "enrollment_status=active",
        "enrollment_status=1&enrollment_status=2",
        "limit=0",
        "start=2026-09-14",
    ],
)
async def test_a_malformed_or_doubled_parameter_is_400(
    client: httpx.AsyncClient, path: str, query: str
) -> None:
    """
    A parameter of ours that is no value, or is there twice, is refused by its name.
    """
    response = await client.get(f"{path}?{query}")

    assert response.status_code == 400
    assert query.partition("=")[0] in response.json()["message"]


async def test_a_class_is_paged(client: httpx.AsyncClient, path: str) -> None:
    """
    Clients follow the links, which keep the filters, until there is none.
    """
    found, following = [], f"{path}?limit=3&enrollment_status=1,5"
    while following:
        page = (await client.get(following)).json()
        assert page["total"] == "5"
        found += [person["name_first"] for person in page["enrollment"]]
        following = page["links"].get("next", "")

    assert found == ["Bob", "Anna", "Ben", "Cleo", "Greta"]


async def test_who_is_not_in_the_class_is_404(
    client: httpx.AsyncClient, cast: Cast, strangers: Cast, path: str
) -> None:
    """
    Another section's, another district's and nobody's enrollment are the same 404.
    """
    for number in (cast.enrollments["anna in music"], strangers.enrollments["anna"], 1):
        response = await client.get(f"{path}/{number}")
        assert response.status_code == 404
        assert response.json()["message"] == f"There is no enrollment {number} here."
    stranger = await client.get(f"sections/{strangers.sections['maths']}/enrollments")
    assert stranger.status_code == 404


async def test_a_student_sees_only_their_own_place(
    client: httpx.AsyncClient, cast: Cast, path: str, sign_as: Callable[[str], Signed]
) -> None:
    """
    To a student the class is themselves: the others are not there.
    """
    anna = sign_as("anna")
    listed = (await client.get(path, auth=anna)).json()
    own = await client.get(f"{path}/{cast.enrollments['anna']}", auth=anna)
    other = await client.get(f"{path}/{cast.enrollments['ben']}", auth=anna)

    assert [person["name_first"] for person in listed["enrollment"]] == ["Anna"]
    assert listed["total"] == "1"
    assert (own.status_code, other.status_code) == (200, 404)
