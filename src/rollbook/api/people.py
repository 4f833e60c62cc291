"""People and what they can be."""

import datetime as dt
import functools
from collections.abc import Callable
from typing import ClassVar

from rollbook.api.asking import asked
from rollbook.auth.policy import Action
from rollbook.domain.store import Store
from rollbook.wire import shapes
from rollbook.wire.http import Request, Response


class Users:
    """`/v1/users`."""

    needs: ClassVar = {"GET": Action.SEE_PEOPLE}

    def __init__(self, store: Store) -> None:
        self._store = store

    async def on_get(self, req: Request, resp: Response) -> None:
        """List the district's people."""
        ask = asked(req)
        page = ask.query.page()
        district = ask.actor.district
        found = await self._store.users(district.id, page)
        shape = functools.partial(shapes.user, district)
        resp.answer = ask.listed("user", found, page, shape)


class User:
    """`/v1/users/{user_id}`."""

    needs: ClassVar = {"GET": Action.SEE_PERSON}

    def __init__(self, store: Store) -> None:
        self._store = store

    async def on_get(self, req: Request, resp: Response, user_id: int) -> None:
        """Show one person."""
        ask = asked(req)
        district = ask.actor.district
        user = await self._store.user(district.id, user_id)
        resp.answer = shapes.user(district, user, ask.base)


class Me:
    """`/v1/users/me`."""

    needs: ClassVar = {"GET": Action.SEE_CATALOGUE}

    async def on_get(self, req: Request, resp: Response) -> None:
        """Point to the person that the key acts as."""
        ask = asked(req)
        resp.go_to(f"{ask.base}/users/{ask.actor.user.id}")


class Roles:
    """`/v1/roles`."""

    needs: ClassVar = {"GET": Action.SEE_CATALOGUE}

    async def on_get(self, req: Request, resp: Response) -> None:
        """List what people can be in the district: the same in each, so one page."""
        roles = shapes.roles()
        links = {"self": asked(req).address}
        resp.answer = shapes.listed("role", roles, len(roles), links)


class AppUserInfo:
    """`/v1/app-user-info`."""

    needs: ClassVar = {"GET": Action.SEE_CATALOGUE}

    def __init__(self, clock: Callable[[], dt.datetime]) -> None:
        self._clock = clock

    async def on_get(self, req: Request, resp: Response) -> None:
        """Tell whom the key acts as."""
        now = int(self._clock().timestamp())
        resp.answer = shapes.app_user_info(asked(req).actor, now)
