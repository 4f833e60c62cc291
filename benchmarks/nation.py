"""
The nation's roll call: `make nation`.

Generates 1.67 million sections of 30 students in 13,000 districts, saves the roll of every
section once over HTTP, signed and durable, and then looks for every mark in the file. Interrupted,
it goes on where it was; with --keep, a second run takes the roll of the next day.
"""

import argparse
import random
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn, track

from benchmarks import bulk, ground, land, results, rollcall, server
from benchmarks.land import Land
from benchmarks.rollcall import Rollcall
from rollbook.auth.credentials import Safe, load_master_key

out = Console()

SECTIONS, DISTRICTS = 1_670_000, 13_000  # about as many districts as the country has

# Bytes that a student takes on the disk: the roster; what a day adds, its sheet included.
_ROSTER_BYTES, _DAY_BYTES = 180, 160


class Plan(msgspec.Struct, frozen=True):
    """What is asked for at the command line."""

    where: Land
    folder: Path
    connections: int
    whole_rolls: bool
    shuffled: bool
    workers: int

    @property
    def database(self) -> Path:
        """Where the districts are."""
        return self.folder / f"nation-{self.where.sections}.db"


def main() -> None:
    """Generate, save, verify; end with 1 when anything is missing."""
    given = _given()
    plan = Plan(
        where=Land(
            sections=max(1, round(SECTIONS * given.scale)),
            districts=max(2, round(DISTRICTS * given.scale)),
        ),
        folder=given.folder,
        connections=given.connections,
        whole_rolls=given.roll_call,
        shuffled=given.order == "shuffled",
        workers=given.workers,
    )
    plan.folder.mkdir(parents=True, exist_ok=True)
    generate(plan)
    found = take_every_roll(plan)
    out.print(f"Kept in {results.keep(plan.folder, found)}")
    if not found.verified:
        raise SystemExit(
            f"Something is missing: {plan.database} is left there to be looked at."
        )
    if not given.keep:
        ground.remove(plan.database)


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nation", description=__doc__)
    parser.add_argument(
        "--scale", type=float, default=1, help="0.01: a hundredth of the nation (default: 1)"
    )
    parser.add_argument("--connections", type=int, default=64, help="default: 64")
    parser.add_argument("--workers", type=int, default=2, help="of the server (default: 2)")
    parser.add_argument(
        "--roll-call",
        action="store_true",
        help="save with PUT sections/{id}/rolls/{date}, which names only who is not present",
    )
    parser.add_argument(
        "--order",
        choices=("shuffled", "by-section"),
        default="shuffled",
        help="in which the sections save: as it comes, or district after district",
    )
    parser.add_argument("--folder", type=Path, default=results.FOLDER, help="of the data")
    parser.add_argument(
        "--keep", action="store_true", help="leave the database there for the next run"
    )
    return parser.parse_args()


def generate(plan: Plan) -> None:
    """Make the districts that are not there yet; raises `SystemExit` without room for them."""
    where = plan.where
    need = where.students * (_ROSTER_BYTES + _DAY_BYTES)
    there = plan.database.stat().st_size if plan.database.exists() else 0
    free = shutil.disk_usage(plan.folder).free
    out.print(
        f"{where.sections:,} sections of {land.STUDENTS} in {where.districts:,} districts: "
        f"{need / 2**30:.1f} GB at most, {free / 2**30:.0f} GB are free."
    )
    if need - there > free * 0.9:
        raise SystemExit("There is not enough room on the disk; --scale makes it smaller.")
    safe = Safe(load_master_key(plan.folder / "master.key"))
    begun = time.perf_counter()
    columns = ("Making districts", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with bulk.quickly(plan.database) as db, Progress(*columns, console=out) as progress:
        task = progress.add_task("", total=where.districts)
        progress.update(task, completed=bulk.districts_there(db))
        for done in bulk.settle(db, where, safe):
            progress.update(task, completed=done)
    size = plan.database.stat().st_size
    out.print(f"{size / 2**30:.1f} GB after {time.perf_counter() - begun:.0f} s")


def take_every_roll(plan: Plan) -> results.Nation:
    """Save every roll of a day, verify, and return what came of it."""
    where, sheets = plan.where, plan.database.with_suffix(".sheets")
    master_key = plan.folder / "master.key"
    day = rollcall.next_day(plan.database, where)
    with server.rollbook(plan.database, master_key, workers=plan.workers) as running:
        at_rest = {name: now for name, (now, _) in running.memory().items()}
        call = Rollcall(where, running.host, day, whole_rolls=plan.whole_rolls)
        sections = order(where, shuffled=plan.shuffled)
        try:
            call.write_sheets(track(sections, "Writing the sheets", console=out), sheets)
            out.print(f"The roll of {call.date}, over {plan.connections} connections:")
            course = call.take(sheets, plan.connections, running, out)
        finally:
            sheets.unlink()
        peak = {name: most for name, (_, most) in running.memory().items()}
    out.print("Looking for every mark …")
    begun = time.perf_counter()
    complaints = rollcall.verify(plan.database, where, day)
    out.print(f"looked at {where.students:,} in {time.perf_counter() - begun:.0f} s")
    for complaint in complaints:
        out.print(f"[red]{complaint}")
    verified = not complaints and call.refused == 0
    if verified:
        out.print("[green]Every mark is there, with its roll, its record and its event.")
    return results.Nation(
        at=results.moment(),
        cores=results.cores(),
        sections=where.sections,
        districts=where.districts,
        connections=plan.connections,
        call=call.name,
        order="shuffled" if plan.shuffled else "by section",
        seconds=call.seconds,
        rate=course[-1].saved / call.seconds,
        p50=call.p50,
        p99=call.p99,
        answers={str(status): count for status, count in sorted(call.answers.items())},
        at_rest=at_rest,
        peak=peak,
        sender_seconds=call.sender_seconds,
        verified=verified,
        course=course,
    )


def order(where: Land, *, shuffled: bool) -> Sequence[int]:
    """Return the sections' numbers in the order in which they save."""
    if not shuffled:
        return range(where.sections)
    sections = list(range(where.sections))
    random.Random(4).shuffle(sections)
    return sections


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit("Interrupted; the same again goes on where it was.") from None
