"""
Measure reading and saving rolls: `make bench`.

R is one section's month over HTTP, W one class roll of 30 marks; both signed, the roll durable
with its record, roll and event rows. Each stands beside its floor from the same run.
"""

import argparse
import itertools
import json
import random
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import district, server
from benchmarks.district import Ground
from benchmarks.load import Ask, Load, run

out = Console()

JSON, XML = "application/json", "text/xml"


def reads(ground: Ground, accept: str, **headers: str) -> Iterator[Ask]:
    """Yield readings of one month, section after section."""
    days = district.days(district.DAYS)
    sections = list(ground.sections)
    random.Random(2).shuffle(sections)
    for section in itertools.cycle(sections):
        path = f"/v1/sections/{section}/attendance?start={days[20]}&end={days[49]}"
        yield Ask("GET", path, {"Accept": accept, **headers})


def writes(ground: Ground, content: str, seed: int) -> Iterator[Ask]:
    """Yield rolls, each different from what is stored: SQLite skips rows that do not change."""
    rng = random.Random(seed)
    days = district.days(district.DAYS)
    sections = list(ground.sections)
    for number in itertools.count():
        section = rng.choice(sections)
        day = rng.choice(days)
        marks = [
            (who, 1 if rng.random() < 0.9 else rng.randint(2, 4), f"w{seed}-{number}")
            for who in ground.sections[section]
        ]
        body = _json(marks, day) if content == JSON else _xml(marks, day)
        headers = {"Content-Type": content, "Accept": content}
        yield Ask("PUT", f"/v1/sections/{section}/attendance", headers, body)


def _json(marks: list[tuple[int, int, str]], day: str) -> bytes:
    items = [
        {"enrollment_id": who, "date": day, "status": status, "comment": comment}
        for who, status, comment in marks
    ]
    return json.dumps({"attendances": {"attendance": items}}).encode()


def _xml(marks: list[tuple[int, int, str]], day: str) -> bytes:
    items = "".join(
        f"<attendance><enrollment_id>{who}</enrollment_id><date>{day}</date>"
        f"<status>{status}</status><comment>{comment}</comment></attendance>"
        for who, status, comment in marks
    )
    return f"<result><attendances>{items}</attendances></result>".encode()


def main() -> None:
    """Run every measurement and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sections", type=int, default=2000)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path("bench-data"))
    given = parser.parse_args()
    ground = district.prepare(given.folder, given.sections)
    table = Table("what", "a second", "p50 ms", "p99 ms", "wrong")

    def measure(
        name: str,
        host: str,
        asks: Callable[[int], Iterator[Ask]],
        most: int,
        *,
        expect: int = 200,
        connections: int = 16,
    ) -> Load:
        loads = [
            run(
                host,
                asks(number),
                count=most * given.seconds,
                seconds=given.seconds,
                connections=connections,
                expect=expect,
            )
            for number in range(given.runs)
        ]
        rate = statistics.median(load.rate for load in loads)
        best = min(loads, key=lambda load: abs(load.rate - rate))
        wrong = sum(load.wrong for load in loads)
        table.add_row(name, f"{rate:,.0f}", f"{best.p50:.1f}", f"{best.p99:.1f}", str(wrong))
        out.print(f"{name}: {rate:,.0f}/s")
        return best

    with server.constant() as floor:
        measure("floor: a constant 9 KB", floor.host, lambda _: reads(ground, JSON), 60_000)
    with server.rollbook(ground) as ours:
        out.print(f"ready after {ours.started_in:.2f} s; at rest {_sizes(ours)}")
        measure("R", ours.host, lambda _: reads(ground, JSON), 20_000)
        known = {"If-None-Match": "*"}
        measure("R, 304", ours.host, lambda _: reads(ground, JSON, **known), 25_000, expect=304)
        measure("R, XML", ours.host, lambda _: reads(ground, XML), 15_000)
        measure("W", ours.host, lambda n: writes(ground, JSON, n), 8_000)
        measure(
            "W, 64 at once",
            ours.host,
            lambda n: writes(ground, JSON, 10 + n),
            8_000,
            connections=64,
        )
        measure("W, XML", ours.host, lambda n: writes(ground, XML, 20 + n), 6_000)
        out.print(f"after the load {_sizes(ours)}")
    out.print(table)


def _sizes(running: server.Running) -> str:
    return ", ".join(f"{size:.0f} MB" for _, size in running.memory())


if __name__ == "__main__":
    main()
