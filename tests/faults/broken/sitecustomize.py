"""
Guards turned off, to see that the checks of the faults go red without them.

Python runs this at the start of every process of a server under test; it does nothing unless
`ROLLBOOK_TEST_BREAKS` names a guard.
"""

import os
import time

_breaks = os.environ.get("ROLLBOOK_TEST_BREAKS", "")


def _two_transactions_for_one() -> None:
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


def _a_slow_disk() -> None:
    """Take 20 ms for each write."""
    from rollbook.storage.sqlite import changes

    quick = changes.run

    def slow(*args):  # type: ignore[no-untyped-def]
        time.sleep(0.02)
        return quick(*args)

    changes.run = slow


def _no_shedding() -> None:
    """Hand in every save, however many wait."""
    from rollbook.storage.sqlite.backlog import Backlog

    Backlog.wait = lambda self: 0.0  # type: ignore[method-assign]


if "a quick disk" in _breaks:
    _a_slow_disk()
if "shedding" in _breaks:
    _no_shedding()
if _breaks == "one transaction":
    _two_transactions_for_one()
