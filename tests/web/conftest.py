"""Fixtures for visiting the pages as each of the cast."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import argon2
import httpx
import pytest

from cast import MASTER_KEY, TODAY, Cast
from conftest import Clock
from rollbook.auth.credentials import Safe
from rollbook.auth.door import Door
from rollbook.auth.passwords import Passwords
from rollbook.auth.reception import Reception
from rollbook.cli.importing import outcome_of
from rollbook.domain.accounts import Account
from rollbook.domain.record import Author, Channel
from rollbook.domain.roster_files import RosterLimits
from rollbook.domain.store import Store
from rollbook.exchange.outcome import Outcome
from rollbook.web.app import Pages, build_pages
from rollbook.web.rosters import Rosters
from web.browsing import ADDRESS, Browser

PASSWORD = "seven green apples"


@pytest.fixture
def reception(store: Store, clock: Clock) -> Reception:
    """Whoever lets people in, with hashes that cost nothing: other tests are about those."""
    quick = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return Reception(store, Passwords(quick), clock=clock)


@pytest.fixture
def rosters(store: Store, tmp_path: Path) -> Rosters:
    """Where rosters wait; they are read in this process, which a server does not do."""

    async def take_in(
        district_id: int, path: Path, *, by: int, dry_run: bool, allow_ending: bool
    ) -> Outcome:
        (home,) = [one for one in await store.districts() if one.id == district_id]
        share = 1.0 if allow_ending else 0.1
        limits = RosterLimits(today=TODAY, end_share=share, dry_run=dry_run)
        author = Author(user_id=by, channel=Channel.WEB)
        return await outcome_of(store, home, path, limits, author)

    return Rosters(tmp_path / "rosters", take_in)


@pytest.fixture
def pages(
    store: Store, door: Door, reception: Reception, rosters: Rosters, clock: Clock
) -> Pages:
    """The pages of the real application."""
    return build_pages(store, door, reception, Safe(MASTER_KEY), rosters, clock=clock)


@pytest.fixture
async def stranger(pages: Pages) -> AsyncIterator[Browser]:
    """A browser in which nobody has logged in."""
    transport = httpx.ASGITransport(pages, client=("192.0.2.7", 5555))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS) as client:
        yield Browser(client)


Visiting: TypeAlias = Callable[[str], Awaitable[Browser]]


@pytest.fixture
async def visit(
    pages: Pages, store: Store, reception: Reception, cast: Cast, strangers: Cast
) -> AsyncIterator[Visiting]:
    """Return what opens a browser as one of the cast; "mallory" runs the other district."""
    opened: list[httpx.AsyncClient] = []

    async def open_(name: str) -> Browser:
        home = strangers if name == "mallory" else cast
        user_id = home.users["alice" if name == "mallory" else name]
        account = await store.account_of_user(home.district.id, user_id)
        if account is None:
            account = Account(
                district_id=home.district.id,
                user_id=user_id,
                login=f"{name}@school.example",
                created_at="2026-08-01T08:00:00.000Z",
            )
            await store.create_account(account)
        token = await reception.let_in(account)
        transport = httpx.ASGITransport(pages, client=("192.0.2.7", 5555))  # type: ignore[arg-type]
        client = httpx.AsyncClient(transport=transport, base_url=ADDRESS)
        client.cookies.set("__Host-rollbook", token)
        opened.append(client)
        return Browser(client)

    yield open_
    for client in opened:
        await client.aclose()
