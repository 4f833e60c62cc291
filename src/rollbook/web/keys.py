"""API keys: what programs act with."""

import datetime as dt
from typing import ClassVar

from rollbook.auth.credentials import Safe, new_consumer_key, new_secret
from rollbook.auth.policy import Action
from rollbook.domain.attendance import why_not_comment
from rollbook.domain.days import instant
from rollbook.domain.errors import BadRequest, NoSuchThing
from rollbook.domain.people import ApiKey
from rollbook.domain.store import Store
from rollbook.operations import keys as operations
from rollbook.web import render
from rollbook.web.visiting import Visit, visit
from rollbook.web.words import N_
from rollbook.wire.http import Request, Response

_GRACE = dt.timedelta(days=1)  # that an old secret stays good after a rotation
_NAME_MAX = 100  # characters


class Keys:
    """A district's keys: `/admin/keys`."""

    needs: ClassVar = {"GET": Action.ADMINISTER, "POST": Action.ADMINISTER}

    def __init__(self, store: Store, safe: Safe) -> None:
        self._store = store
        self._safe = safe

    async def on_get(self, req: Request, resp: Response) -> None:
        """List the keys; secrets are never shown again."""
        await self.show(visit(req), resp)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Create a key, and show its secret once."""
        here = visit(req)
        problems: dict[str, str] = {}
        name = here.form.text("name").strip()
        if not 0 < len(name) <= _NAME_MAX or why_not_comment(name):
            problems["name"] = N_("Say what the key is for, in at most 100 characters.")
        expires = _day(here, problems)
        user_id = await self._user(here, problems)
        if problems:
            resp.status = 400
            await self.show(here, resp, problems=problems)
            return
        made = await operations.create_key(
            self._store,
            here.district.id,
            user_id,
            key=new_consumer_key(),
            secret=new_secret(),
            seal=self._safe.seal,
            now=here.now,
            by=here.author,
            terms=operations.Terms(
                name=name, read_only=here.form.has("read_only"), expires_at=expires
            ),
        )
        await self.show(here, resp, made=made)

    async def _user(self, here: Visit, problems: dict[str, str]) -> int:
        """Return whose key it is to be: the visitor's, when none is named."""
        try:
            user_id = here.form.id("user") or here.actor.user.id
            await self._store.user(here.district.id, user_id)
        except (BadRequest, NoSuchThing):
            problems["user"] = N_("There is no such person.")
            return 0
        return user_id

    async def show(
        self,
        here: Visit,
        resp: Response,
        *,
        made: operations.NewSecret | None = None,
        problems: dict[str, str] | None = None,
    ) -> None:
        """Show the list, with a secret that was made just now."""
        keys = await self._store.keys(here.district.id)
        present = instant(here.now)
        users = {
            user_id: await self._store.user(here.district.id, user_id)
            for user_id in {key.user_id for key in keys}
        }
        resp.body = render.page(
            "keys.html",
            here,
            keys=[(key, users[key.user_id], _state(key, present)) for key in reversed(keys)],
            made=made,
            revoked=here.query.has("revoked"),
            problems=problems or {},
        )


class Key:
    """One key: `/admin/keys/{key}`."""

    needs: ClassVar = {"POST": Action.ADMINISTER}

    def __init__(self, store: Store, safe: Safe, keys: Keys) -> None:
        self._store = store
        self._safe = safe
        self._keys = keys

    async def on_post(self, req: Request, resp: Response, key: str) -> None:
        """Give a key a new secret, or take it back for good."""
        here = visit(req)
        if here.form.has("revoke"):
            await operations.revoke_key(
                self._store, here.district.id, key, now=here.now, by=here.author
            )
            resp.go_to("/admin/keys?revoked")
            return
        made = await operations.rotate_key(
            self._store,
            here.district.id,
            key,
            secret=new_secret(),
            seal=self._safe.seal,
            now=here.now,
            grace=_GRACE,
            by=here.author,
        )
        await self._keys.show(here, resp, made=made)


def _day(here: Visit, problems: dict[str, str]) -> str | None:
    try:
        day = here.form.day("expires")
    except BadRequest:
        problems["expires"] = N_("This must be a day.")
        return None
    if not day:
        return None
    end = operations.end_of(day)
    if end <= instant(here.now):
        problems["expires"] = N_("This day is over.")
    return end


def _state(key: ApiKey, present: str) -> str:
    if key.revoked_at:
        return "revoked"
    return "live" if key.is_live(present) else "expired"
