"""
Bringing a file's tables up to date.

Migrations are the numbered files of `storage/sql/sqlite/schema`: append-only, each run once, in
a transaction that also writes its name down, so a file is at one number or at the next.
"""

from collections.abc import Iterator

import apsw

from rollbook.domain.errors import Unavailable
from rollbook.storage import schema
from rollbook.storage.schema import Migration
from rollbook.storage.sqlite.connection import faults_as_unavailable


def known() -> list[Migration]:
    """Return every migration of this version of Rollbook, in order."""
    return schema.known("sqlite")


def level(db: apsw.Connection) -> int:
    """Return the number of the last migration that the file has seen; 0 for a new file."""
    return int(db.pragma("user_version"))


def pending(db: apsw.Connection) -> list[Migration]:
    """Return what is still to be run; raises `Unavailable` for a file of a later version."""
    return schema.pending(known(), level(db))


def migrate(db: apsw.Connection, *, rehearse: bool = False) -> Iterator[Migration]:
    """
    Run what is pending, yielding each step when it is done.

    A rehearsal runs all steps in one transaction and undoes them at the end.
    """
    with faults_as_unavailable():
        if rehearse:
            with _undone(db):
                yield from (_run(db, step) for step in pending(db))
            return
        for step in pending(db):
            db.execute("BEGIN IMMEDIATE")
            try:
                # Another process may have run it while we waited for the lock.
                if level(db) < step.number:
                    _run(db, step)
                db.execute("COMMIT")
            except BaseException:
                _undo(db)
                raise
            yield step


def require_current(db: apsw.Connection) -> None:
    """Raise `Unavailable`, saying what to do, unless the file is at this version's schema."""
    with faults_as_unavailable():
        steps = pending(db)
    if steps:
        raise Unavailable(
            f"The database is at schema {level(db)}, this version needs {steps[-1].number}. "
            "Make a copy of it, then run: rollbook migrate"
        )


def _run(db: apsw.Connection, step: Migration) -> Migration:
    db.execute(step.script)
    db.pragma("user_version", step.number)
    return step


class _undone:  # noqa: N801 — reads as a phrase: with _undone(db)
    """Whatever happens inside is rolled back."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, *exc: object) -> None:
        _undo(self._db)


def _undo(db: apsw.Connection) -> None:
    if db.in_transaction:  # a disk that refuses to write has undone it already
        db.execute("ROLLBACK")
