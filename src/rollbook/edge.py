"""
The edge: between the server that speaks HTTP and the application.

Every request passes here first and last. Here it is counted, and refused when there is too much
to do already: that has to be cheap, or refusing would itself be too much to do.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Any, Final

from rollbook.domain.errors import TooMuchToDo
from rollbook.watch.metrics import Requests, method_name
from rollbook.wire import documents, formats, shapes
from rollbook.wire.http import ALWAYS, RETRY_AFTER, Receive, Scope, Send

log = logging.getLogger("rollbook.requests")

_PULSE = 0.1  # seconds
_NEVER_REFUSED: Final = ("/health", "/metrics")  # who asks these wants to know
_KEY_SHOWN = 8  # characters


class Edge:
    """Hands requests over to the application, and counts them."""

    def __init__(
        self,
        application: Callable[..., Awaitable[None]],
        requests: Requests,
        *,
        in_progress_max: int = 1000,
        late_max: float = 2.0,
        log_requests: bool = False,
    ) -> None:
        """
        Prepare it.

        Args:
            application: The ASGI application.
            requests: Where they are counted.
            in_progress_max: With so many requests in hand, further ones are refused.
            late_max: Seconds; while the worker is that late, every request is refused.
            log_requests: Whether to log a line for each.
        """
        self._application = application
        self._requests = requests
        self._in_progress_max = in_progress_max
        self._late_max = late_max
        self._log_requests = log_requests
        self._in_progress = 0
        self._pulse: asyncio.TimerHandle | None = None
        self._late = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        begun = time.perf_counter()
        answer = _Answer(send)
        self._in_progress += 1
        try:
            full = self._is_full()
            if full and not scope["path"].startswith(_NEVER_REFUSED):
                self._requests.shed(full)
                await _refuse(scope, answer.send)
            else:
                await self._application(scope, receive, answer.send)
        finally:
            self._in_progress -= 1
            seconds = time.perf_counter() - begun
            route = scope.get("rollbook.route")
            self._requests.done(scope["method"], route, answer.status, seconds)
            if self._log_requests:
                _log(scope, route, answer, seconds)

    def _is_full(self) -> str:
        """Return what there is too much of, or nothing."""
        if self._in_progress > self._in_progress_max:
            return "in_progress"
        if self._pulse is None:
            self._feel(asyncio.get_running_loop().time())
        return "late" if self._late > self._late_max else ""

    def _feel(self, due: float) -> None:
        """See, ten times a second, how late this comes: everything that is due is as late."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._late = max(0.0, now - due)
        self._requests.feel(self._in_progress, self._late)
        self._pulse = loop.call_at(now + _PULSE, self._feel, now + _PULSE)


class Entrance:
    """Sends a request to the pages or to the API, by the first word of its path."""

    def __init__(
        self,
        front: Callable[..., Awaitable[None]],
        pages: Callable[..., Awaitable[None]],
        words: Collection[str],
    ) -> None:
        """Send to *pages* what begins with one of their *words*, and all else to *front*."""
        self._front = front
        self._pages = pages
        self._words = words

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on."""
        word = scope["path"][1:].partition("/")[0]
        application = self._pages if word in self._words else self._front
        await application(scope, receive, send)


class _Answer:
    """What goes back to the client, looked at in passing."""

    __slots__ = ("_send", "head", "status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0  # no answer was begun
        self.head: dict[str, Any] = {}

    async def send(self, event: dict[str, Any]) -> None:
        if event["type"] == "http.response.start":
            self.status = event["status"]
            self.head = event
        await self._send(event)


async def _refuse(scope: Scope, send: Send) -> None:
    """Answer that there is too much to do, without a look at the request."""
    accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
    format_ = formats.for_answer_or_json(accept.decode("latin-1"))
    body = documents.write(shapes.Error(503, str(TooMuchToDo())), format_)
    headers = [
        *ALWAYS,
        (b"content-type", format_.value.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", RETRY_AFTER.encode()),
        (b"x-request-id", secrets.token_hex(8).encode()),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _log(scope: Scope, route: str | None, answer: _Answer, seconds: float) -> None:
    """Log a request: nothing in the line is a client's, but for a key that was proven."""
    key = scope.get("rollbook.key")
    fields = {
        "request_id": dict(answer.head.get("headers", ())).get(b"x-request-id", b"").decode(),
        "method": method_name(scope["method"]),
        "route": route or "none",
        "status": answer.status,
        "ms": round(seconds * 1000, 3),
    }
    log.info("request", extra=fields | ({"key": key[:_KEY_SHOWN]} if key else {}))
