"""Every way in which an error can come about has the one shape, in both formats."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import httpx
import pytest

from api.conftest import Switch
from api.talk import JSON, Attendance, in_both_formats, mark, marks_body, tree, written
from cast import EXPIRED, MONDAY, REVOKED, Cast
from rollbook.domain.errors import Unavailable
from rollbook.domain.store import Store
from rollbook.storage.sqlite import SqliteStore
from rollbook.wire import shapes
from signing import Signed

INTERNAL = re.compile(
    r"Traceback|rollbook\.|\.py\b|[a-z]Error\b|Exception|(?i:sqlite|apsw|postgres|asyncpg|falcon|msgspec|lmdb)|"
    r"(?i:expat)|/(?:srv|tmp|home|root|usr)/|SELECT|None\b|<class|object at"
)
NOBODY = httpx.Auth()


def assert_is_refusal(response: httpx.Response, status: int, *more: str) -> str:
    """Assert that a response is a refusal in the format asked for; return its sentence."""
    asked = response.request.headers["Accept"]
    name, content = tree(response)
    members = dict(content)
    message: str = members["message"]

    assert response.status_code == status
    assert response.headers["Content-Type"].startswith(asked)
    assert name == "result"
    assert list(dict.fromkeys(tag for tag, _ in content)) == ["code", "message", *more]
    assert members["code"] == str(status)
    if asked == JSON:
        assert type(response.json()["code"]) is int
    assert re.fullmatch(r"[A-Z].*[.!?]", message)
    assert not INTERNAL.search(message), message
    assert re.fullmatch(r"[0-9a-f]{16}", response.headers["X-Request-Id"])
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Vary"] == "Accept"
    return message


Request: TypeAlias = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def request_(client: httpx.AsyncClient, cast: Cast) -> Request:
    """Make a request of the attendance of Maths, or of another path, in a format."""

    async def make(
        format_: str,
        method: str = "GET",
        path: str = "sections/{maths}/attendance",
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> httpx.Response:
        return await client.request(
            method,
            path.format(maths=cast.sections["maths"]),
            headers={"Accept": format_, "Content-Type": format_, **(headers or {})},
            **more,
        )

    return make


@in_both_formats
@pytest.mark.parametrize(
    ("status", "what"),
    [
        (400, {"path": "sections/{maths}/attendance?start=x"}),
        (400, {"path": "sections/{maths}/attendance?limit=1&limit=1"}),
        (400, {"path": "users?x=%FF"}),
        (400, {"path": "sections/{maths}/rolls/x"}),
        (400, {"method": "PUT", "content": b""}),
        (400, {"method": "PUT", "content": b"\xff"}),
        (400, {"method": "PUT", "content": b"{<"}),
        (400, {"method": "POST", "path": "multiget", "content": b"x"}),
        (405, {"method": "BREW"}),
        (400, {"headers": {"X-Schoology-Run-As": "x"}}),
        (400, {"headers": {"Host": "elsewhere.example"}}),
        (400, {"headers": {"Authorization": "OAuth x"}, "auth": NOBODY}),
        (401, {"auth": NOBODY}),
        (401, {"headers": {"Authorization": "Bearer x"}, "auth": NOBODY}),
        (404, {"path": "nothing"}),
        (404, {"path": ""}),
        (404, {"path": "https://rollbook.test/"}),
        (404, {"path": "sections/1/attendance"}),
        (404, {"path": "sections/x/attendance"}),
        (404, {"path": "sections/{maths}/rolls/2026-09-14"}),
        (404, {"path": "users/1"}),
        (404, {"headers": {"X-Schoology-Run-As": "1"}}),
        (405, {"method": "DELETE"}),
        (405, {"method": "POST"}),
        (413, {"method": "PUT", "content": b" " * ((1 << 20) + 1)}),
        (413, {"method": "PUT", "path": "sections/{maths}/rolls/2026-09-14",
               "content": b" " * ((1 << 20) + 1)}),
        (415, {"method": "PUT", "content": b"x", "headers": {"Content-Type": "image/png"}}),
        (415, {"method": "PUT", "content": b"x", "headers": {"Content-Encoding": "gzip"}}),
    ],
)  # fmt: skip
async def test_what_is_refused_has_the_one_shape(
    request_: Request, status: int, what: dict[str, Any], format_: str
) -> None:
    """
    A code and a sentence that names nothing of ours: from us, the framework and the door.
    """
    response = await request_(format_, **what)

    assert_is_refusal(response, status)
    assert ("WWW-Authenticate" in response.headers) is (status == 401)


@in_both_formats
async def test_a_stale_write_has_the_one_shape(request_: Request, format_: str) -> None:
    """
    412 says that somebody else wrote.
    """
    body = written(marks_body(mark(1, MONDAY, 2)), format_)
    response = await request_(format_, "PUT", headers={"If-Match": '"9-j"'}, content=body)

    assert "Somebody else" in assert_is_refusal(response, 412)


@in_both_formats
async def test_a_district_that_is_gone_has_the_one_shape(
    request_: Request, switch_powerschool: Switch, format_: str
) -> None:
    """
    410 says why.
    """
    await switch_powerschool(True)

    assert "PowerSchool" in assert_is_refusal(await request_(format_), 410)


@in_both_formats
async def test_who_may_not_is_told_in_the_one_shape(
    request_: Request, sign_as: Callable[[str], Signed], format_: str
) -> None:
    """
    403 for whom we know, 401 for whom we no longer know.
    """
    for name in ("ida", "dora"):
        assert_is_refusal(await request_(format_, auth=sign_as(name)), 403)
    for name in (EXPIRED, REVOKED):
        assert_is_refusal(await request_(format_, auth=sign_as(name)), 401)


@in_both_formats
async def test_a_write_of_all_or_nothing_adds_the_answers(
    request_: Request, cast: Cast, format_: str
) -> None:
    """
    What `atomic=1` refuses has the list of answers beside the code and the sentence.
    """
    entries = mark(cast.enrollments["anna"], MONDAY, 2), mark(1, MONDAY, 2)
    body = written(marks_body(*entries), format_)
    path = "sections/{maths}/attendance?atomic=1"
    response = await request_(format_, "PUT", path, content=body)

    assert_is_refusal(response, 400, "attendance")


async def test_what_cannot_be_written_is_told_in_json(
    client: httpx.AsyncClient, maths: Attendance
) -> None:
    """
    Who accepts nothing that we speak gets 406 and every other refusal in JSON.
    """
    accept = {"Accept": "image/png"}
    for response, status in (
        (await client.get(maths.path, headers=accept), 406),
        (await client.get(maths.path, headers=accept, auth=NOBODY), 401),
        (await client.get("nothing", headers=accept), 404),
    ):
        assert response.status_code == status
        assert response.headers["Content-Type"] == JSON
        assert list(response.json()) == ["code", "message"]


# ---------------------------------------------------------------- faults of ours


def assert_is_fault(response: httpx.Response) -> str:
    message = assert_is_refusal(response, 503)
    assert response.headers["Retry-After"].isdigit()
    return message


@in_both_formats
async def test_a_fault_of_ours_tells_only_its_number(
    request_: Request,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    format_: str,
) -> None:
    """
    A bug is 503 with the request's id, by which the log has the rest.
    """

    async def broken(*_: Any) -> Any:
        raise ZeroDivisionError("secret /srv/place")

    monkeypatch.setattr(store, "marks", broken)
    response = await request_(format_)
    number = response.headers["X-Request-Id"]

    assert number in assert_is_fault(response)
    assert "secret" not in response.text
    (entry,) = caplog.records
    assert entry.__dict__["request_id"] == number
    assert entry.exc_info is not None
    assert entry.exc_info[0] is ZeroDivisionError


@in_both_formats
async def test_a_store_that_cannot_now_says_so(
    request_: Request, store: Store, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    """
    What may go well the next time is 503 with the time to wait.
    """

    async def unavailable(*_: Any) -> Any:
        raise Unavailable("The store cannot do this now; try again.")

    monkeypatch.setattr(store, "marks", unavailable)
    message = assert_is_fault(await request_(format_))

    assert message == "The store cannot do this now; try again."


@pytest.mark.parametrize("database", ["sqlite"])
async def test_a_full_disk_is_no_internal_matter(
    maths: Attendance, cast: Cast, store: Store
) -> None:
    """
    A write that the disk has no room for is 503, names no file, and saves nothing.
    """
    assert isinstance(store, SqliteStore)
    db = store._own_writer().db
    (pages,) = db.execute("PRAGMA page_count").fetchall()[0]
    db.execute(f"PRAGMA max_page_count = {pages}")
    anna = cast.enrollments["anna"]
    entries = [
        mark(anna, f"2026-{m:02}-{d:02}", 2, "x" * 99)
        for m in range(1, 13)
        for d in range(1, 29)
    ]
    response = await maths.put(*entries)
    db.execute("PRAGMA max_page_count = 1073741823")

    assert_is_fault(response)
    assert await maths.history() == []
    assert (await maths.put(*entries)).status_code == 200


@in_both_formats
async def test_a_fault_in_the_letterbox_is_told_too(
    request_: Request, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    """
    An answer that cannot be written is a fault like any other.
    """
    monkeypatch.setattr(shapes, "listing", lambda *_: {"date": object()})
    response = await request_(format_)

    assert response.headers["X-Request-Id"] in assert_is_fault(response)


@in_both_formats
async def test_a_fault_in_multiget_is_a_fault(
    request_: Request, store: Store, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    """
    A bug behind one of several paths is not told as an answer.
    """

    async def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(store, "schools", broken)
    body = written({"request": ["/v1/roles", "/v1/schools"]}, format_)

    assert_is_fault(await request_(format_, "POST", "multiget", content=body))
