"""
The cast of the tests, and the small world that they live in.

Alice runs the district of Lindenhof. Bob teaches Maths there, Dora teaches Music. Anna, Ben and
Cleo are students in Maths; Anna also takes Music; Finn left Maths on a Friday and Greta joined it
the week after; Hugo's place is still pending. Ida is staff and stands in no section.

Mallory runs the district of Nordhafen, whose every school, course, section, person and
enrollment bears the same ids of its own as Lindenhof's do.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from rollbook.auth.credentials import Safe
from rollbook.domain.accounts import Account, Link, LinkPurpose, Session
from rollbook.domain.people import ApiKey, District, Role
from rollbook.domain.roster_files import (
    RosterCourse,
    RosterEnrollment,
    RosterLimits,
    RosterPart,
    RosterPeriod,
    RosterSchool,
    RosterSection,
    RosterUser,
)
from rollbook.domain.rosters import EnrollmentStatus
from rollbook.domain.store import EnrollmentQuery, Page, SectionQuery, Store

MONDAY, TUESDAY, WEDNESDAY = "2026-09-14", "2026-09-15", "2026-09-16"
FRIDAY_BEFORE, NEXT_MONDAY = "2026-09-11", "2026-09-21"
TODAY = "2026-11-23"

MASTER_KEY = bytes(range(32))
SECRET = "5ec2e700000000000000000000005ec2"
READ_ONLY, EXPIRED, REVOKED = "read-only", "expired", "revoked"


class Cast(msgspec.Struct, kw_only=True):
    """Ids of one district's people and places, by the names in this module's docstring."""

    district: District
    sections: dict[str, int]
    users: dict[str, int]
    enrollments: dict[str, int]  # of Maths, and "anna in music"
    keys: dict[str, str]  # by user, and the odd ones by what is odd about them


_PEOPLE = {
    "alice": Role.ADMINISTRATOR,
    "bob": Role.TEACHER,
    "dora": Role.TEACHER,
    "anna": Role.STUDENT,
    "ben": Role.STUDENT,
    "cleo": Role.STUDENT,
    "finn": Role.STUDENT,
    "greta": Role.STUDENT,
    "hugo": Role.STUDENT,
    "ida": Role.STAFF,
}
_PLACES = [
    ("bob in maths", "maths", "bob", True, None, None),
    ("anna", "maths", "anna", False, None, None),
    ("ben", "maths", "ben", False, None, None),
    ("cleo", "maths", "cleo", False, None, None),
    ("finn", "maths", "finn", False, None, FRIDAY_BEFORE),
    ("greta", "maths", "greta", False, NEXT_MONDAY, None),
    ("hugo", "maths", "hugo", False, None, None),
    ("dora in music", "music", "dora", True, None, None),
    ("anna in music", "music", "anna", False, None, None),
]


def roster() -> Iterable[RosterPart]:
    """Return the roster that both districts have."""
    yield _part(RosterSchool, RosterSchool("school", "Lindenhof School"))
    yield _part(RosterPeriod, RosterPeriod("autumn", "Autumn", "2026-08-17", "2026-12-18"))
    yield _part(
        RosterCourse,
        RosterCourse("mathematics", "Mathematics", "MAT 1", "Sciences", "school"),
        RosterCourse("music", "Music", "MUS 1", "Arts", "school"),
    )
    yield _part(
        RosterSection,
        RosterSection("maths", "mathematics", "school", "Maths 1", "1", ("autumn",)),
        RosterSection("music", "music", "school", "Music 1", "1", ("autumn",)),
    )
    people = (
        RosterUser(name, role, "school", name.capitalize(), "O’Malley-Müller", username=name)
        for name, role in _PEOPLE.items()
    )
    yield _part(RosterUser, *people)
    yield _part(RosterEnrollment, *(RosterEnrollment(*place) for place in _PLACES))


def _part(noun: Any, *rows: msgspec.Struct) -> RosterPart:
    return RosterPart(noun=noun, rows=rows, ended=(), complete=True)


async def settle(store: Store, name: str, *, key_letter: str) -> Cast:
    """Create a district with the cast in it, and a key for each of them."""
    district = await store.create_district(name, "Europe/Zurich")
    limits = RosterLimits(today=TODAY)
    await store.import_roster(district.id, roster(), limits, lambda *_: None)
    sections = await store.sections(district.id, SectionQuery())
    users = await store.users(district.id, Page(0, 200))
    cast = Cast(
        district=district,
        sections={section.school_code: section.id for section in sections.items},
        users={str(user.sourced_id): user.id for user in users.items},
        enrollments={},
        keys={},
    )
    for section_id in cast.sections.values():
        people = await store.enrollments(district.id, section_id, EnrollmentQuery())
        for person in people.items:
            cast.enrollments[str(person.enrollment.sourced_id)] = person.enrollment.id
    for number, user in enumerate(_PEOPLE):
        cast.keys[user] = await _give_key(store, cast, user, f"{key_letter}{number:039x}")
    odd: dict[str, dict[str, Any]] = {
        READ_ONLY: {"read_only": True},
        EXPIRED: {"expires_at": "2026-01-01T00:00:00.000Z"},
        REVOKED: {"revoked_at": "2026-01-01T00:00:00.000Z"},
    }
    for number, (what, fields) in enumerate(odd.items(), 200):
        key = f"{key_letter}{number:039x}"
        cast.keys[what] = await _give_key(store, cast, "alice", key, **fields)
    return cast


async def _give_key(store: Store, cast: Cast, user: str, key: str, **fields: Any) -> str:
    sealed = Safe(MASTER_KEY).seal(SECRET, key=key, district_id=cast.district.id)
    await store.create_key(
        ApiKey(
            key=key,
            district_id=cast.district.id,
            user_id=cast.users[user],
            sealed_secret=sealed,
            created_at="2026-08-01T00:00:00.000Z",
            **fields,
        )
    )
    return key


async def let_in(store: Store, cast: Cast, user: str, **fields: Any) -> Account:
    """Give somebody an account, their name its login, with a session and a link."""
    whose: dict[str, Any] = {"district_id": cast.district.id, "user_id": cast.users[user]}
    begun = "2026-11-23T08:00:00.000Z"
    given = {"login": user, "password_hash": f"hash of {user}", "created_at": begun}
    account = Account(**whose, **(given | fields))
    await store.create_account(account)
    await store.open_session(
        Session(digest=f"session {user}".encode(), begun_at=begun, seen_at=begun, **whose)
    )
    link = Link(
        digest=f"link {user}".encode(),
        purpose=LinkPurpose.RESET,
        expires_at="2026-11-23T09:00:00.000Z",
        **whose,
    )
    await store.create_link(link)
    return account


PENDING_PLACE = ("hugo", EnrollmentStatus.REQUEST_PENDING)
