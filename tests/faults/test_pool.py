"""Catalogue B3 and B4: no connection to PostgreSQL is to be had, or it calls a statement off."""

import asyncio
import contextlib
import http.client
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import books
from clusters import Cluster, binaries
from faults import figures
from faults.asking import Answer, Asking
from faults.ground import Ground, prepare_in_cluster
from faults.storm import DAYS
from faults.way import Way

HELD = figures.long_or_short(25, 3)  # seconds
WAIT_MAX = 1  # as it is set here


@pytest.fixture
def database() -> str:
    return "postgresql"


def bare(port: int, path: str, **headers: str) -> Answer:
    """Ask without a signature, or with a bad one."""
    begun = time.monotonic()
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    line.request("GET", path, headers=headers)
    answer = line.getresponse()
    read = Answer(answer.status, answer.read(), answer.headers["Retry-After"], begun)
    line.close()
    read.seconds = time.monotonic() - begun
    return read


# ---------------------------------------------------------------- B3: the pool is used up

NEED_NO_CONNECTION: dict[str, tuple[str, dict[str, str]]] = {
    "unsigned": ("/v1/users/me", {}),
    "malformed": ("/v1/users/me", {"Authorization": "OAuth x"}),
    "nowhere": ("/v1/nowhere", {}),
    "live": ("/health/live", {}),
}


def ask_while_held(
    ground: Ground, way: Way, wait_max: int
) -> tuple[Answer, list[Answer], dict[str, list[Answer]]]:
    """
    Keep the one connection of the one worker busy with a save, and ask.

    Returns that save, the readings meanwhile, and what else was asked meanwhile, by what it was.
    """
    assert ground.postgres
    server = ground.server(
        url=way.url(ground.postgres.url),
        workers=1,
        ROLLBOOK_DATABASE_CONNECTIONS="1",
        ROLLBOOK_WAIT_MAX=str(wait_max),
    )
    server.start()
    asking = Asking(server.port, ground.key)
    section, students = ground.students["w0"]
    assert asking.get(section).status == 200
    way.delay = lambda asked: HELD if "save_sections(" in asked else 0.0
    readings: list[Answer] = []
    others: dict[str, list[Answer]] = {}
    with ThreadPoolExecutor(1) as thread:
        held = thread.submit(asking.put, section, {(DAYS[0], students[0]): 2})
        time.sleep(0.5)
        while not held.done():
            for what, (path, headers) in NEED_NO_CONNECTION.items():
                others.setdefault(what, []).append(bare(server.port, path, **headers))
            readings.append(asking.get(section))
            if "ready" not in others:
                others["ready"] = [bare(server.port, "/health/ready")]
        saved = held.result()
    way.delay = lambda _: 0.0
    readings.append(asking.get(section))
    assert server.stop() == 0, server.log()
    return saved, readings, others


def test_a_pool_that_is_used_up_is_told_in_time(ground: Ground, way: Way) -> None:
    """
    Who needs a connection hears within the time that is set that there is none; who needs none
    is answered as ever; and afterwards everything is.
    """
    saved, readings, others = ask_while_held(ground, way, WAIT_MAX)
    *refused, after = readings
    seconds = [answer.seconds for answer in refused if answer.status == 503]
    figures.note(
        "B3",
        f"the only connection held for {HELD} s",
        refused_503=len(seconds),
        refused_p50_s=figures.share(seconds, 0.5),
        refused_p99_s=figures.share(seconds, 0.99),
        unsigned_401_max_s=max(answer.seconds for answer in others["unsigned"]),
        malformed_400_max_s=max(answer.seconds for answer in others["malformed"]),
        ready=others["ready"][0].status,
    )

    assert (saved.status, after.status) == (200, 200)
    assert seconds
    assert all(answer.retry_after for answer in refused if answer.status == 503)
    assert max(seconds) < WAIT_MAX + 1
    for what, status in (
        ("unsigned", 401),
        ("malformed", 400),
        ("nowhere", 404),
        ("live", 200),
    ):
        assert {answer.status for answer in others[what]} == {status}
        assert max(answer.seconds for answer in others[what]) < WAIT_MAX
    assert others["ready"][0].status == 503
    assert b"The database cannot be read." in others["ready"][0].body


def test_without_a_bound_everybody_waits(ground: Ground, way: Way) -> None:
    """
    The guard off: with a minute to wait, nobody hears anything until the connection is free.
    """
    _, readings, _ = ask_while_held(ground, way, 60)

    assert {answer.status for answer in readings} == {200}
    assert max(answer.seconds for answer in readings) > WAIT_MAX + 1


# ---------------------------------------------------------------- B4: the database has enough


@pytest.fixture(scope="module")
def narrow() -> Iterator[Cluster]:
    """A PostgreSQL that has twelve connections."""
    if not binaries():
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    cluster = Cluster(durable=False, max_connections=12)
    cluster.start()
    yield cluster
    cluster.close()


@contextlib.contextmanager
def connections_of_others(cluster: Cluster, most: int) -> Iterator[int]:
    """Take up connections, as many as there are or *most*; yield how many that was."""
    full, over = threading.Event(), threading.Event()
    held: list[Any] = []

    async def hold() -> None:
        with contextlib.suppress(asyncpg.TooManyConnectionsError):
            while len(held) < most:
                held.append(await asyncpg.connect(cluster.url()))
        full.set()
        await asyncio.to_thread(over.wait)
        for db in held:
            await db.close()

    thread = threading.Thread(target=asyncio.run, args=(hold(),))
    thread.start()
    full.wait()
    try:
        yield len(held)
    finally:
        over.set()
        thread.join()


def test_no_connection_is_left_for_us(narrow: Cluster, tmp_path: Path) -> None:
    """
    When others have all connections of the database, 503 says so at once; then it goes on.
    """
    ground = prepare_in_cluster(books.ClusterOfDatabases(narrow).new(), tmp_path)
    server = ground.server()
    server.start()
    asking = Asking(server.port, ground.key)
    section, students = ground.students["w0"]
    marks = {(DAYS[0], students[0]): 2}
    with connections_of_others(narrow, 1000) as held:
        refused = [asking.put(section, marks) for _ in range(6)]
    with connections_of_others(narrow, held - 4):  # that was the reason: two have enough
        served = [asking.put(section, marks) for _ in range(6)]
    figures.note(
        "B4",
        "max_connections reached",
        refused_503=sum(answer.status == 503 for answer in refused),
        put_max_s=max(answer.seconds for answer in refused),
        served_after=sum(answer.status == 200 for answer in served),
    )
    assert server.stop() == 0, server.log()

    assert {(answer.status, bool(answer.retry_after)) for answer in refused} == {(503, True)}
    assert b"cannot be reached" in refused[0].body
    assert max(answer.seconds for answer in refused) < 2
    assert {answer.status for answer in served} == {200}


SLOW_DAY = DAYS[1]


def called_off(ground: Ground, cluster: Cluster, way: Way, breaks: str = "") -> list[Answer]:
    """
    Have a statement take too long, wait too long for a lock, and a transaction do nothing for
    too long; return what came of each, and of a save afterwards.
    """
    book = ground.postgres
    assert book
    for name, limit in (
        ("statement_timeout", "1500ms"),
        ("idle_in_transaction_session_timeout", "300ms"),
    ):
        cluster.psql(f"ALTER DATABASE {book.name} SET {name} = '{limit}'")
    cluster.psql(
        "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql "
        "AS 'BEGIN PERFORM pg_sleep(20); RETURN NEW; END';"
        "CREATE TRIGGER dawdle BEFORE INSERT ON rolls FOR EACH ROW "
        f"WHEN (NEW.date = '{SLOW_DAY}') EXECUTE FUNCTION dawdle()",
        book.name,
    )
    server = ground.server(
        url=way.url(book.url), breaks=breaks, workers=1, ROLLBOOK_WAIT_MAX=str(WAIT_MAX)
    )
    server.start()
    asking = Asking(server.port, ground.key)
    section, (one, other, *_) = ground.students["w0"]
    too_slow = asking.put(section, {(SLOW_DAY, one): 2})
    with locked(cluster, book):
        too_long_locked = asking.put(section, {(DAYS[0], other): 2})
    # The statements of a reading are prepared on the connection that is lent next.
    assert asking.history(section).status == 200
    way.delay = lambda asked: 1.0 if "FROM record" in asked else 0.0
    # Once in a while, on a crowded machine, the database lets one pass; it is not asked why.
    readings = (asking.history(ground.students["w1"][0]) for _ in range(5))
    too_long_idle = next(answer for answer in readings if answer.status != 200)
    way.delay = lambda _: 0.0
    after = asking.put(section, {(DAYS[0], one): 3})
    assert server.stop() == 0, server.log()
    return [too_slow, too_long_locked, too_long_idle, after]


@contextlib.contextmanager
def locked(cluster: Cluster, book: books.Database) -> Iterator[None]:
    """Hold a lock that every save needs."""
    with ThreadPoolExecutor(1) as thread:
        held = thread.submit(
            cluster.psql,
            "SET statement_timeout TO 0; BEGIN; LOCK TABLE events; SELECT pg_sleep(60)",
            book.name,
        )
        while not book.sql(
            "SELECT 1 FROM pg_locks WHERE relation = 'events'::regclass "
            "AND mode = 'AccessExclusiveLock' AND granted"
        ):
            assert not held.done()
            time.sleep(0.05)
        yield
        for backend in cluster.backends(database=book.name):
            if "pg_sleep(60)" in cluster.psql(
                f"SELECT query FROM pg_stat_activity WHERE pid = {backend}"
            ):
                cluster.psql(f"SELECT pg_terminate_backend({backend})")
        assert held.exception()


def test_what_the_database_calls_off_is_undone(
    ground: Ground, cluster: Cluster, way: Way
) -> None:
    """
    Each limit of the database comes to 503 in time, with nothing left of the save; and the next
    one is saved.
    """
    *refused, after = called_off(ground, cluster, way)
    assert ground.postgres
    marks = ground.postgres.sql("SELECT status FROM marks")
    record = ground.postgres.sql("SELECT number FROM record")
    for what, answer in zip(("a statement", "a lock", "a transaction"), refused, strict=True):
        figures.note(
            "B4", f"{what} that takes too long", status=answer.status, seconds=answer.seconds
        )

    assert {(answer.status, bool(answer.retry_after)) for answer in refused} == {(503, True)}
    assert max(answer.seconds for answer in refused) < 4
    assert after.status == 200
    assert (marks, record) == ([(3,)], [(1,)])


@figures.only_long
def test_marks_in_a_transaction_of_their_own_are_left(
    ground: Ground, cluster: Cluster, way: Way
) -> None:
    """
    The guard off: with two transactions for one, marks are left of what was called off.
    """
    called_off(ground, cluster, way, breaks="one transaction on PostgreSQL")
    assert ground.postgres

    assert len(ground.postgres.sql("SELECT status FROM marks")) > 1
