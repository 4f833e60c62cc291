"""Changing one's own password."""

from typing import ClassVar

from rollbook.auth.policy import Action
from rollbook.auth.reception import Reception
from rollbook.domain.errors import (
    AskedTooOften,
    NotAllowed,
    NotAuthenticated,
    PasswordRefused,
)
from rollbook.web import render
from rollbook.web.coming_in import let_in
from rollbook.web.visiting import Visit, visit
from rollbook.web.words import N_
from rollbook.wire.http import Request, Response


class OwnPassword:
    """Changes the visitor's password: `/password`."""

    needs: ClassVar = {"GET": Action.KEEP_OWN_ACCOUNT, "POST": Action.KEEP_OWN_ACCOUNT}

    def __init__(self, reception: Reception) -> None:
        self._reception = reception

    async def on_get(self, req: Request, resp: Response) -> None:
        """Ask for the old password and a new one."""
        _show(visit(req), resp, {})

    async def on_post(self, req: Request, resp: Response) -> None:
        """Take the new one, end every other session of the visitor, and go on in a new one."""
        here = visit(req)
        assert here.visitor is not None
        if not here.way.private:
            raise NotAllowed(N_("A password is only taken over https."))
        new = here.form.text("password")
        if new != here.form.text("again"):
            resp.status = 400
            _show(here, resp, {"again": N_("The two passwords differ.")})
            return
        try:
            token = await self._reception.change_password(
                here.visitor, here.form.text("current"), new, here.address
            )
        except AskedTooOften as error:
            resp.status, resp.headers["Retry-After"] = 429, str(error.retry_after)
            _show(here, resp, {}, wait=error.retry_after)
        except NotAuthenticated:
            resp.status = 400
            _show(here, resp, {"current": N_("The password that you have now is another one.")})
        except PasswordRefused as error:
            resp.status = 400
            _show(here, resp, {"password": str(error)})
        else:
            let_in(here, resp, token, "/password?done")


def _show(here: Visit, resp: Response, problems: dict[str, str], *, wait: int = 0) -> None:
    """Show the form; what was typed is not in it."""
    assert here.visitor is not None
    resp.body = render.page(
        "own_password.html",
        here,
        account=here.visitor.account,
        problems=problems,
        wait=wait,
        done=here.query.has("done"),
    )
