"""Looking after the file: the other place, beside `wiring`, that knows all parts."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import msgspec

from rollbook import wiring
from rollbook.config import Config
from rollbook.domain.audit import Finding
from rollbook.domain.days import Day, instant
from rollbook.domain.errors import Unavailable
from rollbook.domain.record import Head
from rollbook.domain.retention import Hold
from rollbook.storage.clock import system_clock
from rollbook.storage.sqlite import checking, copies, migrations, retention
from rollbook.storage.sqlite.checking import Checked
from rollbook.storage.sqlite.connection import open_reader, open_writer
from rollbook.storage.sqlite.retention import Pruned, Survey

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
        quick: See `checking.check`.
        heads: Days and the heads that they had, in hexadecimal.
        progress: Told how far it is.

    Raises:
        Unavailable: The file cannot be read.
        NoSuchThing: There is no such section.
        BadRequest: A head can no longer be told, as its entries were pruned.
    """
    with _reading(wiring.existing(config)) as db:
        checked = checking.check(db, section_id=section_id, quick=quick, progress=progress)
        for day, expected in heads:
            found = checking.head_of(db, day)
            if found.hash != expected:
                checked.findings.append(_other_head(found, expected))
    return checked


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
    with _reading(wiring.existing(config)) as db:
        return checking.head_of(db, day)


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
    """Raise `Unavailable` when the copy is not right, saying what is wrong first."""
    with _reading(part) as db:
        checked = checking.check(db, section_id=None, quick=quick, progress=progress)
        if checked.findings:
            raise Unavailable(
                f"The copy is not right, so it was thrown away: {checked.findings[0]}"
                + (f" (and {len(checked.findings) - 1} more)" if checked.findings[1:] else "")
                + ". See what `rollbook check` says of the original."
            )
        return Copied(
            size=part.stat().st_size, head=checking.head_of(db, yesterday()), checked=checked
        )


# ---------------------------------------------------------------- retention


def survey(
    config: Config, district_id: int, before: Day, progress: Callable[[int, int], None]
) -> Survey:
    """Return what a pruning would remove now, and remove nothing."""
    with _reading(wiring.existing(config)) as db:
        migrations.require_current(db)
        return retention.survey(db, district_id, before, progress)


def prune(
    config: Config,
    district_id: int,
    before: Day,
    *,
    by: str,
    progress: Callable[[int, int], None],
) -> Pruned:
    """Remove what lies before that day, except what is on hold: see `retention.prune`."""
    with _writing(config) as db:
        return retention.prune(
            db, district_id, before, by=by, clock=system_clock, progress=progress
        )


def place_hold(config: Config, hold: Hold) -> Hold:
    """Put a district, a section or a student on hold; raises `NoSuchThing`."""
    with _writing(config) as db:
        return retention.place_hold(db, hold)


def lift_hold(config: Config, district_id: int, number: int, *, by: str) -> None:
    """Lift a hold; raises `NoSuchThing`."""
    with _writing(config) as db:
        retention.lift_hold(db, district_id, number, now(), by)


def holds(config: Config, district_id: int) -> list[Hold]:
    """Return every hold, lifted ones too."""
    with _reading(wiring.existing(config)) as db:
        migrations.require_current(db)
        return retention.holds(db, district_id)


def now() -> str:
    """Return the present instant."""
    return instant(system_clock())


@contextmanager
def _reading(path: Path) -> Iterator[apsw.Connection]:
    db = open_reader(path)
    try:
        yield db
    finally:
        db.close()


@contextmanager
def _writing(config: Config) -> Iterator[apsw.Connection]:
    db = open_writer(wiring.existing(config))
    try:
        migrations.require_current(db)
        yield db
    finally:
        db.close()
