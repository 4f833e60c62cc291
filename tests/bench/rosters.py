"""The roster of the measurements, as an import brings it."""

from collections.abc import Iterable
from typing import Any

from benchmarks.land import STUDENTS, Land
from rollbook.domain.people import Role
from rollbook.domain.roster_files import (
    RosterCourse,
    RosterEnrollment,
    RosterPart,
    RosterSection,
    RosterUser,
)


def roster(where: Land) -> Iterable[RosterPart]:
    """Yield it, part by part."""
    students = range(where.students)
    yield _part(RosterCourse, [RosterCourse("c", "Course", "C 1", "", None)])
    yield _part(
        RosterSection,
        [
            RosterSection(f"s{n:08d}", "c", None, f"Section {n}", "", ())
            for n in range(where.sections)
        ],
    )
    people = [RosterUser("admin", Role.ADMINISTRATOR, None, "Ada", "Byron")]
    people += [
        RosterUser(f"u{n:08d}", Role.STUDENT, None, "Student", f"Number {n}") for n in students
    ]
    yield _part(RosterUser, people)
    yield _part(
        RosterEnrollment,
        [
            RosterEnrollment(f"e{n:08d}", f"s{n // STUDENTS:08d}", f"u{n:08d}", False)
            for n in students
        ],
    )


def _part(noun: Any, rows: list[Any]) -> RosterPart:
    return RosterPart(noun=noun, rows=rows, ended=(), complete=False)
