"""`sections/{id}/attendance/history`: every change, who made it, and when."""

from typing import Any

import pytest

from api.conftest import Speaking
from api.talk import XML, Attendance, in_both_formats, mark, tree, tree_of
from cast import MONDAY, TUESDAY, WEDNESDAY, Cast
from conftest import Clock

PRESENT, ABSENT, LATE, EXCUSED = 1, 2, 3, 4


@pytest.fixture
async def changes(maths: Attendance, cast: Cast) -> list[dict[str, Any]]:
    """Five changes in two saves, of two students on three days."""
    anna, ben = cast.enrollments["anna"], cast.enrollments["ben"]
    await maths.put(
        mark(anna, MONDAY, ABSENT, "ill"), mark(ben, MONDAY, LATE), mark(ben, TUESDAY, PRESENT)
    )
    await maths.put(mark(anna, MONDAY, EXCUSED), mark(anna, WEDNESDAY, ABSENT))
    found = await maths.history()
    assert len(found) == 5
    return found


@in_both_formats
async def test_a_change_tells_what_was_and_what_is(
    attendance: Speaking, cast: Cast, format_: str
) -> None:
    """
    Old and new status and comment, who, when, by which door and in which request.
    """
    maths, anna = attendance(format_), cast.enrollments["anna"]
    first = await maths.put(mark(anna, MONDAY, ABSENT, "ill"))
    second = await maths.put(mark(anna, MONDAY, EXCUSED))
    response = await maths.get(f"{maths.path}/history")
    common = {"enrollment_id": anna, "date": MONDAY}
    who = {
        "changed_at": "2026-11-23T08:00:00.000Z",
        "changed_by": str(cast.users["alice"]),
        "on_behalf_of": "",
        "channel": "api",
    }
    expected = [
        common
        | {"old_status": 0, "new_status": ABSENT, "old_comment": "", "new_comment": "ill"}
        | who
        | {"request_id": first.headers["X-Request-Id"], "entry": 1},
        common
        | {"old_status": 2, "new_status": EXCUSED, "old_comment": "ill", "new_comment": "ill"}
        | who
        | {"request_id": second.headers["X-Request-Id"], "entry": 2},
    ]

    assert tree(response)[1][:2] == tree_of({"change": expected})[1]
    if format_ != XML:
        assert response.json()["change"] == expected


async def test_nothing_was_ever_changed(maths: Attendance) -> None:
    """
    A section without attendance has an empty history, with a link to itself.
    """
    response = await maths.get(f"{maths.path}/history")
    path = f"https://rollbook.test/v1/{maths.path}/history"

    assert response.json() == {"change": [], "links": {"self": path}}


async def test_who_acts_for_somebody_else_is_named_with_them(
    maths: Attendance, cast: Cast
) -> None:
    """
    An administrator's key that acts as a teacher leaves both names.
    """
    maths.headers["X-Schoology-Run-As"] = str(cast.users["bob"])
    await maths.put(mark(cast.enrollments["anna"], MONDAY, ABSENT))
    del maths.headers["X-Schoology-Run-As"]
    (change,) = await maths.history()

    assert change["changed_by"] == str(cast.users["alice"])
    assert change["on_behalf_of"] == str(cast.users["bob"])


async def test_changes_are_selected_by_day_and_enrollment(
    maths: Attendance, cast: Cast, changes: list[dict[str, Any]]
) -> None:
    """
    The filters of the attendance select changes by the mark's day and enrollment.
    """
    path, anna = f"{maths.path}/history", cast.enrollments["anna"]
    queries: list[tuple[dict[str, Any], list[int]]] = [
        ({"start": TUESDAY}, [2, 4]),
        ({"end": MONDAY}, [0, 1, 3]),
        ({"start": TUESDAY, "end": TUESDAY}, [2]),
        ({"enrollment_id": anna}, [0, 3, 4]),
        ({"enrollment_id": anna, "end": MONDAY}, [0, 3]),
        ({"enrollment_id": f"{anna},{cast.enrollments['ben']}"}, [0, 1, 2, 3, 4]),
        ({"enrollment_id": cast.enrollments["cleo"]}, []),
        ({"start": "", "after": "", "limit": ""}, [0, 1, 2, 3, 4]),
    ]

    for query, expected in queries:
        found = (await maths.get(path, **query)).json()["change"]
        assert found == [changes[number] for number in expected], query


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6])
async def test_pages_hold_every_change_once(
    maths: Attendance, cast: Cast, changes: list[dict[str, Any]], limit: int
) -> None:
    """
    Links lead from the oldest change to the newest, also to those made while reading.
    """
    found: list[dict[str, Any]] = []
    following = f"{maths.path}/history?limit={limit}&x=1"
    while following:
        page = (await maths.client.get(following)).json()
        assert len(page["change"]) <= limit
        if not found:
            await maths.put(mark(cast.enrollments["cleo"], MONDAY, LATE))
        found += page["change"]
        following = page["links"].get("next", "")
        assert not following or f"limit={limit}" in following
        assert not following or "x=1" in following

    assert found[:5] == changes
    assert len(found) == (6 if limit < 5 else 5)


@pytest.mark.usefixtures("changes")
async def test_a_page_has_at_most_two_hundred_changes(maths: Attendance, cast: Cast) -> None:
    """
    More than 200 changes are never in one answer, however many are asked for.
    """
    anna = cast.enrollments["anna"]
    days = [f"2027-{1 + n // 28:02}-{1 + n % 28:02}" for n in range(201)]
    await maths.put(*(mark(anna, day, LATE) for day in days))
    response = await maths.get(f"{maths.path}/history", limit="1000")

    assert len(response.json()["change"]) == 200
    rest = await maths.client.get(response.json()["links"]["next"])
    assert len(rest.json()["change"]) == 6
    assert "next" not in rest.json()["links"]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        (f"start={TUESDAY}&end={MONDAY}", "start"),
        ("start=0", "start"),
        ("limit=0", "limit"),
        ("enrollment_id=x", "enrollment_id"),
        ("after=1", "after"),
        ("after=1.", "after"),
        ("after=.1", "after"),
        ("after=1.1.1", "after"),
        ("after=-1.0", "after"),
        ("after=x.y", "after"),
        ("after=%D9%A1.1", "after"),
        (f"after={'9' * 19}.0", "after"),
        ("after=1.1&after=1.1", "after"),
    ],
)
async def test_a_malformed_or_doubled_parameter_is_400(
    maths: Attendance, query: str, name: str
) -> None:
    """
    A parameter of ours that is no value, or is there twice, is refused by its name.
    """
    response = await maths.client.get(f"{maths.path}/history?{query}")

    assert response.status_code == 400
    assert name in response.json()["message"]


@pytest.mark.usefixtures("changes")
@pytest.mark.parametrize("place", [f"{'9' * 18}.0", f"1.{'9' * 18}", "0.5", "3.0"])
async def test_a_place_that_is_not_there_is_no_fault(maths: Attendance, place: str) -> None:
    """
    A cursor beyond the record, or one that nobody gave out, shows what comes after it.
    """
    response = await maths.get(f"{maths.path}/history", after=place)

    assert response.status_code == 200
    assert len(response.json()["change"]) in (0, 2, 5)


async def test_a_foreign_enrollment_is_404(
    attendance: Speaking, maths: Attendance, strangers: Cast
) -> None:
    """
    An enrollment of another district, and a section of another district, are not there.
    """
    path = f"{maths.path}/history"
    foreign = await maths.get(path, enrollment_id=strangers.enrollments["anna"])
    stranger = await attendance(name="mallory").get(path)

    assert (foreign.status_code, stranger.status_code) == (404, 404)


async def test_moments_are_those_of_the_clock(
    maths: Attendance, cast: Cast, clock: Clock
) -> None:
    """
    Each save bears the moment at which it was made, in UTC with milliseconds.
    """
    anna = cast.enrollments["anna"]
    for status in (LATE, ABSENT):
        await maths.put(mark(anna, MONDAY, status))
        clock.advance(milliseconds=1500)

    assert [change["changed_at"] for change in await maths.history()] == [
        "2026-11-23T08:00:00.000Z",
        "2026-11-23T08:00:01.500Z",
    ]
