"""
Filling a PostgreSQL database with what the service would have written, by COPY.

The same as `bulk` does for a file, and `tests/bench/test_bulk_postgres.py` holds it equal to what
the store writes. Marks are laid down in the order of their key, the record grows day after day.
Foreign keys are not looked up meanwhile: all rows follow from the same arithmetic.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Any, TypeAlias

import asyncpg
from rich.progress import track

from benchmarks import bulk, land
from benchmarks.land import STUDENTS, Land
from rollbook.auth.credentials import Safe
from rollbook.domain.people import Role
from rollbook.domain.record import GENESIS
from rollbook.storage.postgres import migrations

Content: TypeAlias = tuple[str, Sequence[str], Iterable[Sequence[Any]]]  # table, columns, rows

_AT_A_TIME = 1 << 18  # characters that are sent at once

_ENTRY = (
    *("district_id", "section_id", "number", "at", "user_id", "on_behalf_of", "channel"),
    *("request_id", "dates", "changes", "hash"),
)
_KEY = (
    *("key", "district_id", "user_id", "sealed_secret", "former_sealed_secret"),
    *("former_until", "name", "read_only", "created_at", "expires_at", "revoked_at"),
)
_USER = ("district_id", "id", "sourced_id", "role", "name_first", "name_last")


async def fill(url: str, where: Land, safe: Safe, days: Sequence[str]) -> None:
    """Make the tables in an empty database, the districts, and their rolls of those days."""
    async for _ in migrations.migrate(url):
        pass
    db = await _connected(url)
    await _settle(db, where, safe)
    await _take_rolls(db, where, days)
    await db.execute("VACUUM ANALYZE")  # as the database does of itself within minutes
    await db.close()


async def fill_peer(url: str, prefix: str, where: Land, days: Sequence[str]) -> None:
    """Lay the same sections, students and marks into a peer's tables, which are there."""
    db = await _connected(url)
    sections = ((land.section_id(n), f"Section {n}") for n in range(where.sections))
    await _copy(db, f"{prefix}section", ("id", "title"), sections)
    students = ((who, section, f"Student Number {n}") for n, _, section, who in _places(where))
    await _copy(db, f"{prefix}enrollment", ("id", "section_id", "student"), students)
    marks = (
        f"{section}\t{date}\t{who}\t{status}\t\n"
        for _, section, date, who, status in _marks(where, days)
    )
    columns = ("section_id", "date", "enrollment_id", "status", "comment")
    await _send(db, f"{prefix}mark", columns, marks)
    await db.execute("VACUUM ANALYZE")
    await db.close()


async def _connected(url: str) -> Any:
    db = await asyncpg.connect(url)
    await db.execute("SET session_replication_role = replica")  # no foreign keys looked up
    return db


async def _settle(db: Any, where: Land, safe: Safe) -> None:
    """Lay down the roster of every district, and its key."""
    for table, columns, rows in (*_offices(where, safe), *_classes(where)):
        await _copy(db, table, columns, rows)
    await db.executemany(
        "UPDATE counters SET next = $2 WHERE noun = $1",
        list(bulk.following(where, where.districts).items()),
    )


def _offices(where: Land, safe: Safe) -> Iterator[Content]:
    """Yield what there is one of in each district."""
    districts = range(1, where.districts + 1)
    name = "Benchmark" if where.districts == 1 else "District {}"
    yield (
        "districts",
        ("id", "name", "time_zone", "created_at"),
        ((d, name.format(d), "UTC", bulk.FOUNDED_AT) for d in districts),
    )
    yield (
        "courses",
        ("district_id", "id", "sourced_id", "title", "course_code"),
        ((d, land.FIRST_COURSE - 1 + d, "c", "Course", "C 1") for d in districts),
    )
    role = int(Role.ADMINISTRATOR)
    admins = ((d, where.administrator(d), "admin", role, "Ada", "Byron") for d in districts)
    yield "users", _USER, admins
    yield "nonce_books", ("district_id", "begun"), ((d, 0) for d in districts)
    yield "key_homes", ("key", "district_id"), ((land.key_of(d), d) for d in districts)
    yield "api_keys", _KEY, (bulk.key(where, d, safe) for d in districts)


def _classes(where: Land) -> Iterator[Content]:
    """Yield sections, students and their enrollments."""
    first, role = land.FIRST_USER + where.districts, int(Role.STUDENT)
    yield (
        "sections",
        ("district_id", "id", "course_id", "school_code", "title"),
        (
            (d, land.section_id(n), land.FIRST_COURSE - 1 + d, f"s{n:08d}", f"Section {n}")
            for d, n in _sections(where)
        ),
    )
    yield (
        "users",
        _USER,
        (
            (district, first + n, f"u{n:08d}", role, "Student", f"Number {n}")
            for n, district, _, _ in _places(where)
        ),
    )
    yield (
        "enrollments",
        ("district_id", "section_id", "id", "sourced_id", "user_id"),
        (
            (district, section, who, f"e{n:08d}", first + n)
            for n, district, section, who in _places(where)
        ),
    )


def _places(where: Land) -> Iterator[tuple[int, int, int, int]]:
    """Yield each student's number, district, section and enrollment."""
    for district, section in _sections(where):
        for seat, who in enumerate(land.enrollments(section)):
            yield section * STUDENTS + seat, district, land.section_id(section), who


def _sections(where: Land) -> list[tuple[int, int]]:
    return [(d, n) for d in range(1, where.districts + 1) for n in where.sections_of(d)]


def _marks(where: Land, days: Sequence[str]) -> Iterator[tuple[int, int, str, int, int]]:
    """Yield district, section, day, enrollment and status of each mark, in the key's order."""
    for district, n in track(_sections(where), "Laying down the marks"):
        section, whom = land.section_id(n), land.enrollments(n)
        for day, date in enumerate(days):
            for who, status in zip(whom, land.statuses(n, day), strict=True):
                yield district, section, date, who, status


async def _take_rolls(db: Any, where: Land, days: Sequence[str]) -> None:
    """Lay down marks and rolls by key, then the record and its events day after day."""
    marks = (
        f"{district}\t{section}\t{date}\t{who}\t{status}\n"
        for district, section, date, who, status in _marks(where, days)
    )
    key = ("district_id", "section_id", "date")
    await _send(db, "marks", (*key, "enrollment_id", "status"), marks)
    places = _sections(where)
    taken = ("first_taken_at", "first_taken_by", "last_taken_at", "last_taken_by")
    rolls = (
        (d, land.section_id(n), date, *(bulk.taken_at(date), where.administrator(d)) * 2)
        for d, n in places
        for date in days
    )
    await _copy(db, "rolls", (*key, *taken), rolls)
    heads = [GENESIS] * where.sections
    record = (
        bulk.entry(where, d, n, day, date, heads)
        for day, date in enumerate(track(days, "Writing the record"))
        for d, n in places
    )
    await _copy(db, "record", _ENTRY, record)
    events = ((d, land.section_id(n), day + 1) for day in range(len(days)) for d, n in places)
    await _copy(db, "events", ("district_id", "section_id", "number"), events)


async def _copy(
    db: Any, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    await _send(db, table, columns, ("\t".join(map(_cell, row)) + "\n" for row in rows))


async def _send(db: Any, table: str, columns: Sequence[str], lines: Iterable[str]) -> None:
    await db.copy_to_table(table, columns=columns, source=_in_chunks(lines))


async def _in_chunks(lines: Iterable[str]) -> AsyncIterator[bytes]:
    gathered: list[str] = []
    size = 0
    for line in lines:
        gathered.append(line)
        size += len(line)
        if size >= _AT_A_TIME:
            yield "".join(gathered).encode()
            gathered, size = [], 0
    yield "".join(gathered).encode()


def _cell(value: Any) -> str:
    """Return a value as the text format of COPY has it."""
    match value:
        case None:
            return "\\N"
        case bool():
            return "t" if value else "f"
        case bytes():
            return f"\\\\x{value.hex()}"
        case str():
            return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
    return str(value)
