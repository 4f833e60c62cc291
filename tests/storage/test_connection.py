import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from rollbook.domain.errors import Unavailable
from rollbook.storage.sqlite import SqliteStore, connection, create
from rollbook.storage.sqlite.connection import (
    ASK_EVERY,
    FAULTS,
    faults_as_unavailable,
    moment,
    open_reader,
    open_writer,
    refuse_unsafe_sqlite,
)

NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A new, empty book."""
    path = tmp_path / "rollbook.db"
    create(path)
    return path


@contextlib.contextmanager
def powerless() -> Iterator[None]:
    """Be nobody for a while where the tests run as root, who may read everything."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize(
    ("opens", "pragma", "value"),
    [
        (open_writer, "journal_mode", "wal"),
        (open_writer, "synchronous", 2),  # full
        (open_writer, "foreign_keys", 1),
        (open_writer, "mmap_size", 0),
        (open_writer, "query_only", 0),
        (open_reader, "journal_mode", "wal"),
        (open_reader, "query_only", 1),
        (open_reader, "mmap_size", 0),
    ],
)
def test_a_connection_is_set_as_it_must_be(
    path: Path, opens: Callable[[Path], apsw.Connection], pragma: str, value: Any
) -> None:
    """
    Every setting is in force on a connection that has just been opened.
    """
    db = opens(path)

    assert db.pragma(pragma) == value
    db.close()


def test_who_waits_for_the_lock_gets_in_through_short_gaps(path: Path) -> None:
    """
    Beside somebody who lets go of the lock for moments only, each write still gets its turn.
    """
    done = threading.Event()

    def hog() -> None:
        db = open_writer(path)
        while not done.is_set():
            db.execute("BEGIN IMMEDIATE")
            time.sleep(0.04)
            db.execute("ROLLBACK")
            time.sleep(2 * ASK_EVERY)
        db.close()

    thread = threading.Thread(target=hog)
    thread.start()
    db = open_writer(path)
    waits = []
    for _ in range(10):
        begun = time.monotonic()
        db.execute("BEGIN IMMEDIATE; ROLLBACK")
        waits.append(time.monotonic() - begun)
        time.sleep(0.01)
    done.set()
    thread.join()
    db.close()

    assert sum(waits) < 2


@pytest.mark.parametrize("opens", [open_writer, open_reader])
def test_nobody_waits_for_ever(
    path: Path, opens: Callable[[Path], apsw.Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Whoever holds the lock for longer than anybody waits makes the others fail, not hang.
    """
    monkeypatch.setattr(connection, "PATIENCE", 0.2)
    holder, db = open_writer(path), opens(path)
    holder.execute("BEGIN IMMEDIATE")
    db.execute("PRAGMA query_only = off")
    begun = time.monotonic()
    with pytest.raises(apsw.BusyError):
        db.execute("BEGIN IMMEDIATE")

    assert 0.2 <= time.monotonic() - begun < 2
    db.close()
    holder.close()


def test_a_new_file_is_set_as_it_must_be(tmp_path: Path) -> None:
    """
    A file that is made now is in WAL mode and synced at every commit from the first one.
    """
    db = open_writer(tmp_path / "new.db", create=True)

    assert (db.pragma("journal_mode"), db.pragma("synchronous")) == ("wal", 2)
    db.close()


def test_a_reader_cannot_write(path: Path) -> None:
    """
    A slip in a reader is an error and changes nothing.
    """
    db = open_reader(path)
    with pytest.raises(apsw.ReadOnlyError):
        db.execute("UPDATE counters SET next = 0")
    db.close()


# ---------------------------------------------------------------- files that are none


def missing(path: Path) -> None:
    path.unlink()


def garbage(path: Path) -> None:
    path.write_bytes(b"This is no database, whatever its name says. " * 100)


def cut_header(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" + bytes(4096))


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def unreadable(path: Path) -> None:
    path.chmod(0)


@pytest.mark.parametrize("opens", [open_reader, open_writer, SqliteStore])
@pytest.mark.parametrize("spoil", [missing, garbage, cut_header, folder, unreadable])
def test_a_file_that_cannot_be_opened_is_named(
    path: Path, spoil: Callable[[Path], None], opens: Callable[[Path], Any]
) -> None:
    """
    Missing, unreadable or no database at all: the refusal says which file it was.
    """
    spoil(path)
    power = powerless() if spoil is unreadable else contextlib.nullcontext()
    with power, pytest.raises(Unavailable) as refusal:
        opens(path)

    assert str(path) in str(refusal.value)
    assert path.exists() is (spoil is not missing)


# ---------------------------------------------------------------- the gate


@pytest.mark.parametrize(
    ("version", "safe"),
    [("3.40.1", False), ("3.51.2", False), ("3.51.3", True), ("3.54.1", True), ("4.0", True)],
)
def test_a_sqlite_that_can_corrupt_files_is_refused(version: str, safe: bool) -> None:
    """
    Versions with the WAL-reset bug are refused by name, with what to do; later ones are not.
    """
    if safe:
        refuse_unsafe_sqlite(version)
    else:
        with pytest.raises(Unavailable, match=rf"{version}.* 3\.51\.3 .*apsw"):
            refuse_unsafe_sqlite(version)


@pytest.mark.parametrize("opens", [open_reader, open_writer])
def test_no_file_is_opened_by_an_unsafe_sqlite(
    path: Path, monkeypatch: pytest.MonkeyPatch, opens: Callable[[Path], apsw.Connection]
) -> None:
    """
    The version is looked at before a file is touched.
    """
    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: "3.40.1")
    path.unlink()
    with pytest.raises(Unavailable, match=r"3\.40\.1"):
        opens(path)


# ---------------------------------------------------------------- faults


@pytest.mark.parametrize("fault", FAULTS)
def test_what_the_disk_and_the_lock_do_is_unavailable(fault: type[Exception]) -> None:
    """
    Each fault of the ground comes out as `Unavailable`, with its cause behind it.
    """
    with pytest.raises(Unavailable, match="try again") as refusal, faults_as_unavailable():
        raise fault("the ground gave way")

    assert isinstance(refusal.value.__cause__, fault)


def test_a_slip_of_ours_passes_through() -> None:
    """
    A wrong statement is no fault of the ground, and is not told as one.
    """
    with pytest.raises(apsw.SQLError), faults_as_unavailable():
        apsw.Connection(":memory:").execute("SELECT FROM nowhere")


def test_a_moment_is_one_state_of_the_file(path: Path) -> None:
    """
    Reads inside a moment do not see what is committed meanwhile; the next moment does.
    """
    reader, writer = open_reader(path), open_writer(path)
    count = "SELECT count(*) FROM districts"
    with moment(reader) as db:
        before = db.execute(count).fetchall()
        writer.execute(
            "INSERT INTO districts (id, name, time_zone, created_at) VALUES (1, 'L', 'UTC', '')"
        )
        during = db.execute(count).fetchall()
    with moment(reader) as db:
        after = db.execute(count).fetchall()

    assert (before, during, after) == ([(0,)], [(0,)], [(1,)])
    assert not reader.in_transaction
    reader.close()
    writer.close()


def test_a_fault_that_ends_a_moment_is_told_as_it_was(path: Path) -> None:
    """
    When the database has ended the transaction itself, the fault is told, not the end of it.
    """
    reader = open_reader(path)

    def fail() -> None:
        with moment(reader) as db:
            db.execute("ROLLBACK")
            raise apsw.IOError("the disk is gone")

    with pytest.raises(Unavailable, match="the disk is gone"):
        fail()

    assert not reader.in_transaction
    reader.close()
