"""Catalogue A1 and A2: the server is killed in a storm, and nothing acknowledged is lost."""

import contextlib
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from faults.check import Findings, check
from faults.ground import Ground
from faults.server import Server
from faults.storm import Ledger, Storm

ROUNDS = int(os.environ.get("ROLLBOOK_KILL_ROUNDS", "20"))


@contextlib.contextmanager
def ledger_elsewhere() -> Iterator[Ledger]:
    """Keep a ledger on a disk that is not the server's, where there is one."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        ledger = Ledger(Path(folder) / "ledger")
        try:
            yield ledger
        finally:
            ledger.close()


def storm_with_kills(
    ground: Ground, ledger: Ledger, rounds: int, *, breaks: str = ""
) -> tuple[Findings, Storm, list[float]]:
    """Kill and restart a server *rounds* times in a storm, then look at what is there."""
    server = Server(ground.database, breaks=breaks)
    restarts = [server.start()]
    storm = Storm(server.port, ground.key, ground.students, ledger)
    rng = random.Random(rounds)
    with storm:
        for _ in range(rounds):
            time.sleep(rng.uniform(0.1, 0.9))
            server.kill()
            restarts.append(server.start())
        time.sleep(0.5)
    assert server.stop() == 0, server.log()
    return check(ground.database, ledger), storm, restarts


def test_no_acknowledged_mark_is_lost_when_the_server_is_killed(ground: Ground) -> None:
    """
    However often the server is killed, every acknowledged roll is there, and none is there half.
    """
    with ledger_elsewhere() as ledger:
        findings, storm, restarts = storm_with_kills(ground, ledger, ROUNDS)

    sent = sum(map(len, ledger.rolls.values()))
    print(
        f"\nA1: {ROUNDS} kills, {sent} rolls sent, {ledger.acknowledged} acknowledged, "
        f"{storm.answers} readings; lost {len(findings.lost)}, "
        f"half {len(findings.half)}, phantom {len(findings.phantom)}; "
        f"ready again after {statistics.median(restarts):.2f} s (median), "
        f"{max(restarts):.2f} s at most"
    )
    assert findings.all == []
    assert storm.unexpected == []
    assert ledger.acknowledged > 10 * ROUNDS
    assert storm.answers > 10 * ROUNDS


def test_the_check_sees_marks_saved_without_their_record(ground: Ground) -> None:
    """
    With two transactions where there should be one, the check of the storm goes red.
    """
    with ledger_elsewhere() as ledger:
        findings, _, _ = storm_with_kills(ground, ledger, 5, breaks="one transaction")

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
