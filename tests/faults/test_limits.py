"""Catalogue A13 and A14: memory is short, or file descriptors are used up."""

import contextlib
import shutil
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from faults import figures
from faults.asking import AWAY, Answer, Asking
from faults.check import check
from faults.elsewhere import ledger_elsewhere
from faults.ground import Ground
from faults.server import Server
from faults.storm import DAYS, Ledger, Roll
from faults.trouble import Weathered, weather

NewServer = Callable[..., Server]
LARGEST = 5_000  # entries: more are refused unread
AT_ONCE = 16
MEGABYTE = 1 << 20


def limited(*options: str) -> tuple[str, ...]:
    """Return the command under which a server has so little."""
    if shutil.which("prlimit") is None:
        pytest.skip("prlimit is not installed (apt-get install util-linux)")
    return ("prlimit", *options)


# ---------------------------------------------------------------- A13


def most_memory(server: Server) -> int:
    """Return the most megabytes that a process of it has had in memory."""
    most = 0
    for kind in server.processes().values():
        for process in kind:
            status = Path(f"/proc/{process}/status").read_text()
            most = max(most, int(status.partition("VmHWM:")[2].split()[0]) >> 10)
    return most


def save_the_largest(
    ground: Ground, server: Server, ledger: Ledger, entries: int
) -> list[Answer]:
    """Save 16 rolls at once, each with so many entries; keep the ledger."""

    def save(number: int) -> Answer:
        name = f"w{number % 8}"
        section, students = ground.students[name]
        day = DAYS[number // 8]
        marks = {(day, student): 1 + number % 4 for student in students}
        roll = Roll(f"{name}-{number:06}", section, marks)
        ledger.sent(name, roll)
        asking = Asking(server.port, ground.key, patience=15)
        times = entries // len(marks)
        answer = asking.put(section, marks, roll.number, times=times)
        if answer.status == 200:
            ledger.answered(roll)
        return answer

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(save, range(AT_ONCE)))


def with_little_memory(
    ground: Ground, server: Server, entries: int
) -> tuple[Counter[int], list[str], int]:
    """Save the largest bodies; return the statuses, what is wrong afterwards, and the memory."""
    server.start()
    with ledger_elsewhere() as ledger:
        answers = save_the_largest(ground, server, ledger, entries)
        memory = most_memory(server)
        section, students = ground.students["w0"]
        roll = Roll("w0-000099", section, {(DAYS[0], students[0]): 3})
        ledger.sent("w0", roll)
        after = Asking(server.port, ground.key).put(section, roll.marks, roll.number)
        if after.status == 200:
            ledger.answered(roll)
        server.kill()
        findings = check(ground.database, ledger)
    assert after.status == 200
    return Counter(answer.status for answer in answers), findings.all, memory


def test_sixteen_of_the_largest_bodies_fit_into_little_memory(
    ground: Ground, new_server: NewServer
) -> None:
    """
    With 160 MB of data for each process, all are saved or refused, and nothing dies.
    """
    server = new_server(under=limited(f"--data={160 * MEGABYTE}"))
    statuses, wrong, memory = with_little_memory(ground, server, LARGEST)
    figures.note(
        "A13",
        "16 rolls of 5,000 entries, RLIMIT_DATA 160 MB",
        saved=statuses[200],
        refused=statuses[413] + statuses[503],
        unanswered=statuses[AWAY],
        lost=len(wrong),
        rss_peak_mb=memory,
    )

    assert wrong == []
    assert set(statuses) <= {200, 413, 503}


@figures.only_long
def test_bodies_without_a_bound_do_not_fit(ground: Ground, new_server: NewServer) -> None:
    """
    The guard off: with body_max at a gigabyte, bodies of 40 MB are too much for it.
    """
    under = limited(f"--data={160 * MEGABYTE}")
    server = new_server(under=under, ROLLBOOK_BODY_MAX=str(1 << 30))
    server.start()
    with ledger_elsewhere() as ledger:
        answers = save_the_largest(ground, server, ledger, 40 * LARGEST)

    assert {answer.status for answer in answers} & {AWAY, 503}


# ---------------------------------------------------------------- A14


@contextlib.contextmanager
def many_connections(port: int) -> Iterator[None]:
    """Hold 200 connections that have begun a request."""
    lines = []
    for _ in range(200):
        with contextlib.suppress(OSError):
            line = socket.create_connection(("127.0.0.1", port), timeout=1)
            line.sendall(b"GET /v1/users HTTP/1.1\r\nHo")
            lines.append(line)
    try:
        yield
    finally:
        for line in lines:
            line.close()


def weather_connections(ground: Ground, server: Server, seconds: float) -> Weathered:
    """Have 200 connections take up what descriptors there are."""
    server.start()
    return weather(ground, server, many_connections(server.port), seconds)


def served_late(weathered: Weathered) -> int:
    """Return how many savings were acknowledged later than five seconds into it."""
    late = weathered.begun + 5
    return sum(a.status == 200 and a.begun + a.seconds > late for a in weathered.saving)


def test_it_accepts_again_when_descriptors_are_free(
    ground: Ground, new_server: NewServer
) -> None:
    """
    With 112 descriptors a process and 200 connections nothing is lost, and then it goes on.
    """
    server = new_server(under=limited("--nofile=112:112"))
    weathered = weather_connections(ground, server, figures.long_or_short(25, 3))
    figures.note("A14", "112 descriptors, 200 connections", **weathered.figures())

    assert weathered.findings.all == []
    assert weathered.unexpected == []
    assert weathered.recovery < 5
    if figures.LONG:  # heads that do not end are cut off after ten seconds
        assert served_late(weathered) > 0


@figures.only_long
def test_heads_without_an_end_keep_all_others_out(
    ground: Ground, new_server: NewServer
) -> None:
    """
    The guard off: when nobody cuts off what does not end, nothing is saved for as long.
    """
    server = new_server(under=limited("--nofile=112:112"), breaks="heads")
    weathered = weather_connections(ground, server, 25)

    assert served_late(weathered) == 0
