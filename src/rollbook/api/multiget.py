"""Up to 50 GETs in one call: `/v1/multiget`."""

import re
from typing import Any, ClassVar, Protocol
from urllib.parse import unquote, urlsplit

from falcon.asgi import Request, Response
from falcon.routing import CompiledRouter

from rollbook.api.asking import Asked, asked, read_body
from rollbook.auth.policy import Action
from rollbook.domain.errors import BadBody, NoSuchThing, RollbookError
from rollbook.wire import documents

PATHS_MAX = 50
_PATH = re.compile("/v1/[!-~]+")  # what a request line could carry


class Gate(Protocol):
    """What opens a route to somebody who is in already."""

    async def open(
        self, req: Request, resource: Any, params: dict[str, Any], outer: Asked, target: str
    ) -> None:
        """Put what a handler relies on into the request; raises as the door does."""

    def refusal(self, error: RollbookError) -> tuple[int, Any]:
        """Return the status and the body of an error."""


class MultiGet:
    """Ask several things at once; each is decided and answered for itself."""

    needs: ClassVar = {"POST": Action.ASK_MANY}

    def __init__(self, router: CompiledRouter, gate: Gate, *, body_max: int) -> None:
        self._router = router
        self._gate = gate
        self._body_max = body_max

    async def on_post(self, req: Request, resp: Response) -> None:
        """Answer each path in its place, with the code it would have had alone."""
        document = documents.read(*await read_body(req, self._body_max))
        answers = [await self._answer(req, path) for path in _paths(document)]
        resp.context.answer = {"response": answers}

    async def _answer(self, req: Request, path: str) -> dict[str, Any]:
        inner, answer = self._inner(req, path), Response()
        answer.context.answer = ""
        try:
            found: Any = self._router.find(inner.path, inner)
            if found is None or found[0].needs.get("GET") is None:
                raise NoSuchThing("readable path", path)
            resource, methods, params, _ = found
            await self._gate.open(inner, resource, params, asked(req), path)
            await methods["GET"](inner, answer, **params)
            code, body = answer.status_code, answer.context.answer
        except RollbookError as error:
            code, body = self._gate.refusal(error)
        return {"location": path, "response_code": code, "body": body}

    def _inner(self, req: Request, target: str) -> Request:
        parts = urlsplit(target)
        scope = {
            **req.scope,
            "method": "GET",
            "path": unquote(parts.path),
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "headers": [pair for pair in req.scope["headers"] if pair[0] == b"host"],
        }
        return Request(scope, _no_body)


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
