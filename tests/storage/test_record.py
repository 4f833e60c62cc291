from pathlib import Path

import apsw
import msgspec
import pytest

from cast import MONDAY, TUESDAY
from conftest import World
from contract.classroom import ABSENT, LATE, PRESENT, Classroom
from rollbook.domain.record import GENESIS, chain_hash
from rollbook.storage.sqlite import SqliteStore
from storage.record_book import REWRITES, first_break, record_of


@pytest.fixture
async def maths(store: SqliteStore, world: World) -> Classroom:
    """Maths, after five saves, while another section was saved too."""
    maths = Classroom(store, world.lindenhof, "maths")
    music = Classroom(store, world.lindenhof, "music")
    for status in (ABSENT, LATE, PRESENT, ABSENT):
        await maths.save(("anna", MONDAY, status, f"as {status}"), ("ben", TUESDAY, status))
        await music.save(("anna in music", MONDAY, status))
    await maths.take_roll(TUESDAY, by="alice")
    return maths


def tamper(path: Path, statement: str) -> None:
    """Change the file behind the house's back, as whoever holds it can."""
    db = apsw.Connection(str(path))
    for trigger in ("record_is_not_rewritten", "record_is_only_pruned"):
        db.execute(f"DROP TRIGGER {trigger}")
    db.execute(statement)
    db.close()


async def test_each_entry_carries_the_hash_of_itself_and_the_one_before(
    world: World, maths: Classroom
) -> None:
    """
    A section's record begins at its own beginning, and each entry's hash follows from the last.
    """
    entries = record_of(world.path, maths.key)

    assert [entry.number for entry in entries] == [1, 2, 3, 4, 5]
    assert entries[0].hash == chain_hash(GENESIS, entries[0])
    assert first_break(entries) is None
    assert all(len(entry.hash) == 32 for entry in entries)


async def test_the_record_says_what_the_history_says(world: World, maths: Classroom) -> None:
    """
    What the store tells of the history is what the hashed entries hold.
    """
    told = (await maths.history()).changes
    held = [
        (entry.number, entry.at, entry.author, change)
        for entry in record_of(world.path, maths.key)
        for change in entry.changes
    ]

    assert [(each.number, each.at, each.author, each.change) for each in told] == held


@pytest.mark.parametrize("change", REWRITES)
async def test_a_rewritten_entry_is_found(world: World, maths: Classroom, change: str) -> None:
    """
    Whichever column of an entry is rewritten in the file, the record breaks at that entry.
    """
    where = f"section_id = {maths.id} AND number = 4"
    tamper(world.path, f"UPDATE record SET {change} WHERE {where}")

    assert first_break(record_of(world.path, maths.key)) == 4


async def test_a_rehashed_entry_breaks_the_one_after_it(world: World, maths: Classroom) -> None:
    """
    Whoever rewrites an entry with its hash would have to rewrite every one that follows.
    """
    entries = record_of(world.path, maths.key)
    entry = msgspec.structs.replace(entries[2], at="2026-11-23T08:00:00.001Z")
    forged = chain_hash(entries[1].hash, entry).hex()
    where = f"section_id = {maths.id} AND number = 3"
    tamper(world.path, f"UPDATE record SET at = '{entry.at}', hash = x'{forged}' WHERE {where}")

    assert first_break(record_of(world.path, maths.key)) == 4


async def test_a_removed_entry_is_found(world: World, maths: Classroom) -> None:
    """
    An entry that is taken out of the middle leaves a break where it was.
    """
    where = f"section_id = {maths.id} AND number = 2"
    tamper(world.path, f"DELETE FROM events WHERE {where}; DELETE FROM record WHERE {where}")

    assert first_break(record_of(world.path, maths.key)) == 2


async def test_the_record_is_not_rewritten(world: World, maths: Classroom) -> None:
    """
    The tables themselves refuse to change an entry.
    """
    db = apsw.Connection(str(world.path))
    with pytest.raises(apsw.ConstraintError, match="the record is not rewritten"):
        db.execute("UPDATE record SET at = ''")
    db.close()


async def test_each_save_has_its_event(world: World, maths: Classroom) -> None:
    """
    What subscribers are to be told is written with the record, once for each entry.
    """
    db = apsw.Connection(str(world.path))
    events = db.execute("SELECT district_id, section_id, number FROM events ORDER BY id")
    entries = db.execute("SELECT district_id, section_id, number FROM record ORDER BY id")

    assert events.fetchall() == entries.fetchall() != []
    db.close()
