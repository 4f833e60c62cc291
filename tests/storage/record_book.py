"""Reading the record as it stands in the file, and holding it to its promises."""

from pathlib import Path

import apsw

from rollbook.domain.record import GENESIS, RecordEntry, chain_hash
from rollbook.storage import rows
from rollbook.storage.sqlite.statements import SQL

# Each column of an entry, as somebody who holds the file can change it.
REWRITES = [
    "at = '2026-11-23T08:00:00.001Z'",
    "user_id = user_id + 1",
    "on_behalf_of = 5",
    "channel = 'cli'",
    "request_id = ''",
    "dates = '[]'",
    "changes = replace(changes, 'as 2', 'as 3')",
    "number = 30",
    "hash = zeroblob(32)",
]


def record_of(path: Path, key: tuple[int, int]) -> list[RecordEntry]:
    """Return every entry of a section's record."""
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    found = db.execute(SQL.record_entries, (*key, 0, 1_000_000)).fetchall()
    db.close()
    return [rows.record_entry(key[1], row) for row in found]


def first_break(entries: list[RecordEntry]) -> int | None:
    """Return the number of the first entry that does not follow the one before, or None."""
    previous = GENESIS
    for number, entry in enumerate(entries, 1):
        if entry.number != number or entry.hash != chain_hash(previous, entry):
            return number
        previous = entry.hash
    return None
