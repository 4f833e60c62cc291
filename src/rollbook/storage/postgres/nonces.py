"""
Used nonces in the database: each is good once, whichever machine it comes to.

Nobody looks first and inserts later: the insertion itself says whether a nonce was new. What comes
to a worker while one of its insertions is under way goes together in the next, so the more there
is to do, the less of it is a nonce.
"""

import asyncio
import hashlib
import logging
from collections.abc import Iterable
from typing import Any, TypeAlias

from rollbook.domain.errors import Unavailable
from rollbook.storage.postgres.pool import Pool
from rollbook.storage.postgres.statements import SQL

log = logging.getLogger("rollbook.storage")

_SWEEP_EVERY = 1  # seconds; of each district, by whichever worker is first

Used: TypeAlias = tuple[int, bytes]  # the timestamp, and what it was used with
Waiting: TypeAlias = dict[Used, "asyncio.Future[bool]"]


class NonceTable:
    """The nonces of all districts, as one worker claims them."""

    def __init__(self, pool: Pool, *, window: int) -> None:
        """Prepare it; what is dated more than *window* seconds ago nobody asks for any more."""
        self._pool = pool
        self._window = window
        self._now = 0.0
        self._waiting: dict[int, Waiting] = {}  # by district; of each there is one at work
        self._swept: dict[int, int] = {}
        self._at_work: set[asyncio.Task[None]] = set()

    async def claim(self, district_id: int, timestamp: int, *parts: str, now: float) -> bool:
        """Return True the first time, False for a repetition; raises `Unavailable`."""
        text = "\0".join((str(timestamp), *parts)).encode()
        used = (timestamp, hashlib.blake2b(text, digest_size=16).digest())
        self._now = now
        waiting = self._waiting.get(district_id)
        if waiting is None:
            waiting = self._waiting[district_id] = {}
            task = asyncio.create_task(self._work(district_id))
            self._at_work.add(task)
            task.add_done_callback(self._at_work.discard)
        if used in waiting:
            return False
        waiting[used] = asyncio.get_running_loop().create_future()
        return await waiting[used]

    async def _work(self, district_id: int) -> None:
        """Claim what waits, and what came meanwhile, until nothing does."""
        while waiting := self._waiting[district_id]:
            self._waiting[district_id] = {}
            try:
                async with self._pool.of(district_id) as db:
                    await self._claim(db, district_id, waiting)
                    await self._sweep(db, district_id)
            except Exception as fault:  # noqa: BLE001 — whatever it is, those who wait get it
                _answer(waiting, waiting, fault)
        del self._waiting[district_id]

    async def _claim(self, db: Any, district_id: int, waiting: Waiting) -> None:
        """Answer everybody who waits."""
        stamps, digests = [at for at, _ in waiting], [digest for _, digest in waiting]
        found = await db.fetch(SQL.claim_nonces, stamps, digests, district_id)
        new = {digest for (digest,) in found}
        _answer(waiting, [used for used in waiting if used[1] in new], True)
        if len(new) < len(waiting):
            await self._turn_away(db, district_id, waiting)

    async def _turn_away(self, db: Any, district_id: int, waiting: Waiting) -> None:
        """Tell the others why not: it was used, or nobody knows whether it was."""
        book = await db.fetchrow(SQL.nonce_book, district_id)
        if book is None:
            log.warning("the database lost the used nonces; older requests are refused")
            await db.execute(SQL.begin_nonce_book, district_id, int(self._now) + 1)
            _answer(waiting, waiting, Unavailable(_BEGUN_ANEW))
            return
        begun, swept = book
        if swept > self._now + self._window:
            raise Unavailable(
                f"This machine's clock is {swept + self._window - self._now:.0f} seconds behind: "
                "until it is right, no request can be told from a repetition."
            )
        before = [used for used in waiting if used[0] < begun]
        _answer(waiting, before, Unavailable(_BEGUN_ANEW))
        _answer(waiting, waiting, False)

    async def _sweep(self, db: Any, district_id: int) -> None:
        """Remove what is too old to be sent again, now and then."""
        before = int(self._now) - self._window
        if before >= self._swept.get(district_id, 0) + _SWEEP_EVERY:
            self._swept[district_id] = before
            await db.execute(SQL.sweep_nonces, before, district_id)


_BEGUN_ANEW = (
    "The database was restarted, and a request from before that cannot be told from a repetition: "
    "date and sign it anew."
)


def _answer(waiting: Waiting, some: Iterable[Used], what: bool | Exception) -> None:
    """Tell some of those who wait, unless they were told or have gone."""
    for used in some:
        if waiting[used].done():
            continue
        if isinstance(what, Exception):
            waiting[used].set_exception(what)
        else:
            waiting[used].set_result(what)
