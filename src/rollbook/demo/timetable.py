"""
The district's roster: schools, courses, classes, who teaches them and who sits in them.

An elementary class stays together all day and its roll is taken once, in the homeroom. In the
middle and the high school six groups of students rotate through the core subjects and then meet
in mixed classes for an elective, some on Monday, Wednesday and Friday, some on the other days.
"""

import itertools
import random
from collections.abc import Sequence

import msgspec

from rollbook.demo import schooldays
from rollbook.demo.names import names
from rollbook.demo.schools import (
    DAILY,
    ELEMENTARY,
    HIGH,
    HOMEROOM,
    MIDDLE,
    MWF,
    TT,
    YEARS,
    Bell,
    UpperSchool,
)
from rollbook.domain.days import Day
from rollbook.domain.people import Role
from rollbook.domain.roster_files import (
    RosterCourse,
    RosterEnrollment,
    RosterPart,
    RosterPeriod,
    RosterSchool,
    RosterSection,
    RosterUser,
)

_ELEMENTARY_STUDENTS = 50  # in each of six years
_UPPER_STUDENTS = 150  # in the middle school, and in the high school
_UNEVEN = 3  # no two classes are the same size
_PEOPLE = 640  # names enough for everybody
_CAME_ON, _LEFT_ON = 22, 47  # in mid-semester, counted in school days


class Roster(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of a roster, as files from a district would bring them."""

    schools: list[RosterSchool]
    periods: list[RosterPeriod]
    courses: list[RosterCourse]
    sections: list[RosterSection]
    users: list[RosterUser]
    enrollments: list[RosterEnrollment]

    def parts(self) -> list[RosterPart]:
        """Return the rows as the complete files of an import."""
        return [
            RosterPart(noun=noun, rows=rows, ended=(), complete=True)
            for noun, rows in (
                (RosterSchool, self.schools),
                (RosterPeriod, self.periods),
                (RosterCourse, self.courses),
                (RosterSection, self.sections),
                (RosterUser, self.users),
                (RosterEnrollment, self.enrollments),
            )
        ]


def draw(seed: int, days: Sequence[Day]) -> Roster:
    """Return the roster that belongs to a seed, for a semester of these days."""
    rng = random.Random(seed)  # noqa: S311  (a demo keeps no secrets)
    return _Registrar(rng, days).roster()


class _Registrar:
    """Who fills the rows, one school after the other."""

    def __init__(self, rng: random.Random, days: Sequence[Day]) -> None:
        self._rng = rng
        self._names = iter(names(rng, _PEOPLE))
        self._days = days
        self._periods = _periods(days)
        self._schools: list[RosterSchool] = []
        self._courses: list[RosterCourse] = []
        self._sections: list[RosterSection] = []
        self._users: list[RosterUser] = []
        self._enrollments: list[RosterEnrollment] = []

    def roster(self) -> Roster:
        """Return the whole district."""
        self._person("A", Role.ADMINISTRATOR, None)
        self._elementary()
        self._upper(MIDDLE)
        self._upper(HIGH)
        return Roster(
            schools=self._schools,
            periods=self._periods,
            courses=self._courses,
            sections=self._sections,
            users=self._users,
            enrollments=self._seats(),
        )

    def _elementary(self) -> None:
        school = self._open(ELEMENTARY)
        for year, title in enumerate(YEARS):
            course = self._course(school, f"HR{year}", title, "Elementary")
            children = self._students(school, _ELEMENTARY_STUDENTS)
            for letter, part in zip("AB", self._cut(children, 2), strict=True):
                name = f"Homeroom {title.removeprefix('Grade ')[0]}{letter}"
                section = self._section(course, name, DAILY, HOMEROOM)
                self._enroll(section, self._teacher(school), part)

    def _upper(self, school: UpperSchool) -> None:
        sourced_id = self._open(RosterSchool(school.sourced_id, school.title))
        students = self._students(sourced_id, _UPPER_STUDENTS)
        self._core(school, self._cut(students, 6))
        self._rng.shuffle(students)
        self._electives(school, self._cut(students, 6))

    def _core(self, school: UpperSchool, groups: list[list[str]]) -> None:
        """Let two groups of each year rotate: each subject's two teachers never clash."""
        *bells, _ = school.bells
        for subject_number, subject in enumerate(school.core):
            courses = [
                self._course(
                    school.sourced_id, f"{subject.code}{year}", title, subject.department
                )
                for year, title in enumerate(subject.titles, 1)
            ]
            teachers = [self._teacher(school.sourced_id) for _ in range(2)]
            for number, group in enumerate(groups):
                block = (subject_number - number) % len(bells)
                title = f"Period {block + 1} · Grade {school.years[number // 2]}"
                section = self._section(courses[number // 2], title, DAILY, bells[block])
                self._enroll(section, teachers[number // len(bells)], group)

    def _electives(self, school: UpperSchool, groups: list[list[str]]) -> None:
        """Give each elective's teacher a group on either set of days."""
        mixed = iter(groups)
        for subject in school.electives:
            (title,) = subject.titles
            course = self._course(
                school.sourced_id, f"{subject.code}1", title, subject.department
            )
            teacher = self._teacher(school.sourced_id)
            for days, words in ((MWF, "Mon Wed Fri"), (TT, "Tue Thu")):
                section = self._section(course, f"Period 4 · {words}", days, school.bells[-1])
                self._enroll(section, teacher, next(mixed))

    # ---- rows

    def _open(self, school: RosterSchool) -> str:
        """Open a school, with somebody in its office; return its id."""
        self._schools.append(school)
        self._person("O", Role.STAFF, school.sourced_id)
        return school.sourced_id

    def _person(self, prefix: str, role: Role, school: str | None) -> str:
        sourced_id = f"{prefix}{10_001 + len(self._users)}"
        name = next(self._names)
        self._users.append(
            RosterUser(
                sourced_id,
                role,
                school,
                name_first=name.first,
                name_last=name.last,
                name_middle=name.middle,
                name_first_preferred=name.preferred,
                username=sourced_id.lower(),
                primary_email=f"{sourced_id.lower()}@lindenhof.example",
            )
        )
        return sourced_id

    def _teacher(self, school: str) -> str:
        return self._person("T", Role.TEACHER, school)

    def _students(self, school: str, count: int) -> list[str]:
        return [self._person("S", Role.STUDENT, school) for _ in range(count)]

    def _course(self, school: str, code: str, title: str, department: str) -> RosterCourse:
        course = RosterCourse(f"{school}-{code}", title, code, department, school)
        self._courses.append(course)
        return course

    def _section(self, course: RosterCourse, title: str, days: str, bell: Bell) -> str:
        number = 1 + sum(each.course == course.sourced_id for each in self._sections)
        section = RosterSection(
            f"{course.sourced_id}-{number}",
            course.sourced_id,
            course.school,
            title,
            f"{course.course_code}-{number}",
            tuple(period.sourced_id for period in self._periods[1:]),
            days,
            *bell,
        )
        self._sections.append(section)
        return section.sourced_id

    def _enroll(self, section: str, teacher: str, students: Sequence[str]) -> None:
        for user in (teacher, *students):
            sourced_id = f"{section}-{user}"
            self._enrollments.append(
                RosterEnrollment(sourced_id, section, user, admin=user == teacher)
            )

    def _cut(self, students: list[str], parts: int) -> list[list[str]]:
        """Cut into that many classes of about the same size."""
        size = len(students) // parts
        inner = [
            number * size + self._rng.randint(-_UNEVEN, _UNEVEN) for number in range(1, parts)
        ]
        edges = [0, *inner, len(students)]
        return [students[first:end] for first, end in itertools.pairwise(edges)]

    def _seats(self) -> list[RosterEnrollment]:
        """Return the enrollments, with one student who leaves and one who comes later."""
        first, *_, last = (user.sourced_id for user in self._users if user.role == Role.STUDENT)
        changed = {
            first: {"first_day": self._days[_CAME_ON]},
            last: {"last_day": self._days[_LEFT_ON]},
        }
        return [
            msgspec.structs.replace(seat, **changed.get(seat.user, {}))
            for seat in self._enrollments
        ]


def _periods(days: Sequence[Day]) -> list[RosterPeriod]:
    first, second = schooldays.quarters(days)
    return [
        RosterPeriod("SEM", "Semester", first[0], second[1]),
        RosterPeriod("Q1", "Quarter 1", *first),
        RosterPeriod("Q2", "Quarter 2", *second),
    ]
