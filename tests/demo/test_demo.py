"""The demo district: believable, the same each time, and written as people would have."""

import asyncio
import collections
import datetime as dt
import zoneinfo
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import msgspec
import pytest

from rollbook.demo import DemoDistrict, fill, timetable
from rollbook.demo.attendance import Ids, Written, semester
from rollbook.demo.schooldays import SCHOOL_DAYS, TIME_ZONE, last_school_day, school_days
from rollbook.demo.timetable import Roster
from rollbook.domain.attendance import Entry, Status
from rollbook.domain.days import Day
from rollbook.domain.people import Role
from rollbook.domain.roster_files import RosterEnrollment, RosterUser
from rollbook.domain.store import (
    HistoryQuery,
    Page,
    RollQuery,
    SaveMarks,
    SectionQuery,
    TakeRoll,
)
from rollbook.storage.sqlite import SqliteStore

ZONE = zoneinfo.ZoneInfo(TIME_ZONE)
MONDAY_EVENING = dt.datetime(2026, 11, 23, 18, 0, tzinfo=ZONE)
MONDAY = dt.date(2026, 11, 23)
ALL = Page(limit=10_000)
SEED = 7

Marks = dict[tuple[int, Day], int]  # status by enrollment and day


class Semester(msgspec.Struct):
    """A district on paper: its ids are the numbers of its rows."""

    days: list[Day]
    roster: Roster
    ids: Ids
    written: list[Written]

    @property
    def students(self) -> list[RosterUser]:
        return [user for user in self.roster.users if user.role == Role.STUDENT]

    @property
    def seats(self) -> list[RosterEnrollment]:
        return [seat for seat in self.roster.enrollments if not seat.admin]

    @property
    def rolls(self) -> list[TakeRoll]:
        return [each.command for each in self.written if isinstance(each.command, TakeRoll)]

    @property
    def corrections(self) -> list[SaveMarks]:
        return [each.command for each in self.written if isinstance(each.command, SaveMarks)]

    def on_roll(self, section_id: int, day: Day) -> set[int]:
        return {
            self.ids.enrollments[seat.sourced_id]
            for seat in self.seats
            if self.ids.sections[seat.section] == section_id
            and (seat.first_day or day) <= day <= (seat.last_day or day)
        }

    def marks(self) -> Marks:
        """Carry out what was written."""
        marks: Marks = {}
        for _, command in self.written:
            if isinstance(command, TakeRoll):
                here = self.on_roll(command.section_id, command.date)
                marks |= {(who, command.date): Status.PRESENT for who in here}
            marks |= {(each.enrollment_id, each.date): each.status for each in entries(command)}
        return marks


def entries(command: TakeRoll | SaveMarks) -> list[Entry]:
    asked = command.exceptions if isinstance(command, TakeRoll) else command.entries
    return [each for each in asked if isinstance(each, Entry)]


def numbered(sourced_ids: Iterable[str]) -> dict[str, int]:
    return {sourced_id: number for number, sourced_id in enumerate(sourced_ids, 1)}


def draw(seed: int) -> Semester:
    days = school_days(MONDAY)
    roster = timetable.draw(seed, days)
    ids = Ids(
        district=1,
        sections=numbered(section.sourced_id for section in roster.sections),
        users=numbered(user.sourced_id for user in roster.users),
        enrollments=numbered(seat.sourced_id for seat in roster.enrollments),
    )
    return Semester(days, roster, ids, semester(roster, ids, days, seed))


@pytest.fixture(scope="module")
def drawn() -> Semester:
    return draw(SEED)


@pytest.fixture(scope="module")
def marks(drawn: Semester) -> Marks:
    return drawn.marks()


def share(statuses: Iterable[int], *wanted: Status) -> float:
    statuses = list(statuses)
    return sum(status in wanted for status in statuses) / len(statuses)


# ---------------------------------------------------------------- days


@pytest.mark.parametrize(
    ("now", "last"),
    [
        (MONDAY_EVENING, "2026-11-23"),
        (dt.datetime(2026, 11, 23, 9, 0, tzinfo=ZONE), "2026-11-20"),
        (dt.datetime(2026, 11, 22, 18, 0, tzinfo=ZONE), "2026-11-20"),
        (dt.datetime(2026, 11, 24, 3, 0, tzinfo=dt.UTC), "2026-11-23"),
    ],
    ids=["after school", "before it is over", "on a Sunday", "evening there, night in UTC"],
)
def test_semester_ends_with_the_last_weekday_that_is_over(now: dt.datetime, last: Day) -> None:
    """
    Whenever the demo is made its attendance is of these days, and never of the future.
    """
    assert last_school_day(now).isoformat() == last


@pytest.mark.parametrize("month", range(1, 13))
def test_semester_has_its_days_in_every_season(month: int) -> None:
    """
    Each semester has the same number of school days, all weekdays, the last one included.
    """
    last = dt.date(2026, month, 25)
    last -= dt.timedelta(days=max(0, last.weekday() - 4))
    days = school_days(last)

    assert len(days) == SCHOOL_DAYS
    assert days == sorted(set(days))
    assert days[-1] == last.isoformat()
    assert all(dt.date.fromisoformat(day).weekday() < 5 for day in days)


def test_holidays_are_no_school_days() -> None:
    """
    Labor Day, Thanksgiving, the winter break and the spring break are free.
    """
    autumn, spring = school_days(dt.date(2026, 12, 18)), school_days(dt.date(2027, 4, 30))

    assert not {"2026-09-07", "2026-11-26", "2026-11-27"} & set(autumn)
    assert not {"2026-12-24", "2027-01-01", "2027-01-18", "2027-03-17"} & set(spring)


# ---------------------------------------------------------------- the roster


def test_district_has_its_size(drawn: Semester) -> None:
    """
    Three schools, sixty sections, six hundred students, and somebody to run it all.
    """
    roles = collections.Counter(user.role for user in drawn.roster.users)

    assert len(drawn.roster.schools) == 3
    assert len(drawn.roster.sections) == 60
    assert roles[Role.STUDENT] == 600
    assert roles[Role.ADMINISTRATOR] == 1
    assert roles[Role.TEACHER] == 30
    assert roles[Role.STAFF] == 3


def test_classes_have_the_size_of_classes(drawn: Semester) -> None:
    """
    Fifteen to thirty-two students and one teacher in each section.
    """
    students = collections.Counter(seat.section for seat in drawn.seats)
    teachers = collections.Counter(
        seat.section for seat in drawn.roster.enrollments if seat.admin
    )

    assert len(students) == 60
    assert all(15 <= size <= 32 for size in students.values())
    assert set(teachers.values()) == {1}


def test_nobody_is_in_two_classes_at_once(drawn: Semester) -> None:
    """
    Neither students nor teachers have two lessons at the same hour of the same day.
    """
    sections = {section.sourced_id: section for section in drawn.roster.sections}
    hours = [
        (seat.user, day, sections[seat.section].start_time)
        for seat in drawn.roster.enrollments
        for day in sections[seat.section].meeting_days.split(",")
    ]

    assert len(hours) == len(set(hours))


def test_every_reference_leads_somewhere(drawn: Semester) -> None:
    """
    Rows name schools, courses, periods, sections and users that are there, each id once.
    """
    roster = drawn.roster
    for rows in (roster.schools, roster.periods, roster.courses, roster.sections, roster.users):
        assert len({row.sourced_id for row in rows}) == len(rows)
    schools = {school.sourced_id for school in roster.schools}
    courses = {course.sourced_id for course in roster.courses}
    periods = {period.sourced_id for period in roster.periods}

    assert {course.school for course in roster.courses} == schools
    assert {section.course for section in roster.sections} == courses
    assert {period for section in roster.sections for period in section.periods} < periods
    assert {seat.section for seat in roster.enrollments} == set(drawn.ids.sections)
    assert {seat.user for seat in roster.enrollments} < set(drawn.ids.users)


def test_names_are_as_different_as_people(drawn: Semester) -> None:
    """
    Accents, apostrophes, hyphens, Arabic and Hebrew, one-word, long and preferred names.
    """
    users = drawn.roster.users
    written = [f"{user.name_first} {user.name_last}" for user in users]
    letters = set("".join(written))

    assert len(set(written)) == len(users)
    assert set("éñøßłő'-\u2019\u02bb") <= letters
    assert any("\u0600" <= letter <= "\u06ff" for letter in letters)
    assert any("\u0590" <= letter <= "\u05ff" for letter in letters)
    assert any(not user.name_last for user in users)
    assert max(map(len, written)) > 40
    assert any(user.name_first_preferred for user in users)
    assert any(user.name_middle for user in users)


# ---------------------------------------------------------------- attendance


def test_the_same_seed_gives_the_same_district(drawn: Semester) -> None:
    """
    Two demos made on the same day are equal; another seed gives another one.
    """
    again, other = draw(SEED), draw(SEED + 1)

    assert again == drawn
    assert other.roster.users != drawn.roster.users


@pytest.mark.parametrize("seed", [1, SEED, 2026])
def test_rates_are_those_of_a_real_district(seed: int) -> None:
    """
    About one mark in eighteen is absent, some are late, fewer excused.
    """
    statuses = draw(seed).marks().values()

    assert 100_000 < len(statuses) < 120_000
    assert 0.045 < share(statuses, Status.ABSENT) < 0.065
    assert 0.022 < share(statuses, Status.LATE) < 0.038
    assert 0.012 < share(statuses, Status.EXCUSED) < 0.028


def test_absence_has_its_seasons_and_its_people(drawn: Semester, marks: Marks) -> None:
    """
    Flu week stands out, so do Mondays, and some students miss far more than others.
    """
    away = (Status.ABSENT, Status.EXCUSED)
    student = {drawn.ids.enrollments[seat.sourced_id]: seat.user for seat in drawn.seats}
    by_week, by_weekday, by_student = (
        collections.defaultdict[object, list[int]](list) for _ in "123"
    )
    for (who, day), status in marks.items():
        date = dt.date.fromisoformat(day)
        by_week[date.isocalendar()[:2]].append(status)
        by_weekday[date.weekday()].append(status)
        by_student[student[who]].append(status)
    weeks = sorted(share(statuses, *away) for statuses in by_week.values())
    people = sorted(share(statuses, *away) for statuses in by_student.values())

    assert weeks[-1] > 1.5 * weeks[len(weeks) // 2]
    assert share(by_weekday[0], *away) > share(by_weekday[2], *away)
    assert people[30] < 0.03
    assert people[-10] > 0.2


def test_every_mark_is_of_somebody_on_the_roll_that_day(drawn: Semester) -> None:
    """
    Neither a roll nor a correction names who does not belong to the class on that day.
    """
    for _, command in drawn.written:
        for entry in entries(command):
            assert entry.enrollment_id in drawn.on_roll(command.section_id, entry.date)


def test_who_left_and_who_came_later_have_marks_of_their_time_only(
    drawn: Semester, marks: Marks
) -> None:
    """
    One student left in mid-semester and one came; neither has a mark outside of it.
    """
    days: dict[int, list[Day]] = collections.defaultdict(list)
    for who, day in marks:
        days[who].append(day)
    left = [seat for seat in drawn.seats if seat.last_day]
    came = [seat for seat in drawn.seats if seat.first_day]

    assert len({seat.user for seat in left}) == len({seat.user for seat in came}) == 1
    for seat in (*left, *came):
        marked = days[drawn.ids.enrollments[seat.sourced_id]]
        assert marked
        assert (seat.first_day or drawn.days[0]) <= min(marked)
        assert max(marked) <= (seat.last_day or drawn.days[-1])


def test_some_rolls_were_not_taken(drawn: Semester) -> None:
    """
    A few sections wait for their roll of the last day, and there are gaps before.
    """
    taken = {(roll.section_id, roll.date) for roll in drawn.rolls}
    meeting = {
        (drawn.ids.sections[section.sourced_id], day)
        for section in drawn.roster.sections
        for day in drawn.days
        if str(dt.date.fromisoformat(day).isoweekday()) in section.meeting_days.split(",")
    }
    missing = collections.Counter(day for _, day in meeting - taken)

    assert len(taken) == len(drawn.rolls)
    assert taken < meeting
    assert missing.pop(drawn.days[-1]) == 4
    assert 10 < missing.total() < 80


def test_rolls_follow_the_timetable(drawn: Semester) -> None:
    """
    Each roll is taken, in local time, within the first ten minutes of its class.
    """
    begins = {
        drawn.ids.sections[section.sourced_id]: section.start_time
        for section in drawn.roster.sections
    }
    moments = [at for at, _ in drawn.written]
    assert moments == sorted(moments)
    assert max(moments) < MONDAY_EVENING

    for at, command in drawn.written:
        if isinstance(command, TakeRoll):
            begin = dt.datetime.fromisoformat(f"{command.date}T{begins[command.section_id]}")
            late = at.astimezone(ZONE) - begin.replace(tzinfo=ZONE)
            assert dt.timedelta(0) < late < dt.timedelta(minutes=10)


def test_corrections_come_after_the_roll_and_change_it(drawn: Semester) -> None:
    """
    Absent becomes late by the teacher and excused by the office, only after the roll.
    """
    marks: Marks = {}
    steps: collections.Counter[tuple[int, int]] = collections.Counter()
    for _, command in drawn.written:
        for entry in entries(command):
            key = entry.enrollment_id, entry.date
            if isinstance(command, SaveMarks):
                steps[marks[key], entry.status] += 1
            marks[key] = entry.status

    assert set(steps) == {
        (Status.ABSENT, Status.LATE),
        (Status.ABSENT, Status.EXCUSED),
        (Status.ABSENT, Status.PRESENT),
    }
    assert steps[Status.ABSENT, Status.LATE] > 500
    assert steps[Status.ABSENT, Status.EXCUSED] > 500


def test_some_marks_have_comments(drawn: Semester) -> None:
    """
    Now and then somebody says why, also with accents.
    """
    comments = {
        entry.comment
        for _, command in drawn.written
        for entry in entries(command)
        if entry.comment
    }

    assert {"Bus 14 was late", "Note from parent"} < comments
    assert any(not comment.isascii() for comment in comments)


# ---------------------------------------------------------------- in a file


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoDistrict]:
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    steps: list[tuple[str, int]] = []
    demo = asyncio.run(fill(path, MONDAY_EVENING, lambda *step: steps.append(step)))
    assert steps[-1] == ("rolls", demo.rolls)
    return path, demo


@pytest.fixture
def demo(filled: tuple[Path, DemoDistrict]) -> DemoDistrict:
    return filled[1]


@pytest.fixture
async def store(filled: tuple[Path, DemoDistrict]) -> AsyncIterator[SqliteStore]:
    """The store on the demo's file; the tests below only read it."""
    store = SqliteStore(filled[0])
    yield store
    await store.close()


async def test_file_holds_what_the_demo_says(store: SqliteStore, demo: DemoDistrict) -> None:
    """
    What the command will print is what is in the file.
    """
    district = demo.district.id
    sections = await store.sections(district, SectionQuery(page=ALL))
    users = await store.users(district, ALL)
    rolls = [await store.rolls(district, section.id, RollQuery()) for section in sections.items]
    tallies = [roll.tally for listed in rolls for roll in listed.items]

    assert await store.districts() == [demo.district]
    assert (await store.schools(district, ALL)).total == demo.schools == 3
    assert sections.total == demo.sections == 60
    assert sum(user.role == Role.STUDENT for user in users.items) == demo.students == 600
    assert len(tallies) == demo.rolls
    assert sum(each.on_roll for each in tallies) == demo.marks
    assert not any(each.not_marked for each in tallies)


async def test_demo_points_to_a_class_with_something_to_see(
    store: SqliteStore, demo: DemoDistrict
) -> None:
    """
    The teacher teaches the section, the student sits in it and was not simply present.
    """
    footing = await store.footing(demo.district.id, demo.section_id, demo.teacher.id)
    person = await store.enrollment(demo.district.id, demo.section_id, demo.enrollment_id)
    query = HistoryQuery(start=demo.last_day, enrollment_ids=(demo.enrollment_id,))
    history = await store.history(demo.district.id, demo.section_id, query)

    assert demo.administrator.role == Role.ADMINISTRATOR
    assert demo.office.role == Role.STAFF
    assert demo.office.school_id == demo.teacher.school_id is not None
    assert footing.teaches
    assert person.user.role == Role.STUDENT
    assert demo.last_day == "2026-11-23"
    assert history.changes[0].change.new_status != Status.PRESENT


async def test_record_follows_the_days(store: SqliteStore, demo: DemoDistrict) -> None:
    """
    A section's history is in the order of time, from the days themselves, and has corrections.
    """
    query = HistoryQuery(limit=10_000)
    history = await store.history(demo.district.id, demo.section_id, query)
    moments = [each.at for each in history.changes]

    assert moments == sorted(moments)
    assert moments[-1] < "2026-11-24"
    assert all(each.change.date <= each.at for each in history.changes)
    assert any(each.change.old_status for each in history.changes)
    assert all(each.author.acting for each in history.changes)
