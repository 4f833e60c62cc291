"""
Connections to PostgreSQL, each working for one district at a time.

A connection comes in the role `rollbook_app`, so row security holds for it whoever logged in, and
it says which district it works for before it asks anything. What it said last is remembered: an
installation of one district says it once a connection.
"""

import asyncio
import contextlib
import datetime as dt
import functools
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg

from rollbook.domain.days import Day
from rollbook.domain.errors import Unavailable
from rollbook.storage.postgres.statements import SQL

log = logging.getLogger("rollbook.storage")

ROLE = "rollbook_app"
FIRST, LAST = "-infinity", "infinity"  # before and after every day

FAULTS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)

# Classes of SQLSTATE: no connection, not let in, no such database, too many of us, going down.
_NO_CONNECTION = {"08", "28", "3D", "53", "57"}
_CONNECTS_WITHIN = 5.0  # seconds
_ANSWERS_WITHIN = 30.0  # seconds: more than anything but an import takes
_EPOCH = dt.date(2000, 1, 1).toordinal()  # day 0 of PostgreSQL
_ENDS = {FIRST: (-(2**31),), LAST: (2**31 - 1,)}


@contextlib.contextmanager
def faults_as_unavailable() -> Iterator[None]:
    """Turn whatever the database or the way to it did into `Unavailable`."""
    try:
        yield
    except FAULTS as fault:
        raise unavailable(fault) from fault


def unavailable(fault: BaseException) -> Unavailable:
    """
    Return what is told of a fault; what became of a write is unknown.

    Why nobody could connect is for whoever set it up. What a statement met with is for the log:
    it may name what is nobody's business.
    """
    why = str(fault).rstrip(".") or type(fault).__name__
    if ROLE in why and "does not exist" in why:
        return Unavailable(
            f"The database has no role {ROLE} yet. Prepare it with: rollbook migrate"
        )
    state = getattr(fault, "sqlstate", None) or "08"
    if state[:2] in _NO_CONNECTION:
        return Unavailable(f"The database cannot be reached: {why}.")
    log.error("a statement failed", exc_info=fault)
    return Unavailable("The database could not do this; try again.")


class Connection(asyncpg.Connection):  # type: ignore[misc]
    """A connection that knows which district it works for."""

    __slots__ = ("district_id",)

    def get_reset_query(self) -> str:
        """Leave everything as it is: the next one who borrows it says what differs."""
        return ""


class Pool:
    """The connections of one process, made when they are first needed."""

    def __init__(self, url: str, *, size: int = 8, waits: float = 2.0) -> None:
        """
        Prepare it; nothing connects yet.

        Args:
            url: `postgresql://user@host/database`.
            size: The most connections.
            waits: Seconds that somebody may wait for one to be free.
        """
        self._url = url
        self._size = size
        self._waits = waits
        self._pool: Any = None
        self._opening = asyncio.Lock()

    async def _opened(self) -> Any:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._url,
                    min_size=1,
                    max_size=self._size,
                    timeout=_CONNECTS_WITHIN,
                    command_timeout=_ANSWERS_WITHIN,
                    connection_class=Connection,
                    init=_prepare,
                    server_settings={"role": ROLE, "application_name": "rollbook"},
                )
        return self._pool

    async def close(self) -> None:
        """Let go of every connection."""
        if self._pool is not None:
            with contextlib.suppress(*FAULTS):
                await self._pool.close()

    @contextlib.asynccontextmanager
    async def shared(self) -> AsyncIterator[Any]:
        """Lend a connection for what belongs to no district; faults become `Unavailable`."""
        with faults_as_unavailable():
            pool = self._pool or await self._opened()
            try:
                db = await pool.acquire(timeout=self._waits)
            except TimeoutError:
                raise Unavailable(
                    "All connections to the database are in use; nothing was changed."
                ) from None
            try:
                yield db
            finally:
                await pool.release(db)

    @contextlib.asynccontextmanager
    async def of(self, district_id: int) -> AsyncIterator[Any]:
        """Lend a connection that sees the rows of one district; faults become `Unavailable`."""
        async with self.shared() as db:
            # The pool hands out proxies; what we know stands on the connection behind it.
            known = db._con  # noqa: SLF001
            if known.district_id != district_id:
                await db.execute(SQL.work_for, district_id)
                known.district_id = district_id
            yield db


async def _prepare(db: Any) -> None:
    """Teach a new connection how days are written here, and that it works for nobody yet."""
    (db if isinstance(db, Connection) else db._con).district_id = 0  # noqa: SLF001
    await teach_days(db)


async def teach_days(db: Any) -> None:
    """Have days come and go as their ISO text."""
    await db.set_type_codec(
        "date", schema="pg_catalog", encoder=_to_days, decoder=_from_days, format="tuple"
    )


@functools.lru_cache(16_384)
def _to_days(day: Day) -> tuple[int]:
    return _ENDS.get(day) or (dt.date.fromisoformat(day).toordinal() - _EPOCH,)


def _from_days(days: tuple[int]) -> Day:
    return _iso(days[0])


@functools.lru_cache(16_384)
def _iso(days: int) -> Day:
    return dt.date.fromordinal(days + _EPOCH).isoformat()
