"""`GET sections/{id}/attendance`: what was taken, as clients read it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from oauthlib.oauth1 import SIGNATURE_PLAINTEXT

from api.conftest import Opening, Speaking, Switch
from api.talk import (
    JSON,
    XML,
    Attendance,
    Listing,
    example,
    in_both_formats,
    mark,
    tree,
    xml_tree,
)
from cast import FRIDAY_BEFORE, MONDAY, NEXT_MONDAY, SECRET, TUESDAY, WEDNESDAY, Cast
from conftest import Clock
from signing import Signed

PRESENT, ABSENT, LATE, EXCUSED = 1, 2, 3, 4


@pytest.fixture
async def week(maths: Attendance, cast: Cast) -> None:
    """
    A week of Maths: Monday three are missing, Tuesday nobody, Wednesday one.

    Thursday the roll was not taken.
    """
    who = cast.enrollments
    await maths.put(
        mark(who["ben"], MONDAY, LATE, "bus"),
        mark(who["anna"], MONDAY, ABSENT, "ill"),
        mark(who["cleo"], MONDAY, ABSENT),
        mark(who["greta"], MONDAY, PRESENT, "first day"),
        mark(who["anna"], TUESDAY, PRESENT),
        mark(who["ben"], WEDNESDAY, EXCUSED),
        mark(who["anna"], WEDNESDAY, PRESENT),
    )


def record(who: int, date: str, status: int, comment: str = "") -> tuple[str, ...]:
    return (str(who), date, str(status), comment)


# ---------------------------------------------------------------- the document


@in_both_formats
async def test_the_document_s_example(
    attendance: Speaking, cast: Cast, sql: Callable[..., Any], format_: str
) -> None:
    """
    The listing that the document shows is the one that comes out, to the last field.
    """
    place = (cast.district.id, cast.sections["maths"], 44783151, cast.users["anna"])
    columns = "(district_id, section_id, id, user_id)"
    sql(f"INSERT INTO enrollments {columns} VALUES (?, ?, ?, ?)", *place)
    maths = attendance(format_)
    await maths.put(mark(44783151, "2014-01-13", 2), mark(44783151, "2014-01-14", 3))
    response = await maths.get()

    assert response.status_code == 200
    if format_ == JSON:
        assert response.json() == httpx.Response(200, content=example("listing.json")).json()
    assert tree(response) == xml_tree(_without_blanks(example("listing.xml")))


def _without_blanks(text: bytes) -> bytes:
    return b"".join(line.strip() for line in text.splitlines())


@pytest.mark.usefixtures("week")
async def test_both_formats_say_the_same(attendance: Speaking) -> None:
    """
    XML holds what JSON holds: an element for each member, repeated for each item.
    """
    in_json = await attendance(JSON).get()
    in_xml = await attendance(XML).get()

    assert tree(in_json) == tree(in_xml)
    assert in_xml.content.startswith(b'<?xml version="1.0" encoding="utf-8" ?>')
    assert b"<date><date>2026-09-14</date>" in in_xml.content


async def test_nothing_was_ever_taken(maths: Attendance) -> None:
    """
    A section without attendance has an empty listing of the same shape.
    """
    assert (await maths.get()).json() == {"date": [], "totals": {"total": []}}


@in_both_formats
@pytest.mark.usefixtures("week")
async def test_records_go_by_day_status_and_enrollment(
    attendance: Speaking, cast: Cast, format_: str
) -> None:
    """
    Days ascend, in a day the statuses, and in a status the enrollments.
    """
    who = cast.enrollments
    listing = await attendance(format_).listed()

    assert listing.days == [MONDAY, TUESDAY, WEDNESDAY]
    assert who["anna"] < who["cleo"]
    assert listing.records == [
        record(who["anna"], MONDAY, ABSENT, "ill"),
        record(who["cleo"], MONDAY, ABSENT),
        record(who["ben"], MONDAY, LATE, "bus"),
        record(who["ben"], WEDNESDAY, EXCUSED),
    ]


@pytest.mark.usefixtures("week")
async def test_a_record_has_its_types(maths: Attendance) -> None:
    """
    In attendance ids and statuses are integers, days and comments text.
    """
    monday = (await maths.get()).json()["date"][0]
    group = monday["statuses"]["status"][0]
    fields = group["attendances"]["attendance"][0]

    assert type(group["status_code"]) is int
    assert {name: type(value) for name, value in fields.items()} == {
        "enrollment_id": int,
        "date": str,
        "status": int,
        "comment": str,
    }


@pytest.mark.usefixtures("week")
async def test_present_is_not_listed(maths: Attendance) -> None:
    """
    Nobody's presence is in the records or in the totals, comment or not.
    """
    response = await maths.get()

    assert '"status":1' not in response.text
    assert "first day" not in response.text
    assert Listing(response).totals == {ABSENT: 2, LATE: 1, EXCUSED: 1}


@in_both_formats
@pytest.mark.usefixtures("week")
async def test_a_day_on_which_nobody_was_missing_is_listed(
    attendance: Speaking, format_: str
) -> None:
    """
    A day whose roll was taken is there with no statuses; one whose was not is not there.
    """
    response = await attendance(format_).get()
    listing = Listing(response)

    assert listing.statuses[TUESDAY] in ("", [])
    assert "2026-09-17" not in listing.days
    if format_ == JSON:
        assert response.json()["date"][1] == {"date": TUESDAY, "statuses": {"status": []}}
    else:
        assert b"<date><date>2026-09-15</date><statuses/></date>" in response.content


async def test_a_mark_that_becomes_present_leaves_the_day(
    maths: Attendance, cast: Cast
) -> None:
    """
    Whoever was there after all is off the list, and the day stays on it.
    """
    await maths.put(mark(cast.enrollments["anna"], MONDAY, ABSENT))
    await maths.put(mark(cast.enrollments["anna"], MONDAY, PRESENT))
    listing = await maths.listed()

    assert listing.records == []
    assert listing.days == [MONDAY]
    assert listing.totals == {}


@in_both_formats
async def test_a_comment_comes_back_to_the_last_character(
    attendance: Speaking, cast: Cast, format_: str
) -> None:
    """
    Markup, quotes, line ends and characters of every plane are what they were.
    """
    comment = " <b>&amp; \"'\t\r\n\r\u2013 Zürich 東京 😀 \u2028]]> "
    await attendance(JSON).put(mark(cast.enrollments["anna"], MONDAY, LATE, comment))
    listing = await attendance(format_).listed()

    assert listing.records == [record(cast.enrollments["anna"], MONDAY, LATE, comment)]


# ---------------------------------------------------------------- formats


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("*/*", JSON),
        (JSON, JSON),
        ("text/xml", "text/xml; charset=utf-8"),
        ("application/xml", "application/xml; charset=utf-8"),
        ("text/xml;q=1.0,application/json;q=0.0", "text/xml; charset=utf-8"),
        ("text/xml;q=0.5,application/json", JSON),
    ],
)
async def test_the_answer_is_in_the_format_that_was_asked_for(
    maths: Attendance, accept: str, content_type: str
) -> None:
    """
    `Accept` decides with its weights, and caches are told so.
    """
    maths.headers = {"Accept": accept}
    response = await maths.get()

    assert response.status_code == 200
    assert response.headers["Content-Type"] == content_type
    assert response.headers["Vary"] == "Accept"
    assert Listing(response).records == []


async def test_without_accept_the_answer_is_json(maths: Attendance) -> None:
    """
    A client that does not say what it reads gets JSON.
    """
    del maths.client.headers["Accept"]
    maths.headers = {}
    response = await maths.get()

    assert "Accept" not in response.request.headers
    assert response.headers["Content-Type"] == JSON


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "image/png, x;q=1"])
async def test_a_format_that_we_do_not_speak_is_406(maths: Attendance, accept: str) -> None:
    """
    Nothing that the client reads can be written: it is told so, in JSON.
    """
    maths.headers = {"Accept": accept}
    response = await maths.get()

    assert response.status_code == 406
    assert response.json()["code"] == 406


@pytest.mark.parametrize("content_type", [JSON, "text/xml", "image/png", "x", ""])
async def test_a_content_type_without_a_body_is_harmless(
    maths: Attendance, content_type: str
) -> None:
    """
    Several clients send one with every GET.
    """
    maths.headers = {"Content-Type": content_type, "Content-Length": "0"}

    assert (await maths.get()).status_code == 200


# ---------------------------------------------------------------- filters


@pytest.mark.usefixtures("week")
@pytest.mark.parametrize(
    ("query", "days"),
    [
        ({}, [MONDAY, TUESDAY, WEDNESDAY]),
        ({"start": TUESDAY}, [TUESDAY, WEDNESDAY]),
        ({"end": TUESDAY}, [MONDAY, TUESDAY]),
        ({"start": TUESDAY, "end": TUESDAY}, [TUESDAY]),
        ({"start": MONDAY, "end": TUESDAY}, [MONDAY, TUESDAY]),
        ({"start": "0001-01-01", "end": "9999-12-31"}, [MONDAY, TUESDAY, WEDNESDAY]),
        ({"start": "2026-09-17"}, []),
        ({"end": "2026-09-13"}, []),
    ],
)
async def test_days_are_selected_inclusively(
    maths: Attendance, query: dict[str, str], days: list[str]
) -> None:
    """
    `start` and `end` count themselves in, and each may stand alone.
    """
    assert (await maths.listed(**query)).days == days


@pytest.mark.usefixtures("week")
async def test_totals_count_what_the_filters_select(maths: Attendance, cast: Cast) -> None:
    """
    A total of nothing is left out, and what the filters leave out is not counted.
    """
    who = cast.enrollments

    assert (await maths.listed(start=TUESDAY)).totals == {EXCUSED: 1}
    assert (await maths.listed(end=MONDAY)).totals == {ABSENT: 2, LATE: 1}
    assert (await maths.listed(enrollment_id=who["ben"])).totals == {LATE: 1, EXCUSED: 1}
    assert (await maths.listed(start=TUESDAY, end=TUESDAY)).totals == {}


@pytest.mark.usefixtures("week")
async def test_enrollments_are_selected(maths: Attendance, cast: Cast) -> None:
    """
    One enrollment may be asked for, or several with commas; days stay, since they were taken.
    """
    who = cast.enrollments
    one = await maths.listed(enrollment_id=who["anna"])
    two = await maths.listed(enrollment_id=f"{who['cleo']},{who['ben']}", start=TUESDAY)

    assert one.records == [record(who["anna"], MONDAY, ABSENT, "ill")]
    assert one.days == [MONDAY, TUESDAY, WEDNESDAY]
    assert two.records == [record(who["ben"], WEDNESDAY, EXCUSED)]
    assert two.days == [TUESDAY, WEDNESDAY]


@pytest.mark.usefixtures("week")
async def test_everybody_of_the_section_may_be_asked_for(maths: Attendance, cast: Cast) -> None:
    """
    Who has left, whose place is pending and who teaches are of the section, without records.
    """
    for name in ("finn", "hugo", "bob in maths"):
        listing = await maths.listed(enrollment_id=cast.enrollments[name])
        assert listing.records == [], name


@pytest.mark.usefixtures("week")
async def test_an_enrollment_of_another_section_is_404(
    maths: Attendance, cast: Cast, strangers: Cast
) -> None:
    """
    Another section's, another district's and nobody's enrollment are alike: there is none.
    """
    foreign = (cast.enrollments["anna in music"], strangers.enrollments["anna"], 1, 2**63 - 1)

    for enrollment_id in foreign:
        both = f"{cast.enrollments['anna']},{enrollment_id}"
        alone = await maths.get(enrollment_id=enrollment_id)
        beside = await maths.get(enrollment_id=both)
        assert alone.status_code == beside.status_code == 404
        assert alone.json() == {
            "code": 404,
            "message": f"There is no enrollment {enrollment_id} here.",
        }


@pytest.mark.usefixtures("week")
async def test_an_empty_parameter_is_none(maths: Attendance) -> None:
    """
    One client sends `start=&end=&enrollment_id=` when it has nothing to say.
    """
    everything = await maths.get()
    response = await maths.get(start="", end="", enrollment_id="", limit="", start_id="")

    assert response.json() == everything.json()


@pytest.mark.usefixtures("week")
async def test_an_unknown_parameter_is_ignored(maths: Attendance) -> None:
    """
    Parameters that are none of ours change nothing, empty, doubled or odd.
    """
    everything = await maths.get()
    response = await maths.client.get(f"{maths.path}?x=1&x=2&END=no&page=&%F0%9F%98%80=%00&x")

    assert response.json() == everything.json()


@pytest.mark.parametrize(
    ("query", "name"),
    [
        (f"start={TUESDAY}&end={MONDAY}", "start must not be after end"),
        ("start=2026-02-30", "start"),
        ("start=20260914", "start"),
        ("start=2026-W38-1", "start"),
        ("start=-1", "start"),
        ("start=1.0", "start"),
        ("start=%EF%BC%91", "start"),
        ("start=yesterday", "start"),
        ("start=2026-09-14%0A", "start"),
        ("start=2026-09-14%00", "start"),
        ("start=+2026-09-14", "start"),
        ("end=0", "end"),
        ("end=2026-13-01", "end"),
        ("start=0&end=x", "end"),
        ("enrollment_id=x", "enrollment_id"),
        ("enrollment_id=0", "enrollment_id"),
        ("enrollment_id=-1", "enrollment_id"),
        ("enrollment_id=1,", "enrollment_id"),
        ("enrollment_id=,1", "enrollment_id"),
        ("enrollment_id=1,,2", "enrollment_id"),
        ("enrollment_id=1%20", "enrollment_id"),
        ("enrollment_id=%D9%A1", "enrollment_id"),
        ("enrollment_id=9223372036854775808", "enrollment_id"),
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=1.5", "limit"),
        ("limit=many", "limit"),
        ("limit=9999999999999999999", "limit"),
        ("start_id=x", "start_id"),
        ("start_id=0", "start_id"),
        ("start_id=4194304", "start_id"),
        ("start_id=4194303", "start_id"),
        ("start_id=9223372036854775807", "start_id"),
        ("start_id=9223372036854775808", "start_id"),
        ("start=2026-09-14&start=2026-09-14", "start"),
        ("start=&start=", "start"),
        ("end=2026-09-14&end=", "end"),
        ("enrollment_id=1&enrollment_id=2", "enrollment_id"),
        ("limit=1&limit=1", "limit"),
        ("x=%FF", "percent-encoding"),
    ],
)
async def test_a_malformed_or_doubled_parameter_is_400(
    maths: Attendance, query: str, name: str
) -> None:
    """
    A parameter of ours that is no value, or is there twice, is refused by its name.
    """
    response = await maths.client.get(f"{maths.path}?{query}")

    assert response.status_code == 400
    assert name in response.json()["message"]


# ---------------------------------------------------------------- pages


@pytest.fixture
async def fortnight(maths: Attendance, cast: Cast) -> list[tuple[str, ...]]:
    """Two weeks of Maths with 1, 0, 3, 0, 0, 2 and 1 people missing: its records in order."""
    who = [cast.enrollments[name] for name in ("anna", "ben", "cleo")]
    days = [f"2026-09-{day:02}" for day in (14, 15, 16, 17, 18, 21, 22)]
    missing = [who[:1], [], who, [], [], who[1:], who[:1]]
    for day, those in zip(days, missing, strict=True):
        await maths.put(mark(who[0], day, PRESENT))
        if those:
            await maths.put(*(mark(one, day, ABSENT) for one in those))
    listing = await maths.listed()
    assert listing.days == days
    assert len(listing.records) == 7
    return listing.records


async def walk(maths: Attendance, first: Listing | None = None, **query: Any) -> list[Listing]:
    """Follow the links from the first page to the last."""
    pages = [first or await maths.listed(**query)]
    while pages[-1].links:
        response = await maths.client.get(pages[-1].links["next"], headers=maths.headers)
        assert response.status_code == 200
        pages.append(Listing(response))
        assert len(pages) < 50
    return pages


@in_both_formats
@pytest.mark.parametrize("limit", range(1, 9))
async def test_pages_hold_every_record_once(
    attendance: Speaking, fortnight: list[tuple[str, ...]], limit: int, format_: str
) -> None:
    """
    Whatever the limit, the pages together are the whole, also where one ends inside a day.
    """
    pages = await walk(attendance(format_), limit=limit)
    sizes = [len(page.records) for page in pages]

    assert [one for page in pages for one in page.records] == fortnight
    assert sizes[:-1] == [limit] * (len(pages) - 1)
    assert all(page.totals == {ABSENT: 7} for page in pages)


@pytest.mark.usefixtures("fortnight")
async def test_a_day_is_listed_once_unless_a_page_ends_in_it(maths: Attendance) -> None:
    """
    Each page has the days up to its last record; a day with more records goes on in the next.
    """
    pages = await walk(maths, limit=2)

    assert [page.days for page in pages] == [
        ["2026-09-14", "2026-09-15", "2026-09-16"],
        ["2026-09-16"],
        ["2026-09-17", "2026-09-18", "2026-09-21"],
        ["2026-09-22"],
    ]


@pytest.mark.usefixtures("fortnight")
async def test_links_are_there_only_when_records_are_left_over(maths: Attendance) -> None:
    """
    A page that holds all there is has no links, not even one to itself.
    """
    assert "links" not in (await maths.get()).json()
    assert "links" not in (await maths.get(limit=7)).json()
    assert set((await maths.get(limit=6)).json()["links"]) == {"self", "next"}


@pytest.mark.usefixtures("fortnight")
async def test_next_keeps_every_filter(maths: Attendance, cast: Cast) -> None:
    """
    The link to the next page asks what was asked, unknown parameters too, and adds a cursor.
    """
    who = f"{cast.enrollments['anna']},{cast.enrollments['ben']}"
    query: dict[str, Any] = {
        "start": MONDAY,
        "end": "2026-09-30",
        "enrollment_id": who,
        "limit": "2",
        "x": "ü ",
    }
    response = await maths.get(**query)
    links = response.json()["links"]
    following = dict(parse_qsl(urlsplit(links["next"]).query))
    cursor = following.pop("start_id")

    assert cursor.isdigit()
    assert following == query
    assert dict(parse_qsl(urlsplit(links["self"]).query)) == query
    assert len(await walk(maths, **query)) == 3


@pytest.mark.usefixtures("fortnight")
async def test_links_begin_with_the_address_that_the_client_used(maths: Attendance) -> None:
    """
    Clients cut the base URL off the link and put their own before the rest.
    """
    links = (await maths.get(limit=1)).json()["links"]

    assert links["self"].startswith("https://rollbook.test/v1/sections/")
    assert links["next"].startswith("https://rollbook.test/v1/sections/")


@pytest.mark.usefixtures("fortnight")
@pytest.mark.parametrize(
    ("server", "base"),
    [
        (("127.0.0.1", 8460), "https://127.0.0.1:8460/v1/"),
        (("127.0.0.1", "8460"), "https://127.0.0.1:8460/v1/"),
        (("::1", "8460"), "https://[::1]:8460/v1/"),
        (("203.0.113.5", "443"), "https://203.0.113.5/v1/"),
        (("203.0.113.5", None), "https://203.0.113.5/v1/"),
    ],
)
async def test_links_lead_here_for_clients_that_send_the_family_s_host(
    open_client: Opening,
    cast: Cast,
    clock: Clock,
    server: tuple[str, int | str | None],
    base: str,
) -> None:
    """
    Two real clients send `Host: api.schoology.com` to whatever address they connect.
    """
    signed = Signed(cast.keys["alice"], SECRET, clock, SIGNATURE_PLAINTEXT)
    client = await open_client(server=server, auth=signed)
    path = f"sections/{cast.sections['maths']}/attendance?limit=1"
    response = await client.get(path, headers={"Host": "API.schoology.com"})

    assert response.json()["links"]["self"] == f"{base}{path}"
    assert response.json()["links"]["next"].startswith(base)


@pytest.mark.usefixtures("fortnight")
async def test_links_begin_with_the_public_address_where_one_is_set(
    open_client: Opening, cast: Cast
) -> None:
    """
    Behind a proxy the setting says what clients use, and the Host header does not count.
    """
    client = await open_client(public_url="https://attendance.example.org/")
    response = await client.get(f"sections/{cast.sections['maths']}/attendance?limit=1")
    start = f"https://attendance.example.org/v1/sections/{cast.sections['maths']}/attendance?"

    assert response.json()["links"]["next"].startswith(start)


async def test_an_all_digits_start_is_an_offset(
    maths: Attendance, fortnight: list[tuple[str, ...]]
) -> None:
    """
    One client adds the family's `start=0&limit=20` to every call: such a start skips records.
    """
    assert (await maths.listed(start="0", limit="20")).records == fortnight
    assert (await maths.listed(start="5")).records == fortnight[5:]
    assert (await maths.listed(start="0000005")).records == fortnight[5:]
    assert (await maths.listed(start="7")).records == []
    assert (await maths.listed(start="9999999")).records == []
    pages = await walk(maths, start="1", limit="3", end="2026-09-21")
    assert [one for page in pages for one in page.records] == fortnight[1:6]
    assert [len(page.records) for page in pages] == [3, 2]


@pytest.mark.usefixtures("fortnight")
async def test_an_offset_does_not_show_earlier_days_again(maths: Attendance) -> None:
    """
    The days before the first record of a page were on the page before it.
    """
    assert (await maths.listed(start="4")).days == [
        "2026-09-17",
        "2026-09-18",
        "2026-09-21",
        "2026-09-22",
    ]


async def test_an_answer_holds_no_more_than_the_server_s_cap(
    open_client: Opening,
    cast: Cast,
    fortnight: list[tuple[str, ...]],
) -> None:
    """
    Without a limit, or with one above it, the cap is the limit, and the links go on from it.
    """
    client = await open_client(records_max=3)
    maths = Attendance(client, cast.sections["maths"])

    queries: list[dict[str, Any]] = [{}, {"limit": "999999999"}]
    for query in queries:
        pages = await walk(maths, **query)
        assert [len(page.records) for page in pages] == [3, 3, 1]
        assert [one for page in pages for one in page.records] == fortnight


async def test_no_page_skips_or_repeats_when_marks_change_in_between(
    maths: Attendance, cast: Cast, fortnight: list[tuple[str, ...]]
) -> None:
    """
    Records that come or go before the cursor, at it or after it move no other record.
    """
    anna, ben, cleo = (cast.enrollments[name] for name in ("anna", "ben", "cleo"))
    first = await maths.listed(limit="3")
    assert first.records[-1] == record(ben, "2026-09-16", ABSENT)
    await maths.put(
        mark(anna, FRIDAY_BEFORE, ABSENT),  # one comes before the cursor
        mark(anna, "2026-09-16", PRESENT),  # one before it goes
        mark(ben, "2026-09-16", PRESENT),  # the cursor's own goes
        mark(cleo, "2026-09-21", LATE),  # one after it changes
        mark(cleo, NEXT_MONDAY, LATE),
        mark(cleo, "2026-09-30", ABSENT),  # one comes at the end
    )
    _, *pages = await walk(maths, first)

    assert [one for page in pages for one in page.records] == [
        record(cleo, "2026-09-16", ABSENT),
        record(ben, "2026-09-21", ABSENT),
        record(cleo, "2026-09-21", LATE),
        fortnight[6],
        record(cleo, "2026-09-30", ABSENT),
    ]


async def test_no_page_shows_a_day_again_when_its_records_go(
    maths: Attendance, cast: Cast, fortnight: list[tuple[str, ...]]
) -> None:
    """
    The days up to the cursor were on the pages before it, whatever becomes of its own mark.
    """
    first = await maths.listed(limit="4")
    assert first.days == ["2026-09-14", "2026-09-15", "2026-09-16"]
    await maths.put(*(mark(int(who), day, PRESENT) for who, day, _, _ in fortnight[1:4]))
    second = Listing(await maths.client.get(first.links["next"]))

    assert second.days == ["2026-09-17", "2026-09-18", "2026-09-21", "2026-09-22"]


# ---------------------------------------------------------------- versions


@in_both_formats
@pytest.mark.usefixtures("week")
async def test_what_did_not_change_is_304(attendance: Speaking, format_: str) -> None:
    """
    A client that holds the present state is told so, with the tag and without a body.
    """
    maths = attendance(format_)
    tag = (await maths.get()).headers["ETag"]
    for given in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        maths.headers["If-None-Match"] = given
        response = await maths.get()
        assert response.status_code == 304
        assert response.content == b""
        assert response.headers["ETag"] == tag


async def test_a_change_makes_a_new_tag(maths: Attendance, cast: Cast) -> None:
    """
    After each change the old tag no longer counts, also when only presence was marked.
    """
    anna = cast.enrollments["anna"]
    tags = [(await maths.get()).headers["ETag"]]
    for entry in (
        mark(anna, MONDAY, PRESENT),
        mark(anna, MONDAY, LATE),
        mark(anna, MONDAY, LATE, "x"),
    ):
        put = await maths.put(entry)
        maths.headers["If-None-Match"] = ", ".join(tags)
        response = await maths.get()
        assert response.status_code == 200
        assert response.headers["ETag"] == put.headers["ETag"]
        tags.append(response.headers["ETag"])

    assert len(set(tags)) == 4


@pytest.mark.usefixtures("week")
async def test_each_format_has_its_own_tag(attendance: Speaking) -> None:
    """
    Who holds the JSON of a state does not hold its XML.
    """
    in_json, in_xml = attendance(JSON), attendance(XML)
    in_xml.headers["If-None-Match"] = (await in_json.get()).headers["ETag"]

    assert (await in_xml.get()).status_code == 200


async def test_another_section_s_change_is_none(attendance: Speaking, cast: Cast) -> None:
    """
    The tag is the section's own: who marks Music does not change Maths.
    """
    maths, music = attendance(), attendance(section="music")
    before = (await maths.get()).headers["ETag"]
    await music.put(mark(cast.enrollments["anna in music"], MONDAY, LATE))

    assert (await maths.get()).headers["ETag"] == before
    assert (await music.get()).headers["ETag"] != before


@pytest.mark.parametrize("given", ["", "x", '"0"', '"0-j', '"1-j"', "W/", ","])
async def test_a_tag_of_nobody_s_is_no_tag(maths: Attendance, given: str) -> None:
    """
    What is not the present tag, or no tag at all, gets the listing.
    """
    maths.headers["If-None-Match"] = given

    assert (await maths.get()).status_code == 200


# ---------------------------------------------------------------- not here


@pytest.mark.usefixtures("week")
async def test_another_district_s_section_is_as_good_as_none(
    attendance: Speaking, cast: Cast
) -> None:
    """
    Who asks for a stranger's section gets the very answer of a section that does not exist.
    """
    mallory = attendance(name="mallory")
    theirs = await mallory.get()
    mallory.path = "sections/999999999/attendance"
    nobody_s = await mallory.get()
    number = str(cast.sections["maths"])

    assert theirs.status_code == nobody_s.status_code == 404
    assert theirs.text.replace(number, "999999999") == nobody_s.text


@pytest.mark.parametrize(
    "number", ["0", "-1", "x", "1.0", "\uff11", "1e3", "9" * 19, "9" * 400, "%00", "1;2", "+1"]
)
async def test_what_is_no_id_is_no_section(maths: Attendance, number: str) -> None:
    """
    In a path only digits are an id; anything else leads nowhere.
    """
    assert (await maths.get(f"sections/{number}/attendance")).status_code == 404


@in_both_formats
@pytest.mark.usefixtures("week")
async def test_a_district_with_powerschool_has_its_attendance_there(
    attendance: Speaking,
    switch_powerschool: Switch,
    format_: str,
) -> None:
    """
    While the switch is on the answer is 410 and says why; switched back, all is there.
    """
    maths = attendance(format_)
    before = tree(await maths.get())
    await switch_powerschool(True)
    gone = await maths.get()
    maths.headers["If-None-Match"] = "*"
    gone_too = await maths.get()
    del maths.headers["If-None-Match"]
    await switch_powerschool(False)

    assert gone.status_code == gone_too.status_code == 410
    assert "PowerSchool" in gone.text
    assert "ETag" not in gone.headers
    assert tree(await maths.get()) == before


async def test_only_who_may_see_the_section_learns_of_the_switch(
    attendance: Speaking,
    switch_powerschool: Switch,
    client: httpx.AsyncClient,
    cast: Cast,
) -> None:
    """
    A stranger gets 404 and nobody 401, whatever the district's switch says.
    """
    await switch_powerschool(True)
    stranger = await attendance(name="mallory").get()
    staff = await attendance(name="ida").get()
    path = f"https://rollbook.test/v1/sections/{cast.sections['maths']}/attendance"
    nobody = await client.get(path, auth=httpx.BasicAuth("alice", "secret"))

    assert (stranger.status_code, staff.status_code, nobody.status_code) == (404, 403, 401)


async def test_an_offset_into_an_empty_list_is_an_empty_list(maths: Attendance) -> None:
    """
    Where the filters select nothing, an offset finds nothing, and is no fault.
    """
    response = await maths.get(start="1", end="0001-01-01")

    assert response.status_code == 200
    assert response.json() == {"date": [], "totals": {"total": []}}
