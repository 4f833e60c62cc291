"""Looking after the book: the other place, beside `wiring`, that knows all parts."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import apsw
import msgspec

from rollbook import wiring
from rollbook.config import Config
from rollbook.domain.audit import Finding
from rollbook.domain.days import Day, instant
from rollbook.domain.errors import Unavailable
from rollbook.domain.people import District
from rollbook.domain.record import Head
from rollbook.domain.retention import Hold
from rollbook.storage import checking, retention, rows
from rollbook.storage.checking import Checked
from rollbook.storage.clock import system_clock
from rollbook.storage.desk import Desk
from rollbook.storage.postgres.checking import check as check_database
from rollbook.storage.postgres.desk import DatabaseDesk
from rollbook.storage.postgres.desk import opened as opened_database
from rollbook.storage.retention import Pruned, Survey
from rollbook.storage.sqlite import copies, migrations
from rollbook.storage.sqlite.checking import check as check_file
from rollbook.storage.sqlite.connection import faults_as_unavailable, open_reader, open_writer
from rollbook.storage.sqlite.desk import FileDesk

T = TypeVar("T")

__all__ = ["Checked", "Pruned", "Survey"]

Progress = Callable[[str, int, int], None]  # what is done, how much of it, of how much


class Copied(msgspec.Struct, kw_only=True):
    """A copy that was found right: its size in bytes, and what it holds."""

    size: int
    head: Head
    checked: Checked


# ---------------------------------------------------------------- check


def check(
    config: Config,
    *,
    section_id: int | None = None,
    quick: bool = False,
    heads: Iterable[tuple[Day, str]] = (),
    progress: Progress,
) -> Checked:
    """
    Look at the database, or at one section of it, and return what was found.

    Args:
        config: Names the database.
        section_id: Look at this section alone.
        quick: See `check` of `storage.sqlite.checking` and `storage.postgres.checking`.
        heads: Days and the heads that they had, in hexadecimal.
        progress: Told how far it is.

    Raises:
        Unavailable: The database cannot be read.
        NoSuchThing: There is no such section.
        BadRequest: A head can no longer be told, as its entries were pruned.
    """

    async def look(desk: FileDesk | DatabaseDesk) -> Checked:
        checked = await _check(desk, section_id=section_id, quick=quick, progress=progress)
        for day, expected in heads:
            found = await checking.head_of(desk, day)
            if found.hash != expected:
                checked.findings.append(_other_head(found, expected))
        return checked

    return at_desk(config, look, of_any_version=True)


async def _check(
    desk: FileDesk | DatabaseDesk, *, section_id: int | None, quick: bool, progress: Progress
) -> Checked:
    if isinstance(desk, FileDesk):
        return await check_file(desk, section_id=section_id, quick=quick, progress=progress)
    return await check_database(desk, section_id=section_id, quick=quick, progress=progress)


def _other_head(found: Head, expected: str) -> Finding:
    return Finding(
        what=f"the record up to the end of {found.day} is not what it was: its head is "
        f"{found.hash} ({found.entries:,} entries in {found.sections:,} sections), "
        f"expected was {expected}"
    )


def yesterday() -> Day:
    """Return the last day that is over, in UTC as the record counts them."""
    return (system_clock().date() - dt.timedelta(days=1)).isoformat()


def head(config: Config, day: Day) -> Head:
    """Return the head of a day; raises `BadRequest` when it can no longer be told."""
    return at_desk(config, lambda desk: checking.head_of(desk, day), of_any_version=True)


# ---------------------------------------------------------------- backup and restore


def backup(
    config: Config, target: Path, *, replace: bool, quick: bool, progress: Progress
) -> Copied:
    """
    Copy the database, also while it is written, and check the copy before it bears its name.

    Raises:
        Unavailable: There is a *target* already and it is not to be replaced, the copy is not
            right, or a disk refuses.
    """
    source = wiring.existing(config)
    if target.exists() and target.samefile(source):
        raise Unavailable(f"{target} is the database itself.")
    with copies.appearing(target, replace=replace) as part:
        copies.copy(source, part, lambda done, total: progress("copying", done, total))
        return _verified(part, quick=quick, progress=progress)


def restore(backup: Path, target: Path, *, quick: bool, progress: Progress) -> Copied:
    """
    Make a database out of a backup, at this version's schema, checked before it bears its name.

    Raises:
        Unavailable: There is something of a database *target* already, the backup is not right,
            or a disk refuses.
    """
    if not backup.is_file():
        raise Unavailable(f"There is no backup {backup}.")
    copies.require_no_traces(target)
    with copies.appearing(target) as part:
        copies.copy(backup, part, lambda done, total: progress("copying", done, total))
        _bring_up_to_date(part)
        return _verified(part, quick=quick, progress=progress)


def _bring_up_to_date(part: Path) -> None:
    db = apsw.Connection(str(part))
    for _ in migrations.migrate(db):
        pass
    db.close()


def _verified(part: Path, *, quick: bool, progress: Progress) -> Copied:
    """Return what the copy holds; raises `Unavailable` when it is not right."""

    async def look() -> tuple[Checked, Head]:
        async with _file_desk(part, of_any_version=True) as desk:
            checked = await check_file(desk, section_id=None, quick=quick, progress=progress)
            _require_right(checked)
            return checked, await checking.head_of(desk, yesterday())

    checked, head = asyncio.run(look())
    return Copied(size=part.stat().st_size, head=head, checked=checked)


def _require_right(checked: Checked) -> None:
    """Raise `Unavailable` when something was found, saying what is wrong first."""
    if checked.findings:
        more = f" (and {len(checked.findings) - 1} more)" if checked.findings[1:] else ""
        raise Unavailable(
            f"The copy is not right, so it was thrown away: {checked.findings[0]}{more}. "
            "See what `rollbook check` says of the original."
        )


# ---------------------------------------------------------------- retention


def survey(
    config: Config, district_id: int, before: Day, progress: Callable[[int, int], None]
) -> Survey:
    """Return what a pruning would remove now, and remove nothing."""
    return at_desk(config, lambda desk: retention.survey(desk, district_id, before, progress))


def prune(
    config: Config,
    district_id: int,
    before: Day,
    *,
    by: str,
    progress: Callable[[int, int], None],
) -> Pruned:
    """Remove what lies before that day, except what is on hold: see `retention.prune`."""
    return at_desk(
        config,
        lambda desk: retention.prune(
            desk, district_id, before, by=by, clock=system_clock, progress=progress
        ),
        writing=True,
    )


def place_hold(config: Config, hold: Hold) -> Hold:
    """Put a district, a section or a student on hold; raises `NoSuchThing`."""
    return at_desk(config, lambda desk: retention.place_hold(desk, hold), writing=True)


def lift_hold(config: Config, district_id: int, number: int, *, by: str) -> None:
    """Lift a hold; raises `NoSuchThing`."""
    at_desk(
        config,
        lambda desk: retention.lift_hold(desk, district_id, number, now(), by),
        writing=True,
    )


def holds(config: Config, district_id: int) -> list[Hold]:
    """Return every hold, lifted ones too."""
    return at_desk(config, lambda desk: retention.holds(desk, district_id))


def districts(config: Config) -> list[District]:
    """Return every district, also to the owner of a database, who is not the application."""

    async def read(desk: Desk) -> list[District]:
        return [rows.district(row) for row in await desk.rows(desk.sql.districts)]

    return at_desk(config, read)


def now() -> str:
    """Return the present instant."""
    return instant(system_clock())


# ---------------------------------------------------------------- desks


def at_desk(
    config: Config,
    work: Callable[[FileDesk | DatabaseDesk], Awaitable[T]],
    *,
    writing: bool = False,
    of_any_version: bool = False,
) -> T:
    """Do something at the book that the settings name, and return what comes of it."""

    async def sit_down() -> T:
        async with _desk(config, writing=writing, of_any_version=of_any_version) as desk:
            return await work(desk)

    return asyncio.run(sit_down())


@asynccontextmanager
async def _desk(
    config: Config, *, writing: bool = False, of_any_version: bool = False
) -> AsyncIterator[FileDesk | DatabaseDesk]:
    if config.on_postgres:
        async with opened_database(config.database) as desk:
            yield desk
        return
    path = wiring.existing(config)
    async with _file_desk(path, writing=writing, of_any_version=of_any_version) as at_file:
        yield at_file


@asynccontextmanager
async def _file_desk(
    path: Path, *, writing: bool = False, of_any_version: bool = False
) -> AsyncIterator[FileDesk]:
    db = open_writer(path) if writing else open_reader(path)
    try:
        with faults_as_unavailable():
            if not of_any_version:  # what only reads the record reads an older file's too
                migrations.require_current(db)
            yield FileDesk(db)
    finally:
        db.close()
