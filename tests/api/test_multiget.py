"""`POST multiget`: several things asked for in one call."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from api.conftest import Opening, Switch
from api.talk import JSON, XML, Attendance, in_both_formats, mark, tree, written
from cast import MONDAY, TUESDAY, Cast
from signing import Signed


async def ask(
    client: httpx.AsyncClient, *paths: Any, format_: str = JSON, **more: Any
) -> list[dict[str, Any]]:
    response = await post(client, {"request": list(paths)}, format_, **more)
    assert response.status_code == 200, response.text
    answers: list[dict[str, Any]] = response.json()["response"]
    return answers


async def post(
    client: httpx.AsyncClient, document: Any, format_: str = JSON, **more: Any
) -> httpx.Response:
    body = document if isinstance(document, bytes) else written(document, format_)
    headers = {"Content-Type": format_}
    return await client.post("multiget", content=body, headers=headers, **more)


@pytest.fixture
def everything(cast: Cast) -> list[str]:
    """A path of each kind that can be read."""
    section, user = cast.sections["maths"], cast.users["anna"]
    return [
        f"/v1/sections/{section}/attendance?start={MONDAY}&limit=1",
        f"/v1/sections/{section}/attendance/history",
        f"/v1/sections/{section}/rolls",
        f"/v1/sections/{section}/rolls/{MONDAY}",
        f"/v1/sections/{section}/enrollments?enrollment_status=1,2&limit=2",
        f"/v1/sections/{section}/enrollments/{cast.enrollments['anna']}",
        f"/v1/sections/{section}",
        "/v1/sections?section_school_codes=maths",
        f"/v1/users/{user}",
        f"/v1/users/{user}/sections",
        "/v1/users?start=2&limit=3",
        "/v1/roles",
        "/v1/schools",
        "/v1/courses",
        "/v1/app-user-info",
    ]


@pytest.fixture
async def marked(maths: Attendance, cast: Cast) -> None:
    """Maths with a few marks in it."""
    who = cast.enrollments
    await maths.put(mark(who["anna"], MONDAY, 2, "ill"), mark(who["ben"], TUESDAY, 3))


@in_both_formats
@pytest.mark.usefixtures("marked")
async def test_each_answer_is_the_one_that_the_path_has_alone(
    client: httpx.AsyncClient, everything: list[str], format_: str
) -> None:
    """
    Attendance, rosters and people come together as they come one by one, links and all.
    """
    body = written({"request": everything}, format_)
    headers = {"Content-Type": format_, "Accept": format_}
    together = await client.post("multiget", content=body, headers=headers)
    alone = []
    for path in everything:
        response = await client.get(f"https://rollbook.test{path}", headers={"Accept": format_})
        assert response.status_code == 200, path
        alone.append(
            (
                "response",
                [
                    ("location", path),
                    ("response_code", "200"),
                    ("body", tree(response)[1]),
                ],
            )
        )

    assert together.status_code == 200
    assert tree(together) == ("result", alone)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/sections/1/attendance",
        "/v1/sections/{maths}/attendance?start=x",
        "/v1/sections/{maths}/attendance?start=&end=",
        "/v1/sections/{maths}/attendance?limit=1&limit=1",
        "/v1/sections/{maths}/attendance?x=%FF",
        "/v1/sections/{maths}/rolls/2026-09-14",
        "/v1/sections/{maths}/rolls/x",
        "/v1/users/me",
        "/v1/users/1",
    ],
)
async def test_each_code_is_the_one_that_the_path_has_alone(
    client: httpx.AsyncClient, cast: Cast, path: str
) -> None:
    """
    A refusal is told in its place, with the code and the body that it has alone.
    """
    path = path.format(maths=cast.sections["maths"])
    alone = await client.get(f"https://rollbook.test{path}")
    answer, other = await ask(client, path, "/v1/roles")

    assert answer["location"] == path
    assert answer["response_code"] == alone.status_code
    assert answer["body"] == (alone.json() if alone.content else "")
    assert other["response_code"] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/v1/nothing",
        "/v1/users/x",
        "/v1/users/1/",
        "/v1//users",
        "/v1/../v1/users",
        "/v1/multiget",
        "/v1/openapi.json",
        "/v1/%FF",
    ],
)
async def test_what_cannot_be_read_here_is_404(client: httpx.AsyncClient, path: str) -> None:
    """
    What is no path, or cannot be asked for in this way, is not there.
    """
    (answer,) = await ask(client, path)

    assert answer["response_code"] == 404
    assert answer["body"] == {"code": 404, "message": f"There is no readable path {path} here."}


async def test_each_answer_is_decided_for_itself(
    client: httpx.AsyncClient,
    cast: Cast,
    strangers: Cast,
    sign_as: Callable[[str], Signed],
) -> None:
    """
    Whoever asks gets what they may see, and the same refusal as alone for everything else.
    """
    paths = [
        f"/v1/sections/{cast.sections['maths']}/attendance",
        f"/v1/sections/{cast.sections['maths']}/attendance/history",
        f"/v1/sections/{strangers.sections['maths']}/attendance",
        f"/v1/users/{cast.users['anna']}",
        f"/v1/users/{cast.users['ben']}",
        "/v1/users",
    ]
    answers = await ask(client, *paths, auth=sign_as("anna"))

    assert [answer["response_code"] for answer in answers] == [200, 403, 404, 200, 403, 403]


@pytest.mark.usefixtures("marked")
async def test_a_student_sees_only_their_own_marks(
    client: httpx.AsyncClient, cast: Cast, sign_as: Callable[[str], Signed]
) -> None:
    """
    Asking for many things at once shows nothing more of the others.
    """
    path = f"/v1/sections/{cast.sections['maths']}/attendance"
    (answer,) = await ask(client, path, auth=sign_as("ben"))

    assert answer["body"]["totals"] == {"total": [{"status": 3, "count": 1}]}


async def test_a_district_with_powerschool_is_told_so_in_its_place(
    client: httpx.AsyncClient, cast: Cast, switch_powerschool: Switch
) -> None:
    """
    Attendance is 410 while the roster is there.
    """
    await switch_powerschool(True)
    section = f"/v1/sections/{cast.sections['maths']}"
    gone, there = await ask(client, f"{section}/attendance", section)

    assert (gone["response_code"], there["response_code"]) == (410, 200)


@in_both_formats
async def test_a_single_path_may_stand_for_a_list_of_one(
    client: httpx.AsyncClient, format_: str
) -> None:
    """
    Converters from XML and PHP make a list of one its item.
    """
    response = await post(client, {"request": "/v1/roles"}, format_)

    assert [answer["response_code"] for answer in response.json()["response"]] == [200]


async def test_preconditions_are_not_the_answers_own(
    client: httpx.AsyncClient, maths: Attendance, everything: list[str]
) -> None:
    """
    A tag on the call itself does not turn an answer in it into 304.
    """
    tag = (await maths.get()).headers["ETag"]
    response = await client.post(
        "multiget", json={"request": everything[:1]}, headers={"If-None-Match": tag}
    )

    assert response.json()["response"][0]["response_code"] == 200


async def test_fifty_paths_are_answered_and_no_more(client: httpx.AsyncClient) -> None:
    """
    50 are answered in their order; 51 are refused as a whole.
    """
    paths = [f"/v1/users/{number}" for number in range(50)]
    answers = await ask(client, *paths)
    too_many = await post(client, {"request": [*paths, "/v1/roles"]})

    assert [answer["location"] for answer in answers] == paths
    assert too_many.status_code == 400
    assert "51 paths" in too_many.json()["message"]


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        {"request": []},
        {"request": ""},
        {"request": None},
        {"request": 1},
        {"request": {}},
        {"request": ["/v1/roles", 1]},
        {"request": [["/v1/roles"]]},
        {"request": ["https://rollbook.test/v1/roles"]},
        {"request": ["//rollbook.test/v1/roles"]},
        {"request": ["/v2/roles"]},
        {"request": ["/v1/"]},
        {"request": ["v1/roles"]},
        {"request": ["/v1/roles\n"]},
        {"request": ["/v1/ro les"]},
        {"request": ["/v1/ü"]},
        {"request": ["/v1/\ud800"]},
        {"request": ["/v1/\x00"]},
        {"requests": ["/v1/roles"]},
        b'{"request": "/v1/roles", "request": "/v1/users"}',
    ],
)
async def test_a_body_without_paths_is_400(client: httpx.AsyncClient, document: Any) -> None:
    """
    A body that is no list of this API's paths, as a request line has them, is refused.
    """
    response = await post(client, document)

    assert response.status_code == 400
    assert response.json()["code"] == 400


async def test_the_other_limits_of_a_body_hold(
    client: httpx.AsyncClient, open_client: Opening
) -> None:
    """
    Another format is 415, and a body over the limit 413.
    """
    other = await post(client, b"/v1/roles", "text/plain")
    small = await open_client(body_max=30)
    large = await post(small, {"request": ["/v1/roles", "/v1/users"]})

    assert (other.status_code, large.status_code) == (415, 413)


async def test_only_post_is_answered(client: httpx.AsyncClient) -> None:
    """
    To read the path itself is no method of it.
    """
    response = await client.get("multiget")

    assert response.status_code == 405
    assert "POST" in response.headers["Allow"]


async def test_a_document_in_xml_has_any_outermost_element(client: httpx.AsyncClient) -> None:
    """
    The family's own examples call it `<requests>`.
    """
    body = (
        b"<requests><request>/v1/roles</request><request>/v1/users?limit=1</request></requests>"
    )
    response = await post(client, body, XML)

    assert [answer["response_code"] for answer in response.json()["response"]] == [200, 200]
