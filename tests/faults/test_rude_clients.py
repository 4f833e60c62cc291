"""Catalogue C1 and C11 in figures: slow clients, and clients that leave. See also tests/live."""

import contextlib
import random
import resource
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from faults import figures
from faults.asking import body_of
from faults.check import check
from faults.elsewhere import ledger_elsewhere
from faults.flood import Errand, flood
from faults.ground import Ground
from faults.server import Server
from faults.storm import DAYS, Roll

NewServer = Callable[..., Server]
HEAD = b"GET /v1/users HTTP/1.1\r\nHo"


@pytest.fixture(autouse=True)
def _many_descriptors() -> Iterator[None]:
    """A thousand connections need as many descriptors here."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextlib.contextmanager
def slow_clients(port: int, count: int, words: bytes) -> Iterator[list[socket.socket]]:
    """Have so many connections that said that much, and take their time for the rest."""
    lines = []
    for _ in range(count):
        lines.append(socket.create_connection(("127.0.0.1", port), timeout=5))
        lines[-1].sendall(words)
    try:
        yield lines
    finally:
        for line in lines:
            line.close()


def waits(ground: Ground, server: Server) -> list[float]:
    """Return how long ten ordinary clients wait for their answers."""
    section, _ = ground.students["w0"]
    answers = flood(
        server.port, ground.key, lambda *_: Errand("GET", section), clients=10, times=50
    )
    assert {answer.status for answer in answers} == {200}
    return [answer.seconds for answer in answers]


def memory(server: Server) -> int:
    """Return the resident bytes of all workers."""
    pages = (
        int(Path(f"/proc/{worker}/statm").read_text().split()[1])
        for worker in server.processes()["worker"]
    )
    return sum(pages) * resource.getpagesize()


def alive(lines: list[socket.socket]) -> int:
    """Return how many connections the server has not closed."""
    count = 0
    for line in lines:
        line.setblocking(False)
        try:
            while line.recv(65536):
                pass
        except BlockingIOError:
            count += 1
        except OSError:
            pass
    return count


def slow_body(ground: Ground, server: Server) -> bytes:
    """Return a PUT that lacks its end."""
    section, students = ground.students["w0"]
    errand = Errand("PUT", section, body_of([((DAYS[0], students[0]), 2)]))
    return errand.spelled(server.port, ground.key)[:-5]


@pytest.mark.parametrize("kind", ["heads", "bodies"])
def test_slow_clients_keep_nobody_waiting(
    ground: Ground, new_server: NewServer, kind: str
) -> None:
    """
    A thousand slow ones: others wait at most twice as long, or 100 ms more; memory hardly grows.
    """
    server = new_server()
    server.start()
    waits(ground, server)
    alone, before = waits(ground, server), memory(server)
    words = HEAD if kind == "heads" else slow_body(ground, server)
    count, patience = (1000, 12) if kind == "heads" else (200, 35)
    with slow_clients(server.port, count, words) as lines:
        beside, after = waits(ground, server), memory(server)
        if figures.LONG:
            time.sleep(patience)
        left = alive(lines)
    usual, then = figures.share(alone, 0.99), figures.share(beside, 0.99)
    figures.note(
        "C1",
        f"{count} slow {kind}",
        p99_alone_s=usual,
        p99_beside_s=then,
        workers_grew_mb=(after - before) / 1e6,
        **({"alive_after_limit": left} if figures.LONG else {}),
    )

    assert then < max(2 * usual, usual + 0.1)
    assert after - before < 64 << 20
    if figures.LONG:
        assert left == 0


@figures.only_long
def test_heads_without_a_limit_stay(ground: Ground, new_server: NewServer) -> None:
    """
    The guard off: without the limit of ten seconds they are all there still.
    """
    server = new_server(breaks="heads")
    server.start()
    with slow_clients(server.port, 100, HEAD) as lines:
        time.sleep(12)
        left = alive(lines)

    assert left == 100


def leave(ground: Ground, server: Server, times: int) -> tuple[int, list[str], int]:
    """Hang up in the middle of requests and of answers; return what was saved of it, and wrong."""
    server.start()
    rng = random.Random(times)
    before = len(server.log())
    with ledger_elsewhere() as ledger:
        for number in range(times):
            name = f"w{number % 8}"
            section, students = ground.students[name]
            marks = {(DAYS[0], who): rng.randint(1, 4) for who in rng.sample(students, 10)}
            roll = Roll(f"{name}-{number:06}", section, marks)
            ledger.sent(name, roll)
            errand = Errand("PUT", section, body_of(marks.items(), roll.number))
            request = errand.spelled(server.port, ground.key)
            with socket.create_connection(("127.0.0.1", server.port), timeout=5) as line:
                whole = number % 2
                line.sendall(request if whole else request[: rng.randrange(len(request))])
                if number % 4 == 3:
                    assert line.recv(12).endswith(b"200")
                    ledger.answered(roll)
        time.sleep(1)
        said = len(server.log()) - before
        findings = check(ground.database, ledger)
        return ledger.acknowledged, findings.all, said


def test_who_leaves_in_the_middle_saves_all_or_nothing(
    ground: Ground, new_server: NewServer
) -> None:
    """
    Hung up in a request or in an answer: its roll is whole or not there, and the log is quiet.
    """
    times = figures.long_or_short(2000, 200)
    acknowledged, wrong, said = leave(ground, new_server(), times)
    figures.note(
        "C11",
        "clients that leave",
        times=times,
        seed=times,
        acknowledged=acknowledged,
        wrong=len(wrong),
        bytes_logged=said,
    )

    assert wrong == []
    assert acknowledged > 0
    assert said < 1000
