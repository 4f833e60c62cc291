"""Every page: open to everybody, in light and dark, on the smallest screen, from here alone."""

import pytest
from playwright.async_api import Browser, Page

from browser.chromium import LAPTOP, PHONE, SMALLEST, barriers, new_window, shoot
from browser.conftest import Visiting
from cast import MONDAY, TUESDAY, Cast
from live.house import House

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Name, who looks, and where, with ids of the cast by name.
PAGES = [
    ("login", None, "/login"),
    ("error", "bob", "/sections/1/roll/2026-09-14"),
    ("today", "bob", f"/today?day={MONDAY}"),
    ("sheet-untaken", "bob", f"/sections/{{maths}}/roll/{TUESDAY}"),
    ("sheet-taken", "bob", f"/sections/{{maths}}/roll/{MONDAY}"),
    ("sheet-locked", "bob-nordhafen", f"/sections/{{maths}}/roll/{MONDAY}"),
    ("month", "bob", "/sections/{maths}/month/2026-09"),
    ("student", "ida", "/students/{ben}/2026"),
    ("office", "ida", f"/office?day={MONDAY}"),
    ("excuse", "ida", f"/students/{{ben}}/excuse?first={MONDAY}"),
    ("settings", "alice-nordhafen", "/admin/settings"),
    ("keys", "alice", "/admin/keys"),
    ("people", "alice", "/admin/people"),
    ("person", "alice", "/admin/people/{bob}"),
    ("roster", "alice", "/admin/roster"),
    ("record", "alice", "/admin/record"),
    ("acts", "alice-nordhafen", "/admin/record/acts"),
    ("password", "bob", "/password"),
]


@pytest.mark.parametrize(("name", "login", "where"), PAGES, ids=[page[0] for page in PAGES])
async def test_a_page_shuts_nobody_out(
    visit: Visiting, cast: Cast, strangers: Cast, name: str, login: str | None, where: str
) -> None:
    """
    axe-core finds nothing, by day on a phone and by night on a laptop, and at 320 pixels the page
    does not scroll sideways.
    """
    home = strangers if login and login.endswith("-nordhafen") else cast
    window = await visit(login, viewport=PHONE, color_scheme="light")
    page = await window.open(where.format(**home.sections, **home.users))
    await shoot(page, f"{name}-phone-light")
    assert await barriers(page) == []

    await page.set_viewport_size(LAPTOP)
    await page.emulate_media(color_scheme="dark")
    await shoot(page, f"{name}-laptop-dark")
    assert await barriers(page, "cat.color") == []  # the rest is as it was

    await page.set_viewport_size(SMALLEST)
    assert await page.evaluate("document.scrollingElement.scrollWidth") <= 320


async def test_a_wrong_password_shuts_nobody_out(visit: Visiting) -> None:
    """
    What was wrong is told to everybody too.
    """
    window = await visit(None)
    page = await window.open("/login")
    await page.fill("#login", "nobody")
    await page.fill("#password", "no password of anybody")
    await page.click(".go")

    assert await page.get_by_role("alert").inner_text() == (
        "The name or the password is not right."
    )
    assert await barriers(page) == []


async def test_what_the_other_tests_watch_for_is_noticed(
    browser: Browser, house: House
) -> None:
    """
    A script in a page, a failing one, and another host are each noticed, and a label left out is
    a barrier: that the tests here find none of them means that there are none.
    """
    window = await new_window(browser, house.url)
    page = await window.open("/login")
    await _add_script(page, "document.title = 'mine'")
    await page.evaluate("setTimeout(() => { throw new Error('failing'); })")
    await page.evaluate("fetch('https://elsewhere.example/').catch(() => 0)")
    await page.evaluate("document.querySelector('label').remove()")

    assert await page.title() != "mine"
    assert [barrier.partition(":")[0] for barrier in await barriers(page)] == ["label"]
    faults = "\n".join(window.faults)
    assert "against the policy: script-src-elem inline" in faults
    assert "against the policy: connect-src https://elsewhere.example" in faults
    assert "failing" in faults
    await window.context.close()


async def _add_script(page: Page, text: str) -> None:
    await page.evaluate(
        "(text) => document.body.append(Object.assign(document.createElement('script'), {text}))",
        text,
    )


async def test_another_host_is_noticed(browser: Browser, house: House) -> None:
    """
    Where the policy did not stop it, a request to another host would be seen as well.
    """
    window = await new_window(browser, house.url, bypass_csp=True)
    page = await window.open("/login")
    await page.evaluate("fetch('https://elsewhere.example/').catch(() => 0)")

    assert "another host: https://elsewhere.example/" in window.faults
    await window.context.close()
