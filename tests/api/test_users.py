"""`users`, `users/{id}`, `users/me`, `roles` and `app-user-info`: people."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from api.talk import JSON, XML, in_both_formats, tree, tree_of
from cast import Cast
from conftest import Clock
from signing import Signed

BASE = "https://rollbook.test/v1"


def anna(cast: Cast, school_id: str) -> dict[str, Any]:
    return {
        "uid": str(cast.users["anna"]),
        "id": cast.users["anna"],
        "school_id": school_id,
        "building_id": school_id,
        "school_uid": "anna",
        "name_title": "",
        "name_first": "Anna",
        "name_first_preferred": "",
        "name_middle": "",
        "name_last": "O\u2019Malley-Müller",
        "name_display": "Anna O\u2019Malley-Müller",
        "username": "anna",
        "primary_email": "",
        "role_id": 3,
        "tz_name": "Europe/Zurich",
        "links": {"self": f"{BASE}/users/{cast.users['anna']}"},
    }


@in_both_formats
async def test_a_person_has_the_fields_that_clients_read(
    client: httpx.AsyncClient, cast: Cast, format_: str
) -> None:
    """
    A user's ids, names, role and time zone, with empty text for what is not known.
    """
    school = (await client.get("schools")).json()["school"][0]["id"]
    headers = {"Accept": format_}
    response = await client.get(f"users/{cast.users['anna']}", headers=headers)

    assert response.status_code == 200
    assert tree(response) == tree_of(anna(cast, school))
    if format_ == JSON:
        assert response.json() == anna(cast, school)


@in_both_formats
async def test_people_are_listed_by_id(
    client: httpx.AsyncClient, cast: Cast, format_: str
) -> None:
    """
    The list has each person once, as they are shown alone.
    """
    response = await client.get("users", headers={"Accept": format_})
    alone = await client.get(f"users/{cast.users['ben']}", headers={"Accept": format_})
    users = [content for name, content in tree(response)[1] if name == "user"]

    assert [int(dict(user)["uid"]) for user in users] == sorted(cast.users.values())
    assert tree(alone)[1] in users
    assert dict(tree(response)[1])["total"] == str(len(cast.users))


async def test_a_list_is_read_by_following_its_links(
    client: httpx.AsyncClient, cast: Cast
) -> None:
    """
    Clients loop until there is no next link, which keeps the limit and begins with their base.
    """
    found, following = [], "users?limit=3&x=1"
    while following:
        page = (await client.get(following)).json()
        assert page["total"] == str(len(cast.users))
        assert page["links"]["self"] == f"{BASE}/{following.removeprefix(f'{BASE}/')}"
        found += [user["id"] for user in page["user"]]
        following = page["links"].get("next", "")
        assert following == "" or following.startswith(f"{BASE}/users?x=1&start=")

    assert found == sorted(cast.users.values())


@pytest.mark.parametrize(
    ("query", "length"),
    [
        ("", 20),
        ("limit=200", 200),
        ("limit=201", 200),
        ("limit=999999999999999999", 200),
        ("start=200", 12),
        ("start=212", 0),
        ("start=999999999999999999", 0),
        ("start=&limit=", 20),
    ],
)
async def test_a_part_of_a_list_has_its_limits(
    client: httpx.AsyncClient, cast: Cast, sql: Callable[..., Any], query: str, length: int
) -> None:
    """
    Without a limit 20 are shown and never more than 200; beyond the end there is nothing.
    """
    more = 212 - len(cast.users)
    rows = ", ".join(
        f"({cast.district.id}, {9_000_000 + number}, 3, 'X', 'Y')" for number in range(more)
    )
    sql(f"INSERT INTO users (district_id, id, role, name_first, name_last) VALUES {rows}")
    page = (await client.get(f"users?{query}")).json()

    assert len(page["user"]) == length
    assert page["total"] == "212"


@pytest.mark.parametrize(
    "query", ["start=-1", "start=x", "limit=0", "limit=-1", "limit=1.0", "start=1&start=1"]
)
async def test_a_malformed_or_doubled_parameter_is_400(
    client: httpx.AsyncClient, query: str
) -> None:
    """
    A parameter of a list that is no number, or is there twice, is refused by its name.
    """
    response = await client.get(f"users?{query}")

    assert response.status_code == 400
    assert query.partition("=")[0] in response.json()["message"]


async def test_me_points_to_the_person_that_the_key_acts_as(
    client: httpx.AsyncClient, cast: Cast, sign_as: Callable[[str], Signed]
) -> None:
    """
    `users/me` answers 303 with the address of the user, which then is asked for.
    """
    response = await client.get("users/me", auth=sign_as("anna"))

    assert response.status_code == 303
    assert response.headers["Location"] == f"{BASE}/users/{cast.users['anna']}"
    user = await client.get(response.headers["Location"], auth=sign_as("anna"))
    assert user.json()["uid"] == str(cast.users["anna"])


@pytest.mark.parametrize("number", ["1", "0", "999999999999999999"])
async def test_who_is_not_there_is_404(client: httpx.AsyncClient, number: str) -> None:
    """
    Nobody has that id.
    """
    response = await client.get(f"users/{number}")

    assert response.status_code == 404
    assert response.json()["message"] == f"There is no user {number} here."


async def test_a_person_of_another_district_is_not_there(
    client: httpx.AsyncClient, strangers: Cast
) -> None:
    """
    A stranger's id is as good as nobody's.
    """
    number = strangers.users["anna"]
    response = await client.get(f"users/{number}")

    assert response.status_code == 404
    assert response.json()["message"] == f"There is no user {number} here."


@in_both_formats
async def test_roles_are_listed(client: httpx.AsyncClient, format_: str) -> None:
    """
    What people can be in the district, on one page.
    """
    response = await client.get("roles", headers={"Accept": format_})
    members = tree(response)[1]

    assert dict(members)["total"] == "5"
    assert members[0] == (
        "role",
        [("id", "1"), ("title", "Administrator"), ("faculty", "1"), ("role_type", "1")],
    )
    assert dict(dict(members)["links"]) == {"self": f"{BASE}/roles"}


@in_both_formats
async def test_the_key_s_user_is_told(
    client: httpx.AsyncClient, cast: Cast, clock: Clock, format_: str
) -> None:
    """
    `app-user-info` says whom the key acts as, now, and in which time zone.
    """
    response = await client.get("app-user-info", headers={"Accept": format_})
    expected = {
        "api_uid": cast.users["alice"],
        "web_session_timestamp": int(clock.now.timestamp()),
        "timezone_name": "Europe/Zurich",
    }

    assert tree(response) == tree_of(expected)
    if format_ != XML:
        assert response.json() == expected
