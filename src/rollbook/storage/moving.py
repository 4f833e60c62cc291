"""
Moving house: a whole installation from one database to the other, and held against itself there.

Both ends give and take a table's rows in the order of its key, in the same form: ids and flags as
whole numbers, days and moments as text, hashes as bytes. So what was copied can be summed up at
both ends, and the sums compared.
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Protocol

import msgspec

from rollbook.domain.errors import Unavailable

AT_A_TIME = 10_000  # rows in memory

Progress = Callable[[str, int, int], None]  # what is done, how much of it, of how much
Rows = Sequence[Sequence[Any]]


class Table(msgspec.Struct, frozen=True):
    """A table that both databases have: its columns, those of its key first."""

    name: str
    key: tuple[str, ...]
    rest: tuple[str, ...]
    flags: frozenset[str] = frozenset()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column."""
        return self.key + self.rest


def _table(name: str, key: str, rest: str, flags: str = "") -> Table:
    return Table(name, tuple(key.split()), tuple(rest.split()), frozenset(flags.split()))


# What is referred to comes first.
TABLES = (
    _table("counters", "noun", "next"),
    _table(
        "districts",
        "id",
        "name time_zone powerschool created_at lock_days status_looks",
        "powerschool",
    ),
    _table("schools", "district_id id", "sourced_id title"),
    _table("periods", "district_id id", "sourced_id title first_day last_day"),
    _table(
        "courses",
        "district_id id",
        "sourced_id title course_code department description school_id active",
        "active",
    ),
    _table(
        "sections",
        "district_id id",
        "course_id school_id school_code title section_code description active "
        "grading_periods meeting_days start_time end_time",
        "active",
    ),
    _table(
        "users",
        "district_id id",
        "sourced_id school_id role name_title name_first name_first_preferred name_middle "
        "name_last username primary_email active",
        "active",
    ),
    _table(
        "enrollments",
        "district_id section_id id",
        "sourced_id user_id admin status first_day last_day",
        "admin",
    ),
    _table("marks", "district_id section_id date enrollment_id", "status comment"),
    _table(
        "rolls",
        "district_id section_id date",
        "first_taken_at first_taken_by last_taken_at last_taken_by",
    ),
    _table(
        "record",
        "district_id section_id number",
        "hash at user_id on_behalf_of channel request_id dates changes",
    ),
    _table("events", "district_id id", "section_id number"),
    _table(
        "api_keys",
        "district_id key",
        "user_id name sealed_secret former_sealed_secret former_until read_only created_at "
        "expires_at revoked_at last_used_on",
        "read_only",
    ),
    _table(
        "holds",
        "district_id id",
        "section_id enrollment_id user_id reason placed_at placed_by lifted_at lifted_by",
    ),
    _table(
        "prunings",
        "district_id id",
        "before begun_at begun_by ended_at sections marks rolls entries",
    ),
    _table("anchors", "district_id section_id pruning_id", "number hash at"),
    _table("restorations", "district_id section_id pruning_id", "restored_at restored_by"),
    _table(
        "accounts",
        "district_id user_id",
        "login password_hash subject created_at disabled_at",
    ),
    _table(
        "acts",
        "district_id id",
        "at user_id channel request_id what person_id thing turns",
    ),
    _table("sessions", "district_id digest", "user_id begun_at seen_at"),
    _table("links", "district_id digest", "user_id purpose expires_at used_at"),
)


class End(Protocol):
    """A database at one end of a move, in one transaction."""

    async def count(self, table: Table) -> int:
        """Return how many rows a table has."""

    def rows(self, table: Table) -> AsyncIterator[Rows]:
        """Yield a table's rows in the order of its key, some at a time."""

    async def require_empty(self) -> None:
        """Raise `Unavailable` when there is anything in it."""

    async def take(self, table: Table, rows: Rows) -> None:
        """Write rows of a table."""

    async def settle(self) -> None:
        """Do what is left to do when every row is there."""


class Moved(msgspec.Struct, frozen=True):
    """What was moved: rows by table, the same at both ends and with the same sum."""

    rows: dict[str, int]


async def move(source: End, target: End, progress: Progress) -> Moved:
    """
    Copy every table, then sum up both ends and compare.

    Raises:
        Unavailable: There is something in the target, or the sums differ.
    """
    await target.require_empty()
    totals = {table.name: await source.count(table) for table in TABLES}
    for table in TABLES:
        done = 0
        async for rows in source.rows(table):
            await target.take(table, rows)
            done += len(rows)
            progress(f"copying {table.name}", done, totals[table.name])
    await target.settle()
    for table in TABLES:
        ours, theirs = await _sum(source, table), await _sum(target, table)
        progress(f"comparing {table.name}", theirs[0], totals[table.name])
        if ours != theirs:
            raise Unavailable(
                f"The table {table.name} is not the same at both ends ({ours[0]} rows here, "
                f"{theirs[0]} there): the move was undone."
            )
    return Moved(totals)


async def _sum(end: End, table: Table) -> tuple[int, str]:
    """Return how many rows a table has, and SHA-256 over all of them in the order of the key."""
    hashed, count = hashlib.sha256(), 0
    async for rows in end.rows(table):
        hashed.update(msgspec.msgpack.encode([tuple(row) for row in rows]))
        count += len(rows)
    return count, hashed.hexdigest()
