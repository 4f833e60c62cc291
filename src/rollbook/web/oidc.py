"""Coming in by the accounts of the district: there and back."""

from typing import TYPE_CHECKING, ClassVar

from rollbook.domain.errors import NotAllowed, NotAuthenticated, ProviderAway
from rollbook.web import guard
from rollbook.web.coming_in import Login, let_in
from rollbook.web.visiting import Visit, visit
from rollbook.web.words import N_
from rollbook.wire.http import RETRY_AFTER, STATUSES, Request, Response

if TYPE_CHECKING:
    from rollbook.auth.oidc import SignOn

_WITHIN = 600  # seconds: as long as the sign-on may take


class Provider:
    """Sends people to the provider: `/login/oidc`."""

    needs: ClassVar = {"GET": None}

    def __init__(self, sign_on: "SignOn", login: Login, public_url: str) -> None:
        self._sign_on = sign_on
        self._login = login
        self._public_url = public_url

    async def on_get(self, req: Request, resp: Response) -> None:
        """Begin a sign-on, and have the browser keep what belongs to it."""
        here = visit(req)
        following = guard.local_path(here.query.text("next", "/"))
        if not here.way.private:
            raise NotAllowed(N_("Signing in is only possible over https."))
        try:
            address, kept = await self._sign_on.begin(back(here, self._public_url), following)
        except (NotAuthenticated, ProviderAway) as error:
            refuse(self._login, req, resp, error)
        else:
            guard.set_cookie(resp, here.way, guard.SIGN_ON, kept, seconds=_WITHIN)
            resp.go_to(address)


class BackFromProvider:
    """Where the provider sends them back: `/login/oidc/back`."""

    needs: ClassVar = {"GET": None}

    def __init__(self, sign_on: "SignOn", login: Login, public_url: str) -> None:
        self._sign_on = sign_on
        self._login = login
        self._public_url = public_url

    async def on_get(self, req: Request, resp: Response) -> None:
        """Let somebody in whom the provider knows, with a new session."""
        here = visit(req)
        here.back = "/login"  # what the provider sent along is good once
        kept = guard.cookies(req).get(here.way.cookie(guard.SIGN_ON), "")
        guard.set_cookie(resp, here.way, guard.SIGN_ON, "", ends=True)
        if not here.way.private:
            raise NotAllowed(N_("Signing in is only possible over https."))
        try:
            token, following = await self._sign_on.finish(
                back(here, self._public_url),
                kept,
                state=here.query.text("state"),
                code=here.query.text("code"),
                error=here.query.text("error"),
            )
        except (NotAuthenticated, ProviderAway) as error:
            refuse(self._login, req, resp, error)
        else:
            let_in(here, resp, token, following)


def back(here: Visit, public_url: str) -> str:
    """Return our address to which the provider sends people back."""
    own = public_url.rstrip("/") or f"{here.way.scheme}://{here.way.host}"
    return f"{own}/login/oidc/back"


def refuse(
    login: Login, req: Request, resp: Response, error: NotAuthenticated | ProviderAway
) -> None:
    """Show why somebody does not come in, beside the other way to."""
    resp.status = STATUSES[error.kind]
    if isinstance(error, ProviderAway):
        resp.headers["Retry-After"] = RETRY_AFTER
    following = guard.local_path(visit(req).query.text("next", "/"))
    login.show(req, resp, following, refused=str(error))
