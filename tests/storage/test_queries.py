import ast
import re
from collections.abc import Iterator
from pathlib import Path

import apsw
import apsw.ext
import pytest

from rollbook import storage
from rollbook.storage import queries
from rollbook.storage.sqlite import migrations
from rollbook.storage.sqlite.statements import SQL

FOLDER = Path(storage.__file__).parent
STATEMENTS = queries.statements("sqlite")
MAKES_TABLES = ("create_staging", "create_blocks", "create_moving_record")
READS_EVERY_EVENT = "remove_events_up_to"  # of a pruning, where events were tampered with
OF_ONE_DISTRICT = [
    name
    for name, text in STATEMENTS.items()
    if ":district_id" in text and "staged" not in text and ";\n" not in text
    if name != READS_EVERY_EVENT
]


DIALECTS = ("sqlite", "postgres")


def used(dialect: str) -> Iterator[str]:
    """Yield each name that a dialect's code, or the code for both, takes from `SQL`."""
    for file in (*FOLDER.glob("*.py"), *(FOLDER / dialect).glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Attribute(value=ast.Name(id="SQL" | "_SQL"), attr=name):
                    yield name
                case ast.Attribute(value=ast.Attribute(attr="_sql" | "sql"), attr=name):
                    yield name


def named(folder: Path) -> list[str]:
    """Return the name of each statement in a folder's own files."""
    texts = [file.read_text(encoding="utf-8") for file in folder.glob("*.sql")]
    return re.findall(r"^-- name: (.*)$", "\n".join(texts), re.MULTILINE)


@pytest.fixture(scope="module")
def db() -> apsw.Connection:
    """A new database with every table, those that an import stages in too."""
    db = apsw.Connection(":memory:")
    for _ in migrations.migrate(db):
        pass
    for name in MAKES_TABLES:
        db.execute(STATEMENTS[name])
    return db


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_statement_that_is_used_is_there(dialect: str) -> None:
    """
    No name that the code asks for is misspelt.
    """
    blocks = set(named(FOLDER / "sql" / "sqlite")) if dialect == "postgres" else set()

    assert set(used(dialect)) <= set(queries.statements(dialect)) | blocks


def test_every_statement_is_used() -> None:
    """
    No statement is left over from code that has gone.
    """
    assert set(STATEMENTS) <= set(used("sqlite"))
    assert set(named(FOLDER / "sql" / "postgres")) <= set(used("postgres"))


@pytest.mark.parametrize("folder", ["", *DIALECTS])
def test_every_statement_has_a_name_of_its_own(folder: str) -> None:
    """
    Two statements with one name would hide each other: only a dialect's own may, on purpose.
    """
    names = named(FOLDER / "sql" / folder)

    assert sorted(names) == sorted(set(names))


def test_parameters_are_numbered_by_their_first_appearance() -> None:
    """
    PostgreSQL gets numbers for names, the same one for the same name, and no comments.
    """
    text, names = queries.numbered(
        "-- not :this\nSELECT :b, 'a::b', :a -- nor :that\n, :b::int"
    )

    assert text == "SELECT $1, 'a::b', $2 \n, $1::int"
    assert names == ("b", "a")


@pytest.mark.parametrize("name", sorted(STATEMENTS.keys() - set(MAKES_TABLES)))
def test_every_statement_can_be_prepared(db: apsw.Connection, name: str) -> None:
    """
    Tables, columns and grammar are right in each statement, in all that it consists of.
    """
    remaining: str | None = STATEMENTS[name]
    while remaining:
        info = apsw.ext.query_info(db, remaining)
        remaining = (info.query_remaining or "").strip()


def plan(db: apsw.Connection, statement: str) -> str:
    """Return how the database would go about it."""
    named = dict.fromkeys(re.findall(r":(\w+)", statement), 1)
    rows = db.execute(f"EXPLAIN QUERY PLAN {statement}", named).fetchall()
    return "; ".join(str(row[3]) for row in rows)


def test_the_list_of_marks_is_one_stretch_of_its_index(db: apsw.Connection) -> None:
    """
    The list that every client reads takes one stretch of one index, in its order.
    """
    found = plan(db, SQL.marks_not_present)

    assert "COVERING INDEX marks_not_present (district_id=? AND section_id=?" in found
    assert "TEMP B-TREE" not in found


@pytest.mark.parametrize("name", OF_ONE_DISTRICT)
def test_nothing_that_a_request_asks_reads_a_whole_table(
    db: apsw.Connection, name: str
) -> None:
    """
    Statements that say which district they mean never look through another one's rows.
    """
    steps = plan(db, STATEMENTS[name]).split("; ")
    scanned = [step for step in steps if step.startswith("SCAN")]

    assert scanned == []


@pytest.mark.parametrize("name", ["places_of_day", "marks_of_day"])
def test_a_day_goes_from_its_sections_to_their_marks(db: apsw.Connection, name: str) -> None:
    """
    The office's day costs as much as it shows: marks are found from their section, by their day.
    """
    first, *others = plan(db, STATEMENTS[name]).split("; ")
    (marks,) = [step for step in others if step.startswith("SEARCH m ")]

    assert first.startswith("SEARCH s ")
    assert "district_id=? AND section_id=? AND date=?" in marks


@pytest.mark.parametrize("name", ["places_of_student", "marks_of_student"])
def test_a_student_s_days_are_found_by_their_places(db: apsw.Connection, name: str) -> None:
    """
    A student's year is read from the sections that they are in, and from no others.
    """
    first, second, *_ = plan(db, STATEMENTS[name]).split("; ")

    assert "INDEX enrollments_by_user (district_id=? AND user_id=?)" in first
    assert "district_id=? AND id=?" in second or "section_id=? AND date>? AND date<?" in second
