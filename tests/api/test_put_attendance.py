"""`PUT sections/{id}/attendance`: marks are saved, each for itself."""

import base64
import hashlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from api.conftest import Opening, Speaking, Switch
from api.talk import (
    JSON,
    XML,
    Attendance,
    example,
    in_both_formats,
    mark,
    marks_body,
    tree,
    tree_of,
    written,
    xml_tree,
)
from cast import MONDAY, READ_ONLY, SECRET, TUESDAY, WEDNESDAY, Cast
from conftest import Clock
from rollbook.domain.attendance import mark_id
from wire import naughty

PRESENT, ABSENT, LATE, EXCUSED = 1, 2, 3, 4


@pytest.fixture
def anna(cast: Cast) -> int:
    return cast.enrollments["anna"]


@pytest.fixture
def ben(cast: Cast) -> int:
    return cast.enrollments["ben"]


def codes(response: httpx.Response) -> list[int]:
    return [answer["response_code"] for answer in response.json()["attendance"]]


def answers(response: httpx.Response) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = response.json()["attendance"]
    return found


# ---------------------------------------------------------------- the document


@pytest.fixture
def documented(cast: Cast, sql: Callable[..., Any]) -> int:
    """An enrollment of Maths with the id that the document uses."""
    place = (cast.district.id, cast.sections["maths"], 784754, cast.users["anna"])
    columns = "(district_id, section_id, id, user_id)"
    sql(f"INSERT INTO enrollments {columns} VALUES (?, ?, ?, ?)", *place)
    return 784754


@pytest.mark.parametrize("sent", [JSON, XML])
@pytest.mark.parametrize("accepted", [JSON, XML])
async def test_the_document_s_example(
    attendance: Speaking, documented: int, sent: str, accepted: str
) -> None:
    """
    The body that the document shows is saved, and the answer it shows comes back.
    """
    maths = attendance()
    maths.headers = {"Content-Type": sent, "Accept": accepted}
    response = await maths.send(example("put.xml" if sent == XML else "put.json"))
    identifier = str(mark_id(documented, "2014-05-20"))

    assert response.status_code == 200
    if accepted == JSON:
        expected = example("answer.json").replace(b"564027", identifier.encode())
        assert response.json() == httpx.Response(200, content=expected).json()
    else:
        expected = b"".join(line.strip() for line in example("answer.xml").splitlines())
        assert tree(response) == xml_tree(expected.replace(b"564027", identifier.encode()))


@in_both_formats
async def test_what_was_saved_is_listed(
    attendance: Speaking, anna: int, ben: int, format_: str
) -> None:
    """
    What a PUT saved, a GET lists.
    """
    maths = attendance(format_)
    response = await maths.put(mark(anna, MONDAY, LATE, "bus"), mark(ben, MONDAY, ABSENT))

    assert response.status_code == 200
    assert (await maths.listed()).records == [
        (str(ben), MONDAY, "2", ""),
        (str(anna), MONDAY, "3", "bus"),
    ]


async def test_both_formats_store_the_same(
    attendance: Speaking, sql: Callable[..., Any], anna: int, ben: int
) -> None:
    """
    The same marks by JSON and by XML are the same rows and the same record, byte for byte.
    """
    stored = []
    for number, (format_, day, next_day) in enumerate(
        [(JSON, MONDAY, TUESDAY), (XML, "2026-10-12", "2026-10-13")], 1
    ):
        response = await attendance(format_).put(
            mark(anna, day, LATE, " a\t<b>&amp;\r\n“ü” 😀 "),
            mark(ben, day, "2", ""),
            mark(str(anna), next_day, EXCUSED),
            mark(1, day, ABSENT),
        )
        days = day, next_day
        marks = sql(
            "SELECT enrollment_id, status, comment FROM marks WHERE date IN (?, ?)", *days
        )
        rolls = sql("SELECT section_id, first_taken_by FROM rolls WHERE date IN (?, ?)", *days)
        ((*record, changes),) = sql(
            "SELECT user_id, on_behalf_of, channel, changes FROM record WHERE number = ?",
            number,
        )
        changes = changes.replace(day, MONDAY).replace(next_day, TUESDAY)
        stored.append((response.status_code, marks, rolls, record, changes))

    assert stored[0] == stored[1]
    assert stored[0][1] == [
        (anna, LATE, " a\t<b>&amp;\r\n“ü” 😀 "),
        (ben, ABSENT, ""),
        (anna, EXCUSED, ""),
    ]


# ---------------------------------------------------------------- the body


@in_both_formats
async def test_a_single_object_is_a_list_of_one(
    attendance: Speaking, anna: int, format_: str
) -> None:
    """
    Converters from XML and PHP make a list of one an object.
    """
    maths = attendance(format_)
    body = {"attendances": {"attendance": mark(anna, MONDAY, LATE)}}
    response = await maths.send(written(body, format_))

    assert response.status_code == 200
    assert len((await maths.listed()).records) == 1


async def test_integers_may_come_as_text(maths: Attendance, anna: int, ben: int) -> None:
    """
    Ids and statuses are taken as numbers and as their digits.
    """
    response = await maths.put(mark(str(anna), MONDAY, "2"), mark(ben, MONDAY, 2))

    assert codes(response) == [200, 200]


@in_both_formats
async def test_other_members_are_ignored(
    attendance: Speaking, anna: int, ben: int, format_: str
) -> None:
    """
    What we do not know and what is not the client's to set changes nothing.
    """
    entry = mark(anna, MONDAY, LATE) | {
        "id": "1",
        "section_id": "1",
        "user_id": ben,
        "changed_by": "x",
    }
    maths = attendance(format_)
    body = {**marks_body(entry), "district_id": 2, "atomic": 1}

    assert (await maths.send(written(body, format_))).status_code == 200
    assert (await maths.listed()).records == [(str(anna), MONDAY, "3", "")]


@pytest.mark.parametrize(
    "query", ["start=0&limit=20", "x=1&x=2", "start=x", "limit=0&enrollment_id=&page"]
)
async def test_other_parameters_are_ignored(maths: Attendance, anna: int, query: str) -> None:
    """
    One client adds `start=0&limit=20` to every call, also to a PUT.
    """
    maths.path = f"{maths.path}?{query}"
    body = written(marks_body(mark(anna, MONDAY, LATE)), JSON)
    response = await maths.client.put(maths.path, content=body, headers=maths.headers)

    assert codes(response) == [200]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (JSON, b"{"),
        (JSON, b"[]"),
        (JSON, b"{}"),
        (JSON, b"null"),
        (JSON, b'{"attendances": {"attendance": []}}'),
        (JSON, b'{"attendances": []}'),
        (JSON, b'{"attendances": {"attendance": [NaN]}}'),
        (JSON, b"<result/>"),
        (JSON, b"\xff"),
        (JSON, b" "),
        (XML, b"<result>"),
        (XML, b"<result/>"),
        (XML, b"<result><attendances/></result>"),
        (XML, b"{}"),
        (XML, b"<!DOCTYPE r><r/>"),
        (XML, b"\xff"),
        (XML, b" "),
    ],
)
async def test_a_body_that_is_none_is_400(
    maths: Attendance, content_type: str, body: bytes
) -> None:
    """
    A body that is not well-formed or not of the shape is refused, and nothing is saved.
    """
    maths.headers = {"Content-Type": content_type}
    response = await maths.send(body)

    assert response.status_code == 400
    assert response.json()["code"] == 400
    assert await maths.history() == []


@pytest.mark.parametrize("content_type", [JSON, XML, "", "image/png"])
@pytest.mark.parametrize("body", [b"", None])
async def test_an_empty_body_is_400(
    maths: Attendance, content_type: str, body: bytes | None
) -> None:
    """
    A client drops bodies that are text: it is told so, whatever type it says nothing is.
    """
    maths.headers = {"Content-Type": content_type}
    response = await maths.send(body)

    assert response.status_code == 400
    assert response.json()["message"] == "The body is empty."


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": JSON, "Content-Encoding": "gzip"},
    ],
)
async def test_a_body_in_another_format_is_415(
    maths: Attendance, anna: int, headers: dict[str, str]
) -> None:
    """
    What is not declared as JSON or XML in UTF-8 is not looked at.
    """
    maths.headers = headers
    response = await maths.put(mark(anna, MONDAY, LATE))

    assert response.status_code == 415
    assert await maths.history() == []


async def test_an_answer_that_nobody_could_read_is_406_before_anything_is_saved(
    maths: Attendance, anna: int
) -> None:
    """
    A format that we do not speak is refused before the marks are saved, not after.
    """
    maths.headers["Accept"] = "image/png"
    response = await maths.put(mark(anna, MONDAY, LATE))

    assert response.status_code == 406
    assert await maths.history() == []


@in_both_formats
async def test_a_repeated_member_saves_nothing(
    attendance: Speaking, anna: int, format_: str
) -> None:
    """
    Where two readers would see two marks, in JSON the body and in XML the entry is refused.
    """
    maths = attendance(format_)
    if format_ == JSON:
        entry = f'{{"enrollment_id": {anna}, "date": "{MONDAY}", "status": 2, "status": 3}}'
        response = await maths.send(f'{{"attendances": {{"attendance": [{entry}]}}}}')
        assert response.status_code == 400
    else:
        response = await maths.put({**mark(anna, MONDAY, 2), "status": [2, 3]})
        assert "<response_code>400</response_code>" in response.text

    assert (await maths.listed()).days == []


# ---------------------------------------------------------------- limits


async def chunks(body: bytes) -> AsyncIterator[bytes]:
    """Yield a body in pieces, so that no Content-Length can be known."""
    for start in range(0, len(body), 65_536):
        yield body[start : start + 65_536]


@pytest.mark.parametrize("in_chunks", [False, True])
@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 413)])
async def test_a_body_has_at_most_a_mebibyte(
    maths: Attendance, anna: int, more: int, status: int, in_chunks: bool
) -> None:
    """
    A body of 1 MiB is taken and one byte more is 413, by Content-Length and by chunks.
    """
    body = written(marks_body(mark(anna, MONDAY, LATE)), JSON)
    body = body.ljust((1 << 20) + more)
    response = await maths.send(chunks(body) if in_chunks else body)

    assert ("Content-Length" in response.request.headers) is not in_chunks
    assert response.status_code == status
    assert len(await maths.history()) == (1 if status == 200 else 0)
    if status == 413:
        assert "1048576 bytes" in response.json()["message"]


async def test_no_more_of_a_large_body_is_read_than_is_needed(
    open_client: Opening, cast: Cast
) -> None:
    """
    What exceeds the limit is not waited for, whether Content-Length or the chunks show it.
    """
    client = await open_client(body_max=100_000)
    taken: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            taken.append(65_536)
            yield b" " * 65_536

    path = f"sections/{cast.sections['maths']}/attendance"
    json = {"Content-Type": JSON}
    by_chunks = await client.put(path, content=endless(), headers=json)
    assert by_chunks.status_code == 413
    assert len(taken) == 2

    taken.clear()
    by_length = await client.put(
        path, content=endless(), headers={**json, "Content-Length": "100001"}
    )
    assert by_length.status_code == 413
    assert len(taken) <= 1  # the framework takes the first chunk before we are asked


@in_both_formats
async def test_a_body_has_at_most_five_thousand_entries(
    attendance: Speaking, anna: int, format_: str
) -> None:
    """
    5,000 entries are saved; 5,001 are 413 and none of them is.
    """
    maths = attendance(format_)
    entries = [
        mark(anna, f"2026-{1 + n // 28 % 12:02}-{1 + n % 28:02}", 2) for n in range(5000)
    ]
    too_many = await maths.put(*entries, mark(anna, MONDAY, LATE))
    assert too_many.status_code == 413
    assert "5001" in too_many.text
    assert (await maths.listed()).days == []

    just_enough = await maths.put(*entries)
    assert just_enough.status_code == 200
    assert just_enough.text.count("response_code") == 5000 * (2 if format_ == XML else 1)
    assert len((await maths.listed()).records) == 12 * 28


# ---------------------------------------------------------------- entries


@in_both_formats
async def test_good_entries_are_saved_beside_bad_ones(
    attendance: Speaking, cast: Cast, anna: int, ben: int, format_: str
) -> None:
    """
    Each entry is answered in its place with its own code, and a bad one says what is wrong.
    """
    maths = attendance(format_)
    response = await maths.put(
        mark(anna, MONDAY, LATE),
        mark("x", MONDAY, LATE),
        mark(anna, "2026-02-30", LATE),
        mark(anna, MONDAY, 5),
        mark(anna, MONDAY, LATE, "x" * 2001),
        mark(cast.enrollments["hugo"], MONDAY, LATE),
        mark(ben, MONDAY, ABSENT),
    )

    assert response.status_code == 200
    expected = [
        {"id": str(mark_id(anna, MONDAY)), "response_code": 200},
        _refused(400, "enrollment_id must be given, as an integer", date=MONDAY),
        _refused(400, "date must be given, as a real day: YYYY-MM-DD", enrollment_id=anna),
        _refused(400, "status must be given, as 1, 2, 3 or 4", anna, MONDAY),
        _refused(400, "comment has 2001 characters; at most 2000 are kept", anna, MONDAY),
        _refused(
            404,
            f"enrollment {cast.enrollments['hugo']} is not on the roll of this section",
            cast.enrollments["hugo"],
            MONDAY,
        ),
        {"id": str(mark_id(ben, MONDAY)), "response_code": 200},
    ]
    assert tree(response) == tree_of({"attendance": expected})
    if format_ == JSON:
        assert answers(response) == expected
    assert len((await maths.listed()).records) == 2


def _refused(
    code: int, message: str, enrollment_id: int | None = None, date: str | None = None
) -> dict[str, Any]:
    known = {"enrollment_id": enrollment_id, "date": date}
    return {
        "response_code": code,
        "message": message,
        **{name: value for name, value in known.items() if value is not None},
    }


async def test_whom_marks_are_not_kept_for_is_as_good_as_nobody(
    maths: Attendance, cast: Cast, strangers: Cast
) -> None:
    """
    A pending place, the teacher's, another section's and another district's are like no place.
    """
    who = [
        cast.enrollments["hugo"],
        cast.enrollments["bob in maths"],
        cast.enrollments["anna in music"],
        strangers.enrollments["anna"],
        2**63 - 1,
    ]
    response = await maths.put(*(mark(one, MONDAY, LATE) for one in who))

    assert codes(response) == [404] * 5
    sentences = {
        answer["message"].replace(str(answer["enrollment_id"]), "N")
        for answer in answers(response)
    }
    assert sentences == {"enrollment N is not on the roll of this section"}
    assert await maths.history() == []
    assert (await maths.listed()).days == []


@pytest.mark.parametrize("status", [1, 2, 5])
async def test_who_has_left_can_be_marked(
    maths: Attendance, cast: Cast, sql: Callable[..., Any], status: int
) -> None:
    """
    Active, expired and archived places take marks: the past is corrected after somebody left.
    """
    finn = cast.enrollments["finn"]
    sql("UPDATE enrollments SET status = ? WHERE id = ?", status, finn)

    assert codes(await maths.put(mark(finn, MONDAY, LATE))) == [200]


@pytest.mark.parametrize("status", [3, 4])
async def test_a_pending_place_takes_no_mark(
    maths: Attendance, cast: Cast, sql: Callable[..., Any], status: int
) -> None:
    """
    Who was only invited, or only asked to join, was never there.
    """
    finn = cast.enrollments["finn"]
    sql("UPDATE enrollments SET status = ? WHERE id = ?", status, finn)

    assert codes(await maths.put(mark(finn, MONDAY, LATE))) == [404]


@in_both_formats
async def test_all_or_nothing_when_told(attendance: Speaking, anna: int, format_: str) -> None:
    """
    With `atomic=1` one bad entry makes the answer 400, with the same list, and saves nothing.
    """
    maths = attendance(format_)
    entries = mark(anna, MONDAY, LATE), mark(1, MONDAY, LATE), mark(anna, "x", LATE)
    separately = await maths.put(*entries, atomic="0")
    before = await maths.history()
    together = await maths.put(*(mark(anna, TUESDAY, LATE), *entries[1:]), atomic="1")
    _, refusal = tree(together)

    assert separately.status_code == 200
    assert together.status_code == 400
    assert refusal[0] == ("code", "400")
    assert refusal[1] == ("message", "Nothing was saved: 2 of 3 entries were refused.")
    assert refusal[3:] == tree(separately)[1][1:]
    assert await maths.history() == before


async def test_all_when_nothing_is_wrong(maths: Attendance, anna: int, ben: int) -> None:
    """
    With `atomic=1` and only good entries the answer is the usual one.
    """
    response = await maths.put(mark(anna, MONDAY, LATE), mark(ben, MONDAY, LATE), atomic="1")

    assert codes(response) == [200, 200]
    assert len((await maths.listed()).records) == 2


@pytest.mark.parametrize("atomic", ["2", "true", "yes", "01"])
async def test_a_switch_that_is_none_is_400(maths: Attendance, anna: int, atomic: str) -> None:
    """
    To guess what `atomic` meant could save what was not to be saved.
    """
    response = await maths.put(mark(anna, MONDAY, LATE), atomic=atomic)

    assert response.status_code == 400
    assert "atomic" in response.json()["message"]
    assert await maths.history() == []


# ---------------------------------------------------------------- once and again


async def test_a_mark_keeps_its_id(maths: Attendance, anna: int) -> None:
    """
    Whatever becomes of a mark, its id is the one that it had first.
    """
    changes = mark(anna, MONDAY, LATE), mark(anna, MONDAY, PRESENT), mark(anna, MONDAY, 2, "x")
    ids = {answers(await maths.put(change))[0]["id"] for change in changes}

    assert len(ids) == 1


async def test_each_mark_has_an_id_of_its_own(maths: Attendance, cast: Cast) -> None:
    """
    No two enrollments and no two days share an id, which is decimal text.
    """
    who = [cast.enrollments[name] for name in ("anna", "ben", "cleo")]
    days = "0001-01-01", MONDAY, TUESDAY, "9999-12-31"
    response = await maths.put(*(mark(one, day, LATE) for one in who for day in days))
    ids = [answer["id"] for answer in answers(response)]

    assert len(set(ids)) == 12
    assert all(type(identifier) is str and identifier.isdigit() for identifier in ids)


async def test_the_last_word_of_a_body_wins(maths: Attendance, anna: int) -> None:
    """
    The same mark twice in a body: both entries bear its id, and the record has both changes.
    """
    response = await maths.put(mark(anna, MONDAY, LATE, "a"), mark(anna, MONDAY, EXCUSED))
    first, second = answers(response)

    assert first == second
    assert (await maths.listed()).records == [(str(anna), MONDAY, "4", "a")]
    changes = [(one["old_status"], one["new_status"]) for one in await maths.history()]
    assert changes == [(0, LATE), (LATE, EXCUSED)]


async def test_what_changes_nothing_writes_nothing(maths: Attendance, anna: int) -> None:
    """
    The same again gets the same ids, and neither a history nor another version.
    """
    entries = mark(anna, MONDAY, LATE, "bus"), mark(anna, TUESDAY, PRESENT)
    first = await maths.put(*entries)
    before = await maths.history()
    again = await maths.put(*entries)

    assert again.json() == first.json()
    assert again.headers["ETag"] == first.headers["ETag"]
    assert await maths.history() == before


@in_both_formats
async def test_a_comment_that_is_left_out_stays(
    attendance: Speaking, anna: int, format_: str
) -> None:
    """
    Left out, the comment stays as it was; empty text clears it.
    """
    maths = attendance(format_)
    await maths.put(mark(anna, MONDAY, LATE, "bus"))
    await maths.put(mark(anna, MONDAY, ABSENT))
    assert (await maths.listed()).records == [(str(anna), MONDAY, "2", "bus")]

    await maths.put(mark(anna, MONDAY, ABSENT, ""))
    assert (await maths.listed()).records == [(str(anna), MONDAY, "2", "")]


async def test_a_null_comment_stays_too(maths: Attendance, anna: int) -> None:
    """
    A JSON client that has nothing to say may say null.
    """
    await maths.put(mark(anna, MONDAY, LATE, "bus"))
    await maths.put({**mark(anna, MONDAY, ABSENT), "comment": None})

    assert (await maths.listed()).records == [(str(anna), MONDAY, "2", "bus")]


async def test_presence_is_kept_but_not_listed(maths: Attendance, anna: int) -> None:
    """
    A mark of PRESENT is a fact with its history, and keeps its comment for a later status.
    """
    await maths.put(mark(anna, MONDAY, LATE, "bus"))
    await maths.put(mark(anna, MONDAY, PRESENT))
    assert (await maths.listed()).records == []
    assert [one["new_status"] for one in await maths.history()] == [LATE, PRESENT]

    await maths.put(mark(anna, MONDAY, ABSENT))
    assert (await maths.listed()).records == [(str(anna), MONDAY, "2", "bus")]


async def test_any_mark_takes_the_roll_of_its_day(
    maths: Attendance, cast: Cast, anna: int
) -> None:
    """
    Saving a mark records that attendance was taken that day, by whom and when.
    """
    await maths.put(mark(anna, MONDAY, PRESENT), mark(anna, WEDNESDAY, LATE))
    rolls = (await maths.get(f"{maths.section}/rolls")).json()["roll"]

    assert [roll["date"] for roll in rolls] == [MONDAY, WEDNESDAY]
    assert {roll["first_taken_by"] for roll in rolls} == {str(cast.users["alice"])}
    assert {roll["last_taken_at"] for roll in rolls} == {"2026-11-23T08:00:00.000Z"}


async def test_a_refused_entry_takes_no_roll(maths: Attendance, cast: Cast) -> None:
    """
    A day on which nothing could be saved was not taken.
    """
    await maths.put(mark(cast.enrollments["hugo"], MONDAY, LATE))

    assert (await maths.listed()).days == []


# ---------------------------------------------------------------- two writers


async def test_the_later_of_two_writers_wins(
    attendance: Speaking, anna: int, clock: Clock, cast: Cast
) -> None:
    """
    Two people on one mark: the later commit counts, and the history keeps both.
    """
    alice, bob = attendance(), attendance(name="bob")
    await alice.put(mark(anna, MONDAY, LATE))
    clock.advance(seconds=1)
    await bob.put(mark(anna, MONDAY, EXCUSED))

    assert (await alice.listed()).records == [(str(anna), MONDAY, "4", "")]
    assert [(one["changed_by"], one["new_status"]) for one in await alice.history()] == [
        (str(cast.users["alice"]), LATE),
        (str(cast.users["bob"]), EXCUSED),
    ]


@pytest.mark.parametrize("read_as", [JSON, XML])
async def test_what_somebody_else_changed_meanwhile_is_not_overwritten(
    attendance: Speaking, anna: int, ben: int, read_as: str
) -> None:
    """
    With `If-Match` a write is 412 when the section changed since, whatever format was read.
    """
    maths = attendance()
    tag = (await attendance(read_as).get()).headers["ETag"]
    maths.headers["If-Match"] = tag
    mine = await maths.put(mark(anna, MONDAY, LATE))
    stale = await maths.put(mark(ben, MONDAY, LATE))
    maths.headers["If-Match"] = mine.headers["ETag"]
    fresh = await maths.put(mark(ben, MONDAY, ABSENT))

    assert (mine.status_code, stale.status_code, fresh.status_code) == (200, 412, 200)
    assert stale.json()["code"] == 412
    assert [one["new_status"] for one in await maths.history()] == [LATE, ABSENT]


async def test_one_of_several_tags_is_enough(maths: Attendance, anna: int, ben: int) -> None:
    """
    `If-Match` may list tags, weak ones of a proxy too, or be `*`, which any state matches.
    """
    response = await maths.put(mark(anna, MONDAY, LATE))
    for number, given in enumerate(['"9-j", {}', "W/{}", "{},x", "*", " * "]):
        maths.headers["If-Match"] = given.format(response.headers["ETag"])
        response = await maths.put(mark(ben, f"2026-10-0{number + 1}", LATE))
        assert response.status_code == 200, given


@pytest.mark.parametrize(
    "given", ["", "x", '"x"', "0-j", '"0-j', '"0-z"', '"-j"', '"1-j"', "W/"]
)
async def test_a_tag_of_nobody_s_matches_nothing(
    maths: Attendance, anna: int, given: str
) -> None:
    """
    A precondition that no state can meet is never met.
    """
    maths.headers["If-Match"] = given
    response = await maths.put(mark(anna, MONDAY, LATE))

    assert response.status_code == 412
    assert await maths.history() == []


# ---------------------------------------------------------------- not here


@in_both_formats
async def test_a_district_with_powerschool_takes_its_attendance_there(
    attendance: Speaking, anna: int, switch_powerschool: Switch, format_: str
) -> None:
    """
    While the switch is on a PUT is 410 and saves nothing; switched back, it saves again.
    """
    maths = attendance(format_)
    await switch_powerschool(True)
    gone = await maths.put(mark(anna, MONDAY, LATE))
    await switch_powerschool(False)

    assert gone.status_code == 410
    assert "PowerSchool" in gone.text
    assert await maths.history() == []
    assert (await maths.put(mark(anna, MONDAY, LATE))).status_code == 200


async def test_another_district_s_section_cannot_be_written(
    attendance: Speaking, maths: Attendance, strangers: Cast
) -> None:
    """
    Not even with an own enrollment in the body is a stranger's section there.
    """
    mallory = attendance(name="mallory")
    response = await mallory.put(mark(strangers.enrollments["anna"], MONDAY, LATE))

    assert response.status_code == 404
    assert await maths.history() == []


async def test_a_key_that_may_only_read_writes_nothing(
    attendance: Speaking, maths: Attendance, anna: int
) -> None:
    """
    An administrator's read-only key is refused like whoever may not take the roll.
    """
    for name in (READ_ONLY, "anna", "ida"):
        response = await attendance(name=name).put(mark(anna, MONDAY, LATE))
        assert response.status_code == 403, name

    assert await maths.history() == []


async def test_a_body_must_be_the_one_that_was_signed(
    maths: Attendance, cast: Cast, anna: int
) -> None:
    """
    Where the signature speaks of a body, only that body is saved.
    """
    body = written(marks_body(mark(anna, MONDAY, LATE)), JSON)
    digest = base64.b64encode(hashlib.sha1(body).digest()).decode()
    parameters = {
        "oauth_consumer_key": cast.keys["alice"],
        "oauth_signature_method": "PLAINTEXT",
        "oauth_signature": f"{SECRET}&",
        "oauth_body_hash": digest,
    }
    pairs = ", ".join(f'{name}="{value}"' for name, value in parameters.items())
    headers = {"Content-Type": JSON, "Authorization": f"OAuth {pairs}"}
    other = await maths.client.put(
        maths.path, content=body + b" ", headers=headers, auth=httpx.Auth()
    )
    same = await maths.client.put(maths.path, content=body, headers=headers, auth=httpx.Auth())

    assert (other.status_code, same.status_code) == (401, 200)
    assert "oauth_body_hash" in other.json()["message"]


# ---------------------------------------------------------------- whatever is sent


async def test_every_body_of_the_json_suite_has_its_answer(maths: Attendance) -> None:
    """
    No body of the suite is a document of marks: each is 400, and none of them is a fault.
    """
    for file in naughty.json_suite():
        response = await maths.send(file.read_bytes())
        assert response.status_code == 400, file.name

    assert await maths.history() == []


async def test_naughty_strings_are_kept_or_refused(attendance: Speaking, anna: int) -> None:
    """
    What was kept of the big list by one format is read the same by both.
    """
    in_json, in_xml = attendance(JSON), attendance(XML)
    strings = naughty.strings()
    days = [f"20{26 + n // 336}-{1 + n // 28 % 12:02}-{1 + n % 28:02}" for n in range(515)]
    carried = {
        day: text
        for day, text in zip(days, strings, strict=True)
        if naughty.xml_can_carry(text) and len(text) <= 2000
    }
    entries = [mark(anna, day, LATE, text) for day, text in zip(days, strings, strict=True)]
    response = await in_json.put(*entries)
    kept = {day: text for _, day, _, text in (await in_json.listed()).records}

    assert kept == carried
    assert codes(response) == [200 if day in carried else 400 for day in days]
    assert (await in_xml.listed()).records == (await in_json.listed()).records

    back = await in_xml.put(*(mark(anna, day, LATE, text) for day, text in carried.items()))
    assert back.headers["ETag"].split("-")[0] == response.headers["ETag"].split("-")[0]
