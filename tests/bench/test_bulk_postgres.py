"""What the measurements fill PostgreSQL with is what the service would have written."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bench.rosters import roster
from benchmarks import bulk, bulk_postgres, land
from benchmarks.land import Land
from books import Database
from clusters import Cluster
from rollbook.auth.credentials import Safe
from rollbook.domain.attendance import Entry
from rollbook.domain.roster_files import RosterLimits
from rollbook.domain.store import SaveMarks, Store
from rollbook.storage.postgres import migrations

WHERE = Land(sections=5, districts=2)
DAYS = land.school_days(3)
SAFE = Safe(bytes(32))


@pytest.fixture
def empty(cluster: Cluster) -> Iterator[Callable[[str], Database]]:
    """What makes empty databases, by name; they are gone afterwards."""
    made: list[Database] = []

    def make(name: str) -> Database:
        cluster.new_database(name)
        made.append(Database(cluster, name))
        return made[-1]

    yield make
    for database in made:
        database.close()


async def save(store: Store, where: Land, section: int, day: int) -> None:
    """Save a roll as a request would have."""
    marks = zip(land.enrollments(section), land.statuses(section, day), strict=True)
    await store.save_marks(
        SaveMarks(
            district_id=where.district_of(section),
            section_id=land.section_id(section),
            entries=[Entry(who, DAYS[day], status, "") for who, status in marks],
            author=bulk.author(where, section, day),
        )
    )


async def test_rolls_copied_in_are_those_that_the_store_saves(
    empty: Callable[[str], Database],
) -> None:
    """
    Marks, rolls, the record with its hashes and the events: every row and column is the same.
    """
    quick, slow = empty("bulk_quick"), empty("bulk_slow")
    await bulk_postgres.fill(quick.url, WHERE, SAFE, DAYS)
    await bulk_postgres.fill(slow.url, WHERE, SAFE, [])
    at: list[dt.datetime] = []
    store = await slow.open(lambda: at[-1])
    for day, date in enumerate(DAYS):
        at.append(dt.datetime.fromisoformat(bulk.taken_at(date)))
        for section in range(WHERE.sections):
            await save(store, WHERE, section, day)
    await store.close()

    found, saved = quick.content(), slow.content()

    for table in ("marks", "rolls", "record", "events"):
        assert found[table] == saved[table], table
    assert len(found["marks"]) == WHERE.students * len(DAYS)
    assert len(found["events"]) == WHERE.sections * len(DAYS)


async def test_a_roster_copied_in_is_what_an_import_brings(
    empty: Callable[[str], Database],
) -> None:
    """
    Courses, sections, people and enrollments: every row and column is the same, and the next ids.
    """
    where = Land(sections=3)
    quick, slow = empty("roster_quick"), empty("roster_slow")
    await bulk_postgres.fill(quick.url, where, SAFE, [])
    async for _ in migrations.migrate(slow.url):
        pass
    store = await slow.open(lambda: dt.datetime(2026, 11, 23, tzinfo=dt.UTC))
    district = await store.create_district("Benchmark", "UTC")
    limits = RosterLimits(today="2026-11-23")
    await store.import_roster(district.id, roster(where), limits, lambda *_: None)
    await store.close()

    found, imported = quick.content(), slow.content()

    for table in ("schools", "periods", "courses", "sections", "users", "enrollments"):
        assert found[table] == imported[table], table
    assert next_ids(quick) == next_ids(slow)


def next_ids(database: Database) -> list[Any]:
    """Return the counters of ids; the other one counts changes."""
    rows = database.sql("SELECT noun, next FROM counters ORDER BY noun")
    return [row for row in rows if " " not in row[0]]
