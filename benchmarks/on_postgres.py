"""
The measurements on PostgreSQL: `make bench-peers`.

A cluster of its own, set up as Debian's packages do, waits for the disk at every commit and shares
the machine with the server and the load generator. Each figure stands beside pgbench with the same
statements and beside two peers on the same cluster, all from one run.
"""

import asyncio
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeAlias

import msgspec
from rich.console import Console

from benchmarks import (
    asking,
    bulk_postgres,
    cluster,
    land,
    load,
    measuring,
    pgbench,
    report,
    results,
    server,
)
from benchmarks.cluster import Cluster
from benchmarks.ground import DAYS
from benchmarks.kinds import R_304, R_FIRST, W_64, R, W
from benchmarks.land import Land
from benchmarks.server import Running
from rollbook.auth.credentials import Safe, load_master_key

Serving: TypeAlias = Callable[[str], AbstractContextManager[Running]]

_STARTS = 3
_GROUND = "ground"
_FLOORS = (("month", "pgbench, a month"), ("roll", "pgbench, a roll"))


class Database(msgspec.Struct, frozen=True):
    """A database that is filled, and who is in it."""

    url: str
    master_key: Path
    where: Land

    @property
    def marks(self) -> int:
        """How many it was filled with."""
        return self.where.students * DAYS


def filled(within: Cluster, name: str, where: Land, folder: Path) -> Database:
    """Make a database with the data set of the measurements in it; its key goes to *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Database(within.new_database(name), folder / "master.key", where)
    safe = Safe(load_master_key(made.master_key))
    asyncio.run(bulk_postgres.fill(made.url, where, safe, land.school_days(DAYS)))
    within.psql("CHECKPOINT")
    return made


def filled_peer(within: Cluster, peer: str, where: Land) -> str:
    """Make the database of a peer, `django` or `fastapi`, with the same in it."""
    url = within.new_database(f"peer_{peer}")
    module, arguments, prefix = {
        "django": ("benchmarks.peers.django_drf.filling", [url], "django_drf_"),
        "fastapi": ("benchmarks.peers.fastapi_sqlalchemy.database", [], ""),
    }[peer]
    subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env={**os.environ, "PEER_DATABASE": url},
        check=True,
    )
    asyncio.run(bulk_postgres.fill_peer(url, prefix, where, land.school_days(DAYS)))
    within.psql("CHECKPOINT")
    return url


class Measurement(measuring.Measurement):
    """A run on a cluster, beside pgbench and the peers."""

    def floors(self, within: Cluster, lent: Database) -> None:
        """Measure what PostgreSQL does of itself, on a copy."""
        copy = within.new_database("floors", template=_GROUND)
        for script, name in _FLOORS:
            for clients in (1, 16):
                rows = [
                    pgbench.run(copy, script, lent.where, clients=clients, seconds=self.seconds)
                    for _ in range(self.runs)
                ]
                self.note(f"{name}, {clients} at once", measuring.typical(rows))
        within.drop_database("floors")

    def peers(self, within: Cluster, lent: Database) -> None:
        """Measure the same as teams write it, on two frameworks."""
        for peer, package, serve in (
            ("django", "rest_framework", server.django),
            ("fastapi", "fastapi", server.fastapi),
        ):
            if importlib.util.find_spec(package) is None:
                self._out.print(
                    f"[yellow]The peer {peer} is left out: it needs `make bench-peers`."
                )
                continue
            self._peer(peer, filled_peer(within, peer, lent.where), lent, serve)
            within.drop_database(f"peer_{peer}")

    def _peer(self, peer: str, url: str, lent: Database, serve: Serving) -> None:
        with serve(url) as running:
            self.warm_up(lent, running)
            self.ask(R, lent, running.host, f"peer R, {peer}")
            self.ask(W, lent, running.host, f"peer W, {peer}")

    def warm_up(self, lent: Database, running: Running) -> None:
        """Read for a while, so that each server has been up for one when it is measured."""
        load.run(
            running.host,
            asking.readings(lent, running.host),
            count=R.most * 2,
            seconds=2,
            connections=R.connections,
        )

    def ours(self, lent: Database) -> tuple[dict[str, float], dict[str, float]]:
        """Measure Rollbook; return what memory each process held at rest, and at most."""
        with server.rollbook(lent.url, lent.master_key) as running:
            at_rest = {name: now for name, (now, _) in running.memory().items()}
            self.warm_up(lent, running)
            for kind in (R, R_FIRST, R_304, W, W_64):
                self.ask(kind, lent, running.host)
            return at_rest, {name: most for name, (_, most) in running.memory().items()}


def measure(sections: int, seconds: int, runs: int, folder: Path, out: Console) -> None:
    """Run every measurement and print the table."""
    run = Measurement(seconds, runs, out)
    with cluster.started() as within:
        lent = filled(within, _GROUND, Land(sections=sections), folder)
        started_in, length = _first_look(lent)
        run.floors(within, lent)
        run.peers(within, lent)
        at_rest, peak = run.ours(lent)
    found = results.BenchPostgres(
        at=results.moment(),
        cores=results.cores(),
        sections=sections,
        marks=lent.marks,
        seconds=seconds,
        answer_bytes=length,
        rows=run.rows,
        started_in=started_in,
        at_rest=at_rest,
        peak=peak,
    )
    place = results.keep(folder, found)
    report.show(found, out)
    out.print(f"Kept in {place}; `python -m benchmarks.report` writes it in Markdown.")


def _first_look(lent: Database) -> tuple[list[float], int]:
    """Return how long some starts took, in seconds, and how many bytes an answer has."""
    started_in = []
    length = 0
    for _ in range(_STARTS):
        with server.rollbook(lent.url, lent.master_key) as running:
            started_in.append(running.started_in)
            length = measuring.length(asking.readings(lent, running.host), running.host)
    return started_in, length
