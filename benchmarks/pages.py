"""
How long the server takes for a page, and how heavy a page is: the sheet, Today, the office's day.

On the data set of the other measurements: 2,000 sections of 30, dealt out to schools, a
teacher with six of them and the office of a school. Pages are asked for one after
the other on one connection, round the days of the data, so that what is timed is a page rather
than the load; the median counts, since whoever else is on the machine only ever adds. Beside it
stands the processor time that all processes of the server took, by page.
"""

import argparse
import asyncio
import contextlib
import datetime as dt
import http.client
import itertools
import re
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import apsw
import msgspec
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks import ground, land, results, server
from benchmarks.ground import DAYS, Ground
from rollbook.auth.passwords import Passwords
from rollbook.auth.reception import Reception
from rollbook.domain.accounts import Account
from rollbook.domain.days import instant
from rollbook.domain.people import Role
from rollbook.storage.sqlite import SqliteStore

out = Console(width=120)  # of the table, whatever the terminal

SECTIONS_OF_A_TEACHER = 6
WEIGHT_MAX = 100_000  # bytes, with style, scripts and icon
_WARM = 20  # pages before the clock runs

_SCHOOLS = "INSERT INTO schools (district_id, id, title) VALUES (1, ?, 'School')"
_DEAL_OUT = f"""
UPDATE sections
   SET school_id = 1 + (id - {land.FIRST_SECTION}) / ?,
       start_time = printf('%02d:00', 8 + (id - {land.FIRST_SECTION}) % {SECTIONS_OF_A_TEACHER})
"""
_PERSON = """
INSERT INTO users (district_id, id, sourced_id, school_id, role, name_first, name_last)
VALUES (1, ?, ?, 1, ?, 'Grace', 'Hopper')
"""
_TEACHES = """
INSERT INTO enrollments (district_id, section_id, id, sourced_id, user_id, admin)
VALUES (1, ?, ?, ?, ?, 1)
"""


class Kind(msgspec.Struct, frozen=True):
    """A page: who looks at it, where it is on which day, and how long it may take."""

    name: str
    who: str
    paths: list[str]
    target: float  # seconds; 0: none was set


class Seen(msgspec.Struct, frozen=True):
    """What was measured of a kind of page."""

    name: str
    median: float  # seconds
    p95: float
    processor: float  # seconds of all processes of the server, a page
    html: int  # bytes
    weight: int  # with all that belongs to it
    target: float


def settle(database: Path, where: land.Land, school: int) -> dict[str, int]:
    """Deal the sections out to schools of so many, and return a teacher's and an office's id."""
    first = where.first_student(where.sections)
    people = {"teacher": first, "office": first + 1}
    seats = land.enrollments(where.sections)
    db = apsw.Connection(str(database))
    with contextlib.closing(db), db:
        schools = -(-where.sections // school)
        db.executemany(_SCHOOLS, [(number + 1,) for number in range(schools)])
        db.execute(_DEAL_OUT, (school,))
        db.execute(_PERSON, (people["teacher"], "teacher", int(Role.TEACHER)))
        db.execute(_PERSON, (people["office"], "office", int(Role.STAFF)))
        taught = min(SECTIONS_OF_A_TEACHER, where.sections)
        db.executemany(
            _TEACHES,
            [
                (land.section_id(number), seats[number], f"t{number}", people["teacher"])
                for number in range(taught)
            ],
        )
    return people


async def let_in(database: Path, people: dict[str, int]) -> dict[str, str]:
    """Return a cookie for each of them, as a login would have given it."""
    store = SqliteStore(database)
    passwords = Passwords()
    reception = Reception(store, passwords, clock=lambda: dt.datetime.now(dt.UTC))
    cookies = {}
    try:
        for login, user_id in people.items():
            account = Account(
                district_id=1,
                user_id=user_id,
                login=login,
                created_at=instant(dt.datetime.now(dt.UTC)),
            )
            await store.create_account(account)
            cookies[login] = f"rollbook={await reception.let_in(account)}"
    finally:
        passwords.close()
        await store.close()
    return cookies


def kinds(where: land.Land) -> Iterator[Kind]:
    """Yield what is asked for."""
    days = land.school_days(DAYS)
    taught = [land.section_id(n) for n in range(min(SECTIONS_OF_A_TEACHER, where.sections))]
    sheets = [f"/sections/{section}/roll/{day}" for day in days for section in taught]
    months = [f"/sections/{section}/month/{days[0][:7]}" for section in taught]
    yield Kind("sheet", "teacher", sheets, 0.020)
    yield Kind("Today", "teacher", [f"/today?day={day}" for day in days], 0.030)
    yield Kind("month", "teacher", months, 0)
    yield Kind("office's day", "office", [f"/office?day={day}" for day in days], 0)


def measure(running: server.Running, kind: Kind, cookie: str, count: int) -> Seen:
    """Ask for that many pages, one after the other."""
    line = http.client.HTTPConnection(running.host)
    paths = itertools.cycle(kind.paths)
    seconds = []
    for number in range(_WARM + count):
        if number == _WARM:
            before = running.processor()
        begun = time.perf_counter()
        body = _get(line, next(paths), cookie)
        seconds.append(time.perf_counter() - begun)
    processor = (running.processor() - before) / count
    seconds = sorted(seconds[_WARM:])
    parts = set(re.findall(rb'(?:href|src)="(/static/[^"]+)"', body))
    weight = len(body) + sum(len(_get(line, part.decode(), cookie)) for part in parts)
    line.close()
    return Seen(
        kind.name,
        statistics.median(seconds),
        seconds[int(0.95 * len(seconds))],
        processor,
        len(body),
        weight,
        kind.target,
    )


def _get(line: http.client.HTTPConnection, path: str, cookie: str) -> bytes:
    line.request("GET", path, headers={"Cookie": cookie})
    answer = line.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{path} was answered {answer.status}: {body[:300]!r}")
    return body


def run(filled: Ground, count: int, school: int) -> list[Seen]:
    """Measure every kind on a copy of the data."""
    with ground.copy_of(filled) as lent:
        people = settle(lent.database, lent.where, school)
        cookies = asyncio.run(let_in(lent.database, people))
        with server.rollbook(lent.database, lent.master_key) as running:
            return [
                measure(running, kind, cookies[kind.who], count) for kind in kinds(lent.where)
            ]


def show(seen: list[Seen]) -> Table:
    """Return the figures as a table that Markdown reads too."""
    table = Table(box=box.MARKDOWN)
    for title in (
        "page",
        "median",
        "p95",
        "processor",
        "target",
        "",
        "HTML",
        "with everything",
    ):
        table.add_column(title)
    for one in seen:
        met = "met" if one.median < one.target else "missed"
        table.add_row(
            one.name,
            f"{1000 * one.median:.1f} ms",
            f"{1000 * one.p95:.1f} ms",
            f"{1000 * one.processor:.1f} ms",
            f"{1000 * one.target:.0f} ms" if one.target else "",
            met if one.target else "",
            f"{one.html:,} bytes",
            f"{one.weight:,} bytes{'' if one.weight < WEIGHT_MAX else ' (too heavy)'}",
        )
    return table


def main() -> None:
    """Measure, and show the figures."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    asked.add_argument("--sections", type=int, default=2000, help="of 30 students, 60 days")
    asked.add_argument("--count", type=int, default=500, help="pages of each kind")
    asked.add_argument(
        "--school", type=int, default=40, help="sections of a school (default: 40)"
    )
    asked.add_argument("--folder", type=Path, default=results.FOLDER, help="of the data")
    given = asked.parse_args()
    filled = ground.prepare(given.folder, given.sections)
    seen = run(filled, given.count, given.school)
    students = given.school * land.STUDENTS
    out.print(
        f"{filled.marks:,} marks, schools of {students:,} students, "
        f"{given.count} pages of each kind, {results.cores()} cores"
    )
    out.print(show(seen))


if __name__ == "__main__":
    main()
