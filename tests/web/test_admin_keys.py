"""The page of the API keys."""

from cast import MONDAY, Cast
from rollbook.domain.store import Store
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
