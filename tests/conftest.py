"""Fixtures that every folder of tests may use."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

import books
import clusters
from cast import MASTER_KEY, PENDING_PLACE, SECRET, Cast, settle
from rollbook.api.app import Limits, build_app
from rollbook.api.health import Watch
from rollbook.auth.credentials import Safe
from rollbook.auth.door import Door
from rollbook.auth.nonces import NonceBook
from rollbook.domain.store import Store
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
    """A book with both districts in it."""

    book: books.Book
    lindenhof: Cast
    nordhafen: Cast

    @property
    def path(self) -> Path:
        """The file that the book is in, for whom the file is the subject."""
        assert isinstance(self.book, books.File), "this test is about SQLite's file"
        return self.book.path


def settle_both(book: books.Book) -> World:
    """Settle both districts in an empty book."""

    async def settle_both() -> tuple[Cast, Cast]:
        store = await book.open(Clock())
        lindenhof = await settle(store, "Lindenhof", key_letter="a")
        nordhafen = await settle(store, "Nordhafen", key_letter="b")
        await store.close()
        return lindenhof, nordhafen

    world = World(book, *asyncio.run(settle_both()))
    # The pending places get their status here: no roster file can say that.
    who, status = PENDING_PLACE
    book.sql("UPDATE enrollments SET status = ? WHERE sourced_id = ?", status.value, who)
    return world


@pytest.fixture(scope="session")
def databases(cluster: clusters.Cluster) -> books.ClusterOfDatabases:
    """Where the tests on PostgreSQL get their databases."""
    return books.ClusterOfDatabases(cluster)


@pytest.fixture(scope="session")
def settled(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Settle both districts once in a file; tests copy it."""
    return settle_both(books.FolderOfFiles(tmp_path_factory.mktemp("settled")).new())


@pytest.fixture(scope="session")
def settled_in_cluster(databases: books.ClusterOfDatabases) -> World:
    """Settle both districts once in a database; tests copy it."""
    return settle_both(databases.new())


@pytest.fixture(scope="session")
def coordinator() -> books.Coordinator:
    """Where the tests on several servers get their turn."""
    return books.Coordinator(books.COORDINATOR)


@pytest.fixture(scope="session")
def settled_on_citus(coordinator: books.Coordinator) -> World:
    """Settle both districts once on several servers; tests have them in their turn."""
    return settle_both(coordinator.new())


_SETTLED = {
    "sqlite": "settled",
    "postgres": "settled_in_cluster",
    "citus": "settled_on_citus",
}


@pytest.fixture
def database() -> str:
    """Which database the test is on; folders that are on each say so in their own fixture."""
    return "sqlite"


@pytest.fixture
def library(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> books.Library:
    """Where the test's books come from."""
    if database == "sqlite":
        return books.FolderOfFiles(tmp_path)
    name = "databases" if database == "postgres" else "coordinator"
    library: books.Library = request.getfixturevalue(name)
    return library


@pytest.fixture
def world(
    database: str, request: pytest.FixtureRequest, library: books.Library
) -> Iterator[World]:
    """Both districts, in a book of the test's own."""
    settled: World = request.getfixturevalue(_SETTLED[database])
    book = library.copy(settled.book, often=True)
    yield msgspec.structs.replace(settled, book=book)
    book.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(world: World, clock: Clock) -> AsyncIterator[Store]:
    """The store on the test's own book."""
    store = await world.book.open(clock)
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
def door(store: Store, nonces: NonceBook, clock: Clock) -> Door:
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
    store: Store, door: Door, cast: Cast, clock: Clock
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
