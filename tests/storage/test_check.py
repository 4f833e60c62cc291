"""What is done to the record behind the house's back is found, and by name (catalogue K3)."""

import datetime as dt
import re

import msgspec
import pytest

import books
from cast import MONDAY, TUESDAY
from conftest import Clock, World
from contract.classroom import ABSENT, LATE, PRESENT, Classroom
from rollbook.domain.errors import NoSuchThing
from rollbook.domain.record import chain_hash
from rollbook.domain.store import Store
from rollbook.storage import checking
from storage.looking_after import check, entries_of, found, head, literal, tamper
from storage.record_book import REWRITES

EVERY_REWRITE = [*REWRITES, "changes = '[[1'", "changes = '{}'"]
MORE_EVENTS = """
    INSERT INTO events (id, district_id, section_id, number)
    SELECT id + 50, district_id, section_id, number FROM events
"""
FIRST_DAY, SECOND_DAY = "2026-11-23", "2026-11-24"  # of writing


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    """Which database the test is on: every test here is on both."""
    return str(request.param)


@pytest.fixture
async def maths(store: Store, world: World, clock: Clock) -> Classroom:
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


def where(maths: Classroom, number: int | str) -> str:
    return f"section_id = {maths.id} AND number = {number}"


def test_nothing_is_wrong_with_what_was_saved(world: World, maths: Classroom) -> None:
    """
    Everything is looked at, and nothing is found.
    """
    checked = check(world.book)

    assert checked.findings == []
    assert (checked.sections, checked.entries) == (4, 10)
    assert checked.marks == 6  # Anna and Ben, and on Tuesday Anna and Cleo; Anna twice in Music
    assert check(world.book, quick=True).findings == []
    assert check(world.book, section_id=maths.id).entries == 5


@pytest.mark.parametrize("at_a_time", [1, 2, 5])
def test_a_long_record_is_read_in_parts(
    world: World, maths: Classroom, monkeypatch: pytest.MonkeyPatch, at_a_time: int
) -> None:
    """
    However much of a record is read at a time, each entry is looked at once.
    """
    monkeypatch.setattr(checking, "_READ_AHEAD", at_a_time)
    checked = check(world.book)

    assert (checked.findings, checked.entries) == ([], 10)


def test_a_section_that_is_not_there_is_none(world: World) -> None:
    """
    To look at a section alone it must be there.
    """
    with pytest.raises(NoSuchThing):
        check(world.book, section_id=7)


# ---------------------------------------------------------------- whoever holds the file is seen


@pytest.mark.parametrize(
    ("database", "change"),
    [
        *(("sqlite", change) for change in EVERY_REWRITE),
        *(("postgres", change) for change in EVERY_REWRITE[::4]),  # the rules are the same ones
    ],
    indirect=["database"],
)
def test_a_changed_entry_is_named(world: World, maths: Classroom, change: str) -> None:
    """
    Whichever column of an entry is changed, the section and the entry are named first.
    """
    tamper(world.book, f"UPDATE record SET {change} WHERE {where(maths, 4)}")

    for options in ({}, {"quick": True}, {"section_id": maths.id}):
        findings = found(world.book, **options)
        sections = [finding for finding in findings if finding.startswith("section")]
        assert sections[0].startswith(f"section {maths.id}, entry 4: ")
        assert all(f"section {maths.id}" in finding for finding in sections)


def test_a_removed_entry_is_named(world: World, maths: Classroom) -> None:
    """
    An entry that was taken out is named by its number.
    """
    tamper(
        world.book,
        f"DELETE FROM events WHERE {where(maths, 2)}",
        f"DELETE FROM record WHERE {where(maths, 2)}",
    )

    assert found(world.book)[0] == f"section {maths.id}, entry 2: the entry is missing"


def test_removed_first_entries_are_named(world: World, maths: Classroom) -> None:
    """
    Without an anchor of a pruning, a record begins with its first entry.
    """
    tamper(
        world.book,
        f"DELETE FROM events WHERE section_id = {maths.id} AND number < 4",
        f"DELETE FROM record WHERE section_id = {maths.id} AND number < 4",
    )

    assert found(world.book)[0] == (
        f"section {maths.id}, entry 1: the entries from here to 3 are missing"
    )


def test_swapped_entries_are_named(world: World, maths: Classroom) -> None:
    """
    Two entries that changed places are named.
    """
    tamper(
        world.book,
        f"UPDATE record SET number = 99 WHERE {where(maths, 2)}",
        f"UPDATE record SET number = 2 WHERE {where(maths, 3)}",
        f"UPDATE record SET number = 3 WHERE {where(maths, 99)}",
    )
    findings = found(world.book)

    assert any(finding.startswith(f"section {maths.id}, entry 2: ") for finding in findings)
    assert any(finding.startswith(f"section {maths.id}, entry 3: ") for finding in findings)


def test_an_added_entry_is_named(world: World, maths: Classroom) -> None:
    """
    An entry that was put in at the end without the house is named.
    """
    tamper(
        world.book,
        "INSERT INTO record (district_id, section_id, number, hash, at, user_id, on_behalf_of, "
        "channel, request_id, dates, changes) SELECT district_id, section_id, 6, hash, at, "
        "user_id, on_behalf_of, channel, request_id, dates, changes "
        f"FROM record WHERE {where(maths, 5)}",
    )
    findings = found(world.book)

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
        (MORE_EVENTS, "many"),
        ("DELETE FROM events", "it has no event"),
    ],
)
def test_what_was_changed_beside_the_record_is_named(
    world: World, maths: Classroom, statement: str, says: str
) -> None:
    """
    Marks, rolls and events that are not what the record says are named, whoever changed them.
    """
    tamper(world.book, statement)
    findings = found(world.book)

    assert any(says in finding for finding in findings), findings
    assert not any("as 2" in finding for finding in findings)  # no comment of anybody is told


def test_a_row_without_what_it_belongs_to_is_named(world: World, maths: Classroom) -> None:
    """
    A section that was taken away leaves rows behind, which are told.
    """
    tamper(world.book, f"DELETE FROM sections WHERE id = {maths.id}")

    assert any(
        re.search("belongs? to (a row|rows) of sections", each) for each in found(world.book)
    )


# ---------------------------------------------------------------- heads


def rehash(book: books.Book, key: tuple[int, int], number: int, at: str) -> None:
    """Change an entry's moment and compute the chain anew, as who knows how it is made can."""
    entries = entries_of(book, key)
    previous = entries[number - 2].hash
    statements = []
    for entry in entries[number - 1 :]:
        forged = msgspec.structs.replace(entry, at=at) if entry.number == number else entry
        previous = chain_hash(previous, forged)
        statements.append(
            f"UPDATE record SET at = '{forged.at}', hash = {literal(book, previous)} "
            f"WHERE section_id = {key[1]} AND number = {entry.number}"
        )
    tamper(book, *statements)


def test_a_cut_tail_is_found_by_a_head(world: World, maths: Classroom) -> None:
    """
    When the last entries are cut off with all they did, only a head that was kept elsewhere tells.
    """
    day, before = head(world.book, SECOND_DAY), head(world.book, FIRST_DAY)
    tamper(
        world.book,
        f"DELETE FROM events WHERE {where(maths, 5)}",
        f"DELETE FROM record WHERE {where(maths, 5)}",
    )

    assert found(world.book, quick=True) == []
    assert head(world.book, SECOND_DAY) != day
    assert head(world.book, FIRST_DAY) == before


def test_a_recomputed_chain_is_found_by_a_head(world: World, maths: Classroom) -> None:
    """
    When a whole chain was computed anew, each of it follows; the head of its day does not.
    """
    kept = head(world.book, FIRST_DAY)
    rehash(world.book, maths.key, 2, "2026-11-23T08:00:00.001Z")

    assert found(world.book, quick=True) == []
    assert head(world.book, FIRST_DAY) != kept


async def test_a_head_does_not_change_with_what_comes_later(
    world: World, maths: Classroom, clock: Clock
) -> None:
    """
    What is saved on later days leaves the head of a day as it was.
    """
    kept = head(world.book, SECOND_DAY)
    clock.now = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
    await maths.save(("cleo", MONDAY, ABSENT))

    assert head(world.book, SECOND_DAY) == kept
    assert head(world.book, "2026-11-25") != kept
    assert head(world.book, "2026-11-22") != kept
