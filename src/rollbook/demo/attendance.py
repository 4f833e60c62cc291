"""
What is written down: each roll within the first minutes of its class, and what is corrected.

A teacher takes the roll, and marks late whoever comes in after it. The office, which writes as
the administrator, turns an absence into an excused one when a note has come.
"""

import datetime as dt
import itertools
import random
import zoneinfo
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from rollbook.demo import absences
from rollbook.demo.absences import Absence, Habits
from rollbook.demo.schooldays import TIME_ZONE
from rollbook.demo.schools import HIGH
from rollbook.demo.timetable import Roster
from rollbook.domain.attendance import Entry, Status
from rollbook.domain.days import Day
from rollbook.domain.people import Role
from rollbook.domain.record import Author, Channel
from rollbook.domain.roster_files import RosterEnrollment, RosterSection
from rollbook.domain.store import SaveMarks, TakeRoll

_ZONE = zoneinfo.ZoneInfo(TIME_ZONE)

_FORGOTTEN_SHARE = 0.008  # of the rolls before the last day
_FORGOTTEN_LAST = 4  # rolls on the last day
_BUS_14_LATE = (9, 23, 36, 58, 71)  # on these days
_LATER_LATE = 0.6  # for the second class of the day it is easier to be there
_COMES_IN_SHARE = 0.4  # of the late ones who come when the roll is taken
_CALLED_OUT_SHARE = 0.003  # of the present ones, for this class
_MISTAKE_SHARE = 0.0003  # of the present ones, marked absent at first
_LATE_REMARK_SHARE = 0.12
_REMARK_SHARE = 0.03  # of the absences
_OFFICE_OPENS = "09:10"  # the notes of the morning are read from then on

_CALLED_OUT = ("Dental appointment", "With the counselor", "Cita con el médico", "Vision test")
_LATE = ("Came in at the second bell", "Overslept", "Signed in at the front desk", "Flat tire")
_REMARKS = (
    "Left a message for the family",
    "Third time this month",
    "Sa sœur l'a vu à l'arrêt",
)


class Ids(msgspec.Struct, frozen=True):
    """The ids that an import gave to the roster's rows."""

    district: int
    sections: dict[str, int]
    users: dict[str, int]
    enrollments: dict[str, int]


class Written(NamedTuple):
    """Something that was written into the book, and when."""

    at: dt.datetime
    command: TakeRoll | SaveMarks


def semester(roster: Roster, ids: Ids, days: Sequence[Day], seed: int) -> list[Written]:
    """Return everything written in a semester of these days, in the order of time."""
    rng = random.Random(seed)  # noqa: S311  (a demo keeps no secrets)
    keeping = _Keeping(roster, ids, days, rng)
    written = [each for number in range(len(days)) for each in keeping.day(number)]
    return sorted(written, key=lambda each: each.at)


class _Seen(NamedTuple):
    """What a teacher sees of somebody: when the roll is taken, and what turns out after it."""

    at_roll: Entry | None = None
    later: Entry | None = None


class _Keeping:
    """A semester of keeping attendance, one day after the other."""

    def __init__(
        self, roster: Roster, ids: Ids, days: Sequence[Day], rng: random.Random
    ) -> None:
        self._ids = ids
        self._days = days
        self._rng = rng
        self._sections = sorted(roster.sections, key=lambda section: section.start_time)
        self._people = _People(roster, ids)
        self._habits = _habits(roster, days, rng)
        # By the day on which a note comes: the marks that it excuses, by student and section.
        self._notes: dict[int, dict[tuple[str, str], list[Entry]]] = {}

    def day(self, number: int) -> Iterator[Written]:
        """Write down a day: its classes, then what the office has learned."""
        day = self._days[number]
        weekday = str(dt.date.fromisoformat(day).isoweekday())
        meeting = [section for section in self._sections if weekday in section.meeting_days]
        forgotten = self._forgotten(number, meeting)
        arrived: set[str] = set()  # who had their first class of the day
        for section in meeting:
            seats = self._people.on_roll(section, day)
            if section not in forgotten:
                seen = [self._look(number, each, each.user not in arrived) for each in seats]
                yield from self._lesson(day, section, seen)
            arrived.update(seat.user for seat in seats)
        yield from self._excuses(number)

    def _forgotten(self, number: int, meeting: list[RosterSection]) -> Sequence[RosterSection]:
        """Return the sections whose roll nobody takes that day."""
        if number == len(self._days) - 1:
            return self._rng.sample(meeting, _FORGOTTEN_LAST)
        return [each for each in meeting if self._rng.random() < _FORGOTTEN_SHARE]

    # ---- what a teacher sees

    def _look(self, number: int, seat: RosterEnrollment, first: bool) -> _Seen:
        who, day = self._ids.enrollments[seat.sourced_id], self._days[number]
        habits = self._habits[seat.user]
        if absence := habits.absences.get(number):
            return self._empty_chair(seat, Entry(who, day, Status.ABSENT), absence)
        if first and habits.bus_14 and number in _BUS_14_LATE:
            return _Seen(Entry(who, day, Status.LATE, "Bus 14 was late"))
        if self._happens(habits.lateness * (1 if first else _LATER_LATE)):
            return self._late(who, day)
        if self._happens(_CALLED_OUT_SHARE):
            return _Seen(Entry(who, day, Status.EXCUSED, self._rng.choice(_CALLED_OUT)))
        if self._happens(_MISTAKE_SHARE):
            corrected = Entry(who, day, Status.PRESENT, "Was here: my mistake")
            return _Seen(Entry(who, day, Status.ABSENT), corrected)
        return _Seen()

    def _empty_chair(self, seat: RosterEnrollment, absent: Entry, why: Absence) -> _Seen:
        excused = msgspec.structs.replace(
            absent, status=Status.EXCUSED, comment=why.comment or None
        )
        if why.planned:
            return _Seen(excused)
        if why.note_on is not None:
            notes = self._notes.setdefault(why.note_on, {})
            notes.setdefault((seat.user, seat.section), []).append(excused)
        if self._happens(_REMARK_SHARE):
            absent = msgspec.structs.replace(absent, comment=self._rng.choice(_REMARKS))
        return _Seen(absent)

    def _late(self, who: int, day: Day) -> _Seen:
        comment = self._rng.choice(_LATE) if self._happens(_LATE_REMARK_SHARE) else None
        late = Entry(who, day, Status.LATE, comment)
        if self._happens(_COMES_IN_SHARE):
            return _Seen(late)
        return _Seen(Entry(who, day, Status.ABSENT), late)

    def _happens(self, chance: float) -> bool:
        return self._rng.random() < chance

    # ---- what is written

    def _lesson(
        self, day: Day, section: RosterSection, seen: Sequence[_Seen]
    ) -> Iterator[Written]:
        """Take the roll within minutes, and correct it for who comes in after it."""
        begin = _moment(day, section.start_time)
        author = self._people.teacher(section)
        yield Written(
            begin + dt.timedelta(minutes=self._rng.randint(2, 7)),
            TakeRoll(
                district_id=self._ids.district,
                section_id=self._ids.sections[section.sourced_id],
                date=day,
                exceptions=[each.at_roll for each in seen if each.at_roll],
                author=author,
            ),
        )
        if later := [each.later for each in seen if each.later]:
            after = dt.timedelta(minutes=self._rng.randint(12, 25))
            yield self._correction(begin + after, section.sourced_id, later, author)

    def _excuses(self, number: int) -> Iterator[Written]:
        """Work through the notes of the morning, one student after the other."""
        at = _moment(self._days[number], _OFFICE_OPENS)
        notes = sorted(self._notes.pop(number, {}).items())
        for _, of_student in itertools.groupby(notes, key=lambda note: note[0][0]):
            for (_, section), entries in of_student:
                yield self._correction(at, section, entries, self._people.office)
            at += dt.timedelta(minutes=self._rng.randint(2, 5))

    def _correction(
        self, at: dt.datetime, section: str, entries: list[Entry], author: Author
    ) -> Written:
        command = SaveMarks(
            district_id=self._ids.district,
            section_id=self._ids.sections[section],
            entries=entries,
            author=author,
        )
        return Written(at, command)


class _People:
    """Who sits in a class, who teaches it, and in whose name attendance is written."""

    def __init__(self, roster: Roster, ids: Ids) -> None:
        self._ids = ids
        self._teachers = {seat.section: seat.user for seat in roster.enrollments if seat.admin}
        self._seats: dict[str, list[RosterEnrollment]] = {}
        for seat in roster.enrollments:
            if not seat.admin:
                self._seats.setdefault(seat.section, []).append(seat)
        administrator = next(
            user.sourced_id for user in roster.users if user.role == Role.ADMINISTRATOR
        )
        self.office = Author(user_id=ids.users[administrator], channel=Channel.WEB)

    def on_roll(self, section: RosterSection, day: Day) -> list[RosterEnrollment]:
        """Return the seats of the students who belong to the class that day."""
        return [
            seat
            for seat in self._seats[section.sourced_id]
            if (seat.first_day or day) <= day <= (seat.last_day or day)
        ]

    def teacher(self, section: RosterSection) -> Author:
        """Return the teacher, at the high school through an app that has the office's key."""
        teacher = self._ids.users[self._teachers[section.sourced_id]]
        if section.school != HIGH.sourced_id:
            return Author(user_id=teacher, channel=Channel.WEB)
        return Author(user_id=self.office.user_id, on_behalf_of=teacher, channel=Channel.API)


def _habits(roster: Roster, days: Sequence[Day], rng: random.Random) -> dict[str, Habits]:
    pressure = absences.season(days)
    return {
        user.sourced_id: absences.habits(
            rng, pressure, near_bus_14=user.school != HIGH.sourced_id
        )
        for user in roster.users
        if user.role == Role.STUDENT
    }


def _moment(day: Day, clock: str) -> dt.datetime:
    """Return the moment in UTC at which the clocks of the district show that time."""
    return dt.datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=_ZONE).astimezone(dt.UTC)
