"""Writing down what administrators did, and keeping them one, in somebody else's transaction."""

import contextlib
from collections.abc import Iterator

import apsw

from rollbook.domain.acts import Deed
from rollbook.domain.errors import LastAdministrator
from rollbook.domain.people import Instant
from rollbook.domain.record import Author
from rollbook.storage import act_rows
from rollbook.storage.sqlite.statements import SQL


def record(
    db: apsw.Connection, district_id: int, by: Author | None, deed: Deed | None, now: Instant
) -> None:
    """Write a deed down, if anybody did anything."""
    if by is not None and deed is not None:
        db.execute(SQL.add_act, act_rows.from_deed(district_id, by, deed, now))


@contextlib.contextmanager
def keeping_an_administrator(
    db: apsw.Connection, district_id: int, by: Author | None
) -> Iterator[None]:
    """Raise `LastAdministrator` when what is done inside leaves none who may come in."""
    bound = not (by and by.is_operator) and _count(db, district_id)
    yield
    if bound and not _count(db, district_id):
        raise LastAdministrator


def _count(db: apsw.Connection, district_id: int) -> int:
    ((count,),) = db.execute(SQL.count_administrators, (district_id,))
    return int(count)
