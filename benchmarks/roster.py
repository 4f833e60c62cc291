"""
Taking a large roster in, twice: seconds and the most memory that the command held.

    python benchmarks/roster.py [--students 100000] [--sections 30000] [--places 7] [--zip]

Makes up a OneRoster set and a database in a temporary folder, and runs the real command in a
process of its own: the first run takes everything in, the second finds nothing changed. The
lock column is the longest that a roll would have waited to be saved meanwhile.
"""

import argparse
import csv
import hashlib
import os
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from rollbook.storage.sqlite.connection import ASK_EVERY

_COMMAND = [sys.executable, "-c", "from rollbook.cli import main; main()"]


def make_set(folder: Path, students: int, sections: int, places: int) -> None:
    """Write a set in which each student has so many places; ids are as random as real ones."""
    teachers = max(1, sections // 5)
    _write(
        folder,
        "orgs sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId",
        ([identifier("org", i), "", "", f"School {i}", "school", i, ""] for i in range(100)),
    )
    _write(
        folder,
        "academicSessions sourcedId,status,dateLastModified,title,type,startDate,endDate",
        ([identifier("term", 0), "", "", "Autumn", "term", "2026-08-17", "2026-12-18"],),
    )
    _write(
        folder,
        "courses sourcedId,status,dateLastModified,title,courseCode,orgSourcedId",
        (
            [identifier("crs", i), "", "", f"Course {i}", f"C{i}", identifier("org", 0)]
            for i in range(1000)
        ),
    )
    _write(
        folder,
        "classes sourcedId,status,title,classCode,classType,courseSourcedId,schoolSourcedId,"
        "termSourcedIds",
        (
            [
                *(identifier("cls", i), "", f"Class {i}", i, "scheduled"),
                *(
                    identifier("crs", i % 1000),
                    identifier("org", i % 100),
                    identifier("term", 0),
                ),
            ]
            for i in range(sections)
        ),
    )
    _write(
        folder,
        "users sourcedId,status,enabledUser,orgSourcedIds,role,username,givenName,familyName,"
        "email,password",
        (
            [
                *(identifier("usr", i), "", "true", identifier("org", i % 100)),
                *("teacher" if i < teachers else "student", f"user{i}", f"Given{i}"),
                *(f"Family{i}", f"user{i}@school.example", f"secret{i}"),
            ]
            for i in range(teachers + students)
        ),
    )
    _write(
        folder,
        "enrollments sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,"
        "userSourcedId,role,primary,beginDate,endDate",
        _enrollments(teachers, students, sections, places),
    )


def _enrollments(
    teachers: int, students: int, sections: int, places: int
) -> Iterator[list[object]]:
    for i in range(students * places):
        student, section = teachers + i // places, (i * 7919) % sections
        yield [
            *(identifier("enr", i), "", "2026-08-01T00:00:00.000Z", identifier("cls", section)),
            *(identifier("org", section % 100), identifier("usr", student), "student", "false"),
            *("2026-08-17", ""),
        ]


def identifier(noun: str, number: int) -> str:
    """Return an id as random as real ones, the same for the same thing."""
    text = hashlib.md5(f"{noun}{number}".encode(), usedforsecurity=False).hexdigest()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _write(folder: Path, name_and_columns: str, rows: Iterable[Iterable[object]]) -> None:
    name, columns = name_and_columns.split(" ")
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns.split(","))
        writer.writerows(rows)


def zipped(folder: Path) -> Path:
    """Return the set as one archive."""
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.iterdir():
            archive.write(file, file.name)
    return path


def _ask_again(_asked: int) -> bool:
    """Wait for the lock as saves do, but for as long as it takes."""
    time.sleep(ASK_EVERY)
    return True


@contextmanager
def longest_lock(database: Path) -> Iterator[list[float]]:
    """Ask for the write lock all the while; the list gets the longest wait, in seconds."""
    waits, done = [0.0], threading.Event()

    def ask() -> None:
        db = apsw.Connection(str(database))
        db.set_busy_handler(_ask_again)
        while not done.wait(0.02):
            begun = time.perf_counter()
            db.execute("BEGIN IMMEDIATE; ROLLBACK")
            waits[0] = max(waits[0], time.perf_counter() - begun)
        db.close()

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield waits
    finally:
        done.set()
        thread.join()


def run(*arguments: str) -> tuple[float, int, str]:
    """Run a command; return seconds, the most memory it held in MB, and what it said."""
    begun = time.perf_counter()
    process = subprocess.Popen([*_COMMAND, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(process.returncode)
    return time.perf_counter() - begun, usage.ru_maxrss // 1024, said


def main() -> None:
    """Make the set and take it in twice."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--students", type=int, default=100_000)
    asked.add_argument("--sections", type=int, default=30_000)
    asked.add_argument("--places", type=int, default=7, help="of each student")
    asked.add_argument("--zip", action="store_true", help="as one archive")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder, database = Path(place) / "set", Path(place) / "rollbook.db"
        folder.mkdir()
        make_set(folder, given.students, given.sections, given.places)
        path = zipped(folder) if given.zip else folder
        option = ("--database", str(database))
        run("migrate", *option)
        run("district", "create", *option, "Benchmark")
        for which in ("first", "again"):
            with longest_lock(database) as waits:
                seconds, memory, said = run("import", "oneroster", *option, str(path))
            print(said)
            print(f"{which}: {seconds:.1f} s, {memory} MB, lock {waits[0]:.1f} s")
        size = database.stat().st_size / 2**20
        print(f"{given.students * given.places:,} enrollments, database {size:.0f} MB")


if __name__ == "__main__":
    main()
