"""What can be done to the record of acts in a file: only adding to it."""

from typing import Any

import apsw
import msgspec
import pytest

from conftest import World
from rollbook.domain.record import Author, Channel
from rollbook.storage.sqlite import SqliteStore
from rollbook.storage.sqlite.writer import Writer

OPERATOR = Author(user_id=None, channel=Channel.CLI)
STATEMENTS = [
    "UPDATE acts SET at = ''",
    "DELETE FROM acts",
    "REPLACE INTO acts SELECT * FROM acts",
    "UPDATE OR REPLACE acts SET id = 1 WHERE id = 2",
    "DROP TRIGGER acts_are_kept",
    "DROP TABLE acts",
    "ALTER TABLE acts RENAME TO was",
]


@pytest.fixture
async def before(store: SqliteStore, world: World) -> list[Any]:
    """What is in it after two acts."""
    home = world.lindenhof.district
    for name in ("Lindenau", "Lindenberg"):
        await store.change_district(msgspec.structs.replace(home, name=name), by=OPERATOR)
    return rows(world)


def rows(world: World) -> list[Any]:
    """Return what is in the table."""
    db = apsw.Connection(str(world.path))
    found = db.execute("SELECT * FROM acts ORDER BY id").fetchall()
    db.close()
    return found


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_application_cannot_rewrite_an_act(
    world: World, before: list[Any], statement: str
) -> None:
    """
    Whatever statement somebody gets the writer to run, no act changes, goes or is replaced.
    """
    writer = Writer(world.path)
    with pytest.raises((apsw.ConstraintError, apsw.AuthError)):
        writer.db.execute(statement)
    writer.close()

    assert len(before) == 2
    assert rows(world) == before


@pytest.mark.parametrize("statement", STATEMENTS[:2])
def test_the_table_itself_refuses(world: World, before: list[Any], statement: str) -> None:
    """
    Any other program that opens the file is refused by the schema.
    """
    db = apsw.Connection(str(world.path))
    with pytest.raises(apsw.ConstraintError, match="an act is"):
        db.execute(statement)
    db.close()

    assert rows(world) == before
