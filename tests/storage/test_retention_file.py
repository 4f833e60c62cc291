"""Pruning a file: what its schema refuses, and interrupted before whichever statement."""

from pathlib import Path

import apsw
import pytest

import books
from conftest import Clock, World
from contract.classroom import LATE
from rollbook.domain.store import Store
from rollbook.storage import retention
from rollbook.storage.desk import Desk
from rollbook.storage.sqlite.connection import open_writer
from rollbook.storage.sqlite.desk import FileDesk
from storage.office import LATER_OLD, NEW, OLD, Office


@pytest.fixture
async def office(world: World, store: Store, clock: Clock) -> Office:
    """In each section two saves of old days and two of new ones."""
    office = Office(world, store, clock)
    await office.settle()
    return office


def empty_the_log(path: Path) -> bytes:
    """Take everything into the file, and return it."""
    db = open_writer(path)
    db.pragma("wal_checkpoint", "truncate")
    db.close()
    return path.read_bytes()


def test_no_entry_goes_without_an_anchor(office: Office) -> None:
    """
    The schema refuses to remove what no pruning has removed, also after one.
    """
    office.prune()
    for number in (3, 5):
        with pytest.raises(apsw.ConstraintError, match="only removed by pruning"):
            office.book.sql("DELETE FROM record WHERE number = ?", number)
    with pytest.raises(apsw.ConstraintError, match="an anchor is not rewritten"):
        office.book.sql("UPDATE anchors SET number = 99")
    with pytest.raises(apsw.ConstraintError, match="an anchor is kept"):
        office.book.sql("DELETE FROM anchors")


def test_events_go_with_their_entries_whatever_their_ids(office: Office) -> None:
    """
    Where events do not bear the ids of their entries, they are found all the same.
    """
    office.book.sql("UPDATE events SET id = id + 1000")
    office.prune()

    assert office.found() == []
    assert office.book.sql("PRAGMA foreign_key_check") == []


class PulledThePlug(BaseException):
    pass


def interrupted(office: Office, statements: int) -> bool:
    """Prune, and be interrupted before that many statements; say whether it was."""
    left = iter(range(statements))

    def trace(*_: object) -> bool:
        if next(left, None) is None:
            raise PulledThePlug
        return True

    def traced(desk: Desk) -> Desk:
        assert isinstance(desk, FileDesk)
        desk.db.pragma("synchronous", 0)  # nothing is killed: it need not reach the disk
        desk.db.exec_trace = trace
        return desk

    try:
        office.prune(at=traced)
    except PulledThePlug:
        return True
    return False


def test_interrupted_it_is_whole_and_goes_on(
    office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """
    Interrupted before whichever statement, the book is right; the next run does what is left.
    """
    monkeypatch.setattr(retention, "_DUE", 1)
    monkeypatch.setattr(retention, "_LEAVE_FOR", 0)
    image = empty_the_log(office.world.path)
    steps = 0
    halfway: set[tuple[bool, bool]] = set()
    while True:
        copy = tmp_path / f"{steps}.db"
        copy.write_bytes(image)
        office.book = books.File(copy)
        if not interrupted(office, steps):
            break
        steps += 1
        assert office.found() == []
        halfway.add((OLD in office.days(office.maths), OLD in office.days(office.music)))
        office.prune()
        assert OLD not in office.days(office.maths) | office.days(office.music)
        written = office.prunings()
        assert sum(pruning.removed.entries for pruning in written) == 4
        assert all(pruning.ended_at for pruning in written)

    assert steps > 30
    assert len(halfway) == 3  # none, one, both


def test_for_another_day_an_interrupted_one_ends_where_it_stood(office: Office) -> None:
    """
    Whoever broke one off because the day was wrong does not have it finished by the next.
    """
    interrupted(office, 14)
    office.prune("2025-05-06")
    first, second = office.prunings()

    assert first.ended_at is not None
    assert first.removed.sections == 0
    assert second.removed.rolls == 2
    assert office.days(office.maths) == {LATER_OLD, NEW, "2025-09-02"}


async def test_old_years_cannot_be_read_out_of_the_file(office: Office) -> None:
    """
    What was removed is overwritten in the file, not only unlinked.
    """
    await office.maths.save(("ben", OLD, LATE, "a word that nobody else says"))
    before = empty_the_log(office.world.path)
    office.prune("2026-12-01")

    assert b"a word that nobody else says" in before
    assert b"a word that nobody else says" not in empty_the_log(office.world.path)
