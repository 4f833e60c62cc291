"""Districts, schools, the people in them, and the keys that programs act with."""

import enum
from typing import TypeAlias

import msgspec

from rollbook.domain.days import Day

Instant: TypeAlias = str  # UTC with milliseconds: 2026-11-23T08:03:00.000Z


class Role(enum.IntEnum):
    """What a person is in the district; the numbers are the API's `role_id`: never renumber."""

    ADMINISTRATOR = 1
    TEACHER = 2
    STUDENT = 3
    GUARDIAN = 4
    STAFF = 5


class Colour(enum.StrEnum):
    """The colours that a status can be shown in: each is set for light and dark, and on paper."""

    GREEN = "green"
    TEAL = "teal"
    BLUE = "blue"
    VIOLET = "violet"
    PINK = "pink"
    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREY = "grey"


class StatusLook(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a district calls and shows one of the four statuses on its pages."""

    status: int  # a `domain.attendance.Status`
    name: str = ""  # empty: as everybody calls it
    colour: Colour | None = None  # None: as everybody sees it


class District(msgspec.Struct, frozen=True, kw_only=True):
    """The body that owes the answers: nothing is shared between two districts."""

    id: int
    name: str
    time_zone: str = "UTC"
    powerschool: bool = False  # its attendance is taken in PowerSchool: ours answers 410
    lock_days: int | None = None  # days after which only the office changes a day's marks
    status_looks: tuple[StatusLook, ...] = ()  # at most one a status


class School(msgspec.Struct, frozen=True, kw_only=True):
    """A building with its people."""

    id: int
    title: str
    sourced_id: str | None = None


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person of a district."""

    id: int
    role: Role
    name_first: str
    name_last: str
    sourced_id: str | None = None  # the district's own id, unique in it: the API's school_uid
    school_id: int | None = None
    name_title: str = ""
    name_first_preferred: str = ""
    name_middle: str = ""
    username: str = ""
    primary_email: str = ""
    active: bool = True

    @property
    def display_name(self) -> str:
        """The name a person is called by: preferred first name, then last name."""
        return f"{self.name_first_preferred or self.name_first} {self.name_last}".strip()


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """What a program acts with: it belongs to one district and acts as one of its users."""

    key: str
    district_id: int
    user_id: int
    sealed_secret: bytes
    former_sealed_secret: bytes | None = (
        None  # still good until `former_until`, after a rotation
    )
    former_until: Instant | None = None
    name: str = ""
    read_only: bool = False
    created_at: Instant = ""
    expires_at: Instant | None = None
    revoked_at: Instant | None = None
    last_used_on: Day | None = None  # in UTC; None: not since that is noted

    def is_live(self, now: Instant) -> bool:
        """Say whether the key may be used at that moment."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def live_secrets(self, now: Instant) -> tuple[bytes, ...]:
        """Return the sealed secrets that count: two for a while after a rotation."""
        if self.former_sealed_secret and self.former_until and now < self.former_until:
            return (self.sealed_secret, self.former_sealed_secret)
        return (self.sealed_secret,)


class KeyHolder(msgspec.Struct, frozen=True):
    """A key, the person it acts as and their district."""

    key: ApiKey
    user: User
    district: District


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asking, once the front door has let them in."""

    district: District
    user: User  # whose rights count
    key_user_id: int  # whose key it is; another than `user` when an administrator acts as them
    read_only: bool = False
    office_of: int | None = None  # the school whose office this is; no key makes one an office
