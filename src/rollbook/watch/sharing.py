"""
Limits that several workers hold together, once a second.

A worker goes by what it knows, without asking anybody. Once a second, if there is anything to
tell, it tells what it let through and hears what that comes to with all others': so a limit holds
over time, and before a second has passed each worker may let through what is set.
"""

import asyncio
import logging
import struct
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Protocol, TypeAlias

import lmdb

from rollbook.domain.errors import RollbookError, Unavailable
from rollbook.watch.limits import Told

log = logging.getLogger("rollbook")

EVERY = 1.0  # seconds
_SWEEP_EVERY = 60  # exchanges
_ROOM_BYTES = 1 << 26

# Adds up what is told, and returns how many seconds are left of each; raises `RollbookError`.
Exchange: TypeAlias = Callable[[Told], Awaitable[Mapping[str, float]]]


class Teller(Protocol):
    """Somebody who has something to tell, as the turnstile has."""

    def tell(self) -> Told:
        """Return, once, what others have to know."""

    def learn(self, left: Mapping[str, float]) -> None:
        """Hear what it comes to with what the others told."""

    def keep_to_tell(self, told: Told) -> None:
        """Nobody could be told."""


class Sharing:
    """Has a worker's turnstile tell the others' what it let through, as long as there is any."""

    def __init__(self, exchange: Exchange, *, every: float = EVERY) -> None:
        self._exchange = exchange
        self._every = every
        self._task: asyncio.Task[None] | None = None
        self.teller: Teller | None = None

    def news(self) -> None:
        """There is something to tell: it will be, soon."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._tell())

    async def _tell(self) -> None:
        assert self.teller is not None
        try:
            await asyncio.sleep(self._every)
            while told := self.teller.tell():
                try:
                    self.teller.learn(await self._exchange(told))
                except RollbookError:
                    log.warning("the limits of other workers are not known now")
                    self.teller.keep_to_tell(told)
                await asyncio.sleep(self._every)
        finally:
            self._task = None


class Blackboard:
    """Where the workers of one machine tell each other: an LMDB file in the room they share."""

    def __init__(self, room: Path) -> None:
        try:
            self._env = lmdb.open(
                str(room / "limits"),
                map_size=_ROOM_BYTES,
                mode=0o600,
                subdir=False,  # it would make the folder with that mode, too: nobody could enter
                sync=False,
            )
        except lmdb.Error as error:
            raise Unavailable(f"The limits cannot be shared in {room}: {error}.") from error
        self._until_sweep = _SWEEP_EVERY

    async def exchange(self, told: Told) -> Mapping[str, float]:
        """Write down when each will be full."""
        now = time.monotonic()  # the same for every process of a machine
        left = {}
        try:
            with self._env.begin(write=True) as board:
                self._sweep(board, now)
                for name, (seconds, most) in told.items():
                    key = name.encode()
                    full_at = max(_moment(board.get(key)), now) + seconds
                    board.put(key, _MOMENT.pack(min(full_at, now + most)))
                    left[name] = min(full_at - now, most)
        except lmdb.Error as error:
            raise Unavailable(f"The limits cannot be shared: {error}.") from error
        return left

    def _sweep(self, board: lmdb.Transaction, now: float) -> None:
        """Forget, now and then, those that are full."""
        self._until_sweep -= 1
        if self._until_sweep > 0:
            return
        self._until_sweep = _SWEEP_EVERY
        with board.cursor() as cursor:
            found = cursor.first()
            while found:
                found = cursor.delete() if _moment(cursor.value()) < now else cursor.next()


_MOMENT = struct.Struct(">d")


def _moment(packed: bytes | memoryview | None) -> float:
    return float(_MOMENT.unpack(packed)[0]) if packed else 0.0
