"""Writing down what administrators did, inside somebody else's transaction."""

from typing import Any

from rollbook.domain.acts import Deed
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
