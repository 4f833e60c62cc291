"""
What each answer looks like, in both formats.

Fields, their order and their types are those that existing clients read: ids are decimal text
except in attendance, absent text is empty text and never null, flags are 0 and 1.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from rollbook.domain.attendance import Answer, Mark
from rollbook.domain.people import Actor, District, Role, School, User
from rollbook.domain.record import Recorded
from rollbook.domain.rosters import Course, Person, Section
from rollbook.domain.store import MarkPage, Roll

Links = dict[str, str]

# ---------------------------------------------------------------- errors


class Error(msgspec.Struct, frozen=True, omit_defaults=True):
    """The one shape of every refusal."""

    code: int
    message: str
    attendance: list[Answer] | None = None  # of a write that was to be all or nothing


class Health(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the server is."""

    live: Literal[1]
    ready: Literal[0, 1] | None = None  # when that was not asked
    reason: list[str] | None = None


# ---------------------------------------------------------------- attendance


class Attendances(msgspec.Struct, frozen=True):
    """The list inside a status."""

    attendance: list[Mark]


class StatusGroup(msgspec.Struct, frozen=True):
    """The marks of one day that have one status."""

    status_code: int
    attendances: Attendances


class Statuses(msgspec.Struct, frozen=True):
    """The list inside a day; empty when the roll was taken and nobody was missing."""

    status: list[StatusGroup]


class DateGroup(msgspec.Struct, frozen=True):
    """One day of the listing."""

    date: str
    statuses: Statuses


class Total(msgspec.Struct, frozen=True):
    """How often one status was given."""

    status: int
    count: int


class Totals(msgspec.Struct, frozen=True):
    """The list of totals, by status."""

    total: list[Total]


class Listing(msgspec.Struct, frozen=True, omit_defaults=True):
    """What `GET sections/{id}/attendance` returns."""

    date: list[DateGroup]
    totals: Totals
    links: Links | None = None


class Written(msgspec.Struct, frozen=True):
    """What `PUT sections/{id}/attendance` returns: an answer for each entry, in their order."""

    attendance: list[Answer]


def listing(page: MarkPage, links: Links | None) -> Listing:
    """Return a page of marks by day, in a day by status, in a status by enrollment."""
    groups: dict[tuple[str, int], list[Mark]] = {}
    for mark in page.marks:
        groups.setdefault((mark.date, mark.status), []).append(mark)
    days: dict[str, list[StatusGroup]] = {day: [] for day in page.dates}
    for day, status in sorted(groups):
        marks = Attendances(groups[day, status])
        days[day].append(StatusGroup(status, marks))
    dates = [DateGroup(day, Statuses(found)) for day, found in days.items()]
    totals = [Total(status, count) for status, count in page.totals.items()]
    return Listing(dates, Totals(totals), links)


# ---------------------------------------------------------------- rolls and history


class RollShape(msgspec.Struct, frozen=True, kw_only=True):
    """A roll that was taken; people are user ids, empty for the operator at a terminal."""

    date: str
    first_taken_at: str
    first_taken_by: str
    last_taken_at: str
    last_taken_by: str
    on_roll: int
    present: int
    absent: int
    late: int
    excused: int
    not_marked: int


class RollWritten(msgspec.Struct, frozen=True):
    """What `PUT sections/{id}/rolls/{date}` returns."""

    roll: RollShape
    attendance: list[Answer]


class ChangeShape(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one mark; `old_status` 0 means that there was none."""

    enrollment_id: int
    date: str
    old_status: int
    new_status: int
    old_comment: str
    new_comment: str
    changed_at: str
    changed_by: str
    on_behalf_of: str
    channel: str
    request_id: str
    entry: int


def roll(taken: Roll) -> RollShape:
    """Return a roll as the API shows it."""
    fact, sums = taken.taken, taken.tally
    return RollShape(
        date=fact.date,
        first_taken_at=fact.first_taken_at,
        first_taken_by=_text(fact.first_taken_by),
        last_taken_at=fact.last_taken_at,
        last_taken_by=_text(fact.last_taken_by),
        on_roll=sums.on_roll,
        present=sums.present,
        absent=sums.absent,
        late=sums.late,
        excused=sums.excused,
        not_marked=sums.not_marked,
    )


def change(recorded: Recorded) -> ChangeShape:
    """Return a change as the API shows it."""
    what, who = recorded.change, recorded.author
    return ChangeShape(
        enrollment_id=what.enrollment_id,
        date=what.date,
        old_status=what.old_status or 0,
        new_status=what.new_status,
        old_comment=what.old_comment,
        new_comment=what.new_comment,
        changed_at=recorded.at,
        changed_by=_text(who.user_id),
        on_behalf_of=_text(who.on_behalf_of),
        channel=who.channel,
        request_id=who.request_id,
        entry=recorded.number,
    )


def _text(identifier: int | str | None) -> str:
    return "" if identifier is None else str(identifier)


# ---------------------------------------------------------------- people


class UserShape(msgspec.Struct, frozen=True, kw_only=True):
    """A person."""

    uid: str
    id: int
    school_id: str
    building_id: str
    school_uid: str
    name_title: str
    name_first: str
    name_first_preferred: str
    name_middle: str
    name_last: str
    name_display: str
    username: str
    primary_email: str
    role_id: int
    tz_name: str
    links: Links


class RoleShape(msgspec.Struct, frozen=True, kw_only=True):
    """What people can be in the district."""

    id: str
    title: str
    faculty: Literal[0, 1]
    role_type: int


class SchoolShape(msgspec.Struct, frozen=True, kw_only=True):
    """A school."""

    id: str
    title: str
    links: Links


class AppUserInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a key acts as."""

    api_uid: int
    web_session_timestamp: int
    timezone_name: str


def user(district: District, person: User, base: str) -> UserShape:
    """Return a person as the API shows them."""
    building = _text(person.school_id)
    return UserShape(
        uid=str(person.id),
        id=person.id,
        school_id=building,
        building_id=building,
        school_uid=_text(person.sourced_id),
        name_title=person.name_title,
        name_first=person.name_first,
        name_first_preferred=person.name_first_preferred,
        name_middle=person.name_middle,
        name_last=person.name_last,
        name_display=person.display_name,
        username=person.username,
        primary_email=person.primary_email,
        role_id=int(person.role),
        tz_name=district.time_zone,
        links={"self": f"{base}/users/{person.id}"},
    )


def roles() -> list[RoleShape]:
    """Return the roles that every district has."""
    return [
        RoleShape(
            id=str(int(role)),
            title=role.name.capitalize(),
            faculty=1 if role in (Role.ADMINISTRATOR, Role.TEACHER, Role.STAFF) else 0,
            role_type=int(role),
        )
        for role in Role
    ]


def school(place: School, base: str) -> SchoolShape:
    """Return a school as the API shows it."""
    links = {"self": f"{base}/schools/{place.id}"}
    return SchoolShape(id=str(place.id), title=place.title, links=links)


def app_user_info(actor: Actor, now: int) -> AppUserInfo:
    """Return whom the key acts as, at that second."""
    zone = actor.district.time_zone
    return AppUserInfo(api_uid=actor.user.id, web_session_timestamp=now, timezone_name=zone)


# ---------------------------------------------------------------- rosters


class CourseShape(msgspec.Struct, frozen=True, kw_only=True):
    """A course."""

    id: str
    title: str
    course_code: str
    department: str
    description: str
    building_id: str
    links: Links


class SectionShape(msgspec.Struct, frozen=True, kw_only=True):
    """A section."""

    id: str
    course_id: str
    course_title: str
    course_code: str
    school_id: str
    building_id: str
    section_title: str
    section_code: str
    section_school_code: str
    description: str
    active: Literal[0, 1]
    synced: Literal[0, 1]
    grading_periods: Sequence[int]
    meeting_days: str
    start_time: str
    end_time: str
    links: Links


class EnrollmentShape(msgspec.Struct, frozen=True, kw_only=True):
    """An enrollment, with the name of whom it enrolls."""

    id: str
    uid: str
    school_uid: str
    name_title: str
    name_first: str
    name_first_preferred: str
    name_middle: str
    name_last: str
    name_display: str
    admin: Literal[0, 1]
    status: str
    links: Links


def course(subject: Course, base: str) -> CourseShape:
    """Return a course as the API shows it."""
    return CourseShape(
        id=str(subject.id),
        title=subject.title,
        course_code=subject.course_code,
        department=subject.department,
        description=subject.description,
        building_id=_text(subject.school_id),
        links={"self": f"{base}/courses/{subject.id}"},
    )


def section(one: Section, base: str) -> SectionShape:
    """Return a section as the API shows it."""
    return SectionShape(
        id=str(one.id),
        course_id=str(one.course_id),
        course_title=one.course_title,
        course_code=one.course_code,
        school_id=_text(one.school_id),
        building_id=_text(one.school_id),
        section_title=one.title,
        section_code=one.section_code,
        section_school_code=one.school_code,
        description=one.description,
        active=1 if one.active else 0,
        synced=1 if one.school_code else 0,
        grading_periods=one.grading_periods,
        meeting_days=one.meeting_days,
        start_time=one.start_time,
        end_time=one.end_time,
        links={"self": f"{base}/sections/{one.id}"},
    )


def enrollment(person: Person, base: str) -> EnrollmentShape:
    """Return an enrollment as the API shows it."""
    place, who = person.enrollment, person.user
    return EnrollmentShape(
        id=str(place.id),
        uid=str(who.id),
        school_uid=_text(who.sourced_id),
        name_title=who.name_title,
        name_first=who.name_first,
        name_first_preferred=who.name_first_preferred,
        name_middle=who.name_middle,
        name_last=who.name_last,
        name_display=who.display_name,
        admin=1 if place.admin else 0,
        status=str(int(place.status)),
        links={"self": f"{base}/sections/{place.section_id}/enrollments/{place.id}"},
    )


def listed(name: str, items: Iterable[Any], total: int, links: Links) -> Mapping[str, Any]:
    """Return a part of a list under its singular name, as the family's lists are."""
    return {name: list(items), "total": str(total), "links": links}
