"""Coming in and going: logging in and out, choosing a password by a link, and a language."""

from typing import ClassVar
from urllib.parse import quote

from rollbook.auth.reception import Reception
from rollbook.domain.errors import (
    AskedTooOften,
    BadRequest,
    NotAllowed,
    NotAuthenticated,
    PasswordRefused,
)
from rollbook.domain.people import Role
from rollbook.web import guard, render, words
from rollbook.web.visiting import Visit, visit
from rollbook.web.words import N_
from rollbook.wire.http import HttpError, Request, Response


def let_in(here: Visit, resp: Response, token: str, following: str) -> None:
    """Have the browser bear a new session, and go where somebody wanted."""
    guard.set_cookie(resp, here.way, guard.SESSION, token)
    guard.set_cookie(resp, here.way, guard.PASSER_BY, "", ends=True)
    resp.go_to(following)


class Home:
    """Sends everybody to where their day begins: `/`."""

    needs: ClassVar = {"GET": None}

    async def on_get(self, req: Request, resp: Response) -> None:
        """Send a teacher to their day, the office to the school's."""
        visitor = visit(req).visitor
        if visitor is None:
            resp.go_to("/login")
        else:
            office = visitor.user.role in {Role.STAFF, Role.ADMINISTRATOR}
            resp.go_to("/office" if office else "/today")


class Login:
    """Where people come in: `/login`."""

    needs: ClassVar = {"GET": None, "POST": None}

    def __init__(self, reception: Reception, *, by_provider: bool = False) -> None:
        self._reception = reception
        self._by_provider = by_provider

    async def on_get(self, req: Request, resp: Response) -> None:
        """Ask for the login and the password."""
        here = visit(req)
        self.show(req, resp, guard.local_path(here.query.text("next", "/")))

    async def on_post(self, req: Request, resp: Response) -> None:
        """Let somebody in, with a new session, and send them on to where they wanted."""
        here = visit(req)
        following = guard.local_path(here.form.text("next", "/"))
        if not here.way.private:
            raise NotAllowed(N_("A password is only taken over https."))
        login, password = here.form.text("login"), here.form.text("password")
        try:
            token = await self._reception.log_in(login, password, here.address)
        except AskedTooOften as error:
            resp.status, resp.headers["Retry-After"] = 429, str(error.retry_after)
            self.show(req, resp, following, wait=error.retry_after)
        except (NotAuthenticated, PasswordRefused):
            resp.status = 401
            self.show(req, resp, following, wrong=True)
        else:
            let_in(here, resp, token, following)

    def show(
        self,
        req: Request,
        resp: Response,
        following: str,
        *,
        wrong: bool = False,
        wait: int = 0,
        refused: str = "",
    ) -> None:
        """Show the form, with what was wrong before."""
        here = visit(req)
        resp.body = render.page(
            "login.html",
            here,
            login=here.form.text("login"),
            following=following,
            wrong=wrong,
            wait=wait,
            refused=here.gettext(refused) if refused else "",
            by_provider=self._by_provider,
            private=here.way.private,
        )


class Logout:
    """Where people go: `/logout`."""

    needs: ClassVar = {"POST": None}

    def __init__(self, reception: Reception) -> None:
        self._reception = reception

    async def on_post(self, req: Request, resp: Response) -> None:
        """End the session here and in the browser, and have it forget our pages."""
        here = visit(req)
        if here.visitor is not None:
            await self._reception.log_out(here.bearer)
        guard.set_cookie(resp, here.way, guard.SESSION, "", ends=True)
        resp.headers["Clear-Site-Data"] = '"cache", "storage"'
        resp.go_to("/login")


class Language:
    """Chooses the language of the pages: `/language`."""

    needs: ClassVar = {"POST": None}

    async def on_post(self, req: Request, resp: Response) -> None:
        """Remember a language, and go back."""
        here = visit(req)
        language = here.form.text("language")
        if language not in words.LANGUAGES:
            raise BadRequest(N_("The pages are not written in that language."))
        guard.set_language(resp, here.way, language)
        resp.go_to(guard.local_path(here.form.text("next", "/")))


class SetPassword:
    """Where an invitation or a reset leads: `/link/{token}`."""

    needs: ClassVar = {"GET": None, "POST": None}

    def __init__(self, reception: Reception) -> None:
        self._reception = reception

    async def on_get(self, req: Request, resp: Response, token: str) -> None:
        """Ask for a new password; the link is used when it comes."""
        await self._show(req, resp, token)

    async def on_post(self, req: Request, resp: Response, token: str) -> None:
        """Take the password, end every session of the account, and ask to log in with it."""
        here = visit(req)
        password, again = here.form.text("password"), here.form.text("again")
        if not here.way.private:
            raise NotAllowed(N_("A password is only taken over https."))
        if password != again:
            resp.status = 400
            await self._show(req, resp, token, differ=True)
            return
        try:
            account = await self._reception.set_password(token, password, here.address)
        except PasswordRefused as error:
            resp.status = 400
            await self._show(req, resp, token, why=str(error))
        else:
            resp.go_to(f"/login?login={quote(account.login)}")

    async def _show(
        self, req: Request, resp: Response, token: str, *, differ: bool = False, why: str = ""
    ) -> None:
        account = await self._reception.invited(token)
        if account is None:
            raise HttpError(404, N_("This link does not work, or no longer: ask for another."))
        resp.body = render.page(
            "password.html", visit(req), link=token, account=account, differ=differ, why=why
        )
