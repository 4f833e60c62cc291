"""Fixtures that every folder of tests may use."""

import asyncio
import datetime as dt
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import apsw
import httpx
import msgspec
import pytest

import clusters
from cast import MASTER_KEY, PENDING_PLACE, SECRET, Cast, settle
from rollbook.api.app import Limits, build_app
from rollbook.api.health import Watch
from rollbook.auth.credentials import Safe
from rollbook.auth.door import Door
from rollbook.auth.nonces import NonceBook
from rollbook.storage.sqlite import SqliteStore, create
from signing import Signed

REPOSITORY = Path(__file__).resolve().parent.parent
CORPORA = REPOSITORY.parent / "shared" / "corpora"


def corpus(name: str) -> Path:
    """Return a folder of the corpora; the test is skipped, saying so, where there is none."""
    folder = CORPORA / name
    if not folder.is_dir():
        pytest.skip(f"the corpus {name} is not beside the project ({folder})")
    return folder


@pytest.fixture(scope="session")
def cluster() -> Iterator[clusters.Cluster]:
    """A PostgreSQL for the whole run, in a hurry: what is durable is tried on one of its own."""
    if not clusters.binaries():
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    cluster = clusters.Cluster(durable=False)
    cluster.start()
    yield cluster
    cluster.close()


class Clock:
    """A clock that stands still until it is told to move."""

    def __init__(self) -> None:
        self.now = dt.datetime(2026, 11, 23, 8, 0, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.now

    def advance(self, **span: float) -> None:
        """Move on, as by `seconds=1`."""
        self.now += dt.timedelta(**span)


class World(msgspec.Struct):
    """A file with both districts in it."""

    path: Path
    lindenhof: Cast
    nordhafen: Cast


@pytest.fixture(scope="session")
def settled(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Settle both districts once; tests copy the file."""
    path = tmp_path_factory.mktemp("settled") / "rollbook.db"

    async def settle_both() -> tuple[Cast, Cast]:
        create(path)
        store = SqliteStore(path)
        lindenhof = await settle(store, "Lindenhof", key_letter="a")
        nordhafen = await settle(store, "Nordhafen", key_letter="b")
        await store.close()
        return lindenhof, nordhafen

    lindenhof, nordhafen = asyncio.run(settle_both())
    _make_pending(path)
    return World(path, lindenhof, nordhafen)


def _make_pending(path: Path) -> None:
    """Give the pending places their status: no roster file can say that."""
    who, status = PENDING_PLACE
    db = apsw.Connection(str(path))
    db.execute("UPDATE enrollments SET status = ? WHERE sourced_id = ?", (status, who))
    db.close()


@pytest.fixture
def world(settled: World, tmp_path: Path) -> World:
    """Both districts, in a file of the test's own."""
    path = tmp_path / "rollbook.db"
    shutil.copy(settled.path, path)
    return World(path, settled.lindenhof, settled.nordhafen)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(world: World, clock: Clock) -> AsyncIterator[SqliteStore]:
    """The store on the test's own file."""
    store = SqliteStore(world.path, clock=clock)
    yield store
    await store.close()


@pytest.fixture
def cast(world: World) -> Cast:
    """The people of Lindenhof."""
    return world.lindenhof


@pytest.fixture
def strangers(world: World) -> Cast:
    """The people of Nordhafen, with the same ids of their own."""
    return world.nordhafen


@pytest.fixture
def nonces(tmp_path: Path, clock: Clock) -> Iterator[NonceBook]:
    book = NonceBook(tmp_path / "nonces", now=clock.now.timestamp(), map_bytes=1 << 24)
    yield book
    book.close()


@pytest.fixture
def door(store: SqliteStore, nonces: NonceBook, clock: Clock) -> Door:
    """The front door, on a clock that stands still."""
    return Door(
        store,
        Safe(MASTER_KEY),
        nonces,
        allowed_hosts=("rollbook.test", "api.schoology.com"),
        trusted_proxies=("10.0.0.0/8",),
        clock=clock,
    )


@pytest.fixture
async def client(
    store: SqliteStore, door: Door, cast: Cast, clock: Clock
) -> AsyncIterator[httpx.AsyncClient]:
    """
    A client of the real application, asking as Alice, the administrator, over https.

    To ask as somebody else: `client.get(path, auth=Signed(cast.keys["bob"], SECRET, clock))`.
    """
    watch = Watch(metrics_allowed=("192.0.2.0/24",))
    app = build_app(store, door, clock=clock, limits=Limits(body_max=1 << 20), watch=watch)
    transport = httpx.ASGITransport(app, client=("192.0.2.7", 5555))  # type: ignore[arg-type]
    async with httpx.AsyncClient(
        transport=transport,
        base_url="https://rollbook.test/v1/",
        auth=Signed(cast.keys["alice"], SECRET, clock),
    ) as client:
        yield client
