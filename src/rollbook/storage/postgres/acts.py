"""Writing down what administrators did, and keeping them one, in somebody else's transaction."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from rollbook.domain.acts import Deed
from rollbook.domain.errors import LastAdministrator
from rollbook.domain.people import Instant
from rollbook.domain.record import Author
from rollbook.storage import act_rows
from rollbook.storage.postgres.statements import SQL


async def record(
    db: Any, district_id: int, by: Author | None, deed: Deed | None, now: Instant
) -> None:
    """Write a deed down, if anybody did anything."""
    if by is not None and deed is not None:
        await db.execute(SQL.add_act, *act_rows.from_deed(district_id, by, deed, now))


@contextlib.asynccontextmanager
async def keeping_an_administrator(
    db: Any, district_id: int, by: Author | None
) -> AsyncIterator[None]:
    """
    Raise `LastAdministrator` when what is done inside leaves none who may come in.

    Whoever calls administers the district alone (`administer_alone`): so of two who do such a
    thing one sees what the other did.
    """
    bound = not (by and by.is_operator) and await db.fetchval(
        SQL.count_administrators, district_id
    )
    yield
    if bound and not await db.fetchval(SQL.count_administrators, district_id):
        raise LastAdministrator
