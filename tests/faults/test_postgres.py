"""PostgreSQL goes down in a storm (B1), and what is owed holds all the same."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import books
from clusters import Cluster, binaries
from faults import figures
from faults.check import Findings, hold_against
from faults.elsewhere import ledger_elsewhere
from faults.ground import Ground, prepare_in
from faults.server import Server
from faults.storm import Storm
from rollbook.storage.postgres import PostgresStore
from rollbook.storage.queries import numbered

BLOWS = figures.long_or_short(30, 4)
SECONDS = figures.long_or_short(4, 1)  # between two of them


@pytest.fixture
def durable() -> Iterator[Cluster]:
    """A PostgreSQL of the test's own, that waits for the disk."""
    if not binaries():
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    cluster = Cluster(durable=True)
    cluster.start()
    yield cluster
    cluster.close()


class Asked:
    """A database of a cluster, asked as the check of a storm asks."""

    def __init__(self, database: books.Database) -> None:
        self._database = database

    def execute(self, statement: str, parameters: Sequence[Any] = (), /) -> books.Rows:
        return self._database.sql(numbered(statement)[0], *parameters)


async def settle_in(database: books.Database, folder: Path) -> Ground:
    """Settle the ground of a storm in a database."""
    store = await PostgresStore.open(database.url)
    try:
        return await prepare_in(store, folder / "unused.db")
    finally:
        await store.close()


def storm_with_blows(
    cluster: Cluster, folder: Path, blows: Sequence[str]
) -> tuple[Findings, Storm, int, list[float]]:
    """Strike so often while eight writers save; return what was found, and what was heard."""
    database = books.ClusterOfDatabases(cluster).new()
    ground = asyncio.run(settle_in(database, folder))
    server = Server(ground.database)
    server.environ["ROLLBOOK_DATABASE"] = database.url
    server.start()
    back: list[float] = []
    try:
        with ledger_elsewhere() as ledger:
            storm = Storm(server.port, ground.key, ground.students, ledger)
            with storm:
                for blow in blows:
                    time.sleep(SECONDS * random.uniform(0.5, 1.5))
                    strike(cluster, blow)
                    back.append(seconds_until_saved(ledger))
            assert server.stop() == 0, server.log()
            return hold_against(Asked(database), ledger), storm, ledger.acknowledged, back
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()


def strike(cluster: Cluster, blow: str) -> None:
    """Do one of the things that happen to a database."""
    if blow == "backend":
        victims = cluster.backends(database="book_%")
        os.kill(random.choice(victims), signal.SIGKILL)
        time.sleep(0.3)  # it lets nobody in while it puts itself right
    else:
        cluster.stop("kill" if blow == "everything" else "immediate")
        cluster.start()


def seconds_until_saved(ledger: Any) -> float:
    """Return how long it takes until another roll is acknowledged."""
    before, begun = ledger.acknowledged, time.monotonic()
    while ledger.acknowledged == before:
        assert time.monotonic() < begun + 20, "nobody saves any more"
        time.sleep(0.005)
    return time.monotonic() - begun


def test_a_database_that_goes_down_loses_nothing(durable: Cluster, tmp_path: Path) -> None:
    """
    Restarted at once, one connection killed, all of it killed: what was acknowledged is there,
    no roll is there in part, and saving goes on without a hand.
    """
    kinds = ("restart", "backend", "everything", "restart")
    blows = [kinds[number % len(kinds)] for number in range(BLOWS)]
    findings, storm, acknowledged, back = storm_with_blows(durable, tmp_path, blows)
    figures.note(
        "B1",
        "PostgreSQL goes down in a storm",
        blows=len(blows),
        acknowledged=acknowledged,
        lost=len(findings.lost),
        half=len(findings.half),
        phantom=len(findings.phantom),
        refused_503=sum(answer.status == 503 for answer in storm.saving),
        first_save_after_p50_s=figures.share(back, 0.5),
        first_save_after_max_s=max(back),
    )

    assert findings.all == []
    assert storm.unexpected == []
    assert acknowledged > 10 * len(blows)


def test_the_check_sees_what_was_not_on_the_disk(durable: Cluster, tmp_path: Path) -> None:
    """
    A database that does not wait for its disk loses saves, and the check says so.
    """
    durable.restart(synchronous_commit="off", wal_writer_delay="10s")
    findings, _, _, _ = storm_with_blows(durable, tmp_path, ["everything"] * 3)

    assert findings.lost != []
