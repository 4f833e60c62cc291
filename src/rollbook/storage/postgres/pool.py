"""
Connections to PostgreSQL, each working for one district at a time.

A connection comes in the role `rollbook_app`, so row security holds for it whoever logged in, and
it says which district it works for before it asks anything. What it said last is remembered: an
installation of one district says it once a connection. Where districts are spread over several
servers (Citus), these are told in each transaction, so there is one around whatever is asked.
"""

import asyncio
import contextlib
import datetime as dt
import functools
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import asyncpg
from asyncpg.exceptions import TargetServerAttributeNotMatched

from rollbook.domain.days import Day
from rollbook.domain.errors import Unavailable
from rollbook.storage.backlog import Backlog
from rollbook.storage.postgres.hosts import NOT_THIS_ONE, Hosts
from rollbook.storage.postgres.statements import SQL

log = logging.getLogger("rollbook.storage")

ROLE = "rollbook_app"
FIRST, LAST = "-infinity", "infinity"  # before and after every day

# The last is asyncpg's word for a connection that the database has ended and not yet let go of.
FAULTS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    *NOT_THIS_ONE,
    asyncpg.InternalClientError,
)

# Classes of SQLSTATE: no connection, not let in, no such database, too many of us, going down.
_NO_CONNECTION = {"08", "28", "3D", "53", "57"}
_ANSWERS_WITHIN = 30.0  # seconds: more than anything but an import takes
_LEAVES_WITHIN = 1.0  # seconds, when a statement has to be called off first
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
    if isinstance(fault, TargetServerAttributeNotMatched):
        why = "none of its hosts is of the kind that target_session_attrs asks for"
    elif isinstance(fault, asyncpg.InternalClientError):
        why = "it has just ended the connection"
    if ROLE in why and "does not exist" in why:
        return Unavailable(
            f"The database has no role {ROLE} yet. Prepare it with: rollbook migrate"
        )
    state = getattr(fault, "sqlstate", None) or "08"
    if state[:2] in _NO_CONNECTION:
        return Unavailable(f"The database cannot be reached: {why}.")
    log.error("a statement failed", exc_info=fault)
    return Unavailable("The database could not do this; try again.")


class Pool:
    """
    The connections of one process, made when they are needed.

    asyncpg has a pool of its own, which makes two tasks and three checks of each loan: a reading
    that costs one short statement took twice as long with it.
    """

    def __init__(
        self,
        url: str,
        *,
        size: int = 8,
        waits: float = 2.0,
        refused: Callable[[], object] = lambda: None,
    ) -> None:
        """
        Prepare it; nothing connects yet.

        Args:
            url: `postgresql://user@host/database`, or with several hosts: see `Hosts`.
            size: The most connections.
            waits: Seconds that somebody may wait for one to be free, or for another's lock.
            refused: Called for each who is told at once that it would take too long. That is
                told from half of *waits* on, so that few wait for nothing.
        """
        self._hosts = Hosts(url)
        self._room = size
        self.waits = waits
        self._idle: list[Any] = []  # none as long as somebody waits
        self._works_for: dict[Any, int] = {}  # each connection's district, as it was told last
        self._waiting: deque[asyncio.Future[Any]] = deque()
        self._refused = refused
        self._backlog = self.backlog()
        self._is_closed = False
        self._several: bool | None = None  # servers (Citus); not known before the first loan

    def backlog(self) -> Backlog:
        """Return a backlog for those who wait as long for something else as others for a loan."""
        return Backlog(self.waits / 2, refused=self._refused)

    async def close(self) -> None:
        """Let go of every connection; nobody is lent one any more."""
        self._is_closed = True
        known, self._works_for, self._idle = list(self._works_for), {}, []
        for db in known:
            with contextlib.suppress(*FAULTS):
                await db.close(timeout=_LEAVES_WITHIN)

    @contextlib.asynccontextmanager
    async def shared(self) -> AsyncIterator[Any]:
        """Lend a connection for what belongs to no district; faults become `Unavailable`."""
        with faults_as_unavailable():
            db = await self._take()
            try:
                yield db
            except (TimeoutError, asyncio.CancelledError):
                # What was asked may be under way yet: whoever came next would wait for it.
                with contextlib.suppress(*FAULTS):
                    await db.close(timeout=_LEAVES_WITHIN)
                raise
            except asyncpg.InternalClientError:
                db.terminate()
                raise
            finally:
                self._give_back(db)

    async def _take(self) -> Any:
        """Return a connection that works: the one that was used last, or a new one."""
        self._require_open()
        while self._idle:
            db = self._idle.pop()
            if not db.is_closed():
                return db
            self._forget(db)
            self._room += 1
        if self._room:
            self._room -= 1
        else:
            db = await self._turn()
            if db and not db.is_closed():
                return db
            self._forget(db)
        return await self._connect()

    def _require_open(self) -> None:
        if self._is_closed:
            raise Unavailable("The connections to the database are closed: this process stops.")

    async def _connect(self) -> Any:
        """Return a new connection; there has to be room for it, which is given up if it fails."""
        try:
            db = await self._hosts.connect(
                command_timeout=_ANSWERS_WITHIN,
                server_settings={"application_name": "rollbook"},
            )
            try:
                # Not said while connecting: a pooler would refuse it, or not hand it on.
                await db.execute(SQL.take_role, ROLE, f"{self.waits * 1000:.0f}")
                await db.execute(SQL.plan_once)
                await teach_days(db)
                self._require_open()
            except BaseException:
                db.terminate()
                raise
        except BaseException:
            self._hand_on(None)
            raise
        self._works_for[db] = 0
        return db

    async def _turn(self) -> Any:
        """
        Wait for a connection, or for the room for one, which is None.

        Raises:
            TooMuchToDo: As it goes that would take too long.
            Unavailable: It did.
        """
        self._backlog.add()
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self.waits):
                return await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self._hand_on(turn.result())  # it was our turn, and we have gone
            else:
                self._backlog.leave()
            if isinstance(error, TimeoutError):
                raise Unavailable(
                    "All connections to the database are in use; nothing was changed."
                ) from None
            raise

    def _give_back(self, db: Any) -> None:
        """Keep a connection for the next one, unless something is left open on it."""
        if self._is_closed or db.is_closed() or db.is_in_transaction():
            db.terminate()
            self._forget(db)
            self._hand_on(None)
        else:
            self._hand_on(db)

    def _forget(self, db: Any) -> None:
        self._works_for.pop(db, None)

    def _hand_on(self, db: Any) -> None:
        """Give a connection, or the room for one, to who has waited longest; else keep it."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(db)
                self._backlog.settle(1)
                return
        if db is None:
            self._room += 1
        else:
            self._idle.append(db)

    @contextlib.asynccontextmanager
    async def of(self, district_id: int, **kind: Any) -> AsyncIterator[Any]:
        """
        Lend a connection that sees the rows of one district; faults become `Unavailable`.

        Args:
            district_id: Which one.
            kind: Of the transaction that it is to be lent in, as asyncpg has them; otherwise in
                none, but where the nodes of several servers are told the district only by one.
        """
        async with self.shared() as db:
            if self._several is None:
                self._several = bool(await db.fetchval(SQL.has_citus))
            if not self._several and self._works_for.get(db) != district_id:
                await db.execute(SQL.work_for, district_id)
                self._works_for[db] = district_id
            if not (kind or self._several):
                yield db
                return
            async with db.transaction(**kind):
                if self._several:
                    # It takes no parameters: the district is a number, whatever was asked.
                    await db.execute(f"{SQL.work_for_on_nodes} TO '{int(district_id)}'")
                yield db

    @contextlib.asynccontextmanager
    async def moment(self, district_id: int) -> AsyncIterator[Any]:
        """Lend a connection on which every statement sees the same moment of one district."""
        async with self.of(district_id, **_ONE_MOMENT) as db:
            yield db


_ONE_MOMENT = {"isolation": "repeatable_read", "readonly": True}


def one_moment(db: Any) -> Any:
    """Return a transaction in which every statement sees what the first one saw."""
    return db.transaction(**_ONE_MOMENT)


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
