"""
Copies of the file, made while it is written, which bear their name only when they are right.

The copy is made in a moment of its own: a reader's snapshot that no write of another process
disturbs. Without it, each such write would make SQLite's backup begin again.
"""

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw

from rollbook.domain.errors import Unavailable
from rollbook.storage.sqlite.connection import FAULTS, open_reader

_PAGES = 1000  # copied between two looks at the clock: 4 MB

Progress = Callable[[int, int], None]  # pages copied, of how many


@contextlib.contextmanager
def appearing(target: Path, *, replace: bool = False) -> Iterator[Path]:
    """
    Give a place for a new file, which becomes *target* when the block ends well.

    Until then it has another name in the same folder; whatever happens, *target* is whole or not
    there. What a killed run left is removed by the next one.

    Raises:
        Unavailable: There is a *target* already and it is not to be replaced, or the disk refuses.
    """
    _require_new(target, replace=replace)
    try:
        _remove_leftovers(target)
        handle, name = tempfile.mkstemp(".part", f".{target.name}.", target.parent)
    except OSError as error:
        raise Unavailable(
            f"Nothing can be written to {target.parent}: {error.strerror}."
        ) from error
    part = Path(name)
    try:
        # Held as long as we live: by this a leftover is told from the work of another process.
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield part
        os.fsync(handle)
        _give_name(part, target, replace=replace)
    except OSError as error:
        raise Unavailable(f"{target} could not be written: {error.strerror}.") from error
    finally:
        for each in (part, *_beside(part)):
            each.unlink(missing_ok=True)
        os.close(handle)


def _require_new(target: Path, *, replace: bool) -> None:
    if target.exists() and not replace:
        raise Unavailable(f"{target} is there already; nothing was written.")


def _give_name(part: Path, target: Path, *, replace: bool) -> None:
    """Give the file its name, and let the folder be on the disk too."""
    if replace:
        part.replace(target)
    else:
        try:
            target.hardlink_to(part)  # unlike a renaming, it never takes another's place
        except FileExistsError:
            _require_new(target, replace=False)
        except OSError:  # a file system without links
            _require_new(target, replace=False)
            part.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _remove_leftovers(target: Path) -> None:
    for part in target.parent.glob(f".{target.name}.*.part"):
        with part.open("rb") as left:
            try:
                fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:  # of one that is under way
                continue
            for each in (part, *_beside(part)):
                each.unlink(missing_ok=True)


def _beside(database: Path) -> list[Path]:
    """Return where SQLite keeps what is not yet in the file."""
    return [database.with_name(database.name + end) for end in ("-journal", "-wal", "-shm")]


def copy(source: Path, target: Path, progress: Progress) -> None:
    """
    Copy a database, also while others write it, into an empty file.

    The copy is one file, with nothing beside it: it holds each commit that had returned when the
    copying began, and can be read where nothing can be written.

    Raises:
        Unavailable: One of the two cannot be opened, read or written.
    """
    original = open_reader(source)
    copied = apsw.Connection(str(target))
    try:
        with _faults_of_copying(target):
            # Until it has its name nobody needs it after a crash.
            copied.execute("PRAGMA journal_mode = off")
            copied.execute("PRAGMA synchronous = off")
            copied.execute("PRAGMA locking_mode = exclusive")
            original.execute("BEGIN")
            original.pragma("user_version")  # the snapshot is taken with the first reading
            with copied.backup("main", original, "main") as backup:
                while not backup.done:
                    backup.step(_PAGES)
                    progress(backup.page_count - backup.remaining, backup.page_count)
            copied.execute("PRAGMA journal_mode = delete")
    finally:
        copied.close()
        original.close()


@contextlib.contextmanager
def _faults_of_copying(target: Path) -> Iterator[None]:
    """Turn a fault into `Unavailable`; SQLite has a name for it here, and no words."""
    try:
        yield
    except FAULTS as fault:
        code: int = getattr(fault, "extendedresult", 0)  # apsw sets it, its types know it not
        name = apsw.mapping_extended_result_codes.get(code, apsw.mapping_result_codes.get(code))
        raise Unavailable(
            f"The copy could not be made ({name}). Is there room enough in {target.parent}?"
        ) from fault


def require_no_traces(target: Path) -> None:
    """
    Raise `Unavailable`, naming the file, when there is something of a database of that name.

    A log that was left beside it would be taken for the new file's own.
    """
    for each in (target, *_beside(target)):
        if each.exists():
            raise Unavailable(
                f"{each} is there already; nothing was written. Name another file, or move what "
                "is left of the old database away."
            )
    lock = target.with_name(f"{target.name}-lock")
    if lock.exists():
        with lock.open("rb") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise Unavailable(
                    f"A server works on {target} (it holds {lock}). Stop it first."
                ) from None
