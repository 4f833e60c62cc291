"""
A request, its answer and the table of routes: as much of HTTP as the house needs.

The server has parsed the bytes (ASGI); what is left is to find a header, to read a body within
its limits, and to find the resource of a path. A framework did it before and took a third of the
time of a request: docs/decisions/0008.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from http import HTTPMethod
from typing import Any, ClassVar, TypeAlias

from rollbook.domain.errors import (
    AskedTooOften,
    BadBody,
    BadRequest,
    BodyTooLarge,
    Kind,
    RollbookError,
    TooMuchToDo,
)
from rollbook.domain.sentences import Sentence

Scope: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]
Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]

BODY_WITHIN = 30  # seconds at most
RETRY_AFTER = "2"  # seconds

STATUSES = {
    Kind.INVALID: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.NOT_ACCEPTABLE: 406,
    Kind.CONFLICT: 409,
    Kind.GONE: 410,
    Kind.STALE: 412,
    Kind.TOO_LARGE: 413,
    Kind.UNSUPPORTED: 415,
    Kind.TOO_OFTEN: 429,
    Kind.UNAVAILABLE: 503,
}

ALWAYS = [  # headers of every answer
    (b"cache-control", b"no-store"),
    (b"vary", b"Accept"),
    (b"x-content-type-options", b"nosniff"),
]


class HttpError(Exception):
    """What HTTP itself has a status for and the house no error: no such path, too slow."""

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] = {}) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.headers = headers


class Request:
    """
    One request as it came in.

    Attributes:
        id: Ours, for the answer, the log and the record.
        asked: What the door found out; only behind the door.
        claim: What the signature says of the body; only behind the door.
    """

    __slots__ = (
        *("_headers", "_receive", "_repeated", "asked", "claim", "id"),
        *("method", "path", "query_string", "scope"),
    )
    asked: Any
    claim: Any

    def __init__(self, scope: Scope, receive: Receive, identifier: str = "") -> None:
        self.id = identifier
        self.scope = scope
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.query_string: str = scope["query_string"].decode("latin-1")
        self._receive = receive
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        self._repeated = len(self._headers) < len(scope["headers"])

    def header(self, name: bytes) -> str | None:
        """Return a header by its lower-case name; one that is repeated is joined by commas."""
        if self._repeated:
            lines = self.lines(name)
            return ",".join(lines) if lines else None
        value = self._headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def host(self) -> str:
        """The Host header; raises `BadRequest` unless there is one, and one only (RFC 9112)."""
        hosts = self.lines(b"host")
        if len(hosts) != 1:
            raise BadRequest(Sentence("The request must have one Host header."))
        return hosts[0]

    @property
    def peer(self) -> str:
        """The address that the connection came from; empty for one that has none."""
        client = self.scope.get("client")
        return str(client[0]) if client else ""

    def lines(self, name: bytes) -> list[str]:
        """Return every header of that lower-case name."""
        return [value.decode("latin-1") for key, value in self.scope["headers"] if key == name]

    async def body(self, most: int) -> bytes:
        """
        Return the body, which has to be whole, and in time.

        Raises:
            BodyTooLarge: It has more than *most* bytes; the rest of them is not read.
            BadBody: The client went away in the middle of it.
            HttpError: It did not come within `BODY_WITHIN` seconds.
        """
        if self._length() > most:
            raise _too_large(most)
        try:
            async with asyncio.timeout(BODY_WITHIN):
                return b"".join([part async for part in self._parts(most)])
        except TimeoutError:
            raise _too_slow(BODY_WITHIN) from None

    async def parts(self, most: int, within: int) -> AsyncIterator[bytes]:
        """
        Yield the body as it comes in, within so many seconds.

        Raises as `body` does; what came before has been yielded by then.
        """
        if self._length() > most:
            raise _too_large(most)
        coming = self._parts(most)
        until = asyncio.get_running_loop().time() + within
        while True:
            try:
                async with asyncio.timeout_at(until):
                    part = await anext(coming, None)
            except TimeoutError:
                raise _too_slow(within) from None
            if part is None:
                return
            yield part

    def _length(self) -> int:
        text = self.header(b"content-length") or "0"
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise BadRequest(Sentence("The Content-Length header must be a number."))
        return int(text)

    async def _parts(self, most: int) -> AsyncIterator[bytes]:
        size = 0
        while True:
            event = await self._receive()
            if event["type"] == "http.disconnect":
                raise BadBody(Sentence("The body ended before it was whole."))
            part = event.get("body", b"")
            size += len(part)
            if size > most:
                raise _too_large(most)
            yield part
            if not event.get("more_body"):
                return


def _too_slow(within: int) -> HttpError:
    return HttpError(
        408, Sentence("The body did not come in within {seconds} seconds.", seconds=within)
    )


def _too_large(most: int) -> BodyTooLarge:
    return BodyTooLarge(
        Sentence(
            "The body has more than {most} bytes, the most that one request may carry.",
            most=most,
        )
    )


class Response:
    """
    What is to be answered.

    Attributes:
        answer: A document that the letterbox writes, or bytes that it wrote before.
        body: What a resource writes itself, in its own `content_type`.
        always: Headers that have nothing to do with this answer in particular.
        cookies: What the browser is to keep, each as the value of a Set-Cookie header.
    """

    __slots__ = ("always", "answer", "body", "content_type", "cookies", "headers", "status")

    def __init__(self) -> None:
        self.status = 200
        self.headers: dict[str, str] = {}
        self.always = ALWAYS
        self.cookies: list[str] = []
        self.answer: Any = None
        self.body = b""
        self.content_type = ""

    def go_to(self, address: str) -> None:
        """Send the client on, to ask there with GET (303)."""
        self.status = 303
        self.headers["Location"] = address


def head_of(req: Request, resp: Response) -> dict[str, Any]:
    """Return the head of an answer as ASGI has it; the body of an answer to HEAD goes."""
    headers = [*resp.always, (b"x-request-id", req.id.encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in resp.headers.items()]
    headers += [(b"set-cookie", cookie.encode()) for cookie in resp.cookies]
    if resp.status != 304:
        headers.append((b"content-length", b"%d" % len(resp.body)))
    if resp.content_type:
        headers.append((b"content-type", resp.content_type.encode()))
    if req.method == "HEAD":
        resp.body = b""
    return {"type": "http.response.start", "status": resp.status, "headers": headers}


def refused(error: Exception, request_id: str, log: logging.Logger) -> Response:
    """Return an answer with an error's status and headers; the log is told of faults of ours."""
    resp = Response()
    if isinstance(error, HttpError):
        resp.status, resp.headers = error.status, dict(error.headers)
    elif isinstance(error, RollbookError):
        resp.status = STATUSES[error.kind]
        if isinstance(error, AskedTooOften):
            resp.headers["Retry-After"] = str(error.retry_after)
        elif error.kind is Kind.UNAVAILABLE:
            resp.headers["Retry-After"] = RETRY_AFTER
            if not isinstance(error, TooMuchToDo):
                log.error("unavailable", extra={"request_id": request_id}, exc_info=error)
    else:
        log.error("fault", extra={"request_id": request_id}, exc_info=error)
        resp.status, resp.headers["Retry-After"] = 503, RETRY_AFTER
    return resp


Handler: TypeAlias = Callable[..., Awaitable[None]]


class Route:
    """A path's template, what answers there, and how."""

    METHODS: ClassVar = tuple(HTTPMethod)

    def __init__(self, template: str, resource: Any) -> None:
        self.template = template
        self.resource = resource
        self.needs: Mapping[str, Any] = getattr(resource, "needs", {})
        self.handlers: dict[str, Handler] = {
            method: getattr(resource, f"on_{method.lower()}")
            for method in self.METHODS
            if hasattr(resource, f"on_{method.lower()}")
        }
        self.allow = ", ".join(self.handlers)


class _Branch:
    """What may follow a part of a path."""

    __slots__ = ("fixed", "name", "open", "route")

    def __init__(self) -> None:
        self.fixed: dict[str, _Branch] = {}
        self.name = ""  # of the parameter in `open`
        self.open: _Branch | None = None
        self.route: Route | None = None

    def grow(self, part: str) -> "_Branch":
        """Return the branch of a template's part, made when it is new."""
        if not part.startswith("{"):
            return self.fixed.setdefault(part, _Branch())
        self.name = part[1:-1]
        self.open = self.open or _Branch()
        return self.open

    def value(self, part: str) -> int | str | None:
        """Return what a path's part means as the parameter; None when it cannot be one."""
        if not self.name.endswith("_id"):
            return part or None
        fits = part.isascii() and part.isdigit() and len(part) <= 18
        return int(part) if fits else None


class Routes:
    """
    Every route, found by a request's path.

    A part `{..._id}` of a template stands for an id and becomes an int: ASCII digits, at most 18;
    another `{part}` for any text. A fixed part is preferred to either.
    """

    def __init__(self, resources: Mapping[str, Any]) -> None:
        """Raise `RuntimeError` when a resource does not say who may use each of its methods."""
        self.all = [Route(template, resource) for template, resource in resources.items()]
        self._trunk = _Branch()
        for route in self.all:
            if unguarded := set(route.handlers) - set(route.needs):
                methods = ", ".join(sorted(unguarded))
                raise RuntimeError(f"{route.template} does not say who may {methods} it")
            branch = self._trunk
            for part in route.template.split("/")[1:]:
                branch = branch.grow(part)
            branch.route = route

    @property
    def first_words(self) -> Collection[str]:
        """What the paths begin with."""
        return self._trunk.fixed.keys()

    def find(self, path: str) -> tuple[Route, dict[str, Any]]:
        """Return the route of a path and its parameters; raises `HttpError` 404."""
        branch = self._trunk
        found: dict[str, Any] = {}
        for part in path.split("/")[1:]:
            further = branch.fixed.get(part)
            if further is None:
                value = branch.value(part)
                if branch.open is None or value is None:
                    raise nothing_here()
                found[branch.name] = value
                further = branch.open
            branch = further
        if branch.route is None:
            raise nothing_here()
        return branch.route, found


def nothing_here() -> HttpError:
    """Return what is said where there is no route."""
    return HttpError(404, Sentence("There is nothing at this path."))
