"""What the measurements fill a database with is what the service would have written."""

import datetime as dt
from pathlib import Path
from typing import Any

import apsw
import pytest

from bench.rosters import roster
from benchmarks import bulk, land
from benchmarks.land import Land
from rollbook.auth.credentials import Safe
from rollbook.domain.attendance import Entry
from rollbook.domain.roster_files import RosterLimits
from rollbook.domain.store import SaveMarks
from rollbook.storage.sqlite import SqliteStore, create
from rollbook.storage.sqlite.writer import Writer

WHERE = Land(sections=5, districts=2)
DAYS = land.school_days(3)
SAFE = Safe(bytes(32))


def filled(path: Path, where: Land, days: list[str]) -> Path:
    with bulk.quickly(path) as db:
        for _ in bulk.settle(db, where, SAFE):
            pass
        bulk.take_rolls(db, where, days)
    return path


def rows_of(path: Path, *tables: str) -> dict[str, list[Any]]:
    db = apsw.Connection(str(path))
    found = {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in tables}
    db.close()
    return found


def saved_through_the_writer(path: Path, where: Land, days: list[str]) -> None:
    """Save the rolls as requests would have."""
    for day, date in enumerate(days):
        moment = dt.datetime.fromisoformat(bulk.taken_at(date))
        writer = Writer(path, clock=lambda moment=moment: moment)  # type: ignore[misc]
        for section in range(where.sections):
            entries = [
                Entry(who, date, status, "")
                for who, status in zip(
                    land.enrollments(section), land.statuses(section, day), strict=True
                )
            ]
            command = SaveMarks(
                district_id=where.district_of(section),
                section_id=land.section_id(section),
                entries=entries,
                author=bulk.author(where, section, day),
            )
            writer.one(command)
        writer.close()


def test_rolls_filled_in_bulk_are_those_that_the_writer_saves(tmp_path: Path) -> None:
    """
    Marks, rolls, the record with its hashes and the events: every row and column is the same.
    """
    quick = filled(tmp_path / "quick.db", WHERE, DAYS)
    slow = filled(tmp_path / "slow.db", WHERE, [])
    saved_through_the_writer(slow, WHERE, DAYS)
    tables = ("marks", "rolls", "record", "events", "counters")

    found = rows_of(quick, *tables)

    assert found == rows_of(slow, *tables)
    assert len(found["marks"]) == WHERE.students * len(DAYS)
    assert len({mark[4] for mark in found["marks"]}) == 4


async def test_a_roster_filled_in_bulk_is_what_an_import_brings(tmp_path: Path) -> None:
    """
    Courses, sections, people and enrollments: every row and column is the same, and the next ids.
    """
    where = Land(sections=3)
    quick = filled(tmp_path / "quick.db", where, [])
    slow = tmp_path / "slow.db"
    create(slow)
    store = SqliteStore(slow)
    district = await store.create_district("Benchmark", "UTC")
    limits = RosterLimits(today="2026-11-23")
    await store.import_roster(district.id, roster(where), limits, lambda *_: None)
    await store.close()
    tables = ("schools", "periods", "courses", "sections", "users", "enrollments")

    assert rows_of(quick, *tables) == rows_of(slow, *tables)
    assert next_ids(quick) == next_ids(slow)


def next_ids(path: Path) -> list[Any]:
    """Return the counters of ids; the others, of two words, count events."""
    return [row for row in rows_of(path, "counters")["counters"] if " " not in row[0]]


def test_what_is_filled_is_whole(tmp_path: Path) -> None:
    """
    No foreign key leads nowhere and SQLite finds nothing wrong with the file.
    """
    path = filled(tmp_path / "quick.db", WHERE, DAYS)
    db = apsw.Connection(str(path))

    assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    assert db.execute("PRAGMA integrity_check").get == "ok"


def test_districts_that_are_there_are_not_made_again(tmp_path: Path) -> None:
    """
    Whoever was interrupted goes on with the next district, and ends with the same.
    """
    path = tmp_path / "quick.db"
    with bulk.quickly(path) as db:
        for _ in bulk.settle(db, Land(sections=2, districts=1), SAFE):
            pass
    whole = Land(sections=6, districts=3)
    with bulk.quickly(path) as db:
        there = list(bulk.settle(db, whole, SAFE))

    assert there == [3]
    assert len(rows_of(path, "sections")["sections"]) == 6


@pytest.mark.parametrize("where", [Land(7, 3), Land(1000, 13), Land(2, 2)])
def test_each_section_is_in_one_district(where: Land) -> None:
    """
    A section's district is the one that has it among its own.
    """
    for district in range(1, where.districts + 1):
        for section in where.sections_of(district):
            assert where.district_of(section) == district
    assert sum(len(where.sections_of(d + 1)) for d in range(where.districts)) == where.sections
