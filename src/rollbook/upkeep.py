"""Looking after the file: the other place, beside `wiring`, that knows all parts."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
from rollbook import wiring
from rollbook.config import Config
from rollbook.domain.audit import Finding
from rollbook.domain.days import Day, instant
from rollbook.domain.record import Head
from rollbook.domain.retention import Hold
from rollbook.storage.sqlite import checking, migrations, retention
from rollbook.storage.sqlite.checking import Checked
from rollbook.storage.sqlite.connection import open_reader, open_writer
from rollbook.storage.sqlite.retention import Pruned, Survey
from rollbook.storage.sqlite.writer import system_clock

__all__ = ["Checked", "Pruned", "Survey"]

Progress = Callable[[str, int, int], None]  # what is done, how much of it, of how much


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
