"""What the store promises of the list of marks: `Store.marks`."""

from typing import Any

import pytest

from cast import FRIDAY_BEFORE, MONDAY, NEXT_MONDAY, TUESDAY, WEDNESDAY, Cast
from contract.classroom import ABSENT, EXCUSED, LATE, PRESENT, Classroom
from rollbook.domain.errors import NoSuchThing
from rollbook.domain.store import MarkPage, MarkQuery, Store

ALL_PRESENT = WEDNESDAY
WEEK = [
    ("cleo", TUESDAY, LATE, "bus"),
    ("anna", MONDAY, EXCUSED),
    ("ben", MONDAY, ABSENT),
    ("anna", TUESDAY, ABSENT),
    ("cleo", MONDAY, ABSENT),
    ("ben", TUESDAY, PRESENT),
    ("anna", ALL_PRESENT, PRESENT),
    ("ben", NEXT_MONDAY, LATE),
]
LISTED = [
    ("anna", MONDAY, EXCUSED, ""),
    ("ben", MONDAY, ABSENT, ""),
    ("cleo", MONDAY, ABSENT, ""),
    ("anna", TUESDAY, ABSENT, ""),
    ("cleo", TUESDAY, LATE, "bus"),
    ("ben", NEXT_MONDAY, LATE, ""),
]
TAKEN = [MONDAY, TUESDAY, ALL_PRESENT, NEXT_MONDAY]


@pytest.fixture
async def maths(maths: Classroom) -> Classroom:
    """Maths, after a week and a day."""
    await maths.save(*WEEK)  # type: ignore[arg-type]
    return maths


async def pages_of(maths: Classroom, limit: int) -> list[MarkPage]:
    """Read page after page as the cursor leads."""
    pages = [await maths.marks(limit=limit)]
    while pages[-1].left_over:
        assert len(pages) <= len(LISTED), "the cursor goes round in circles"
        last = pages[-1].marks[-1]
        pages.append(await maths.marks(limit=limit, after=(last.date, last.enrollment_id)))
    return pages


async def test_marks_go_by_day_and_enrollment(maths: Classroom) -> None:
    """
    The list is in the order of days and enrollments, whatever order the marks were saved in.
    """
    page = await maths.marks()

    assert [maths.named(mark) for mark in page.marks] == LISTED
    assert (page.dates, page.left_over) == (TAKEN, False)


async def test_totals_count_each_status_but_present(maths: Classroom) -> None:
    """
    The totals have each status that occurs, in order, but never PRESENT.
    """
    page = await maths.marks()

    assert list(page.totals.items()) == [(ABSENT, 3), (LATE, 2), (EXCUSED, 1)]


async def test_the_version_comes_with_the_list(maths: Classroom) -> None:
    """
    The list says which version of the section's attendance it shows.
    """
    before = await maths.marks()
    await maths.save(("anna", MONDAY, LATE))
    after = await maths.marks()

    assert (before.version, after.version) == (1, 2)


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ({"start": TUESDAY}, [TUESDAY, ALL_PRESENT, NEXT_MONDAY]),
        ({"end": TUESDAY}, [MONDAY, TUESDAY]),
        ({"start": TUESDAY, "end": TUESDAY}, [TUESDAY]),
        ({"start": ALL_PRESENT, "end": ALL_PRESENT}, [ALL_PRESENT]),
        ({"start": "0001-01-01", "end": "9999-12-31"}, TAKEN),
        ({"end": FRIDAY_BEFORE}, []),
        ({"start": NEXT_MONDAY, "end": MONDAY}, []),
    ],
)
async def test_both_ends_of_a_range_belong_to_it(
    maths: Classroom, query: dict[str, Any], days: list[str]
) -> None:
    """
    A range of days selects the marks, the totals and the days that were taken in it.
    """
    page = await maths.marks(**query)
    selected = [mark for mark in LISTED if mark[1] in days]

    assert [maths.named(mark) for mark in page.marks] == selected
    assert sum(page.totals.values()) == len(selected)
    assert page.dates == days


@pytest.mark.parametrize("names", [["anna"], ["cleo", "anna"], ["finn"], []])
async def test_the_list_can_be_of_some_enrollments(maths: Classroom, names: list[str]) -> None:
    """
    Asked for some enrollments, the list and its totals have theirs alone; the days stay all.
    """
    page = await maths.marks(enrollment_ids=tuple(map(maths.place, names)))
    selected = [mark for mark in LISTED if mark[0] in names]

    assert [maths.named(mark) for mark in page.marks] == selected
    assert sum(page.totals.values()) == len(selected)
    assert page.dates == TAKEN


@pytest.mark.parametrize("stranger", ["anna in music", None])
async def test_an_enrollment_of_another_section_is_not_there(
    maths: Classroom, stranger: str | None
) -> None:
    """
    Asked for an enrollment that the section does not have, the store says which.
    """
    number = 1 if stranger is None else maths.place(stranger)
    with pytest.raises(NoSuchThing, match=f"enrollment {number} "):
        await maths.marks(enrollment_ids=(maths.place("anna"), number))


async def test_a_day_that_nobody_asked_about_is_not_taken(maths: Classroom) -> None:
    """
    Only days whose roll was taken are among the dates: all present and not taken differ.
    """
    page = await maths.marks(start=ALL_PRESENT, end=NEXT_MONDAY)

    assert page.dates == [ALL_PRESENT, NEXT_MONDAY]


async def test_an_empty_section_has_an_empty_list(music: Classroom) -> None:
    """
    A section whose attendance was never taken has no marks, no days and no totals.
    """
    assert await music.marks() == MarkPage(0, [], [], {}, left_over=False)


async def test_an_unknown_section_has_no_list(store: Store, cast: Cast) -> None:
    """
    Of a section that does not exist nothing is listed, not even emptiness.
    """
    with pytest.raises(NoSuchThing, match="section 7 "):
        await store.marks(cast.district.id, 7, MarkQuery())


# ---------------------------------------------------------------- page by page


@pytest.mark.parametrize("limit", range(1, 8))
async def test_pages_add_up_to_the_whole(maths: Classroom, limit: int) -> None:
    """
    Following the cursor shows every mark once, and says of each page whether it is the last.
    """
    pages = await pages_of(maths, limit)

    assert [maths.named(mark) for page in pages for mark in page.marks] == LISTED
    assert all(len(page.marks) == limit for page in pages[:-1])
    assert {tuple(page.totals.items()) for page in pages} == {
        ((ABSENT, 3), (LATE, 2), (EXCUSED, 1))
    }


@pytest.mark.parametrize("limit", range(1, 8))
async def test_pages_cover_every_day_once(maths: Classroom, limit: int) -> None:
    """
    A taken day is on the page that its marks are on, and one without marks on exactly one.
    """
    pages = await pages_of(maths, limit)
    covered = [(number, day) for number, page in enumerate(pages) for day in page.dates]
    marked = {(number, mark.date) for number, page in enumerate(pages) for mark in page.marks}

    assert len(set(covered)) == len(covered)
    assert [day for _, day in covered if day == ALL_PRESENT] == [ALL_PRESENT]
    assert {place for place in covered if place[1] != ALL_PRESENT} == marked


@pytest.mark.parametrize("limit", range(1, 8))
async def test_pages_can_be_counted_off(maths: Classroom, limit: int) -> None:
    """
    Skipping page after page by number shows the same pages as the cursor does.
    """
    pages = await pages_of(maths, limit)
    counted = [
        await maths.marks(limit=limit, offset=limit * number) for number in range(len(pages))
    ]

    assert counted == pages


async def test_after_the_last_mark_there_is_none(maths: Classroom) -> None:
    """
    A page that begins behind the end is empty and the last, and the totals stay.
    """
    page = await maths.marks(offset=100, limit=2)

    assert (page.marks, page.left_over, sum(page.totals.values())) == ([], False, 6)


async def test_a_cursor_keeps_its_filters(maths: Classroom) -> None:
    """
    A page that continues another one still has only what the filters let through.
    """
    anna = (maths.place("anna"),)
    page = await maths.marks(enrollment_ids=anna, after=(MONDAY, anna[0]), end=TUESDAY)

    assert [maths.named(mark) for mark in page.marks] == [("anna", TUESDAY, ABSENT, "")]
    assert page.totals == {ABSENT: 1, EXCUSED: 1}


@pytest.mark.parametrize(
    "change",
    [
        ("anna", MONDAY, PRESENT),
        ("greta", MONDAY, LATE),
        ("ben", MONDAY, PRESENT),
        ("cleo", MONDAY, PRESENT),
        ("ben", TUESDAY, LATE),
        ("cleo", FRIDAY_BEFORE, ABSENT),
    ],
)
async def test_a_change_between_two_pages_skips_and_repeats_nothing(
    maths: Classroom, change: tuple[str, str, Any]
) -> None:
    """
    Whatever mark others save between two pages, each of the rest is on exactly one of the two.
    """
    first = await maths.marks(limit=2)
    await maths.save(change)
    last = first.marks[-1]
    second = await maths.listed(after=(last.date, last.enrollment_id))

    seen = [maths.named(mark) for mark in first.marks] + second
    assert [mark for mark in seen if mark[:2] != change[:2]] == [
        mark for mark in LISTED if mark[:2] != change[:2]
    ]


async def test_a_day_that_was_shown_is_not_shown_again_as_all_present(maths: Classroom) -> None:
    """
    When the mark that the cursor stands on is taken back, its day is not told a second time.
    """
    first = await maths.marks(start=TUESDAY, limit=2)
    last = first.marks[-1]
    await maths.save(("anna", TUESDAY, PRESENT), ("cleo", TUESDAY, PRESENT))
    second = await maths.marks(start=TUESDAY, after=(last.date, last.enrollment_id))

    assert first.dates == [TUESDAY]
    assert second.dates == [ALL_PRESENT, NEXT_MONDAY]


async def test_present_marks_are_listed_when_asked_for(maths: Classroom) -> None:
    """
    Whoever is present may have a comment: with `present` those marks are in the list too.
    """
    await maths.save(("cleo", WEDNESDAY, PRESENT, "was late to the bus"))
    page = await maths.marks(start=WEDNESDAY, end=WEDNESDAY, present=True)
    plain = await maths.marks(start=WEDNESDAY, end=WEDNESDAY)

    assert [maths.named(mark) for mark in page.marks] == [
        ("anna", WEDNESDAY, PRESENT, ""),
        ("cleo", WEDNESDAY, PRESENT, "was late to the bus"),
    ]
    assert plain.marks == []
