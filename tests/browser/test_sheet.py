"""Taking a roll as people do: by touch, by keyboard, without a network, at the same time."""

import pytest
from playwright.async_api import Locator, Page, Route, ViewportSize, expect

from browser.chromium import PHONE, SMALLEST, barriers, shoot
from browser.conftest import PASSWORD, Visiting
from cast import Cast
from rollbook.domain.store import HistoryQuery, MarkQuery, Store

pytestmark = pytest.mark.asyncio(loop_scope="session")

ON_ROLL = ("anna", "ben", "cleo", "greta")
EXCUSED = (4, "dentist")


async def marks(store: Store, cast: Cast, day: str) -> dict[str, tuple[int, str]]:
    """Return the marks of Maths that are not PRESENT, by whose they are."""
    query = MarkQuery(start=day, end=day)
    found = await store.marks(cast.district.id, cast.sections["maths"], query)
    names = {number: name for name, number in cast.enrollments.items()}
    return {names[mark.enrollment_id]: (mark.status, mark.comment) for mark in found.marks}


async def changes(store: Store, cast: Cast, day: str) -> list[int]:
    """Return whose marks were changed on a day, each as often as it was."""
    query = HistoryQuery(start=day, end=day)
    found = await store.history(cast.district.id, cast.sections["maths"], query)
    return sorted(one.change.enrollment_id for one in found.changes)


def choice(page: Page, cast: Cast, name: str, status: int) -> Locator:
    """Return what is touched to give somebody a status."""
    return page.locator(f"label[for=s{cast.enrollments[name]}-{status}]")


def comment(page: Page, cast: Cast, name: str) -> Locator:
    """Return the field of somebody's comment."""
    return page.locator(f"[name=comment-{cast.enrollments[name]}]")


def state(page: Page) -> Locator:
    """Return the line that says how the sheet stands."""
    return page.locator("#state")


async def excuse_ahead(visit: Visiting, cast: Cast, name: str, day: str) -> None:
    """Have the office excuse somebody for that day."""
    office = await visit("ida")
    page = await office.open(f"/students/{cast.users[name]}/excuse?first={day}")
    await page.fill("#reason", "dentist")
    await page.click("[name=give]")
    await expect(page.locator(".notice.good")).to_be_visible()


async def test_by_touch_on_a_phone(
    visit: Visiting, store: Store, cast: Cast, path: str, day: str
) -> None:
    """
    At 390 by 844 every target is as large as a thumb wants it, "Save" is always in view, and the
    roll is taken with one touch for each exception and one to save.
    """
    bob = await visit("bob", viewport=PHONE, has_touch=True, is_mobile=True)
    page = await bob.open(path)
    await expect(state(page)).to_have_text("Not taken yet.")
    for name in ON_ROLL:
        for status in (1, 2, 3, 4):
            box = await choice(page, cast, name, status).bounding_box()
            assert box
            assert min(box["width"], box["height"]) >= 44
    await expect(page.get_by_role("button", name="Save")).to_be_in_viewport()

    await choice(page, cast, "ben", 2).tap()
    await choice(page, cast, "cleo", 3).tap()
    await expect(state(page)).to_have_text("Not saved yet.")
    await expect(page.locator("[data-sum='2']")).to_have_text("1")
    await page.get_by_role("button", name="Save").tap()

    await expect(state(page)).to_contain_text("Saved at")
    await shoot(page, "sheet-saved-phone")
    assert await marks(store, cast, day) == {"ben": (2, ""), "cleo": (3, "")}


async def test_by_keyboard_alone(
    visit: Visiting, store: Store, cast: Cast, path: str, day: str
) -> None:
    """
    Tab leads to the first student, a letter marks one and goes on to the next, arrows go past,
    and after the last one Enter saves; where one is can be seen all the while.
    """
    bob = await visit("bob")
    page = await bob.open(path)
    keys = page.keyboard
    for _ in range(20):
        await keys.press("Tab")
        await _require_seen_focus(page)
        if await _is_focused(page, f"#s{cast.enrollments['anna']}-1"):
            break
    await keys.press("ArrowDown")
    await keys.press("ArrowUp")
    await keys.press("l")
    assert await _is_focused(page, f"#s{cast.enrollments['ben']}-1")
    await _require_seen_focus(page)
    await shoot(page, "sheet-keyboard")
    await keys.press("Shift+A")
    await keys.press("ArrowRight")  # from present on to the next status, as in any such choice
    await keys.press("p")
    await keys.press("p")
    await _require_seen_focus(page)  # of "Save" by now
    await keys.press("Enter")

    await expect(state(page)).to_contain_text("Saved at")
    assert await _is_focused(page, ".go")  # and one can go on from there
    assert await marks(store, cast, day) == {"anna": (3, ""), "ben": (2, "")}


async def _is_focused(page: Page, selector: str) -> bool:
    return bool(await page.evaluate("(it) => document.activeElement.matches(it)", selector))


async def _require_seen_focus(page: Page) -> None:
    """Raise unless what has the focus, or the label that stands for it, has an outline."""
    assert await page.evaluate(
        """() => {
          const it = document.activeElement;
          const shown = it.type === "radio" ? it.labels[0] : it;
          const style = getComputedStyle(shown);
          return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
        }"""
    )


@pytest.mark.parametrize("viewport", [SMALLEST, PHONE, {"width": 1200, "height": 400}])
async def test_what_is_at_hand_is_in_view(
    visit: Visiting, cast: Cast, path: str, viewport: ViewportSize
) -> None:
    """
    How the sheet stands is in view at its end too, and nothing that has the focus is under what
    stays in view.
    """
    bob = await visit("bob", viewport=viewport)
    page = await bob.open(path)
    await page.focus(f"#s{cast.enrollments['anna']}-1")
    for key in ["ArrowDown"] * 3 + ["ArrowUp"] * 3 + ["Tab"] * 8 + ["Shift+Tab"] * 8:
        await page.keyboard.press(key)
        assert await page.evaluate(_IS_ON_TOP), key
    await page.evaluate("scrollTo(0, document.body.scrollHeight)")
    await page.get_by_role("button", name="Save").click()
    await expect(state(page)).to_contain_text("Saved at")
    await expect(state(page)).to_be_in_viewport(ratio=1)


# Whether no other thing covers what has the focus.
_IS_ON_TOP = """() => {
  const it = document.activeElement;
  const shown = it.type === "radio" ? it.labels[0] : it;
  const box = shown.getBoundingClientRect();
  return [box.top + 2, box.bottom - 2].every((y) => {
    const found = document.elementFromPoint(box.left + box.width / 2, y);
    return found && (shown.contains(found) || found.contains(shown));
  });
}"""


async def test_without_scripts(
    visit: Visiting, store: Store, cast: Cast, path: str, day: str
) -> None:
    """
    With scripts turned off the sheet is a form that is filled in and sent.
    """
    bob = await visit("bob", java_script_enabled=False)
    page = await bob.open("/today")
    await page.fill("#day", day)
    await page.get_by_role("button", name="Show").click()
    await page.locator(f"a[href='{path}']").click()
    await expect(page.get_by_role("button", name="All present")).to_be_hidden()
    await choice(page, cast, "ben", 2).click()
    await page.get_by_role("button", name="Save").click()

    await expect(state(page)).to_contain_text("Saved at")
    assert await marks(store, cast, day) == {"ben": (2, "")}


async def test_all_present_keeps_an_excuse(
    visit: Visiting, store: Store, cast: Cast, path: str, day: str
) -> None:
    """
    Who was excused ahead stands first; "All present" takes back what was touched by mistake, and
    leaves the excuse.
    """
    await excuse_ahead(visit, cast, "cleo", day)
    bob = await visit("bob")
    page = await bob.open(path)
    await expect(page.locator("[data-student] legend").first).to_contain_text("Cleo")
    await expect(page.locator("[data-student]").first).to_contain_text("excused ahead")
    await choice(page, cast, "anna", 2).click()
    await page.get_by_role("button", name="All present").click()
    await page.get_by_role("button", name="Save").click()

    await expect(state(page)).to_contain_text("Saved at")
    assert await marks(store, cast, day) == {"cleo": EXCUSED}


async def test_in_spanish(
    visit: Visiting, store: Store, cast: Cast, path: str, day: str
) -> None:
    """
    Whose browser asks for Spanish reads it, and types the letters of the Spanish words.
    """
    bob = await visit("bob", locale="es-US")
    page = await bob.open(path)
    await expect(page.locator("html")).to_have_attribute("lang", "es")
    await page.focus(f"#s{cast.enrollments['anna']}-1")
    await page.keyboard.press("j")  # justificado
    await shoot(page, "sheet-spanish")
    await page.get_by_role("button", name="Guardar").click()

    await expect(state(page)).to_contain_text("Guardado")
    assert await marks(store, cast, day) == {"anna": (4, "")}


# ---------------------------------------------------------------- without a network


async def save_without_a_network(page: Page, cast: Cast) -> None:
    """Mark Ben as absent and save, and be told that this waits."""
    await page.context.set_offline(True)
    await choice(page, cast, "ben", 2).click()
    await page.get_by_role("button", name="Save").click()
    await expect(state(page)).to_contain_text("No connection")


async def test_offline_and_back(
    visit: Visiting, store: Store, cast: Cast, path: str, day: str
) -> None:
    """
    Without a network the sheet says that it keeps the marks, and saves them once it is back.
    """
    bob = await visit("bob", viewport=PHONE)
    page = await bob.open(path)
    await save_without_a_network(page, cast)
    await shoot(page, "sheet-offline-phone")
    assert await marks(store, cast, day) == {}
    await bob.context.set_offline(False)

    await expect(state(page)).to_contain_text("Saved at")
    assert await marks(store, cast, day) == {"ben": (2, "")}
    assert await changes(store, cast, day) == _once(cast)


async def test_what_is_marked_while_a_save_is_under_way_stays(
    visit: Visiting, store: Store, cast: Cast, path: str, day: str
) -> None:
    """
    Whoever goes on marking, or writing, while the sheet waits for the network finds all of it
    after the save, told as not saved yet, and is where they were.
    """
    bob = await visit("bob", viewport=PHONE)
    page = await bob.open(path)
    await save_without_a_network(page, cast)
    await choice(page, cast, "cleo", 3).click()
    await page.locator("summary").nth(2).click()
    await page.keyboard.press("Tab")
    await page.keyboard.type("late ")
    async with page.expect_response("**?saved"):
        await bob.context.set_offline(False)

    await expect(state(page)).to_have_text("Not saved yet.")
    assert await marks(store, cast, day) == {"ben": (2, "")}
    await page.keyboard.type("bus")
    await page.get_by_role("button", name="Save").click()
    await expect(state(page)).to_contain_text("Saved at")
    assert await marks(store, cast, day) == {"ben": (2, ""), "cleo": (3, "late bus")}


async def test_marks_outlive_the_session(
    visit: Visiting, store: Store, cast: Cast, path: str, day: str
) -> None:
    """
    Whoever comes in again in another tab saves the sheet that was left open in the first one.
    """
    window = await visit(None)
    page = await window.log_in("bob", PASSWORD)
    await window.open(path, page)
    await choice(page, cast, "ben", 2).click()
    await window.context.clear_cookies()
    await window.log_in("bob", PASSWORD)
    await page.get_by_role("button", name="Save").click()

    await expect(state(page)).to_contain_text("Saved at")
    assert await marks(store, cast, day) == {"ben": (2, "")}


async def test_nobody_leaves_unsaved_marks_unasked(
    visit: Visiting, cast: Cast, path: str
) -> None:
    """
    A touch on another page asks first while marks are not saved, and not any more when they are.
    """
    bob = await visit("bob", viewport=PHONE)
    page = await bob.open(path)
    await choice(page, cast, "ben", 2).click()
    await page.get_by_role("link", name="The day before").click()
    assert [fault.partition(":")[0] for fault in bob.faults] == ["a dialog"]
    bob.faults.clear()

    await page.get_by_role("button", name="Save").click()
    await expect(state(page)).to_contain_text("Saved at")
    await page.get_by_role("link", name="The day before").click()
    await page.wait_for_url(lambda url: path not in url)
    assert bob.faults == []


async def test_marks_outlive_the_page(
    visit: Visiting, store: Store, cast: Cast, path: str, day: str
) -> None:
    """
    Who closes the page without a network finds the marks there again, and they are saved then.
    """
    bob = await visit("bob")
    page = await bob.open(path)
    await bob.context.set_offline(True)
    await choice(page, cast, "ben", 2).click()
    await page.locator("summary").nth(2).click()
    await comment(page, cast, "cleo").fill("in the nurse’s office")
    await page.get_by_role("button", name="Save").click()
    await expect(state(page)).to_contain_text("No connection")
    await page.close()
    await bob.context.set_offline(False)
    page = await bob.open(path)

    await expect(state(page)).to_contain_text("Saved at")
    await expect(comment(page, cast, "cleo")).to_have_value("in the nurse’s office")
    assert await marks(store, cast, day) == {"ben": (2, "")}
    assert await changes(store, cast, day) == _once(cast)


async def test_a_lost_answer_doubles_nothing(
    visit: Visiting, store: Store, cast: Cast, path: str, day: str
) -> None:
    """
    Where the sheet was saved and only the answer was lost, it is sent again, and changes nothing.
    """
    bob = await visit("bob")
    page = await bob.open(path)
    await choice(page, cast, "ben", 2).click()

    async def lose_the_answer(route: Route) -> None:
        await route.fetch(max_redirects=0)
        await route.abort()

    await page.route(f"**{path}", lose_the_answer, times=1)
    await page.get_by_role("button", name="Save").click()
    await expect(state(page)).to_contain_text("No connection")
    assert await marks(store, cast, day) == {"ben": (2, "")}
    await page.reload()

    await expect(state(page)).to_contain_text("Saved at")
    assert await changes(store, cast, day) == _once(cast)


def _once(cast: Cast) -> list[int]:
    return sorted(cast.enrollments[name] for name in ON_ROLL)


# ---------------------------------------------------------------- two at once


async def test_two_at_the_same_sheet(
    visit: Visiting, store: Store, cast: Cast, path: str, day: str
) -> None:
    """
    Who saves second sees what the first one chose, is led to that line and asked; the other
    lines are saved.
    """
    bob, ida = await visit("bob", viewport=PHONE), await visit("ida")
    page, office = await bob.open(path), await ida.open(path)
    await choice(office, cast, "ben", 4).click()
    await office.locator("summary").nth(1).click()
    await comment(office, cast, "ben").fill("dentist")
    await office.get_by_role("button", name="Save").click()
    await expect(state(office)).to_contain_text("Saved at")

    await choice(page, cast, "anna", 3).click()
    await choice(page, cast, "ben", 2).click()
    await page.get_by_role("button", name="Save").click()
    asked = page.get_by_role("alert")
    await expect(asked).to_contain_text("Ida O’Malley-Müller set this to “Excused”")
    await expect(asked).to_contain_text("dentist")
    assert await _is_focused(page, f"#s{cast.enrollments['ben']}-2")
    await shoot(page, "sheet-conflict-phone")
    assert await barriers(page) == []
    assert await marks(store, cast, day) == {"anna": (3, ""), "ben": EXCUSED}

    await choice(page, cast, "ben", 4).click()
    await page.get_by_role("button", name="Save").click()
    await expect(state(page)).to_contain_text("Saved at")
    assert await marks(store, cast, day) == {"anna": (3, ""), "ben": EXCUSED}


async def in_conflict(
    visit: Visiting, cast: Cast, path: str, day: str, *, scripts: bool
) -> Page:
    """Return Bob's sheet, where Ben was late as he says, and is excused as the office does."""
    bob = await visit("bob", java_script_enabled=scripts)
    page = await bob.open(path)
    await excuse_ahead(visit, cast, "ben", day)
    await choice(page, cast, "ben", 3).click()
    await page.locator("summary").nth(1).click()
    await comment(page, cast, "ben").fill("late bus")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("dentist")
    return page


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize(("status", "kept"), [(4, EXCUSED), (2, (2, "late bus"))])
async def test_the_others_comment_comes_with_their_choice(
    visit: Visiting,
    store: Store,
    cast: Cast,
    path: str,
    day: str,
    *,
    scripts: bool,
    status: int,
    kept: tuple[int, str],
) -> None:
    """
    Whoever chooses the other's status in a conflict has their comment too, with scripts and
    without; whoever chooses another one keeps what they wrote.
    """
    page = await in_conflict(visit, cast, path, day, scripts=scripts)
    await choice(page, cast, "ben", status).click()
    await page.get_by_role("button", name="Save").click()

    await expect(state(page)).to_contain_text("Saved at")
    assert await marks(store, cast, day) == {"ben": kept}


async def test_the_comment_is_seen_to_come_along(
    visit: Visiting, store: Store, cast: Cast, path: str, day: str
) -> None:
    """
    With scripts it stands in the field at once, and goes again with another choice; whoever then
    writes their own words beside the other's status gets just that.
    """
    page = await in_conflict(visit, cast, path, day, scripts=True)
    await page.focus(f"#s{cast.enrollments['ben']}-3")
    await page.keyboard.press("e")
    await expect(comment(page, cast, "ben")).to_have_value("dentist")
    await choice(page, cast, "ben", 2).click()
    await expect(comment(page, cast, "ben")).to_have_value("late bus")
    await choice(page, cast, "ben", 4).click()
    await comment(page, cast, "ben").fill("late bus")
    await page.get_by_role("button", name="Save").click()

    await expect(state(page)).to_contain_text("Saved at")
    assert await marks(store, cast, day) == {"ben": (4, "late bus")}


@pytest.mark.parametrize("scripts", [True, False])
async def test_the_same_status_with_the_others_comment(
    visit: Visiting, store: Store, cast: Cast, path: str, day: str, *, scripts: bool
) -> None:
    """
    Of two who chose the same status, the second one takes the first one's comment with a touch;
    with scripts it stands in the field at once, and what was written there comes back.
    """
    bob = await visit("bob", java_script_enabled=scripts, viewport=PHONE)
    page = await bob.open(path)
    await excuse_ahead(visit, cast, "ben", day)
    await choice(page, cast, "ben", 4).click()
    await page.locator("summary").nth(1).click()
    await comment(page, cast, "ben").fill("at home")
    await page.get_by_role("button", name="Save").click()
    box = page.get_by_label("Take their comment")
    await box.check()
    if scripts:
        await expect(comment(page, cast, "ben")).to_have_value("dentist")
        await box.uncheck()
        await expect(comment(page, cast, "ben")).to_have_value("at home")
        await box.check()
        await shoot(page, "sheet-conflict-of-comments")
        assert await barriers(page) == []
    await page.get_by_role("button", name="Save").click()

    await expect(state(page)).to_contain_text("Saved at")
    assert await marks(store, cast, day) == {"ben": EXCUSED}
