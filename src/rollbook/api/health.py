"""
Whether the server lives and is ready, and its figures: for whatever watches it.

They need no signature, so they tell nothing but what they are for: no path, no name, no number
of anything in the book.
"""

import asyncio
import ipaddress
import time
from collections.abc import Callable
from typing import ClassVar, Final

import msgspec

from rollbook.auth.door import Door
from rollbook.domain.errors import RollbookError
from rollbook.domain.store import Store
from rollbook.watch import metrics
from rollbook.wire import shapes
from rollbook.wire.http import Request, Response, nothing_here

DISK_LEAST: Final = 64 << 20  # bytes: with less than that free, a disk is nearly full
_ANSWERS_WITHIN = 3.0  # seconds for a check
_GOOD_FOR = 2.0  # seconds that what was found is told again: anybody may ask


_OF_PROXIES = (b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-proto", b"x-real-ip")


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """What the resources here are handed: how to find out, and who may read the figures."""

    figures: Callable[[], bytes] = metrics.Metrics().text
    metrics_allowed: tuple[str, ...] = ()
    disk_free: Callable[[], int] = lambda: DISK_LEAST  # bytes
    leaving: Callable[[], bool] = lambda: False  # told to stop, and soon will


class Checks:
    """Finds out whether requests can be answered, at most once in a while."""

    def __init__(self, store: Store, watch: Watch) -> None:
        self._store = store
        self._disk_free = watch.disk_free
        self._leaving = watch.leaving
        self._lock = asyncio.Lock()
        self._found: list[str] = []
        self._until = 0.0

    async def reasons(self) -> list[str]:
        """Return, a sentence each, why not; nothing when all is well."""
        if self._leaving():
            return ["The server was told to stop, and is about to."]
        async with self._lock:
            if time.monotonic() >= self._until:
                self._found = await self._look()
                self._until = time.monotonic() + _GOOD_FOR
            return self._found

    async def _look(self) -> list[str]:
        found = []
        try:
            await self._store.ping()
        except RollbookError as error:
            found.append(f"The database cannot be read. {error}")
        try:
            async with asyncio.timeout(_ANSWERS_WITHIN):
                await self._store.try_writing()
        except TimeoutError:
            found.append(f"The writer has not answered within {_ANSWERS_WITHIN:.0f} seconds.")
        except RollbookError as error:
            found.append(f"Nothing can be saved. {error}")
        try:
            free = self._disk_free()
        except OSError as error:
            found.append(f"The disk does not say what is free on it ({error.strerror}).")
        else:
            if free < DISK_LEAST:
                found.append(f"The disk is nearly full: {free >> 20} MB are left.")
        return found


class Live:
    """`/health/live`."""

    needs: ClassVar = {"GET": None}

    async def on_get(self, _req: Request, resp: Response) -> None:
        """Answer: that is all it is about."""
        resp.answer = shapes.Health(1)


class Ready:
    """`/health/ready`."""

    needs: ClassVar = {"GET": None}

    def __init__(self, checks: Checks) -> None:
        self._checks = checks

    async def on_get(self, _req: Request, resp: Response) -> None:
        """Say whether requests can be answered, or why not."""
        reasons = await self._checks.reasons()
        if reasons:
            resp.status = 503
            resp.headers["Retry-After"] = str(int(_GOOD_FOR))
            resp.answer = shapes.Error(503, " ".join(reasons))
        else:
            resp.answer = shapes.Health(1, 1)


class Health:
    """`/health`."""

    needs: ClassVar = {"GET": None}

    def __init__(self, checks: Checks) -> None:
        self._checks = checks

    async def on_get(self, _req: Request, resp: Response) -> None:
        """Say both, with every reason."""
        reasons = await self._checks.reasons()
        resp.answer = shapes.Health(1, 0 if reasons else 1, reasons or None)


class Metrics:
    """`/metrics`."""

    needs: ClassVar = {"GET": None}  # and an address that may

    def __init__(self, door: Door, watch: Watch) -> None:
        self._door = door
        self._watch = watch
        self._networks = [ipaddress.ip_network(network) for network in watch.metrics_allowed]

    async def on_get(self, req: Request, resp: Response) -> None:
        """Return the figures; to others there is nothing here."""
        if not self._may_read(req):
            raise nothing_here()
        resp.content_type = metrics.MEDIA_TYPE
        resp.body = self._watch.figures()

    def _may_read(self, req: Request) -> bool:
        if not self._door.client_is_proxy(req.peer) and any(map(req.header, _OF_PROXIES)):
            return False  # it came through one that nobody told us of
        client = self._door.client_of(req.peer, req.header(b"x-forwarded-for"))
        try:
            address = ipaddress.ip_address(client or "")
        except ValueError:
            return False
        plain = getattr(address, "ipv4_mapped", None) or address
        return any(plain in network for network in self._networks)
