"""
Measure the service on PostgreSQL, beside the same on a file and pgbench: `make bench-postgres`.

The data set of `make bench` is moved into a cluster of its own, which waits for its disk. R, 304
and W are as there. The floors are pgbench's: the same 30 marks upserted by one statement, and the
same month read, without a service before them.
"""

import argparse
import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from benchmarks import asking, cluster, ground, load, measuring, pgbench, results, server
from benchmarks.__main__ import out
from benchmarks.ground import Ground
from benchmarks.kinds import OURS, R
from benchmarks.results import Row
from rollbook import moving, wiring
from rollbook.config import Config

_KINDS = [kind for kind in OURS if kind.name in {"R", "R, first time", "R, 304", "W"}]
_KINDS += [kind for kind in OURS if kind.name == "W, 64 at once"]
_FLOOR_CLIENTS = (1, 16)


def main() -> None:
    """Run every measurement and print the table."""
    given = _given()
    load.require_wrk()
    filled = ground.prepare(given.folder, given.sections)
    rows: dict[str, tuple[Row, Row]] = {}
    with ground.copy_of(filled) as lent, moved_into_cluster(lent) as url:
        on_file = _measured(lent, str(lent.database), given)
        on_server = _measured(lent, url, given)
        for name, row in on_server.items():
            rows[name] = (row, on_file[name])
        floors = dict(_floors(url, lent, given))
    _show(rows, floors)
    kept = {name: row for name, (row, _) in rows.items()} | floors
    place = results.FOLDER / f"postgres-{int(time.time())}.json"
    place.write_bytes(msgspec.json.encode(kept))
    out.print(f"Kept in {place}.")


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.postgres", description=__doc__)
    parser.add_argument("--sections", type=int, default=2000, help="of 30 students, 60 days")
    parser.add_argument("--seconds", type=int, default=2, help="of each run (default: 2)")
    parser.add_argument("--runs", type=int, default=3, help="of which the median counts")
    parser.add_argument("--folder", type=Path, default=results.FOLDER, help="of the data")
    return parser.parse_args()


@contextlib.contextmanager
def moved_into_cluster(lent: Ground) -> Iterator[str]:
    """Lend the address of a database that a ground's data was moved into."""
    with cluster.started(shared_buffers="512MB", max_wal_size="4GB") as within:
        url = within.new_database("rollbook")
        for _ in wiring.migrate(Config(database=url), rehearse=False):
            pass
        begun = time.monotonic()
        moved = moving.move(str(lent.database), url, lambda *_: None)
        took = time.monotonic() - begun
        out.print(
            f"moved {moved.rows['marks']:,} marks ({sum(moved.rows.values()):,} rows) in "
            f"{took:.0f} s, both ends summed up: {moved.rows['marks'] / took:,.0f} marks/s"
        )
        within.psql("VACUUM ANALYZE", database="rollbook")
        yield url


def _measured(lent: Ground, database: str, given: argparse.Namespace) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    with server.rollbook(database, lent.master_key) as running:
        warm = asking.readings(lent, running.host)
        load.run(running.host, warm, count=R.most * 2, seconds=2, connections=16)
        for kind in _KINDS:
            row = measuring.by_wrk(
                kind, lent, running.host, seconds=given.seconds, runs=given.runs
            )
            rows[kind.name] = row
            kind_of = "PostgreSQL" if "://" in database else "a file"
            out.print(
                f"{kind.name:16} on {kind_of:12}{row.rate:>9,.0f}/s   p99 {row.p99:.1f} ms"
                + (f"   {row.wrong} wrong" if row.wrong else "")
            )
        for name, (_, most) in running.memory().items():
            out.print(f"{name}: {most:.0f} MB at most")
    return rows


def _floors(url: str, lent: Ground, given: argparse.Namespace) -> Iterator[tuple[str, Row]]:
    """Yield what pgbench makes of the same, a transaction of one statement each."""
    for script in ("month", "roll"):
        for clients in _FLOOR_CLIENTS:
            row = measuring.typical(
                [
                    pgbench.run(url, script, lent.where, clients=clients, seconds=given.seconds)
                    for _ in range(given.runs)
                ]
            )
            out.print(f"pgbench {script}, {clients} clients {row.rate:>9,.0f}/s")
            yield f"pgbench {script}, {clients} clients", row


def _show(rows: dict[str, tuple[Row, Row]], floors: dict[str, Row]) -> None:
    """Print the table, as docs/performance.md has it."""
    out.print("\n| | PostgreSQL | p99 | a file | ratio |\n| --- | --- | --- | --- | --- |")
    for name, (ours, on_file) in rows.items():
        out.print(
            f"| {name} | {ours.rate:,.0f}/s | {ours.p99:.0f} ms | {on_file.rate:,.0f}/s | "
            f"{ours.rate / on_file.rate:.2f} |"
        )
    for name, row in floors.items():
        out.print(f"| {name} | {row.rate:,.0f}/s | | | |")


if __name__ == "__main__":
    main()
