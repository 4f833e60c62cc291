"""`rollbook import`: what it prints, and how it ends."""

import io
import json
import re
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from rollbook.cli import importing, main
from rollbook.domain.sentences import Parts

SET = {
    "orgs": "sourcedId,name,type\nschool,Lindenhof School,school\n",
    "users": (
        "sourcedId,orgSourcedIds,role,givenName,familyName,password\n"
        "anna,school,student,Anna,Abel,hidden\nben,school,student,Ben,Bell,hidden\n"
    ),
    "classes": "sourcedId,title,schoolSourcedId\nmaths,Maths,school\n",
    "enrollments": (
        "sourcedId,classSourcedId,userSourcedId,role\ne1,maths,anna,student\ne2,maths,ben,student\n"
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "set"
    folder.mkdir()
    for name, content in SET.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    return folder


@pytest.fixture
def database(tmp_path: Path) -> str:
    path = str(tmp_path / "rollbook.db")
    assert run("migrate", "--database", path).exit_code == 0
    assert run("district", "create", "Lindenhof", "--database", path).exit_code == 0
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def take_in(database: str, folder: Path, *options: str) -> Result:
    return run("import", "oneroster", str(folder), "--database", database, *options)


def counts(result: Result) -> dict[str, list[int]]:
    """Return the table's lines: added, changed, ended, unchanged."""
    assert result.exit_code == 0, result.output
    line = re.compile(r"^\s*(\w+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*$", re.MULTILINE)
    lines = line.findall(result.stdout)
    return {noun: [int(number) for number in numbers] for noun, *numbers in lines}


def test_a_table_says_what_was_done(database: str, folder: Path) -> None:
    """
    Added, changed, ended and unchanged, a line for each noun; nothing else is printed.
    """
    result = take_in(database, folder)

    assert counts(result) == {
        "schools": [1, 0, 0, 0],
        "sections": [1, 0, 0, 0],
        "users": [2, 0, 0, 0],
        "enrollments": [2, 0, 0, 0],
    }
    assert result.stderr == ""


def test_the_same_again_changes_nothing(database: str, folder: Path) -> None:
    """
    Every line is unchanged.
    """
    take_in(database, folder)

    assert counts(take_in(database, folder))["users"] == [0, 0, 0, 2]


def test_a_dry_run_changes_nothing(database: str, folder: Path) -> None:
    """
    It prints the table, and that it was one.
    """
    rehearsed = take_in(database, folder, "--dry-run")

    assert counts(rehearsed)["users"] == [2, 0, 0, 0]
    assert "nothing was changed" in rehearsed.stdout
    assert counts(take_in(database, folder)) == counts(rehearsed)


def test_problems_are_printed_one_a_line(database: str, folder: Path) -> None:
    """
    Then comes the sentence, and the exit code says that it failed.
    """
    enrollments = SET["enrollments"] + "e3,art,anna,student\ne4,maths,zoe,student\n"
    (folder / "enrollments.csv").write_text(enrollments, encoding="utf-8")
    result = take_in(database, folder)

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "enrollments.csv, line 4, classSourcedId: there is no art in classes.csv",
        "enrollments.csv, line 5, userSourcedId: there is no zoe in users.csv",
        "Error: the import was refused and changed nothing: 2 faults were found in the files",
    ]


def test_ending_many_must_be_allowed(database: str, folder: Path) -> None:
    """
    The refusal names the option, and with it the import goes on.
    """
    take_in(database, folder)
    (folder / "enrollments.csv").write_text(
        SET["enrollments"].splitlines()[0], encoding="utf-8"
    )
    refused = take_in(database, folder)
    allowed = take_in(database, folder, "--allow-ending")

    assert refused.exit_code == 1
    assert "2 of the 2 active enrollments would end" in refused.stderr
    assert "--allow-ending" in refused.stderr
    assert counts(allowed)["enrollments"] == [0, 0, 2, 0]


@pytest.mark.parametrize("name", ["Lindenhof", "1"])
def test_the_district_is_named_or_numbered(database: str, folder: Path, name: str) -> None:
    """
    Where there are several, one has to be said.
    """
    run("district", "create", "Nordhafen", "--database", database)

    assert take_in(database, folder).exit_code == 1
    assert counts(take_in(database, folder, "--district", name))["users"] == [2, 0, 0, 0]


def test_a_terminal_shows_how_far_it_is(
    database: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The bar names what is being read, and is not drawn into a file.
    """
    screen = io.StringIO()
    monkeypatch.setattr(importing, "err", Console(file=screen, force_terminal=True, width=80))

    assert take_in(database, folder).exit_code == 0
    assert "enrollments" in screen.getvalue()
    assert "2 rows" in screen.getvalue()


def test_json_says_what_came_of_it(database: str, folder: Path) -> None:
    """
    What it did, what is wrong, and how many would end too many: for programs, with exit code 0.
    """
    made = json.loads(take_in(database, folder, "--json").stdout)
    assert ["users", 2, 0, 0, 0] in [list(one.values()) for one in made["summaries"]]
    (folder / "enrollments.csv").write_text("sourcedId,classSourcedId,userSourcedId,role\n")
    many = json.loads(take_in(database, folder, "--json", "--dry-run").stdout)
    assert (many["ended"], many["active"], many["refused"]) == (2, 2, "")
    refused = json.loads(take_in(database, folder, "--json").stdout)
    assert "2 of the 2 active enrollments would end" in refused["refused"]
    (folder / "users.csv").write_text("sourcedId\nx\n")
    wrong = json.loads(take_in(database, folder, "--json").stdout)
    assert any(line.startswith("users.csv") for line in wrong["problems"])
    assert [msgspec.convert(parts, Parts).told() for parts in wrong["problems_parts"]] == wrong[
        "problems"
    ]
