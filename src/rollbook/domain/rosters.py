"""Courses, sections and who is enrolled in them."""

import enum

import msgspec

from rollbook.domain.days import Day
from rollbook.domain.people import User


class EnrollmentStatus(enum.IntEnum):
    """Where an enrollment stands; the numbers are the API's: never renumber."""

    ACTIVE = 1
    EXPIRED = 2
    INVITE_PENDING = 3
    REQUEST_PENDING = 4
    ARCHIVED = 5


PENDING = frozenset({EnrollmentStatus.INVITE_PENDING, EnrollmentStatus.REQUEST_PENDING})


class GradingPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """A term, semester or quarter."""

    id: int
    title: str
    first_day: Day | None = None
    last_day: Day | None = None
    sourced_id: str | None = None


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """What is taught; sections are the classes in which it is."""

    id: int
    title: str
    course_code: str = ""
    department: str = ""
    description: str = ""
    school_id: int | None = None
    sourced_id: str | None = None


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """One class that meets: its roll is what is taken."""

    id: int
    course_id: int
    course_title: str
    course_code: str
    title: str
    school_id: int | None = None
    section_code: str = ""
    school_code: str = ""  # the district's own id of the section: `section_school_code`
    description: str = ""
    active: bool = True
    grading_periods: tuple[int, ...] = ()
    meeting_days: str = ""
    start_time: str = ""
    end_time: str = ""


class Enrollment(msgspec.Struct, frozen=True, kw_only=True):
    """A person's place in a section, from a first to a last day (both inclusive)."""

    id: int
    section_id: int
    user_id: int
    admin: bool = False  # teaches the section
    status: EnrollmentStatus = EnrollmentStatus.ACTIVE
    first_day: Day | None = None
    last_day: Day | None = None
    sourced_id: str | None = None


class Seat(msgspec.Struct, frozen=True, array_like=True):
    """What the rules of attendance need to know of an enrollment, and no more."""

    enrollment_id: int
    admin: bool
    status: int
    first_day: Day | None
    last_day: Day | None

    @property
    def can_be_marked(self) -> bool:
        """
        Whether marks can be kept here: a student's place that is or was real.

        Expired and archived ones count, since the past gets corrected after a student left.
        """
        return not self.admin and self.status not in PENDING

    def is_on_roll(self, day: Day) -> bool:
        """Say whether the student belonged to the section on that day."""
        if not self.can_be_marked:
            return False
        if self.last_day is None and self.status != EnrollmentStatus.ACTIVE:
            return False  # ended, and nobody knows when
        return (self.first_day is None or self.first_day <= day) and (
            self.last_day is None or day <= self.last_day
        )


class Person(msgspec.Struct, frozen=True):
    """An enrollment with the user it enrolls, as lists of a class show it."""

    enrollment: Enrollment
    user: User


class Standing(enum.Enum):
    """What somebody is to the thing they ask about."""

    ADMINISTRATOR = "administrator of the district"
    OFFICE = "of the office of the section's school"
    TEACHER = "teacher of the section"
    STUDENT = "enrolled in the section"
    SELF = "the person themselves"
    MEMBER = "of the same district"


class Footing(msgspec.Struct, frozen=True):
    """
    How a user stands in a section: whether they teach it, and their places on its roll.

    The section's school is theirs to stand in too, if they are of its office.
    """

    teaches: bool
    enrollment_ids: tuple[int, ...]
    school_id: int | None = None
