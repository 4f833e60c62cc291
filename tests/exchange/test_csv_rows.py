"""Bytes to rows: what is taken as it comes, and what is an error with its line."""

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import corpus
from rollbook.exchange.csv_rows import BrokenCsvError, Column, read_rows

A_TO_C = [Column("a", required=True), Column("b"), Column("c")]
SECRET = "Passw0rd-that-nobody-may-see"


def read(
    data: bytes | str, columns: list[Column] = A_TO_C
) -> tuple[list[tuple[int, tuple[str, ...]]], list[tuple[int, str, str]]]:
    """Return the rows and what was reported."""
    reported: list[tuple[int, str, str]] = []
    file = io.BytesIO(data.encode() if isinstance(data, str) else data)
    rows = list(read_rows(file, columns, lambda *what: reported.append(what)))
    return rows, reported


def cells(data: bytes | str) -> list[tuple[str, ...]]:
    """Return the cells of a file in which nothing is wrong."""
    rows, reported = read(data)
    assert reported == []
    return [row for _, row in rows]


def fault(data: bytes) -> BrokenCsvError:
    with pytest.raises(BrokenCsvError) as broken:
        read(data)
    return broken.value


# ---------------------------------------------------------------- what is taken as it comes


@pytest.mark.parametrize(
    "name",
    [
        "comma_in_quotes",
        "empty",
        "empty_crlf",
        "escaped_quotes",
        "json",
        "location_coordinates",
        "newlines",
        "newlines_crlf",
        "quotes_and_newlines",
        "simple",
        "simple_crlf",
        "utf8",
    ],
)
def test_the_acid_test_reads_as_it_says(name: str) -> None:
    """
    Each file of csv-spectrum has the rows that are written beside it.
    """
    folder = corpus("csv-spectrum")
    expected = json.loads((folder / "json" / f"{name}.json").read_bytes())
    if name == "location_coordinates":  # what is beside it is one row, and of another phone
        expected = [expected | {"Contact Phone Number": "2095257564"}]
    columns = [Column(column) for column in expected[0]]
    rows, reported = read((folder / "csvs" / f"{name}.csv").read_bytes(), columns)

    assert [dict(zip(expected[0], row, strict=True)) for _, row in rows] == expected
    assert reported == []


@pytest.mark.parametrize(
    ("data", "row"),
    [
        (b"\xef\xbb\xbfa,b,c\n1,2,3\n", ("1", "2", "3")),
        (b'\xef\xbb\xbf"a",b,c\n1,2,3\n', ("1", "2", "3")),
        ("a,b,c\r\n1,2,3\r\n", ("1", "2", "3")),
        ("a,b,c\n1,2,3", ("1", "2", "3")),
        ("a,b,c\r\n1,2,3\n", ("1", "2", "3")),
        ("c,a,b\n3,1,2\n", ("1", "2", "3")),
        ("a,x,b,y,c\n1,,2,9,3\n", ("1", "2", "3")),
        (" A , B,C \n1,2,3\n", ("1", "2", "3")),
        ("a,c\n1,3\n", ("1", "", "3")),
        ("a,b,c,,\n1,2,3\n", ("1", "2", "3")),
        ("a,b,c\n1\n", ("1", "", "")),
        ("a,b,c\n1,2,3,,\n", ("1", "2", "3")),
        ("\n\na,b,c\n\n , ,\n1,2,3\n\n", ("1", "2", "3")),
        ('a,b,c\n1," 2",3\n', ("1", " 2", "3")),
        ("a,b,c\n1,5'6\",3\n", ("1", "5'6\"", "3")),
        ('a,b,c\n1,"x\r\ny",3\n', ("1", "x\r\ny", "3")),
        ("a,b,c\n1,ʤ 学校,3\n", ("1", "ʤ 学校", "3")),
    ],
)
def test_what_does_no_harm_is_taken(data: bytes | str, row: tuple[str, ...]) -> None:
    """
    Marks at the beginning, line endings, other columns and blank cells do not matter.
    """
    assert cells(data) == [row]


def test_a_header_alone_has_no_rows() -> None:
    """
    A file with nobody in it is a file.
    """
    assert cells("a,b,c\n") == []


@given(
    table=st.lists(
        st.tuples(*[st.text(st.characters(exclude_characters="\0", codec="utf-8"))] * 3).filter(
            lambda row: "".join(row).strip()
        )
    ),
    ending=st.sampled_from(["\n", "\r\n"]),
)
def test_what_is_written_is_read(table: list[tuple[str, str, str]], ending: str) -> None:
    """
    Whatever texts a program writes as CSV come out as they went in.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator=ending, quoting=csv.QUOTE_ALL)
    writer.writerow(["a", "b", "c"])
    writer.writerows(table)

    assert cells(file.getvalue()) == table


# ---------------------------------------------------------------- lines


def test_a_row_has_the_line_that_it_begins_on() -> None:
    """
    Newlines in quotes, blank lines and the header are counted.
    """
    rows, _ = read('a,b,c\n1,"x\ny\nz",3\n\n4,5,6\n"7\n",8,9\n10,,\n')

    assert [line for line, _ in rows] == [2, 6, 7, 9]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1,2,3,4", "has 4 cells, but the header names 3 columns"),
        ("1,2,3,,5", "has 5 cells, but the header names 3 columns"),
    ],
)
def test_a_row_with_cells_too_many_is_reported(row: str, said: str) -> None:
    """
    The row is left out with its line, and the others are read.
    """
    rows, reported = read(f"a,b,c\n0,,\n{row}\n6,,\n")

    assert [line for line, _ in rows] == [2, 4]
    assert reported == [(3, "", said)]


def test_a_row_that_lacks_what_is_required_is_reported() -> None:
    """
    Only columns that may be empty are filled up.
    """
    rows, reported = read("b,a,c\n1\n1,2\n")

    assert rows == [(3, ("2", "1", ""))]
    assert reported == [(2, "", "has 1 cells, and the header names 3 columns")]


# ---------------------------------------------------------------- what cannot be read


@pytest.mark.parametrize(
    ("data", "line", "said"),
    [
        (b"", 1, "empty"),
        (b"\xef\xbb\xbf", 1, "empty"),
        (b"b,c\n1,2\n", 1, "lacks the column a"),
        (b"a,b,A\n1,2,3\n", 1, "the column a twice"),
        ("a,b\n1,2\n".encode("utf-16"), 1, "UTF-16"),
        ("a,b\n1,2\n".encode("utf-16-be"), 1, "NUL"),
        (b"\xfe\xff" + "a,b\n1,2\n".encode("utf-16-be"), 1, "UTF-16"),
        ("a,b\n1,2\nX,é\n".encode("latin-1"), 3, "not UTF-8, from byte 3"),
        (b"a,b\n1,\xed\xa0\x80\n", 2, "not UTF-8"),
        (b"a,b\n1,\xc0\xaf\n", 2, "not UTF-8"),
        (b"a,b\n1,2\n3,\0\n", 3, "NUL"),
        (b'a,b\n1,2\n3,"4\n5,6\n7,8\n', 3, "never closed"),
        (b'a,b\n1,2\n3,"4"x\n', 3, "not CSV"),
        (b"a,b\r1,2\r", 1, "carriage return"),
        (b'a,b\n"' + b"x\n" * 100_000 + b'"\n', 2, "longer than 128 KiB"),
        (b"a,b\n1,2\n" + b"x" * 2**20 + b"\n", 3, "longer than 1 MiB"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(data: bytes, line: int, said: str) -> None:
    """
    Wrong encodings, broken quotes and endless lines end the reading, in a sentence.
    """
    broken = fault(data)

    assert broken.line == line
    assert said in str(broken)


@pytest.mark.parametrize(
    "ending", [b'"', b'"x', b",,,9\n", b"\0", b"\xff", b"\r,", b"," + b"x" * 2**20, b'\n"']
)
def test_no_message_holds_a_cell(ending: bytes) -> None:
    """
    What is wrong with a line is told without what stands in it.
    """
    data = b'a,b,c\n"' + SECRET.encode() + b'",' + SECRET.encode() + ending
    try:
        _, reported = read(data)
        said = str(reported)
    except BrokenCsvError as broken:
        said = str(broken)

    assert said
    assert SECRET not in said


def test_rows_come_before_the_fault(tmp_path: Path) -> None:
    """
    A file is read as it is used: what comes before a fault comes out.
    """
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b,c\n1,2,3\n\xff\n")
    with path.open("rb") as file:
        rows = read_rows(file, A_TO_C, lambda *_: None)

        assert next(rows) == (2, ("1", "2", "3"))
        with pytest.raises(BrokenCsvError):
            next(rows)
