"""The log is carried over while commits go on."""

from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from conftest import World
from live.house import wait_until
from rollbook.storage.sqlite import porter as porter_module
from rollbook.storage.sqlite.connection import open_reader, open_writer
from rollbook.storage.sqlite.porter import Porter

WANTED, MOST = 50, 200


@pytest.fixture
def path(world: World, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(porter_module, "PAGES_WANTED", WANTED)
    monkeypatch.setattr(porter_module, "PAGES_MOST", MOST)
    monkeypatch.setattr(porter_module, "_PAUSE", 0.01)
    return world.path


@pytest.fixture
def writer(path: Path) -> Iterator[apsw.Connection]:
    db = open_writer(path)
    db.execute("PRAGMA synchronous = off")  # how long the log gets does not depend on it
    db.execute("CREATE TABLE filler (number INTEGER PRIMARY KEY, bytes BLOB)")
    yield db
    db.close()


@pytest.fixture
def porter(path: Path, writer: apsw.Connection) -> Iterator[Porter]:
    porter = Porter(path, writer)
    yield porter
    porter.close()


def fill(db: apsw.Connection, pages: int) -> None:
    """Write that many pages, a commit each."""
    for _ in range(pages):
        db.execute("INSERT INTO filler (bytes) VALUES (randomblob(3500))")


def log_of(path: Path) -> Callable[[], int]:
    """Return what tells how many pages the log had room for so far."""
    return lambda: path.with_name(f"{path.name}-wal").stat().st_size // 4096


def is_at_rest(porter: Porter) -> Callable[[], bool]:
    """Return what tells whether all that was wanted of it is done."""
    return lambda: not porter._wanted.is_set() and porter._idle.is_set()


def is_in_the_file(path: Path, rows: int) -> Callable[[], bool]:
    """Return what tells whether the file itself, without its log, has that many rows."""
    copy = path.with_name("copy.db")

    def look() -> bool:
        copy.write_bytes(path.read_bytes())
        db = apsw.Connection(str(copy))
        try:
            db.pragma("journal_mode", "delete")
            there = db.execute("SELECT count(*) FROM filler").get
        except (apsw.CorruptError, apsw.SQLError):  # a part of it is in the log still
            return False
        finally:
            db.close()
        return bool(there >= rows)

    return look


def test_the_log_begins_anew(path: Path, writer: apsw.Connection, porter: Porter) -> None:
    """
    However much is written, the log is carried over and written from its beginning again.
    """
    for _ in range(10):
        fill(writer, MOST)
        wait_until(is_at_rest(porter), "the porter's rest")

    assert log_of(path)() <= 3 * MOST
    assert writer.execute("SELECT count(*) FROM filler").get == 10 * MOST


def test_without_it_the_log_would_grow(path: Path, writer: apsw.Connection) -> None:
    """
    The bound above is the porter's doing: with nobody who carries over there is none.
    """
    writer.set_wal_hook(lambda *_: apsw.SQLITE_OK)
    fill(writer, 10 * MOST)

    assert log_of(path)() > 10 * MOST


@pytest.mark.usefixtures("porter")
def test_a_long_reader_holds_up_the_log_and_not_the_writer(
    path: Path, writer: apsw.Connection
) -> None:
    """
    While somebody reads one old state the log grows, commits go on, and after it all is well.
    """
    reader = open_reader(path)
    reader.execute("BEGIN")
    before = reader.execute("SELECT count(*) FROM filler").get
    fill(writer, 2 * MOST)
    grown = log_of(path)()

    assert reader.execute("SELECT count(*) FROM filler").get == before
    assert grown >= 2 * MOST
    assert not is_in_the_file(path, 2 * MOST)()
    reader.execute("COMMIT")
    fill(writer, 1)
    wait_until(is_in_the_file(path, 2 * MOST), "the pages in the file")
    reader.close()


@pytest.mark.usefixtures("porter")
def test_what_is_in_the_log_is_carried_over(path: Path, writer: apsw.Connection) -> None:
    """
    The pages are in the file itself: a copy of it alone has them.
    """
    fill(writer, WANTED + 10)

    wait_until(is_in_the_file(path, WANTED), "the pages in the file")


@pytest.mark.usefixtures("porter")
def test_a_fault_of_the_disk_ends_nothing(
    path: Path, writer: apsw.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What cannot be carried over now stays in the log, and is carried over later.
    """
    tries: list[int] = []

    def fails(_self: Porter) -> None:
        tries.append(1)
        raise apsw.IOError("the disk does not answer")

    with monkeypatch.context() as broken:
        broken.setattr(Porter, "_carry_over", fails)
        fill(writer, WANTED + 10)
        wait_until(lambda: tries, "a try")
        assert not is_in_the_file(path, WANTED)()
    fill(writer, 1)

    wait_until(is_in_the_file(path, WANTED), "the pages in the file")


@pytest.mark.usefixtures("porter")
def test_who_meets_another_tries_again(
    path: Path, writer: apsw.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    If a backup carries the log over just now, the rest is carried over without another commit.
    """
    tries: list[int] = []
    carry_over = Porter._carry_over

    def meets_another(porter: Porter) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise apsw.BusyError("database is locked")
        carry_over(porter)

    monkeypatch.setattr(Porter, "_carry_over", meets_another)
    fill(writer, WANTED + 10)

    wait_until(is_in_the_file(path, WANTED), "the pages in the file")
    assert len(tries) >= 3
