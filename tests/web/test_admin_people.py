"""People: roles, accounts and links, as an administrator sees to them."""

import re

import pytest

from cast import Cast, let_in
from rollbook.auth.reception import Reception
from rollbook.domain.accounts import AccountState
from rollbook.domain.people import Role
from rollbook.domain.store import Store
from web.browsing import ADDRESS, Browser, Page
from web.conftest import PASSWORD, Visiting

LINK = re.compile(rf"{ADDRESS}(/link/[0-9]+-[\w-]{{43}})")


@pytest.fixture
def dora(cast: Cast) -> str:
    """Where Dora's page is."""
    return f"/admin/people/{cast.users['dora']}"


async def state(store: Store, cast: Cast, who: str) -> AccountState | None:
    """Return whether somebody may come in."""
    account = await store.account_of_user(cast.district.id, cast.users[who])
    user = await store.user(cast.district.id, cast.users[who])
    return account.state(user) if account else None


@pytest.mark.parametrize("who", ["bob", "ida", "anna"])
@pytest.mark.parametrize("path", ["/admin/people", "/admin/people/{}"])
async def test_people_are_for_administrators(
    visit: Visiting, store: Store, cast: Cast, who: str, path: str
) -> None:
    """
    Teachers, the office and students are refused, and change nothing.
    """
    browser = await visit(who)
    path = path.format(cast.users["bob"])
    answer = await browser.client.get(path)
    home = await browser.get("/login")
    token = home.forms["/language"]["token"]
    sent = await browser.post(path, {"token": token, "change": "", "role": "1", "school": ""})

    assert answer.status_code == 403
    assert sent.status_code in {403, 405}
    assert (await store.user(cast.district.id, cast.users["bob"])).role is Role.TEACHER


async def test_another_districts_people_are_not_there(visit: Visiting, strangers: Cast) -> None:
    """
    Neither by their number nor by their name.
    """
    alice = await visit("alice")
    path = f"/admin/people/{strangers.users['bob']}"

    assert (await alice.get(path)).status == 404
    found = await alice.get("/admin/people?find=bob")
    assert path not in found.html
    assert "Found 1" in found.text


async def test_who_has_an_account(visit: Visiting, cast: Cast) -> None:
    """
    The list has whoever has an account; a search has everybody.
    """
    await visit("bob")
    alice = await visit("alice")
    page = await alice.get("/admin/people")
    found = await alice.get("/admin/people?find=o’mall")

    assert "bob@school.example" in page.text
    assert "O’Malley-Müller, Dora" not in page.text
    assert "O’Malley-Müller, Dora" in found.text
    assert f'href="/admin/people/{cast.users["dora"]}"' in found.html
    assert "Nobody was found." in (await alice.get("/admin/people?find=xyz")).text


async def test_from_an_invitation_to_a_password(
    visit: Visiting, stranger: Browser, store: Store, cast: Cast, dora: str
) -> None:
    """
    The link is shown once, leads to us, and sets a password.
    """
    alice = await visit("alice")
    page = await alice.get(dora)
    answer = await alice.send(page, dora, {"login": " Dora@School.example", "invite": ""})
    link = LINK.search(answer.text)

    assert answer.status_code == 200
    assert link
    assert "within a week" in Page(answer).text
    assert await state(store, cast, "dora") is AccountState.INVITED
    assert not LINK.search((await alice.get(dora)).html)
    asked = await stranger.get(link[1])
    assert "For dora@school.example" in asked.text
    await stranger.send(asked, link[1], {"password": PASSWORD, "again": PASSWORD})
    assert await state(store, cast, "dora") is AccountState.ACTIVE


async def test_a_login_is_one_persons(
    visit: Visiting, store: Store, cast: Cast, dora: str
) -> None:
    """
    What is wrong with it stands beside it, with what was typed.
    """
    alice = await visit("alice")
    page = await alice.get(dora)
    for login, sentence in (("ALICE@school.example", "Somebody else"), ("", "A login is")):
        answer = await alice.send(page, dora, {"login": login, "invite": ""})
        assert answer.status_code == 400
        assert sentence in Page(answer).text
    assert await state(store, cast, "dora") is None


async def test_a_reset_and_its_end(
    visit: Visiting, reception: Reception, store: Store, cast: Cast, dora: str
) -> None:
    """
    Who may come in gets a link for a new password; disabled, none and their sessions end.
    """
    token = await reception.invite(cast.district.id, cast.users["dora"], "dora")
    await reception.set_password(token, PASSWORD, None)
    theirs = await visit("dora")
    alice = await visit("alice")
    page = await alice.get(dora)
    assert LINK.search((await alice.send(page, dora, {"reset": ""})).text)

    await alice.send(page, dora, {"disable": ""})
    assert await state(store, cast, "dora") is AccountState.DISABLED
    assert "Password" in (await theirs.get("/today")).text
    assert (await alice.send(page, dora, {"reset": ""})).status_code == 403
    await alice.send(page, dora, {"enable": ""})
    assert await state(store, cast, "dora") is AccountState.ACTIVE


async def test_a_role_and_a_school(
    visit: Visiting, store: Store, cast: Cast, dora: str
) -> None:
    """
    They count at once; the office has to be a school's, and the school one of ours.
    """
    alice = await visit("alice")
    theirs = await visit("dora")
    page = await alice.get(dora)
    school = (await store.user(cast.district.id, cast.users["dora"])).school_id
    assert (await theirs.get("/office")).status == 403
    for wrong in ("", "999999"):
        fields = {"role": "5", "school": wrong, "change": ""}
        assert (await alice.send(page, dora, fields)).status_code == 400
    answer = await alice.send(page, dora, {"role": "5", "school": str(school), "change": ""})

    assert answer.headers["location"] == f"{dora}?done"
    assert (await store.user(cast.district.id, cast.users["dora"])).role is Role.STAFF
    assert (await theirs.get("/office")).status == 200


@pytest.mark.parametrize(
    ("who", "fields", "status"),
    [
        ("anna", {"role": "1", "school": "", "change": ""}, 400),
        ("anna", {"login": "anna", "invite": ""}, 400),
        ("bob", {"role": "3", "school": "", "change": ""}, 400),
        ("bob", {"role": "9", "school": "", "change": ""}, 400),
        ("bob", {"disable": ""}, 404),
    ],
)
async def test_what_cannot_be_done(
    visit: Visiting, store: Store, cast: Cast, who: str, fields: dict[str, str], status: int
) -> None:
    """
    Students come with the roster alone, and nobody is made one here.
    """
    alice = await visit("alice")
    path = f"/admin/people/{cast.users[who]}"
    before = await store.user(cast.district.id, cast.users[who])
    token = (await alice.get(path)).forms["/logout"]["token"]

    assert (await alice.post(path, fields | {"token": token})).status_code == status
    assert await store.user(cast.district.id, cast.users[who]) == before
    assert await state(store, cast, who) is None


async def test_the_last_administrator_stays(
    visit: Visiting, reception: Reception, store: Store, cast: Cast, dora: str
) -> None:
    """
    Alice can neither disable herself nor stop being administrator, until somebody else is one
    who may come in.
    """
    link = await reception.invite(cast.district.id, cast.users["alice"], "alice")
    await reception.set_password(link, PASSWORD, None)
    alice = await visit("alice")
    own = f"/admin/people/{cast.users['alice']}"
    page = await alice.get(own)
    step_down = {"role": "2", "school": "", "change": ""}
    await alice.send(await alice.get(dora), dora, {"role": "1", "school": "", "change": ""})
    await alice.send(await alice.get(dora), dora, {"login": "dora", "invite": ""})

    assert (await alice.post(own, page.forms[own] | {"disable": ""})).status_code == 403
    assert (await alice.send(page, own, step_down)).status_code == 400  # Dora never came in
    token = await reception.invite(cast.district.id, cast.users["dora"], "dora")
    await reception.set_password(token, PASSWORD, None)
    assert (await alice.send(page, own, step_down)).status_code == 303
    assert (await alice.get("/admin/people")).status == 403


async def test_the_last_administrator_reads_why_beside_the_field(
    visit: Visiting, store: Store, cast: Cast
) -> None:
    """
    Whoever would leave the district without anybody stays on the page, with what they chose.
    """
    await let_in(store, cast, "alice")
    alice = await visit("alice")
    place = f"/admin/people/{cast.users['alice']}"
    page = await alice.get(place)
    fields = {"role": str(Role.TEACHER.value), "school": "", "change": ""}
    shown = Page(await alice.send(page, place, fields))

    assert "This is the last administrator who may come in" in shown.text
    assert f'<option value="{Role.TEACHER.value}" selected>' in shown.html
    assert (await store.user(cast.district.id, cast.users["alice"])).role is Role.ADMINISTRATOR
