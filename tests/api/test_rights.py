"""
Who may do what: every route, every method, every role, in one table.

Alice runs the district, Bob teaches the section that is asked for and Dora another one; Anna is
a student in it and the person that is asked for; Ida belongs to the district and to nothing
else. "reads" is a key of Alice's that may only read, Mallory runs another district, and nobody
has no key.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from api.talk import mark, marks_body
from cast import MONDAY, READ_ONLY, TUESDAY, Cast
from conftest import Clock
from rollbook.api.app import Front, build_app
from rollbook.auth.door import Door
from rollbook.auth.policy import WRITING, Action, Reach, reach
from rollbook.domain.people import Actor, District, Role, User
from rollbook.domain.rosters import Standing
from rollbook.domain.store import Page, Store
from rollbook.wire.http import Routes
from signing import Signed

NOTICED = 0.3  # seconds: what another process changed in PostgreSQL is asked for that often

MATRIX = """
                                               alice bob dora anna ida reads mallory nobody
GET  sections/{section}/attendance               200 200  403  200 403   200     404    401
PUT  sections/{section}/attendance               200 200  403  403 403   403     404    401
GET  sections/{section}/attendance/history       200 200  403  403 403   200     404    401
GET  sections/{section}/rolls                    200 200  403  403 403   200     404    401
GET  sections/{section}/rolls/{date}             200 200  403  403 403   200     404    401
PUT  sections/{section}/rolls/{date}             200 200  403  403 403   403     404    401
GET  users                                       200 403  403  403 403   200     200    401
GET  users/me                                    303 303  303  303 303   303     303    401
GET  users/{user}                                200 403  403  200 403   200     404    401
GET  users/{user}/sections                       200 403  403  200 403   200     404    401
GET  roles                                       200 200  200  200 200   200     200    401
GET  schools                                     200 200  200  200 200   200     200    401
GET  schools/{school}                            200 200  200  200 200   200     404    401
GET  courses                                     200 200  200  200 200   200     200    401
GET  courses/{course}                            200 200  200  200 200   200     404    401
GET  courses/{course}/sections                   200 200  200  200 200   200     404    401
GET  sections                                    200 200  200  200 200   200     200    401
GET  sections/{section}                          200 200  200  200 200   200     404    401
GET  sections/{section}/enrollments              200 200  403  200 403   200     404    401
GET  sections/{section}/enrollments/{enrollment} 200 200  403  200 403   200     404    401
GET  app-user-info                               200 200  200  200 200   200     200    401
POST multiget                                    200 200  200  200 200   200     200    401
GET  openapi.json                                200 200  200  200 200   200     200    200
GET  /docs                                       200 200  200  200 200   200     200    200
GET  /health                                     200 200  200  200 200   200     200    200
GET  /health/live                                200 200  200  200 200   200     200    200
GET  /health/ready                               200 200  200  200 200   200     200    200
GET  /metrics                                    200 200  200  200 200   200     200    200
"""

Route = tuple[str, str]  # method, path

_HEAD, *_LINES = (line.split() for line in MATRIX.strip().splitlines())
ROLES = tuple(_HEAD)
TABLE: dict[Route, dict[str, int]] = {
    (method, path): dict(zip(ROLES, map(int, codes), strict=True))
    for method, path, *codes in _LINES
}
MEMBERS = [role for role in ROLES if role not in ("mallory", "nobody")]
READABLE = [
    path
    for (method, path), codes in TABLE.items()
    if method == "GET" and codes["nobody"] == 401 and path != "users/me"
]
UNKNOWN = 99_999_999  # no id of anything


PLACES = ("section", "user", "school", "course", "enrollment")  # what stands for an id


# ---------------------------------------------------------------- asking


@pytest.fixture
def app(store: Store, door: Door, clock: Clock) -> Front:
    return build_app(store, door, clock=clock)


async def ids_of(store: Store, cast: Cast) -> dict[str, Any]:
    """Return what stands for each name in a path: things of that district."""
    (school,) = (await store.schools(cast.district.id, Page())).items
    section = await store.section(cast.district.id, cast.sections["maths"])
    return {
        "section": section.id,
        "user": cast.users["anna"],
        "school": school.id,
        "course": section.course_id,
        "enrollment": cast.enrollments["anna"],
        "date": MONDAY,
    }


@pytest.fixture
async def ids(store: Store, cast: Cast) -> dict[str, Any]:
    return await ids_of(store, cast)


def body_of(method: str, path: str, ids: dict[str, Any]) -> Any:
    """Return a body that the route takes; none for a GET."""
    if path == "multiget":
        return {"request": ["/v1/roles"]}
    return marks_body(mark(ids["enrollment"], MONDAY, 2)) if method == "PUT" else None


Ask = Callable[..., Awaitable[httpx.Response]]
Sql = Callable[..., list[Any]]


@pytest.fixture
def ask(client: httpx.AsyncClient, sign_as: Callable[[str], Signed]) -> Ask:
    """Asks for a route as one of the roles."""

    async def ask(
        role: str, method: str, path: str, ids: dict[str, Any], **more: Any
    ) -> httpx.Response:
        body = more.pop("json", body_of(method, path, ids))
        return await client.request(
            method,
            client.base_url.join(path.format(**ids)),
            auth=None if role == "nobody" else sign_as({"reads": READ_ONLY}.get(role, role)),
            json=body,
            **more,
        )

    return ask


@pytest.fixture
async def taken(ask: Ask, ids: dict[str, Any]) -> None:
    """The roll of Monday was taken."""
    response = await ask("alice", "PUT", "sections/{section}/rolls/{date}", ids)
    assert response.status_code == 200, response.text


# ---------------------------------------------------------------- the table


def routes_of(app: Front) -> set[Route]:
    """Return every route that the application has, as the table writes it."""
    return {
        (method, route.template.removeprefix("/v1/").replace("_id}", "}"))
        for route in app.routes.all
        for method in route.handlers
    }


def test_every_route_is_in_the_table(app: Front) -> None:
    """
    A route that nobody has thought about, or that is gone, fails here.
    """
    assert routes_of(app) == set(TABLE)


@pytest.mark.usefixtures("taken")
@pytest.mark.parametrize("role", ROLES)
async def test_who_may_do_what(ask: Ask, ids: dict[str, Any], role: str) -> None:
    """
    Every role gets from every route what the table says.
    """
    answered = {route: (await ask(role, *route, ids)).status_code for route in TABLE}

    assert answered == {route: codes[role] for route, codes in TABLE.items()}


@pytest.mark.usefixtures("taken")
@pytest.mark.parametrize("role", MEMBERS)
async def test_many_at_once_are_decided_one_by_one(
    ask: Ask, ids: dict[str, Any], role: str
) -> None:
    """
    In a multiget every path is answered to a role as it is when it is asked for alone.
    """
    paths = [f"/v1/{path.format(**ids)}" for path in READABLE]
    response = await ask(role, "POST", "multiget", ids, json={"request": paths})
    codes = [one["response_code"] for one in response.json()["response"]]

    assert codes == [TABLE["GET", path][role] for path in READABLE]


@pytest.mark.usefixtures("taken")
@pytest.mark.parametrize("name", ["bob", "dora", "anna", "ida"])
async def test_acting_as_somebody_is_to_have_their_rights(
    ask: Ask, cast: Cast, ids: dict[str, Any], name: str
) -> None:
    """
    An administrator who acts as somebody gets what that somebody would get.
    """
    headers = {"X-Schoology-Run-As": str(cast.users[name])}
    answered = {
        route: (await ask("alice", *route, ids, headers=headers)).status_code for route in TABLE
    }

    assert answered == {route: codes[name] for route, codes in TABLE.items()}


async def test_acting_as_a_teacher_does_not_make_a_key_write(
    ask: Ask, cast: Cast, ids: dict[str, Any]
) -> None:
    """
    A key that may only read writes nothing, whoever it acts as.
    """
    headers = {"X-Schoology-Run-As": str(cast.users["bob"])}
    response = await ask("reads", "PUT", "sections/{section}/attendance", ids, headers=headers)

    assert response.status_code == 403


# ---------------------------------------------------------------- one's own


async def save(ask: Ask, ids: dict[str, Any], *enrollments: int) -> None:
    body = marks_body(*(mark(who, TUESDAY, 2) for who in enrollments))
    response = await ask("alice", "PUT", "sections/{section}/attendance", ids, json=body)
    assert response.status_code == 200


async def test_a_student_sees_their_own_attendance(
    ask: Ask, cast: Cast, ids: dict[str, Any]
) -> None:
    """
    Of a section's marks and totals a student gets those of the own enrollment.
    """
    anna, ben = cast.enrollments["anna"], cast.enrollments["ben"]
    await save(ask, ids, anna, ben)
    path = "sections/{section}/attendance"
    response = await ask("anna", "GET", path, ids)

    assert str(anna) in response.text
    assert str(ben) not in response.text
    assert response.json()["totals"] == {"total": [{"status": 2, "count": 1}]}


@pytest.mark.parametrize("who", ["ben", "bob in maths", "anna in music", "unknown"])
async def test_a_student_cannot_ask_for_anybody_else(
    ask: Ask, cast: Cast, ids: dict[str, Any], who: str
) -> None:
    """
    Another enrollment is not there for a student, alone or beside the own one.
    """
    await save(ask, ids, cast.enrollments["anna"], cast.enrollments["ben"])
    other = cast.enrollments.get(who, UNKNOWN)
    answers = [
        await ask("anna", "GET", f"sections/{{section}}/attendance?enrollment_id={wanted}", ids)
        for wanted in (f"{other}", f"{ids['enrollment']},{other}")
    ]
    alone = await ask(
        "anna",
        "GET",
        "sections/{section}/enrollments/{enrollment}",
        {**ids, "enrollment": other},
    )

    for response in (*answers, alone):
        assert response.status_code == 404
        assert response.json()["message"] == f"There is no enrollment {other} here."


async def test_a_student_sees_their_own_place(
    ask: Ask, cast: Cast, ids: dict[str, Any]
) -> None:
    """
    Who else is in the class is not told to a student, whatever they filter for.
    """
    path = "sections/{section}/enrollments"
    every = await ask("anna", "GET", path, ids)
    others = await ask("anna", "GET", f"{path}?uid={cast.users['ben']}", ids)

    assert [one["id"] for one in every.json()["enrollment"]] == [str(ids["enrollment"])]
    assert others.json()["enrollment"] == []


async def test_each_sees_themselves(ask: Ask, cast: Cast, ids: dict[str, Any]) -> None:
    """
    Everybody gets at their own person and sections, and nobody but an administrator at others.
    """
    for name in ("bob", "anna", "ida"):
        for path in ("users/{user}", "users/{user}/sections"):
            own = await ask(name, "GET", path, {**ids, "user": cast.users[name]})
            other = await ask(name, "GET", path, {**ids, "user": cast.users["ben"]})

            assert (own.status_code, other.status_code) == (200, 403)


# ---------------------------------------------------------------- other districts


def shown(response: httpx.Response, identifier: int) -> tuple[int, dict[str, str], str]:
    """Return all of an answer, the id that was asked for taken out."""
    headers = {
        name: value for name, value in response.headers.items() if name != "x-request-id"
    }
    return response.status_code, headers, response.text.replace(str(identifier), "…")


def no_id_like(identifier: int) -> int:
    """Return an id of nothing with as many digits, so that lengths tell nothing either."""
    return int("9" * len(str(identifier)))


@pytest.mark.parametrize("media_type", ["application/json", "text/xml"])
@pytest.mark.parametrize("role", MEMBERS)
async def test_what_is_another_districts_is_not_there(
    ask: Ask,
    ids: dict[str, Any],
    store: Store,
    strangers: Cast,
    role: str,
    media_type: str,
) -> None:
    """
    An id of another district is answered with the bytes that an id of nothing is.
    """
    theirs = await ids_of(store, strangers)
    headers = {"Accept": media_type}
    places = [
        (method, path, name)
        for method, path in TABLE
        for name in PLACES
        if f"{{{name}}}" in path
    ]
    for method, path, name in places:
        how = {"headers": headers, "json": body_of(method, path, ids)}
        stranger, nothing = [
            shown(await ask(role, method, path, {**ids, name: one}, **how), one)
            for one in (theirs[name], no_id_like(theirs[name]))
        ]

        assert stranger == nothing
        assert stranger[0] in (403, 404)


async def test_another_districts_enrollment_cannot_be_marked(
    ask: Ask, cast: Cast, strangers: Cast, ids: dict[str, Any]
) -> None:
    """
    In a body, too, an enrollment of another district is one that does not exist.
    """
    stranger = strangers.enrollments["anna"]
    told = []
    for who in (stranger, no_id_like(stranger)):
        body = marks_body(mark(who, MONDAY, 2))
        for path in ("sections/{section}/attendance", "sections/{section}/rolls/{date}"):
            for extra in ("", "?atomic=1"):
                response = await ask("alice", "PUT", path + extra, ids, json=body)
                told.append((path, extra, shown(response, who)[0], shown(response, who)[2]))
    half = len(told) // 2

    assert told[:half] == told[half:]
    assert "404" in told[0][3]


@pytest.mark.parametrize("role", MEMBERS)
async def test_filters_find_nothing_of_another_district(
    ask: Ask, strangers: Cast, ids: dict[str, Any], role: str
) -> None:
    """
    In a filter an id of another district finds what an id of nothing finds.
    """
    filters = {
        "sections/{section}/attendance?enrollment_id=": strangers.enrollments["anna"],
        "sections/{section}/attendance/history?enrollment_id=": strangers.enrollments["anna"],
        "sections/{section}/enrollments?uid=": strangers.users["anna"],
    }
    for path, stranger in filters.items():
        answers = [
            shown(await ask(role, "GET", f"{path}{one}", ids), one)
            for one in (stranger, no_id_like(stranger))
        ]

        assert answers[0] == answers[1]


@pytest.mark.parametrize("role", MEMBERS)
async def test_a_multiget_finds_nothing_of_another_district(
    ask: Ask, store: Store, strangers: Cast, ids: dict[str, Any], role: str
) -> None:
    """
    What a multiget asks for is looked for in the caller's own district as well.
    """
    theirs = await ids_of(store, strangers)
    nothing = {**theirs, **{name: no_id_like(theirs[name]) for name in PLACES}}
    told = []
    for one in (theirs, nothing):
        paths = [f"/v1/{path.format(**one)}" for path in READABLE if "{" in path]
        response = await ask(role, "POST", "multiget", ids, json={"request": paths})
        codes = {answer["response_code"] for answer in response.json()["response"]}
        told.append(re.sub("[0-9]{4,}", "…", response.text))  # no id of ours is shorter

        assert codes <= {403, 404}
    assert told[0] == told[1]


@pytest.mark.usefixtures("taken")
async def test_lists_hold_ones_own_district(
    ask: Ask, store: Store, cast: Cast, strangers: Cast, ids: dict[str, Any]
) -> None:
    """
    Two districts with the same names and codes: each list, search and count holds one of them.
    """
    lists = ["users", "schools", "courses", "sections", "sections?section_school_codes=maths"]
    for path in lists:
        noun = path.partition("?")[0].rstrip("s")
        ours = (await ask("alice", "GET", f"{path}", ids)).json()
        theirs = (await ask("mallory", "GET", f"{path}", ids)).json()
        our_ids = {one.get("uid") or one["id"] for one in ours[noun]}
        their_ids = {one.get("uid") or one["id"] for one in theirs[noun]}

        assert our_ids
        assert len(our_ids) == len(their_ids) == int(ours["total"]) == int(theirs["total"])
        assert not our_ids & their_ids


# ---------------------------------------------------------------- rights that end


async def test_a_teacher_who_leaves_a_section_loses_it_at_once(
    ask: Ask, cast: Cast, ids: dict[str, Any], sql: Sql
) -> None:
    """
    When a teacher's enrollment has ended, the next request is refused.
    """
    await save(ask, ids, cast.enrollments["anna"])
    path = "sections/{section}/attendance"
    assert (await ask("bob", "PUT", path, ids)).status_code == 200
    left = cast.enrollments["bob in maths"]
    sql("UPDATE enrollments SET status = 2 WHERE id = ?", left)
    await asyncio.sleep(NOTICED)

    assert (await ask("bob", "PUT", path, ids)).status_code == 403
    for lost in (path, f"{path}/history", "sections/{section}/enrollments"):
        assert (await ask("bob", "GET", lost, ids)).status_code == 403


async def test_a_student_whose_place_is_pending_sees_nothing(
    ask: Ask, ids: dict[str, Any]
) -> None:
    """
    A place that was asked for and not given is no place.
    """
    response = await ask("hugo", "GET", "sections/{section}/attendance", ids)

    assert response.status_code == 403


async def test_a_role_that_is_lowered_counts_at_once(
    ask: Ask, cast: Cast, ids: dict[str, Any], sql: Sql
) -> None:
    """
    Who is no administrator any more is none at the next request.
    """
    assert (await ask("alice", "GET", "users", ids)).status_code == 200
    sql("UPDATE users SET role = 5 WHERE id = ?", cast.users["alice"])
    await asyncio.sleep(NOTICED)

    assert (await ask("alice", "GET", "users", ids)).status_code == 403
    headers = {"X-Schoology-Run-As": str(cast.users["bob"])}
    assert (await ask("alice", "GET", "roles", ids, headers=headers)).status_code == 403


# ---------------------------------------------------------------- guards


class Bare:
    """A resource that says nothing."""

    async def on_get(self, req: Any, resp: Any) -> None: ...


class HalfGuarded:
    """A resource that forgot a method."""

    needs = {"GET": Action.SEE_CATALOGUE}  # noqa: RUF012 — as somebody would write it

    async def on_get(self, req: Any, resp: Any) -> None: ...

    async def on_delete(self, req: Any, resp: Any) -> None: ...


class Public:
    """A resource that says that it is for everybody."""

    needs = {"GET": None}  # noqa: RUF012

    async def on_get(self, req: Any, resp: Any) -> None: ...


def test_a_route_without_a_guard_does_not_start() -> None:
    """
    Every method must say what it needs, be it nothing.
    """
    with pytest.raises(RuntimeError, match=r"^/v1/bare does not say who may GET it$"):
        Routes({"/v1/bare": Bare()})
    with pytest.raises(RuntimeError, match=r"^/v1/half does not say who may DELETE it$"):
        Routes({"/v1/half": HalfGuarded()})
    Routes({"/v1/public": Public()})


def test_the_application_checks_its_guards(
    store: Store, door: Door, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    An application of which one route has lost its guard is not built.
    """
    monkeypatch.delattr("rollbook.api.people.Users.needs")

    with pytest.raises(RuntimeError, match="/v1/users does not say"):
        build_app(store, door, clock=clock)


# ---------------------------------------------------------------- the table of rights


def actor(role: Role, *, read_only: bool = False) -> Actor:
    user = User(id=1, role=role, name_first="A", name_last="B")
    return Actor(
        district=District(id=1, name="D"), user=user, key_user_id=1, read_only=read_only
    )


@pytest.mark.parametrize("standing", Standing)
@pytest.mark.parametrize("action", Action)
def test_a_right_to_read_only_writes_nothing(action: Action, standing: Standing) -> None:
    """
    Whatever somebody is to a thing: by a key that may only read, they change nothing of it.
    """
    free, bound = (
        reach(actor(Role.ADMINISTRATOR, read_only=read_only), action, standing)
        for read_only in (False, True)
    )

    assert bound == (Reach.NONE if action in WRITING else free)


def test_no_method_that_changes_something_is_open_to_a_key_that_reads() -> None:
    """
    Of all that is not a GET, such a key may use only what asks for many things at once.
    """
    changing = [route for route in TABLE if route[0] != "GET" and route[1] != "multiget"]

    assert changing
    assert {TABLE[route]["reads"] for route in changing} == {403}
