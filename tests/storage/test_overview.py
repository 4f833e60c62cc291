"""How SQLite finds what administrators look up."""

import apsw
import pytest

from conftest import World
from rollbook.storage.sqlite.statements import SQL

PLACE = ("", "9999", 0, 0, 200)


@pytest.mark.parametrize(
    ("statement", "key", "index"),
    [
        (SQL.district_record, (1,), "INDEX record_by_time (district_id=? AND at"),
        (SQL.section_record, (1, 1), "INDEX sqlite_autoindex_record_1 (district_id=? AND sect"),
    ],
)
def test_the_record_is_found_by_an_index(
    world: World, statement: str, key: tuple[int, ...], index: str
) -> None:
    """
    That of a district by time; that of a section by its key, which has far less to go through.
    """
    db = apsw.Connection(str(world.path), flags=apsw.SQLITE_OPEN_READONLY)
    steps = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}", (*key, *PLACE))]
    db.close()

    assert any(index in step for step in steps), steps
    assert not any(step.startswith("SCAN") for step in steps), steps
