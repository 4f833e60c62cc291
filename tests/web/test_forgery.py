"""Forms that our pages did not make, for every form there is; and pages that change nothing."""

import pytest

from cast import Cast
from conftest import World
from rollbook.auth.reception import Reception
from rollbook.domain.store import Store
from rollbook.web.app import Pages
from web.browsing import Browser
from web.conftest import PASSWORD, Visiting
from web.every_route import FORMS, ask, places, routes_of, token_of, with_neighbours

ELSEWHERE = "https://elsewhere.example"
# What a browser tells when another site sends the form, or is made to tell.
FORGED: dict[str, dict[str, str | None]] = {
    "cross-site": {"sec_fetch_site": "cross-site"},
    "same-site": {"sec_fetch_site": "same-site"},
    "typed in": {"sec_fetch_site": "none"},
    "origin": {"origin": ELSEWHERE, "sec_fetch_site": None},
    "origin beside ours": {"origin": "https://rollbook.test:444", "sec_fetch_site": None},
    "origin in the clear": {"origin": "http://rollbook.test", "sec_fetch_site": None},
    "origin null": {"origin": "null", "sec_fetch_site": None},
    "nothing told": {"origin": None, "sec_fetch_site": None},
    "text": {"content_type": "text/plain"},
    "json": {"content_type": "application/json"},
    "no type": {"content_type": ""},
}
TOKENS = ["", "0" * 64, "another session's", "a passer-by's"]


@pytest.fixture
async def cast(store: Store, world: World) -> Cast:
    """The cast with its neighbours."""
    return await with_neighbours(store, world.lindenhof)


@pytest.fixture
async def ids(cast: Cast, reception: Reception) -> dict[str, str]:
    """What fills the paths."""
    return await places(cast, reception)


def test_every_form_is_tried(pages: Pages) -> None:
    """
    A form that nobody has thought about fails here.
    """
    assert {path for method, path in routes_of(pages) if method == "POST"} == set(FORMS)


@pytest.mark.parametrize("how", FORGED)
async def test_a_form_of_another_site_changes_nothing(
    visit: Visiting, ids: dict[str, str], world: World, how: str
) -> None:
    """
    Even with the right token and the administrator's cookie, which browsers would not send.
    """
    alice = await visit("alice")
    token = await token_of(alice)
    before = world.book.content()
    for path in FORMS:
        answer = await ask(alice, ("POST", path), ids, token, headers=FORGED[how])
        assert answer.status_code in {403, 415}, (path, answer.status_code)
        assert "set-cookie" not in answer.headers

    assert world.book.content() == before


@pytest.mark.parametrize("token", TOKENS)
async def test_a_form_without_our_token_changes_nothing(
    visit: Visiting, stranger: Browser, ids: dict[str, str], world: World, token: str
) -> None:
    """
    A token is good for the visit that it was made for, and for no other.
    """
    alice, bob = await visit("alice"), await visit("bob")
    others = {"another session's": bob, "a passer-by's": stranger}
    given = await token_of(others[token]) if token in others else token
    before = world.book.content()
    for path in FORMS:
        answer = await ask(alice, ("POST", path), ids, given)
        assert answer.status_code == 403, path
        assert "set-cookie" not in answer.headers

    assert world.book.content() == before


async def test_forms_that_are_ours_do_change_something(
    visit: Visiting, ids: dict[str, str], world: World
) -> None:
    """
    What the tests above send would have been taken.
    """
    for path in set(FORMS) - {"/login", "/language", "/link/{token}", "/password"}:
        alice = await visit("alice")
        token = await token_of(alice)
        before = world.book.content()
        answer = await ask(alice, ("POST", path), ids, token)
        assert answer.status_code in {200, 303} or path == "/admin/roster"
        if not path.startswith("/admin/roster"):
            assert world.book.content() != before, path


@pytest.mark.parametrize("who", ["alice", "bob", "nobody"])
async def test_no_page_changes_anything_by_being_looked_at(
    visit: Visiting,
    stranger: Browser,
    pages: Pages,
    ids: dict[str, str],
    world: World,
    who: str,
) -> None:
    """
    Nor does a field of a form in its address, nor HEAD.
    """
    browser = stranger if who == "nobody" else await visit(who)
    token = await token_of(browser)
    before = world.book.content()
    forms = FORMS | {"/link/{token}": {"password": PASSWORD, "again": PASSWORD}}
    for _, path in routes_of(pages):
        fields = {"token": token} | {
            name.format(**ids): value for name, value in forms.get(path, {}).items()
        }
        for verb in ("GET", "HEAD"):
            answer = await browser.client.request(verb, path.format(**ids), params=fields)
            assert answer.status_code < 500, (verb, path)
    for path in FORMS:
        for verb in ("PUT", "PATCH", "DELETE", "TRACE"):
            answer = await browser.client.request(verb, path.format(**ids))
            assert answer.status_code in {403, 405}, (verb, path)

    assert world.book.content() == before
