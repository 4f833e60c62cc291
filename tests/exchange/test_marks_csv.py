"""Files of marks: what a line may say, and what is told of one that is wrong."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import corpus
from rollbook.domain.attendance import why_not_comment
from rollbook.domain.errors import ImportRefused
from rollbook.domain.mark_files import MarkLine, MarkLines, Place, SectionMarks
from rollbook.domain.rosters import Seat
from rollbook.exchange import marks_csv
from rollbook.exchange.problems import Problems
from wire.naughty import strings

HEADER = "section_id,enrollment_id,date,status,comment\n"
GOOD = "7,1,2026-09-14,2,sick\n"


def written(sheets: list[SectionMarks], *, comments: bool = True) -> list[str]:
    """Return the parts of the file that sheets make."""

    async def each() -> AsyncIterator[SectionMarks]:
        for sheet in sheets:
            yield sheet

    async def parts() -> list[str]:
        return [text async for text in marks_csv.write(each(), comments=comments)]

    return asyncio.run(parts())


def read(data: str | bytes, *, partial: bool = False) -> tuple[list[MarkLine], Sequence[str]]:
    """Return the lines that are right but for their ids, and all that is wrong."""
    problems = Problems()
    file = io.BytesIO(data.encode() if isinstance(data, str) else data)
    lines = marks_csv.read(file, "marks.csv", problems, partial=partial)
    return [line for line in lines.lines if line[4]], problems.lines


def lines(data: str | bytes) -> list[MarkLine]:
    """Return the lines of a file in which nothing is wrong."""
    found, problems = read(data)
    assert problems == []
    return found


def refusal(data: str | bytes) -> Sequence[str]:
    """Return what is told of a file that is refused."""
    with pytest.raises(ImportRefused) as refused:
        read(data)
    return refused.value.problems


def columns(header: str) -> MarkLines:
    return marks_csv.read(io.BytesIO(header.encode()), "marks.csv", Problems())


# ---------------------------------------------------------------- what a line may say


def test_a_line_says_whose_mark_when_and_what() -> None:
    """
    Its number, the cells that name section and enrollment, the day, the status, the comment.
    """
    assert lines(HEADER + GOOD) == [(2, "7", "1", "2026-09-14", 2, "sick")]


@pytest.mark.parametrize(
    ("status", "spellings"),
    [
        (1, ["1", "present", "PRESENT", " Present ", "p", "P"]),
        (2, ["2", "absent", "a", "A"]),
        (3, ["3", "late", "tardy", "L", "T"]),
        (4, ["4", "excused", "E"]),
    ],
)
def test_a_status_is_a_number_a_word_or_a_letter(status: int, spellings: list[str]) -> None:
    """
    In upper or lower case, as systems and people write them.
    """
    data = HEADER + "".join(f"7,1,2026-09-14,{spelled},\n" for spelled in spellings)

    assert [line[4] for line in lines(data)] == [status] * len(spellings)


def test_without_a_column_of_comments_they_stay() -> None:
    """
    No column: no comment is given. An empty cell: the comment is cleared, as in a PUT.
    """
    bare = "section_id,enrollment_id,date,status\n7,1,2026-09-14,2\n"

    assert lines(bare)[0][5] is None
    assert lines(HEADER + "7,1,2026-09-14,2,\n")[0][5] == ""


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + (HEADER + GOOD).encode(),
        (HEADER + GOOD).replace("\n", "\r\n").encode(),
        b"Comment,Status,DATE,x,Enrollment_ID,section_id\nsick,2,2026-09-14,,1,7\n",
        (HEADER + "\n" + GOOD + ",,,,\n\n").encode().replace(b"\n\n7", b"\n7"),
    ],
    ids=["byte order mark", "CRLF", "another order", "blank lines"],
)
def test_what_does_no_harm_is_taken_as_it_comes(data: bytes) -> None:
    """
    Byte order marks, line endings, columns in any order and beside others, blank lines.
    """
    assert [line[1:] for line in lines(data)] == [("7", "1", "2026-09-14", 2, "sick")]


@pytest.mark.parametrize(
    ("header", "section", "place", "of_students"),
    [
        ("section,student", "section", "student", True),
        ("section_id,section,enrollment", "section_id", "enrollment", False),
        (
            "section_sourced_id,enrollment_sourced_id",
            *["section_sourced_id"],
            *["enrollment_sourced_id"],
            False,
        ),
        ("section_school_code,school_uid", "section_school_code", "school_uid", True),
        (",".join(marks_csv.COLUMNS), "section_id", "enrollment_id", False),
    ],
)
def test_columns_say_whose_ids_they_hold(
    header: str, section: str, place: str, of_students: bool
) -> None:
    """
    Ours, the roster's, or either; where several are there, the first of them in the documentation.
    """
    found = columns(f"{header},date,status\n" if "date" not in header else f"{header}\n")

    assert (found.section.name, found.place.name) == (section, place)
    assert found.of_students == of_students
    assert (found.section.ours, found.section.rosters) == (
        section in {"section", "section_id"},
        section != "section_id",
    )


# ---------------------------------------------------------------- what is wrong


def test_everything_that_is_wrong_is_named() -> None:
    """
    Each fault of each line, by line and column; no value is shown, and nothing is left out.
    """
    bad = (
        "7,1,2026-02-30,2,\n"
        "7,1,2026-09-14,5,\n"
        ",1,20260914,here,\x01\n"
        f"7,{'9' * 300},2026-09-14,1,{'x' * 2001}\n"
        "7,1\n"
        "7,1,2026-09-14,1,,more\n"
    )

    assert refusal(HEADER + GOOD + bad) == [
        "marks.csv, line 3, date: is not a day of the calendar, written YYYY-MM-DD",
        "marks.csv, line 4, status: is none: 1 to 4, or a word such as absent, or A",
        "marks.csv, line 5, date: is not a day of the calendar, written YYYY-MM-DD",
        "marks.csv, line 5, comment: has the character U+0001, which XML cannot carry",
        "marks.csv, line 5, status: is none: 1 to 4, or a word such as absent, or A",
        (
            "marks.csv, line 5, section_id: is no id: empty, longer than 255 characters, "
            "or not all printable"
        ),
        "marks.csv, line 6, comment: has 2001 characters; at most 2000 are kept",
        (
            "marks.csv, line 6, enrollment_id: is no id: empty, longer than 255 characters, "
            "or not all printable"
        ),
        "marks.csv, line 7: has 2 cells, and the header names 5 columns",
        "marks.csv, line 8: has 6 cells, but the header names 5 columns",
    ]


def test_the_good_lines_can_be_wanted_anyhow() -> None:
    """
    With *partial* the bad lines are told of and the others are read.
    """
    found, problems = read(HEADER + "7,1,never,2,\n" + GOOD, partial=True)

    assert [line[0] for line in found] == [3]
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "line 1: the header has none of the columns section_id"),
        (b"a,b\n", "line 1: the header has none of the columns section_id"),
        (b"section,date,status\n", "none of the columns enrollment_id, enrollment_sourced_id"),
        (b"section,student,status\n", "line 1: the header lacks the column date"),
        (b"section,section,student,date,status\n", "names the column section twice"),
        (HEADER.encode() + b'7,1,2026-09-14,2,"open\n', "line 2: a quote is opened here"),
        (HEADER.encode() + b"7,1,2026-09-14,2,\xe9\n", "line 2: the text is not UTF-8"),
        (HEADER.encode("utf-16"), "the file is in UTF-16"),
        (HEADER.encode() + b"7,1,2026-09-14,2,\0\n", "line 2: there is a NUL"),
        (HEADER.encode() + b"7,1,2026-09-14,2," + b"x" * 2**21, "longer than"),
    ],
)
@pytest.mark.parametrize("partial", [False, True])
def test_a_file_that_cannot_be_read_to_its_end_is_refused(
    data: bytes, told: str, partial: bool
) -> None:
    """
    Also when the good lines are wanted: nobody can say which they are.
    """
    with pytest.raises(ImportRefused) as refused:
        read(data, partial=partial)

    assert told in "\n".join(refused.value.problems)


def test_files_of_other_things_are_refused_in_words() -> None:
    """
    None of csv-spectrum is a file of marks, and each is told so.
    """
    for file in sorted((corpus("csv-spectrum") / "csvs").glob("*.csv")):
        with pytest.raises(ImportRefused):
            read(file.read_bytes())


# ---------------------------------------------------------------- out and in again

PLACES = {
    1: Place(Seat(1, False, 1, None, None), "e,1", 11, '"u"'),
    2: Place(Seat(2, False, 1, None, None), None, 12, "=u2"),
}
comments = st.text(max_size=40).filter(lambda text: not why_not_comment(text))


def out_and_in(texts: Sequence[str]) -> list[str | None]:
    """Return comments as they come back from a file that was written with them."""
    rows = [("2026-09-14", 1 + number % 2, 2, text) for number, text in enumerate(texts)]
    text = "".join(written([SectionMarks(7, "s", PLACES, rows)]))
    found = lines(text)
    assert [(line[1], line[2]) for line in found] == [("7", str(row[1])) for row in rows]
    return [line[5] for line in found]


@given(st.lists(comments, max_size=5))
def test_a_file_that_was_written_is_read_as_it_was_meant(texts: list[str]) -> None:
    """
    Ids, days, statuses and comments come back as they went out, whatever the comments are.
    """
    assert out_and_in(texts) == texts


def test_naughty_comments_come_back() -> None:
    """
    The big list of naughty strings, as far as comments can hold them, and the cells of
    csv-spectrum, which are there to break readers.
    """
    texts = [text for text in strings() if not why_not_comment(text)]
    for file in sorted((corpus("csv-spectrum") / "json").glob("*.json")):
        found = json.loads(Path(file).read_bytes())
        rows = found if isinstance(found, list) else [found]
        texts += [cell for row in rows for pair in row.items() for cell in pair]

    assert len(texts) > 400
    assert out_and_in(texts) == texts


def test_no_cell_that_goes_out_is_a_formula() -> None:
    """
    Comments and the roster's ids get a quote where a spreadsheet would run them.
    """
    rows = [("2026-09-14", 2, 4, "=1+1")]
    (_, text) = written([SectionMarks(7, "-s", PLACES, rows)])

    assert text == "7,'-s,2,,12,'=u2,2026-09-14,excused,'=1+1\r\n"


def test_comments_can_stay_at_home() -> None:
    """
    Without comments the column is not there, so that an import of the file leaves them alone.
    """
    rows = [("2026-09-14", 1, 1, "secret")]
    header, text = written([SectionMarks(7, None, PLACES, rows)], comments=False)

    assert header.endswith(",date,status\r\n")
    assert text == '7,,1,"e,1",11,"""u""",2026-09-14,present\r\n'
