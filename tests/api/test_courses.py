"""`courses` and `courses/{id}`: what is taught."""

import httpx

from api.talk import in_both_formats, tree, tree_of
from cast import Cast

BASE = "https://rollbook.test/v1"


async def course_of(client: httpx.AsyncClient, cast: Cast) -> str:
    """Return the id of the course of Maths."""
    section = (await client.get(f"sections/{cast.sections['maths']}")).json()
    number: str = section["course_id"]
    return number


@in_both_formats
async def test_one_course_is_shown(client: httpx.AsyncClient, cast: Cast, format_: str) -> None:
    """
    A course has its titles, its department and the school that it belongs to.
    """
    number = await course_of(client, cast)
    school = (await client.get("schools")).json()["school"][0]["id"]
    response = await client.get(f"courses/{number}", headers={"Accept": format_})
    expected = {
        "id": number,
        "title": "Mathematics",
        "course_code": "MAT 1",
        "department": "Sciences",
        "description": "",
        "building_id": school,
        "links": {"self": f"{BASE}/courses/{number}"},
    }

    assert response.status_code == 200
    assert tree(response) == tree_of(expected)


async def test_courses_are_listed(client: httpx.AsyncClient, cast: Cast) -> None:
    """
    The list has each course as it is shown alone, and goes on by its links.
    """
    first = (await client.get("courses?limit=1")).json()
    second = (await client.get(first["links"]["next"])).json()
    alone = (await client.get(f"courses/{await course_of(client, cast)}")).json()

    assert first["total"] == second["total"] == "2"
    assert [course["title"] for course in first["course"] + second["course"]] == [
        "Mathematics",
        "Music",
    ]
    assert first["course"] == [alone]
    assert "next" not in second["links"]


async def test_another_district_s_course_is_not_there(
    client: httpx.AsyncClient, cast: Cast
) -> None:
    """
    Nobody's course and a stranger's are the same 404, and so are their sections.
    """
    own = int(await course_of(client, cast))

    for number in (own + 2, 1):
        for path in (f"courses/{number}", f"courses/{number}/sections"):
            response = await client.get(path)
            assert response.status_code == 404
            assert response.json()["message"] == f"There is no course {number} here."
