"""
Carrying the log over into the file, beside the writer.

A commit only appends to the log. Now and then its pages have to be carried over to their places
all over the file, and the disk has to confirm them: a hundred times the work of a commit. SQLite
does it within the commit that made the log too long, and whoever is in that one waits. Here a
thread does it on a connection of its own while commits go on. The writer does no more than the
rest, so that its next commit begins the log anew; if somebody else began it anew, the writer
would have to forget every page that it holds.
"""

import contextlib
import logging
import threading
from pathlib import Path

import apsw

from rollbook.storage.sqlite.connection import open_writer

log = logging.getLogger("rollbook.storage")

# Pages of 4 KB in the log: from the first number on they are carried over; from the second on
# commits wait for that, so that a disk that is too slow slows them down instead of filling up.
PAGES_WANTED = 4_000
PAGES_MOST = 16_000

_BREATH = 0.05  # seconds at most that a commit waits for the log
_FEW = 500  # pages that are left to the writer
_ROUNDS = 8
_PAUSE = 0.5  # seconds until the next try when a reader is in the way


class Porter:
    """Carries the log over that a writer's connection fills."""

    def __init__(self, path: Path, writer: apsw.Connection) -> None:
        self._db = open_writer(path)
        self._wanted = threading.Event()
        self._rest_is_little = threading.Event()
        self._idle = threading.Event()  # commits need not wait: all is done, or cannot be now
        self._leaving = threading.Event()
        self._writer = writer
        writer.set_wal_hook(self._committed)
        self._thread = threading.Thread(target=self._work, name="porter", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop, when what is being carried is there."""
        self._writer.set_wal_hook(None)
        self._leaving.set()
        self._wanted.set()
        self._thread.join()
        self._db.close()

    def _committed(self, db: apsw.Connection, _name: str, pages: int) -> int:
        """Look at how long the log is after a commit."""
        if self._rest_is_little.is_set():
            self._rest_is_little.clear()
            with contextlib.suppress(apsw.BusyError):  # a backup carries it over just now
                db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        elif pages > PAGES_WANTED and not self._wanted.is_set():
            self._idle.clear()
            self._wanted.set()
        if pages > PAGES_MOST:
            self._idle.wait(_BREATH)
        return apsw.SQLITE_OK

    def _work(self) -> None:
        while not self._leaving.is_set():
            self._wanted.wait(_PAUSE if self._rest_is_little.is_set() else None)
            self._idle.clear()
            self._wanted.clear()
            self._rest_is_little.clear()
            try:
                self._carry_over()
            except apsw.BusyError:  # another carries it over just now, the writer or a backup
                self._wanted.set()
                self._leaving.wait(_BREATH)
            except apsw.Error as fault:  # nothing is lost: it is in the log still
                log.warning("the log cannot be carried over", exc_info=fault)
                self._try_again_later()

    def _carry_over(self) -> None:
        before = 0
        for _ in range(_ROUNDS):
            pages, done = self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            if done - before < _FEW:
                break
            before = done
        if pages - done < _FEW:
            self._leave(pages - done)
        else:  # a reader needs the log as it is
            self._try_again_later()

    def _leave(self, rest: int) -> None:
        """Let the writer do the rest; if it has nothing to write, it is done after a pause."""
        if rest:
            self._wanted.clear()  # what was wanted meanwhile is the rest, and two would meet
            self._rest_is_little.set()
        self._idle.set()

    def _try_again_later(self) -> None:
        """Let commits go on meanwhile, however long the log gets."""
        self._wanted.set()
        self._idle.set()
        self._leaving.wait(_PAUSE)
