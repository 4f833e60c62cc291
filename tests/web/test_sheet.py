"""The sheet: taking a roll and correcting it, without a script."""

import msgspec
import pytest

from cast import MONDAY, NEXT_MONDAY, Cast
from conftest import Clock
from rollbook.domain.attendance import Entry, Status
from rollbook.domain.record import Author, Channel
from rollbook.domain.store import HistoryQuery, MarkQuery, RollQuery, SaveMarks, Store
from web.browsing import Page
from web.conftest import Visiting


@pytest.fixture
def path(cast: Cast) -> str:
    """Where the sheet of Maths is on Monday."""
    return f"/sections/{cast.sections['maths']}/roll/{MONDAY}"


async def marks(store: Store, cast: Cast, day: str = MONDAY) -> dict[int, tuple[int, str]]:
    """Return the marks of Maths that are not PRESENT."""
    key = (cast.district.id, cast.sections["maths"])
    page = await store.marks(*key, MarkQuery(start=day, end=day))
    return {mark.enrollment_id: (mark.status, mark.comment) for mark in page.marks}


async def office_says(store: Store, cast: Cast, who: str, status: Status, comment: str) -> None:
    """Save a mark as somebody else, beside the sheet."""
    entry = Entry(cast.enrollments[who], MONDAY, status, comment)
    author = Author(user_id=cast.users["ida"], channel=Channel.WEB)
    await store.save_marks(
        SaveMarks(
            district_id=cast.district.id,
            section_id=cast.sections["maths"],
            entries=[entry],
            author=author,
        )
    )


def names(page: Page) -> list[int]:
    """Return the enrollments on a sheet, in its order."""
    fields = next(fields for action, fields in page.forms.items() if "/roll/" in action)
    return [int(name.removeprefix("status-")) for name in fields if name.startswith("status-")]


async def test_a_roll_is_taken(visit: Visiting, store: Store, cast: Cast, path: str) -> None:
    """
    Everybody on the roll of that day is on the sheet as present; the exceptions are marked, one
    save takes the roll, and the page says when.
    """
    bob = await visit("bob")
    page = await bob.get(path)
    anna, ben, cleo = (cast.enrollments[name] for name in ("anna", "ben", "cleo"))
    assert names(page) == [anna, ben, cleo]
    assert "Not taken yet." in page.text

    answer = await bob.send(
        page,
        path,
        {f"status-{ben}": "2", f"comment-{ben}": " rang at 8 ", f"status-{cleo}": "3"},
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?saved")
    assert await marks(store, cast) == {ben: (2, "rang at 8"), cleo: (3, "")}
    saved = await bob.get(f"{path}?saved")
    assert "Saved at Nov 23, 9:00" in saved.text or "Saved at 9:00" in saved.text
    assert saved.forms[path][f"status-{ben}"] == "2"
    rolls = await store.rolls(
        cast.district.id, cast.sections["maths"], RollQuery(start=MONDAY, end=MONDAY)
    )
    assert rolls.items[0].taken.first_taken_by == cast.users["bob"]


async def test_sending_a_sheet_twice_is_sending_it_once(
    visit: Visiting, store: Store, cast: Cast, path: str
) -> None:
    """
    A sheet whose answer was lost is sent again: nothing is doubled, and nothing is in conflict.
    """
    bob = await visit("bob")
    page = await bob.get(path)
    change = {f"status-{cast.enrollments['ben']}": "2"}
    answers = [await bob.send(page, path, change) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [303] * 3
    history = await store.history(cast.district.id, cast.sections["maths"], HistoryQuery())
    assert len(history.changes) == 3  # one for each of the three students


async def test_nobody_is_overwritten_unseen(
    visit: Visiting, store: Store, cast: Cast, path: str
) -> None:
    """
    A mark that somebody else gave while the sheet was open is shown beside what was chosen, and
    stays until the teacher has seen it; the other lines are saved.
    """
    bob = await visit("bob")
    page = await bob.get(path)
    anna, ben = cast.enrollments["anna"], cast.enrollments["ben"]
    await office_says(store, cast, "ben", Status.EXCUSED, "dentist")
    answer = await bob.send(page, path, {f"status-{anna}": "3", f"status-{ben}": "2"})

    shown = Page(answer)
    assert answer.status_code == 409
    assert "Ida O’Malley-Müller set this to “Excused” at" in shown.text
    assert "dentist" in shown.text
    assert "You chose “Absent”" in shown.text
    assert await marks(store, cast) == {anna: (3, ""), ben: (4, "dentist")}

    again = await bob.send(shown, path)  # now it was seen: what is chosen counts
    assert again.status_code == 303
    assert (await marks(store, cast))[ben][0] == 2


@pytest.mark.parametrize(
    ("chosen", "kept"),
    [
        ({"status": "4"}, (4, "dentist")),
        ({}, (2, "rang at 8")),
        ({"status": "3"}, (3, "rang at 8")),
        ({"status": "4", "comment": "back at 10"}, (4, "back at 10")),
    ],
)
async def test_whoever_chooses_the_others_status_takes_their_comment(
    visit: Visiting,
    store: Store,
    cast: Cast,
    path: str,
    chosen: dict[str, str],
    kept: tuple[int, str],
) -> None:
    """
    In a conflict the other's comment comes with their status, unless another one was written;
    whoever keeps theirs keeps what they wrote.
    """
    bob = await visit("bob")
    page = await bob.get(path)
    ben = cast.enrollments["ben"]
    await office_says(store, cast, "ben", Status.EXCUSED, "dentist")
    mine = {f"status-{ben}": "2", f"comment-{ben}": "rang at 8"}
    shown = Page(await bob.send(page, path, mine))
    assert "Their comment comes with their choice." in shown.text
    answer = await bob.send(
        shown, path, {f"{name}-{ben}": text for name, text in chosen.items()}
    )

    assert answer.status_code == 303
    assert (await marks(store, cast))[ben] == kept


@pytest.mark.parametrize("theirs", ["dentist", ""])
@pytest.mark.parametrize("ticked", [True, False])
async def test_of_one_status_with_two_comments_either_can_be_taken(
    visit: Visiting, store: Store, cast: Cast, path: str, *, theirs: str, ticked: bool
) -> None:
    """
    Who chose what somebody else did, with another comment, takes theirs by a touch, also when it
    is none; who does not keeps what they wrote.
    """
    bob = await visit("bob")
    page = await bob.get(path)
    ben = cast.enrollments["ben"]
    await office_says(store, cast, "ben", Status.ABSENT, theirs)
    mine = {f"status-{ben}": "2", f"comment-{ben}": "rang at 8"}
    shown = Page(await bob.send(page, path, mine))
    assert "You chose the same with another comment." in shown.text
    assert f"theirs-{ben}" not in shown.forms[path]  # until it is ticked
    answer = await bob.send(shown, path, {f"theirs-{ben}": "on"} if ticked else {})

    assert answer.status_code == 303
    assert (await marks(store, cast))[ben] == (2, theirs if ticked else "rang at 8")


async def test_what_is_typed_again_was_seen_before(
    visit: Visiting, store: Store, cast: Cast, path: str
) -> None:
    """
    A sheet that is shown again because a comment is too long still knows what the teacher saw:
    what somebody else changed meanwhile is not overwritten unseen by the second try.
    """
    bob = await visit("bob")
    page = await bob.get(path)
    anna, ben = cast.enrollments["anna"], cast.enrollments["ben"]
    await office_says(store, cast, "ben", Status.EXCUSED, "dentist")
    shown = Page(await bob.send(page, path, {f"comment-{anna}": "x" * 2001}))
    answer = await bob.send(shown, path, {f"comment-{anna}": "late bus"})

    assert (shown.status, answer.status_code) == (400, 409)
    assert (await marks(store, cast))[ben] == (4, "dentist")


async def test_a_line_that_is_not_on_the_roll_any_more_is_told(
    visit: Visiting, store: Store, cast: Cast, path: str
) -> None:
    """
    Who has left the section while the sheet was open is not marked, and that is said; the other
    lines are saved.
    """
    bob = await visit("bob")
    page = await bob.get(path)
    gone = cast.enrollments["anna in music"]
    change = {f"status-{cast.enrollments['ben']}": "2", f"status-{gone}": "2"}
    answer = await bob.send(page, path, change)

    assert answer.status_code == 409
    assert "Lines that were not saved: 1." in Page(answer).text
    assert await marks(store, cast) == {cast.enrollments["ben"]: (2, "")}


@pytest.mark.parametrize("comment", [" rang at 8 ", "rang\nat 8", "rang\r\nat 8", "rang\rat 8"])
async def test_a_comment_that_a_field_cannot_hold_stays(
    visit: Visiting, store: Store, cast: Cast, path: str, comment: str
) -> None:
    """
    What a program wrote in several lines, or with blanks around it, is neither changed by a sheet
    on which nobody touched it, nor taken for somebody else's change.
    """
    await office_says(store, cast, "ben", Status.EXCUSED, comment)
    bob = await visit("bob")
    page = await bob.get(path)
    ben = cast.enrollments["ben"]
    field = page.forms[path][f"comment-{ben}"].replace("\r", "").replace("\n", "")
    fields = {f"status-{ben}": "3", f"comment-{ben}": field}

    assert (await bob.send(page, path, fields)).status_code == 303
    assert (await marks(store, cast))[ben] == (3, comment)


async def test_an_excuse_from_before_comes_first_and_is_kept(
    visit: Visiting, store: Store, cast: Cast, path: str
) -> None:
    """
    Who was excused ahead stands first on the sheet, with the reason, and stays excused.
    """
    await office_says(store, cast, "cleo", Status.EXCUSED, "funeral")
    bob = await visit("bob")
    # That the office's word took the roll is not what happens with an excuse ahead: see excuses.
    page = await bob.get(path)
    answer = await bob.send(page, path)

    assert answer.status_code == 303
    assert await marks(store, cast) == {cast.enrollments["cleo"]: (4, "funeral")}


async def test_a_comment_that_cannot_be_kept_is_told_beside_it(
    visit: Visiting, store: Store, cast: Cast, path: str
) -> None:
    """
    With one comment too long nothing is saved, what is wrong stands at its line, and everything
    that was typed is still there.
    """
    bob = await visit("bob")
    page = await bob.get(path)
    anna, ben = cast.enrollments["anna"], cast.enrollments["ben"]
    long = "x" * 2001
    change = {f"status-{anna}": "3", f"comment-{ben}": long}
    answer = await bob.send(page, path, change)

    shown = Page(answer)
    assert answer.status_code == 400
    assert "comment has 2001 characters" in shown.text
    answer = await bob.send(page, path, change, accept_language="es")
    assert "el comentario tiene 2001 caracteres; se guardan 2000" in Page(answer).text
    assert shown.forms[path][f"comment-{ben}"] == long
    assert shown.forms[path][f"status-{anna}"] == "3"
    assert shown.forms[path][f"seen-status-{anna}"] == "1"
    assert await marks(store, cast) == {}


async def test_who_is_present_may_have_a_comment(
    visit: Visiting, store: Store, cast: Cast, path: str
) -> None:
    """
    A comment on somebody who is present is shown again, stays when the sheet is saved again, and
    is not overwritten unseen either.
    """
    bob = await visit("bob")
    before = await bob.get(path)
    field = f"comment-{cast.enrollments['ben']}"
    await bob.send(before, path, {field: "left at 9"})
    page = await bob.get(path)
    assert page.forms[path][field] == "left at 9"

    assert (await bob.send(page, path)).status_code == 303
    assert (await bob.get(path)).forms[path][field] == "left at 9"
    assert (await bob.send(before, path, {field: "left at 10"})).status_code == 409


async def test_other_days_have_other_rolls(visit: Visiting, cast: Cast) -> None:
    """
    Any day can be opened: who joined later is on the later sheets.
    """
    bob = await visit("bob")
    page = await bob.get(f"/sections/{cast.sections['maths']}/roll?day={NEXT_MONDAY}")

    assert cast.enrollments["greta"] in names(page)


@pytest.mark.parametrize(("who", "allowed"), [("bob", False), ("ida", True), ("alice", True)])
async def test_a_locked_day_is_the_offices(
    visit: Visiting, store: Store, cast: Cast, path: str, who: str, *, allowed: bool
) -> None:
    """
    After the days that the district sets a teacher sees the sheet and cannot change it; the
    office and administrators can.
    """
    await store.change_district(msgspec.structs.replace(cast.district, lock_days=7))
    browser = await visit(who)
    page = await browser.get(path)
    change = {f"status-{cast.enrollments['ben']}": "2"}
    answer = await browser.send(page, path, change)

    assert (". This day is locked" in page.text) == (not allowed)
    assert answer.status_code == (303 if allowed else 403)
    assert bool(await marks(store, cast)) == allowed


async def test_todays_sheet_is_never_locked(
    visit: Visiting, store: Store, cast: Cast, clock: Clock
) -> None:
    """
    With a lock of no days at all the roll of today, as the district has it, can be taken.
    """
    await store.change_district(msgspec.structs.replace(cast.district, lock_days=0))
    bob = await visit("bob")
    page = await bob.get(f"/sections/{cast.sections['maths']}/roll")
    today = clock.now.date().isoformat()
    path = f"/sections/{cast.sections['maths']}/roll/{today}"

    assert (await bob.send(page, path)).status_code == 303


async def test_a_day_without_the_section_says_so(visit: Visiting, cast: Cast) -> None:
    """
    On a Sunday no roll is missing, and whoever opens one reads that the section does not meet.
    """
    sunday, told = "2026-09-13", "This section does not meet on this day."
    bob = await visit("bob")
    sheets = [
        await bob.get(f"/sections/{cast.sections['maths']}/roll/{day}")
        for day in (sunday, MONDAY)
    ]
    days = [await bob.get(f"/today?day={day}") for day in (sunday, MONDAY)]

    assert [told in page.text for page in sheets] == [True, False]
    assert ['class="state missing"' in page.html for page in days] == [False, True]
