"""Rosters in files: what each line means, what an import may do and what it did."""

from collections.abc import Iterable, Sequence

import msgspec

from rollbook.domain.days import Day
from rollbook.domain.people import Role


class RosterSchool(msgspec.Struct, frozen=True, array_like=True):
    """A school as a roster file names it; ids in these rows are the file's own."""

    sourced_id: str
    title: str


class RosterPeriod(msgspec.Struct, frozen=True, array_like=True):
    """A grading period as a roster file names it."""

    sourced_id: str
    title: str
    first_day: Day | None
    last_day: Day | None


class RosterCourse(msgspec.Struct, frozen=True, array_like=True):
    """A course as a roster file names it."""

    sourced_id: str
    title: str
    course_code: str
    department: str
    school: str | None  # sourced_id of a RosterSchool


class RosterSection(msgspec.Struct, frozen=True, array_like=True):
    """A class as a roster file names it."""

    sourced_id: str
    course: str | None  # None: it stands under a course of its own title
    school: str | None
    title: str
    section_code: str
    periods: tuple[str, ...]  # sourced_ids of RosterPeriods
    meeting_days: str = ""
    start_time: str = ""
    end_time: str = ""


class RosterUser(msgspec.Struct, frozen=True, array_like=True):
    """A person as a roster file names them."""

    sourced_id: str
    role: Role
    school: str | None
    name_first: str
    name_last: str
    name_middle: str = ""
    name_first_preferred: str = ""
    username: str = ""
    primary_email: str = ""
    active: bool = True


class RosterEnrollment(msgspec.Struct, frozen=True, array_like=True):
    """A place in a class as a roster file names it."""

    sourced_id: str
    section: str
    user: str
    admin: bool
    first_day: Day | None = None
    last_day: Day | None = None


class RosterPart(msgspec.Struct, frozen=True, kw_only=True):
    """
    One file of a roster.

    In a bulk file (`complete`) whoever is missing has left; in a delta file whoever is missing
    has not changed. `ended` may only be read when `rows` is used up: the two come out of the
    same lines.
    """

    noun: type[
        RosterSchool
        | RosterPeriod
        | RosterCourse
        | RosterSection
        | RosterUser
        | RosterEnrollment
    ]
    rows: Iterable[msgspec.Struct]
    ended: Sequence[str]  # sourced_ids marked `tobedeleted` or `inactive`
    complete: bool


class RosterLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What an import may do without being told that it is meant."""

    today: Day  # the last day of whoever has left
    end_share: float = 0.1  # of the active enrollments; above it the import is refused
    dry_run: bool = False  # do all of it, say what it did, and undo it


class RosterSummary(msgspec.Struct, frozen=True):
    """What an import did to one noun."""

    noun: str
    added: int
    changed: int
    ended: int
    unchanged: int
