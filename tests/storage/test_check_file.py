"""What the application, or a failing disk, can do to the record in a file: nothing unseen."""

import apsw
import pytest

from cast import MONDAY
from conftest import World
from contract.classroom import ABSENT, LATE, PRESENT, Classroom
from rollbook.storage.sqlite import SqliteStore
from rollbook.storage.sqlite.writer import Writer
from storage.looking_after import found
from storage.record_book import record_of


@pytest.fixture
async def maths(store: SqliteStore, world: World) -> Classroom:
    """Maths, saved five times."""
    maths = Classroom(store, world.lindenhof, "maths")
    for status in (ABSENT, LATE, PRESENT, ABSENT, LATE):
        await maths.save(("anna", MONDAY, status))
    return maths


# ---------------------------------------------------------------- the application cannot


STATEMENTS = [
    "UPDATE record SET at = ''",
    "DELETE FROM record",
    "DELETE FROM record WHERE number = 5",
    "INSERT OR REPLACE INTO record SELECT * FROM record WHERE number = 2",
    "REPLACE INTO record SELECT * FROM record WHERE number = 5",
    "UPDATE OR REPLACE record SET number = 3 WHERE number = 4",
    "DROP TRIGGER record_is_only_pruned",
    "DROP TRIGGER record_is_not_rewritten",
    "DROP TABLE record",
    "ALTER TABLE record RENAME TO was",
    "INSERT INTO anchors SELECT 1, id, 1, 99, x'', '' FROM sections",
    "DELETE FROM anchors",
    "INSERT INTO restorations SELECT 1, id, 1, '', '' FROM sections",
    "DELETE FROM restorations",
    "PRAGMA recursive_triggers = off",
    "PRAGMA writable_schema = on",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_application_cannot_rewrite_the_record(
    world: World, maths: Classroom, statement: str
) -> None:
    """
    Whatever statement somebody gets the writer to run, no entry changes, goes or is replaced.
    """
    before = record_of(world.path, maths.key)
    writer = Writer(world.path)
    with pytest.raises((apsw.ConstraintError, apsw.AuthError)):
        writer.db.execute(statement)
    writer.close()

    assert record_of(world.path, maths.key) == before
    assert found(world.book) == []


@pytest.mark.parametrize("statement", STATEMENTS[:3])
def test_the_tables_themselves_refuse(world: World, maths: Classroom, statement: str) -> None:
    """
    Any other program that opens the file is refused by the schema.
    """
    db = apsw.Connection(str(world.path))
    with pytest.raises(apsw.ConstraintError, match="the record is"):
        db.execute(statement)
    db.close()


@pytest.mark.parametrize("table", ["marks", "record", "sections", "events", "anchors"])
async def test_a_damaged_file_is_told(
    world: World, maths: Classroom, store: SqliteStore, table: str
) -> None:
    """
    A page that was overwritten is told as damage, whatever table was in it.
    """
    await store.close()
    db = apsw.Connection(str(world.path))
    db.pragma("wal_checkpoint", "truncate")
    ((page,),) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,))
    db.close()
    with world.path.open("r+b") as file:
        file.seek(4096 * (int(str(page)) - 1))
        file.write(b"\xff" * 4096)

    assert any(finding.startswith("the file") for finding in found(world.book))
