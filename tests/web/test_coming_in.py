"""Coming in and going, as a browser does it."""

import pytest

from cast import Cast
from conftest import Clock
from rollbook.auth.reception import Reception
from rollbook.web.guard import local_path
from web.browsing import ADDRESS, Browser, Page
from web.conftest import PASSWORD, Visiting

LOGIN = "bob@school.example"


@pytest.fixture
async def invitation(reception: Reception, cast: Cast) -> str:
    """Where Bob's invitation leads."""
    token = await reception.invite(cast.district.id, cast.users["bob"], LOGIN)
    return f"/link/{token}"


async def come_in(browser: Browser, password: str = PASSWORD, following: str = "/") -> Page:
    """Fill in the form of the login, and return the answer."""
    page = await browser.get("/login")
    fields = {"login": LOGIN, "password": password, "next": following}
    return Page(await browser.send(page, "/login", fields))


async def test_from_an_invitation_to_the_first_day(stranger: Browser, invitation: str) -> None:
    """
    The link asks for a password, once; with it one comes in, and is led to the day.
    """
    page = await stranger.get(invitation)
    assert f"For {LOGIN}" in page.text
    answer = await stranger.send(page, invitation, {"password": PASSWORD, "again": PASSWORD})
    assert answer.status_code == 303
    assert (await stranger.get(invitation)).status == 404

    inside = await come_in(stranger)
    assert (inside.status, inside.headers["location"]) == (303, "/")
    today = await stranger.get("/")
    assert "Bob O’Malley-Müller" in today.text
    assert "Mathematics" in today.text


@pytest.mark.parametrize(
    ("password", "again", "sentence"),
    [
        ("short", "short", "12 characters or more"),
        (PASSWORD, "seven green pears", "The two passwords differ."),
        ("password1234", "password1234", "guessed first"),
        (LOGIN, LOGIN, "must not be the name"),
    ],
)
async def test_passwords_that_are_not_taken(
    stranger: Browser, invitation: str, password: str, again: str, sentence: str
) -> None:
    """
    What is wrong is told, and the link works still.
    """
    page = await stranger.get(invitation)
    answer = await stranger.send(page, invitation, {"password": password, "again": again})

    assert answer.status_code == 400
    assert sentence in Page(answer).text
    assert (await stranger.get(invitation)).status == 200


async def test_who_forgot_their_password_is_told_whom_to_ask(
    stranger: Browser, visit: Visiting, reception: Reception, invitation: str, cast: Cast
) -> None:
    """
    The login says that the office helps; the link that an administrator makes leads back in.
    """
    await reception.set_password(invitation.removeprefix("/link/"), "blue lamps in rain", None)
    assert "Forgot your password? Ask your school’s office" in (await come_in(stranger)).text
    alice, bob = await visit("alice"), f"/admin/people/{cast.users['bob']}"
    answer = Page(await alice.send(await alice.get(bob), bob, {"reset": ""}))
    path = next(word for word in answer.text.split() if "/link/" in word).removeprefix(ADDRESS)
    page = await stranger.get(path)
    await stranger.send(page, path, {"password": PASSWORD, "again": PASSWORD})

    assert (await come_in(stranger)).status == 303


async def test_a_wrong_password(stranger: Browser, invitation: str) -> None:
    """
    It is told like an unknown name, what was typed is still there, and no session begins.
    """
    page = await come_in(stranger, "seven green apples?")

    assert page.status == 401
    assert "The name or the password is not right." in page.text
    assert page.forms["/login"]["login"] == LOGIN
    assert page.forms["/login"]["password"] == ""
    assert (await stranger.get("/today")).text.startswith("Log in")


async def test_a_page_that_asks_to_log_in_leads_back(
    stranger: Browser, reception: Reception, invitation: str, cast: Cast
) -> None:
    """
    Whoever asks for a page without a session goes there after the login.
    """
    await reception.set_password(invitation.rpartition("/")[2], PASSWORD, None)
    path = f"/sections/{cast.sections['maths']}/roll/2026-09-14?saved"
    page = await stranger.get(path)
    answer = await stranger.send(page, "/language", {"language": "es"})
    page = await stranger.get(answer.headers["location"])  # nor is it lost on that way
    following = page.forms["/login"]["next"]
    inside = await come_in(stranger, following=following)

    assert inside.headers["location"] == path


async def test_what_a_login_sets(
    stranger: Browser, reception: Reception, invitation: str
) -> None:
    """
    A new cookie each time, that scripts cannot read and other hosts cannot set.
    """
    await reception.set_password(invitation.rpartition("/")[2], PASSWORD, None)
    stranger.client.cookies.set("__Host-rollbook", "1-" + "x" * 43)
    cookies = [
        cookie
        for cookie in (await come_in(stranger)).headers.get_list("set-cookie")
        if cookie.startswith("__Host-rollbook=")
    ]

    assert len(cookies) == 1
    assert cookies[0].endswith("; Path=/; HttpOnly; SameSite=Lax; Secure")
    assert "x" * 43 not in cookies[0]


async def test_going_ends_the_session_everywhere(visit: Visiting) -> None:
    """
    After the logout the cookie is worth nothing, also for who kept it, and the browser forgets.
    """
    bob = await visit("bob")
    kept = bob.client.cookies["__Host-rollbook"]
    answer = await bob.send(await bob.get("/today"), "/logout")

    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    bob.client.cookies.set("__Host-rollbook", kept)
    assert "Password" in (await bob.get("/today")).text


@pytest.mark.parametrize(("minutes", "alive"), [(29, True), (31, False)])
async def test_a_session_that_nobody_uses_ends(
    visit: Visiting, clock: Clock, minutes: int, *, alive: bool
) -> None:
    """
    After half an hour without a request one has to log in again.
    """
    bob = await visit("bob")
    clock.advance(minutes=minutes)

    assert ("Password" not in (await bob.get("/today")).text) == alive


@pytest.mark.parametrize(
    "told",
    [
        {"origin": "https://elsewhere.example"},
        {"origin": "null", "sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": f"{ADDRESS}.elsewhere.example"},
        {"origin": "http://rollbook.test"},
    ],
)
async def test_forms_of_other_sites_are_refused(visit: Visiting, told: dict[str, str]) -> None:
    """
    Whatever the browser tells that is not our own page: nothing happens.
    """
    bob = await visit("bob")
    page = await bob.get("/today")

    assert (await bob.send(page, "/logout", {}, **told)).status_code == 403
    assert (await bob.get("/today")).status == 200
    assert "Password" not in (await bob.get("/today")).text


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
async def test_forms_without_our_token_are_refused(visit: Visiting, token: str) -> None:
    """
    A form that bears no token, or another's, is refused.
    """
    bob = await visit("bob")
    page = await bob.get("/today")

    assert (await bob.send(page, "/logout", {"token": token})).status_code == 403


@pytest.mark.parametrize(
    "text",
    [
        *("//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)"),
        *("", "/a\r\nb", "/\tevil", "evil", "\\/evil.example", "/%5Cevil\\", "///evil.example"),
    ],
)
def test_a_login_leads_nowhere_else(text: str) -> None:
    """
    Where to go on is a path of ours, and nothing that a browser takes for another place.
    """
    assert local_path(text) == "/"


async def test_passwords_are_not_taken_in_the_clear(stranger: Browser) -> None:
    """
    Over http from another machine nobody can log in, and the page says so.
    """
    base = "http://rollbook.test"
    page = Page(await stranger.client.get(f"{base}/login"))
    assert "only taken over https" in page.text
    answer = await stranger.post(
        f"{base}/login",
        page.forms["/login"] | {"login": LOGIN, "password": PASSWORD},
        origin=base,
    )

    assert answer.status_code == 403
