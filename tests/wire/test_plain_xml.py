"""The fast reader of XML reads as the parser does, or leaves it to it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.domain.attendance import COMMENT_MAX, ENTRIES_MAX, Entry, Unreadable
from rollbook.domain.errors import BadBody
from rollbook.wire import documents, plain_xml, sheets
from rollbook.wire.formats import Format

DAY = "2026-09-14"
ITEM = (
    "<attendance><enrollment_id>7</enrollment_id><date>{0}</date><status>2</status>{1}"
    "</attendance>"
)
USUAL = ITEM.format(DAY, "<comment>ill</comment>")


def body_of(*items: str, head: str = '<?xml version="1.0" encoding="utf-8" ?>\n') -> bytes:
    inner = "".join(items)
    text = f"{head}<result><attendances>{inner}</attendances></result>"
    return text.encode("utf-8", "replace")


def carefully(body: bytes) -> list[Entry | Unreadable] | str:
    """Read a body with the parser; what is no body is its sentence."""
    try:
        document = documents.read(body, Format.TEXT_XML)
        return [sheets._entry(item) for item in sheets._items(document)]
    except BadBody as error:
        return str(error)


def test_an_ordinary_body_takes_the_quick_way() -> None:
    """
    What clients usually send is read without the parser, and means the same.
    """
    document = """<?xml version="1.0" encoding="utf-8" ?>
<result>
    <attendances>
        <attendance>
            <enrollment_id>784754</enrollment_id>
            <date>2014-05-20</date>
            <status>1</status>
        </attendance>
        <attendance>
            <enrollment_id>784755</enrollment_id>
            <date>2014-05-20</date>
            <status>3</status>
            <comment>später, “bus”</comment>
        </attendance>
    </attendances>
</result>
""".encode()

    assert plain_xml.read(document) == carefully(document)
    assert plain_xml.read(body_of(USUAL, head="")) == [Entry(7, DAY, 2, "ill")]
    assert plain_xml.read(body_of(ITEM.format(DAY, "<comment/>"))) == [Entry(7, DAY, 2, "")]


@pytest.mark.parametrize(
    "body",
    [
        body_of(ITEM.format("2026-02-30", "")),
        body_of(ITEM.format(DAY, "<comment>a &amp; b</comment>")),
        body_of(ITEM.format(DAY, "<comment>a\r\nb</comment>")),
        body_of(ITEM.format(DAY, "<comment>a]]>b</comment>")),
        body_of(ITEM.format(DAY, "<comment>\x01</comment>")),
        body_of(ITEM.format(DAY, "<comment>\ufffe</comment>")),
        body_of(ITEM.format(DAY, f"<comment>{'x' * (COMMENT_MAX + 1)}</comment>")),
        body_of(ITEM.format(DAY, "<comment>a</comment><comment>b</comment>")),
        body_of(ITEM.format(DAY, "<comment>a<!-- b --></comment>")),
        body_of(ITEM.format(DAY, "<status>1</status>")),
        body_of(ITEM.format(DAY, "").replace(">7<", "> 7<")),
        body_of(ITEM.format(DAY, "").replace(">7<", ">9223372036854775808<")),
        body_of(ITEM.format(DAY, "").replace(">7<", ">07<")),
        body_of(USUAL, "text"),
        body_of(USUAL).replace(b"</result>", b"</other>"),
        body_of(USUAL).replace(b"<result>", b'<result a="b">'),
        body_of(USUAL).replace(b"result>", b"a:b>"),
        body_of(USUAL, head='<?xml version="1.1"?>'),
        body_of(USUAL, head='<?xml version="1.0" encoding="latin-1"?>'),
        body_of(USUAL, head='\n<?xml version="1.0"?>'),
        body_of(USUAL, head="<!DOCTYPE result>"),
        b"\xef\xbb\xbf" + body_of(USUAL, head=""),
        body_of(USUAL) + b"<more/>",
        body_of(USUAL).replace(b"ill", b"\xff"),
        body_of(),
    ],
)
def test_what_is_unusual_is_left_to_the_parser(body: bytes) -> None:
    """
    Whatever could mean something else to a parser is not read here.
    """
    assert plain_xml.read(body) is None


def test_too_many_are_left_to_be_refused() -> None:
    """
    The limit on entries holds in both ways.
    """
    assert plain_xml.read(body_of(*[USUAL] * ENTRIES_MAX)) is not None
    assert plain_xml.read(body_of(*[USUAL] * (ENTRIES_MAX + 1))) is None


pieces = st.sampled_from(
    [
        *("<attendance>", "</attendance>", "<enrollment_id>7</enrollment_id>", "<comment/>"),
        *("<date>2026-09-14</date>", "<date>2026-09-31</date>", "<status>2</status>"),
        *("<status>5</status>", "<comment>ill</comment>", "<comment>&lt;</comment>", " ", "\n"),
        *("<comment>a > b</comment>", "<!-- -->", "x", USUAL),
    ]
)


@given(st.lists(pieces, max_size=8), st.text(max_size=6))
def test_the_quick_way_reads_as_the_parser_does(parts: list[str], text: str) -> None:
    """
    A body put together of whatever has in both ways the same entries, if the quick one has any.
    """
    for body in (
        body_of("".join(parts)),
        body_of(USUAL, *parts),
        body_of(
            ITEM.format(DAY, f"<comment>{text}</comment>").encode("utf-8", "replace").decode()
        ),
    ):
        found: Any = plain_xml.read(body)
        assert found is None or found == carefully(body)
