"""
Guards turned off, to see that the checks of the faults go red without them; and faults put in.

Python runs this at the start of every process of a server under test; it does nothing unless
`ROLLBOOK_TEST_BREAKS` names what to break. Where a name goes on with `=FILE`, that file says
whether, or how much, while the server runs.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_kept: list[object] = []  # what has to live as long as the process
_breaks = os.environ.get("ROLLBOOK_TEST_BREAKS", "")


def _two_transactions_for_one(_switch: Path) -> None:
    """Commit the marks before their record is written."""
    from rollbook.storage.sqlite import sections

    write_record = sections.Section._write_record

    def after_a_commit(section, *args):  # type: ignore[no-untyped-def]
        db = section._db
        db.execute("RELEASE one; COMMIT")
        time.sleep(0.003)
        db.execute("BEGIN IMMEDIATE; SAVEPOINT one")
        return write_record(section, *args)

    sections.Section._write_record = after_a_commit  # type: ignore[method-assign]


def _a_slow_disk(_switch: Path) -> None:
    """Take 50 ms for each write."""
    from rollbook.storage.sqlite import changes

    quick = changes.run

    def slow(*args):  # type: ignore[no-untyped-def]
        time.sleep(0.05)
        return quick(*args)

    changes.run = slow


def _commits_without_the_disk(_switch: Path) -> None:
    """Let a commit return before the disk has it."""
    from rollbook.storage.sqlite import connection

    connection.sync_every_commit = lambda db: db.pragma("synchronous", "normal")


def _a_disk_that_confirms_nothing(switch: Path) -> None:
    """Fail every wait for the disk while the switch is there."""
    from storage.faulty_disk import FaultyDisk

    class SwitchedDisk(FaultyDisk):
        failing = property(lambda _: switch.exists(), lambda *_: None)

    _kept.append(SwitchedDisk())


def _a_clock_that_jumps(switch: Path) -> None:
    """Be off by as many seconds as the switch says."""
    import datetime as dt

    from rollbook.storage import clock

    def jumped() -> dt.datetime:
        return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=float(switch.read_text()))

    clock.system_clock = jumped


def _an_old_sqlite(_switch: Path) -> None:
    """Be linked to the SQLite of Debian 12."""
    import apsw

    apsw.sqlite_lib_version = lambda: "3.40.1"


def _a_log_of_4_mb(_switch: Path) -> None:
    """Reach the bound of the log soon."""
    from rollbook.storage.sqlite import writer

    writer.LOG_MAX = 4 << 20


def _everybody_waits_in_turn(_switch: Path) -> None:
    """Let those who waited for a file that is held wait for it once more."""
    from rollbook.storage.sqlite import counter

    counter.Counter._those_who_waited = lambda self: []  # type: ignore[method-assign]


def _no_room_for_nonces(_switch: Path) -> None:
    """Begin a book of nonces that has no room of its own."""
    from rollbook.auth import nonces

    nonces.NonceBook._reserve = lambda *_: None  # type: ignore[method-assign]


def _nonces_forgotten(_switch: Path) -> None:
    """Take every nonce for a new one."""
    from rollbook.auth import nonces
    from rollbook.storage.postgres.nonces import NonceTable

    async def claim(*_: object, **__: object) -> bool:
        return True

    nonces.NonceBook.claim = claim  # type: ignore[method-assign]
    NonceTable.claim = claim  # type: ignore[method-assign]


def _no_end_to_heads(_switch: Path) -> None:
    """Wait for a head for an hour."""
    from rollbook import wiring

    wiring._HEAD_WITHIN = 3600


def _no_lock_on_the_house(_switch: Path) -> None:
    """Let a second server start on the same file."""
    import fcntl

    fcntl.flock = lambda *_: None


def _every_worker_writes(_switch: Path) -> None:
    """Let workers write themselves, and ask for the lock only when they need it."""
    from rollbook.storage.sqlite import connection, store, writer

    class Deferred:
        def __init__(self, db: Any) -> None:
            self._db = db

        def execute(self, sql: str, *args: Any) -> Any:
            return self._db.execute("BEGIN" if sql == "BEGIN IMMEDIATE" else sql, *args)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._db, name)

    open_writer = connection.open_writer
    vars(writer)["open_writer"] = lambda *args: Deferred(open_writer(*args))
    begin = store.SqliteStore.__init__

    def without_a_line(self, path, *, writing=None, **options):  # type: ignore[no-untyped-def]
        begin(self, path, **options)

    store.SqliteStore.__init__ = without_a_line  # type: ignore[method-assign]


def _marks_on_their_own(_switch: Path) -> None:
    """Commit the marks on PostgreSQL before their record is written."""
    from rollbook.storage.postgres import sections

    write = sections.Sections.write

    async def marks_first(self, now):  # type: ignore[no-untyped-def]
        for section in self._found.values():
            for (day, who), (status, comment) in section.marks.items():
                await self._db.execute(
                    "INSERT INTO marks (district_id, section_id, date, enrollment_id, status, "
                    "comment) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                    *(self._district_id, section.section_id, day, who, status, comment),
                )
        return await write(self, now)

    sections.Sections.write = marks_first  # type: ignore[method-assign]


def _nobody_looks(_switch: Path) -> None:
    """Save on PostgreSQL as if nothing were there yet."""
    from rollbook.storage.postgres import sections

    look = sections.Section.__init__

    def blind(self, *args):  # type: ignore[no-untyped-def]
        look(self, *args)
        self.current, self._taken = {}, set()

    sections.Section.__init__ = blind  # type: ignore[method-assign]


_BREAKS: dict[str, Callable[[Path], None]] = {
    "one transaction": _two_transactions_for_one,
    "sync": _commits_without_the_disk,
    "disk": _a_disk_that_confirms_nothing,
    "clock": _a_clock_that_jumps,
    "sqlite": _an_old_sqlite,
    "log": _a_log_of_4_mb,
    "waiting": _everybody_waits_in_turn,
    "nonces": _no_room_for_nonces,
    "replay": _nonces_forgotten,
    "heads": _no_end_to_heads,
    "house lock": _no_lock_on_the_house,
    "one writer": _every_worker_writes,
    "a quick disk": _a_slow_disk,
    "looking": _nobody_looks,
    "one transaction on PostgreSQL": _marks_on_their_own,
}

for _name, _, _file in (each.partition("=") for each in _breaks.split(",") if each):
    _BREAKS[_name.strip()](Path(_file))
