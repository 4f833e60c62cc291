"""A real server, a real browser, and the cast in front of it."""

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, TypeAlias

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import Browser, StorageState, async_playwright

from browser.chromium import CHROMIUM, Window, launch, new_window
from cast import MONDAY, NEXT_MONDAY, TUESDAY, Cast
from conftest import World
from live.house import House, now
from rollbook.auth.passwords import Passwords
from rollbook.domain.accounts import Account
from rollbook.domain.attendance import Entry, Status
from rollbook.domain.days import from_ordinal, to_ordinal
from rollbook.domain.record import Author, Channel
from rollbook.domain.store import Store, TakeRoll
from rollbook.operations import excuses
from rollbook.storage.sqlite import SqliteStore

PASSWORD = "seven green apples"

Visiting: TypeAlias = Callable[..., Awaitable[Window]]

OPERATOR = Author(user_id=None, channel=Channel.CLI)


@pytest.fixture(scope="session")
def house(settled: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A running server where the cast have accounts, in both districts."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed: apt-get install chromium")
    database = tmp_path_factory.mktemp("browser") / "rollbook.db"
    shutil.copy(settled.path, database)
    house = House(database, settled.lindenhof)
    asyncio.run(_furnish(house, settled))
    house.start()
    yield house
    assert house.stop() == 0, house.log()


async def _furnish(house: House, settled: World) -> None:
    """Give accounts, and leave things as a week leaves them; Nordhafen locks what is past."""
    store = SqliteStore(house.database, clock=now)
    await give_accounts(store, settled)
    await _leave_marks(store, settled.lindenhof)
    locked = msgspec.structs.replace(settled.nordhafen.district, lock_days=7)
    mallory = Author(user_id=settled.nordhafen.users["alice"], channel=Channel.WEB)
    await store.change_district(locked, by=mallory)
    await store.close()


async def _leave_marks(store: Store, cast: Cast) -> None:
    """Have Monday's roll of Maths taken, and Anna excused ahead on Tuesday."""
    exceptions = [
        Entry(cast.enrollments["ben"], MONDAY, Status.ABSENT, "called at 8"),
        Entry(cast.enrollments["cleo"], MONDAY, Status.LATE),
    ]
    roll = TakeRoll(
        district_id=cast.district.id,
        section_id=cast.sections["maths"],
        date=MONDAY,
        exceptions=exceptions,
        author=Author(user_id=cast.users["bob"], channel=Channel.WEB),
    )
    await store.take_roll(roll)
    office = Author(user_id=cast.users["ida"], channel=Channel.WEB)
    await excuses.excuse(
        store, cast.district, cast.users["anna"], TUESDAY, TUESDAY, "dentist", office
    )


async def give_accounts(store: Store, settled: World) -> None:
    """Let Alice, Bob and Ida of both districts come in."""
    passwords = Passwords()
    password_hash = await passwords.hash(PASSWORD)
    passwords.close()
    for cast, place in ((settled.lindenhof, ""), (settled.nordhafen, "-nordhafen")):
        for name in ("alice", "bob", "ida"):
            account = Account(
                district_id=cast.district.id,
                user_id=cast.users[name],
                login=name + place,
                password_hash=password_hash,
                created_at="2026-08-01T08:00:00.000Z",
            )
            await store.create_account(account, by=OPERATOR)


@pytest.fixture
def cast(house: House) -> Cast:
    """The people of Lindenhof."""
    return house.cast


@pytest.fixture
def strangers(settled: World) -> Cast:
    """The people of Nordhafen, with the same ids of their own."""
    return settled.nordhafen


@pytest_asyncio.fixture(loop_scope="session")
async def store(house: House) -> AsyncIterator[Store]:
    """What has come to stand in the file that the server writes."""
    store = SqliteStore(house.database, clock=now)
    yield store
    await store.close()


@pytest.fixture(scope="session")
def days() -> Iterator[str]:
    """Weekdays on which Anna, Ben, Cleo and Greta are on the roll of Maths."""
    first = to_ordinal(NEXT_MONDAY)
    return (from_ordinal(first + number) for number in itertools.count() if number % 7 < 5)


@pytest.fixture
def day(days: Iterator[str]) -> str:
    """A day of the test's own."""
    return next(days)


@pytest.fixture
def path(cast: Cast, day: str) -> str:
    """Where the sheet of Maths is on that day."""
    return f"/sections/{cast.sections['maths']}/roll/{day}"


# ---------------------------------------------------------------- windows


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(house: House) -> AsyncIterator[Browser]:
    """One browser for all; its windows know nothing of each other."""
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def visits() -> dict[str, StorageState]:
    """The cookies of everybody who has come in once."""
    return {}


@pytest_asyncio.fixture(loop_scope="session")
async def visit(
    browser: Browser, house: House, visits: dict[str, StorageState]
) -> AsyncIterator[Visiting]:
    """
    Return what opens a window in which somebody has come in; None: nobody.

    Whatever was shown there, in the end nothing was against the policy, no script failed, and
    nothing was asked of another host.
    """
    opened: list[Window] = []

    async def open_(login: str | None, **options: Any) -> Window:
        if login and login not in visits:
            first = await new_window(browser, house.url)
            opened.append(first)
            await first.log_in(login, PASSWORD)
            visits[login] = await first.context.storage_state()
        state = visits[login] if login else None
        window = await new_window(browser, house.url, storage_state=state, **options)
        opened.append(window)
        return window

    yield open_
    faults = [fault for window in opened for fault in window.faults]
    for window in opened:
        await window.context.close()
    assert faults == []
