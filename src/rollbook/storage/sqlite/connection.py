"""
Opening the file as it must be opened: each setting has its function and its reason.

Memory-mapped I/O (`mmap_size`) is never set: an I/O error would become a crash.
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

import apsw

from rollbook.domain.errors import Unavailable
from rollbook.storage.sqlite.mounts import refuse_network_disk

Setting: TypeAlias = Callable[[apsw.Connection], None]

PATIENCE = 5.0  # seconds for which a write waits for another process's transaction
ASK_EVERY = 0.002  # seconds: an import lets go of the lock for a little longer than this

# Two connections that write or checkpoint in the same moment could corrupt a file in WAL mode
# in every version from 3.7.0 up to the one before this; https://sqlite.org/wal.html#walreset
_FIRST_SAFE_VERSION = (3, 51, 3)


def refuse_unsafe_sqlite(version: str) -> None:
    """Raise `Unavailable` for a SQLite that can corrupt a file with several connections."""
    if tuple(map(int, version.split("."))) < _FIRST_SAFE_VERSION:
        needed = ".".join(map(str, _FIRST_SAFE_VERSION))
        raise Unavailable(
            f"SQLite {version} can corrupt a file that several processes use; "
            f"Rollbook needs {needed} or later (upgrade the package apsw)."
        )


def keep_a_log_ahead(db: apsw.Connection) -> None:
    """Write ahead in a log, so that readers never wait for a writer nor it for them."""
    db.execute("PRAGMA journal_mode = wal")


def sync_every_commit(db: apsw.Connection) -> None:
    """Let a commit return only when the disk has it; in WAL mode, NORMAL does not."""
    db.execute("PRAGMA synchronous = full")


def require_writable(db: apsw.Connection) -> None:
    """Refuse a file that may only be read, which SQLite opens all the same."""
    if db.readonly("main"):
        raise apsw.ReadOnlyError("it may only be read")


def give_room_back(db: apsw.Connection) -> None:
    """Cut the log back to 64 MB when it starts over: it grows while somebody reads for long."""
    db.execute("PRAGMA journal_size_limit = 67108864")


def enforce_foreign_keys(db: apsw.Connection) -> None:
    """Switch on foreign keys, which SQLite leaves off for the sake of old programs."""
    db.execute("PRAGMA foreign_keys = on")


def wait_for_others(db: apsw.Connection) -> None:
    """
    Wait a while for another process's transaction rather than fail at once.

    SQLite's own way of waiting asks less and less often, in the end every tenth of a second, and
    would miss nearly all of the moments in which an import lets go of the lock.
    """
    since = 0.0

    def wait(asked: int) -> bool:
        nonlocal since
        since = since if asked else time.monotonic()
        time.sleep(ASK_EVERY)
        return time.monotonic() < since + PATIENCE

    db.set_busy_handler(wait)


def keep_pages_at_hand(db: apsw.Connection) -> None:
    """Keep 32 MB of what was read: SQLite's own 2 MB make each roll fetch its pages again."""
    db.pragma("cache_size", -32 * 1024)


def only_read(db: apsw.Connection) -> None:
    """Make a slip in a reader an error instead of a write."""
    db.execute("PRAGMA query_only = on")


def only_add_to_the_record(db: apsw.Connection) -> None:
    """
    Let no statement of the application change, replace or remove an entry of the records.

    The schema's triggers refuse that already; here they cannot be taken away, nor be walked
    around: a REPLACE removes rows, and their triggers hear of it only when told to.
    """
    db.execute("PRAGMA recursive_triggers = on")
    db.authorizer = _may


def _may(action: int, what: str | None, _on: str | None, *_where: str | None) -> int:
    return apsw.SQLITE_DENY if what in _FORBIDDEN.get(action, ()) else apsw.SQLITE_OK


# In the last one are the triggers.
_KEPT = {"record", "acts", "anchors", "restorations", "sqlite_master"}
_FORBIDDEN: dict[int, set[str]] = {
    apsw.SQLITE_INSERT: {"anchors", "restorations"},
    apsw.SQLITE_UPDATE: _KEPT,
    apsw.SQLITE_DELETE: _KEPT,
    apsw.SQLITE_PRAGMA: {"writable_schema", "recursive_triggers"},
}


def open_reader(path: Path) -> apsw.Connection:
    """Open the file to read; raises `Unavailable` naming the file."""
    return _open(
        path, apsw.SQLITE_OPEN_READWRITE, (wait_for_others, keep_pages_at_hand, only_read)
    )


def open_writer(path: Path, *, create: bool = False) -> apsw.Connection:
    """Open the file to write; raises `Unavailable` naming the file."""
    flags = apsw.SQLITE_OPEN_READWRITE | (apsw.SQLITE_OPEN_CREATE if create else 0)
    settings = (
        require_writable,
        wait_for_others,
        keep_pages_at_hand,
        keep_a_log_ahead,
        sync_every_commit,
        give_room_back,
        enforce_foreign_keys,
    )
    return _open(path, flags, settings)


def _open(path: Path, flags: int, settings: Iterable[Setting]) -> apsw.Connection:
    refuse_unsafe_sqlite(apsw.sqlite_lib_version())
    refuse_network_disk(path)
    try:
        db = apsw.Connection(str(path), flags=flags)
        for setting in settings:
            setting(db)
        db.pragma("schema_version")  # reads the file: only now what is none shows
    except apsw.Error as error:
        raise Unavailable(f"The database {path} cannot be opened: {error}.") from error
    return db


@contextlib.contextmanager
def faults_as_unavailable() -> Iterator[None]:
    """Turn what the disk and the lock do to us into `Unavailable`; bugs pass through."""
    try:
        yield
    except FAULTS as fault:
        raise unavailable(fault) from fault


def unavailable(fault: apsw.Error) -> Unavailable:
    """Return what a fault of the disk or the lock is to whoever asked."""
    return Unavailable(f"The store cannot do this now ({fault}); try again.")


FAULTS = (
    apsw.BusyError,
    apsw.LockedError,
    apsw.FullError,
    apsw.IOError,
    apsw.ReadOnlyError,
    apsw.CantOpenError,
    apsw.CorruptError,
    apsw.NotADBError,
    apsw.NoMemError,
    apsw.PermissionsError,
    apsw.ProtocolError,
)


@contextlib.contextmanager
def moment(db: apsw.Connection) -> Iterator[apsw.Connection]:
    """Let every read inside see one and the same state of the file."""
    with faults_as_unavailable():
        db.execute("BEGIN")
        try:
            yield db
        finally:
            if db.in_transaction:  # some faults end it themselves
                db.execute("COMMIT")
