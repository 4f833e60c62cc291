"""`rollbook import marks` and `rollbook export marks`: what they print, and how they end."""

import csv
import io
import re
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest
from rich.console import Console

from cast import MONDAY, TUESDAY
from cli.terminal import Terminal
from rollbook.cli import importing
from rollbook.exchange import marks_csv

HEADER = "section,enrollment,date,status,comment"
GOOD = (
    f"maths,anna,{MONDAY},A,sick",
    f"maths,ben,{MONDAY},P,",
    f"music,anna in music,{TUESDAY},late,",
)


@pytest.fixture
def lindenhof(school: Terminal) -> tuple[str, ...]:
    """Where the marks go: there are two districts."""
    return ("--district", "Lindenhof")


def write(folder: Path, *lines: str) -> str:
    path = folder / "marks.csv"
    path.write_text("\n".join((HEADER, *lines, "")), encoding="utf-8")
    return str(path)


def marks_of(terminal: Terminal) -> list[tuple[object, ...]]:
    db = apsw.Connection(str(terminal.database))
    found = list(
        db.execute("SELECT section_id, date, enrollment_id, status, comment FROM marks")
    )
    db.close()
    return found


def test_an_import_says_what_it_did(
    school: Terminal, lindenhof: tuple[str, ...], tmp_path: Path
) -> None:
    """
    How many marks changed, how many were so already, and how the record calls the import.
    """
    path = write(tmp_path, *GOOD)
    said = school.run("import", "marks", path, *lindenhof)
    again = school.run("import", "marks", path, *lindenhof)

    (name,) = re.findall(r"import-[0-9a-f]{16}", said)
    assert said.startswith("3 marks changed, 0 were so already.\n")
    assert again == "0 marks changed, 3 were so already.\n"
    db = apsw.Connection(str(school.database))
    assert {row[0] for row in db.execute("SELECT request_id FROM record")} == {name}
    db.close()


def test_a_dry_run_says_so(
    school: Terminal, lindenhof: tuple[str, ...], tmp_path: Path
) -> None:
    """
    It tells what would be changed, and nothing is.
    """
    said = school.run("import", "marks", write(tmp_path, *GOOD), *lindenhof, "--dry-run")

    assert said == (
        "3 marks would be changed, 0 were so already.\n"
        "This was a dry run: nothing was changed.\n"
    )
    assert marks_of(school) == []


BAD = (*GOOD, f"maths,zoe,{MONDAY},A,", "maths,anna,yesterday,A,")
TOLD = [
    "marks.csv, line 5, enrollment: there is no enrollment zoe in this section",
    "marks.csv, line 6, date: is not a day of the calendar, written YYYY-MM-DD",
]


@pytest.mark.parametrize("dry_run", [[], ["--dry-run"]])
def test_with_a_bad_line_nothing_is_saved(
    school: Terminal, lindenhof: tuple[str, ...], tmp_path: Path, dry_run: list[str]
) -> None:
    """
    All that is wrong is named, one fault a line, and the exit code says that it failed.
    """
    command = ("import", "marks", write(tmp_path, *BAD), *lindenhof, *dry_run)
    result = school.types(*command)

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        *sorted(TOLD),
        "Error: the import was refused and changed nothing: 2 faults were found in the files",
    ]
    assert marks_of(school) == []


def test_the_good_lines_can_be_saved_anyhow(
    school: Terminal, lindenhof: tuple[str, ...], tmp_path: Path
) -> None:
    """
    With --partial they are, the bad ones are named, and the exit code still tells of them.
    """
    result = school.types("import", "marks", write(tmp_path, *BAD), *lindenhof, "--partial")

    assert result.exit_code == 1
    assert result.stdout.startswith("3 marks changed")
    assert result.stderr.splitlines() == [
        *TOLD,
        "Error: not everything was saved: there were 2 faults.",
    ]
    assert len(marks_of(school)) == 3


def test_a_report_has_every_fault(
    school: Terminal, lindenhof: tuple[str, ...], tmp_path: Path
) -> None:
    """
    The terminal shows a hundred and counts the rest; the file has one line for each.
    """
    report = tmp_path / "report.txt"
    path = write(tmp_path, *(f"maths,zoe\x1b,{MONDAY},{n}," for n in range(5, 155)))
    options = (*lindenhof, "--report", str(report))
    result = school.types("import", "marks", path, *options)

    lines = report.read_text().splitlines()
    assert len(lines) == 300
    assert (
        lines[0] == "marks.csv, line 2, status: is none: 1 to 4, or a word such as absent, or A"
    )
    assert result.stderr.splitlines()[100] == "and 200 more"
    assert "\x1b" not in result.stderr + report.read_text()


def test_a_district_of_powerschool_takes_no_file(
    school: Terminal, lindenhof: tuple[str, ...], tmp_path: Path
) -> None:
    """
    Where attendance is taken elsewhere, a file is refused as a PUT is.
    """
    school.run("district", "set", "Lindenhof", "--powerschool")

    assert "PowerSchool" in school.refused(
        "import", "marks", write(tmp_path, *GOOD), *lindenhof
    )


def test_a_terminal_shows_how_far_an_import_is(
    school: Terminal,
    lindenhof: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    A bar names the step and counts its lines.
    """
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)
    monkeypatch.setattr(importing, "err", console)
    school.types("import", "marks", write(tmp_path, *GOOD), *lindenhof)

    assert "saving" in screen.getvalue()
    assert "3 rows" in screen.getvalue()


# ---------------------------------------------------------------- out


@pytest.fixture
def marked(school: Terminal, lindenhof: tuple[str, ...], tmp_path: Path) -> Terminal:
    """A terminal in a house with three marks."""
    school.run(
        "import",
        "marks",
        write(tmp_path, *GOOD[1:], f'maths,anna,{MONDAY},A,"=1, ""x"""'),
        *lindenhof,
    )
    return school


def test_an_export_comes_out_of_the_terminal(
    marked: Terminal, lindenhof: tuple[str, ...]
) -> None:
    """
    As CSV with a header: ids, ours and the roster's, then day, status and comment.
    """
    rows = list(csv.DictReader(io.StringIO(marked.run("export", "marks", *lindenhof))))

    assert [row["enrollment_sourced_id"] for row in rows] == ["anna", "ben", "anna in music"]
    assert rows[0] | {"section_id": "", "enrollment_id": "", "student_id": ""} == {
        "section_id": "",
        "section_sourced_id": "maths",
        "enrollment_id": "",
        "enrollment_sourced_id": "anna",
        "student_id": "",
        "student_sourced_id": "anna",
        "date": MONDAY,
        "status": "absent",
        "comment": '\'=1, "x"',
    }


def test_what_was_exported_is_imported_as_it_was(
    marked: Terminal, lindenhof: tuple[str, ...], tmp_path: Path
) -> None:
    """
    An import of one's own export changes nothing; into an empty book it brings every mark back.
    """
    path = tmp_path / "exported.csv"
    marked.run("export", "marks", *lindenhof, "--output", str(path))
    before = marks_of(marked)
    said = marked.run("import", "marks", str(path), *lindenhof)
    db = apsw.Connection(str(marked.database))
    db.execute("DELETE FROM marks")
    db.close()
    marked.run("import", "marks", str(path), *lindenhof)

    assert said.startswith("0 marks changed, 3 were so already")
    assert marks_of(marked) == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_filters_and_comments(marked: Terminal, lindenhof: tuple[str, ...]) -> None:
    """
    Options leave out what is not asked for, and comments where they are nobody's business.
    """
    options = ("--status", "absent", "--status", "L", "--start", MONDAY, "--no-comments")
    header, *lines = marked.run("export", "marks", *lindenhof, *options).splitlines()

    assert header.endswith("date,status")
    assert [line.split(",")[-1] for line in lines] == ["absent", "late"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--start", "14.9.2026"), "write it as 2026-11-23"),
        (("--status", "here"), "present, absent, late, excused"),
    ],
)
def test_a_filter_that_is_none_is_explained(
    marked: Terminal, lindenhof: tuple[str, ...], options: tuple[str, str], told: str
) -> None:
    """
    A day or a status that there is not is refused as a wrong word on the command line is.
    """
    result = marked.types("export", "marks", *lindenhof, *options)

    assert result.exit_code == 2
    assert told in result.stderr


def test_a_file_is_there_whole_or_not_at_all(
    marked: Terminal,
    lindenhof: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    An export that fails leaves what was there before, and nothing half beside it.
    """
    folder = tmp_path / "out"
    folder.mkdir()
    path = folder / "marks.csv"
    path.write_text("yesterday's")

    async def fails(*_: object, **__: object) -> AsyncIterator[str]:
        yield "half"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(marks_csv, "write", fails)
    result = marked.types("export", "marks", *lindenhof, "--output", str(path))

    assert result.exit_code == 1
    assert "No space left on device" in result.stderr
    assert [(file.name, file.read_text()) for file in folder.iterdir()] == [
        ("marks.csv", "yesterday's")
    ]


def test_a_place_where_nothing_can_be_written_is_named(
    marked: Terminal, lindenhof: tuple[str, ...], tmp_path: Path
) -> None:
    """
    A folder that is not there is a sentence.
    """
    place = str(tmp_path / "nowhere" / "marks.csv")

    assert place in marked.refused("export", "marks", *lindenhof, "--output", place)
    assert "art" in marked.refused("export", "marks", *lindenhof, "--section", "art")
