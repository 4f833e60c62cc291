"""Links and sessions in the hands of others."""

import pytest

from cast import MASTER_KEY, Cast
from conftest import Clock
from rollbook.auth.credentials import Safe
from rollbook.auth.door import Door
from rollbook.auth.reception import Reception
from rollbook.domain.store import Store
from rollbook.web.app import Pages, build_pages
from rollbook.web.rosters import Rosters
from web.browsing import Browser
from web.conftest import PASSWORD, Visiting

PUBLIC = "https://rollbook.public.example"


@pytest.fixture
def pages(
    store: Store, door: Door, reception: Reception, rosters: Rosters, clock: Clock
) -> Pages:
    """The pages, where it is set under which address they are known."""
    safe = Safe(MASTER_KEY)
    return build_pages(store, door, reception, safe, rosters, clock=clock, public_url=PUBLIC)


async def test_links_are_under_the_address_that_is_set(
    visit: Visiting, reception: Reception, cast: Cast
) -> None:
    """
    Whatever host a request names, also as a proxy would: a link leads to us.
    """
    alice = await visit("alice")
    path = f"/admin/people/{cast.users['dora']}"
    page = await alice.get(path)
    told = {"host": "api.schoology.com", "origin": "https://api.schoology.com"}
    told |= {"x_forwarded_host": "evil.example", "forwarded": "host=evil.example"}
    answer = await alice.send(page, path, {"login": "dora", "invite": ""}, **told)

    assert answer.status_code == 200
    assert f"{PUBLIC}/link/" in answer.text
    assert "evil.example" not in answer.text
    assert "api.schoology.com" not in answer.text


async def test_a_link_is_good_once_and_for_nobody_who_guesses(
    stranger: Browser, reception: Reception, cast: Cast, clock: Clock
) -> None:
    """
    A letter of it changed, it is none; used, or an hour old when it is a reset, it is none either.
    """
    dora = (cast.district.id, cast.users["dora"])
    token = await reception.invite(*dora, "dora")
    other = "A" if token[-1] != "A" else "B"
    for guess in (token[:-1] + other, "2" + token[1:], token[:-1], "1-" + "x" * 43):
        assert (await stranger.get(f"/link/{guess}")).status == 404
    page = await stranger.get(f"/link/{token}")
    chosen = {"password": PASSWORD, "again": PASSWORD}
    assert (await stranger.send(page, f"/link/{token}", chosen)).status_code == 303
    assert (await stranger.send(page, f"/link/{token}", chosen)).status_code == 404
    reset = await reception.reset(*dora)
    assert page.headers["referrer-policy"] == "no-referrer"
    clock.advance(minutes=61)
    assert (await stranger.get(f"/link/{reset}")).status == 404


async def test_a_session_ends_after_twelve_hours(visit: Visiting, clock: Clock) -> None:
    """
    However often it is used.
    """
    bob = await visit("bob")
    for _ in range(24):
        assert (await bob.client.get("/today")).status_code == 200
        clock.advance(minutes=29, seconds=59)
    assert (await bob.client.get("/today")).status_code == 200
    clock.advance(minutes=1)

    assert (await bob.client.get("/today")).status_code == 303


async def test_a_session_is_only_in_our_cookie(visit: Visiting, stranger: Browser) -> None:
    """
    In an address, or under a name that other hosts could set, it is worth nothing.
    """
    token = (await visit("bob")).client.cookies["__Host-rollbook"]
    asked = await stranger.client.get("/today", params={"__Host-rollbook": token})
    named = await stranger.client.get("/today", headers={"cookie": f"rollbook={token}"})

    assert (asked.status_code, named.status_code) == (303, 303)
