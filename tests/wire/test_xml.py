"""XML as it comes in and goes out: nothing expanded, nothing fetched, nothing lost."""

import sys
import tracemalloc
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import corpus
from rollbook.domain.attendance import Answer, Mark
from rollbook.domain.errors import BadBody
from rollbook.domain.store import MarkPage
from rollbook.wire import shapes, xml
from wire import naughty

MARKS = """<?xml version="1.0" encoding="utf-8" ?>
<result>
    <attendances>
        <attendance>
            <enrollment_id>784754</enrollment_id>
            <date>2014-05-20</date>
            <status>1</status>
            <comment />
        </attendance>
    </attendances>
</result>"""
MARK = {"enrollment_id": "784754", "date": "2014-05-20", "status": "1", "comment": ""}


def read(text: str) -> Any:
    return xml.read(text.encode())


# ---------------------------------------------------------------- the mapping


def test_elements_are_read_as_members() -> None:
    """
    An element with elements in it is an object, and an element with text is its text.
    """
    assert read(MARKS) == {"attendances": {"attendance": MARK}}


def test_a_repeated_element_is_a_list() -> None:
    """
    What stands there more than once is a list, in the order of the document.
    """
    assert read("<r><a>1</a><b/><a>2</a><a><c>3</c></a></r>") == {
        "a": ["1", "2", {"c": "3"}],
        "b": "",
    }


@pytest.mark.parametrize("name", ["result", "roll", "x", "Ω"])
def test_the_outermost_name_means_nothing(name: str) -> None:
    """
    Whatever the outermost element is called, the document in it is the same.
    """
    assert read(f"<{name}><a>1</a></{name}>") == {"a": "1"}


def test_a_date_inside_a_date_survives() -> None:
    """
    The listing has an element `<date>` in an element `<date>`: both come back.
    """
    document = {"date": [{"date": "2014-01-13"}, {"date": "2014-01-14", "statuses": ""}]}

    assert xml.read(xml.write(document)) == document


@pytest.mark.parametrize("text", ["<r/>", "<r></r>", "<r a='1'/>", "<?xml version='1.0'?><r/>"])
def test_an_empty_document_is_an_empty_object(text: str) -> None:
    """
    A document with nothing in it is an object without members, as in JSON.
    """
    assert read(text) == {}


def test_text_is_kept_to_the_last_blank() -> None:
    """
    White space in a value is the value's, and between elements it is nobody's.
    """
    assert read("<r>\n  <a> x\ty </a>\t<b>  </b>\n</r>") == {"a": " x\ty ", "b": "  "}


def test_references_and_cdata_are_text() -> None:
    """
    The five entities that XML has, character references and CDATA are what they stand for.
    """
    text = "<r><a>&lt;&amp;&gt;&quot;&apos; &#233;&#x1F600; <![CDATA[<b>&amp;]]></a></r>"

    assert read(text) == {"a": "<&>\"' é😀 <b>&amp;"}


def test_attributes_are_ignored() -> None:
    """
    Attributes have no meaning here, however many there are.
    """
    many = " ".join(f"a{number}='{number}'" for number in range(20_000))

    assert read(f"<r xmlns='urn:x' {many}><a {many} b='c'>1</a></r>") == {"a": "1"}


names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,12}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"])).filter(naughty.xml_can_carry)
leaves = texts | st.integers()
objects = st.recursive(
    st.dictionaries(names, leaves, max_size=4),
    lambda inner: st.dictionaries(
        names, inner | leaves | st.lists(inner | leaves, max_size=4), max_size=4
    ),
    max_leaves=20,
)


def as_read_back(value: Any) -> Any:
    """Return what a written value is by the rules of the mapping when it is read."""
    if isinstance(value, dict):
        members = {name: as_read_back(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member != []} or ""
    if isinstance(value, list):
        items = [as_read_back(item) for item in value]
        return items[0] if len(items) == 1 else items
    return str(value)


@given(objects)
def test_what_is_written_is_read_back(document: dict[str, Any]) -> None:
    """
    Every document comes back, but that integers are digits and a list of one is its item.
    """
    assert xml.read(xml.write(document)) == (as_read_back(document) or {})


@given(objects)
def test_what_is_written_is_xml_to_others_too(document: dict[str, Any]) -> None:
    """
    An independent reader finds a `<result>` with a child for each member or item.
    """
    root = ET.fromstring(xml.write(document))
    children = [
        name
        for name, value in document.items()
        for _ in range(len(value) if isinstance(value, list) else 1)
    ]

    assert root.tag == "result"
    assert [child.tag for child in root] == children


class Class(msgspec.Struct, omit_defaults=True):
    id: int
    periods: tuple[int, ...]
    links: dict[str, str] | None = None


def test_shapes_are_written_by_their_fields() -> None:
    """
    A struct is an object of its fields, a tuple a list; a field that is left out is not there.
    """
    written = xml.write({"section": [Class(1, (20, 21)), Class(2, (), {"self": "x?a&b"})]})

    assert xml.read(written) == {
        "section": [
            {"id": "1", "periods": ["20", "21"]},
            {"id": "2", "links": {"self": "x?a&b"}},
        ]
    }


def test_an_empty_value_is_an_empty_element() -> None:
    """
    Empty text and an object whose lists are empty are written as the shortest element.
    """
    written = xml.write({"comment": "", "statuses": {"status": []}, "date": [], "count": 0})

    assert b"<comment/><statuses/><count>0</count>" in written
    assert b"<date" not in written


def test_what_xml_cannot_carry_is_replaced() -> None:
    """
    A control character in an old name does not make a document that nobody can read.
    """
    written = xml.write({"name": "A\x00\x0b\ufffe\ud800B\x85\r\n"})

    assert xml.read(written) == {"name": "A\ufffd\ufffd\ufffd\ufffdB\x85\r\n"}


# ---------------------------------------------------------------- what is refused

DOCTYPES = [
    "<!DOCTYPE r><r/>",
    "<!doctype r><r/>",
    "<!DOCTYPE r [<!ENTITY a 'x'>]><r>&a;</r>",
    "<!DOCTYPE r [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><r>&a;</r>",
    "<!DOCTYPE r [<!ENTITY a SYSTEM 'http://127.0.0.1:9/x'>]><r>&a;</r>",
    "<!DOCTYPE r [<!ENTITY % a SYSTEM 'http://127.0.0.1:9/x'> %a;]><r/>",
    "<!DOCTYPE r SYSTEM 'http://127.0.0.1:9/x.dtd'><r/>",
    "<!DOCTYPE r PUBLIC '-//W3C//DTD XHTML 1.0//EN' 'http://127.0.0.1:9/x.dtd'><r/>",
    "<!DOCTYPE r [<!ATTLIST a status CDATA '2'>]><r><a/></r>",
    "\ufeff<?xml version='1.0' standalone='no'?>\n<!-- x --><!DOCTYPE r><r/>",
    "<r>&undefined;</r>",
]


class Watch:
    """Takes down each file that is opened and each connection made, while it looks."""

    def __init__(self) -> None:
        self.looks = False
        self.seen: list[tuple[str, Any]] = []
        sys.addaudithook(self._note)

    def _note(self, event: str, arguments: Any) -> None:
        if self.looks and event in {"open", "socket.connect", "socket.getaddrinfo"}:
            self.seen.append((event, arguments))


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch()


@pytest.mark.parametrize("text", DOCTYPES)
def test_a_document_type_is_refused_and_nothing_fetched(watch: Watch, text: str) -> None:
    """
    No document type is accepted, so no entity is expanded, opened or asked for.
    """
    body = text.encode()
    watch.looks = True
    with pytest.raises(BadBody):
        xml.read(body)
    watch.looks = False

    assert watch.seen == []


def test_every_known_attack_is_refused(watch: Watch) -> None:
    """
    Of the documents that broke other readers, those with a document type are all refused.
    """
    files = sorted((corpus("xml-defusedxml") / "xmltestdata").iterdir())
    bodies = {file.name: file.read_bytes() for file in files}
    attacks = {name for name, body in bodies.items() if b"<!DOCTYPE" in body}
    assert len(attacks) == 8
    refused = set()

    watch.looks = True
    for name, body in bodies.items():
        try:
            xml.read(body)
        except BadBody:
            refused.add(name)
    watch.looks = False

    assert watch.seen == []
    # The others have a namespace's prefix, a processing instruction, text between elements.
    assert refused == set(bodies)
    assert attacks < refused


@pytest.mark.parametrize(
    "encoding",
    [
        "foo",
        "utf-7",
        "utf-16",
        "utf-32",
        "iso-8859-1",
        "latin-1",
        "windows-1252",
        "shift_jis",
        "rot13",
        "idna",
        "punycode",
        "utf-8-sig",
        "unicode_escape",
    ],
)
def test_another_encoding_is_refused(encoding: str) -> None:
    """
    A document that says it is in anything but UTF-8 is refused, whatever Python makes of it.
    """
    with pytest.raises(BadBody):
        read(f"<?xml version='1.0' encoding='{encoding}'?><r/>")


@pytest.mark.parametrize("encoding", ["utf-8", "UTF-8", "Utf8", "us-ascii"])
def test_utf_8_may_be_named(encoding: str) -> None:
    """
    A document may say that it is in UTF-8, in any case, and begin with a byte order mark.
    """
    assert read(f"<?xml version='1.0' encoding='{encoding}'?><r><a>1</a></r>") == {"a": "1"}
    assert read("\ufeff<r><a>1</a></r>") == {"a": "1"}


@pytest.mark.parametrize(
    "body",
    [
        "<r>é</r>".encode("latin-1"),
        "<r>é</r>".encode("utf-16"),
        "<r>é</r>".encode("utf-32"),
        "<?xml version='1.0' encoding='utf-16'?><r/>".encode("utf-16"),
    ],
)
def test_bytes_in_another_encoding_are_refused(body: bytes) -> None:
    """
    Bytes that are not UTF-8 are refused before any parser sees them, with their place.
    """
    with pytest.raises(BadBody, match=r"byte [0-9]+ is wrong"):
        xml.read(body)


def test_utf_8_is_judged_byte_by_byte() -> None:
    """
    Each sequence of the UTF-8 tests is kept as it came when it is valid, and else refused.
    """
    cases = naughty.byte_sequences()
    assert len(cases) > 200

    for number, data, valid in cases:
        try:
            found = xml.read(b"<r><comment>" + data + b"</comment></r>")
        except BadBody:
            assert not (valid and naughty.xml_can_carry(data.decode())), number
        else:
            assert valid, number
            assert found == {"comment": data.decode()}, number


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<?xml-stylesheet href='x'?><r/>", "processing instruction"),
        ("<r><a>1<?php echo 2 ?></a></r>", "processing instruction"),
        ("<r/><?x?>", "processing instruction"),
        ("<r><a>1<!-- x -->2</a></r>", "a comment inside a value"),
        ("<r><a>1<!-- x --></a></r>", "a comment inside a value"),
        ("<r><a><b>1</b><c><!-- x -->2</c></a></r>", "a comment inside a value"),
        ("<r><a><b>1</b>2</a></r>", "text between the elements of <a>"),
        ("<r>1<a/></r>", "text between the elements of <r>"),
        ("<x:r xmlns:x='urn:x'/>", "names with a namespace"),
        ("<r><x:a>1</x:a></r>", "names with a namespace"),
        (
            "<r xmlns:i='http://www.w3.org/2001/XInclude'><i:include href='/etc/passwd'/></r>",
            "names with a namespace",
        ),
    ],
)
def test_what_two_readers_would_see_differently_is_refused(text: str, reason: str) -> None:
    """
    Instructions, namespaces, comments in a value and text between elements are refused by name.
    """
    with pytest.raises(BadBody, match=reason):
        read(text)


def test_a_comment_between_elements_is_ignored() -> None:
    """
    A comment that stands in no value changes nothing.
    """
    text = (
        "<!-- a --><r><!-- b --><a>1</a><!-- c --><b><!-- d --></b> <!-- e --> </r><!-- f -->"
    )

    assert read(text) == {"a": "1", "b": ""}


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{}",
        "<",
        "<r>",
        "<r></x>",
        "<r/><r/>",
        "<r>\x00</r>",
        "<r>\x0b</r>",
        "<r>&#0;</r>",
        "<r>&#11;</r>",
        "<r>&#xFFFE;</r>",
        "<r>&#xD800;</r>",
        "<r>]]></r>",
        "<r a=1/>",
        "<r a='1' a='2'/>",
        "<r a='<'/>",
        " <?xml version='1.0'?><r/>",
        "<r><![CDATA[</r>",
    ],
)
def test_what_is_not_well_formed_is_refused(text: str) -> None:
    """
    What is no XML is refused, and so is each character that XML does not have.
    """
    with pytest.raises(BadBody, match="not XML"):
        read(text)


def test_a_refusal_says_where() -> None:
    """
    Whoever sent a malformed document is told the line and the column.
    """
    with pytest.raises(BadBody, match=r"mismatched tag \(line 2, column 6\)"):
        read("<r>\n<a></b></r>")
    with pytest.raises(BadBody, match=r"\(line 3\)"):
        read("<r>\n\n<x:a/></r>")


def test_endless_nesting_is_refused() -> None:
    """
    Two hundred thousand open elements are refused at the 33rd, and cost no memory to speak of.
    """
    body = b"<a>" * 200_000
    tracemalloc.start()
    with pytest.raises(BadBody, match="nested too deeply"):
        xml.read(body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 8_000_000
    deepest = "<a>" * 32 + "</a>" * 32
    assert read(deepest) != {}
    with pytest.raises(BadBody, match="nested too deeply"):
        read(f"<a>{deepest}</a>")


marks = st.builds(
    Mark,
    enrollment_id=st.integers(1),
    date=st.dates().map(str),
    status=st.integers(1, 4),
    comment=st.text(),
)


@given(st.lists(marks, max_size=8), st.lists(st.dates().map(str), max_size=3))
def test_a_listing_is_written_as_any_object(found: list[Mark], empty: list[str]) -> None:
    """
    The lines that are written out for days and marks say what looking at each member would say.
    """
    dates = sorted({*empty, *(mark.date for mark in found)})
    listing = shapes.listing(MarkPage(1, found, dates, {}, False), None)

    assert xml.write(listing) == xml.write(msgspec.to_builtins(listing))


@given(
    st.builds(Answer, id=st.integers(1).map(str), response_code=st.just(200))
    | st.builds(
        Answer,
        response_code=st.sampled_from([400, 403, 404]),
        message=st.text(min_size=1),
        enrollment_id=st.none() | st.integers(1),
        date=st.none() | st.dates().map(str),
    )
)
def test_an_answer_is_written_as_any_object(answer: Answer) -> None:
    """
    The same holds for what became of an entry, saved or refused.
    """
    members = msgspec.to_builtins(answer)

    assert xml.write({"attendance": [answer]}) == xml.write({"attendance": [members]})


def test_what_a_shape_leaves_out_is_nothing() -> None:
    """
    A member that JSON leaves out is left out here too: such shapes have no default but None.
    """
    sparing = [
        kind
        for kind in vars(shapes).values()
        if isinstance(kind, type)
        and issubclass(kind, msgspec.Struct)
        and kind.__struct_config__.omit_defaults
    ]

    assert shapes.Listing in sparing
    defaults = {default for kind in sparing for default in kind.__struct_defaults__}
    assert defaults <= {None, msgspec.NODEFAULT}
