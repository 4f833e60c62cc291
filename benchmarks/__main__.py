"""
Measure reading and saving rolls: `make bench`, or longer `make bench-full`.

R is one section's month over HTTP, W one class roll of 30 marks; both signed, the roll durable
with its record, roll and event rows. Each stands beside its floor and beside the same thing
written with Django REST framework, all from one run. With --postgres the same on PostgreSQL,
beside pgbench and a second peer: `make bench-peers`.
"""

import argparse
import importlib.util
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from benchmarks import asking, floors, ground, load, measuring, report, results, server
from benchmarks.ground import Ground
from benchmarks.kinds import OURS, R, W
from benchmarks.measuring import Kind

out = Console(width=max(120, Console().width))  # the table has no use for less

_STARTS = 3


class Measurement(measuring.Measurement):
    """A run on a file, beside its floors and the peer."""

    def floors(self, lent: Ground, sizes: dict[str, int]) -> None:
        """Measure what nothing of the kind can beat here."""
        for name, size in sizes.items():
            constant = Kind(
                name=f"floor of {name}",
                most=15_000,
                again=True,
                expect=200 if size else 304,
                requests=lambda g, host, _: asking.readings(g, host),
            )
            with server.constant(size) as running:
                self.ask(constant, lent, running.host)
        for rolls in (1, 16):
            rows = [
                floors.upserts(lent, self.seconds, rolls_a_commit=rolls, seed=rolls + n)
                for n in range(self.runs)
            ]
            self.note(f"floor of W, {rolls} a commit", measuring.typical(rows))

    def peer(self, lent: Ground, database: Path) -> None:
        """Measure the same written with Django REST framework."""
        with server.django(database) as running:
            self.ask(R, lent, running.host, "peer R")
            self.ask(W, lent, running.host, "peer W")

    def ours(self, lent: Ground) -> tuple[dict[str, float], dict[str, float]]:
        """Measure Rollbook; return what memory each process held at rest, and at most."""
        with server.rollbook(lent.database, lent.master_key) as running:
            at_rest = {name: now for name, (now, _) in running.memory().items()}
            # The caches fill: what is measured is a server that has been up for a while.
            load.run(
                running.host,
                asking.readings(lent, running.host),
                count=R.most * 2,
                seconds=2,
                connections=16,
            )
            for kind in OURS:
                self.ask(kind, lent, running.host)
            mornings = [
                measuring.morning(lent, running.host, seconds=self.seconds, seed=300 + n)
                for n in range(self.runs)
            ]
            for name in mornings[0]:
                self.note(name, measuring.typical([rows[name] for rows in mornings]))
            return at_rest, {name: most for name, (_, most) in running.memory().items()}


def main() -> None:
    """Run every measurement and print the table."""
    given = _given()
    load.require_wrk()
    if given.postgres:
        from benchmarks import on_postgres

        on_postgres.measure(given.sections, given.seconds, given.runs, given.folder, out)
        return
    filled = ground.prepare(given.folder, given.sections)
    peers = _peers_database(filled)
    run = Measurement(given.seconds, given.runs, out)
    with ground.copy_of(filled) as lent:
        sizes, started_in = _first_look(lent)
        run.floors(lent, sizes)
    if peers:
        with ground.copied(peers) as copy:
            run.peer(filled, copy)
    with ground.copy_of(filled) as lent:
        at_rest, peak = run.ours(lent)
    found = results.Bench(
        at=results.moment(),
        cores=results.cores(),
        sections=given.sections,
        marks=filled.marks,
        seconds=given.seconds,
        answer_bytes=sizes["R"],
        rows=run.rows,
        started_in=started_in,
        at_rest=at_rest,
        peak=peak,
    )
    place = results.keep(given.folder, found)
    report.show(found, out)
    out.print(f"Kept in {place}; `python -m benchmarks.report` writes it in Markdown.")


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--sections", type=int, default=2000, help="of 30 students, 60 days")
    parser.add_argument("--seconds", type=int, default=2, help="of each run (default: 2)")
    parser.add_argument("--runs", type=int, default=3, help="of which the median counts")
    parser.add_argument(
        "--postgres", action="store_true", help="on PostgreSQL, in a cluster of its own"
    )
    parser.add_argument("--folder", type=Path, default=results.FOLDER, help="of the data")
    return parser.parse_args()


def _first_look(lent: Ground) -> tuple[dict[str, int], list[float]]:
    """Return how long the answers are, in bytes, and how long some starts took, in seconds."""
    started_in = []
    for _ in range(_STARTS):
        with server.rollbook(lent.database, lent.master_key) as running:
            started_in.append(running.started_in)
            sizes = {
                "R": measuring.length(asking.readings(lent, running.host), running.host),
                "R, XML": measuring.length(
                    asking.readings(lent, running.host, accept=asking.XML), running.host
                ),
                "R, 304": 0,
            }
    out.print(
        f"answers the first request after {min(started_in):.2f} to {max(started_in):.2f} s"
    )
    return sizes, started_in


def _peers_database(filled: Ground) -> Path | None:
    """Return the peer's database with the same in it, made when missing; None without Django."""
    if importlib.util.find_spec("rest_framework") is None:
        out.print("[yellow]The peer is left out: it needs what `make bench` installs.")
        return None
    place = filled.database.with_name(f"peer-{filled.where.sections}.db")
    if not place.exists():
        out.print("Filling the peer's database …")
        draft = place.with_suffix(".draft")
        ground.remove(draft)
        command = [sys.executable, "-m", "benchmarks.peers.django_drf.filling"]
        subprocess.run([*command, str(filled.database), str(draft)], check=True)
        draft.rename(place)
    return place


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit("Interrupted; nothing was kept of this run.") from None
