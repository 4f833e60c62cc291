"""`sections`, `courses/{id}/sections` and `users/{id}/sections`: classes that meet."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from api.talk import JSON, in_both_formats, tree, tree_of
from cast import Cast

BASE = "https://rollbook.test/v1"


async def titles(client: httpx.AsyncClient, path: str) -> list[str]:
    response = await client.get(path)
    assert response.status_code == 200, response.text
    page = response.json()
    assert page["total"] == str(len(page["section"]))
    return [section["section_title"] for section in page["section"]]


@in_both_formats
async def test_a_section_has_the_fields_that_clients_read(
    client: httpx.AsyncClient, cast: Cast, sql: Callable[..., Any], format_: str
) -> None:
    """
    A section's ids, codes and titles, whether it is active, and the numbers of its periods.
    """
    number = cast.sections["maths"]
    sql("UPDATE sections SET grading_periods = '[20, 21]' WHERE id = ?", number)
    course = (await client.get("courses")).json()["course"][0]
    expected = {
        "id": str(number),
        "course_id": course["id"],
        "course_title": "Mathematics",
        "course_code": "MAT 1",
        "school_id": course["building_id"],
        "building_id": course["building_id"],
        "section_title": "Maths 1",
        "section_code": "1",
        "section_school_code": "maths",
        "description": "",
        "active": 1,
        "synced": 1,
        "grading_periods": [20, 21],
        "meeting_days": "",
        "start_time": "",
        "end_time": "",
        "links": {"self": f"{BASE}/sections/{number}"},
    }
    response = await client.get(f"sections/{number}", headers={"Accept": format_})

    assert response.status_code == 200
    assert tree(response) == tree_of(expected)
    if format_ == JSON:
        assert response.json() == expected


async def test_what_a_section_does_not_have_is_empty(
    client: httpx.AsyncClient, cast: Cast, sql: Callable[..., Any]
) -> None:
    """
    Without a code of the district's and a school it says so in empty text, and is not synced.
    """
    number = cast.sections["maths"]
    sql(
        "UPDATE sections SET school_code = NULL, school_id = NULL, active = false WHERE id = ?",
        number,
    )
    section = (await client.get(f"sections/{number}")).json()

    assert (
        section["section_school_code"] == section["school_id"] == section["building_id"] == ""
    )
    assert (section["active"], section["synced"]) == (0, 0)
    assert None not in section.values()


async def test_sections_are_listed(client: httpx.AsyncClient, cast: Cast) -> None:
    """
    All of the district are there, by id, each as it is shown alone.
    """
    page = (await client.get("sections")).json()
    alone = (await client.get(f"sections/{cast.sections['music']}")).json()

    assert [int(section["id"]) for section in page["section"]] == sorted(cast.sections.values())
    assert alone in page["section"]
    assert page["links"] == {"self": f"{BASE}/sections"}


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ("maths", ["Maths 1"]),
        ("music,maths", ["Maths 1", "Music 1"]),
        ("maths,maths", ["Maths 1"]),
        ("maths,nothing", ["Maths 1"]),
        ("nothing", []),
        (",", []),
        ("", ["Maths 1", "Music 1"]),
    ],
)
async def test_sections_are_found_by_the_district_s_own_codes(
    client: httpx.AsyncClient, codes: str, expected: list[str]
) -> None:
    """
    `section_school_codes` is a list with commas; what nobody has is not found, and no error.
    """
    assert await titles(client, f"sections?section_school_codes={codes}") == expected


async def test_doubled_codes_are_400(client: httpx.AsyncClient) -> None:
    """
    A parameter of ours that is there twice is refused by its name.
    """
    response = await client.get("sections?section_school_codes=a&section_school_codes=b")

    assert response.status_code == 400
    assert "section_school_codes" in response.json()["message"]


async def test_a_course_s_sections_are_listed(client: httpx.AsyncClient) -> None:
    """
    Only the sections of that course are there, and the codes select among them.
    """
    maths, music = (course["id"] for course in (await client.get("courses")).json()["course"])

    assert await titles(client, f"courses/{maths}/sections") == ["Maths 1"]
    assert await titles(client, f"courses/{music}/sections") == ["Music 1"]
    assert await titles(client, f"courses/{maths}/sections?section_school_codes=music") == []


async def test_a_person_s_sections_are_those_in_which_they_are(
    client: httpx.AsyncClient, cast: Cast
) -> None:
    """
    Students and teachers are in the sections of their active enrollments, others in none.
    """
    expected = {
        "anna": ["Maths 1", "Music 1"],
        "ben": ["Maths 1"],
        "bob": ["Maths 1"],
        "dora": ["Music 1"],
        "hugo": [],
        "ida": [],
    }

    for name, found in expected.items():
        assert await titles(client, f"users/{cast.users[name]}/sections") == found, name


async def test_sections_are_paged(client: httpx.AsyncClient, cast: Cast) -> None:
    """
    The links of each list of sections lead on in that list.
    """
    course = (await client.get("courses")).json()["course"][0]["id"]
    for path in ("sections", f"users/{cast.users['anna']}/sections"):
        page = (await client.get(f"{path}?limit=1")).json()
        assert page["links"]["next"] == f"{BASE}/{path}?start=1&limit=1"
    page = (await client.get(f"courses/{course}/sections?limit=1")).json()
    assert "next" not in page["links"]


async def test_a_stranger_s_section_is_not_there(
    client: httpx.AsyncClient, strangers: Cast
) -> None:
    """
    Another district's section and user answer as if there were none.
    """
    number, user = strangers.sections["maths"], strangers.users["anna"]
    section = await client.get(f"sections/{number}")
    person = await client.get(f"users/{user}/sections")

    assert (section.status_code, person.status_code) == (404, 404)
    assert section.json()["message"] == f"There is no section {number} here."
    assert person.json()["message"] == f"There is no user {user} here."
