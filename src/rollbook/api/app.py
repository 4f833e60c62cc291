"""
The whole API on one page: every route, what guards it, and what each kind of error becomes.

A request goes through `Front`: the door says who is asking, the table of rights what they may do,
the resource answers with a shape, and the letterbox writes it in the format that was asked for.
"""

import datetime as dt
import logging
import secrets
from collections.abc import Callable
from typing import Any

import falcon
import msgspec
from falcon.asgi import App, Request, Response
from falcon.routing import BaseConverter, CompiledRouter

from rollbook.api import attendance, contract, multiget, people, roster
from rollbook.api.asking import Asked, Query, base_of, knock_of
from rollbook.auth import oauth1
from rollbook.auth.door import Door
from rollbook.auth.policy import Action
from rollbook.domain.errors import Kind, RollbookError, RollRefused
from rollbook.domain.people import Actor
from rollbook.domain.store import Store
from rollbook.operations.attendance import require_kept_here
from rollbook.wire import documents, formats, shapes

log = logging.getLogger("rollbook.api")

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
    Kind.UNAVAILABLE: 503,
}


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much one request may carry and one answer may hold."""

    body_max: int = 1 << 20  # bytes
    records_max: int = 10_000


def build_app(
    store: Store,
    door: Door,
    *,
    clock: Callable[[], dt.datetime],
    public_url: str = "",
    limits: Limits = Limits(),  # noqa: B008 — frozen
) -> App[Request, Response]:
    """Return the ASGI application; raises `RuntimeError` when a route has no guard."""
    router = CompiledRouter()
    router.options.converters["id"] = IdConverter
    front = Front(door, public_url)
    body_max = limits.body_max
    marks = attendance.SectionAttendance(
        store, records_max=limits.records_max, body_max=body_max
    )
    routes: dict[str, Any] = {
        "/v1/sections/{section_id:id}/attendance": marks,
        "/v1/sections/{section_id:id}/attendance/history": attendance.SectionHistory(store),
        "/v1/sections/{section_id:id}/rolls": attendance.SectionRolls(store),
        "/v1/sections/{section_id:id}/rolls/{date}": attendance.SectionRoll(
            store, body_max=body_max
        ),
        "/v1/users": people.Users(store),
        "/v1/users/me": people.Me(),
        "/v1/users/{user_id:id}": people.User(store),
        "/v1/users/{user_id:id}/sections": roster.UserSections(store),
        "/v1/roles": people.Roles(),
        "/v1/schools": roster.Schools(store),
        "/v1/schools/{school_id:id}": roster.School(store),
        "/v1/courses": roster.Courses(store),
        "/v1/courses/{course_id:id}": roster.Course(store),
        "/v1/courses/{course_id:id}/sections": roster.CourseSections(store),
        "/v1/sections": roster.Sections(store),
        "/v1/sections/{section_id:id}": roster.Section(store),
        "/v1/sections/{section_id:id}/enrollments": roster.Enrollments(store),
        "/v1/sections/{section_id:id}/enrollments/{enrollment_id:id}": roster.Enrollment(store),
        "/v1/app-user-info": people.AppUserInfo(clock),
        "/v1/multiget": multiget.MultiGet(router, front, body_max=body_max),
        "/v1/openapi.json": contract.Contract(),
        "/docs": contract.Docs(),
    }
    app: App[Request, Response] = App(middleware=[front], router=router)
    for path, resource in routes.items():
        require_guards(path, resource)
        app.add_route(path, resource)
    app.add_error_handler(Exception, front.on_fault)
    app.add_error_handler(falcon.HTTPError, front.on_http_error)
    app.add_error_handler(RollbookError, front.on_refusal)
    return app


def require_guards(path: str, resource: Any) -> None:
    """Raise `RuntimeError` unless the route says what each of its methods needs."""
    methods = {
        name.removeprefix("on_").upper() for name in dir(resource) if name.startswith("on_")
    }
    if unguarded := methods - set(getattr(resource, "needs", {})):
        raise RuntimeError(f"{path} does not say who may {', '.join(sorted(unguarded))} it")


class IdConverter(BaseConverter):
    """An id in a path: ASCII digits; anything else is no route."""

    def convert(self, value: str) -> int | None:
        """Return the id, or None."""
        if value.isascii() and value.isdigit() and len(value) <= 18:
            return int(value)
        return None


class Front:
    """What every request goes through, before its handler and after it."""

    def __init__(self, door: Door, public_url: str) -> None:
        self._door = door
        self._public_url = public_url.rstrip("/")

    async def process_request(self, req: Request, resp: Response) -> None:
        """Give the request its id."""
        req.context.request_id = secrets.token_hex(8)
        resp.set_header("X-Request-Id", req.context.request_id)

    async def process_resource(
        self, req: Request, _resp: Response, resource: Any, params: dict[str, Any]
    ) -> None:
        """Let in who may come in, and put what the handler relies on into `req.context`."""
        if req.method == "OPTIONS" or resource is None:
            return
        action = resource.needs.get(req.method)
        if action is None:
            return  # for everybody: it says so itself
        query = Query(oauth1.read_query(req.query_string))
        knock = knock_of(req, query.pairs)
        entry = await self._door.admit(knock)
        req.context.claim = entry.claim
        scheme = self._door.scheme_of(knock)
        req.context.asked = Asked(
            actor=entry.actor,
            query=query,
            format=formats.for_answer(req.get_header("Accept")),
            base=base_of(req, scheme, knock.host, self._public_url),
            path=req.path,
            request_id=req.context.request_id,
            own=await self._reach(entry.actor, action, resource, params),
        )

    async def open(
        self, req: Request, resource: Any, params: dict[str, Any], outer: Asked, target: str
    ) -> None:
        """Open one route of a multiget to whoever sent it."""
        own = await self._reach(outer.actor, resource.needs["GET"], resource, params)
        query = Query(oauth1.read_query(target.partition("?")[2]))
        req.context.asked = msgspec.structs.replace(
            outer, query=query, path=req.path, own=own, alone=False
        )

    async def _reach(
        self, actor: Actor, action: Action, resource: Any, params: dict[str, Any]
    ) -> tuple[int, ...] | None:
        section_id = params.get("section_id")
        if section_id is None:
            self._door.require(actor, action, params.get("user_id"))
            return None
        own = await self._door.require_section(actor, action, section_id)
        if getattr(resource, "kept_here", False):
            require_kept_here(actor.district)
        return own

    async def process_response(
        self, req: Request, resp: Response, _resource: Any, _succeeded: bool
    ) -> None:
        """Write the answer in the format that was asked for."""
        resp.set_header("Cache-Control", "no-store")
        resp.set_header("Vary", "Accept")
        resp.set_header("X-Content-Type-Options", "nosniff")
        if getattr(resp.context, "answer", None) is None:
            return
        try:
            self._write(req, resp)
        except Exception as fault:  # noqa: BLE001 — what cannot be written is a fault like any other
            await self.on_fault(req, resp, fault, None)
            self._write(req, resp)

    def _write(self, req: Request, resp: Response) -> None:
        entered = getattr(req.context, "asked", None)
        accept = req.get_header("Accept")
        format_ = entered.format if entered else formats.for_answer_or_json(accept)
        answer = resp.context.answer  # bytes are from the shelf, in that format already
        resp.data = answer if isinstance(answer, bytes) else documents.write(answer, format_)
        resp.content_type = format_.value

    # ---- refusals

    def refusal(self, error: RollbookError) -> tuple[int, shapes.Error]:
        """Return the status and the one shape of an error."""
        code = STATUSES[error.kind]
        answers = list(error.answers) if isinstance(error, RollRefused) else None
        return code, shapes.Error(code, _sentence(str(error)), answers)

    async def on_refusal(
        self, req: Request, resp: Response, error: RollbookError, _params: Any
    ) -> None:
        """Answer what the house refuses."""
        resp.status, resp.context.answer = self.refusal(error)
        if error.kind is Kind.UNAUTHENTICATED:
            resp.set_header("WWW-Authenticate", oauth1.REALM)
        elif error.kind is Kind.UNAVAILABLE:
            resp.set_header("Retry-After", RETRY_AFTER)
            log.error("unavailable", extra=_traced(req), exc_info=error)

    async def on_http_error(
        self, _req: Request, resp: Response, error: falcon.HTTPError, _params: Any
    ) -> None:
        """Answer what the framework refuses (no such path, no such method, a bad header)."""
        resp.status = error.status
        resp.set_headers(error.headers or {})
        sentence = _FRAMEWORK.get(error.status_code) or error.description or error.title
        resp.context.answer = shapes.Error(error.status_code, _sentence(sentence))

    async def on_fault(
        self, req: Request, resp: Response, error: Exception, _params: Any
    ) -> None:
        """Answer a fault of ours: nothing of it is told but the request's id, for the log."""
        log.error("fault", extra=_traced(req), exc_info=error)
        resp.status = 503
        resp.delete_header("ETag")  # of an answer that did not come about
        resp.set_header("Retry-After", RETRY_AFTER)
        sentence = f"Something went wrong here (request {req.context.request_id}); try again."
        resp.context.answer = shapes.Error(503, sentence)


_FRAMEWORK = {
    404: "There is nothing at this path.",
    405: "This path does not answer this method; the Allow header says which it does.",
}


def _sentence(text: str) -> str:
    """Return the text as a sentence: with a capital, and a full stop."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _traced(req: Request) -> dict[str, str]:
    return {"request_id": req.context.request_id}
