"""Each thing that is measured, some runs of it, and the one in the middle."""

import random
import socket
import statistics
import time
from collections.abc import Callable, Iterator

import msgspec
from rich.console import Console

from benchmarks import asking, load
from benchmarks.ground import Filled
from benchmarks.results import Row
from benchmarks.sender import Sender

READINGS_A_SAVING = 4  # of a school morning


def typical(runs: list[Row]) -> Row:
    """Return the run in the middle by rate, with what was wrong in any and the rate of each."""
    rates = [run.rate for run in runs]
    middle = min(runs, key=lambda run: abs(run.rate - statistics.median(rates)))
    wrong = sum(run.wrong for run in runs)
    return Row(statistics.median(rates), middle.p50, middle.p99, wrong, rates)


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that wrk asks for."""

    name: str
    requests: Callable[
        [Filled, str, int], Iterator[bytes]
    ]  # of data, server, number of the run
    most: int  # requests a second that are made ready
    expect: int = 200
    connections: int = 16
    again: bool = False  # nobody looks at nonces there: requests may be sent more than once


def once(kind: Kind, ground: Filled, host: str, number: int, *, seconds: int) -> Row:
    """Measure what wrk gets answered in so many seconds; the run's number chooses requests."""
    found = load.run(
        host,
        kind.requests(ground, host, number),
        count=kind.most * seconds,
        seconds=seconds,
        connections=kind.connections,
        expect=kind.expect,
        again=kind.again,
    )
    return Row(found.rate, found.p50, found.p99, found.wrong, [found.rate])


def by_wrk(kind: Kind, ground: Filled, host: str, *, seconds: int, runs: int) -> Row:
    """Measure what wrk gets answered in so many runs of so many seconds."""
    return typical([once(kind, ground, host, n, seconds=seconds) for n in range(runs)])


class Measurement:
    """A run: how long each thing is measured, and what has come of it so far."""

    def __init__(self, seconds: int, runs: int, out: Console) -> None:
        self.seconds = seconds
        self.runs = runs
        self._out = out
        self.rows: dict[str, Row] = {}

    def note(self, name: str, row: Row) -> None:
        """Keep a row and say it."""
        self.rows[name] = row
        wrong = f"   [red]{row.wrong} wrong[/]" if row.wrong else ""
        times = f"   p50 {row.p50:.1f} ms   p99 {row.p99:.1f} ms" if row.p99 else ""
        self._out.print(f"{name:28}{row.rate:>9,.0f}/s{times}{wrong}", highlight=False)

    def ask(self, kind: Kind, lent: Filled, host: str, name: str = "") -> None:
        """Measure one kind of requests."""
        row = by_wrk(kind, lent, host, seconds=self.seconds, runs=self.runs)
        self.note(name or kind.name, row)


def morning(ground: Filled, host: str, *, seconds: float, seed: int) -> dict[str, Row]:
    """
    Measure a school morning: of five requests four read a month and one saves a roll.

    Returns:
        Readings and savings apart, each with its own latencies.
    """
    kinds = {
        False: asking.readings(ground, host),
        True: asking.savings(ground, host, seed),
    }
    took: dict[bool, list[float]] = {False: [], True: []}
    wrong = {False: 0, True: 0}
    rng = random.Random(seed)

    def answered(saving: bool, status: int, seconds: float) -> None:
        took[saving].append(seconds * 1000)
        wrong[saving] += status != 200

    sender = Sender[bool](host, 16, lambda saving: next(kinds[saving]), answered)
    tickets = iter(lambda: rng.random() * (READINGS_A_SAVING + 1) < 1, None)
    begun = time.perf_counter()
    sender.run(tickets, until=lambda: time.perf_counter() > begun + seconds)
    lasted = time.perf_counter() - begun
    return {
        name: Row(
            len(took[saving]) / lasted,
            percentile(took[saving], 50),
            percentile(took[saving], 99),
            wrong[saving] + (sender.counts[0] if saving else 0),
        )
        for name, saving in (("morning R", False), ("morning W", True))
    }


def percentile(values: list[float], rank: int) -> float:
    """Return the least value that so many of a hundred do not exceed; 0 of nothing."""
    ordered = sorted(values)
    return ordered[-(-len(ordered) * rank // 100) - 1] if ordered else 0


def length(requests: Iterator[bytes], host: str, count: int = 20) -> int:
    """Return how many bytes the bodies of some answers have, on average."""
    lengths = []
    name, _, port = host.partition(":")
    with socket.create_connection((name, int(port))) as line:
        for _ in range(count):
            line.sendall(next(requests))
            heard = b""
            while b"\r\n\r\n" not in heard:
                heard += line.recv(1 << 17)
            head, _, body = heard.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            while len(body) < length:
                body += line.recv(1 << 17)
            lengths.append(length)
    return sum(lengths) // count
