"""`schools` and `schools/{id}`: buildings."""

import httpx

from api.talk import in_both_formats, tree, tree_of
from cast import Cast

BASE = "https://rollbook.test/v1"


@in_both_formats
async def test_schools_are_listed(client: httpx.AsyncClient, format_: str) -> None:
    """
    The district's schools, each with its id as text, its title and a link to itself.
    """
    response = await client.get("schools", headers={"Accept": format_})
    members = tree(response)[1]
    school = dict(members)["school"]
    number = dict(school)["id"]

    assert len([name for name, _ in members if name == "school"]) == 1
    assert school == [
        ("id", number),
        ("title", "Lindenhof School"),
        ("links", [("self", f"{BASE}/schools/{number}")]),
    ]
    assert dict(members)["total"] == "1"
    assert dict(members)["links"] == [("self", f"{BASE}/schools")]


@in_both_formats
async def test_one_school_is_shown(client: httpx.AsyncClient, format_: str) -> None:
    """
    A school alone is what it is in the list.
    """
    listed = (await client.get("schools")).json()["school"][0]
    response = await client.get(f"schools/{listed['id']}", headers={"Accept": format_})

    assert response.status_code == 200
    assert tree(response) == tree_of(listed)


async def test_another_district_s_school_is_not_there(
    client: httpx.AsyncClient, cast: Cast
) -> None:
    """
    Nobody's school and a stranger's are the same 404.
    """
    own = int((await client.get("schools")).json()["school"][0]["id"])

    for number in (own + 1, 1):
        response = await client.get(f"schools/{number}")
        assert response.status_code == 404
        assert response.json()["message"] == f"There is no school {number} here."
