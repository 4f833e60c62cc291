"""
Filling a database quickly with exactly what the service would have written.

The roster is what an import brings, a roll what `PUT sections/{id}/attendance` saves: the marks,
the fact that it was taken, an entry of the record with its hash in the chain, an event.
`tests/bench/test_bulk.py` holds both equal to what the store writes. Only the order differs
in which marks are laid down: by key, so that the file is filled from its beginning to its end.
The record grows day after day as it would have.

Nothing is synced meanwhile: a power cut leaves a file that has to be made again.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import apsw
import msgspec
from rich.progress import track

from benchmarks import land
from benchmarks.land import STUDENTS, Land
from rollbook.auth.credentials import Safe
from rollbook.domain.attendance import Change
from rollbook.domain.people import ApiKey, Role
from rollbook.domain.record import GENESIS, Author, Channel, RecordEntry, chain_hash
from rollbook.storage import queries, rows
from rollbook.storage.sqlite import create

SQL = queries.load("sqlite")

FOUNDED_AT = "2026-08-01T00:00:00.000Z"
_AT_A_TIME = (
    100_000  # students whose roster is one transaction, so that an end in between is none
)
_ROLLS_AT_A_TIME = 20_000

_COUNT = """
WITH RECURSIVE these (n) AS (
     SELECT :first
     UNION ALL
     SELECT n + 1 FROM these WHERE n + 1 < :end)
"""
_COURSE = """
INSERT INTO courses (district_id, id, sourced_id, title, course_code)
VALUES (?, ?, 'c', 'Course', 'C 1')
"""
_SECTIONS = f"""
{_COUNT}
INSERT INTO sections (district_id, id, course_id, school_code, title)
SELECT :district, {land.FIRST_SECTION} + n, {land.FIRST_COURSE} - 1 + :district,
       printf('s%08d', n), printf('Section %d', n)
  FROM these
"""
_USERS = f"""
{_COUNT}
INSERT INTO users (district_id, id, sourced_id, role, name_first, name_last)
SELECT :district, {land.FIRST_USER} + :districts + n, printf('u%08d', n), {int(Role.STUDENT)},
       'Student', printf('Number %d', n)
  FROM these
"""
_ENROLLMENTS = f"""
{_COUNT}
INSERT INTO enrollments (district_id, section_id, id, sourced_id, user_id)
SELECT :district, {land.FIRST_SECTION} + n / {STUDENTS}, {land.FIRST_ENROLLMENT} + n,
       printf('e%08d', n), {land.FIRST_USER} + :districts + n
  FROM these
"""
_ADMINISTRATOR = f"""
INSERT INTO users (district_id, id, sourced_id, role, name_first, name_last)
VALUES (?, ?, 'admin', {int(Role.ADMINISTRATOR)}, 'Ada', 'Byron')
"""
_MARKS = f"""
INSERT INTO marks (district_id, section_id, date, enrollment_id, status)
SELECT district_id, section_id, date, enrollment_id, {land.STATUS_IN_SQL}
  FROM (SELECT e.district_id, e.section_id, d.date, e.id AS enrollment_id,
               {land.CHANCE_IN_SQL.replace("enrollment_id", "e.id")} AS chance
          FROM sections AS s
         CROSS JOIN temp.days AS d
         CROSS JOIN enrollments AS e ON e.district_id = s.district_id AND e.section_id = s.id
         WHERE (s.district_id, s.id) = (?, ?))
"""
_ROLLS = """
INSERT INTO rolls SELECT ?, ?, date, at, ?, at, ? FROM temp.days
"""


@contextmanager
def quickly(path: Path) -> Iterator[apsw.Connection]:
    """Open a file to fill it, without waiting for the disk; its tables are made when missing."""
    create(path)
    db = apsw.Connection(str(path))
    for setting in (
        "journal_mode = truncate",  # pages added at the end need no journal
        "synchronous = off",
        "locking_mode = exclusive",
        "cache_size = -262144",
        "temp_store = memory",
    ):
        db.execute(f"PRAGMA {setting}")
    try:
        yield db
        db.execute("PRAGMA journal_mode = delete")
    finally:
        db.close()


def districts_there(db: apsw.Connection) -> int:
    """Return how many districts the file has, each with its whole roster."""
    return int(db.execute("SELECT count(*) FROM districts").get)


def settle(db: apsw.Connection, where: Land, safe: Safe) -> Iterator[int]:
    """
    Make districts with their sections, students and a key each, as far as they are not there.

    Yields how many there are by now, after each transaction.
    """
    done = districts_there(db)
    while done < where.districts:
        with db:
            before = where.sections_of(done + 1).start
            while done < where.districts:
                done += 1
                _settle_one(db, where, done, safe)
                if (where.sections_of(done).stop - before) * STUDENTS >= _AT_A_TIME:
                    break
            _move_counters(db, where, done)
        yield done


def _settle_one(db: apsw.Connection, where: Land, district: int, safe: Safe) -> None:
    sections = where.sections_of(district)
    name = "Benchmark" if where.districts == 1 else f"District {district}"
    db.execute(SQL.create_district, (district, name, "UTC", FOUNDED_AT))
    db.execute(_COURSE, (district, land.FIRST_COURSE - 1 + district))
    db.execute(_ADMINISTRATOR, (district, where.administrator(district)))
    span = {"district": district, "first": sections.start, "end": sections.stop}
    db.execute(_SECTIONS, span)
    span |= {"first": sections.start * STUDENTS, "end": sections.stop * STUDENTS}
    db.execute(_USERS, {**span, "districts": where.districts})
    db.execute(_ENROLLMENTS, {**span, "districts": where.districts})
    db.execute(SQL.create_key, key(where, district, safe))


def key(where: Land, district: int, safe: Safe) -> rows.Row:
    """Return a district's key for `create_key`."""
    name = land.key_of(district)
    made = ApiKey(
        key=name,
        district_id=district,
        user_id=where.administrator(district),
        sealed_secret=safe.seal(land.secret_of(district), key=name, district_id=district),
        created_at=FOUNDED_AT,
    )
    return rows.from_api_key(made)


def following(where: Land, done: int) -> dict[str, int]:
    """Return the next id of each noun when so many districts are there."""
    sections = where.sections_of(done).stop
    return {
        "district": done + 1,
        "course": land.FIRST_COURSE + done,
        "section": land.section_id(sections),
        "user": where.first_student(sections),
        "enrollment": land.enrollments(sections).start,
    }


def _move_counters(db: apsw.Connection, where: Land, done: int) -> None:
    db.executemany(
        "UPDATE counters SET next = ? WHERE noun = ?",
        [(number, noun) for noun, number in following(where, done).items()],
    )


def take_rolls(db: apsw.Connection, where: Land, days: Sequence[str]) -> None:
    """Save the roll of every section on each of those days, one after the other."""
    db.execute("CREATE TEMP TABLE days (day INTEGER PRIMARY KEY, date TEXT, at TEXT)")
    db.executemany(
        "INSERT INTO temp.days VALUES (?, ?, ?)",
        [(day, date, taken_at(date)) for day, date in enumerate(days)],
    )
    places = [
        (district, section)
        for district in range(1, where.districts + 1)
        for section in where.sections_of(district)
    ]
    step = _ROLLS_AT_A_TIME // max(1, len(days))
    for begin in track(range(0, len(places), step), "Laying down the marks"):
        with db:
            for district, section in places[begin : begin + step]:
                place = (district, land.section_id(section))
                by = where.administrator(district)
                db.execute(_MARKS, place)
                db.execute(_ROLLS, (*place, by, by))
    heads = [GENESIS] * where.sections
    for day, date in enumerate(track(days, "Writing the record")):
        with db:
            db.executemany(
                SQL.add_to_record,
                (
                    entry(where, district, section, day, date, heads)
                    for district, section in places
                ),
            )
            db.executemany(
                SQL.add_event,
                ((district, land.section_id(section), day + 1) for district, section in places),
            )
    db.execute("DROP TABLE temp.days")


def taken_at(date: str) -> str:
    """Return the moment at which the rolls of a day were saved."""
    return f"{date}T08:00:00.000Z"


def author(where: Land, section: int, day: int) -> Author:
    """Return who saved the roll of a section on the day of that number."""
    return Author(
        user_id=where.administrator(where.district_of(section)),
        channel=Channel.API,
        request_id=f"{section:08x}{day:08x}",
    )


def entry(
    where: Land, district: int, section: int, day: int, date: str, heads: list[bytes]
) -> rows.Row:
    """Return the entry of a roll for `add_to_record`, chained to the head that it replaces."""
    made = RecordEntry(
        section_id=land.section_id(section),
        number=day + 1,
        at=taken_at(date),
        author=author(where, section, day),
        dates=(date,),
        changes=tuple(
            [
                Change(who, date, None, status, "", "")
                for who, status in zip(
                    land.enrollments(section), land.statuses(section, day), strict=True
                )
            ]
        ),
    )
    heads[section] = chain_hash(heads[section], made)
    return rows.from_record_entry(district, msgspec.structs.replace(made, hash=heads[section]))
