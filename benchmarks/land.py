"""
Who is where: districts, sections and students whose ids follow from one another.

A measurement sends requests about any of millions of students and afterwards knows what must be
stored of each. So nothing is drawn and remembered: ids go by arithmetic, and so does how each
student was there on each day, by a formula that SQL computes as Python does.
"""

import datetime as dt
import hashlib

import msgspec

STUDENTS = 30  # in each section

# The first ids that a new database gives out.
FIRST_COURSE, FIRST_SECTION, FIRST_USER, FIRST_ENROLLMENT = 300001, 400001, 5000001, 60000001

_FIRST_DAY = dt.date(2026, 8, 31)

# A multiplicative step and its square modulo a prime (2^31 - 1): no product leaves 63 bits.
_PRIME, _STEP, _TURN = 2147483647, 1103515245, 69621
_STEPS = range(0, STUDENTS * _STEP, _STEP)
_BY_CHANCE = (1,) * 900 + (2,) * 50 + (3,) * 30 + (4,) * 20  # nine in ten are present


class Land(msgspec.Struct, frozen=True):
    """So many sections, dealt out evenly to so many districts."""

    sections: int
    districts: int = 1

    @property
    def students(self) -> int:
        """How many there are, each with one enrollment."""
        return self.sections * STUDENTS

    def sections_of(self, district: int) -> range:
        """Return the numbers, from 0, of a district's sections; districts go from 1 on."""
        return range(
            (district - 1) * self.sections // self.districts,
            district * self.sections // self.districts,
        )

    def district_of(self, section: int) -> int:
        """Return the district that has the section of that number."""
        return ((section + 1) * self.districts - 1) // self.sections + 1

    def administrator(self, district: int) -> int:
        """Return the id of the user whom the district's key acts as: they come first."""
        return FIRST_USER + district - 1

    def first_student(self, section: int) -> int:
        """Return the id of a section's first student; the others follow."""
        return FIRST_USER + self.districts + section * STUDENTS


def section_id(section: int) -> int:
    """Return the id of the section of that number."""
    return FIRST_SECTION + section


def enrollments(section: int) -> range:
    """Return the ids of the enrollments of the section of that number."""
    first = FIRST_ENROLLMENT + section * STUDENTS
    return range(first, first + STUDENTS)


def key_of(district: int) -> str:
    """Return a district's consumer key."""
    return f"be{district:038x}"


def secret_of(district: int) -> str:
    """Return its secret: of no use anywhere but in these measurements."""
    return hashlib.sha256(f"benchmark {district}".encode()).hexdigest()[:32]


def school_days(count: int) -> list[str]:
    """Return that many weekdays from the first day of school on."""
    found: list[str] = []
    day = _FIRST_DAY
    while len(found) < count:
        if day.weekday() < 5:
            found.append(day.isoformat())
        day += dt.timedelta(days=1)
    return found


def statuses(section: int, day: int) -> list[int]:
    """Return how each student of a section was there on the day of that number."""
    first = enrollments(section).start * _STEP + day * _TURN
    return [
        _BY_CHANCE[(step := (first + further) % _PRIME) * step % _PRIME % 1000]
        for further in _STEPS
    ]


# The same in SQL, of the columns enrollment_id and day.
STATUS_IN_SQL = (
    "CASE WHEN chance < 900 THEN 1 WHEN chance < 950 THEN 2 WHEN chance < 980 THEN 3 ELSE 4 END"
)
_STEP_IN_SQL = f"((enrollment_id * {_STEP} + day * {_TURN}) % {_PRIME})"
CHANCE_IN_SQL = f"({_STEP_IN_SQL} * {_STEP_IN_SQL} % {_PRIME} % 1000)"
