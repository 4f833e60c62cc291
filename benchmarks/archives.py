"""
An old year archived, taken out and brought back: `python -m benchmarks.archives`.

The whole commands are timed on a file with so many marks, and what stands in it is summed up
before and after: every row is the same again.
"""

import argparse
import hashlib
import os
import resource
import shutil
from pathlib import Path

import apsw
from rich.console import Console

from benchmarks import ground, results
from benchmarks.ground import DAYS
from benchmarks.land import STUDENTS
from benchmarks.marks_csv import processor_time
from benchmarks.roster import run
from rollbook.storage.moving import TABLES

out = Console()

_BEFORE = "2026-11-25"  # later than the last day of the data
_SAID = ("prunings", "anchors", "restorations")  # what is said of a removal and its return
_OWN = "request_id NOT LIKE 'pruning %' AND request_id NOT LIKE 'restoring %'"


def main() -> None:
    """Measure each command once."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.archives", description=__doc__)
    parser.add_argument("--marks", type=int, default=1_000_000, help="(default: 1,000,000)")
    parser.add_argument("--folder", type=Path, default=results.FOLDER, help="of the data")
    given = parser.parse_args()
    filled = ground.prepare(given.folder / "archives", round(given.marks / STUDENTS / DAYS))
    archive = given.folder / "archives" / "old"
    shutil.rmtree(archive, ignore_errors=True)
    with ground.copy_of(filled) as copy:
        os.environ["ROLLBOOK_DATABASE"] = str(copy.database)
        before = _sums(copy.database)
        out.print(f"{copy.marks:,} marks, {copy.database.stat().st_size:,} bytes in the file")
        for words in (
            ("create", str(archive), "--before", _BEFORE),
            ("check", str(archive)),
            ("detach", str(archive), "--yes"),
            ("restore", str(archive)),
        ):
            used = processor_time(resource.RUSAGE_CHILDREN)
            seconds, memory, _ = run("archive", *words)
            used = processor_time(resource.RUSAGE_CHILDREN) - used
            out.print(
                f"archive {words[0]:8}{copy.marks / seconds:>10,.0f} marks/s by the clock"
                f"{copy.marks / used:>10,.0f} by processor time   {memory} MB",
                highlight=False,
            )
        same = _sums(copy.database) == before
        size = {file.name: file.stat().st_size for file in sorted(archive.iterdir())}
        out.print(f"every row is the same again: {'yes' if same else 'NO'}")
        out.print(", ".join(f"{name} {bytes_:,}" for name, bytes_ in size.items()))
        out.print(f"{sum(size.values()) / copy.marks:.1f} bytes a mark")


def _sums(database: Path) -> dict[str, str]:
    """Return SHA-256 over each table by its key, without what is said of removals."""
    db = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
    found = {}
    for table in TABLES:
        if table.name in _SAID:
            continue
        own = {
            "record": f"WHERE {_OWN}",
            "events": f"WHERE id IN (SELECT id FROM record WHERE {_OWN})",
        }.get(table.name, "")
        hashed = hashlib.sha256()
        for row in db.execute(
            f"SELECT {', '.join(table.columns)} FROM {table.name} {own}"
            f" ORDER BY {', '.join(table.key)}"
        ):
            hashed.update(repr(row).encode())
        found[table.name] = hashed.hexdigest()
    db.close()
    return found


if __name__ == "__main__":
    main()
