"""A document of marks, entry by entry: what can be read, and what is said of the rest."""

import json
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rollbook.domain.attendance import COMMENT_MAX, ENTRIES_MAX, Entry, Unreadable
from rollbook.domain.errors import BadBody, BodyTooLarge
from rollbook.wire import documents, sheets
from rollbook.wire import xml as xml_
from rollbook.wire.formats import Format
from wire import naughty

DAY = "2014-05-20"
GOOD = {"enrollment_id": 784754, "date": DAY, "status": 1}


def body_of(*items: Any) -> bytes:
    return json.dumps({"attendances": {"attendance": list(items)}}).encode()


def read(*items: Any) -> list[Entry | Unreadable]:
    return sheets.read_marks(body_of(*items), Format.JSON)


def read_one(**fields: Any) -> Entry | Unreadable:
    (entry,) = read({**GOOD, **fields})
    return entry


def read_xml_one(**fields: str) -> Entry | Unreadable:
    item = {**GOOD, **fields}
    body = xml_.write({"attendances": {"attendance": [item]}})
    (entry,) = sheets.read_marks(body, Format.TEXT_XML)
    return entry


# ---------------------------------------------------------------- the shape


def test_entries_are_read_in_their_order() -> None:
    """
    Each item of the list is an entry, in its place; one without a comment says nothing of it.
    """
    items = [
        {**GOOD, "status": 4, "comment": "Doctor"},
        {**GOOD, "enrollment_id": 1},
        {**GOOD, "comment": ""},
    ]

    assert read(*items) == [
        Entry(784754, DAY, 4, "Doctor"),
        Entry(1, DAY, 1, None),
        Entry(784754, DAY, 1, ""),
    ]


@pytest.mark.parametrize("format_", [Format.TEXT_XML, Format.APPLICATION_XML])
def test_both_formats_say_the_same(format_: Format) -> None:
    """
    The same document in XML is the same entries.
    """
    items = [{**GOOD, "comment": "a <b> & “c”\r\n"}, GOOD, {**GOOD, "status": "x"}]
    written = xml_.write({"attendances": {"attendance": items}})

    assert sheets.read_marks(written, format_) == read(*items)


def test_an_object_may_stand_for_a_list_of_one() -> None:
    """
    Converters from XML make one item an object: it is taken for a list of it.
    """
    body = json.dumps({"attendances": {"attendance": GOOD}}).encode()

    assert sheets.read_marks(body, Format.JSON) == [Entry(784754, DAY, 1)]


def test_unknown_members_are_ignored() -> None:
    """
    What we do not know, at any level, does no harm.
    """
    item = {**GOOD, "section_id": 7, "links": {"a": [1]}, "id": None}
    document = {"attendances": {"attendance": [item], "total": 1}, "page": {}}
    body = json.dumps(document).encode()

    assert sheets.read_marks(body, Format.JSON) == [Entry(784754, DAY, 1)]


@pytest.mark.parametrize(
    "body",
    [
        "null",
        "1",
        '"attendances"',
        "[]",
        "{}",
        '{"attendance": []}',
        '{"attendances": null}',
        '{"attendances": []}',
        '{"attendances": ""}',
        '{"attendances": {}}',
        '{"attendances": {"attendances": []}}',
        '{"attendances": {"attendance": null}}',
        '{"attendances": {"attendance": ""}}',
        '{"attendances": {"attendance": []}}',
        '{"attendances": {"attendance": "x"}}',
        '{"attendances": {"attendance": 1}}',
        '{"Attendances": {"attendance": [1]}}',
        '[{"attendances": {"attendance": [1]}}]',
    ],
)
def test_another_shape_is_refused(body: str) -> None:
    """
    A document that is not of the shape, or has no entry in it, is refused as a whole.
    """
    with pytest.raises(BadBody, match=r"attendances|no attendance"):
        sheets.read_marks(body.encode(), Format.JSON)


@pytest.mark.parametrize(
    "body",
    [
        "<r/>",
        "<r>x</r>",
        "<r><attendances/></r>",
        "<r><attendances><attendance/></attendances></r>",
        "<r><attendances><attendance>1</attendance></attendances></r>",
        "<r><attendances/><attendances/></r>",
        "<attendances><attendance><status>1</status></attendance></attendances>",
    ],
)
def test_another_shape_is_refused_in_xml(body: str) -> None:
    """
    The same holds for XML, where the outermost element does not count.
    """
    with pytest.raises(BadBody, match=r"attendances|no attendance"):
        sheets.read_marks(body.encode(), Format.TEXT_XML)


@pytest.mark.parametrize("item", [None, 1, "x", [], [GOOD], True, 1.5, ""])
def test_what_is_no_object_is_refused_in_its_place(item: Any) -> None:
    """
    An item that is no object is a bad entry among good ones.
    """
    good, bad, again = read(GOOD, item, GOOD)

    assert good == again == Entry(784754, DAY, 1)
    assert bad == Unreadable("an attendance must be an object")


def test_five_thousand_entries_are_taken_and_no_more() -> None:
    """
    One body may have 5,000 entries; one with 5,001 is refused as a whole, in both formats.
    """
    assert ENTRIES_MAX == 5000
    assert len(read(*[GOOD] * 5000)) == 5000

    written = xml_.write({"attendances": {"attendance": [GOOD] * 5001}})
    with pytest.raises(BodyTooLarge, match="5001 entries"):
        read(*[GOOD] * 5001)
    with pytest.raises(BodyTooLarge, match="5001 entries"):
        sheets.read_marks(written, Format.TEXT_XML)


# ---------------------------------------------------------------- repeated members


MEMBERS = '"enrollment_id": 1, "date": "2014-05-20", "status": 1, "comment": "x"'
ITEM = f"{{{MEMBERS}}}"


@pytest.mark.parametrize(
    "body",
    [
        f'{{"attendances": {{"attendance": [{ITEM}]}}, "attendances": {{"attendance": []}}}}',
        f'{{"attendances": {{"attendance": []}}, "attendances": {{"attendance": [{ITEM}]}}}}',
        f'{{"attendances": {{"attendance": [], "attendance": [{ITEM}]}}}}',
        f'{{"attendances": {{"attendance": [{ITEM}], "attendance": [{ITEM}]}}}}',
        *(
            f'{{"attendances": {{"attendance": [{ITEM}, {{{MEMBERS}, {member}}}]}}}}'
            for member in (
                '"enrollment_id": 1',
                '"date": "2014-05-20"',
                '"status": 1',
                '"comment": "x"',
                '"comment": null',
                '"enrollment\\u005fid": 1',
                '"\\u0064ate": "2014-05-20"',
                '"other": 1, "other": 1',
            )
        ),
        f'{{"\\u0061ttendances": {{}}, "attendances": {{"attendance": [{ITEM}]}}}}',
    ],
)
def test_a_repeated_member_is_refused_at_each_level(body: str) -> None:
    """
    A member that is there twice, in whatever spelling, makes the whole body a bad one.
    """
    with pytest.raises(BadBody, match="twice"):
        sheets.read_marks(body.encode(), Format.JSON)


@pytest.mark.parametrize("name", ["enrollment_id", "date", "status", "comment"])
def test_an_element_that_is_there_twice_spoils_its_entry(name: str) -> None:
    """
    XML has lists where JSON has repeated members: a field that is a list is no value.
    """
    value = {**GOOD, "comment": "x"}[name]
    item = {**GOOD, name: [value, value]}
    written = xml_.write({"attendances": {"attendance": [item, GOOD]}})
    twice, good = sheets.read_marks(written, Format.TEXT_XML)

    assert isinstance(twice, Unreadable)
    assert name in twice.message
    assert good == Entry(784754, DAY, 1)


# ---------------------------------------------------------------- values

DATES_GOOD = [
    "0001-01-01",
    "1900-02-28",
    "2000-02-29",
    "2024-02-29",
    "2026-12-31",
    "9999-12-31",
]
DATES_BAD = [
    "",
    "0000-00-00",
    "0000-01-01",
    "1900-02-29",
    "2023-02-29",
    "2026-02-30",
    "2026-00-10",
    "2026-13-01",
    "2026-01-00",
    "2026-01-32",
    "2026-04-31",
    "10000-01-01",
    "-001-01-01",
    "+2026-01-01",
    "2026-1-1",
    "26-01-01",
    "20260901",
    "2026-244",
    "2026-W36",
    "2026-W36-2",
    "2026W362",
    "2026-09",
    "2026/09/01",
    "2026.09.01",
    "01-09-2026",
    "09/01/2026",
    "2026-09-01T00:00:00",
    "2026-09-01 00:00",
    "2026-09-01Z",
    " 2026-09-01",
    "2026-09-01 ",
    "2026-09-01\n",
    "\n2026-09-01",
    "2026-09-01\x00",
    "2026-09-0\x001",
    "\uff12\uff10\uff12\uff16-09-01",
    "\u0662\u0660\u0662\u0666-\u0660\u0669-\u0660\u0661",
    "2026\u201009\u201001",
    "2026\u201309\u201301",
    "2026\u221209\u221201",
    "2026-09-1\uff10",
    "2026-0\uff19-01",
    "today",
    "None",
    "1411430400",
]


@pytest.mark.parametrize("date", DATES_GOOD)
def test_a_day_of_the_calendar_is_a_date(date: str) -> None:
    """
    Every real day from year 1 to year 9999 can have marks.
    """
    assert read_one(date=date) == Entry(784754, date, 1)
    assert read_xml_one(date=date) == Entry(784754, date, 1)


@pytest.mark.parametrize("date", [*DATES_BAD, None, 20260901, 2026, 1.5, True, [], {}, [DAY]])
def test_what_is_no_day_is_refused(date: Any) -> None:
    """
    Only `YYYY-MM-DD` in ASCII digits, of a day that exists, is a date; the entry says so.
    """
    entry = read_one(date=date)

    assert entry == Unreadable("date must be given, as a real day: YYYY-MM-DD", 784754)


@pytest.mark.parametrize("date", [text for text in DATES_BAD if naughty.xml_can_carry(text)])
def test_what_is_no_day_is_refused_in_xml(date: str) -> None:
    """
    XML has no other idea of a day than JSON has.
    """
    assert read_xml_one(date=date) == read_one(date=date)


@pytest.mark.parametrize(
    ("given_id", "expected"),
    [
        (1, 1),
        ("1", 1),
        (784754, 784754),
        ("784754", 784754),
        (2**53 + 1, 2**53 + 1),
        (str(2**53 + 1), 2**53 + 1),
        (2**63 - 1, 2**63 - 1),
        (str(2**63 - 1), 2**63 - 1),
    ],
)
def test_an_id_is_an_integer_or_its_digits(given_id: Any, expected: int) -> None:
    """
    An id may come as a number or as decimal text, and is never rounded.
    """
    assert read_one(enrollment_id=given_id) == Entry(expected, DAY, 1)
    assert read_xml_one(enrollment_id=str(given_id)) == Entry(expected, DAY, 1)


IDS_BAD = [
    "",
    "0",
    "-1",
    "+1",
    " 1",
    "1 ",
    "1\n",
    "1\x00",
    "01",
    "1_0",
    "1.0",
    "1e3",
    "0x10",
    "\uff11\uff12",
    "\u0661\u0662",
    "\u00b2",
    "1,2",
    "abc",
    "null",
    "NaN",
    str(2**63),
    str(2**64),
    "9" * 5000,
]


@pytest.mark.parametrize(
    "given_id",
    [*IDS_BAD, None, 0, -1, 1.0, 1.5, 1e400, True, False, 2**63, 2**64, 10**400, [], [1], {}],
)
def test_what_is_no_id_is_refused(given_id: Any) -> None:
    """
    Everything else, also what Python's `int` would take, is refused in its entry.
    """
    body = body_of({**GOOD, "enrollment_id": given_id}).replace(b"Infinity", b"1e400")
    (entry,) = sheets.read_marks(body, Format.JSON)

    assert entry == Unreadable("enrollment_id must be given, as an integer", None, DAY)


@pytest.mark.parametrize("given_id", [text for text in IDS_BAD if naughty.xml_can_carry(text)])
def test_what_is_no_id_is_refused_in_xml(given_id: str) -> None:
    """
    XML has no other idea of an id than JSON has.
    """
    assert read_xml_one(enrollment_id=given_id) == read_one(enrollment_id=given_id)


@pytest.mark.parametrize("status", [1, 2, 3, 4])
def test_a_status_is_one_to_four(status: int) -> None:
    """
    The four statuses are taken as a number or as its digit.
    """
    assert read_one(status=status) == Entry(784754, DAY, status)
    assert read_one(status=str(status)) == Entry(784754, DAY, status)
    assert read_xml_one(status=str(status)) == Entry(784754, DAY, status)


STATUSES_BAD = [
    "",
    "0",
    "5",
    "-1",
    "+1",
    "01",
    " 1",
    "1 ",
    "1\n",
    "1.0",
    "\uff11",
    "\u0661",
    "absent",
    "1,2",
]


@pytest.mark.parametrize(
    "status",
    [*STATUSES_BAD, None, 0, 5, -1, 1.0, 2.5, 1e400, True, False, 2**64, 10**400, [], [1], {}],
)
def test_what_is_no_status_is_refused(status: Any) -> None:
    """
    No other number, spelling or type is a status: not true for 1, and not 1.0.
    """
    body = body_of({**GOOD, "status": status}).replace(b"Infinity", b"1e400")
    (entry,) = sheets.read_marks(body, Format.JSON)

    assert entry == Unreadable("status must be given, as 1, 2, 3 or 4", 784754, DAY)


@pytest.mark.parametrize("status", STATUSES_BAD)
def test_what_is_no_status_is_refused_in_xml(status: str) -> None:
    """
    XML has no other idea of a status than JSON has.
    """
    assert read_xml_one(status=status) == read_one(status=status)


@pytest.mark.parametrize("name", ["enrollment_id", "date", "status"])
def test_what_must_be_given_is_asked_for(name: str) -> None:
    """
    An entry that lacks a field is refused by that field's name, with what is known of it.
    """
    item = {**GOOD, name: None}
    del item[name]
    (entry,) = read(item)

    assert isinstance(entry, Unreadable)
    assert f"{name} must be given" in entry.message
    assert entry.enrollment_id == item.get("enrollment_id")
    assert entry.date == item.get("date")


def test_a_null_comment_is_as_good_as_none() -> None:
    """
    `null` leaves the comment as it is, just as leaving it out does.
    """
    assert read_one(comment=None) == Entry(784754, DAY, 1, None)


@pytest.mark.parametrize(
    "comment",
    [
        "",
        " ",
        "\t\n\r\r\n",
        "Bus, late & <tired>",
        "“Zürich” \u2013 東京 \u2013 😀 \u2013 \u202edrawkcab\u202c",
        "e\u0301 is not é",
        "\x7f\x80\x85\x9f\u2028\u2029\ufeff\ufffd\U0010ffff",
        "&#0; &amp; <![CDATA[x]]> <!-- -->",
        "\\u0041 \\ \" '",
        "date",
        "comment",
        "x" * COMMENT_MAX,
        "😀" * COMMENT_MAX,
    ],
)
def test_a_comment_comes_as_it_was_sent(comment: str) -> None:
    """
    Text that XML can carry is a comment to the last character, in both formats.
    """
    assert read_one(comment=comment) == Entry(784754, DAY, 1, comment)
    assert read_xml_one(comment=comment) == Entry(784754, DAY, 1, comment)


@pytest.mark.parametrize(
    ("comment", "reason"),
    [
        ("x" * (COMMENT_MAX + 1), "2001 characters"),
        ("\x00", r"U\+0000"),
        ("a\x0bb", r"U\+000B"),
        ("\x1f", r"U\+001F"),
        ("\ufffe", r"U\+FFFE"),
        ("\uffff", r"U\+FFFF"),
        ("\ud800", r"U\+D800"),
        ("\udfff", r"U\+DFFF"),
        (1, "must be text"),
        (1.5, "must be text"),
        (True, "must be text"),
        ([], "must be text"),
        (["x"], "must be text"),
        ({"x": 1}, "must be text"),
    ],
)
def test_what_cannot_be_kept_is_no_comment(comment: Any, reason: str) -> None:
    """
    Too long a text, one that XML could not carry and no text at all are refused, never cut.
    """
    entry = read_one(comment=comment)

    assert isinstance(entry, Unreadable)
    assert entry.enrollment_id == 784754
    assert entry.date == DAY
    assert re.search(reason, entry.message)


def test_a_pair_of_surrogate_escapes_is_one_character() -> None:
    """
    JSON spells characters beyond the first plane as two escapes: together they are text.
    """
    body = body_of({**GOOD, "comment": "😀"})
    assert rb"\ud83d\ude00" in body

    assert sheets.read_marks(body, Format.JSON) == [Entry(784754, DAY, 1, "😀")]


def test_naughty_strings_are_comments_or_refused() -> None:
    """
    Each string of the big list is kept as it is in both formats, or refused with a reason.
    """
    strings = naughty.strings()
    assert len(strings) == 515

    for text in strings:
        entry = read_one(comment=text)
        if naughty.xml_can_carry(text) and len(text) <= COMMENT_MAX:
            assert entry == Entry(784754, DAY, 1, text)
            assert read_xml_one(comment=text) == entry
        else:
            assert isinstance(entry, Unreadable)


def test_utf_8_in_a_comment_is_judged_byte_by_byte() -> None:
    """
    Valid sequences are kept as they came; with an invalid one the body is no JSON.
    """
    head, tail = body_of({**GOOD, "comment": "|"}).split(b"|")

    for number, data, valid in naughty.byte_sequences():
        try:
            (entry,) = sheets.read_marks(head + data + tail, Format.JSON)
        except BadBody:
            assert not valid or min(data) < 0x20, number  # JSON has no bare control characters
            continue
        assert valid, number
        if naughty.xml_can_carry(data.decode()):
            assert entry == Entry(784754, DAY, 1, data.decode()), number
        else:
            assert isinstance(entry, Unreadable), number


# ---------------------------------------------------------------- the fast reader


def carefully(body: bytes) -> list[Entry | Unreadable]:
    """Read a body without the fast reader."""
    document = documents.read(body, Format.JSON)
    return [sheets._entry(item) for item in sheets._items(document)]


NAMES = ["attendances", "attendance", "enrollment_id", "date", "status", "comment"]
ids = st.integers(-1, 10) | st.integers() | st.integers().map(str) | st.text(max_size=3)
dates = st.dates().map(str) | st.sampled_from(DATES_BAD)
statuses = st.sampled_from([1, 2, 3, 4, 5, "1", "4", "x", 0])
comments = st.text(max_size=10) | st.sampled_from(NAMES) | st.none()
plain_items = st.fixed_dictionaries(
    {"enrollment_id": ids, "date": dates, "status": statuses}, optional={"comment": comments}
)


@given(st.lists(plain_items, min_size=1, max_size=5), st.booleans())
def test_the_fast_reader_reads_as_the_careful_one(items: list[Any], ensure_ascii: bool) -> None:
    """
    What the fast reader makes of an ordinary body is what the careful one makes of it.
    """
    document = {"attendances": {"attendance": items}}
    body = json.dumps(document, ensure_ascii=ensure_ascii).encode("utf-8", "replace")
    plain = sheets._read_plain(body)

    assert plain is None or plain == carefully(body)
    assert sheets.read_marks(body, Format.JSON) == carefully(body)


def test_the_fast_reader_reads_an_ordinary_body() -> None:
    """
    What clients usually send does not take the slow way.
    """
    items = [{**GOOD, "comment": "late, “again”"}, {**GOOD, "status": "2", "date": "x"}]
    body = json.dumps({"attendances": {"attendance": items}}, ensure_ascii=False, indent=2)

    assert sheets._read_plain(body.encode()) == carefully(body.encode())


escaped = st.sampled_from([*NAMES, "other"]).flatmap(
    lambda name: st.sampled_from(
        [f'"{name}"', f'"{name}"', f'"\\u{ord(name[0]):04x}{name[1:]}"']
    )
)
odd_values = st.sampled_from(
    [
        "1",
        "-0",
        "1.0",
        "1e0",
        "1E400",
        "01",
        "9223372036854775808",
        "18446744073709551616",
        "123456789012345678901234567890",
        '"1"',
        '"2014-05-20"',
        '"20140520"',
        '"\\u0032014-05-20"',
        '"date"',
        '"comment"',
        '"enrollment_id"',
        '"\\"status\\""',
        '"\\ud800"',
        '"\\ud83d\\ude00"',
        '"\u0001"',
        '"\\u0000"',
        '"\u007f\\/"',
        "null",
        "true",
        "false",
        "NaN",
        "[]",
        "[1]",
        "{}",
        '{"a": 1, "a": 2}',
        "",
    ]
)
fitting = st.sampled_from(
    [
        '"attendances": {"attendance": []}',
        '"attendance": []',
        '"enrollment_id": 2',
        '"date": "2014-05-21"',
        '"status": 3',
        '"comment": "y"',
        '"other": 1',
    ]
)
odd_members = st.lists(
    fitting | st.tuples(escaped, odd_values).map(lambda pair: f"{pair[0]}: {pair[1]}"),
    max_size=2,
)
usual_members = st.sampled_from(
    [
        '"enrollment_id": 1, "date": "2014-05-20", "status": 2',
        '"enrollment_id": 1, "date": "2014-05-20", "status": 2, "comment": "x"',
        '"enrollment_id": "1", "date": "2014-05-20", "status": "2", "comment": "date"',
        '"enrollment_id": 1, "date": "2014-05-20"',
        '"enrollment\\u005fid": 1, "date": "2014-05-20", "status": 2',
    ]
)


@st.composite
def odd_bodies(draw: st.DrawFn) -> bytes:
    """Draw a body that is nearly the usual one: a few members too many, odd, or escaped."""

    def members(usual: str) -> str:
        extra = ", ".join(draw(odd_members))
        return "{" + ", ".join(filter(None, draw(st.permutations([usual, extra])))) + "}"

    items = [members(usual) for usual in draw(st.lists(usual_members, min_size=1, max_size=3))]
    inner = members(f'"attendance": [{", ".join(items)}]')
    return members(f'"attendances": {inner}').encode()


@settings(max_examples=500)
@given(odd_bodies())
@example(
    b'{"attendances": {"attendance": [{"enrollment\\u005fid": 1, "enrollment\\u005fid": 2,'
    b' "date": "2014-05-20", "status": 2, "comment": "enrollment_id"}]}}'
)
def test_the_fast_reader_takes_nothing_that_the_careful_one_refuses(body: bytes) -> None:
    """
    Repeated members, escaped names and odd types: where the fast reader answers, both agree.
    """
    plain = sheets._read_plain(body)

    assert plain is None or plain == carefully(body)


def test_both_readers_agree_on_every_value_of_the_suite() -> None:
    """
    With a file of the JSON test suite as its comment, a body means the same to both readers.
    """
    files = naughty.json_suite()
    assert len(files) == 318

    for file in files:
        body = b'{"attendances": {"attendance": [{"enrollment_id": 1, "date": "2014-05-20",'
        body += b' "status": 2, "comment": ' + file.read_bytes() + b"}]}}"
        plain = sheets._read_plain(body)
        try:
            careful = carefully(body)
        except BadBody:
            assert plain is None, file.name
        else:
            assert plain in (None, careful), file.name


# ---------------------------------------------------------------- rolls

ROLL_DAY = "2026-09-14"


def read_roll(document: Any, format_: Format = Format.JSON) -> sheets.RollSheet:
    body = xml_.write(document) if format_.is_xml else json.dumps(document).encode()
    return sheets.read_roll(body, format_, ROLL_DAY)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"attendances": None},
        {"attendances": ""},
        {"attendances": {"attendance": []}},
        {"attendances": {"attendance": ""}},
        {"replace_excused": False},
    ],
)
def test_a_roll_without_entries_says_that_everybody_is_there(document: Any) -> None:
    """
    Nobody has to be named in a roll.
    """
    assert read_roll(document) == sheets.RollSheet([], replace_excused=False)


@pytest.mark.parametrize("body", ["<r/>", "<r></r>", "<r><attendances/></r>"])
def test_an_xml_roll_may_be_empty_too(body: str) -> None:
    """
    An empty element is a roll on which everybody is present.
    """
    sheet = sheets.read_roll(body.encode(), Format.TEXT_XML, ROLL_DAY)

    assert sheet == sheets.RollSheet([], replace_excused=False)


@pytest.mark.parametrize("format_", [Format.JSON, Format.TEXT_XML])
def test_an_entry_of_a_roll_is_of_its_day(format_: Format) -> None:
    """
    The date may be left out or be the roll's own; another one is refused by name.
    """
    without = {"enrollment_id": 1, "status": 2}
    items = [without, {**without, "date": ROLL_DAY}, {**without, "date": "2026-09-15"}]
    sheet = read_roll({"attendances": {"attendance": items}}, format_)
    good, same, other = sheet.exceptions

    assert good == same == Entry(1, ROLL_DAY, 2)
    assert isinstance(other, Unreadable)
    assert other.message == "date must be 2026-09-14, the roll's own day, or be left out"
    assert (other.enrollment_id, other.date) == (1, "2026-09-15")


@pytest.mark.parametrize("item", [1, None, "x", [], {"date": "x"}, {"status": 2}, {"date": []}])
def test_a_bad_entry_of_a_roll_stays_one(item: Any) -> None:
    """
    What is no entry is refused in its place, as in a body of marks.
    """
    good, bad = read_roll(
        {"attendances": {"attendance": [{"enrollment_id": 1, "status": 2}, item]}}
    ).exceptions

    assert good == Entry(1, ROLL_DAY, 2)
    assert isinstance(bad, Unreadable)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        ("true", True),
        ("1", True),
        (1, True),
        (False, False),
        ("false", False),
        ("0", False),
        (0, False),
    ],
)
def test_excuses_are_replaced_only_when_told(value: Any, expected: bool) -> None:
    """
    `replace_excused` is a switch, spelt as JSON or as text.
    """
    assert read_roll({"replace_excused": value}).replace_excused is expected


@pytest.mark.parametrize("value", ["yes", "", "2", 2, 1.0, None, [], {}, [True]])
def test_what_is_no_switch_is_refused(value: Any) -> None:
    """
    Anything else is refused, since to guess could overwrite an excuse.
    """
    with pytest.raises(BadBody, match="replace_excused"):
        read_roll({"replace_excused": value})


@pytest.mark.parametrize("document", [[], "", "x", 1, None, {"attendances": 1}])
def test_a_roll_of_another_shape_is_refused(document: Any) -> None:
    """
    A roll is an object, and its attendances are one.
    """
    with pytest.raises(BadBody):
        read_roll(document)


def test_a_roll_has_at_most_five_thousand_entries() -> None:
    """
    The limit of a body of marks is that of a roll too.
    """
    items = [{"enrollment_id": 1, "status": 2}] * 5001

    with pytest.raises(BodyTooLarge):
        read_roll({"attendances": {"attendance": items}})
