"""The district's record, as an administrator looks something up in it."""

import re
from html import unescape

import pytest

from cast import MONDAY, TUESDAY, Cast
from conftest import Clock
from rollbook.domain.attendance import Entry, Status
from rollbook.domain.record import Author, Channel
from rollbook.domain.store import SaveMarks, Store, TakeRoll
from rollbook.operations import record
from web.browsing import Page
from web.conftest import Visiting

PATH = "/admin/record"


async def save(store: Store, cast: Cast, who: str, day: str, status: Status, by: str) -> None:
    """Save a mark of Maths as somebody."""
    await store.save_marks(
        SaveMarks(
            district_id=cast.district.id,
            section_id=cast.sections["maths"],
            entries=[Entry(cast.enrollments[who], day, status, f"said {by}")],
            author=Author(user_id=cast.users[by], channel=Channel.WEB),
        )
    )


@pytest.fixture
async def written(store: Store, cast: Cast, clock: Clock) -> Cast:
    """A roll on Monday, of which the office corrected a mark a day later; and one of Music."""
    bob = Author(user_id=cast.users["bob"], channel=Channel.WEB)
    await store.take_roll(
        TakeRoll(
            district_id=cast.district.id,
            section_id=cast.sections["maths"],
            date=MONDAY,
            exceptions=[Entry(cast.enrollments["ben"], MONDAY, Status.ABSENT, "rang <b>")],
            author=bob,
        )
    )
    clock.advance(days=1)
    await save(store, cast, "ben", MONDAY, Status.EXCUSED, "ida")
    await save(store, cast, "cleo", TUESDAY, Status.LATE, "bob")
    return cast


def saves(page: Page) -> int:
    """Return how many saves a page shows."""
    return len(re.findall(r"<tr><td>", page.html))


async def test_every_save_is_there(visit: Visiting, written: Cast) -> None:
    """
    The newest first: who, when, where, from what to what; who was simply present is counted.
    """
    alice = await visit("alice")
    page = await alice.get(PATH)
    told = page.text

    assert saves(page) == 3
    assert told.index("said bob") < told.index("said ida") < told.index("Marked as present: 2")
    assert "O’Malley-Müller, Ben : Absent rang <b> → Excused said ida" in told
    assert "<q>rang &lt;b&gt;</q>" in page.html
    assert "Older" not in told


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ("by={ida}", 1),
        ("by={bob}", 2),
        ("by={anna}", 0),
        ("student={ben}", 2),
        ("student={cleo}", 2),
        ("student={cleo}&by={ida}", 0),
        ("student={dora}", 0),
        ("section={maths}", 3),
        ("section={music}", 0),
        ("first=2026-11-24", 2),
        ("last=2026-11-23", 1),
        ("first=2026-11-23&last=2026-11-24", 3),
        ("first=2026-11-25", 0),
        ("first=&last=&section=&by=&student=", 3),
    ],
)
async def test_what_is_looked_for(
    visit: Visiting, written: Cast, filters: str, count: int
) -> None:
    """
    By days of the change in the district's time, section, who changed it, and student.
    """
    alice = await visit("alice")
    page = await alice.get(f"{PATH}?" + filters.format(**written.users, **written.sections))

    assert page.status == 200
    assert saves(page) == count
    assert ("Nothing like that was found." in page.text) == (count == 0)


async def test_a_day_begins_when_it_does_in_the_district(
    visit: Visiting, store: Store, cast: Cast, clock: Clock
) -> None:
    """
    What was changed half an hour after midnight in Zurich is of the new day.
    """
    clock.advance(hours=15, minutes=30)
    await save(store, cast, "ben", MONDAY, Status.LATE, "bob")
    alice = await visit("alice")

    assert saves(await alice.get(f"{PATH}?first=2026-11-24&last=2026-11-24")) == 1
    assert saves(await alice.get(f"{PATH}?last=2026-11-23")) == 0


async def test_a_long_record_comes_in_pages(
    visit: Visiting, store: Store, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The link to the older ones keeps the filters, skips and repeats nothing, and ends.
    """
    monkeypatch.setattr(record, "SHOWN", 2)
    monkeypatch.setattr(record, "LOOKED_AT", 3)
    monkeypatch.setattr(record, "_AT_ONCE", 2)
    for number in range(10):
        status = (Status.ABSENT, Status.LATE)[number % 2]
        await save(store, cast, "ben", MONDAY, status, ("bob", "ida")[number // 5])
    alice = await visit("alice")
    path, counted, pages = f"{PATH}?by={cast.users['bob']}", 0, 0
    while path:
        page = await alice.get(path)
        counted, pages = counted + saves(page), pages + 1
        assert f"by={cast.users['bob']}" in path
        link = re.search(r'href="(/admin/record\?[^"]*before[^"]*)"', page.html)
        path = unescape(link[1]) if link else ""
        if pages == 1:
            assert "Nothing like that was found back to" in page.text

    assert counted == 5
    assert pages == 4


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("first=yesterday", 400),
        ("first=0001-01-01", 400),
        ("last=9999-12-31", 200),
        ("section=x", 400),
        ("section=999999", 404),
        ("by=999999", 404),
        ("student=999999", 404),
        ("before=x", 400),
        ("before=2026-11-23T08:00:00.000Z/1/1", 200),
    ],
)
async def test_what_cannot_be_looked_for(visit: Visiting, query: str, status: int) -> None:
    """
    It is told, and no fault of ours.
    """
    alice = await visit("alice")

    assert (await alice.get(f"{PATH}?{query}")).status == status


async def test_the_record_is_its_districts(
    visit: Visiting, written: Cast, strangers: Cast
) -> None:
    """
    Another district's administrator sees nothing of it, and teachers and the office nothing.
    """
    mallory = await visit("mallory")
    page = await mallory.get(PATH)
    assert (page.status, saves(page)) == (200, 0)
    maths = written.sections["maths"]
    assert (await mallory.get(f"{PATH}?section={maths}")).status == 404
    for who in ("bob", "ida", "anna"):
        assert (await (await visit(who)).get(PATH)).status == 403
