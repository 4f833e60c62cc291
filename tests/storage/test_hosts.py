"""A database that may be on one of several machines."""

import os
import shutil
import socket
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest

from clusters import OWNER, Cluster, binaries
from rollbook.domain.errors import Unavailable
from rollbook.storage.postgres.hosts import Hosts, one_by_one
from rollbook.storage.postgres.pool import ROLE, Pool


@pytest.fixture(scope="module")
def two() -> Iterator[tuple[Cluster, Cluster]]:
    """A primary, and a copy of it that waits to take over."""
    if not binaries():
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    primary, standby = Cluster(durable=False), Cluster(durable=False)
    primary.start()
    primary.psql(f"CREATE ROLE {ROLE} NOLOGIN")
    primary.stop()
    shutil.rmtree(standby.data)
    shutil.copytree(primary.data, standby.data)
    (standby.data / "standby.signal").touch()
    if os.geteuid() == 0:
        shutil.chown(standby.data, OWNER, OWNER)
        for place in standby.data.rglob("*"):
            shutil.chown(place, OWNER, OWNER)
    primary.start()
    standby.start()
    yield primary, standby
    primary.close()
    standby.close()


def address(*clusters: Cluster, attribute: str = "primary") -> str:
    hosts = ",".join(f"127.0.0.1:{cluster.port}" for cluster in clusters)
    return f"postgresql://{OWNER}@{hosts}/postgres?target_session_attrs={attribute}"


async def asked(pool: Pool) -> Any:
    """Return the port of the server that a pool asks."""
    async with pool.shared() as db:
        return await db.fetchval("SELECT current_setting('port')::int")


async def test_the_one_that_takes_saves_is_found(two: tuple[Cluster, Cluster]) -> None:
    """
    Whichever is the primary is asked, before the standby has taken over and after; a former one
    that is back as a standby is not.
    """
    first, second = two
    pool = Pool(address(second, first))

    assert await asked(pool) == first.port
    first.stop("kill")
    with pytest.raises(Unavailable):
        await asked(pool)  # its connection is gone
    with pytest.raises(Unavailable, match="none of its hosts"):
        await asked(pool)
    second.psql("SELECT pg_promote()")
    (first.data / "standby.signal").touch()
    first.start()
    assert await asked(pool) == second.port
    await pool.close()
    other = Pool(address(first, second))
    assert await asked(other) == second.port
    await other.close()


async def test_what_a_pooler_says_first_is_not_believed(
    two: tuple[Cluster, Cluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    PgBouncer greets with what was so when it first connected: a primary, where a standby is now.
    """
    monkeypatch.setattr(
        asyncpg.Connection, "get_settings", lambda _: SimpleNamespace(in_hot_standby="off")
    )
    found = []
    for clusters in (two, two[::-1]):
        pool = Pool(address(*clusters))
        found.append(await asked(pool))
        await pool.close()

    assert found[0] == found[1]


async def test_a_machine_without_power_does_not_hide_the_next(
    two: tuple[Cluster, Cluster],
) -> None:
    """
    One that says nothing at all costs two seconds, once.
    """
    with socket.create_server(("127.0.0.1", 0)) as silent:
        dark = silent.getsockname()[1]
        url = address(*two, attribute="any").replace("@", f"@127.0.0.1:{dark},")
        hosts, took = Hosts(url), []
        for _ in range(2):
            begun = time.monotonic()
            db = await hosts.connect()
            took.append(time.monotonic() - begun)
            await db.close()

    assert took[0] > 1.9
    assert took[1] < 1


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("postgresql://a@b/c", ["postgresql://a@b/c"]),
        ("postgresql:///c?host=/run", ["postgresql:///c?host=/run"]),
        ("postgresql://a:p%2C@b:1,[::1]:2/c?x=y",
         ["postgresql://a:p%2C@b:1/c?x=y", "postgresql://a:p%2C@[::1]:2/c?x=y"]),
        ("postgresql://a@b,d/c?target_session_attrs=prefer-standby",
         ["postgresql://a@b,d/c?target_session_attrs=prefer-standby"]),
    ],
)  # fmt: skip
def test_an_address_is_one_for_each_host(url: str, found: list[str]) -> None:
    """
    What stands around the hosts is the same for each.
    """
    assert one_by_one(url) == found
