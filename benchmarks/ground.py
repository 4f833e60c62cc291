"""
The data set of the measurements: sections x 30 students x 60 days, a tenth not present.

It is filled once and kept; what is measured is a copy, so that every run begins with the same.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import msgspec

from benchmarks import bulk, land
from benchmarks.land import Land
from rollbook import wiring
from rollbook.auth.credentials import Safe, load_master_key
from rollbook.config import Config

DAYS = 60


class Filled(Protocol):
    """A filled database, wherever it is, of which requests can be made."""

    @property
    def where(self) -> Land:
        """Who is in it."""


class Ground(msgspec.Struct, frozen=True):
    """A file that is filled, and who is in it."""

    database: Path
    master_key: Path
    where: Land

    @property
    def marks(self) -> int:
        """How many it was filled with."""
        return self.where.students * DAYS


def prepare(folder: Path, sections: int) -> Ground:
    """Return the data set in *folder*, filled when it is not there whole."""
    folder.mkdir(parents=True, exist_ok=True)
    ground = Ground(
        folder / f"{sections}-sections.db", folder / "master.key", Land(sections=sections)
    )
    safe = Safe(load_master_key(ground.master_key))
    if not ground.database.exists():
        draft = ground.database.with_suffix(".draft")
        remove(draft)
        with bulk.quickly(draft) as db:
            for _ in bulk.settle(db, ground.where, safe):
                pass
            bulk.take_rolls(db, ground.where, land.school_days(DAYS))
        draft.rename(ground.database)
    for _ in wiring.migrate(Config(database=str(ground.database)), rehearse=False):
        pass  # it was kept from a version before
    return ground


@contextmanager
def copied(database: Path) -> Iterator[Path]:
    """Lend a copy of a database that may be written to; it is gone afterwards."""
    copy = database.with_suffix(".copy")
    remove(copy)
    shutil.copyfile(database, copy)
    try:
        yield copy
    finally:
        remove(copy)


@contextmanager
def copy_of(ground: Ground) -> Iterator[Ground]:
    """Lend the same data in a copy that may be written to."""
    with copied(ground.database) as copy:
        yield msgspec.structs.replace(ground, database=copy)


def remove(database: Path) -> None:
    """Remove a database with all that the service puts beside it."""
    for left in database.parent.glob(f"{database.name}*"):
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()
