"""Fixtures for talking to the API as each of the cast."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol, TypeAlias

import httpx
import pytest
from msgspec.structs import replace

import books
from api.talk import JSON, Attendance
from cast import SECRET, Cast
from conftest import Clock, World
from rollbook.api.app import Limits, build_app
from rollbook.auth.door import Door
from rollbook.domain.store import Store
from signing import Signed


@pytest.fixture(params=books.KINDS)
def database(request: pytest.FixtureRequest) -> str:
    """Which database the test is on: every test here is on each, unless it says why not."""
    return str(request.param)


@pytest.fixture
def sign_as(cast: Cast, strangers: Cast, clock: Clock) -> Callable[[str], Signed]:
    """Return what signs as one of the cast; "mallory" runs the other district."""

    def sign(name: str) -> Signed:
        key = strangers.keys["alice"] if name == "mallory" else cast.keys[name]
        return Signed(key, SECRET, clock)

    return sign


class Speaking(Protocol):
    """Opens a section's attendance in one format, as somebody."""

    def __call__(
        self, format_: str = JSON, *, section: str = "maths", name: str = "alice"
    ) -> Attendance: ...


@pytest.fixture
def attendance(
    client: httpx.AsyncClient, cast: Cast, sign_as: Callable[[str], Signed]
) -> Speaking:
    def open_(
        format_: str = JSON, *, section: str = "maths", name: str = "alice"
    ) -> Attendance:
        return Attendance(client, cast.sections[section], format_, auth=sign_as(name))

    return open_


@pytest.fixture
def maths(attendance: Speaking) -> Attendance:
    """The attendance of Maths in JSON, as Alice."""
    return attendance()


@pytest.fixture
def sql(world: World) -> Callable[..., list[Any]]:
    """Run a statement on the test's own book, as nobody should."""
    return world.book.sql


class Opening(Protocol):
    """Opens a client of an application with other limits, or at another address."""

    async def __call__(
        self,
        *,
        public_url: str = "",
        server: tuple[str, int | str | None] = ("192.0.2.1", 443),
        auth: httpx.Auth | None = None,
        **limits: int,
    ) -> httpx.AsyncClient: ...


@pytest.fixture
async def open_client(
    store: Store, door: Door, cast: Cast, clock: Clock
) -> AsyncIterator[Opening]:
    async with contextlib.AsyncExitStack() as stack:

        async def open_(
            *,
            public_url: str = "",
            server: tuple[str, int | str | None] = ("192.0.2.1", 443),
            auth: httpx.Auth | None = None,
            **limits: int,
        ) -> httpx.AsyncClient:
            app = build_app(
                store, door, clock=clock, public_url=public_url, limits=Limits(**limits)
            )

            async def at_server(scope: Any, receive: Any, send: Any) -> None:
                await app({**scope, "server": server}, receive, send)

            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(at_server, client=("192.0.2.7", 5555)),
                base_url="https://rollbook.test/v1/",
                auth=auth or Signed(cast.keys["alice"], SECRET, clock),
            )
            return await stack.enter_async_context(client)

        yield open_


Switch: TypeAlias = Callable[[bool], Awaitable[None]]


@pytest.fixture
def switch_powerschool(store: Store, cast: Cast) -> Switch:
    """Set whether the district's attendance is taken in PowerSchool."""

    async def switch(on: bool) -> None:
        await store.change_district(replace(cast.district, powerschool=on))

    return switch
