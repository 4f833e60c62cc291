"""Text that was made to be taken for something else: on every page it is text, and runs not."""

import asyncio
import csv
import io
import shutil
import zipfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, expect

from browser.chromium import Window, new_window
from browser.conftest import PASSWORD, give_accounts
from browser.reading import FOREIGN, Shown, foreign, missing, ours
from browser.scribbled import ACCOUNTS, HOME, LOOKS, Scribbles, say, scribble
from cast import MONDAY, TUESDAY, WEDNESDAY, Cast
from conftest import World
from live.house import House, now
from rollbook.domain.attendance import Status
from rollbook.domain.store import MarkQuery, Store
from rollbook.exchange.cells import is_id
from rollbook.storage.sqlite import SqliteStore

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATIENCE = 30_000  # milliseconds for pages of this size, on a busy machine
LEAST = 400  # strings: were there none, these tests would find nothing either


class Wall(msgspec.Struct, kw_only=True):
    """A server with the scribbled district, and what its people's browsers bear."""

    house: House
    cast: Cast
    here: Scribbles
    states: dict[str, Any] = {}


@pytest.fixture(scope="module")
def wall(
    house: House, settled: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Wall]:
    """The server; *house* is asked for so that there is a browser, or a word of why not."""
    database = tmp_path_factory.mktemp("scribbles") / "rollbook.db"
    shutil.copy(settled.path, database)
    here = asyncio.run(_furnish(database, settled))
    assert len(here.texts) > LEAST
    den = House(database, settled.lindenhof)
    den.start()
    yield Wall(house=den, cast=settled.lindenhof, here=here)
    assert den.stop() == 0, den.log()


async def _furnish(database: Path, settled: World) -> Scribbles:
    store = SqliteStore(database, clock=now)
    await give_accounts(store, settled)
    here = await scribble(store, settled.lindenhof)
    await store.close()
    return here


@pytest_asyncio.fixture(loop_scope="session")
async def store(wall: Wall) -> AsyncIterator[Store]:
    """What has come to stand in the file that the server writes."""
    store = SqliteStore(wall.house.database, clock=now)
    yield store
    await store.close()


async def come(browser: Browser, wall: Wall, who: str, *, policy: bool = True) -> Window:
    """Open a window as somebody; without the policy, whatever a page held would run."""
    if who not in wall.states:
        first = await new_window(browser, wall.house.url)
        await first.log_in(who, PASSWORD)
        wall.states[who] = await first.context.storage_state()
        await first.context.close()
    window = await new_window(
        browser, wall.house.url, storage_state=wall.states[who], bypass_csp=not policy
    )
    window.context.set_default_timeout(PATIENCE)
    return window


def pages(wall: Wall) -> dict[str, tuple[str, Shown]]:
    """Return every page that shows what somebody wrote: who looks, and what is to be read."""
    here, cast = wall.here, wall.cast
    texts, places = here.texts, range(len(here.texts))
    comments = [here.comment(place) for place in places]
    students = [here.sorted_name(place) for place in places]
    accounts = range(ACCOUNTS)
    sheet = f"/sections/{here.section}"
    return {
        "/admin/settings": ("alice", {"[name^=name-]": LOOKS, "#name": [HOME]}),
        "/admin/keys": (
            "alice",
            {
                "th[scope=row]": texts,
                "td:nth-of-type(2)": [f"{texts[one]} {here.name(one)}" for one in places],
            },
        ),
        "/admin/people": (
            "alice",
            {
                "th a": [f"{here.name(place)}, {texts[place]}" for place in accounts],
                "td:nth-of-type(2)": texts[:ACCOUNTS],
                "td:nth-of-type(3)": texts[:ACCOUNTS],
            },
        ),
        f"/admin/people/{here.teachers[0]}": (
            "alice",
            {"#school option": texts, "#login@value": [texts[0]], "dd": [texts[0]]},
        ),
        "/admin/record": ("alice", {"td q": comments, "td li a": students}),
        f"/admin/record?by={here.teachers[0]}&student={here.students[0]}": ("alice", {}),
        "/admin/record/acts": (
            "alice",
            {
                "td li": [
                    f"Name: Lindenhof → {HOME}",
                    *(f"Own name: {name}: {name}" for name in LOOKS),
                    *(f"Name: {text}" for text in texts[-40:]),
                ]
            },
        ),
        f"/admin/record/acts?by={here.teachers[0]}&person={here.teachers[1]}": (
            "alice",
            {"td li": [f"Name: {texts[1]}"]},
        ),
        f"/office?day={MONDAY}": ("alice", {"#school option": texts}),
        f"/office?school={here.school}&day={MONDAY}&all=": (
            "alice",
            {
                ".missing-rolls strong": texts,
                "tbody th a": students,
                "td q": comments,
            },
        ),
        f"/today?day={MONDAY}": (
            "bob",
            {".what strong": texts, ".what span": [here.name(one) for one in places]},
        ),
        f"{sheet}/roll/{MONDAY}": (
            "bob",
            {
                "legend": students,
                "[name^=comment-]": comments,
                "label span": LOOKS,
                "label@title": LOOKS,
            },
        ),
        f"{sheet}/month/2026-09": (
            "bob",
            {
                "th a": students,
                "td .look@title": [f"{LOOKS[1]}: {text}" for text in comments],
            },
        ),
        f"/students/{here.students[0]}/2026": (
            "alice",
            {"td q": texts, "h1": [f"{here.name(0)} {texts[0]}"]},
        ),
        f"/students/{cast.users['ben']}/2026": (
            "alice",
            {"th span": [here.name(place) for place in places]},
        ),
        f"/students/{here.students[0]}/excuse": (
            "alice",
            {"h1": [f"Excuse {here.name(0)} {texts[0]}"]},
        ),
    }


# ---------------------------------------------------------------- pages


@pytest.mark.parametrize("policy", [True, False])
async def test_what_is_stored_is_shown_and_runs_nothing(
    browser: Browser, wall: Wall, *, policy: bool
) -> None:
    """
    On every page each text stands as it was written, nothing is there that no template has, and
    nothing runs: neither with our policy, to which nothing is against, nor without it.
    """
    windows = {who: await come(browser, wall, who, policy=policy) for who in ("alice", "bob")}
    found = {}
    for path, (who, shown) in pages(wall).items():
        page = await windows[who].open(path)
        found[path] = [await foreign(page), await missing(page, shown)]
        await page.close()
    faults = [fault for window in windows.values() for fault in window.faults]
    for window in windows.values():
        await window.context.close()

    assert {path: what for path, what in found.items() if any(what)} == {}
    assert faults == []


# Asks for pages and has the browser read what comes, without showing it.
_ASK = f"""
async ([tags, names, asked]) => {{
  const found = [];
  for (const [path, selector, wanted] of asked) {{
    const text = await (await fetch(path)).text();
    const page = new DOMParser().parseFromString(text, "text/html");
    const strange = ({FOREIGN})(page, tags, names);
    const it = selector && page.querySelector(selector);
    const read = it && (it.matches("input") ? it.getAttribute("value") : it.textContent.trim());
    if (strange.length || selector && read !== wanted) found.push([path, read, strange]);
  }}
  return found;
}}
"""


async def test_what_is_asked_for_is_shown_and_is_nothing_else(
    browser: Browser, wall: Wall
) -> None:
    """
    What stands in an address and is shown again, each text by itself: in a search, in a form, in
    a sentence, on the page of an error.
    """
    window = await come(browser, wall, "alice")
    page = await window.open("/admin/people")
    excuse = f"/students/{wall.here.students[0]}/excuse"
    asked: list[tuple[str, str, str]] = []
    for place, text in enumerate(wall.here.texts):
        it = quote(text, safe="")
        ways = [
            (f"/login?login={it}&next={it}", "#login", text),
            (f"/admin/people?find={it}", "#find", text[:254].strip()),
            (f"{excuse}?reason={it}&first={it}&last={it}", "#reason", text),
            (
                f"{excuse}?done={it}",
                "" if text == "0" else ".notice.good",  # nothing changed: another sentence
                f"The excuse was given. Marks that changed: {text}.",
            ),
            (f"/admin/roster?roster={it}", "", ""),
            (f"/admin/none/{it}", "", ""),
        ]
        # The search and the errors are asked every third text, all else every other one.
        asked += ways[:1] + [ways[1:][(place + step) % 5] for step in (0, 2)]
    both = [*map(list, ours())]
    found = await page.evaluate(_ASK, [*both, asked])
    await window.context.close()

    assert found == []
    assert window.faults == []


async def test_what_was_typed_is_shown_again_and_runs_nothing(
    browser: Browser, wall: Wall
) -> None:
    """
    A form that is not taken comes back with what was typed: all texts in every field of it.
    """
    window = await come(browser, wall, "alice", policy=False)
    all_texts = " ".join(wall.here.texts)
    forms = {
        "/admin/settings": ("#name", "[name=name-1]", "[name=lock_days]", "#time_zone"),
        "/admin/keys": ("#name", "#user"),
        f"/admin/people/{wall.here.teachers[0]}": ("#login",),
        f"/students/{wall.here.students[0]}/excuse": ("#reason",),
    }
    found = {}
    for path, fields in forms.items():
        page = await window.open(path)
        await page.evaluate(
            """([fields, text]) => {
              const all = fields.map((one) => document.querySelector(one));
              for (const field of all) field.value = text;
              const form = all[0].form, go = form.querySelector(".go");
              for (const date of form.querySelectorAll("[type=date]")) date.type = "text";
              form.noValidate = true;
              form.requestSubmit(go);
            }""",
            [fields, all_texts],
        )
        await expect(page.get_by_role("alert").first).to_be_visible(timeout=PATIENCE)
        typed = {field: [all_texts] for field in fields}
        found[path] = [await foreign(page), await missing(page, typed)]
    await window.context.close()

    assert {path: what for path, what in found.items() if any(what)} == {}
    assert window.faults == []


async def test_a_login_that_failed_is_shown_again(browser: Browser, wall: Wall) -> None:
    """
    Whatever somebody typed for a name, and wherever they wanted to go.
    """
    window = await new_window(browser, wall.house.url, bypass_csp=True)
    text = " ".join(wall.here.texts)
    page = await window.open("/login")
    await page.evaluate("(text) => { login.value = text; password.value = text; }", text)
    await page.evaluate(
        "(text) => { document.querySelector('[name=next]').value = text; }", text
    )
    await page.click(".go")
    await expect(page.get_by_role("alert")).to_be_visible(timeout=PATIENCE)
    found = [await foreign(page), await missing(page, {"#login": [text], "[name=next]": ["/"]})]
    await window.context.close()

    assert not any(found), found
    assert window.faults == []


def roster_of_doubles(ids: Sequence[str]) -> bytes:
    """Return a roster in which each person stands twice."""
    lines = [["sourcedId", "orgSourcedIds", "role", "givenName", "familyName", "status"]]
    for one in ids:
        lines += [[one, "school", "student", "Nina", "Neu", "active"]] * 2
    users = io.StringIO(newline="")
    csv.writer(users).writerows(lines)
    manifest = (
        "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.users,delta\n"
    )
    for name in ("orgs", "academicSessions", "courses", "classes", "enrollments"):
        manifest += f"file.{name},absent\n"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("manifest.csv", manifest)
        archive.writestr("users.csv", users.getvalue())
    return content.getvalue()


async def test_what_is_wrong_with_a_roster_runs_nothing(browser: Browser, wall: Wall) -> None:
    """
    The ids of a file stand in what is told of its faults, as they stand in the file.
    """
    window = await come(browser, wall, "alice", policy=False)
    page = await window.open("/admin/roster")
    ids = [text for text in wall.here.texts if is_id(text)][:100]
    file = FilePayload(name=ids[2], mimeType="application/zip", buffer=roster_of_doubles(ids))
    await page.set_input_files("#file", file)
    await page.get_by_role("button", name="Read it").click()
    await expect(page.get_by_role("alert")).to_be_visible(timeout=PATIENCE)
    told = [
        f"users.csv, line {2 * place + 3}, sourcedId: {one} is there a second time"
        for place, one in enumerate(ids)
    ]
    found = [await foreign(page), await missing(page, {"[role=alert] li": told})]
    await window.context.close()

    assert not any(found), found
    assert window.faults == []


# ---------------------------------------------------------------- after scripts changed a page


async def test_lines_in_conflict_run_nothing(
    browser: Browser, wall: Wall, store: Store
) -> None:
    """
    What a script puts on the sheet after a save, the other's words beside one's own, is text, and
    the other's words come along as they are.
    """
    here = wall.here
    window = await come(browser, wall, "bob", policy=False)
    page = await window.open(f"/sections/{here.section}/roll/{TUESDAY}")
    await say(store, wall.cast, here, TUESDAY, Status.EXCUSED, here.teachers[2])
    await page.get_by_role("button", name="Save").click()
    comments = [here.comment(place) for place in range(len(here.texts))]
    await expect(page.locator(".conflict")).to_have_count(len(comments), timeout=PATIENCE)
    found = [await foreign(page), await missing(page, {".conflict q": comments})]
    theirs = page.locator(".conflict [value='4']")
    await theirs.evaluate_all("(all) => all.forEach((it) => it.click())")
    found += [await missing(page, {"[name^=comment-]": comments}), await foreign(page)]
    await window.context.close()

    assert not any(found), found
    assert window.faults == []


async def test_marks_kept_on_a_device_run_nothing(
    browser: Browser, wall: Wall, store: Store
) -> None:
    """
    Without a network all texts wait as comments; the page that is opened later fills them in and
    saves them, letter by letter.
    """
    here = wall.here
    window = await come(browser, wall, "bob", policy=False)
    page = await window.open(path := f"/sections/{here.section}/roll/{WEDNESDAY}")
    await window.context.set_offline(True)
    await page.evaluate(
        """(texts) => {
          [...document.querySelectorAll("[name^=comment-]")]
            .forEach((field, place) => { field.value = texts[place % texts.length]; });
        }""",
        here.texts,
    )
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#state")).to_contain_text("No connection", timeout=PATIENCE)
    found = [await foreign(page)]
    await page.close()
    await window.context.set_offline(False)
    page = await window.open(path)
    await expect(page.locator("#state")).to_contain_text("Saved at", timeout=PATIENCE)
    found.append(await foreign(page))
    await window.context.close()
    query = MarkQuery(start=WEDNESDAY, end=WEDNESDAY, present=True)
    marks = (await store.marks(wall.cast.district.id, here.section, query)).marks

    assert not any(found), found
    assert Counter(here.texts) - Counter(mark.comment for mark in marks) == Counter()
    assert window.faults == []


async def test_a_page_that_shows_itself_anew_runs_nothing(browser: Browser, wall: Wall) -> None:
    """
    The office's day, half a minute later.
    """
    window = await come(browser, wall, "alice", policy=False)
    page = await window.context.new_page()
    await page.clock.install()
    await window.open(f"/office?school={wall.here.school}&day={MONDAY}&all=", page)
    await page.evaluate("document.querySelector('#live h2').className = 'old'")
    await page.clock.fast_forward("00:31")
    await expect(page.locator("#live .old")).to_have_count(0, timeout=PATIENCE)
    comments = [wall.here.comment(place) for place in range(len(wall.here.texts))]
    found = [await foreign(page), await missing(page, {"td q": comments})]
    await window.context.close()

    assert not any(found), found
    assert window.faults == []
