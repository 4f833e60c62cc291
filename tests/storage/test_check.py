"""What is done to the record behind the house's back is found, and by name (catalogue K3)."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import msgspec
import pytest

from cast import MONDAY, TUESDAY
from conftest import Clock, World
from contract.classroom import ABSENT, LATE, PRESENT, Classroom
from rollbook.domain.errors import NoSuchThing
from rollbook.domain.record import GENESIS, chain_hash
from rollbook.storage import rows
from rollbook.storage.sqlite import SqliteStore, checking
from rollbook.storage.sqlite.checking import Checked
from rollbook.storage.sqlite.connection import open_reader
from rollbook.storage.sqlite.statements import SQL
from rollbook.storage.sqlite.writer import Writer
from storage.record_book import REWRITES, record_of

GUARDS = ("record_is_not_rewritten", "record_is_only_pruned")
FIRST_DAY, SECOND_DAY = "2026-11-23", "2026-11-24"  # of writing


@pytest.fixture
async def maths(store: SqliteStore, world: World, clock: Clock) -> Classroom:
    """Maths and Music, each saved five times on two days."""
    maths = Classroom(store, world.lindenhof, "maths")
    music = Classroom(store, world.lindenhof, "music")
    for status in (ABSENT, LATE, PRESENT, ABSENT):
        await maths.save(("anna", MONDAY, status, f"as {status}"), ("ben", TUESDAY, status))
        await music.save(("anna in music", MONDAY, status))
    clock.advance(days=1)
    await maths.take_roll(TUESDAY, by="alice")
    await music.take_roll(TUESDAY, by="alice")
    return maths


def check(path: Path, *, section_id: int | None = None, quick: bool = False) -> Checked:
    db = open_reader(path)
    try:
        return checking.check(db, section_id=section_id, quick=quick, progress=lambda *_: None)
    finally:
        db.close()


def found(path: Path, **options: Any) -> list[str]:
    return [str(finding) for finding in check(path, **options).findings]


def head(path: Path, day: str) -> str:
    db = open_reader(path)
    try:
        return checking.head_of(db, day).hash
    finally:
        db.close()


def tamper(path: Path, *statements: str) -> None:
    """Change the file as whoever holds it can, with SQLite's own tools."""
    db = apsw.Connection(str(path))
    for trigger in GUARDS:
        db.execute(f"DROP TRIGGER {trigger}")
    for statement in statements:
        db.execute(statement)
    db.close()


def where(maths: Classroom, number: int | str) -> str:
    return f"section_id = {maths.id} AND number = {number}"


def test_nothing_is_wrong_with_what_was_saved(world: World, maths: Classroom) -> None:
    """
    Everything is looked at, and nothing is found.
    """
    checked = check(world.path)

    assert checked.findings == []
    assert (checked.sections, checked.entries) == (4, 10)
    assert checked.marks == 6  # Anna and Ben, and on Tuesday Anna and Cleo; Anna twice in Music
    assert check(world.path, quick=True).findings == []
    assert check(world.path, section_id=maths.id).entries == 5


def test_a_section_that_is_not_there_is_none(world: World) -> None:
    """
    To look at a section alone it must be there.
    """
    with pytest.raises(NoSuchThing):
        check(world.path, section_id=7)


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
    assert found(world.path) == []


@pytest.mark.parametrize("statement", STATEMENTS[:3])
def test_the_tables_themselves_refuse(world: World, maths: Classroom, statement: str) -> None:
    """
    Any other program that opens the file is refused by the schema.
    """
    db = apsw.Connection(str(world.path))
    with pytest.raises(apsw.ConstraintError, match="the record is"):
        db.execute(statement)
    db.close()


# ---------------------------------------------------------------- whoever holds the file is seen


@pytest.mark.parametrize("change", [*REWRITES, "changes = '[[1'", "changes = '{}'"])
def test_a_changed_entry_is_named(world: World, maths: Classroom, change: str) -> None:
    """
    Whichever column of an entry is changed, the section and the entry are named first.
    """
    tamper(world.path, f"UPDATE record SET {change} WHERE {where(maths, 4)}")

    for options in ({}, {"quick": True}, {"section_id": maths.id}):
        findings = found(world.path, **options)
        sections = [finding for finding in findings if finding.startswith("section")]
        assert sections[0].startswith(f"section {maths.id}, entry 4: ")
        assert all(f"section {maths.id}" in finding for finding in sections)


def test_a_removed_entry_is_named(world: World, maths: Classroom) -> None:
    """
    An entry that was taken out is named by its number.
    """
    tamper(
        world.path,
        f"DELETE FROM events WHERE {where(maths, 2)}",
        f"DELETE FROM record WHERE {where(maths, 2)}",
    )

    assert found(world.path)[0] == f"section {maths.id}, entry 2: the entry is missing"


def test_removed_first_entries_are_named(world: World, maths: Classroom) -> None:
    """
    Without an anchor of a pruning, a record begins with its first entry.
    """
    tamper(
        world.path,
        f"DELETE FROM events WHERE section_id = {maths.id} AND number < 4",
        f"DELETE FROM record WHERE section_id = {maths.id} AND number < 4",
    )

    assert found(world.path)[0] == (
        f"section {maths.id}, entry 1: the entries from here to 3 are missing"
    )


def test_swapped_entries_are_named(world: World, maths: Classroom) -> None:
    """
    Two entries that changed places are named.
    """
    tamper(
        world.path,
        "PRAGMA foreign_keys = off",
        f"UPDATE record SET number = 99 WHERE {where(maths, 2)}",
        f"UPDATE record SET number = 2 WHERE {where(maths, 3)}",
        f"UPDATE record SET number = 3 WHERE {where(maths, 99)}",
    )
    findings = found(world.path)

    assert any(finding.startswith(f"section {maths.id}, entry 2: ") for finding in findings)
    assert any(finding.startswith(f"section {maths.id}, entry 3: ") for finding in findings)


def test_an_added_entry_is_named(world: World, maths: Classroom) -> None:
    """
    An entry that was put in at the end without the house is named.
    """
    tamper(
        world.path,
        "INSERT INTO record SELECT id + 100, district_id, section_id, 6, hash, at, user_id, "
        f"on_behalf_of, channel, request_id, dates, changes FROM record WHERE {where(maths, 5)}",
    )
    findings = found(world.path)

    assert any("entry 6: its hash does not follow" in finding for finding in findings)
    assert any("entry 6: it has no event" in finding for finding in findings)


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE marks SET status = 3", "is status 3"),
        ("UPDATE marks SET comment = 'x'", "comment of 1 character"),
        ("DELETE FROM marks", "not there; the record says"),
        (
            "UPDATE rolls SET last_taken_by = 1",
            "by 1; the record says taken first",
        ),
        ("DELETE FROM rolls", "is not there; the record says taken first"),
        (
            "INSERT INTO events SELECT id + 50, district_id, section_id, number FROM events",
            "many",
        ),
        ("DELETE FROM events", "it has no event"),
    ],
)
def test_what_was_changed_beside_the_record_is_named(
    world: World, maths: Classroom, statement: str, says: str
) -> None:
    """
    Marks, rolls and events that are not what the record says are named, whoever changed them.
    """
    tamper(world.path, statement)
    findings = found(world.path)

    assert any(says in finding for finding in findings), findings
    assert not any("as 2" in finding for finding in findings)  # no comment of anybody is told


def test_a_row_without_what_it_belongs_to_is_named(world: World, maths: Classroom) -> None:
    """
    A section that was taken away leaves rows behind, which are told.
    """
    tamper(
        world.path, "PRAGMA foreign_keys = off", f"DELETE FROM sections WHERE id = {maths.id}"
    )

    assert any("belongs to a row of sections" in finding for finding in found(world.path))


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

    assert any(finding.startswith("the file") for finding in found(world.path))


# ---------------------------------------------------------------- heads


def rehash(path: Path, key: tuple[int, int], since: int, change: Callable[[Any], Any]) -> None:
    """Change an entry and compute the chain anew from there, as who knows how it is made can."""
    entries = record_of(path, key)
    previous = entries[since - 2].hash if since > 1 else GENESIS
    db = apsw.Connection(str(path))
    for trigger in GUARDS:
        db.execute(f"DROP TRIGGER {trigger}")
    db.execute(f"DELETE FROM record WHERE section_id = {key[1]} AND number >= {since}")
    for entry in entries[since - 1 :]:
        forged = change(entry) if entry.number == since else entry
        forged = msgspec.structs.replace(forged, hash=chain_hash(previous, forged))
        db.execute(SQL.add_to_record, rows.from_record_entry(key[0], forged))
        previous = forged.hash
    db.close()


def test_a_cut_tail_is_found_by_a_head(world: World, maths: Classroom) -> None:
    """
    When the last entries are cut off with all they did, only a head that was kept elsewhere tells.
    """
    day, before = head(world.path, SECOND_DAY), head(world.path, FIRST_DAY)
    tamper(
        world.path,
        f"DELETE FROM events WHERE {where(maths, 5)}",
        f"DELETE FROM record WHERE {where(maths, 5)}",
    )

    assert found(world.path, quick=True) == []
    assert head(world.path, SECOND_DAY) != day
    assert head(world.path, FIRST_DAY) == before


def test_a_recomputed_chain_is_found_by_a_head(world: World, maths: Classroom) -> None:
    """
    When a whole chain was computed anew, each of it follows; the head of its day does not.
    """
    kept = head(world.path, FIRST_DAY)
    rehash(
        world.path,
        maths.key,
        2,
        lambda entry: msgspec.structs.replace(entry, at="2026-11-23T08:00:00.001Z"),
    )

    assert found(world.path, quick=True) == []
    assert head(world.path, FIRST_DAY) != kept


async def test_a_head_does_not_change_with_what_comes_later(
    world: World, maths: Classroom, clock: Clock
) -> None:
    """
    What is saved on later days leaves the head of a day as it was.
    """
    kept = head(world.path, SECOND_DAY)
    clock.now = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
    await maths.save(("cleo", MONDAY, ABSENT))

    assert head(world.path, SECOND_DAY) == kept
    assert head(world.path, "2026-11-25") != kept
    assert head(world.path, "2026-11-22") != kept
