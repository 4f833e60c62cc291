"""A town for overload: twenty-one sections, each with a teacher who has a key, and a student."""

import msgspec

from cast import MASTER_KEY, SECRET, TODAY, settle
from faults.asking import body_of
from faults.flood import Errand
from faults.storm import DAYS
from rollbook.auth.credentials import Safe
from rollbook.domain.people import ApiKey, Role
from rollbook.domain.roster_files import (
    RosterEnrollment,
    RosterLimits,
    RosterPart,
    RosterSection,
    RosterUser,
)
from rollbook.domain.store import EnrollmentQuery, Page, SectionQuery, Store

CLASSES = 21


class Class(msgspec.Struct):
    """A section, its teacher's key, and its student's enrollment."""

    section: int
    key: str
    student: int

    def save(self, number: int) -> Errand:
        """Return a save of the student's mark, another one than the last."""
        marks = {(DAYS[0], self.student): 1 + number % 4}
        return Errand("PUT", self.section, body_of(marks.items(), str(number)))


async def settle_town(store: Store) -> list[Class]:
    """Settle a town in a store; return its classes."""
    cast = await settle(store, "Lindenhof", key_letter="a")
    district = cast.district.id
    numbers = range(CLASSES)
    parts = [
        _delta(
            RosterSection,
            [
                RosterSection(f"c{n}", "music", "school", f"C {n}", "1", ("autumn",))
                for n in numbers
            ],
        ),
        _delta(
            RosterUser,
            [
                RosterUser(f"{who}{n}", role, "school", who, "Town", username=f"{who}{n}")
                for n in numbers
                for who, role in (("teacher", Role.TEACHER), ("student", Role.STUDENT))
            ],
        ),
        _delta(
            RosterEnrollment,
            [
                RosterEnrollment(f"{who}{n}", f"c{n}", f"{who}{n}", who == "teacher")
                for n in numbers
                for who in ("teacher", "student")
            ],
        ),
    ]
    await store.import_roster(district, parts, RosterLimits(today=TODAY), lambda *_: None)
    codes = tuple(f"c{n}" for n in numbers)
    sections = await store.sections(
        district, SectionQuery(school_codes=codes, page=Page(0, CLASSES))
    )
    return [await _class(store, district, section.id) for section in sections.items]


async def _class(store: Store, district: int, section: int) -> Class:
    people = await store.enrollments(district, section, EnrollmentQuery())
    (teacher,) = [person for person in people.items if person.enrollment.admin]
    (student,) = [person for person in people.items if not person.enrollment.admin]
    key = f"{section:040x}"
    await store.create_key(
        ApiKey(
            key=key,
            district_id=district,
            user_id=teacher.user.id,
            sealed_secret=Safe(MASTER_KEY).seal(SECRET, key=key, district_id=district),
            created_at="2026-08-01T00:00:00.000Z",
        )
    )
    return Class(section, key, student.enrollment.id)


def _delta(noun: type, rows: list[msgspec.Struct]) -> RosterPart:
    return RosterPart(noun=noun, rows=rows, ended=(), complete=False)
