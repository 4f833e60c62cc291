"""The office's day, and excuses ahead."""

import html
import re

import pytest

from cast import MONDAY, TUESDAY, WEDNESDAY, Cast
from rollbook.domain.attendance import Entry, Status
from rollbook.domain.record import Author, Channel
from rollbook.domain.store import MarkQuery, RollQuery, Store, TakeRoll
from web.browsing import Page
from web.conftest import Visiting
from web.every_route import with_neighbours


async def take(store: Store, cast: Cast, who: str, status: Status, day: str = MONDAY) -> None:
    """Take the roll of Maths as Bob, with one exception."""
    entry = Entry(cast.enrollments[who], day, status)
    await store.take_roll(
        TakeRoll(
            district_id=cast.district.id,
            section_id=cast.sections["maths"],
            date=day,
            exceptions=[entry],
            author=Author(user_id=cast.users["bob"], channel=Channel.WEB),
        )
    )


async def marks(
    store: Store, cast: Cast, section: str
) -> dict[tuple[int, str], tuple[int, str]]:
    """Return a section's marks that are not PRESENT."""
    page = await store.marks(cast.district.id, cast.sections[section], MarkQuery())
    return {(mark.enrollment_id, mark.date): (mark.status, mark.comment) for mark in page.marks}


async def test_what_the_office_sees(visit: Visiting, store: Store, cast: Cast) -> None:
    """
    Which rolls are missing of those that meet, and who is away, in which sections.
    """
    await take(store, cast, "ben", Status.ABSENT)
    ida = await visit("ida")
    page = await ida.get(f"/office?day={MONDAY}")

    assert "Rolls that are missing 1 of 2" in page.text
    assert f"/sections/{cast.sections['music']}/roll/{MONDAY}" in page.html
    assert "Who is not there 1" in page.text
    assert "O’Malley-Müller, Ben" in page.text
    assert "1 Absent" in page.text


async def test_several_schools_come_as_numbers(
    visit: Visiting, store: Store, cast: Cast
) -> None:
    """
    Who looks after a district sees what each school comes to, and goes from there to its lists.
    """
    await take(store, cast, "ben", Status.ABSENT)
    cast = await with_neighbours(store, cast)
    alice = await visit("alice")
    page = await alice.get(f"/office?day={MONDAY}")

    assert "Lindenhof School 1 of 2 1 As of" in page.text
    assert f"/sections/{cast.sections['music']}/roll/{MONDAY}" not in page.html
    (school,) = re.findall(rf'"(/office\?school=\d+&amp;day={MONDAY})"', page.html)
    theirs = await alice.get(html.unescape(school))
    assert f"/sections/{cast.sections['music']}/roll/{MONDAY}" in theirs.html
    assert "O’Malley-Müller, Ben" in theirs.text


async def test_long_lists_begin_short(
    visit: Visiting, store: Store, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The page says how many there are, shows the first of them, and all to whom asks for all.
    """
    monkeypatch.setattr("rollbook.web.office.SHOWN", 1)
    await take(store, cast, "ben", Status.ABSENT)
    await excuse(visit, cast, last=MONDAY, give="")  # Anna
    ida = await visit("ida")
    page = await ida.get(f"/office?day={MONDAY}")
    (every,) = re.findall(r'"(/office\?[^"]+all=)"', page.html)
    whole = await ida.get(html.unescape(every))

    assert "Who is not there 2" in page.text
    assert "The first 1 are shown. Show all 2" in page.text
    assert ("Anna" in page.text, "Ben" in page.text) == (True, False)
    assert ("Anna" in whole.text, "Ben" in whole.text) == (True, True)
    assert "Show all" not in whole.text


async def test_missing_rolls_are_told_by_their_hour(
    visit: Visiting, store: Store, cast: Cast
) -> None:
    """
    Sections that do not say when they meet come last.
    """
    ida = await visit("ida")
    page = await ida.get(f"/office?day={MONDAY}")

    assert "Rolls that are missing 2 of 2 Without an hour Mathematics" in page.text


@pytest.mark.parametrize("who", ["bob", "anna"])
async def test_the_office_is_for_the_office(visit: Visiting, who: str) -> None:
    """
    Teachers and students are refused.
    """
    browser = await visit(who)

    assert (await browser.get("/office")).status == 403


async def excuse(visit: Visiting, cast: Cast, **fields: str) -> tuple[int, Page]:
    """Fill in Anna's excuse as Ida; return the status, and the page that it leads to."""
    ida = await visit("ida")
    path = f"/students/{cast.users['anna']}/excuse"
    page = await ida.get(path)
    answer = await ida.send(page, path, {"first": MONDAY, "last": WEDNESDAY} | fields)
    if answer.status_code == 303:
        return 303, await ida.get(answer.headers["location"])
    return answer.status_code, Page(answer)


async def test_an_excuse_for_days_ahead(visit: Visiting, store: Store, cast: Cast) -> None:
    """
    It counts in every section that meets, says its reason, and takes no roll; the teacher finds
    it first on the sheet, and "all present" keeps it.
    """
    status, page = await excuse(visit, cast, reason="surgery", give="")

    days = (MONDAY, TUESDAY, WEDNESDAY)
    assert status == 303
    assert "The excuse was given. Marks that changed: 6." in page.text
    anna = cast.enrollments["anna"]
    assert await marks(store, cast, "maths") == {(anna, day): (4, "surgery") for day in days}
    assert len(await marks(store, cast, "music")) == 3
    rolls = await store.rolls(cast.district.id, cast.sections["maths"], RollQuery())
    assert rolls.items == []

    bob = await visit("bob")
    path = f"/sections/{cast.sections['maths']}/roll/{MONDAY}"
    sheet = await bob.get(path)
    assert sheet.text.index("Excused ahead") < sheet.text.index("On the roll")
    assert (await bob.send(sheet, path)).status_code == 303
    assert (await marks(store, cast, "maths"))[anna, MONDAY] == (4, "surgery")


async def test_who_was_there_stays_there(visit: Visiting, store: Store, cast: Cast) -> None:
    """
    An excuse turns absences into excused ones, with the teacher's word still to be seen; present
    and late marks it leaves.
    """
    await take(store, cast, "anna", Status.ABSENT, MONDAY)
    await take(store, cast, "anna", Status.LATE, TUESDAY)
    await excuse(visit, cast, reason="a call", last=TUESDAY, give="")

    found = await marks(store, cast, "maths")
    anna = cast.enrollments["anna"]
    assert found == {(anna, MONDAY): (4, "a call"), (anna, TUESDAY): (3, "")}
    page = await (await visit("ida")).get(f"/office?day={MONDAY}")
    assert "before: “Absent” at" in page.text


async def test_an_excuse_is_taken_back(visit: Visiting, store: Store, cast: Cast) -> None:
    """
    What was excused is expected again, on the days that are named.
    """
    await excuse(visit, cast, reason="surgery", give="")
    status, page = await excuse(visit, cast, first=TUESDAY, withdraw="")

    assert status == 303
    assert "Excuses were taken back. Marks that changed: 4." in page.text
    assert set(await marks(store, cast, "maths")) == {(cast.enrollments["anna"], MONDAY)}


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"first": WEDNESDAY, "last": MONDAY}, "The last day must be the first one or"),
        ({"first": MONDAY, "last": "2028-09-14"}, "The last day must be the first one or"),
        ({"first": "Monday"}, "This must be a day."),
        ({"reason": "x" * 2001}, "comment has 2001 characters"),
    ],
)
async def test_what_is_wrong_stands_beside_the_field(
    visit: Visiting, store: Store, cast: Cast, fields: dict[str, str], sentence: str
) -> None:
    """
    A form that fails shows why, with everything typed still there, and changes nothing.
    """
    given = {"reason": "surgery", "give": ""} | fields
    status, page = await excuse(visit, cast, **given)

    assert status == 400
    assert sentence in page.text
    form = page.forms[f"/students/{cast.users['anna']}/excuse"]
    assert {name: form[name] for name in fields} == fields
    assert await marks(store, cast, "maths") == {}


@pytest.mark.parametrize(
    ("pressed", "said"),
    [
        ("give", "Nothing was changed: on these days no section meets"),
        ("withdraw", "Nothing was changed: there was no excuse on these days."),
    ],
)
async def test_an_excuse_that_changes_nothing_says_so(
    visit: Visiting, cast: Cast, pressed: str, said: str
) -> None:
    """
    On a Saturday nobody is excused, nor was.
    """
    _, page = await excuse(visit, cast, first="2026-11-28", last="2026-11-28", **{pressed: ""})

    assert said in page.text


async def test_only_students_are_excused(visit: Visiting, cast: Cast) -> None:
    """
    A teacher has no marks that could be excused.
    """
    ida = await visit("ida")

    assert (await ida.get(f"/students/{cast.users['bob']}/excuse")).status == 400
    assert (await ida.get("/students/1/excuse")).status == 404


async def test_whose_day_it_is_stands_in_its_heading(visit: Visiting, cast: Cast) -> None:
    """
    The choice of a school is not on paper: the heading names it.
    """
    ida = await visit("ida")
    page = await ida.get(f"/office?day={MONDAY}")

    assert re.search("<h1>[^<]+ <span>Lindenhof School</span></h1>", page.html)
