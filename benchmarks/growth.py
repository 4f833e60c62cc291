"""
The same readings and saves at 1, 10 and 100 million marks: `make growth`.

There are more sections as there are more marks, each with its 60 days, so a reading stays a month
of one section. Readings are of what nobody read before: what the service keeps of its answers
would flatter the small file. Each file is filled, measured and removed.
"""

import argparse
import shutil
import time
from pathlib import Path

from rich.console import Console

from benchmarks import asking, ground, load, measuring, results, server
from benchmarks.ground import DAYS, Ground
from benchmarks.land import STUDENTS
from benchmarks.measuring import Kind
from benchmarks.results import Size

out = Console()

_MARK_BYTES = 90  # with its part of roll, record and roster; measured on a million
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
    given = parser.parse_args()
    load.require_wrk()
    place = given.folder / "growth"
    place.mkdir(parents=True, exist_ok=True)
    _require_room(place, max(given.millions))
    sizes = []
    for millions in given.millions:
        begun = time.perf_counter()
        filled = ground.prepare(place, round(millions * 1e6 / (STUDENTS * DAYS)))
        filled_in = time.perf_counter() - begun
        try:
            sizes.append(_measure(filled, filled_in, given.seconds, given.runs))
        finally:
            if not given.keep:
                ground.remove(filled.database)
    found = results.Growth(
        at=results.moment(), cores=results.cores(), seconds=given.seconds, sizes=sizes
    )
    out.print(f"Kept in {results.keep(given.folder, found)}")


def _require_room(folder: Path, millions: float) -> None:
    need = millions * 1e6 * _MARK_BYTES * 1.2
    free = shutil.disk_usage(folder).free
    if need > free:
        raise SystemExit(
            f"{millions:g} million marks need {need / 2**30:.0f} GB of disk, "
            f"{free / 2**30:.0f} GB are free; --millions says how many."
        )


def _measure(filled: Ground, filled_in: float, seconds: int, runs: int) -> Size:
    size = filled.database.stat().st_size
    out.print(
        f"{filled.marks:,} marks in {filled.where.sections:,} sections, "
        f"{size / 2**30:.2f} GB, filled in {filled_in:.0f} s"
    )
    rows = {}
    with server.rollbook(filled.database, filled.master_key) as running:
        for kind in KINDS:
            row = measuring.by_wrk(kind, filled, running.host, seconds=seconds, runs=runs)
            rows[kind.name] = row
            out.print(
                f"{kind.name:10}{row.rate:>9,.0f}/s   p50 {row.p50:.1f} ms   "
                f"p99 {row.p99:.1f} ms   {row.wrong} wrong",
                highlight=False,
            )
    return Size(marks=filled.marks, file_bytes=size, filled_in=filled_in, rows=rows)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit("Interrupted; nothing was kept of this run.") from None
