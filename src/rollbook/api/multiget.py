"""Up to 50 GETs in one call: `/v1/multiget`."""

import re
from typing import Any, ClassVar, Protocol
from urllib.parse import unquote, urlsplit

from rollbook.api.asking import Asked, asked, read_body
from rollbook.auth.policy import Action
from rollbook.domain.errors import BadBody, NoSuchThing, RollbookError
from rollbook.wire import documents
from rollbook.wire.http import HttpError, Request, Response, Route, Routes

PATHS_MAX = 50
_PATH = re.compile("/v1/[!-~]+")  # what a request line could carry


class Gate(Protocol):
    """What opens a route to somebody who is in already."""

    @property
    def routes(self) -> Routes:
        """Every route there is."""

    async def open(
        self, req: Request, route: Route, params: dict[str, Any], outer: Asked, target: str
    ) -> None:
        """Put what a handler relies on into the request; raises as the door does."""

    def refusal(self, error: RollbookError) -> tuple[int, Any]:
        """Return the status and the body of an error."""


class MultiGet:
    """Ask several things at once; each is decided and answered for itself."""

    needs: ClassVar = {"POST": Action.ASK_MANY}

    def __init__(self, gate: Gate, *, body_max: int) -> None:
        self._gate = gate
        self._body_max = body_max

    async def on_post(self, req: Request, resp: Response) -> None:
        """Answer each path in its place, with the code it would have had alone."""
        document = documents.read(*await read_body(req, self._body_max))
        answers = [await self._answer(req, path) for path in _paths(document)]
        resp.answer = {"response": answers}

    async def _answer(self, req: Request, path: str) -> dict[str, Any]:
        inner, answer = _inner(req, path), Response()
        answer.answer = ""
        try:
            route, params = self._find(inner.path, path)
            await self._gate.open(inner, route, params, asked(req), path)
            await route.handlers["GET"](inner, answer, **params)
            code, body = answer.status, answer.answer
        except RollbookError as error:
            code, body = self._gate.refusal(error)
        return {"location": path, "response_code": code, "body": body}

    def _find(self, path: str, asked_for: str) -> tuple[Route, dict[str, Any]]:
        """Return the route; one that nobody's key opens is none to read here."""
        try:
            route, params = self._gate.routes.find(path)
        except HttpError:
            route = None
        if route is None or route.needs.get("GET") is None:
            raise NoSuchThing("readable path", asked_for)
        return route, params


def _inner(req: Request, target: str) -> Request:
    parts = urlsplit(target)
    scope = {
        **req.scope,
        "method": "GET",
        "path": unquote(parts.path),
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "headers": [pair for pair in req.scope["headers"] if pair[0] == b"host"],
    }
    return Request(scope, _no_body, req.id)


async def _no_body() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


def _paths(document: Any) -> list[str]:
    paths = document.get("request") if isinstance(document, dict) else None
    if isinstance(paths, str) and paths:
        paths = [paths]
    if not isinstance(paths, list) or not paths:
        raise BadBody("The body must be an object with a list of paths, request.")
    if len(paths) > PATHS_MAX:
        raise BadBody(f"The body has {len(paths)} paths; at most {PATHS_MAX} are answered.")
    if not all(isinstance(path, str) and _PATH.fullmatch(path) for path in paths):
        raise BadBody("Each request must be a path that begins with /v1/.")
    return paths
