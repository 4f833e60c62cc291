"""Nonces in the database: good once, whichever worker of whichever machine is asked."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

import books
from conftest import World
from rollbook.auth.nonces import WINDOW
from rollbook.domain.errors import Unavailable
from rollbook.storage.postgres.nonces import NonceTable
from rollbook.storage.postgres.pool import Pool
from rollbook.storage.postgres.statements import SQL

NOW = 1_795_000_000

NewWorker = Callable[[], NonceTable]


@pytest.fixture
def database(databases: books.ClusterOfDatabases, settled_in_cluster: World) -> books.Database:
    """A database of the test's own with both districts in it."""
    return databases.copy(settled_in_cluster.book)


@pytest.fixture
async def new_worker(database: books.Database) -> AsyncIterator[NewWorker]:
    """Makes what each worker has: its own connections, and its own table of nonces."""
    pools: list[Pool] = []

    def new() -> NonceTable:
        pools.append(Pool(database.url, size=4))
        return NonceTable(pools[-1], window=WINDOW)

    yield new
    for pool in pools:
        await pool.close()


@pytest.fixture
def claim(settled_in_cluster: World) -> Any:
    """Claims one nonce of Lindenhof's."""

    async def claim(
        table: NonceTable, nonce: str, *, at: int = NOW, now: float = NOW, district: int = 0
    ) -> bool:
        home = district or settled_in_cluster.lindenhof.district.id
        return await table.claim(home, at, "key", "", nonce, now=now)

    return claim


async def aside(database: books.Database, statement: str) -> books.Rows:
    """Run a statement while the workers go on: it may have to wait for one of theirs."""
    return await asyncio.to_thread(database.sql, statement)


async def crash(database: books.Database) -> None:
    """Do to the tables what a crash of the database does to them."""
    await aside(database, "TRUNCATE nonces, nonce_books")


async def size(database: books.Database) -> int:
    ((rows,),) = await aside(database, "SELECT count(*) FROM nonces")
    return int(rows)


async def test_a_nonce_is_good_once_for_all_workers(new_worker: NewWorker, claim: Any) -> None:
    """
    The second use is refused, also by a worker that never heard of the first.
    """
    here, there = new_worker(), new_worker()

    assert [await claim(here, "n"), await claim(here, "n")] == [True, False]
    assert [await claim(there, "n"), await claim(there, "m")] == [False, True]


async def test_what_differs_in_any_part_is_another_nonce(
    new_worker: NewWorker, claim: Any, settled_in_cluster: World
) -> None:
    """
    Key, token, timestamp and nonce make it, and nothing can be moved from one to the next.
    """
    table = new_worker()
    home = settled_in_cluster.lindenhof.district.id
    uses = [
        (home, NOW, "key", "", "n"),
        (home, NOW + 1, "key", "", "n"),
        (home, NOW, "other", "", "n"),
        (home, NOW, "key", "token", "n"),
        (home, NOW, "key", "", "m"),
        (home, NOW, "ke", "y", "n"),
    ]

    assert all([await table.claim(*use, now=NOW) for use in uses])
    assert not any([await table.claim(*use, now=NOW) for use in uses])


async def test_of_many_at_once_each_nonce_makes_one(
    new_worker: NewWorker, claim: Any, database: books.Database
) -> None:
    """
    Four workers, the same hundred nonces in opposite orders, all at once: one each, no deadlock.
    """
    workers = [new_worker() for _ in range(4)]
    nonces = [f"n{number}" for number in range(100)]
    claims = [
        claim(worker, nonce)
        for number, worker in enumerate(workers)
        for nonce in nonces[:: -1 if number % 2 else 1]
    ]
    good = await asyncio.gather(*claims)
    ((deadlocks,),) = await aside(
        database, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    )

    assert sum(good) == await size(database) == 100
    assert deadlocks == 0


@pytest.mark.parametrize("at", [0, 9])  # the client's clock may be ahead
async def test_after_a_crash_older_requests_are_not_taken(
    new_worker: NewWorker, claim: Any, database: books.Database, caplog: Any, at: int
) -> None:
    """
    The table is empty then: what may have been used is answered with 503, newer ones are good.
    """
    here, there = new_worker(), new_worker()
    assert await claim(here, "used")
    await crash(database)
    with caplog.at_level(logging.WARNING), pytest.raises(Unavailable, match="sign it anew"):
        await claim(there, "used", at=NOW + at, now=NOW + 1)
    for table in (here, there):
        with pytest.raises(Unavailable, match="sign it anew"):
            await claim(table, "unused", at=NOW + 1, now=NOW + 2)

    assert "lost the used nonces" in caplog.text
    assert await claim(here, "new", at=NOW + 2, now=NOW + 2)
    assert not await claim(there, "new", at=NOW + 2, now=NOW + 2)


async def test_a_book_is_begun_once(
    new_worker: NewWorker, claim: Any, database: books.Database, settled_in_cluster: World
) -> None:
    """
    Of two workers that find none the second one leaves the first one's as it is.
    """
    table, district_id = new_worker(), settled_in_cluster.lindenhof.district.id
    async with table._pool.of(district_id) as db:
        await db.execute(SQL.begin_nonce_book, district_id, NOW + 60)

    assert await claim(table, "n")


async def test_a_district_that_is_new_has_no_past(
    new_worker: NewWorker, claim: Any, settled_in_cluster: World, database: books.Database
) -> None:
    """
    Its first request is good, however its clock goes; a nonce of one is nobody else's.
    """
    table, other = new_worker(), settled_in_cluster.nordhafen.district.id

    assert await claim(table, "n", at=NOW - WINDOW)
    assert await claim(table, "n", at=NOW - WINDOW, district=other)


async def test_the_table_holds_the_window_and_little_more(
    new_worker: NewWorker, claim: Any, database: books.Database
) -> None:
    """
    What is too old to be sent again is removed a minute later, by whichever worker is first.
    """
    workers = [new_worker(), new_worker()]
    for second in range(0, 4 * WINDOW, 10):
        for number, worker in enumerate(workers):
            assert await claim(worker, f"{number}", at=NOW + second, now=NOW + second)
    await asyncio.sleep(0.1)

    assert 2 * (WINDOW + 60) / 10 <= await size(database) <= 2 * (WINDOW + 60 + 20) / 10


async def test_what_was_swept_is_not_good_again(
    new_worker: NewWorker, claim: Any, database: books.Database
) -> None:
    """
    A machine whose clock is late takes nothing that may have been removed.
    """
    here, late = new_worker(), new_worker()
    await claim(here, "n")
    await claim(here, "m", at=NOW + WINDOW + 90, now=NOW + WINDOW + 90)
    await asyncio.sleep(0.1)

    assert await size(database) == 1
    assert not await claim(late, "n", now=NOW + 60)
    with pytest.raises(Unavailable, match="clock is"):
        await claim(late, "o", at=NOW - WINDOW, now=NOW - WINDOW)


async def test_a_table_that_is_gone_lets_nobody_in(
    new_worker: NewWorker, claim: Any, database: books.Database
) -> None:
    """
    Everybody who waits hears of a fault, and the next ones are asked anew.
    """
    table = new_worker()
    await aside(database, "ALTER TABLE nonces RENAME TO gone")
    claims = [claim(table, f"{number}") for number in range(10)]
    found = await asyncio.gather(*claims, return_exceptions=True)
    await aside(database, "ALTER TABLE gone RENAME TO nonces")

    assert {type(each) for each in found} == {Unavailable}
    assert await claim(table, "0")


async def test_who_gives_up_takes_nobody_along(new_worker: NewWorker, claim: Any) -> None:
    """
    A request whose client has gone is cancelled; what others wait for comes.
    """
    table = new_worker()
    first = asyncio.create_task(claim(table, "first"))
    others = [asyncio.create_task(claim(table, f"{number}")) for number in range(5)]
    await asyncio.sleep(0)
    first.cancel()

    assert await asyncio.gather(*others) == [True] * 5
    assert not await claim(table, "first")
