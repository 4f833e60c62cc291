"""JSON as it comes in: strict where two readers would understand it differently."""

import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.domain.errors import BadBody
from rollbook.wire import json
from wire import naughty

# The suite wants these read; a repeated member is where readers differ, so we do not.
REPEATED = {"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"}


def refused(files: list[Path]) -> set[str]:
    """Return the names of those that are refused; any other error is the test's."""
    names = set()
    for file in files:
        try:
            json.read(file.read_bytes())
        except BadBody:
            names.add(file.name)
    return names


def test_what_is_not_json_is_refused() -> None:
    """
    Every body of the JSON test suite that no reader may take is refused, and in no other way.
    """
    files = naughty.json_suite("n_")

    assert len(files) == 188
    assert {file.name for file in files} - refused(files) == set()


def test_what_is_json_is_read() -> None:
    """
    Every body of the suite that a reader must take is taken, but for repeated members.
    """
    files = naughty.json_suite("y_")

    assert len(files) == 95
    assert refused(files) == REPEATED


def test_what_is_left_open_is_read_or_refused() -> None:
    """
    On what the standard leaves to each reader, nothing but `BadBody` comes out.
    """
    files = naughty.json_suite("i_")
    refused_ = refused(files)

    assert len(files) == 35
    assert "i_string_UTF-16LE_with_BOM.json" in refused_
    assert "i_structure_UTF-8_BOM_empty_object.json" in refused_
    assert "i_number_double_huge_neg_exp.json" not in refused_


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1, "a": 1}',
        b'{"a": 1, "\\u0061": 2}',
        b'[{"b": {"a": null, "c": 1, "a": null}}]',
    ],
)
def test_a_repeated_member_is_refused_by_name(body: bytes) -> None:
    """
    A member that is there twice is refused at any depth and in any spelling, and named.
    """
    with pytest.raises(BadBody, match="the member 'a' twice"):
        json.read(body)


def test_looking_for_a_repeated_member_takes_no_longer_than_reading() -> None:
    """
    A body full of members of which only the last is repeated cannot keep the server busy.
    """
    members = ",".join(f'"{number}":0' for number in range(80_000))
    body = f'{{{members},"79999":0}}'.encode()

    with pytest.raises(BadBody, match="'79999'"):
        json.read(body)


def test_a_long_repeated_name_is_not_sent_back_whole() -> None:
    """
    The refusal quotes no more of a member's name than is needed to find it.
    """
    name = "a" * 100_000
    with pytest.raises(BadBody) as refusal:
        json.read(f'{{"{name}": 1, "{name}": 2}}'.encode())

    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_what_python_adds_to_json_is_refused(constant: str) -> None:
    """
    Python's reader takes constants that are no JSON; ours does not.
    """
    with pytest.raises(BadBody, match=constant):
        json.read(f'{{"status": {constant}}}'.encode())


def test_a_number_of_thousands_of_digits_is_refused() -> None:
    """
    A number that would keep a processor busy is refused, without a word of Python's about it.
    """
    with pytest.raises(BadBody, match="a number is too long") as refusal:
        json.read(b"[" + b"9" * 5000 + b"]")

    assert "sys" not in str(refusal.value)


def test_whole_numbers_are_never_rounded() -> None:
    """
    An id beyond what a floating-point number holds is read to the last digit.
    """
    body = b"[9007199254740993, 9223372036854775807, 18446744073709551616]"

    assert json.read(body) == [2**53 + 1, 2**63 - 1, 2**64]


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_endless_nesting_is_refused(opening: bytes) -> None:
    """
    A hundred thousand open brackets are refused, and cost no memory to speak of.
    """
    body = opening * 100_000
    tracemalloc.start()
    with pytest.raises(BadBody, match="nested too deeply"):
        json.read(body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 8_000_000


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"a": 1,}', "line 1, column 9"),
        (b'{\n  "a": "\n"}', "line 2, column 9"),
        (b"", "line 1, column 1"),
    ],
)
def test_a_refusal_says_where(body: bytes, place: str) -> None:
    """
    Whoever sent a malformed body is told the line and the column.
    """
    with pytest.raises(BadBody, match=place):
        json.read(body)


@pytest.mark.parametrize(
    "body",
    [
        '{"a": "é"}'.encode("latin-1"),
        '{"a": "é"}'.encode("utf-16"),
        '{"a": "é"}'.encode("utf-32"),
        b'"\xc0\xaf"',
        b'"\xed\xa0\x80"',
        b'"\xf4\x90\x80\x80"',
        b'\xef\xbb\xbf{"a": 1}',
    ],
)
def test_a_body_that_is_not_utf_8_is_refused(body: bytes) -> None:
    """
    Other encodings, overlong forms, encoded surrogates and a byte order mark are refused.
    """
    with pytest.raises(BadBody, match=r"UTF-8|not JSON"):
        json.read(body)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_what_is_written_is_read_back(document: Any) -> None:
    """
    Writing and reading are each other's inverse.
    """
    assert json.read(json.write(document)) == document
