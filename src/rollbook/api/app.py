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

import msgspec

from rollbook.api import attendance, contract, health, multiget, people, roster
from rollbook.api.asking import Asked, Query, base_of, knock_of
from rollbook.auth import oauth1
from rollbook.auth.door import Door
from rollbook.auth.policy import Action
from rollbook.domain.errors import Kind, RollbookError, RollRefused
from rollbook.domain.people import Actor
from rollbook.domain.store import Store
from rollbook.operations.attendance import require_kept_here
from rollbook.wire import documents, formats, shapes
from rollbook.wire.http import (
    STATUSES,
    HttpError,
    Receive,
    Request,
    Response,
    Route,
    Routes,
    Scope,
    Send,
    head_of,
    refused,
)

log = logging.getLogger("rollbook.api")


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
    watch: health.Watch = health.Watch(),  # noqa: B008 — frozen
) -> "Front":
    """Return the ASGI application; raises `RuntimeError` when a route has no guard."""
    front = Front(door, public_url)
    body_max = limits.body_max
    checks = health.Checks(store, watch)
    marks = attendance.SectionAttendance(
        store, records_max=limits.records_max, body_max=body_max
    )
    routes: dict[str, Any] = {
        "/v1/sections/{section_id}/attendance": marks,
        "/v1/sections/{section_id}/attendance/history": attendance.SectionHistory(store),
        "/v1/sections/{section_id}/rolls": attendance.SectionRolls(store),
        "/v1/sections/{section_id}/rolls/{date}": attendance.SectionRoll(
            store, body_max=body_max
        ),
        "/v1/users": people.Users(store),
        "/v1/users/me": people.Me(),
        "/v1/users/{user_id}": people.User(store),
        "/v1/users/{user_id}/sections": roster.UserSections(store),
        "/v1/roles": people.Roles(),
        "/v1/schools": roster.Schools(store),
        "/v1/schools/{school_id}": roster.School(store),
        "/v1/courses": roster.Courses(store),
        "/v1/courses/{course_id}": roster.Course(store),
        "/v1/courses/{course_id}/sections": roster.CourseSections(store),
        "/v1/sections": roster.Sections(store),
        "/v1/sections/{section_id}": roster.Section(store),
        "/v1/sections/{section_id}/enrollments": roster.Enrollments(store),
        "/v1/sections/{section_id}/enrollments/{enrollment_id}": roster.Enrollment(store),
        "/v1/app-user-info": people.AppUserInfo(clock),
        "/v1/multiget": multiget.MultiGet(front, body_max=body_max),
        "/v1/openapi.json": contract.Contract(),
        "/docs": contract.Docs(),
        "/health": health.Health(checks),
        "/health/live": health.Live(),
        "/health/ready": health.Ready(checks),
        "/metrics": health.Metrics(door, watch),
    }
    front.routes = Routes(routes)
    return front


class Front:
    """What every request goes through, before its handler and after it: an ASGI application."""

    routes: Routes

    def __init__(self, door: Door, public_url: str) -> None:
        self._door = door
        self._public_url = public_url.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever happens, with one answer."""
        req, resp = Request(scope, receive, secrets.token_hex(8)), Response()
        try:
            await self._serve(req, resp)
            self._write(req, resp)
        except Exception as error:  # noqa: BLE001 — a fault is answered too, and told to the log
            resp = self._refused(req, error)
            self._write(req, resp)
        await send(head_of(req, resp))
        await send({"type": "http.response.body", "body": resp.body})

    async def _serve(self, req: Request, resp: Response) -> None:
        route, params = self.routes.find(req.path)
        req.scope["rollbook.route"] = route.template  # for whoever counts requests
        if req.method == "OPTIONS":
            resp.headers["Allow"] = route.allow
            return
        handler = route.handlers.get(req.method)
        if handler is None:
            raise HttpError(405, _ANOTHER_METHOD, {"Allow": f"{route.allow}, OPTIONS"})
        action = route.needs[req.method]
        if action is not None:  # None: for everybody, it says so itself
            await self._enter(req, action, route.resource, params)
        await handler(req, resp, **params)

    async def _enter(
        self, req: Request, action: Action, resource: Any, params: dict[str, Any]
    ) -> None:
        """Let in who may come in, and put what the handler relies on into `req.asked`."""
        query = Query(oauth1.read_query(req.query_string))
        knock = knock_of(req, query.pairs)
        entry = await self._door.admit(knock)
        scheme = self._door.scheme_of(knock.scheme, knock.peer, knock.forwarded_scheme)
        req.claim = entry.claim
        req.scope["rollbook.key"] = entry.claim.consumer_key
        req.asked = Asked(
            actor=entry.actor,
            query=query,
            format=formats.for_answer(req.header(b"accept")),
            base=base_of(req, scheme, knock.host, self._public_url),
            path=req.path,
            request_id=req.id,
            own=await self._reach(entry.actor, action, resource, params),
        )

    async def open(
        self, req: Request, route: Route, params: dict[str, Any], outer: Asked, target: str
    ) -> None:
        """Open one route of a multiget to whoever sent it."""
        own = await self._reach(outer.actor, route.needs["GET"], route.resource, params)
        query = Query(oauth1.read_query(target.partition("?")[2]))
        req.asked = msgspec.structs.replace(
            outer, query=query, path=req.path, own=own, alone=False
        )

    async def _reach(
        self, actor: Actor, action: Action, resource: Any, params: dict[str, Any]
    ) -> tuple[int, ...] | None:
        section_id = params.get("section_id")
        if section_id is None:
            self._door.rights.require(actor, action, params.get("user_id"))
            return None
        own = await self._door.rights.require_section(actor, action, section_id)
        if getattr(resource, "kept_here", False):
            require_kept_here(actor.district)
        return own

    def _write(self, req: Request, resp: Response) -> None:
        """Write the answer in the format that was asked for."""
        if resp.answer is None:
            return
        entered = getattr(req, "asked", None)
        format_ = (
            entered.format if entered else formats.for_answer_or_json(req.header(b"accept"))
        )
        answer = resp.answer  # bytes are from the shelf, in that format already
        resp.body = answer if isinstance(answer, bytes) else documents.write(answer, format_)
        resp.content_type = format_.value

    # ---- refusals

    def refusal(self, error: RollbookError) -> tuple[int, shapes.Error]:
        """Return the status and the one shape of an error."""
        code = STATUSES[error.kind]
        answers = list(error.answers) if isinstance(error, RollRefused) else None
        return code, shapes.Error(code, _sentence(str(error)), answers)

    def _refused(self, req: Request, error: Exception) -> Response:
        """Return what is answered instead, and tell the log of faults of ours."""
        resp = refused(error, req.id, log)
        if isinstance(error, HttpError):
            resp.answer = shapes.Error(error.status, str(error))
        elif isinstance(error, RollbookError):
            _, resp.answer = self.refusal(error)
            if error.kind is Kind.UNAUTHENTICATED:
                resp.headers["WWW-Authenticate"] = oauth1.REALM
        else:
            # Nothing of it is told but the request's id, for the log.
            sentence = f"Something went wrong here (request {req.id}); try again."
            resp.answer = shapes.Error(resp.status, sentence)
        return resp


_ANOTHER_METHOD = "This path does not answer this method; the Allow header says which it does."


def _sentence(text: str) -> str:
    """Return the text as a sentence: with a capital, and a full stop."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
