"""PostgreSQL goes down in a storm (B1), and what is owed holds all the same."""

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import books
from clusters import Cluster, binaries
from faults import figures
from faults.asking import Asking, body_of
from faults.check import Findings, look_at
from faults.elsewhere import ledger_elsewhere
from faults.flood import Errand, flood
from faults.ground import Ground, prepare_in_cluster
from faults.server import Server
from faults.storm import DAYS, Storm

NewServer = Callable[..., Server]
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


def storm_with_blows(
    cluster: Cluster, folder: Path, blows: Sequence[str]
) -> tuple[Findings, Storm, int, list[float]]:
    """Strike so often while eight writers save; return what was found, and what was heard."""
    ground = prepare_in_cluster(books.ClusterOfDatabases(cluster).new(), folder)
    server = ground.server()
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
            return look_at(ground, ledger), storm, ledger.acknowledged, back
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


# ---------------------------------------------------------------- B5: opposite orders


def save_in_opposite_orders(ground: Ground, server: Server, times: int) -> Counter[int]:
    """Let eight clients save two marks, half of them the other way round; count the statuses."""
    section, (one, other, *_) = ground.students["w0"]

    def plan(client: int, number: int) -> Errand:
        status = 1 + (client + number) % 4
        marks = [((DAYS[0], who), status) for who in (one, other)]
        return Errand("PUT", section, body_of(marks[:: 1 if client % 2 else -1], f"{number}"))

    server.start()
    answers = flood(server.port, ground.key, plan, clients=8, times=times)
    assert server.stop() == 0, server.log()
    return Counter(answer.status for answer in answers)


def deadlocks(ground: Ground) -> int:
    """Return how many times the database had to let one of two fail."""
    assert ground.postgres
    ((found,),) = ground.postgres.sql(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    )
    return int(found)


@pytest.mark.parametrize("database", ["postgresql"])
def test_opposite_orders_do_not_wait_for_each_other(
    ground: Ground, new_server: NewServer
) -> None:
    """
    Two bodies with the same marks, one the other way round, again and again: no deadlock.
    """
    times = figures.long_or_short(125, 12)
    statuses = save_in_opposite_orders(ground, new_server(), times)
    figures.note(
        "B5",
        "two bodies in opposite orders",
        saved=statuses[200],
        refused=statuses.total() - statuses[200],
        deadlocks=deadlocks(ground),
    )

    assert statuses == {200: 8 * times}
    assert deadlocks(ground) == 0


@figures.only_long  # its times are those of a machine to itself
@pytest.mark.parametrize("database", ["postgresql"])
def test_marks_that_are_locked_first_wait_for_each_other(
    ground: Ground, new_server: NewServer
) -> None:
    """
    The guard off: where a save takes hold of its marks in the body's order before it has its
    place in the record, two of them wait for each other.
    """
    book = ground.postgres
    assert book
    section, (one, other, *_) = ground.students["w0"]
    book.sql(
        "CREATE FUNCTION hold_marks() RETURNS trigger LANGUAGE plpgsql AS '"
        "DECLARE change json; BEGIN "
        "FOR change IN SELECT json_array_elements(NEW.changes::json) LOOP "
        "UPDATE marks SET status = status WHERE district_id = NEW.district_id "
        "AND section_id = NEW.section_id AND enrollment_id = (change->>0)::bigint; "
        "PERFORM pg_sleep(0.02); END LOOP; RETURN NEW; END'"
    )
    server = new_server()
    server.start()
    first = Asking(server.port, ground.key).put(
        section, {(DAYS[0], one): 2, (DAYS[0], other): 2}
    )
    assert (first.status, server.stop()) == (200, 0)
    book.sql(
        "CREATE TRIGGER hold_marks BEFORE INSERT ON record "
        "FOR EACH ROW EXECUTE FUNCTION hold_marks()"
    )
    book.sql(f"ALTER DATABASE {book.name} SET deadlock_timeout = '50ms'")  # looked for so soon
    statuses = save_in_opposite_orders(ground, server, 3)

    assert statuses[503] > 0
    assert deadlocks(ground) > 0


# ---------------------------------------------------------------- B7: a careless database


@pytest.mark.parametrize("database", ["postgresql"])
def test_a_database_that_may_lose_saves_is_told_of(
    ground: Ground, new_server: NewServer
) -> None:
    """
    The server starts on it, with a line in its log for each setting that is off, and for no other.
    """
    book = ground.postgres
    assert book
    server = new_server()
    told: list[set[str]] = []
    for switched in ("off", "on"):
        book.sql(f"ALTER DATABASE {book.name} SET synchronous_commit = {switched}")
        before = len(server.log()) if told else 0
        server.start()
        assert server.stop() == 0, server.log()
        said = server.log()[before:].splitlines()
        lines = [json.loads(line) for line in said if line.startswith("{")]
        told.append({line["setting"] for line in lines if "may lose saves" in line["message"]})
    figures.note("B7", "fsync, full_page_writes, synchronous_commit off", warnings=len(told[0]))

    assert told == [
        {"fsync", "full_page_writes", "synchronous_commit"},
        {"fsync", "full_page_writes"},
    ]


# ---------------------------------------------------------------- B1, its guard off


def test_the_check_sees_what_was_not_on_the_disk(durable: Cluster, tmp_path: Path) -> None:
    """
    A database that does not wait for its disk loses saves, and the check says so.
    """
    durable.restart(synchronous_commit="off", wal_writer_delay="10s")
    findings, _, _, _ = storm_with_blows(durable, tmp_path, ["everything"] * 3)

    assert findings.lost != []
