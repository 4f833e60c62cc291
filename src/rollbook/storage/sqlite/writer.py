"""
Many writes, one commit.

A durable commit costs a wait for the disk. Writes that arrive while one is under way are
carried out together in the next: each in a savepoint of its own, so that each succeeds or fails
alone, and all of them are answered only when the disk has them.
"""

import contextlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apsw

from rollbook.domain.days import instant
from rollbook.domain.errors import RollbookError, Unavailable
from rollbook.storage.clock import Clock, system_clock
from rollbook.storage.sqlite import changes
from rollbook.storage.sqlite.connection import (
    FAULTS,
    faults_as_unavailable,
    only_add_to_the_record,
    open_writer,
    wait_for_others,
)
from rollbook.storage.sqlite.sections import Sections

log = logging.getLogger("rollbook.storage")

LOG_MAX = 1 << 30  # bytes that the log may take from the disk while somebody reads for long
_MOMENT_MS = 100  # readers of ours need far less than that


class Writer:
    """The one connection of this process that changes the file."""

    def __init__(self, path: Path, clock: Clock = system_clock) -> None:
        self._db = open_writer(path)
        only_add_to_the_record(self._db)
        self._sections = Sections(self._db)
        self.fault: BaseException | None = None  # what stopped the last group, if anything did
        self._clock = clock
        self._log = path.with_name(f"{path.name}-wal")

    @property
    def in_doubt(self) -> bool:
        """Whether the disk failed: nobody knows what of the last group is on it."""
        return isinstance(self.fault, apsw.IOError)

    def make_sure(self) -> None:
        """
        Bring what is committed from the log into the file, and drop what else is in the log.

        A commit that the disk did not confirm is in the log without counting: it is settled by
        this as not saved. A reader that is in the way hinders only the dropping, and the next
        commit is written over it. Raises `Unavailable` when the disk confirms nothing still.
        """
        with faults_as_unavailable(), contextlib.suppress(apsw.BusyError):
            self._shorten_log()

    @property
    def db(self) -> apsw.Connection:
        """The connection itself, for whoever writes much in another way."""
        self._sections.forget()
        return self._db

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def one(self, command: changes.Command) -> Any:
        """Carry out one command in a transaction of its own; raises what it raises."""
        (outcome,) = self.all([command])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def all(self, commands: Sequence[changes.Command]) -> list[Any]:
        """
        Carry out commands in one commit and return what each came to: a result or an error.

        When the commit itself fails every one is `Unavailable`: what became of it is unknown.
        """
        self.fault = None
        try:
            with faults_as_unavailable():
                self._require_short_log()
                return self._in_one_commit(commands)
        except RollbookError as fault:
            self.fault = fault.__cause__
            return [fault for _ in commands]

    def _require_short_log(self) -> None:
        """Raise `Unavailable` when the log is long, and a reader keeps it from being emptied."""
        if self._log.stat().st_size < LOG_MAX:
            return
        try:
            self._shorten_log()
        except apsw.BusyError as busy:
            raise Unavailable(
                f"Some program has been reading the database for so long that its log has "
                f"{LOG_MAX >> 20} MB; nothing is saved until it ends."
            ) from busy

    def _shorten_log(self) -> None:
        self._db.set_busy_timeout(_MOMENT_MS)
        try:
            self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        finally:
            wait_for_others(self._db)

    def _in_one_commit(self, commands: Sequence[changes.Command]) -> list[Any]:
        # IMMEDIATE: a transaction that reads first and asks for the lock later is refused at
        # once when anybody else wrote in between, whatever the busy timeout says.
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._sections.begin()
            now = instant(self._clock())
            outcomes = [self._alone(command, now) for command in commands]
            self._db.execute("COMMIT")
        except BaseException:
            self._sections.forget()
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        return outcomes

    def _alone(self, command: changes.Command, now: str) -> Any:
        self._db.execute("SAVEPOINT one")
        try:
            outcome = changes.run(self._db, command, now, self._sections)
        except FAULTS:
            raise  # the disk's or the lock's: they are everybody's
        except Exception as error:  # noqa: BLE001 — a slip in one command is not the others'
            self._db.execute("ROLLBACK TO one")
            outcome = error if isinstance(error, RollbookError) else _slip(error)
        self._db.execute("RELEASE one")
        return outcome


def _slip(error: Exception) -> Unavailable:
    """Return what is told of a fault of ours; what it was stands in the log."""
    log.error("a write failed", exc_info=error)
    return Unavailable(f"The store cannot do this ({type(error).__name__}); nothing was saved.")
