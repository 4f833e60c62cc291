"""
Who may open which page and send which form: every route, every method, every role, in one table.

Alice runs the district, Ida is the office of the school and Otto that of another one; Bob and
Carla teach the section that is asked for and Dora another; Anna is a student in it, Gus a
guardian. Mallory runs a district with the same ids of its own, Greg is disabled while his browser
is open, and nobody has not logged in. The student that is asked for is Ben.
"""

import httpx
import pytest

from cast import SECRET, TODAY, Cast
from conftest import Clock, World
from rollbook.auth.reception import Reception
from rollbook.domain.roster_files import RosterEnrollment, RosterLimits, RosterPart
from rollbook.domain.store import Store
from rollbook.web.app import Pages
from signing import Signed
from web.browsing import Browser
from web.conftest import Visiting
from web.every_route import Route, ask, form_of, places, routes_of, token_of, with_neighbours

MATRIX = """
                                        alice ida otto bob carla dora anna gus mallory greg nobody
GET  /                                    303 303  303 303   303  303  303 303     303  303    303
GET  /login                               200 200  200 200   200  200  200 200     200  200    200
POST /login                               401 401  401 401   401  401  401 401     401  401    401
POST /logout                              303 303  303 303   303  303  303 303     303  303    303
POST /language                            303 303  303 303   303  303  303 303     303  303    303
GET  /link/{token}                        200 200  200 200   200  200  200 200     200  200    200
POST /link/{token}                        400 400  400 400   400  400  400 400     400  400    400
GET  /static/{name}                       200 200  200 200   200  200  200 200     200  200    200
GET  /password                            200 200  200 200   200  200  200 200     200  303    303
POST /password                            400 400  400 400   400  400  400 400     400  303    303
GET  /today                               200 200  200 200   200  200  200 200     200  303    303
GET  /office                              200 200  200 403   403  403  403 403     200  303    303
GET  /admin                               303 403  403 403   403  403  403 403     303  303    303
GET  /admin/settings                      200 403  403 403   403  403  403 403     200  303    303
POST /admin/settings                      303 403  403 403   403  403  403 403     303  303    303
GET  /admin/keys                          200 403  403 403   403  403  403 403     200  303    303
POST /admin/keys                          200 403  403 403   403  403  403 403     200  303    303
POST /admin/keys/{key}                    200 403  403 403   403  403  403 403     404  303    303
GET  /admin/people                        200 403  403 403   403  403  403 403     200  303    303
GET  /admin/people/{teacher}              200 403  403 403   403  403  403 403     404  303    303
POST /admin/people/{teacher}              303 403  403 403   403  403  403 403     404  303    303
GET  /admin/record                        200 403  403 403   403  403  403 403     200  303    303
GET  /admin/record/acts                   200 403  403 403   403  403  403 403     200  303    303
GET  /admin/roster                        200 403  403 403   403  403  403 403     200  303    303
POST /admin/roster                        400 403  403 403   403  403  403 403     400  303    303
POST /admin/roster/apply                  303 403  403 403   403  403  403 403     303  303    303
GET  /students/{user}                     303 303  303 303   303  303  303 303     303  303    303
GET  /students/{user}/excuse              200 200  403 403   403  403  403 403     404  303    303
POST /students/{user}/excuse              303 303  403 403   403  403  403 403     404  303    303
GET  /students/{user}/{year}              200 200  403 200   200  403  403 403     404  303    303
GET  /students/{user}/{year}/csv          200 200  403 200   200  403  403 403     404  303    303
GET  /sections/{section}/month/{month}     200 200  403 200   200  403  403 403     404  303    303
GET  /sections/{section}/month/{month}/csv 200 200  403 200   200  403  403 403     404  303    303
GET  /sections/{section}/roll             303 303  403 303   303  403  403 403     404  303    303
GET  /sections/{section}/roll/{day}       200 200  403 200   200  403  403 403     404  303    303
POST /sections/{section}/roll/{day}       303 303  403 303   303  403  403 403     404  303    303
"""

_HEAD, *_LINES = (line.split() for line in MATRIX.strip().splitlines())
ROLES = tuple(_HEAD)
TABLE: dict[Route, dict[str, int]] = {
    (method, path): dict(zip(ROLES, map(int, codes), strict=True))
    for method, path, *codes in _LINES
}
MEMBERS = [role for role in ROLES if role not in ("mallory", "greg", "nobody")]


@pytest.fixture
async def cast(store: Store, world: World) -> Cast:
    """The cast with its neighbours."""
    return await with_neighbours(store, world.lindenhof)


@pytest.fixture
async def ids(cast: Cast, reception: Reception) -> dict[str, str]:
    """What fills the paths."""
    return await places(cast, reception)


async def come(
    who: str, visit: Visiting, stranger: Browser, reception: Reception, cast: Cast
) -> Browser:
    """Return a browser of one of the roles."""
    if who == "nobody":
        return stranger
    if who != "greg":
        return await visit(who)
    browser = await visit("carla")
    await reception.disable(cast.district.id, cast.users["carla"])
    return browser


# ---------------------------------------------------------------- the table


def test_every_route_is_in_the_table(pages: Pages) -> None:
    """
    A page that nobody has thought about, or that is gone, fails here.
    """
    assert routes_of(pages) == set(TABLE)


@pytest.mark.parametrize("role", ROLES)
async def test_who_may_do_what(
    visit: Visiting,
    stranger: Browser,
    reception: Reception,
    cast: Cast,
    ids: dict[str, str],
    role: str,
) -> None:
    """
    Every role gets from every route what the table says.
    """
    browser = await come(role, visit, stranger, reception, cast)
    token = await token_of(browser)
    answered = {}
    for route in sorted(TABLE, key=lambda route: route[1] == "/logout"):
        answered[route] = (await ask(browser, route, ids, token)).status_code

    assert answered == {route: codes[role] for route, codes in TABLE.items()}


async def test_who_may_not_excuse_is_not_told_who_is_a_student(
    visit: Visiting, cast: Cast
) -> None:
    """
    A teacher is refused in the same way, whoever it is that they ask for.
    """
    bob = await visit("bob")
    asked = [await bob.get(f"/students/{cast.users[who]}/excuse") for who in ("ben", "dora")]

    assert [page.status for page in asked] == [403, 403]


# ---------------------------------------------------------------- other districts


def shown(answer: httpx.Response, wanted: str) -> tuple[int, dict[str, str], str]:
    """Return all of an answer, but for the number of the request and what was asked for."""
    number = answer.headers["x-request-id"]
    headers = {name: text for name, text in answer.headers.items() if name != "x-request-id"}
    return answer.status_code, headers, answer.text.replace(number, "#").replace(wanted, "…")


def nothing_like(text: str) -> str:
    """Return an id of nothing with as many digits, so that lengths tell nothing either."""
    return "9" * len(text)


@pytest.mark.parametrize("role", MEMBERS)
async def test_what_is_another_districts_is_not_there(
    visit: Visiting, reception: Reception, strangers: Cast, ids: dict[str, str], role: str
) -> None:
    """
    An id of another district in a path is answered with the bytes that an id of nothing is.
    """
    browser = await visit(role)
    token = await token_of(browser)
    theirs = await places(strangers, reception)
    for route in TABLE:
        for name in ("section", "user", "teacher", "key"):
            if f"{{{name}}}" not in route[1] or route[1] == "/students/{user}":
                continue
            stranger, nothing = [
                shown(await ask(browser, route, ids | {name: one}, token), one)
                for one in (theirs[name], nothing_like(theirs[name]))
            ]

            assert stranger == nothing
            assert stranger[0] in {403, 404}


async def test_what_is_another_districts_is_not_in_a_field_either(
    visit: Visiting, strangers: Cast, ids: dict[str, str], world: World, store: Store
) -> None:
    """
    In a filter, or a field of a form, it is answered as an id of nothing, and changes nothing.
    """
    alice = await visit("alice")
    token = await token_of(alice)
    school = (await store.user(strangers.district.id, strangers.users["bob"])).school_id
    user, place = strangers.users["bob"], strangers.enrollments["ben"]
    asked: list[tuple[Route, str, int | None]] = [
        (("GET", "/office?school={id}"), "", school),
        (("GET", "/admin/record?section={id}"), "", strangers.sections["maths"]),
        (("GET", "/admin/record?by={id}"), "", user),
        (("GET", "/admin/record?student={id}"), "", strangers.users["ben"]),
        (("GET", "/admin/record/acts?by={id}"), "", user),
        (("GET", "/admin/record/acts?person={id}"), "", user),
        (("POST", "/admin/keys"), "user", user),
        (("POST", "/admin/people/{teacher}"), "school", school),
        (("POST", "/sections/{section}/roll/{day}"), "status-{id}", place),
    ]
    rest = {"school": {"change": "", "role": "2"}, "user": {"name": "a program"}}
    before = world.book.content()
    for route, field, number in asked:
        both = []
        for one in (str(number), nothing_like(str(number))):
            value = "2" if "{" in field else one
            fields = rest.get(field, {}) | ({field.format(id=one): value} if field else {})
            answer = await ask(alice, route, ids | {"id": one}, token, fields)
            both.append(shown(answer, one))
        assert both[0] == both[1]
    assert world.book.content() == before


# ---------------------------------------------------------------- in the middle of a visit


@pytest.fixture
async def bobs_path(ids: dict[str, str]) -> str:
    """The sheet that Bob has open."""
    return "/sections/{section}/roll/{day}".format(**ids)


async def test_who_left_the_section_is_refused_at_once(
    visit: Visiting, store: Store, cast: Cast, bobs_path: str
) -> None:
    """
    Taken out of it by a roster, a teacher can save nothing on the sheet that is open.
    """
    bob = await visit("bob")
    page = await bob.get(bobs_path)
    assert page.status == 200
    part = RosterPart(noun=RosterEnrollment, rows=(), ended=("bob in maths",), complete=False)
    limits = RosterLimits(today=TODAY, end_share=1.0)
    await store.import_roster(cast.district.id, [part], limits, lambda *_: None)

    assert (await bob.send(page, bobs_path)).status_code == 403
    assert (await bob.get(bobs_path)).status == 403


async def test_whose_role_is_less_is_refused_at_once(
    visit: Visiting, cast: Cast, ids: dict[str, str]
) -> None:
    """
    Made a teacher by an administrator, somebody of the office is none from the next request on.
    """
    alice, ida = await visit("alice"), await visit("ida")
    assert (await ida.get("/office")).status == 200
    path = f"/admin/people/{cast.users['ida']}"
    page = await alice.get(path)
    await alice.send(page, path, {"role": "2", "school": "", "change": ""})

    assert (await ida.get("/office")).status == 403
    answer = await ask(ida, ("POST", "/students/{user}/excuse"), ids, await token_of(ida))
    assert answer.status_code == 403


async def test_who_is_disabled_is_refused_at_once(
    visit: Visiting, cast: Cast, bobs_path: str, world: World
) -> None:
    """
    Disabled, a teacher can neither save the sheet that is open nor look at it.
    """
    alice, bob = await visit("alice"), await visit("bob")
    sheet = await bob.get(bobs_path)
    path = f"/admin/people/{cast.users['bob']}"
    token = await token_of(alice)
    await alice.post(path, {"token": token, "disable": ""})
    before = world.book.content()

    assert (await bob.send(sheet, bobs_path)).status_code in {303, 403}
    assert (await bob.client.get(bobs_path)).headers["location"].startswith("/login")
    assert world.book.content() == before


# ---------------------------------------------------------------- the other door


async def test_a_cookie_opens_nothing_of_the_api(
    visit: Visiting, client: httpx.AsyncClient, ids: dict[str, str]
) -> None:
    """
    Whoever has logged in at the pages has signed nothing: the API answers 401.
    """
    alice = await visit("alice")
    cookie = {"cookie": f"__Host-rollbook={alice.client.cookies['__Host-rollbook']}"}
    for path in ("roles", "users", f"sections/{ids['section']}/attendance"):
        answer = await client.get(path, auth=None, headers=cookie)
        assert answer.status_code == 401


async def test_a_signature_opens_no_page(
    stranger: Browser, cast: Cast, ids: dict[str, str], clock: Clock
) -> None:
    """
    A key of the administrator's is worth nothing at the pages.
    """
    auth = Signed(cast.keys["alice"], SECRET, clock)
    for (method, path), codes in TABLE.items():
        if method == "GET" and codes["nobody"] == 303 and codes["anna"] != 303:
            answer = await stranger.client.get(path.format(**ids), auth=auth)
            assert (answer.status_code, answer.headers.get("location", "")[:6]) == (
                303,
                "/login",
            )


# ---------------------------------------------------------------- fields of nobody

_TELLTALE = "77777777"
_COLUMNS = (
    *("id", "district_id", "user_id", "school_id", "section_id", "role_id", "enrollment_id"),
    *(
        "active",
        "sourced_id",
        "username",
        "name_first",
        "name_last",
        "password_hash",
        "subject",
    ),
    *(
        "created_at",
        "disabled_at",
        "revoked_at",
        "expires_at",
        "key",
        "secret",
        "sealed_secret",
    ),
    *("author", "acting", "channel", "date", "status", "comment", "request_id", "seq", "hash"),
)


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/admin/settings", {"acts", "districts"}),
        ("/admin/keys", {"acts", "api_keys"}),
        ("/admin/people/{teacher}", {"acts", "users"}),
        ("/students/{user}/excuse", {"events", "marks", "record"}),
        ("/sections/{section}/roll/{day}", {"events", "marks", "record", "rolls"}),
    ],
)
async def test_fields_that_a_form_has_not_change_nothing(
    visit: Visiting, ids: dict[str, str], world: World, path: str, written: set[str]
) -> None:
    """
    Sent along with a form, columns of the tables are not taken for fields.
    """
    alice = await visit("alice")
    token = await token_of(alice)
    before = world.book.content()
    fields = dict.fromkeys(_COLUMNS, _TELLTALE) | form_of(path, ids)
    answer = await ask(alice, ("POST", path), ids, token, fields)
    after = world.book.content()
    new = {name: [row for row in after[name] if row not in before[name]] for name in after}

    assert answer.status_code in {200, 303}
    assert {name for name, rows in new.items() if rows} == written
    assert _TELLTALE not in repr(new)
