"""Changing one's own password, as a browser does it."""

import pytest

from cast import Cast
from rollbook.auth.reception import Reception
from rollbook.domain.acts import ActQuery
from rollbook.domain.store import Store
from rollbook.watch.logins import LoginTurnstile
from web.browsing import Browser, Page
from web.conftest import PASSWORD, Visiting

LOGIN = "bob@school.example"
NEW = "blue lamps in the rain"
PATH = "/password"


@pytest.fixture
async def bob(visit: Visiting, reception: Reception, cast: Cast) -> Browser:
    """Bob's browser; he has a password."""
    link = await reception.invite(cast.district.id, cast.users["bob"], LOGIN)
    await reception.set_password(link, PASSWORD, None)
    return await visit("bob")


async def change(browser: Browser, current: str, new: str, again: str | None = None) -> Page:
    """Fill in the form and return the answer."""
    fields = {"current": current, "password": new, "again": new if again is None else again}
    return Page(await browser.send(await browser.get(PATH), PATH, fields))


def sessions(browser: Browser) -> set[str]:
    """Return what the browser bears."""
    return {str(one.value) for one in browser.client.cookies.jar if "rollbook" in one.name}


async def comes_in(browser: Browser, password: str) -> bool:
    """Say whether somebody logs in with that."""
    page = await browser.get("/login")
    answer = await browser.send(page, "/login", {"login": LOGIN, "password": password})
    return answer.status_code == 303


async def test_a_password_is_changed(bob: Browser, stranger: Browser, visit: Visiting) -> None:
    """
    The new one counts, the old one does not; this browser goes on, every other one is logged out.
    """
    elsewhere = await visit("bob")
    before = sessions(bob)
    page = await change(bob, PASSWORD, NEW)

    assert (page.status, page.headers["location"]) == (303, "/password?done")
    assert "Your password was changed." in (await bob.get("/password?done")).text
    assert sessions(bob) != before
    assert (await bob.client.get("/today")).status_code == 200
    assert (await elsewhere.client.get("/today")).headers["location"] == "/login?next=/today"
    assert not await comes_in(stranger, PASSWORD)
    assert await comes_in(stranger, NEW)


@pytest.mark.parametrize(
    ("fields", "sentence", "where"),
    [
        (("guess", NEW), "The password that you have now is another one.", "current"),
        ((PASSWORD, NEW, PASSWORD), "The two passwords differ.", "again"),
        ((PASSWORD, "short"), "12 characters or more", "password"),
        ((PASSWORD, "password1234"), "guessed first", "password"),
        ((PASSWORD, LOGIN), "must not be the name", "password"),
    ],
)
async def test_what_is_wrong_is_told_beside_the_field(
    bob: Browser, stranger: Browser, fields: tuple[str, ...], sentence: str, where: str
) -> None:
    """
    Nothing is changed then, nobody is logged out, and no password is in the answer.
    """
    page = await change(bob, *fields)

    assert page.status == 400
    assert sentence in page.text
    assert f'id="why-{where}"' in page.html
    assert {page.forms[PATH][name] for name in ("current", "password", "again")} == {""}
    assert (await bob.client.get("/today")).status_code == 200
    assert await comes_in(stranger, PASSWORD)


async def test_it_is_not_guessed_at_a_page_that_was_left_open(
    pages: object, bob: Browser, reception: Reception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Tries count as those to log in do: after ten one has to wait, with the right password too.
    """
    monkeypatch.setattr(reception, "_turnstile", LoginTurnstile())
    codes = [(await change(bob, f"guess {number}", NEW)).status for number in range(12)]
    page = await change(bob, PASSWORD, NEW)

    assert codes == [400] * 10 + [429] * 2
    assert page.status == 429
    assert 0 < int(page.headers["retry-after"]) <= 60
    assert "Too many tries" in page.text


async def test_who_comes_in_with_the_districts_account_has_none(visit: Visiting) -> None:
    """
    Without a password there is no form, only why.
    """
    alice = await visit("alice")
    page = await alice.get(PATH)

    assert "You come in with the district’s account" in page.text
    assert PATH not in page.forms


async def test_it_is_no_act_of_administration(bob: Browser, store: Store, cast: Cast) -> None:
    """
    What people do for themselves is not in the record of acts.
    """
    await change(bob, PASSWORD, NEW)

    assert await store.acts(cast.district.id, ActQuery()) == []
