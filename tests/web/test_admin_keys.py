"""The page of the API keys."""

import pytest

from cast import MONDAY, TODAY, Cast
from rollbook.domain.store import Store
from web.browsing import Page
from web.conftest import Visiting


async def test_the_page_says_when_a_key_was_last_used(
    visit: Visiting, store: Store, cast: Cast
) -> None:
    """
    Beside each key stands the day of its last use, or that there was none.
    """
    alice = await visit("alice")
    before = (await alice.get("/admin/keys")).html
    await store.note_use_of_key(cast.district.id, cast.keys["bob"], MONDAY)
    after = (await alice.get("/admin/keys")).html

    assert "Last used" in before
    assert before.count("<td>—</td>") == len(cast.keys)
    assert after.count("<td>—</td>") == len(cast.keys) - 1


async def test_that_a_key_was_revoked_is_said(visit: Visiting, cast: Cast) -> None:
    """
    Who revokes a key reads that it was done, on the page to which that leads.
    """
    alice = await visit("alice")
    page = await alice.get("/admin/keys")
    answer = await alice.send(page, f"/admin/keys/{cast.keys['bob']}", {"revoke": ""})
    after = await alice.get(answer.headers["location"])

    assert "The key was revoked" in after.text
    assert "The key was revoked" not in page.text


@pytest.mark.parametrize(("day", "status"), [(TODAY, 200), ("2026-11-22", 400)])
async def test_a_key_is_not_born_dead(
    visit: Visiting, store: Store, cast: Cast, day: str, status: int
) -> None:
    """
    A last day that is over is told beside its field, and nothing is created; today is one.
    """
    alice = await visit("alice")
    page = await alice.get("/admin/keys")
    before = len(await store.keys(cast.district.id))
    answer = await alice.send(page, "/admin/keys", {"name": "a program", "expires": day})
    shown = Page(answer)

    assert answer.status_code == status
    assert ("This day is over." in shown.text) == (status == 400)
    assert len(await store.keys(cast.district.id)) == before + (status == 200)
    if status == 400:
        assert shown.forms["/admin/keys"]["name"] == "a program"


async def test_another_year_is_told(visit: Visiting) -> None:
    """
    A day of this year is told without the year, one of another year with it.
    """
    alice = await visit("alice")
    for day in ("2026-12-20", "2027-12-20"):
        page = await alice.get("/admin/keys")
        await alice.send(page, "/admin/keys", {"name": "a program", "expires": day})
    page = await alice.get("/admin/keys")
    acts = await alice.get("/admin/record/acts")

    assert "live until Dec 20 " in page.text
    assert "live until Dec 20, 2027 " in page.text
    assert "Good until: Dec 21, 12:59" in acts.text
    assert "Good until: Dec 21, 2027, 12:59" in acts.text
