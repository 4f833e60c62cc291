"""
The record: every change of every mark, who made it, on whose behalf, when and how.

A save of marks in a section is one entry of that section's record, numbered from 1. Each entry
carries the hash of its own content and of the entry before it, so that a changed, removed or
reordered one can be named, and writers of different sections never wait for each other.
"""

import enum
import hashlib

import msgspec

from rollbook.domain.attendance import Change
from rollbook.domain.days import Day
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
