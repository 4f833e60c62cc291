"""
Marks from a file and into one: lines a second of the real commands, and the memory they held.

    python -m benchmarks.marks_csv [--rows 2000000] [--order day|section|random]

Makes up a district, imports its roster, and writes a file of marks with the roster's own ids, as
a student information system would: a tenth not present, some with comments. The floor is a loop
that only reads cells and upserts them, in the order of the key and in one transaction: nothing
is checked, looked up or recorded. The lock column is the longest that a roll would have waited
to be saved meanwhile; on a machine that does other work too, the rate by processor time says more
than the one by the clock.
"""

import argparse
import csv
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import apsw

from benchmarks.land import STUDENTS, school_days
from benchmarks.roster import identifier, longest_lock, make_set, run
from rollbook.storage.sqlite.statements import SQL

DAYS = 60
_COMMENTS = ("", "", "", "Sick, with a note", "Missed the bus; came at 9:40", "Orchestra")


def write_marks(path: Path, rows: int, order: str) -> None:
    """Write a file of about so many marks, in the order of its days, its sections, or none."""
    sections = sections_of(rows)
    by_section = ((s, d) for s in range(sections) for d in school_days(DAYS))
    by_day = ((s, d) for d in school_days(DAYS) for s in range(sections))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["section_sourced_id", "enrollment_sourced_id", "date", "status", "comment"]
        )
        if order == "random":
            lines = list(_lines(by_day, sections))
            random.Random(1).shuffle(lines)
            writer.writerows(lines)
        else:
            writer.writerows(_lines(by_day if order == "day" else by_section, sections))


def _lines(rolls: Iterator[tuple[int, str]], sections: int) -> Iterator[tuple[str, ...]]:
    rng = random.Random(sections)
    classes = [identifier("cls", number) for number in range(sections)]
    students: list[list[str]] = [[] for _ in range(sections)]
    for number in range(sections * STUDENTS):
        students[(number * 7919) % sections].append(identifier("enr", number))
    for section, day in rolls:
        for student in students[section]:
            present = rng.random() < 0.9
            status = "1" if present else rng.choice("234")
            comment = "" if present else rng.choice(_COMMENTS)
            yield classes[section], student, day, status, comment


def sections_of(rows: int) -> int:
    """Return how many sections so many marks need."""
    return max(1, rows // (STUDENTS * DAYS))


def floor(database: Path, exported: Path) -> float:
    """Upsert the marks of a file into an emptied table, and return the seconds."""
    db = apsw.Connection(str(database))
    db.execute("PRAGMA foreign_keys = on; DELETE FROM marks")
    begun = time.perf_counter()
    with exported.open(newline="", encoding="utf-8") as file, db:
        lines = csv.reader(file)
        next(lines)
        statuses = {"present": 1, "absent": 2, "late": 3, "excused": 4}
        db.executemany(
            SQL.save_mark,
            ((1, int(s), d, int(e), statuses[w], c) for s, _, e, _, _, _, d, w, c in lines),
        )
    seconds = time.perf_counter() - begun
    db.close()
    return seconds


def main() -> None:
    """Make the files and time the commands on them."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=2_000_000)
    asked.add_argument("--order", choices=("day", "section", "random"), default="day")
    given = asked.parse_args()
    sections = sections_of(given.rows)
    rows = sections * STUDENTS * DAYS
    with tempfile.TemporaryDirectory() as place:
        folder, database = Path(place) / "set", Path(place) / "rollbook.db"
        marks, exported = Path(place) / "marks.csv", Path(place) / "exported.csv"
        folder.mkdir()
        make_set(folder, sections * STUDENTS, sections, 1)
        write_marks(marks, rows, given.order)
        option = ("--database", str(database))
        run("migrate", *option)
        run("district", "create", *option, "Benchmark")
        run("import", "oneroster", *option, str(folder))
        size = marks.stat().st_size / 2**20
        print(
            f"{rows:,} marks of {sections:,} sections, ordered by {given.order}, {size:.0f} MB"
        )
        taking_in = ("import", "marks", *option, str(marks))
        taking_out = ("export", "marks", *option, "--output", str(exported))
        cost: dict[str, float] = {}
        for what, command in (
            ("dry run", (*taking_in, "--dry-run")),
            ("import", taking_in),
            ("the same again", taking_in),
            ("export", taking_out),
            ("import of the export", ("import", "marks", *option, str(exported))),
        ):
            before = processor_time(resource.RUSAGE_CHILDREN)
            with longest_lock(database) as waits:
                seconds, memory, _ = run(*command)
            cost[what] = processor_time(resource.RUSAGE_CHILDREN) - before
            _tell(what, rows, seconds, cost[what], f"{memory:5} MB, lock {waits[0]:.3f} s")
        before = processor_time(resource.RUSAGE_SELF)
        seconds = floor(database, exported)
        cost["floor"] = processor_time(resource.RUSAGE_SELF) - before
        share = f"; the import makes {cost['floor'] / cost['import']:.0%} of it"
        _tell("floor", rows, seconds, cost["floor"], share)


def _tell(what: str, rows: int, seconds: float, cost: float, more: str) -> None:
    by_clock, by_processor = f"{rows / seconds:,.0f}/s", f"{rows / cost:,.0f}/s"
    print(f"{what:22}{by_clock:>12}{by_processor:>12} of processor time {more}", flush=True)


def processor_time(whose: int) -> float:
    """Return the seconds of processor time that this process, or its children, took."""
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
