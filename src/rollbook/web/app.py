"""
All pages on one page: every path, what guards it, and what each kind of error becomes.

A request goes through `Pages`: the guard says who is visiting, the table of rights what they may
do, the page reads or saves through an operation and is rendered, or sends on to another one.
"""

import datetime as dt
import logging
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from rollbook.auth.credentials import Safe
from rollbook.auth.door import Door
from rollbook.auth.policy import Action
from rollbook.auth.reception import Reception
from rollbook.auth.rights import Rights
from rollbook.domain.accounts import Visitor
from rollbook.domain.errors import NotAllowed, RollbookError, Unavailable
from rollbook.domain.store import Store
from rollbook.web import (
    acts,
    assets,
    coming_in,
    forms,
    guard,
    keys,
    month,
    office,
    oidc,
    password,
    people,
    record,
    render,
    roster,
    settings,
    sheet,
    student,
    today,
    words,
)
from rollbook.web.rosters import Rosters
from rollbook.web.uploads import Upload
from rollbook.web.visiting import Visit
from rollbook.web.words import N_
from rollbook.wire.http import (
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

if TYPE_CHECKING:
    from rollbook.auth.oidc import SignOn

log = logging.getLogger("rollbook.web")

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_ALWAYS = [  # headers of every page and whatever belongs to one
    (b"content-security-policy", _POLICY.encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"vary", b"Cookie, Accept-Language"),
]
_STRICT = (b"strict-transport-security", b"max-age=31536000")
_NOT_KEPT = "no-store"
_OF_A_STUDENT = frozenset({Action.SEE_STUDENT, Action.EXCUSE})


def build_pages(
    store: Store,
    door: Door,
    reception: Reception,
    safe: Safe,
    rosters: Rosters,
    *,
    clock: Callable[[], dt.datetime],
    public_url: str = "",
    sign_on: "SignOn | None" = None,
) -> "Pages":
    """Return the ASGI application; raises `RuntimeError` when a page has no guard."""
    pages = Pages(store, door, reception, clock)
    records = student.Records(store, pages.rights)
    all_keys = keys.Keys(store, safe)
    login = coming_in.Login(reception, by_provider=sign_on is not None)
    routes: dict[str, Any] = {
        "/": coming_in.Home(),
        "/login": login,
        "/logout": coming_in.Logout(reception),
        "/language": coming_in.Language(),
        "/link/{token}": coming_in.SetPassword(reception),
        "/static/{name}": assets.Static(),
        "/password": password.OwnPassword(reception),
        "/today": today.Today(store),
        "/admin": settings.Administration(),
        "/admin/settings": settings.Settings(store),
        "/admin/keys": all_keys,
        "/admin/keys/{key}": keys.Key(store, safe, all_keys),
        "/admin/people": people.People(store),
        "/admin/people/{user_id}": people.Person(store, reception, public_url),
        "/admin/record": record.Record(store),
        "/admin/record/acts": acts.Acts(store),
        "/admin/roster": roster.Roster(rosters),
        "/admin/roster/apply": roster.TakeRosterIn(rosters),
        "/office": office.Office(store),
        "/students/{user_id}": student.StudentOfToday(),
        "/students/{user_id}/excuse": office.Excuse(store, pages.rights),
        "/students/{user_id}/{year}": student.StudentPage(records),
        "/students/{user_id}/{year}/csv": student.StudentFile(records),
        "/sections/{section_id}/month/{month}": month.MonthPage(store),
        "/sections/{section_id}/month/{month}/csv": month.MonthFile(store),
        "/sections/{section_id}/roll": sheet.SheetOfToday(),
        "/sections/{section_id}/roll/{day}": sheet.SheetPage(store),
    }
    if sign_on is not None:
        routes["/login/oidc"] = oidc.Provider(sign_on, login, public_url)
        routes["/login/oidc/back"] = oidc.BackFromProvider(sign_on, login, public_url)
    pages.routes = Routes(routes)
    return pages


class Pages:
    """What every request of a page goes through, before it and after: an ASGI application."""

    routes: Routes

    def __init__(
        self,
        store: Store,
        door: Door,
        reception: Reception,
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._door = door
        self._reception = reception
        self._clock = clock
        self.rights = Rights(lambda place: store.footing(*place))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever happens, with one answer."""
        req, resp = Request(scope, receive, secrets.token_hex(8)), Response()
        # What an error's page needs is there before anything can go wrong.
        req.asked = Visit(path=req.path, request_id=req.id, now=self._clock())
        try:
            await self._serve(req, resp)
        except Exception as error:  # noqa: BLE001 — a fault is answered too, and told to the log
            resp = self._refused(req, error, resp.cookies)
        resp.headers.setdefault("Cache-Control", _NOT_KEPT)
        resp.content_type = resp.content_type or "text/html; charset=utf-8"
        resp.always = [*_ALWAYS, _STRICT] if req.scope.get("rollbook.private") else _ALWAYS
        await send(head_of(req, resp))
        await send({"type": "http.response.body", "body": resp.body})

    async def _serve(self, req: Request, resp: Response) -> None:
        visit: Visit = req.asked
        jar = guard.cookies(req)
        visit.language = words.choose(guard.language_of(jar), req.header(b"accept-language"))
        visit.way, visit.address = self._way(req)
        route, params = self.routes.find(req.path)
        req.scope["rollbook.route"] = route.template  # for whoever counts requests
        visit.bearer, visit.visitor = await self._recognise(jar, visit.way, resp)
        method = "GET" if req.method == "HEAD" else req.method
        handler = route.handlers.get(method)
        if handler is None:
            text = N_("This page cannot be asked like that.")
            raise HttpError(405, text, {"Allow": route.allow})
        visit.query = forms.parse(req.query_string.encode("latin-1"))
        visit.back = _back(route, req)
        if method == "POST":
            if getattr(route.resource, "takes_file", False):
                visit.upload = Upload(req)
                visit.form = await visit.upload.fields()
            else:
                visit.form = await forms.read(req)
            guard.require_own_form(req, visit.way, visit.token, visit.form.text("token"))
        action = route.needs[method]
        if action is not None and not await self._may(visit, action, params, resp):
            return
        await handler(req, resp, **params)

    def _way(self, req: Request) -> tuple[guard.Way, str | None]:
        """Return how a request came, and from which address."""
        forwarded = req.header(b"x-forwarded-proto")
        scheme = self._door.scheme_of(req.scope["scheme"], req.peer, forwarded)
        req.scope["rollbook.private"] = scheme == "https"
        host = req.host
        self._door.require_known_host(host)
        private = guard.is_private(scheme, req.peer, forwarded=forwarded is not None)
        way = guard.Way(scheme, host, private)
        return way, self._door.client_of(req.peer, req.header(b"x-forwarded-for"))

    async def _recognise(
        self, jar: dict[str, str], way: guard.Way, resp: Response
    ) -> tuple[str, Visitor | None]:
        """Return the cookie that forms are bound to, and who has logged in with it."""
        session = jar.get(way.cookie(guard.SESSION))
        if session and way.private and (visitor := await self._reception.recognise(session)):
            return session, visitor
        passer_by = jar.get(way.cookie(guard.PASSER_BY))
        if not passer_by:
            passer_by = guard.new_passer_by()
            guard.set_cookie(resp, way, guard.PASSER_BY, passer_by)
        return passer_by, None

    async def _may(
        self, visit: Visit, action: Action, params: dict[str, Any], resp: Response
    ) -> bool:
        """Let somebody through, or send them to log in first."""
        if visit.visitor is None:
            resp.go_to(f"/login?next={quote(visit.back)}")
            return False
        section_id = params.get("section_id")
        if action in _OF_A_STUDENT:
            return True  # the page looks whose student it is
        if section_id is None:
            self.rights.require_school(visit.actor, action, visit.actor.office_of)
        else:
            own = await self.rights.require_section(visit.actor, action, section_id)
            if own is not None:
                raise NotAllowed(N_("This page shows a whole class."))
        return True

    # ---- refusals

    def _refused(self, req: Request, error: Exception, cookies: list[str]) -> Response:
        """Return the page that is shown instead; what a fault of ours was is for the log."""
        resp = refused(error, req.id, log)
        resp.cookies = cookies
        text = ""
        if isinstance(error, HttpError):
            text = words.in_language(error.sentence, req.asked.gettext)
        elif isinstance(error, RollbookError) and not isinstance(error, Unavailable):
            text = words.told(error, req.asked.gettext)
        resp.body = render.page(
            "error.html", req.asked, status=resp.status, text=text, request_id=req.id
        )
        return resp


def _back(route: Route, req: Request) -> str:
    """Return where a page is shown again; what is only sent to is shown at the page above it."""
    if "GET" not in route.handlers:
        return req.path.rpartition("/")[0] or "/"
    asked = req.method != "POST" and req.query_string
    return f"{req.path}?{req.query_string}" if asked else req.path
