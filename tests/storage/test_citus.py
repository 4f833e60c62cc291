"""A database that is several servers: cut by district, and each request goes to one of them."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

import books
from conftest import World
from rollbook.domain.errors import Unavailable
from rollbook.storage.postgres import migrations
from rollbook.storage.postgres.pool import Pool, teach_days
from rollbook.storage.postgres.statements import PARAMETERS, SQL
from rollbook.storage.schema import Migration
from storage.test_queries import used

pytestmark = pytest.mark.skipif(
    not books.COORDINATOR,
    reason="ROLLBOOK_TEST_CITUS names no database on a coordinator: neither this nor the "
    "contract and the API were tried on Citus",
)

SHARED = {"districts", "counters", "key_homes", "login_homes", "subject_homes"}
ON_THE_COORDINATOR = {"migrations", "limits"}


@pytest.fixture
async def db(coordinator: books.Coordinator) -> AsyncIterator[Any]:
    """A connection of the owner's."""
    db = await asyncpg.connect(coordinator.url)
    await teach_days(db)
    yield db
    await db.close()


async def cut(db: Any) -> dict[str, str]:
    """Return how each table is cut: h by its district, n not at all, a copy on each node."""
    found = await db.fetch(
        "SELECT CAST(logicalrelid AS text), CAST(partmethod AS text) FROM pg_dist_partition"
    )
    return dict(found)


async def test_every_table_is_cut_by_district_or_copied_to_each_node(db: Any) -> None:
    """
    No table is left on the coordinator alone but those that only it needs.
    """
    tables = await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    found = await cut(db)

    assert found.keys() == {name for (name,) in tables} - ON_THE_COORDINATOR
    assert {name for name, how in found.items() if how == "n"} == SHARED


async def test_what_is_cut_stays_as_it_is(db: Any) -> None:
    """
    A migration with nothing to do changes nothing.
    """
    before = await cut(db)
    await migrations.distribute(db)

    assert await cut(db) == before


async def test_a_later_migrations_table_is_cut_too(db: Any) -> None:
    """
    A new table that points at others of its district gets its place beside them.
    """
    later = Migration(
        999,
        "999_later.sql",
        "CREATE TABLE later (district_id integer REFERENCES districts (id), id bigint,"
        " section_id bigint, PRIMARY KEY (district_id, id),"
        " FOREIGN KEY (district_id, section_id) REFERENCES sections (district_id, id));"
        "CREATE TABLE later_still (district_id integer, id bigint, PRIMARY KEY (district_id, id),"
        " FOREIGN KEY (district_id, id) REFERENCES later (district_id, id));"
        "ALTER TABLE periods ADD COLUMN later text",
    )
    with contextlib.suppress(asyncpg.UndefinedTableError):
        await db.execute("DROP TABLE later_still, later")
    try:
        async with db.transaction():
            await migrations._run(db, later)
        await migrations.distribute(db)
        found = await cut(db)
        ties = await db.fetchval(
            "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid IN"
            " (CAST('later' AS regclass), CAST('later_still' AS regclass))"
        )
    finally:
        await db.execute("DELETE FROM migrations WHERE number = 999")
        await db.execute("ALTER TABLE periods DROP COLUMN IF EXISTS later")
        await db.execute("DROP TABLE IF EXISTS later_still, later")

    assert (found["later"], found["later_still"], ties) == ("h", "h", 3)


# ---------------------------------------------------------------- districts apart


@pytest.fixture
async def pool(coordinator: books.Coordinator) -> AsyncIterator[Pool]:
    pool = Pool(coordinator.url, size=2, waits=60)
    yield pool
    await pool.close()


async def test_a_forgotten_where_shows_no_other_district(
    pool: Pool, settled_on_citus: World, coordinator: books.Coordinator
) -> None:
    """
    The nodes are told whom a connection works for: they show no other district's rows.
    """
    coordinator.copy(settled_on_citus.book)
    for cast in (settled_on_citus.lindenhof, settled_on_citus.nordhafen):
        async with pool.of(cast.district.id) as db:
            seen = await db.fetch("SELECT DISTINCT district_id FROM users")
        assert [row[0] for row in seen] == [cast.district.id]
    async with pool.shared() as db:
        assert await db.fetchval("SELECT count(*) FROM users") == 0


async def test_nothing_is_written_into_another_district(
    pool: Pool, settled_on_citus: World, coordinator: books.Coordinator
) -> None:
    """
    A node refuses a row of another district than the one it was told.
    """
    coordinator.copy(settled_on_citus.book)
    ours, theirs = settled_on_citus.lindenhof, settled_on_citus.nordhafen
    with pytest.raises(Unavailable):
        async with pool.of(ours.district.id) as db:
            await db.execute(
                "INSERT INTO schools (district_id, id, title) VALUES ($1, 1, 'x')",
                theirs.district.id,
            )


# ---------------------------------------------------------------- one district, one node

# What each node has a copy of; and what asks no table at all.
COPIED = {"work_for", "add_key_home", "district", "district_exists", "administer_alone"}
OF_ONE_DISTRICT = sorted(
    name
    for name in (set(used("postgres")) & vars(SQL).keys()) - COPIED
    if "district_id" in PARAMETERS[getattr(SQL, name)]
)


def value(name: str, kind: str) -> Any:
    """Return something of a parameter's type; the district is always the same one."""
    if name == "district_id":
        return 1
    one: Any = {
        "date": "2026-11-23",
        "bytea": b"x",
        "bool": True,
        "text": "x",
        "json": "[]",
    }.get(kind.removesuffix("[]"), 1)
    return [one] if kind.endswith("[]") else one


async def explained(db: Any, text: str) -> str:
    """Return how the coordinator goes about a statement."""
    kinds = [kind.name for kind in (await db.prepare(text)).get_parameters()]
    values = [value(*each) for each in zip(PARAMETERS[text], kinds, strict=True)]
    return "\n".join(line for (line,) in await db.fetch(f"EXPLAIN {text}", *values))


@pytest.mark.parametrize("name", OF_ONE_DISTRICT)
async def test_what_concerns_one_district_is_one_task_on_one_node(db: Any, name: str) -> None:
    """
    The coordinator hands each such statement on, whole, to the node that has the district.
    """
    plan = await explained(db, getattr(SQL, name))

    assert "Task Count: 1\n" in f"{plan}\n", plan


@pytest.mark.parametrize(
    "statement",
    ["SELECT count(*) FROM sections", "SELECT status, count(*) FROM marks GROUP BY status"],
)
async def test_what_concerns_all_districts_is_done_on_all_nodes_at_once(
    db: Any, statement: str
) -> None:
    """
    A statement of no district is a task for each shard: the test above can fail.
    """
    plan = "\n".join(line for (line,) in await db.fetch(f"EXPLAIN {statement}"))
    shards = await db.fetchval("SHOW citus.shard_count")

    assert f"Task Count: {shards}" in plan
