"""Writing the demo district into a file, as if its people had done so over a semester."""

import datetime as dt
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from rollbook.demo import schooldays, timetable
from rollbook.demo.attendance import Ids, Written, semester
from rollbook.demo.schools import DISTRICT
from rollbook.domain.attendance import Entry
from rollbook.domain.days import Day
from rollbook.domain.people import District, Role, User
from rollbook.domain.roster_files import RosterLimits
from rollbook.domain.store import EnrollmentQuery, Page, SectionQuery, TakeRoll
from rollbook.storage.sqlite import SqliteStore, create
from rollbook.storage.sqlite.writer import Writer

Progress = Callable[[str, int], None]

SEED = 2026
_ALL = Page(limit=10_000)


class DemoDistrict(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to see, and where to begin."""

    district: District
    administrator: User
    office: User  # of the teacher's school
    teacher: User
    section_id: int  # of that teacher; its roll was taken on the last day
    enrollment_id: int  # of a student in it, who was not simply present that day
    last_day: Day
    schools: int
    sections: int
    students: int
    rolls: int
    marks: int


class _Clock:
    """A clock that shows what it is set to."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        return self.now


async def fill(path: Path, now: dt.datetime, progress: Progress) -> DemoDistrict:
    """
    Make a file with the demo district in it, whose semester has come as far as *now*.

    The last school day is the latest weekday that was over at *now*: nothing that the record
    says lies in the future. When this is broken off the file is of no use: delete it and begin
    again. *progress* is called with a noun and how many of it were written so far.
    """
    days = schooldays.school_days(schooldays.last_school_day(now))
    roster = timetable.draw(SEED, days)
    clock = _Clock(dt.datetime.fromisoformat(days[0]).replace(tzinfo=dt.UTC))
    create(path)
    store = SqliteStore(path, clock=clock)
    try:
        settled = await _settle(store, roster, days[-1], progress)
    finally:
        await store.close()
    written = semester(roster, settled.ids, days, SEED)
    marks = _write(path, clock, written, progress)
    return _report(settled, written, marks)


class _Settled(NamedTuple):
    """The roster as it stands in the file."""

    district: District
    schools: int
    users: dict[int, User]
    ids: Ids


async def _settle(
    store: SqliteStore, roster: timetable.Roster, today: Day, progress: Progress
) -> _Settled:
    """Take the roster in, and read back which ids everything was given."""
    district = await store.create_district(DISTRICT, schooldays.TIME_ZONE)
    limits = RosterLimits(today=today)
    await store.import_roster(district.id, roster.parts(), limits, progress)
    users = (await store.users(district.id, _ALL)).items
    sections = (await store.sections(district.id, SectionQuery(page=_ALL))).items
    query = EnrollmentQuery(page=_ALL)
    classes = [await store.enrollments(district.id, each.id, query) for each in sections]
    seats = [person.enrollment for people in classes for person in people.items]
    ids = Ids(
        district.id,
        sections={section.school_code: section.id for section in sections},
        users={user.sourced_id or "": user.id for user in users},
        enrollments={seat.sourced_id or "": seat.id for seat in seats},
    )
    return _Settled(district, len(roster.schools), {user.id: user for user in users}, ids)


def _write(path: Path, clock: _Clock, written: Sequence[Written], progress: Progress) -> int:
    """Write minute by minute, each one commit, and return how many marks there are."""
    writer = Writer(path, clock)
    rolls = marks = 0
    try:
        for clock.now, minute in itertools.groupby(written, key=lambda each: each.at):
            commands = [each.command for each in minute]
            for command, saved in zip(commands, writer.all(commands), strict=True):
                if isinstance(saved, Exception):
                    raise saved
                if isinstance(command, TakeRoll):
                    rolls += 1
                    marks += saved.changed  # there was none that day: each is a new mark
            progress("rolls", rolls)
    finally:
        writer.close()
    return marks


def _report(settled: _Settled, written: Sequence[Written], marks: int) -> DemoDistrict:
    """Say what there is, and point to the last roll on which somebody was not present."""
    rolls = [each.command for each in written if isinstance(each.command, TakeRoll)]
    shown = next(roll for roll in reversed(rolls) if roll.exceptions)
    teacher, missing = shown.author.acting, shown.exceptions[0]
    assert teacher is not None
    assert isinstance(missing, Entry)
    users = settled.users.values()
    school_id = settled.users[teacher].school_id
    return DemoDistrict(
        district=settled.district,
        administrator=next(user for user in users if user.role == Role.ADMINISTRATOR),
        office=next(
            user for user in users if (user.role, user.school_id) == (Role.STAFF, school_id)
        ),
        teacher=settled.users[teacher],
        section_id=shown.section_id,
        enrollment_id=missing.enrollment_id,
        last_day=rolls[-1].date,
        schools=settled.schools,
        sections=len(settled.ids.sections),
        students=sum(user.role == Role.STUDENT for user in users),
        rolls=len(rolls),
        marks=marks,
    )
