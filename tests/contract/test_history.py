"""What the store promises of the history of marks: `Store.history`."""

from typing import Any

import pytest

from cast import MONDAY, TUESDAY, WEDNESDAY, Cast
from conftest import Clock
from contract.classroom import ABSENT, EXCUSED, LATE, PRESENT, Classroom
from rollbook.domain.attendance import Change
from rollbook.domain.errors import NoSuchThing
from rollbook.domain.record import Recorded
from rollbook.domain.store import HistoryPage, HistoryQuery, Store


@pytest.fixture
async def maths(maths: Classroom) -> Classroom:
    """Maths, after three saves: six changes in all."""
    await maths.save(("anna", MONDAY, ABSENT), ("ben", MONDAY, LATE), ("anna", TUESDAY, ABSENT))
    await maths.save(("anna", MONDAY, EXCUSED, "ill"), ("ben", MONDAY, LATE), by="alice")
    await maths.save(("ben", MONDAY, PRESENT), ("cleo", WEDNESDAY, LATE))
    return maths


def told(maths: Classroom, changes: list[Recorded]) -> list[tuple[int, str, str, int]]:
    """Return the entry, the name, the day and the new status of each change."""
    return [
        (
            each.number,
            maths.name(each.change.enrollment_id),
            each.change.date,
            each.change.new_status,
        )
        for each in changes
    ]


ALL = [
    (1, "anna", MONDAY, ABSENT),
    (1, "ben", MONDAY, LATE),
    (1, "anna", TUESDAY, ABSENT),
    (2, "anna", MONDAY, EXCUSED),
    (3, "ben", MONDAY, PRESENT),
    (3, "cleo", WEDNESDAY, LATE),
]


async def test_every_change_is_told_oldest_first(maths: Classroom) -> None:
    """
    The history has each change of each mark in the order in which they were made.
    """
    page = await maths.history()

    assert told(maths, page.changes) == ALL
    assert page.next is None


async def test_a_change_says_what_was_and_what_is(maths: Classroom, clock: Clock) -> None:
    """
    A change has the old and the new status and comment, its moment and its author.
    """
    changes = (await maths.history()).changes
    who = maths.place("anna")

    assert changes[0].change == Change(who, MONDAY, None, ABSENT, "", "")
    assert changes[3] == Recorded(
        number=2,
        at=f"{clock.now:%Y-%m-%dT%H:%M:%S}.000Z",
        author=maths.author("alice"),
        change=Change(who, MONDAY, ABSENT, EXCUSED, "", "ill"),
    )


async def test_each_change_begins_where_the_former_ended(maths: Classroom) -> None:
    """
    Of one mark, what a change calls old is what the one before called new, up to what is there.
    """
    for status in (ABSENT, LATE, LATE, PRESENT, ABSENT):
        await maths.save(("anna", MONDAY, status, f"as {status}"), ("ben", TUESDAY, status))
    state: dict[tuple[int, str], tuple[int | None, str]] = {}
    for recorded in (await maths.history()).changes:
        change = recorded.change
        key = (change.enrollment_id, change.date)
        assert (change.old_status, change.old_comment) == state.get(key, (None, ""))
        state[key] = (change.new_status, change.new_comment)

    listed = {
        (m.enrollment_id, m.date): (m.status, m.comment) for m in (await maths.marks()).marks
    }
    assert listed == {key: mark for key, mark in state.items() if mark[0] != PRESENT}


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"start": TUESDAY}, [2, 5]),
        ({"end": MONDAY}, [0, 1, 3, 4]),
        ({"start": TUESDAY, "end": TUESDAY}, [2]),
        ({"names": ["anna"]}, [0, 2, 3]),
        ({"names": ["cleo", "ben"]}, [1, 4, 5]),
        ({"names": ["ben"], "start": TUESDAY}, []),
        ({"names": ["finn"]}, []),
        ({"names": []}, []),
    ],
)
async def test_history_can_be_of_some_days_and_enrollments(
    maths: Classroom, query: dict[str, Any], numbers: list[int]
) -> None:
    """
    The filters choose changes by the day and the enrollment of their mark.
    """
    if "names" in query:
        query = {**query, "enrollment_ids": tuple(map(maths.place, query["names"]))}
        del query["names"]
    page = await maths.history(**query)

    assert told(maths, page.changes) == [ALL[number] for number in numbers]


@pytest.mark.parametrize("limit", range(1, 8))
@pytest.mark.parametrize("end", [None, MONDAY])
async def test_pages_of_history_add_up_to_the_whole(
    maths: Classroom, limit: int, end: str | None
) -> None:
    """
    Following the cursor shows every change once; only the last page says that it is the last.
    """
    pages = [await maths.history(limit=limit, end=end)]
    while (after := pages[-1].next) is not None:
        assert len(pages) <= len(ALL), "the cursor goes round in circles"
        pages.append(await maths.history(limit=limit, end=end, after=after))
    whole = (await maths.history(end=end)).changes

    assert [change for page in pages for change in page.changes] == whole
    assert all(len(page.changes) == limit for page in pages[:-1])
    assert pages[-1].changes


async def test_later_changes_do_not_disturb_a_cursor(maths: Classroom) -> None:
    """
    A cursor that was given out continues where it stood, and goes on into what came later.
    """
    page = await maths.history(limit=4)
    await maths.save(("anna", MONDAY, LATE))
    assert page.next is not None
    rest = await maths.history(after=page.next)

    assert told(maths, rest.changes) == [*ALL[4:], (4, "anna", MONDAY, LATE)]


@pytest.mark.parametrize("after", [(3, 2), (3, 99), (4, 0), (99, 0)])
async def test_behind_the_end_there_is_no_history(
    maths: Classroom, after: tuple[int, int]
) -> None:
    """
    A cursor at the end or behind it leads to an empty last page.
    """
    assert await maths.history(after=after) == HistoryPage([], None)


async def test_a_long_history_is_told_whole(maths: Classroom) -> None:
    """
    However many saves there were, no change is left out.
    """
    for number in range(120):
        await maths.save(("cleo", MONDAY, ABSENT, f"number {number}"))
    changes = (await maths.history(limit=1000, enrollment_ids=(maths.place("cleo"),))).changes

    assert [each.change.new_comment for each in changes[1:]] == [
        f"number {number}" for number in range(120)
    ]


async def test_an_enrollment_of_another_section_has_no_history(maths: Classroom) -> None:
    """
    Asked for an enrollment that the section does not have, the store says which.
    """
    stranger = maths.place("anna in music")
    with pytest.raises(NoSuchThing, match=f"enrollment {stranger} "):
        await maths.history(enrollment_ids=(stranger,))


async def test_an_unknown_section_has_no_history(store: Store, cast: Cast) -> None:
    """
    Of a section that does not exist no history is told.
    """
    with pytest.raises(NoSuchThing, match="section 7 "):
        await store.history(cast.district.id, 7, HistoryQuery())
