"""The record of acts, as an administrator looks something up in it."""

import re

import msgspec
import pytest

from cast import Cast
from conftest import Clock
from contract.test_acts import DEEDS, OPERATOR
from rollbook.domain.acts import What
from rollbook.domain.record import Author, Channel
from rollbook.domain.store import Store
from rollbook.operations import acts
from rollbook.web.acts import WHAT
from web.browsing import Browser, Page
from web.conftest import Visiting

PATH = "/admin/record/acts"


async def press(browser: Browser, path: str, button: str, **fields: str) -> None:
    """Press a button of a person's page, or of another form."""
    page = await browser.get(path.partition("?")[0])
    answer = await browser.send(page, path, {button: "", **fields})
    assert answer.status_code in {200, 303}, Page(answer).text


def done(page: Page) -> list[str]:
    """Return what was done, by the page's third column, the newest first."""
    cells = re.findall(
        r"<tr>(?:<td>.*?</td>\s*){2}<td>(.*?)(?:<ul|</td>)", page.html, re.DOTALL
    )
    return [" ".join(cell.split()) for cell in cells]


@pytest.fixture
async def everything(store: Store, cast: Cast, clock: Clock) -> Cast:
    """Every kind of act was done, by Alice and one by the operator."""
    alice = Author(user_id=cast.users["alice"], channel=Channel.WEB)
    for do, what, _ in DEEDS:
        clock.advance(minutes=1)
        await do(store, cast, OPERATOR if what is What.KEY_REVOKED else alice)
    return cast


async def test_what_is_done_at_the_pages_is_there(
    visit: Visiting, cast: Cast, store: Store
) -> None:
    """
    Each button of an administrator leaves its line: who, what, about whom, from what to what.
    """
    alice = await visit("alice")
    dora = f"/admin/people/{cast.users['dora']}"
    await press(alice, dora, "change", role="1", school="")
    await press(alice, dora, "invite", login="dora")
    await press(alice, dora, "disable")
    await press(alice, dora, "enable")
    await press(alice, "/admin/keys", "create", name="gradebook")
    page = await alice.get("/admin/settings")
    await alice.send(page, "/admin/settings", {"lock_days": "14"})
    page = await alice.get(PATH)

    assert done(page) == [
        "Settings changed",
        "API key created",
        "Let in again",
        "Account disabled",
        "Link for an invitation made",
        "Account created",
        "Role or school changed",
    ]
    assert "Role: teacher → administrator" in page.text
    assert "Teachers may change marks for how many days: 14" in page.text
    assert page.html.count(f'<a href="/admin/people/{cast.users["alice"]}">') == 7 + 1
    assert "School: " in page.text


async def test_every_act_has_its_words(visit: Visiting, everything: Cast) -> None:
    """
    Whatever can be done is told in words, in both languages; the operator is told as such.
    """
    alice = await visit("alice")
    page = await alice.get(PATH)
    spanish = await alice.get(PATH, accept_language="es")

    assert set(WHAT) == set(What)
    assert done(page) == [WHAT[what] for _, what, _ in DEEDS[::-1]]
    assert "the operator command" in page.text
    assert "quien administra el servidor comando" in spanish.text
    assert "Colour: Tardy: pink" in page.text
    assert "schools: added: 1" in page.text
    assert "Clave de la API revocada" in spanish.text
    assert "Función: docente → administrador" in spanish.text


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ("by={alice}", 12),
        ("by={bob}", 0),
        ("person={bob}", 4),
        ("person={bob}&by={alice}", 3),
        ("first=2026-11-23&last=2026-11-23", 13),
        ("first=2026-11-24", 0),
        ("last=2026-11-22", 0),
        ("first=&last=&by=&person=", 13),
    ],
)
async def test_what_is_looked_for(
    visit: Visiting, everything: Cast, filters: str, count: int
) -> None:
    """
    By days in the district's time, by who did it, by whom it is about.
    """
    alice = await visit("alice")
    page = await alice.get(f"{PATH}?" + filters.format(**everything.users))

    assert page.status == 200
    assert len(done(page)) == count
    assert ("Nothing like that was found." in page.text) == (count == 0)


async def test_a_long_record_comes_in_pages(
    visit: Visiting, everything: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Page by page back to the beginning, every act once; an address that is made up is refused.
    """
    monkeypatch.setattr(acts, "SHOWN", 5)
    alice = await visit("alice")
    page, seen = await alice.get(PATH), []
    while True:
        seen += done(page)
        older = re.search(r'href="(/admin/record/acts\?before=[^"]+)"', page.html)
        if older is None:
            break
        page = await alice.get(older[1])

    assert seen == [WHAT[what] for _, what, _ in DEEDS[::-1]]
    assert (await alice.get(f"{PATH}?before=yesterday/1")).status == 400


async def test_another_district_s_acts_are_not_seen(visit: Visiting, everything: Cast) -> None:
    """
    Mallory sees nothing of it.
    """
    mallory = await visit("mallory")

    assert done(await mallory.get(PATH)) == []


async def test_it_is_there_while_attendance_is_taken_elsewhere(
    visit: Visiting, everything: Cast, store: Store
) -> None:
    """
    With PowerSchool the record of attendance is gone from here; this one is not.
    """
    alice = await visit("alice")
    (district,) = [one for one in await store.districts() if one.id == everything.district.id]
    await store.change_district(msgspec.structs.replace(district, powerschool=True))

    assert (await alice.get("/admin/record")).status == 410
    assert len(done(await alice.get(PATH))) == 13
