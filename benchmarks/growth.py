"""
The same readings and saves at 1, 10 and 100 million marks: `make growth`.

There are more sections as there are more marks, each with its 60 days, so a reading stays a month
of one section. Readings are of what nobody read before: what the service keeps of its answers
would flatter the small file. Each file is filled, measured and removed; with --postgres they are
databases in a cluster of their own, all filled first and then measured in turns.
"""

import argparse
import contextlib
import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from benchmarks import asking, ground, load, measuring, results, server
from benchmarks.ground import DAYS, Filled
from benchmarks.land import STUDENTS, Land
from benchmarks.measuring import Kind
from benchmarks.results import Row, Size
from benchmarks.server import Running

if TYPE_CHECKING:
    from benchmarks.cluster import Cluster
    from benchmarks.on_postgres import Database

out = Console()

_MARK_BYTES = 90  # with its part of roll, record and roster; measured on a million
_MARK_BYTES_IN_POSTGRESQL = 200
_APART = 50_000  # places between the readings of two runs

KINDS = (
    Kind(
        name="R",
        most=15_000,
        requests=lambda g, host, n: asking.first_readings(g, host, begin=n * _APART),
    ),
    Kind(
        name="R, 304",
        most=40_000,
        expect=304,
        requests=lambda g, host, _: asking.readings(g, host, known=True),
    ),
    Kind(name="W", most=9_000, requests=asking.savings),
)


def main() -> None:
    """Measure one size after the other."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument(
        "--millions",
        type=float,
        nargs="+",
        default=[1, 10, 100],
        help="of marks (default: 1 10 100)",
    )
    parser.add_argument("--seconds", type=int, default=5, help="of each run (default: 5)")
    parser.add_argument("--runs", type=int, default=3, help="of which the median counts")
    parser.add_argument("--folder", type=Path, default=results.FOLDER, help="of the data")
    parser.add_argument(
        "--keep", action="store_true", help="leave the files, rolls saved and all"
    )
    parser.add_argument(
        "--postgres", action="store_true", help="on PostgreSQL, in a cluster of its own"
    )
    given = parser.parse_args()
    if given.postgres and given.keep:
        parser.error("a cluster cannot be kept: it is gone at the end")
    load.require_wrk()
    kind = results.GrowthPostgres if given.postgres else results.Growth
    found = kind(
        at=results.moment(),
        cores=results.cores(),
        seconds=given.seconds,
        sizes=_in_cluster(given) if given.postgres else _in_files(given),
    )
    out.print(f"Kept in {results.keep(given.folder, found)}")


def _sections(millions: float) -> int:
    return round(millions * 1e6 / (STUDENTS * DAYS))


def _in_files(given: argparse.Namespace) -> list[Size]:
    """Measure each size in a file of SQLite's."""
    place = given.folder / "growth"
    place.mkdir(parents=True, exist_ok=True)
    _require_room(place, max(given.millions), _MARK_BYTES)
    sizes = []
    for millions in given.millions:
        begun = time.perf_counter()
        filled = ground.prepare(place, _sections(millions))
        filled_in = time.perf_counter() - begun
        size = filled.database.stat().st_size
        try:
            with server.rollbook(filled.database, filled.master_key) as running:
                sizes.append(_measure(filled, running, size, filled_in, given))
        finally:
            if not given.keep:
                ground.remove(filled.database)
    return sizes


def _in_cluster(given: argparse.Namespace) -> list[Size]:
    """
    Measure each size in a database of PostgreSQL's, all of them in one cluster.

    A run of one size follows a run of the other: who else is on the machine is there for all. The
    cluster is set up as PostgreSQL's manual advises (20.4.1): a quarter of the memory is its own.
    """
    from benchmarks import cluster

    _require_room(cluster.PLACE, sum(given.millions), _MARK_BYTES_IN_POSTGRESQL)
    quarter = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**22
    settings = {"shared_buffers": f"{quarter}MB", "max_wal_size": "4GB"}
    with cluster.started(**settings) as within, contextlib.ExitStack() as stack:
        databases = [_database(within, millions, given) for millions in given.millions]
        served = [
            (filled, stack.enter_context(server.rollbook(filled.url, filled.master_key)))
            for filled, _, _ in databases
        ]
        found: list[dict[str, Row]] = [{} for _ in databases]
        for kind in KINDS:
            runs: list[list[Row]] = [[] for _ in databases]
            for number in range(given.runs):
                for (filled, running), done in zip(served, runs, strict=True):
                    done.append(
                        measuring.once(
                            kind, filled, running.host, number, seconds=given.seconds
                        )
                    )
            for rows, done in zip(found, runs, strict=True):
                rows[kind.name] = measuring.typical(done)
        sizes = [
            Size(marks=filled.marks, file_bytes=size, filled_in=filled_in, rows=rows)
            for (filled, size, filled_in), rows in zip(databases, found, strict=True)
        ]
    for each in sizes:
        _tell(each)
    return sizes


def _database(
    within: "Cluster", millions: float, given: argparse.Namespace
) -> tuple["Database", int, float]:
    """Make and fill a database; return how many bytes it has and how long it took, too."""
    from benchmarks import on_postgres

    name = f"growth_{_sections(millions)}"
    begun = time.perf_counter()
    filled = on_postgres.filled(within, name, Land(_sections(millions)), given.folder)
    filled_in = time.perf_counter() - begun
    size = int(within.psql(f"SELECT pg_database_size('{name}')"))
    out.print(f"{filled.marks:,} marks filled in {filled_in:.0f} s")
    return filled, size, filled_in


def _require_room(folder: Path, millions: float, mark_bytes: int) -> None:
    need = millions * 1e6 * mark_bytes * 1.2
    free = shutil.disk_usage(folder).free
    if need > free:
        raise SystemExit(
            f"{millions:g} million marks need {need / 2**30:.0f} GB of disk, "
            f"{free / 2**30:.0f} GB are free; --millions says how many."
        )


def _measure(
    filled: Filled, running: Running, size: int, filled_in: float, given: argparse.Namespace
) -> Size:
    rows = {
        kind.name: measuring.by_wrk(
            kind, filled, running.host, seconds=given.seconds, runs=given.runs
        )
        for kind in KINDS
    }
    found = Size(
        marks=filled.where.students * DAYS, file_bytes=size, filled_in=filled_in, rows=rows
    )
    _tell(found)
    return found


def _tell(size: Size) -> None:
    out.print(
        f"{size.marks:,} marks, {size.file_bytes / 2**30:.2f} GB, filled in {size.filled_in:.0f} s"
    )
    for name, row in size.rows.items():
        out.print(
            f"{name:10}{row.rate:>9,.0f}/s   p50 {row.p50:.1f} ms   "
            f"p99 {row.p99:.1f} ms   {row.wrong} wrong",
            highlight=False,
        )


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit("Interrupted; nothing was kept of this run.") from None
