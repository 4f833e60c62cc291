"""
Long reads on a standby, a copy of the database that follows it, without missing a save.

Before such a read the primary is asked how far its log is, and the standby answers once it has
come that far. So whatever was acknowledged before the read began is in the answer, whoever saved
it, through whichever machine. A standby that is too far behind or gone is left alone for a while,
and the primary answers.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

from rollbook.domain.errors import Unavailable
from rollbook.storage.postgres.pool import Pool, one_moment
from rollbook.storage.postgres.statements import SQL

log = logging.getLogger("rollbook.storage")

T = TypeVar("T")

COMES_WITHIN = 0.5  # seconds for which a read waits until the standby has come far enough
LEFT_ALONE_FOR = 5.0  # seconds for which one that did not is not asked again
_LOOKS_EVERY = 0.005


class LongReads:
    """Lends connections for long reads: the standby's when nothing is missing there."""

    def __init__(self, primary: Pool, standby: Pool | None) -> None:
        self._primary = primary
        self._standby = standby
        self._alone_until = 0.0
        self._is_used = True

    async def close(self) -> None:
        """Let go of the standby; the primary's connections are its owner's."""
        if self._standby is not None:
            await self._standby.close()

    async def read(self, district_id: int, reading: Callable[[Any], Awaitable[T]]) -> T:
        """Return what *reading* makes of one moment; the primary's, if the standby fails in it."""
        db = None
        try:
            async with AsyncExitStack() as lent:
                db = await self._of_standby(lent, district_id)
                if db is not None:
                    return await reading(db)
        except Unavailable as fault:
            if db is None:
                raise
            self._leave_alone(str(fault))
        async with self._primary.moment(district_id) as db:
            return await reading(db)

    @asynccontextmanager
    async def moment(self, district_id: int) -> AsyncIterator[Any]:
        """
        Lend a connection on which every statement sees one moment, for what is told as it is read.

        Raises `Unavailable`, also when a standby fails in the middle: the primary cannot go on
        from there, since the moment has gone.
        """
        on_standby = False
        try:
            async with AsyncExitStack() as lent:
                db = await self._of_standby(lent, district_id)
                on_standby = db is not None
                if db is None:
                    db = await lent.enter_async_context(self._primary.moment(district_id))
                yield db
        except Unavailable as fault:
            if not on_standby:
                raise
            raise Unavailable(
                "The standby could not read this to its end: it stopped, or had to follow the "
                "primary. Begin again; if it happens often, set hot_standby_feedback = on there."
            ) from fault

    async def _of_standby(self, lent: AsyncExitStack, district_id: int) -> Any | None:
        """Lend a connection to the standby, in a moment that misses nothing; None: it does."""
        if self._standby is None or time.monotonic() < self._alone_until:
            return None
        async with self._primary.shared() as primary:
            place = await primary.fetchrow(SQL.saved_up_to)
        if place is None:
            return None
        try:
            async with asyncio.timeout(COMES_WITHIN), AsyncExitStack() as trying:
                db = await trying.enter_async_context(self._standby.of(district_id))
                await _come_up_to(db, place)
                # Only now: a moment that began before would not see what came meanwhile.
                await trying.enter_async_context(one_moment(db))
                lent.push_async_exit(trying.pop_all())
        except Unavailable as fault:
            self._leave_alone(str(fault))
            return None
        except TimeoutError:
            self._leave_alone(f"It did not come far enough in {COMES_WITHIN} seconds.")
            return None
        if not self._is_used:
            self._is_used = True
            log.info("the standby answers again")
        return db

    def _leave_alone(self, reason: str) -> None:
        self._alone_until = time.monotonic() + LEFT_ALONE_FOR
        if self._is_used:
            self._is_used = False
            log.warning("the primary answers instead of the standby", extra={"reason": reason})


async def _come_up_to(db: Any, place: Any) -> None:
    """Wait until the standby has replayed the log up to there; whoever calls limits the time."""
    while True:
        follows, has_come = await db.fetchrow(SQL.has_come_up_to, *place)
        if not follows:
            raise Unavailable(
                "It is no standby of this database, or not of its present primary."
            )
        if has_come:
            return
        await asyncio.sleep(_LOOKS_EVERY)
