"""Catalogue A17: the clock jumps, and the machine is elsewhere."""

import http.client
from collections.abc import Callable
from pathlib import Path

import pytest

from faults import figures
from faults.asking import Answer, Asking, headers_of, path_of
from faults.ground import Ground
from faults.server import Server

NewServer = Callable[..., Server]
HOUR, DAY = 3600, 86400
DAYS_OF_DST = ("2026-03-29", "2026-10-25", "2026-09-14")  # Europe's nights, and none


ZONES = ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Zurich", "America/New_York"]


@pytest.mark.parametrize("zone", ZONES if figures.LONG else ZONES[:1])
def test_a_day_is_its_text_wherever_the_machine_is(
    ground: Ground, new_server: NewServer, zone: str
) -> None:
    """
    A mark's day comes back as it was sent: 14 hours ahead, 11 behind, in a night of 23 or 25.
    """
    server = new_server(TZ=zone)
    server.start()
    asking = Asking(server.port, ground.key)
    section, students = ground.students["w0"]
    sent = {(day, students[0]): 2 for day in DAYS_OF_DST}
    assert asking.put(section, sent).status == 200
    read = [mark["date"] for mark in marks_in(asking.get(section))]
    different = set(read) ^ set(DAYS_OF_DST)
    figures.note("A17", f"TZ={zone}", days=len(read), diffs=len(different))

    assert different == set()


def marks_in(answer: Answer) -> list[dict[str, str]]:
    """Return the marks of a listing, of all statuses and days."""
    return [
        mark
        for day in answer.document["date"]
        for status in day["statuses"]["status"]
        for mark in status["attendances"]["attendance"]
    ]


def replay(server: Server, ground: Ground, headers: dict[str, str]) -> int:
    """Send a reading with headers that were used, or not yet; return its status."""
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    line.request("GET", path_of(ground.students["w0"][0]), headers=headers)
    status = line.getresponse().status
    line.close()
    return status


def jump(
    ground: Ground, server: Server, clock: Path, jumps: list[int]
) -> tuple[list[int], list[int]]:
    """Let the clock jump; return what new requests and a repeated one come to at each place."""
    clock.write_text("0")
    server.start()
    used = headers_of(ground.key)
    assert replay(server, ground, used) == 200
    fresh, repeated = [], []
    for seconds in jumps:
        clock.write_text(str(seconds))
        fresh.append(replay(server, ground, headers_of(ground.key)))
        repeated.append(replay(server, ground, used))
    return fresh, repeated


def test_a_clock_that_jumps_lets_nothing_in_twice(
    ground: Ground, new_server: NewServer, tmp_path: Path
) -> None:
    """
    Within the window all goes on, beyond it nobody is let in; back in time, nothing is repeated.
    """
    clock = tmp_path / "clock"
    jumps = [-200, 200, -HOUR, 0, DAY, 0, -100]
    fresh, repeated = jump(ground, new_server(breaks=f"clock={clock}"), clock, jumps)
    figures.note("A17", "clock jumps", jumps=len(jumps), let_in_twice=repeated.count(200))

    assert fresh == [200, 200, 401, 200, 401, 200, 200]
    assert repeated == [401] * len(jumps)


def test_nonces_that_are_forgotten_let_repetitions_in(
    ground: Ground, new_server: NewServer, tmp_path: Path
) -> None:
    """
    The guard off: without the book of nonces what was used is let in again.
    """
    clock = tmp_path / "clock"
    server = new_server(breaks=f"clock={clock},replay")
    _, repeated = jump(ground, server, clock, [-200, 200])

    assert repeated == [200, 200]
