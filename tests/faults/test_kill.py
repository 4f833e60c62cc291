"""
Catalogue A1 and A2: all of it, or one worker, is killed in a storm; nothing is lost.

On both databases: of PostgreSQL it is the server's processes that are killed, see B1 for its own.
"""

import os
import random
import signal
import statistics
import time
from collections.abc import Callable

import pytest

from faults import figures
from faults.asking import AWAY
from faults.check import Findings, look_at
from faults.elsewhere import ledger_elsewhere
from faults.ground import Ground
from faults.server import Server
from faults.storm import Ledger, Storm

NewServer = Callable[..., Server]
ROUNDS = {
    "sqlite": figures.long_or_short(200, 8),
    "postgresql": figures.long_or_short(20, 3),
}
BREAKS = {"sqlite": "one transaction", "postgresql": "one transaction on PostgreSQL"}
on_both = pytest.mark.parametrize("database", ["sqlite", "postgresql"])


def storm_with_kills(
    ground: Ground, ledger: Ledger, rounds: int, *, breaks: str = ""
) -> tuple[Findings, Storm, list[float]]:
    """Kill and restart a server *rounds* times in a storm, then look at what is there."""
    server = ground.server(breaks=breaks)
    restarts = [server.start()]
    storm = Storm(server.port, ground.key, ground.students, ledger)
    rng = random.Random(rounds)
    with storm:
        for number in range(1, rounds + 1):
            time.sleep(rng.uniform(0.1, 0.9))
            server.kill()
            restarts.append(server.start())
            if number % 20 == 0:
                print(f"A1: {number} of {rounds} kills, {ledger.acknowledged} acknowledged")
        time.sleep(0.5)
    assert server.stop() == 0, server.log()
    return look_at(ground, ledger), storm, restarts


@on_both
def test_no_acknowledged_mark_is_lost_when_the_server_is_killed(
    ground: Ground, database: str
) -> None:
    """
    However often the server is killed, every acknowledged roll is there, and none is there half.
    """
    rounds = ROUNDS[database]
    with ledger_elsewhere() as ledger:
        findings, storm, restarts = storm_with_kills(ground, ledger, rounds)

    saving = [answer.seconds for answer in storm.saving if answer.status == 200]
    figures.note(
        "A1",
        f"killed in a storm, {database}",
        seed=rounds,
        kills=rounds,
        sent=sum(map(len, ledger.rolls.values())),
        acknowledged=ledger.acknowledged,
        readings=storm.answers,
        lost=len(findings.lost),
        half=len(findings.half),
        phantom=len(findings.phantom),
        refused_503=sum(answer.status == 503 for answer in storm.saving),
        put_p50_s=figures.share(saving, 0.5),
        put_p99_s=figures.share(saving, 0.99),
        restart_p50_s=statistics.median(restarts),
        restart_max_s=max(restarts),
        restarts=[round(seconds, 3) for seconds in restarts],
    )
    assert findings.all == []
    assert storm.unexpected == []
    assert ledger.acknowledged > figures.long_or_short(10, 1) * rounds
    assert storm.answers > figures.long_or_short(10, 1) * rounds


@on_both
def test_the_check_sees_marks_saved_without_their_record(ground: Ground, database: str) -> None:
    """
    With two transactions where there should be one, the check of the storm goes red.
    """
    with ledger_elsewhere() as ledger:
        findings, _, _ = storm_with_kills(ground, ledger, 5, breaks=BREAKS[database])

    assert findings.half + findings.record != []


def test_killing_the_main_process_takes_the_others_with_it(ground: Ground) -> None:
    """
    When only the main process is killed, workers and writer leave, and a new server can start.
    """
    server = Server(ground.database)
    server.start()
    assert server.process is not None
    server.process.kill()
    server.process.wait()
    time.sleep(0.5)

    again = Server(ground.database)
    again.start()
    assert again.stop() == 0


# ---------------------------------------------------------------- A2: one worker


def kill_workers(
    ground: Ground, server: Server, kills: int, victims: int
) -> tuple[Storm, list[int], Findings]:
    """Kill so many workers at once, again and again; return how many requests each cost."""
    server.start()
    failed = []
    with ledger_elsewhere() as ledger:
        storm = Storm(server.port, ground.key, ground.students, ledger)
        with storm:
            time.sleep(0.3)
            for _ in range(kills):
                before = unanswered(storm)
                for worker in server.processes()["worker"][:victims]:
                    os.kill(worker, signal.SIGKILL)
                time.sleep(1.2)
                server.wait_for_workers(2)  # or the next one would be the only one that works
                failed.append(unanswered(storm) - before)
        assert server.stop() == 0, server.log()
        return storm, failed, look_at(ground, ledger)


def unanswered(storm: Storm) -> int:
    """Return how many requests nobody answered, so far."""
    return sum(answer.status == AWAY for answer in [*storm.saving, *storm.reading])


@figures.on_both
def test_a_killed_worker_costs_its_requests_only(
    ground: Ground, new_server: NewServer, database: str
) -> None:
    """
    Of sixteen clients those fail whom the killed worker was answering; the others go on.
    """
    kills = figures.long_or_short(40, 3)
    storm, failed, findings = kill_workers(ground, new_server(), kills, 1)
    figures.note(
        "A2",
        f"one worker of two killed, {database}",
        kills=kills,
        failed_per_kill=statistics.mean(failed),
        failed_max=max(failed),
        lost=len(findings.lost),
        half=len(findings.half),
    )

    assert findings.all == []
    assert storm.unexpected == []
    assert max(failed) <= 16


@figures.only_long
def test_killing_all_workers_costs_more(ground: Ground, new_server: NewServer) -> None:
    """
    The guard off: with no worker left, clients fail until there is one again.
    """
    # Once: the server ends when a worker dies twice within 5.5 seconds.
    _, failed, _ = kill_workers(ground, new_server(), 1, 2)

    assert max(failed) > 16
