"""
The data set of the measurements: sections x 30 students x 60 days, a tenth not present.

It is filled through the writer itself, roll by roll, and kept for the next run.
"""

import asyncio
import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
from rich.progress import track

from rollbook.auth.credentials import Safe, load_master_key
from rollbook.domain.attendance import Entry
from rollbook.domain.people import ApiKey, Role
from rollbook.domain.record import Author, Channel
from rollbook.domain.store import (
    EnrollmentQuery,
    Page,
    RosterCourse,
    RosterEnrollment,
    RosterLimits,
    RosterPart,
    RosterSection,
    RosterUser,
    SectionQuery,
    TakeRoll,
)
from rollbook.storage.sqlite import SqliteStore, create
from rollbook.storage.sqlite.writer import Writer

STUDENTS, DAYS = 30, 60
KEY, SECRET = "be" * 20, "5e" * 16
FIRST_DAY = dt.date(2026, 8, 31)
_BATCH = 64


class Ground(msgspec.Struct):
    """A filled database, and what requests need to know of it."""

    database: Path
    master_key: Path
    sections: dict[int, list[int]]  # section -> its students' enrollments


def days(count: int) -> list[str]:
    """Return that many weekdays from the first day of school on."""
    found: list[str] = []
    day = FIRST_DAY
    while len(found) < count:
        if day.weekday() < 5:
            found.append(day.isoformat())
        day += dt.timedelta(days=1)
    return found


def prepare(folder: Path, sections: int) -> Ground:
    """Return the data set in *folder*, filled when it is not there whole."""
    note = folder / f"ground-{sections}.json"
    if note.exists():
        return msgspec.json.decode(
            note.read_bytes(), type=Ground, dec_hook=lambda kind, value: kind(value)
        )
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"rollbook-{sections}.db*"):
        if left.is_file():
            left.unlink()
    ground = asyncio.run(_settle(folder, sections))
    _take_rolls(ground)
    note.write_bytes(msgspec.json.encode(ground, enc_hook=str))
    return ground


async def _settle(folder: Path, sections: int) -> Ground:
    database, master_key = folder / f"rollbook-{sections}.db", folder / "master.key"
    create(database)
    store = SqliteStore(database)
    district = await store.create_district("Benchmark", "UTC")
    limits = RosterLimits(today="2026-11-23")
    await store.import_roster(district.id, _roster(sections), limits, lambda *_: None)
    administrator = (await store.users(district.id, Page(0, 1))).items[0]
    sealed = Safe(load_master_key(master_key)).seal(SECRET, key=KEY, district_id=district.id)
    await store.create_key(
        ApiKey(
            key=KEY,
            district_id=district.id,
            user_id=administrator.id,
            sealed_secret=sealed,
            created_at="2026-08-01T00:00:00.000Z",
        )
    )
    found = await store.sections(district.id, SectionQuery(page=Page(0, sections)))
    query = EnrollmentQuery(page=Page(0, STUDENTS))
    rolls = {}
    for section in track(found.items, "Reading the classes"):
        people = await store.enrollments(district.id, section.id, query)
        rolls[section.id] = [person.enrollment.id for person in people.items]
    await store.close()
    return Ground(database, master_key, rolls)


def _roster(sections: int) -> Iterator[RosterPart]:
    students = range(sections * STUDENTS)
    people = [RosterUser("admin", Role.ADMINISTRATOR, None, "Ada", "Byron")]
    people += [
        RosterUser(f"u{n}", Role.STUDENT, None, f"First{n}", f"Last{n}") for n in students
    ]
    parts = [
        (RosterCourse, [RosterCourse("c", "Course", "C 1", "", None)]),
        (
            RosterSection,
            [RosterSection(f"s{n}", "c", None, f"S {n}", "", ()) for n in range(sections)],
        ),
        (RosterUser, people),
        (
            RosterEnrollment,
            [RosterEnrollment(f"e{n}", f"s{n // STUDENTS}", f"u{n}", False) for n in students],
        ),
    ]
    for noun, rows in parts:
        yield RosterPart(noun=noun, rows=rows, ended=(), complete=False)  # type: ignore[arg-type]


def _take_rolls(ground: Ground) -> None:
    writer = Writer(ground.database)
    rng = random.Random(1)
    author = Author(user_id=None, channel=Channel.CLI)
    for day in track(days(DAYS), "Taking the rolls"):
        commands = [
            TakeRoll(
                district_id=1,
                section_id=section,
                date=day,
                exceptions=[
                    Entry(who, day, rng.choice((2, 2, 3, 4)), "")
                    for who in students
                    if rng.random() < 0.1
                ],
                author=author,
            )
            for section, students in ground.sections.items()
        ]
        for begin in range(0, len(commands), _BATCH):
            for outcome in writer.all(commands[begin : begin + _BATCH]):
                if isinstance(outcome, Exception):
                    raise outcome
    writer.close()
