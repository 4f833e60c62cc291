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


if _breaks == "one transaction":
    _two_transactions_for_one()
