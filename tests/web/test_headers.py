"""What every answer tells the browser, whatever was asked and however it went."""

import json
from collections.abc import Iterable
from typing import Any

import httpx
import pytest

from cast import Cast
from rollbook.auth.reception import Reception
from rollbook.domain.errors import Unavailable
from rollbook.domain.store import Store
from rollbook.watch import logs
from rollbook.web.app import Pages
from web.browsing import ADDRESS, Browser, Page
from web.conftest import PASSWORD, Visiting
from web.every_route import ask, places, routes_of, token_of

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}
ALWAYS = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "vary": "Cookie, Accept-Language",
    "strict-transport-security": "max-age=31536000",
    "cache-control": "no-store",
}
SESSION = "__Host-rollbook="
LOGIN = "bob@school.example"
KEPT = "public, max-age=31536000, immutable"


def faults(answer: httpx.Response, *, kept: bool = False) -> list[str]:
    """Return what is missing in an answer, or there twice."""
    wanted = ALWAYS | ({"cache-control": KEPT} if kept else {})
    found = [
        f"{name}: {answer.headers.get_list(name)}"
        for name, value in wanted.items()
        if answer.headers.get_list(name) != [value]
    ]
    policies = answer.headers.get_list("content-security-policy")
    if [set(policy.split("; ")) for policy in policies] != [POLICY]:
        found.append(f"content-security-policy: {policies}")
    if answer.content and "content-type" not in answer.headers:
        found.append("content-type")
    return found


@pytest.fixture
async def ids(cast: Cast, reception: Reception) -> dict[str, str]:
    """What fills the paths."""
    return await places(cast, reception)


@pytest.mark.parametrize("who", ["alice", "bob", "nobody"])
async def test_every_route_tells_the_browser(
    visit: Visiting, stranger: Browser, pages: Pages, ids: dict[str, str], who: str
) -> None:
    """
    Pages, files, redirects, refused forms and methods that are none: each has every header.
    """
    browser = stranger if who == "nobody" else await visit(who)
    token = await token_of(browser)
    missing = {}
    for route in sorted(routes_of(pages), key=lambda route: route[1] == "/logout"):
        path = route[1].format(**ids)
        answers = [
            await ask(browser, route, ids, token),
            await browser.client.head(path),
            await browser.client.put(path),
            await browser.client.post(path, content=b"x"),
        ]
        for answer in answers:
            kept = path.startswith("/static/") and answer.status_code == 200
            if lacks := faults(answer, kept=kept):
                missing[route, answer.status_code] = lacks

    assert missing == {}


def odd(stranger: Browser) -> Iterable[tuple[str, dict[str, str]]]:
    """Yield requests that are refused before there is a page."""
    for path in ("/today/nothing", "/sections/x/roll", "/static/none.css", "/link/none"):
        yield path, {}
    yield "/login?x=%ff", {}
    yield "/login?%C3=1", {}
    yield "/login", {"host": "elsewhere.example"}
    yield "/login", {"host": ""}
    yield "/login", {"cookie": "a=\x01; b"}
    yield "/login", {"x-forwarded-proto": "gopher"}
    yield "/today", {"cookie": "__Host-rollbook=1-" + "x" * 43}


async def test_what_is_refused_tells_the_browser_too(
    stranger: Browser, pages: Pages, visit: Visiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Where there is no page, from a host that is not ours, and when we are at fault.
    """
    missing = {}
    for path, headers in odd(stranger):
        answer = await stranger.client.get(path, headers=headers)
        if lacks := faults(answer):
            missing[path, str(headers), answer.status_code] = lacks
    alice = await visit("alice")
    monkeypatch.setattr(pages, "rights", None)
    answer = await alice.client.get("/admin/settings")
    assert answer.status_code == 503
    if lacks := faults(answer):
        missing["fault", "", 503] = lacks

    assert missing == {}


async def test_why_it_did_not_work_is_for_the_log(
    store: Store,
    visit: Visiting,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """
    A page tells the number of the request; under it the log has what the fault says of itself.
    """
    why = "The database cannot be reached: db1 is away."

    async def away(*_: Any) -> Any:
        raise Unavailable(why)

    alice = await visit("alice")
    monkeypatch.setattr(store, "acts", away)
    answer = await alice.client.get("/admin/record/acts")
    (line,) = (json.loads(logs.Json("worker").format(record)) for record in caplog.records)

    assert answer.status_code == 503
    assert line["request_id"] == answer.headers["x-request-id"]
    assert line["request_id"] in answer.text
    assert line["text"] == why
    assert "db1" not in answer.text


async def test_in_the_clear_nothing_is_promised(stranger: Browser) -> None:
    """
    Over http a browser would not listen to it.
    """
    answer = await stranger.client.get("http://rollbook.test/login")

    assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "roles",
        "nothing",
        "/nothing",
        "/",
        "/docs",
        "/v1/openapi.json",
        "/health",
        "/v1/roles/x",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "TRACE"])
@pytest.mark.parametrize("host", ["rollbook.test", "elsewhere.example"])
async def test_the_api_too(
    client: httpx.AsyncClient, path: str, method: str, host: str
) -> None:
    """
    No answer of the API is kept, or taken for what it is not.
    """
    url = client.base_url.join(path)
    answer = await client.request(method, url, auth=None, headers={"host": host})

    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    assert answer.headers.get_list("cache-control") in (["no-store"], ["no-cache"])


# ---------------------------------------------------------------- where it leads

EVIL = [
    "//evil.example",
    "///evil.example",
    "////evil.example/%2f..",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\nLocation: https://evil.example",
    "\t//evil.example",
    " //evil.example",
    "https://evil.example",
    "https:evil.example",
    "HTTPS://evil.example",
    f"{ADDRESS}@evil.example",
    f"{ADDRESS}.evil.example",
    "@evil.example",
    ".evil.example",
    "evil.example",
    "javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "/\u2028/evil.example",
    "\u3000//evil.example",
    "/\x01/evil.example",
    "?next=//evil.example",
]


@pytest.mark.parametrize("where", EVIL)
async def test_no_form_leads_to_another_site(
    visit: Visiting, stranger: Browser, reception: Reception, cast: Cast, where: str
) -> None:
    """
    Neither does the login nor the choice of a language, and the login's page does not ask to.
    """
    answer = await stranger.client.get("/login", params={"next": where})
    assert 'name="next" value="/"' in answer.text
    token = await token_of(stranger)
    fields = {"token": token, "language": "es", "next": where}
    answer = await stranger.post("/language", fields)

    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize("where", [*EVIL, ""])
async def test_no_login_leads_to_another_site(
    stranger: Browser, reception: Reception, cast: Cast, where: str
) -> None:
    """
    What the form of the login says of where to go on counts only as a path of ours: whether the
    password was right, or wrong at first.
    """
    token = await reception.invite(cast.district.id, cast.users["bob"], LOGIN)
    await reception.set_password(token, PASSWORD, None)
    page = await stranger.get("/login")
    wrong = {"login": LOGIN, "password": "not this one", "next": where}
    again = Page(await stranger.send(page, "/login", wrong))
    assert (again.status, again.forms["/login"]["next"]) == (401, "/")
    answer = await stranger.send(again, "/login", wrong | {"password": PASSWORD})

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert SESSION in answer.headers["set-cookie"]


async def test_a_login_leads_to_a_path_of_ours(
    stranger: Browser, reception: Reception, cast: Cast
) -> None:
    """
    With its query, so that the test above does not find what is always so.
    """
    token = await reception.invite(cast.district.id, cast.users["bob"], LOGIN)
    await reception.set_password(token, PASSWORD, None)
    fields = {"login": LOGIN, "password": PASSWORD, "next": "/today?day=2026-09-14"}
    answer = await stranger.send(await stranger.get("/login"), "/login", fields)

    assert answer.headers["location"] == "/today?day=2026-09-14"


async def test_what_was_typed_makes_no_header(visit: Visiting) -> None:
    """
    A line end in what a form hands on stays within the address.
    """
    alice = await visit("alice")
    token = await token_of(alice)
    answer = await alice.post(
        "/admin/roster/apply", {"token": token, "roster": "a\r\nSet-Cookie: b=c"}
    )

    assert answer.status_code == 303
    assert "\n" not in answer.headers["location"]
    assert answer.headers["location"].startswith("/admin/roster?roster=a%0D%0A")
