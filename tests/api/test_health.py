"""`/health` and `/metrics`: what whoever watches the server is told, and who is told."""

import asyncio
import errno
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from conftest import Clock, World
from rollbook.api import health
from rollbook.api.app import build_app
from rollbook.api.health import DISK_LEAST, Watch
from rollbook.auth.door import Door
from rollbook.domain.errors import Unavailable
from rollbook.domain.store import Store
from rollbook.storage.sqlite import SqliteStore
from rollbook.watch import metrics

Probe = Callable[..., Awaitable[httpx.Response]]


class Writer:
    """Carries commands to the writer, which does what a test says."""

    def __init__(self) -> None:
        self.trouble: Exception | None = None
        self.stands_still = False
        self.asked = 0

    async def __call__(self, command: Any) -> Any:
        self.asked += 1
        if self.stands_still:
            await asyncio.sleep(60)
        if self.trouble:
            raise self.trouble


@pytest.fixture
def database() -> str:
    """SQLite alone: the writer whose health is told here is the embedded store's."""
    return "sqlite"


@pytest.fixture
def writer() -> Writer:
    return Writer()


@pytest.fixture
async def watched(world: World, writer: Writer) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(world.path, writing=writer)
    yield store
    await store.close()


@pytest.fixture
def open_probe(watched: SqliteStore, door: Door, clock: Clock) -> Callable[..., Probe]:
    """Opens an application that is watched, to be asked by somebody without a key."""

    def open_(peer: str = "127.0.0.1", **facts: Any) -> Probe:
        app = build_app(watched, door, clock=clock, watch=Watch(**facts))
        transport = httpx.ASGITransport(app, client=(peer, 5555))  # type: ignore[arg-type]

        async def probe(path: str, **headers: str) -> httpx.Response:
            async with httpx.AsyncClient(transport=transport, base_url="http://any") as client:
                named = {name.replace("_", "-"): text for name, text in headers.items()}
                return await client.get(path, headers=named)

        return probe

    return open_


async def test_a_server_that_is_well_says_so(open_probe: Callable[..., Probe]) -> None:
    """
    Under any host name, without a signature, in both formats.
    """
    probe = open_probe()

    assert (await probe("/health/live")).json() == {"live": 1}
    assert (await probe("/health/ready")).json() == {"live": 1, "ready": 1}
    assert (await probe("/health")).json() == {"live": 1, "ready": 1}
    assert "<ready>1</ready>" in (await probe("/health", Accept="text/xml")).text


async def not_ready(probe: Probe) -> str:
    """Return why the server is not ready; it lives, and both ways of asking say the same."""
    ready, whole, live = [await probe(f"/health{path}") for path in ("/ready", "", "/live")]

    assert [ready.status_code, whole.status_code, live.status_code] == [503, 200, 200]
    assert int(ready.headers["Retry-After"]) > 0
    assert whole.json()["ready"] == 0
    message: str = ready.json()["message"]
    assert message == " ".join(whole.json()["reason"])
    return message


async def test_a_server_that_was_told_to_stop(open_probe: Callable[..., Probe]) -> None:
    """
    Nobody new is to be sent here, however well it is.
    """
    leaving = [False]
    probe = open_probe(leaving=lambda: leaving[0])
    well = await probe("/health/ready")
    leaving[0] = True

    assert well.status_code == 200
    assert await not_ready(probe) == "The server was told to stop, and is about to."


async def test_a_database_that_cannot_be_read(
    open_probe: Callable[..., Probe], world: World
) -> None:
    """
    The reason is a sentence, and has no path in it.
    """
    world.path.write_bytes(b"\xff" * world.path.stat().st_size)
    why = await not_ready(open_probe())

    assert why.startswith("The database cannot be read. The store cannot do this now")
    assert str(world.path.parent) not in why


async def test_a_schema_of_another_version(
    open_probe: Callable[..., Probe], sql: Callable[..., Any]
) -> None:
    """
    A database that was migrated, or put in place, under a running server is noticed.
    """
    sql("PRAGMA user_version = 999")

    assert "written by a later version of Rollbook" in await not_ready(open_probe())


async def test_a_writer_that_is_away(open_probe: Callable[..., Probe], writer: Writer) -> None:
    """
    What keeps saves from being saved is told.
    """
    writer.trouble = Unavailable("The writer is starting; try again.")

    assert await not_ready(open_probe()) == (
        "Nothing can be saved. The writer is starting; try again."
    )


async def test_a_writer_that_stands_still(
    open_probe: Callable[..., Probe], writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A probe does not hang with it.
    """
    monkeypatch.setattr(health, "_ANSWERS_WITHIN", 0.05)
    writer.stands_still = True

    assert "The writer has not answered" in await not_ready(open_probe())


def _a_disk_that_fails() -> int:
    raise OSError(errno.EIO, "Input/output error", "/var/lib/secret/rollbook.db")


@pytest.mark.parametrize(
    ("free", "reason"),
    [
        (lambda: DISK_LEAST - 1, "The disk is nearly full: 63 MB are left."),
        (
            _a_disk_that_fails,
            "The disk does not say what is free on it (Input/output error).",
        ),
    ],
)
async def test_a_disk_that_is_nearly_full(
    open_probe: Callable[..., Probe], free: Callable[[], int], reason: str
) -> None:
    """
    It is told before it is full.
    """
    assert await not_ready(open_probe(disk_free=free)) == reason


async def test_nobody_can_keep_the_writer_busy_with_probes(
    open_probe: Callable[..., Probe], writer: Writer
) -> None:
    """
    Anybody may ask, so what was found is told again for a while: many at once are one look.
    """
    probe = open_probe()
    answers = await asyncio.gather(*(probe("/health/ready") for _ in range(20)))

    assert {answer.status_code for answer in answers} == {200}
    assert writer.asked == 1


async def test_it_is_looked_again_after_a_while(
    open_probe: Callable[..., Probe], writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    When the cause is gone the server is ready again by itself.
    """
    monkeypatch.setattr(health, "_GOOD_FOR", 0)
    probe = open_probe()
    writer.trouble = Unavailable("The writer is starting; try again.")
    before = await probe("/health/ready")
    writer.trouble = None

    assert [before.status_code, (await probe("/health/ready")).status_code] == [503, 200]


async def test_ready_means_that_a_commit_was_made(
    store: Store, world: World, door: Door, clock: Clock
) -> None:
    """
    The look goes through the real writer to the real file: its log grows by it.
    """

    def size_of_log() -> int:
        return Path(f"{world.path}-wal").stat().st_size

    await store.try_writing()
    before = size_of_log()
    app = build_app(store, door, clock=clock)
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://any") as client:
        response = await client.get("/health/ready")

    assert response.status_code == 200
    assert size_of_log() > before


# ---------------------------------------------------------------- who may read the figures

NETWORKS = ("127.0.0.0/8", "::1/128", "198.51.100.0/24")


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("::ffff:127.0.0.1", {}, 200),
        ("198.51.100.9", {}, 200),
        ("192.0.2.7", {}, 404),
        ("", {}, 404),
        # Through a proxy that nobody told us of.
        ("127.0.0.1", {"X_Forwarded_For": "192.0.2.7"}, 404),
        ("127.0.0.1", {"X_Forwarded_For": "127.0.0.1"}, 404),
        ("127.0.0.1", {"X_Forwarded_Proto": "https"}, 404),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}, 404),
        ("192.0.2.7", {"X_Forwarded_For": "127.0.0.1"}, 404),
        # Through one that is trusted: 10.0.0.0/8.
        ("10.0.0.1", {"X_Forwarded_For": "198.51.100.9"}, 200),
        ("10.0.0.1", {"X_Forwarded_For": "192.0.2.7"}, 404),
        ("10.0.0.1", {"X_Forwarded_For": "127.0.0.1, 192.0.2.7"}, 404),
        ("10.0.0.1", {"X_Forwarded_For": "192.0.2.7, 198.51.100.9, 10.0.0.2"}, 200),
        ("10.0.0.1", {"X_Forwarded_For": "nonsense"}, 404),
        ("10.0.0.1", {}, 404),
    ],
)
async def test_who_may_read_the_figures(
    open_probe: Callable[..., Probe], peer: str, headers: dict[str, str], status: int
) -> None:
    """
    Networks that the setting names; to others it does not exist, in the very words of a 404.
    """
    probe = open_probe(peer, metrics_allowed=NETWORKS)
    response = await probe("/metrics", **headers)

    assert response.status_code == status
    if status == 404:
        assert response.json() == (await probe("/nothing")).json()
    else:
        assert response.headers["Content-Type"] == metrics.MEDIA_TYPE
        assert "rollbook_build_info{" in response.text
