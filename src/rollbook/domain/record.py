"""
The record: every change of every mark, who made it, on whose behalf, when and how.

A save of marks in a section is one entry of that section's record, numbered from 1. Each entry
carries the hash of its own content and of the entry before it, so that a changed, removed or
reordered one can be named, and writers of different sections never wait for each other.
"""

import enum
import hashlib
from collections.abc import Iterable

import msgspec

from rollbook.domain.attendance import Change
from rollbook.domain.days import Day, day_after
from rollbook.domain.people import Instant

GENESIS = bytes(32)  # what the first entry of a section's record follows


class Channel(enum.StrEnum):
    """Which door a change came in by."""

    API = "api"
    WEB = "web"
    IMPORT = "import"
    CLI = "cli"


class Author(msgspec.Struct, frozen=True, kw_only=True):
    """Who writes: the user whose key or login it is, and whom they act for."""

    user_id: int | None  # None: the operator, at the command line
    on_behalf_of: int | None = None
    channel: Channel
    request_id: str = ""

    @property
    def is_operator(self) -> bool:
        """Whether it is the operator, who can always make another administrator."""
        return self.user_id is None

    @property
    def acting(self) -> int | None:
        """The user in whose name it is written."""
        return self.user_id if self.on_behalf_of is None else self.on_behalf_of


class RecordEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One save: the rolls that it took and the marks that it changed."""

    section_id: int
    number: int  # 1, 2, 3 … within the section: also the version of its attendance
    at: Instant
    author: Author
    dates: tuple[Day, ...]
    changes: tuple[Change, ...]
    hash: bytes = b""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one mark, as the history shows it."""

    number: int
    at: Instant
    author: Author
    change: Change


_canonical = msgspec.json.Encoder(order="deterministic").encode


def chain_hash(previous: bytes, entry: RecordEntry) -> bytes:
    """
    Return the hash of an entry: SHA-256 over the previous one's hash and its own content.

    The content is the entry as deterministic JSON without its own hash: 32 bytes come out.
    """
    content = (
        entry.section_id,
        entry.number,
        entry.at,
        entry.author.user_id,
        entry.author.on_behalf_of,
        entry.author.channel,
        entry.author.request_id,
        entry.dates,
        entry.changes,
    )
    return hashlib.sha256(previous + _canonical(content)).digest()


class Link(msgspec.Struct, frozen=True):
    """The last entry of a section's record, as far as a head goes."""

    district_id: int
    section_id: int
    number: int
    hash: bytes


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """All that was ever recorded up to the end of a day, as one hash to keep elsewhere."""

    day: Day
    hash: str  # 64 hexadecimal digits
    sections: int
    entries: int

    def __str__(self) -> str:
        return f"{self.day}:{self.hash}"


def end_of(day: Day) -> Instant:
    """Return the moment, in UTC, before which an entry belongs to that day or an earlier one."""
    return f"{day_after(day)}T00:00:00.000Z"


def head(day: Day, links: Iterable[Link]) -> Head:
    """
    Return the head of a day: what the whole record comes to at its end.

    It is SHA-256 over the line `rollbook head 1`, the line of the day (`2026-11-24`), and for each
    section that had an entry before `end_of(day)`, ascending by district and section: the numbers
    of district, section and entry as eight bytes each, most significant first, and the 32 bytes
    of that entry's hash. The entry is the section's last one that was written before that moment.

    Each entry's hash holds all entries before it. So whoever has yesterday's head finds out, years
    later, that entries were cut off at the end, or that a whole chain was computed anew: both
    leave chains that are right in themselves.
    """
    hashed = hashlib.sha256(f"rollbook head 1\n{day}\n".encode())
    sections = entries = 0
    for link in links:
        place = (link.district_id, link.section_id, link.number)
        hashed.update(b"".join(number.to_bytes(8, "big") for number in place) + link.hash)
        sections += 1
        entries += link.number
    return Head(day=day, hash=hashed.hexdigest(), sections=sections, entries=entries)
