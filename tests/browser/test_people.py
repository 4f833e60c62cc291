"""The office and the administrator at their pages, and whoever has left."""

import re

import pytest
from playwright.async_api import expect

from browser.chromium import shoot
from browser.conftest import PASSWORD, Visiting
from cast import Cast

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_offices_day_shows_itself_anew(
    visit: Visiting, cast: Cast, path: str, day: str
) -> None:
    """
    The office sees which rolls are missing, and half a minute after a teacher took one it is
    gone from the list without a touch, and who is away is in it.
    """
    ida = await visit("ida")
    office = await ida.context.new_page()
    await office.clock.install()
    await ida.open(f"/office?day={day}", office)
    missing = office.locator(".missing-rolls li")
    await expect(missing).to_have_count(2)
    await expect(office.get_by_text("Nobody is marked")).to_be_visible()

    bob = await visit("bob")
    sheet = await bob.open(path)
    await sheet.click(f"label[for=s{cast.enrollments['ben']}-2]")
    await sheet.get_by_role("button", name="Save").click()
    await expect(sheet.locator("#state")).to_contain_text("Saved at")
    await expect(missing).to_have_count(2)  # until the time is there
    await office.clock.fast_forward("00:31")

    await expect(missing).to_have_count(1)
    await expect(missing).to_contain_text("Music")
    await expect(office.get_by_role("row", name="O’Malley-Müller, Ben")).to_contain_text(
        "1 Absent"
    )


async def test_a_district_has_names_and_colours_of_its_own(
    visit: Visiting, strangers: Cast, day: str
) -> None:
    """
    An administrator calls "Late" otherwise and gives it another colour: so it is on the sheet.
    """
    alice = await visit("alice-nordhafen")
    page = await alice.open("/admin/settings")
    await page.fill("[name=name-3]", "Tardy")
    await page.select_option("[name=colour-3]", "violet")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status")).to_have_text("Saved.")
    await alice.open(f"/sections/{strangers.sections['maths']}/roll/{day}", page)
    late = page.locator(f"label[for=s{strangers.enrollments['anna']}-3]")
    await late.click()

    await expect(late).to_contain_text("Tardy")
    await expect(late).to_have_class(re.compile(r"\bviolet\b"))
    await expect(late).to_have_css("color", "rgb(74, 20, 140)")
    await shoot(page, "sheet-own-look")


async def test_a_secret_is_shown_once(visit: Visiting) -> None:
    """
    A new key's secret stands on the page that made it, and on none after.
    """
    alice = await visit("alice")
    page = await alice.open("/admin/keys")
    await page.fill("#name", "Timetable")
    await page.get_by_role("button", name="Create the key").click()
    key, secret = await page.locator(".secret").all_inner_texts()
    assert len(secret) >= 32
    await shoot(page, "key-created")
    await alice.open("/admin/keys", page)

    content = await page.content()
    assert key[:8] in content
    assert secret not in content


async def test_going_back_after_logging_out_shows_nothing(visit: Visiting, path: str) -> None:
    """
    Whoever sits down after a teacher has left and goes back finds the door, not the class.
    """
    window = await visit(None)
    page = await window.log_in("bob", PASSWORD)
    await window.open(path, page)
    await expect(page.locator("[data-student]")).not_to_have_count(0)
    await page.get_by_role("button", name="Log out").click()
    await page.wait_for_url("**/login")
    await page.go_back()
    await page.wait_for_url(re.compile(r"/login\?next="))

    assert "Anna" not in await page.content()


async def test_paper_is_white(visit: Visiting, day: str) -> None:
    """
    Whoever reads in the dark prints as everybody does.
    """
    ida = await visit("ida", color_scheme="dark")
    page = await ida.open(f"/office?day={day}")
    await page.emulate_media(media="print", color_scheme="dark")

    await expect(page.locator(".missing-rolls a").first).to_have_css("color", "rgb(27, 94, 75)")


async def test_what_is_wrong_covers_no_field(visit: Visiting) -> None:
    """
    It stands below the field that it is about, not on it, and the first such field has the focus.
    """
    alice = await visit("alice")
    page = await alice.open("/admin/settings")
    await page.fill("#time_zone", "Chicago")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#time_zone")).to_be_focused()
    field = await page.locator("#time_zone").bounding_box()
    why = await page.locator("#why-time_zone").bounding_box()

    assert field
    assert why
    assert why["y"] >= field["y"] + field["height"]
