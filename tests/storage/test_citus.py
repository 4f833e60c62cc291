"""A database that is several servers: cut by district, once, and reads go to one of them."""

import os

import asyncpg
import pytest

from rollbook.storage.postgres import migrations

COORDINATOR = os.environ.get("ROLLBOOK_TEST_CITUS")


@pytest.mark.skipif(
    not COORDINATOR, reason="ROLLBOOK_TEST_CITUS names no coordinator: no Citus"
)
async def test_migrating_cuts_the_tables_by_district() -> None:
    """
    After a migration every district's rows are on one node, and a second changes nothing.
    """
    async for _ in migrations.migrate(str(COORDINATOR)):
        pass
    db = await asyncpg.connect(COORDINATOR)
    try:
        kinds = await db.fetch("SELECT partmethod, count(*) FROM pg_dist_partition GROUP BY 1")
        plan = await db.fetch(
            "EXPLAIN SELECT * FROM marks WHERE district_id = 1 AND section_id = 1"
        )
        again = await migrations.distribute(db)
    finally:
        await db.close()

    assert {kind.decode(): count for kind, count in kinds} == {"h": 14, "n": 3}
    assert any("Task Count: 1" in line for (line,) in plan)
    assert not again
