"""Rows to domain types, and back: the one place that knows how the databases hold a value."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from rollbook.domain.accounts import Account, Link, LinkPurpose, Session, Visitor
from rollbook.domain.attendance import Change, RollTaken
from rollbook.domain.mark_files import Place
from rollbook.domain.people import ApiKey, District, Role, School, StatusLook, User
from rollbook.domain.record import Author, Channel, Recorded, RecordEntry
from rollbook.domain.retention import Counts, Hold, Pruning
from rollbook.domain.rosters import (
    PENDING,
    Course,
    Enrollment,
    EnrollmentStatus,
    Footing,
    Person,
    Seat,
    Section,
)
from rollbook.domain.school_days import DayMark

Row = Sequence[Any]

to_json = msgspec.json.Encoder().encode
_changes = msgspec.json.Decoder(tuple[Change, ...]).decode
_days = msgspec.json.Decoder(tuple[str, ...]).decode
_ids = msgspec.json.Decoder(tuple[int, ...]).decode
_looks = msgspec.json.Decoder(tuple[StatusLook, ...]).decode


def district(row: Row) -> District:
    """Read the six columns of the statement `district`."""
    return District(
        id=row[0],
        name=row[1],
        time_zone=row[2],
        powerschool=bool(row[3]),
        lock_days=row[4],
        status_looks=_looks(row[5]),
    )


def from_district_change(new: District) -> Row:
    """Return the parameters of the statement `change_district`."""
    looks = to_json(new.status_looks).decode()
    return (new.name, new.time_zone, new.powerschool, new.lock_days, looks, new.id)


def school(row: Row) -> School:
    """Read id, title, sourced_id."""
    return School(id=row[0], title=row[1], sourced_id=row[2])


def user(row: Row) -> User:
    """Read the twelve columns of the statement `user`."""
    return User(
        id=row[0],
        role=Role(row[1]),
        name_first=row[2],
        name_last=row[3],
        sourced_id=row[4],
        school_id=row[5],
        name_title=row[6],
        name_first_preferred=row[7],
        name_middle=row[8],
        username=row[9],
        primary_email=row[10],
        active=bool(row[11]),
    )


def from_user(district_id: int, person: User) -> Row:
    """Return the parameters of the statement `create_user`."""
    return (
        district_id,
        person.id,
        person.role,
        person.name_first,
        person.name_last,
        person.sourced_id,
        person.school_id,
        person.name_title,
        person.name_first_preferred,
        person.name_middle,
        person.username,
        person.primary_email,
        person.active,
    )


def from_user_change(district_id: int, person: User) -> Row:
    """Return the parameters of the statement `change_user`."""
    _, number, *fields = from_user(district_id, person)
    return (*fields, district_id, number)


def api_key(row: Row) -> ApiKey:
    """Read the twelve columns of the statement `keys`."""
    return ApiKey(
        key=row[0],
        district_id=row[1],
        user_id=row[2],
        sealed_secret=row[3],
        former_sealed_secret=row[4],
        former_until=row[5],
        name=row[6],
        read_only=bool(row[7]),
        created_at=row[8],
        expires_at=row[9],
        revoked_at=row[10],
        last_used_on=row[11],
    )


def from_api_key(key: ApiKey) -> Row:
    """Return the parameters of the statement `create_key`."""
    return (
        key.key,
        key.district_id,
        key.user_id,
        key.sealed_secret,
        key.former_sealed_secret,
        key.former_until,
        key.name,
        key.read_only,
        key.created_at,
        key.expires_at,
        key.revoked_at,
    )


def from_key_change(key: ApiKey) -> Row:
    """Return the parameters of the statement `change_key`."""
    return (
        key.sealed_secret,
        key.former_sealed_secret,
        key.former_until,
        key.name,
        key.read_only,
        key.expires_at,
        key.revoked_at,
        key.district_id,
        key.key,
    )


def course(row: Row) -> Course:
    """Read the seven columns of the statement `course`."""
    return Course(
        id=row[0],
        title=row[1],
        course_code=row[2],
        department=row[3],
        description=row[4],
        school_id=row[5],
        sourced_id=row[6],
    )


def section(row: Row) -> Section:
    """Read the fourteen columns of the statement `section`."""
    return Section(
        id=row[0],
        course_id=row[1],
        course_title=row[2],
        course_code=row[3],
        title=row[4],
        school_id=row[5],
        section_code=row[6],
        school_code=row[7],
        description=row[8],
        active=bool(row[9]),
        grading_periods=_ids(row[10]),
        meeting_days=row[11],
        start_time=row[12],
        end_time=row[13],
    )


def footing(school_id: int | None, own: Iterable[Row]) -> Footing:
    """Return how a user stands in a section of that school, from their places in it."""
    own = list(own)
    return Footing(
        teaches=any(admin and status == EnrollmentStatus.ACTIVE for _, admin, status in own),
        enrollment_ids=tuple(
            sorted(who for who, admin, status in own if not admin and status not in PENDING)
        ),
        school_id=school_id,
    )


def seat(row: Row) -> Seat:
    """Read id, admin, status, first_day, last_day of an enrollment."""
    return Seat(row[0], bool(row[1]), row[2], row[3], row[4])


def place(row: Row) -> Place:
    """Read the eight columns of the statement `places`."""
    return Place(seat(row), row[5], row[6], row[7])


def enrollment(row: Row) -> Enrollment:
    """Read the eight columns of an enrollment."""
    return Enrollment(
        id=row[0],
        section_id=row[1],
        user_id=row[2],
        admin=bool(row[3]),
        status=EnrollmentStatus(row[4]),
        first_day=row[5],
        last_day=row[6],
        sourced_id=row[7],
    )


def person(row: Row) -> Person:
    """Read an enrollment and its user, in a row side by side."""
    return Person(enrollment(row), user(row[8:]))


def roll_taken(row: Row) -> RollTaken:
    """Read the five columns of the statement `rolls`."""
    return RollTaken(
        date=row[0],
        first_taken_at=row[1],
        first_taken_by=row[2],
        last_taken_at=row[3],
        last_taken_by=row[4],
    )


def record_entry(section_id: int, row: Row) -> RecordEntry:
    """Read the nine columns of the statement `record_entries`."""
    return RecordEntry(
        section_id=section_id,
        number=row[0],
        at=row[1],
        author=Author(
            user_id=row[2],
            on_behalf_of=row[3],
            channel=Channel(row[4]),
            request_id=row[5],
        ),
        dates=_days(row[6]),
        changes=_changes(row[7]),
        hash=row[8],
    )


def changes_after(
    entry: RecordEntry, after: tuple[int, int]
) -> Iterator[tuple[tuple[int, int], Recorded]]:
    """Yield an entry's changes beyond a place in the record, each with its own place."""
    skip = after[1] if entry.number == after[0] else 0
    for place, change in enumerate(entry.changes[skip:], skip + 1):
        recorded = Recorded(
            number=entry.number, at=entry.at, author=entry.author, change=change
        )
        yield (entry.number, place), recorded


def from_record_entry(district_id: int, entry: RecordEntry) -> Row:
    """Return the parameters of the statement `add_to_record`."""
    return (
        district_id,
        entry.section_id,
        entry.number,
        entry.at,
        entry.author.user_id,
        entry.author.on_behalf_of,
        entry.author.channel,
        entry.author.request_id,
        to_json(entry.dates).decode(),
        to_json(entry.changes).decode(),
        entry.hash,
    )


def account(row: Row) -> Account:
    """Read the seven columns of the statement `account`."""
    return Account(
        district_id=row[0],
        user_id=row[1],
        login=row[2],
        password_hash=row[3],
        subject=row[4],
        created_at=row[5],
        disabled_at=row[6],
    )


def from_account(new: Account) -> Row:
    """Return the parameters of the statement `create_account`."""
    return msgspec.structs.astuple(new)


def from_account_change(old: Account, new: Account) -> Row:
    """Return the parameters of the statement `change_account`."""
    return (
        new.login,
        new.password_hash,
        new.subject,
        new.disabled_at,
        old.district_id,
        old.user_id,
        old.login,
        old.password_hash,
        old.subject,
        old.disabled_at,
    )


def visitor(row: Row) -> Visitor:
    """Read a session, its account, its user and its district, in a row side by side."""
    return Visitor(
        session=Session(
            digest=row[0],
            district_id=row[1],
            user_id=row[2],
            begun_at=row[3],
            seen_at=row[4],
        ),
        account=account(row[5:12]),
        user=user(row[12:24]),
        district=district(row[24:30]),
    )


def from_session(session: Session) -> Row:
    """Return the parameters of the statement `open_session`."""
    return msgspec.structs.astuple(session)


def link(row: Row) -> Link:
    """Read the six columns of the statement `link`."""
    return Link(
        digest=row[0],
        district_id=row[1],
        user_id=row[2],
        purpose=LinkPurpose(row[3]),
        expires_at=row[4],
        used_at=row[5],
    )


def from_link(made: Link) -> Row:
    """Return the parameters of the statement `create_link`."""
    return msgspec.structs.astuple(made)


def day_mark(row: Row) -> DayMark:
    """Read enrollment, status, comment and the user, in a row side by side."""
    return DayMark(enrollment_id=row[0], status=row[1], comment=row[2], user=user(row[3:15]))


def hold(row: Row) -> Hold:
    """Read the ten columns of the statement `holds`."""
    return Hold(
        id=row[0],
        district_id=row[1],
        section_id=row[2],
        enrollment_id=row[3],
        user_id=row[4],
        reason=row[5],
        placed_at=row[6],
        placed_by=row[7],
        lifted_at=row[8],
        lifted_by=row[9],
    )


def pruning(row: Row) -> Pruning:
    """Read the ten columns of the statement `prunings`."""
    return Pruning(
        id=row[0],
        district_id=row[1],
        before=row[2],
        begun_at=row[3],
        begun_by=row[4],
        ended_at=row[5],
        removed=Counts(sections=row[6], marks=row[7], rolls=row[8], entries=row[9]),
    )
