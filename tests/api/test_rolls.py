"""`sections/{id}/rolls`: whole rolls, and who took them."""

from typing import Any

import pytest

from api.conftest import Opening, Speaking, Switch
from api.talk import JSON, XML, Attendance, in_both_formats, mark, tree
from cast import FRIDAY_BEFORE, MONDAY, NEXT_MONDAY, TUESDAY, WEDNESDAY, Cast
from conftest import Clock

PRESENT, ABSENT, LATE, EXCUSED = 1, 2, 3, 4


async def roll_on(maths: Attendance, date: str) -> dict[str, Any]:
    response = await maths.get(f"{maths.section}/rolls/{date}")
    assert response.status_code == 200
    roll: dict[str, Any] = response.json()
    return roll


def counts(roll: dict[str, Any]) -> dict[str, int]:
    names = ("on_roll", "present", "absent", "late", "excused", "not_marked")
    return {name: roll[name] for name in names if roll[name]}


# ---------------------------------------------------------------- taking one


@in_both_formats
async def test_a_roll_names_who_is_missing_and_everybody_else_is_present(
    attendance: Speaking, cast: Cast, format_: str
) -> None:
    """
    The entries are the exceptions; all others who are on the roll that day are marked present.
    """
    maths, who = attendance(format_), cast.enrollments
    response = await maths.take_roll(
        MONDAY, {"enrollment_id": who["anna"], "status": LATE, "comment": "bus"}
    )
    roll = await roll_on(attendance(), MONDAY)

    assert response.status_code == 200
    assert dict(tree(response)[1])["roll"] == [(k, str(v)) for k, v in roll.items()]
    assert roll == {
        "date": MONDAY,
        "first_taken_at": "2026-11-23T08:00:00.000Z",
        "first_taken_by": str(cast.users["alice"]),
        "last_taken_at": "2026-11-23T08:00:00.000Z",
        "last_taken_by": str(cast.users["alice"]),
        "on_roll": 3,
        "present": 2,
        "absent": 0,
        "late": 1,
        "excused": 0,
        "not_marked": 0,
    }
    assert (await maths.listed()).records == [(str(who["anna"]), MONDAY, "3", "bus")]


async def test_every_mark_of_a_roll_is_answered(maths: Attendance, cast: Cast) -> None:
    """
    The exceptions come first and in their order, then everybody else's, each with its id.
    """
    response = await maths.take_roll(
        MONDAY,
        mark(cast.enrollments["cleo"], MONDAY, ABSENT),
        {"enrollment_id": str(cast.enrollments["anna"]), "status": "3"},
    )
    answers = response.json()["attendance"]
    named = await maths.put(
        *(mark(cast.enrollments[name], MONDAY, PRESENT) for name in ("cleo", "anna", "ben"))
    )

    assert answers == named.json()["attendance"]


@in_both_formats
async def test_nobody_has_to_be_missing(attendance: Speaking, format_: str) -> None:
    """
    A roll without exceptions marks everybody present, and the day is listed.
    """
    maths = attendance(format_)
    response = await maths.take_roll(MONDAY)
    listing = await maths.listed()

    assert response.status_code == 200
    assert counts(await roll_on(attendance(), MONDAY)) == {"on_roll": 3, "present": 3}
    assert (listing.days, listing.records) == ([MONDAY], [])


async def test_an_empty_element_is_a_roll_too(attendance: Speaking) -> None:
    """
    In XML a document with nothing in it says that nobody is missing.
    """
    maths = attendance(XML)
    response = await maths.client.put(
        f"{maths.section}/rolls/{MONDAY}", content=b"<result/>", headers=maths.headers
    )

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("date", "on_roll"),
    [
        (FRIDAY_BEFORE, 4),  # Finn's last day
        (MONDAY, 3),
        (NEXT_MONDAY, 4),  # Greta's first
    ],
)
async def test_who_is_on_the_roll_depends_on_the_day(
    maths: Attendance, date: str, on_roll: int
) -> None:
    """
    Only who belonged to the class that day is marked present, nobody before or after.
    """
    await maths.take_roll(date)

    expected = {"on_roll": on_roll, "present": on_roll}
    assert counts(await roll_on(maths, date)) == expected


async def test_an_excuse_stays_unless_it_is_to_be_replaced(
    maths: Attendance, cast: Cast
) -> None:
    """
    Whoever is excused already stays so, unless the roll names them or says to replace excuses.
    """
    anna, ben = cast.enrollments["anna"], cast.enrollments["ben"]
    await maths.put(mark(anna, MONDAY, EXCUSED, "wedding"), mark(ben, MONDAY, EXCUSED))

    await maths.take_roll(MONDAY, {"enrollment_id": ben, "status": LATE})
    assert counts(await roll_on(maths, MONDAY)) == {
        "on_roll": 3,
        "present": 1,
        "late": 1,
        "excused": 1,
    }
    await maths.take_roll(MONDAY, replace_excused=True)
    assert counts(await roll_on(maths, MONDAY)) == {"on_roll": 3, "present": 3}


@in_both_formats
async def test_a_roll_is_taken_as_a_whole(
    attendance: Speaking, cast: Cast, format_: str
) -> None:
    """
    One exception that is refused refuses the roll: it says which and why, and saves nothing.
    """
    maths = attendance(format_)
    response = await maths.take_roll(
        MONDAY,
        {"enrollment_id": cast.enrollments["anna"], "status": LATE},
        {"enrollment_id": cast.enrollments["hugo"], "status": LATE},
        mark(cast.enrollments["ben"], TUESDAY, LATE),
    )
    _, refusal = tree(response)

    assert response.status_code == 400
    assert refusal[0] == ("code", "400")
    refused = [dict(answer) for name, answer in refusal if name == "attendance"][:3]
    assert [answer["response_code"] for answer in refused] == ["200", "404", "400"]
    assert (await maths.listed()).days == []
    assert await maths.history() == []


async def test_a_roll_may_be_taken_again(
    attendance: Speaking, cast: Cast, clock: Clock
) -> None:
    """
    The later roll counts; who took it first stays known.
    """
    alice, bob, anna = attendance(), attendance(name="bob"), cast.enrollments["anna"]
    await alice.take_roll(MONDAY, {"enrollment_id": anna, "status": ABSENT})
    clock.advance(minutes=5)
    await bob.take_roll(MONDAY, {"enrollment_id": anna, "status": LATE})
    roll = await roll_on(alice, MONDAY)

    assert counts(roll) == {"on_roll": 3, "present": 2, "late": 1}
    assert roll["first_taken_by"] == str(cast.users["alice"])
    assert roll["first_taken_at"] == "2026-11-23T08:00:00.000Z"
    assert roll["last_taken_by"] == str(cast.users["bob"])
    assert roll["last_taken_at"] == "2026-11-23T08:05:00.000Z"


async def test_the_same_roll_again_changes_nothing(maths: Attendance, clock: Clock) -> None:
    """
    A roll that is sent twice is taken once: same answer, no history.
    """
    first = await maths.take_roll(MONDAY)
    clock.advance(minutes=5)
    again = await maths.take_roll(MONDAY)

    assert again.json() == first.json()
    assert again.headers["ETag"] == first.headers["ETag"]
    assert len(await maths.history()) == 3


async def test_a_roll_is_not_taken_over_somebody_else_s_change(maths: Attendance) -> None:
    """
    With `If-Match` a roll is 412 when the section changed since it was read.
    """
    maths.headers["If-Match"] = (await maths.get()).headers["ETag"]
    first = await maths.take_roll(MONDAY)
    stale = await maths.take_roll(TUESDAY)

    assert (first.status_code, stale.status_code) == (200, 412)
    assert (await maths.listed()).days == [MONDAY]


@pytest.mark.parametrize(
    "date", ["2026-02-30", "20260914", "2026-09-14T08:00", "today", "1", "%"]
)
async def test_a_path_without_a_day_is_400(maths: Attendance, date: str) -> None:
    """
    What stands in the day's place must be one, to read a roll and to take it.
    """
    taken = await maths.take_roll(date)
    shown = await maths.get(f"{maths.section}/rolls/{date}")

    assert taken.status_code == shown.status_code == 400
    assert "YYYY-MM-DD" in taken.json()["message"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'{"attendances": 1}', 400),
        (b'{"replace_excused": "maybe"}', 400),
        (b" " * ((1 << 20) + 1), 413),
    ],
)
async def test_a_body_that_is_no_roll_is_refused(
    maths: Attendance, body: bytes, status: int
) -> None:
    """
    A roll's body has the limits of a body of marks.
    """
    path = f"{maths.section}/rolls/{MONDAY}"
    response = await maths.client.put(path, content=body, headers=maths.headers)

    assert response.status_code == status
    assert (await maths.listed()).days == []


# ---------------------------------------------------------------- reading them


@pytest.fixture
async def week(maths: Attendance, cast: Cast) -> None:
    """Monday, Tuesday and Wednesday of Maths, one person missing on the first."""
    await maths.take_roll(MONDAY, {"enrollment_id": cast.enrollments["anna"], "status": ABSENT})
    await maths.put(mark(cast.enrollments["ben"], TUESDAY, LATE))
    await maths.take_roll(WEDNESDAY)


@in_both_formats
@pytest.mark.usefixtures("week")
async def test_rolls_are_listed_by_day(attendance: Speaking, format_: str) -> None:
    """
    Each roll that was taken is there, by marks too, with what it adds up to.
    """
    maths = attendance(format_)
    response = await maths.get(f"{maths.section}/rolls")
    members = tree(response)[1]
    rolls = [dict(content) for name, content in members if name == "roll"]

    assert [roll["date"] for roll in rolls] == [MONDAY, TUESDAY, WEDNESDAY]
    assert [roll["not_marked"] for roll in rolls] == ["0", "2", "0"]
    assert [roll["absent"] for roll in rolls] == ["1", "0", "0"]
    assert dict(members)["total"] == "3"
    if format_ == JSON:
        assert response.json()["total"] == "3"
        assert set(response.json()["links"]) == {"self"}


@pytest.mark.usefixtures("week")
async def test_rolls_are_selected_by_day_and_paged(maths: Attendance) -> None:
    """
    `start`, `end` and `limit` work as in the attendance, and links lead to the rest.
    """
    path = f"{maths.section}/rolls"
    found, following = [], f"{path}?end={TUESDAY}&limit=1"
    while following:
        page = (await maths.client.get(following)).json()
        found += [roll["date"] for roll in page["roll"]]
        following = page["links"].get("next", "")

    assert found == [MONDAY, TUESDAY]
    assert (await maths.get(path, start=MONDAY, end="2026-09-13")).status_code == 400
    assert (await maths.get(path, start="0")).status_code == 400
    later = await maths.get(path, start=WEDNESDAY)
    assert [roll["date"] for roll in later.json()["roll"]] == [WEDNESDAY]
    none = await maths.get(path, start="2026-10-01")
    assert none.json()["roll"] == []
    assert none.json()["total"] == "0"


async def test_a_roll_that_nobody_took_is_404(maths: Attendance) -> None:
    """
    A day of which nothing is known is no empty roll.
    """
    response = await maths.get(f"{maths.section}/rolls/{MONDAY}")

    assert response.status_code == 404
    assert MONDAY in response.json()["message"]


@pytest.mark.usefixtures("week")
async def test_another_district_s_rolls_are_not_there(attendance: Speaking) -> None:
    """
    A stranger's rolls are 404, to read and to take.
    """
    mallory = attendance(name="mallory")
    listed = await mallory.get(f"{mallory.section}/rolls")
    shown = await mallory.get(f"{mallory.section}/rolls/{MONDAY}")
    taken = await mallory.take_roll(MONDAY)

    assert (listed.status_code, shown.status_code, taken.status_code) == (404, 404, 404)


@pytest.mark.usefixtures("week")
async def test_a_district_with_powerschool_has_no_rolls_here(
    maths: Attendance, switch_powerschool: Switch
) -> None:
    """
    While the switch is on everything about the attendance is 410; switched back, it is there.
    """
    await switch_powerschool(True)
    gone = [
        await maths.get(f"{maths.section}/rolls"),
        await maths.get(f"{maths.section}/rolls/{MONDAY}"),
        await maths.take_roll(MONDAY),
        await maths.get(f"{maths.path}/history"),
    ]
    await switch_powerschool(False)

    assert [response.status_code for response in gone] == [410] * 4
    assert counts(await roll_on(maths, MONDAY)) == {"on_roll": 3, "present": 2, "absent": 1}


async def test_a_roll_s_body_may_be_kept_smaller(open_client: Opening, cast: Cast) -> None:
    """
    The limit that the server sets holds for rolls too.
    """
    maths = Attendance(await open_client(body_max=20), cast.sections["maths"])

    assert (await maths.take_roll(MONDAY, replace_excused=False)).status_code == 413
    path = f"{maths.section}/rolls/{MONDAY}"
    short = await maths.client.put(path, content=b"{}", headers=maths.headers)
    assert short.status_code == 200
