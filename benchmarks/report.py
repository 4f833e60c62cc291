"""
The tables of the last `make bench`, `make growth` and `make nation`, in Markdown.

    python -m benchmarks.report                             # prints them
    python -m benchmarks.report --into docs/performance.md  # puts them in their places there
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks import results
from benchmarks.results import Bench, BenchPostgres, Growth, GrowthPostgres, Nation

_MONTH, _ROLL = "pgbench, a month, 16 at once", "pgbench, a roll, 16 at once"

HEAD = ("what", "a second", "p50", "p99", "of floor", "× peer", "target", "")


class Line(msgspec.Struct, frozen=True):
    """A row of the table: what it stands beside, and what is to be reached."""

    name: str
    floor: str = ""
    peer: str = ""
    target: str = ""
    met: Callable[[Bench], bool] | None = None


def _rate(name: str, least: float) -> Callable[[Bench], bool]:
    return lambda found: found.rows[name].rate >= least


def _times(name: str, other: str, least: float) -> Callable[[Bench], bool]:
    return lambda found: found.rows[name].rate >= least * found.rows[other].rate


def _r(found: Bench) -> bool:
    peer = found.rows.get("peer R")
    rate = found.rows["R"].rate
    return rate >= 10_000 and (peer is None or rate >= 15 * peer.rate)


LINES = (
    Line("floor of R"),
    Line("floor of R, XML"),
    Line("floor of R, 304"),
    Line("floor of W, 1 a commit"),
    Line("floor of W, 16 a commit"),
    Line("peer R", "floor of R"),
    Line("peer W", "floor of W, 1 a commit"),
    Line("R", "floor of R", "peer R", "10,000; 15 × peer", _r),
    Line("R, first time", "floor of R", "peer R"),
    Line("R, 304", "floor of R, 304", "", "1.5 × R", _times("R, 304", "R", 1.5)),
    Line("R, XML", "floor of R, XML", "", "0.5 × R", _times("R, XML", "R", 0.5)),
    Line("R, XML, first time", "floor of R, XML"),
    Line("W", "floor of W, 16 a commit", "peer W", "3,000", _rate("W", 3_000)),
    Line(
        "W, 64 at once",
        "floor of W, 16 a commit",
        "peer W",
        "p99 under 50 ms",
        lambda found: found.rows["W, 64 at once"].p99 < 50,
    ),
    Line("W, XML", "floor of W, 16 a commit", "", "0.5 × W", _times("W, XML", "W", 0.5)),
    Line("morning R"),
    Line("morning W"),
)


ON_POSTGRES = (
    Line("pgbench, a month, 1 at once"),
    Line("pgbench, a month, 16 at once"),
    Line("pgbench, a roll, 1 at once"),
    Line("pgbench, a roll, 16 at once"),
    Line("peer R, django", _MONTH),
    Line("peer R, fastapi", _MONTH),
    Line("peer W, django", _ROLL),
    Line("peer W, fastapi", _ROLL),
    Line("R", _MONTH, "peer R, django", "5,000", _rate("R", 5_000)),
    Line("R, first time", _MONTH, "peer R, django"),
    Line("R, 304", _MONTH),
    Line("W", _ROLL, "peer W, django", "1,500", _rate("W", 1_500)),
    Line("W, 64 at once", _ROLL, "peer W, django"),
)


def table(found: Bench) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table, as text, under `HEAD`; the peer is the first one."""
    for line in ON_POSTGRES if isinstance(found, BenchPostgres) else LINES:
        row = found.rows.get(line.name)
        if row is None:
            continue
        times = (f"{row.p50:.1f} ms", f"{row.p99:.1f} ms") if row.p99 else ("", "")
        floor, peer = found.rows.get(line.floor), found.rows.get(line.peer)
        verdict = _verdict(line.met(found)) if line.met else ""
        yield (
            line.name,
            f"{row.rate:,.0f}",
            *times,
            f"{row.rate / floor.rate:.2f}" if floor else "",
            f"{row.rate / peer.rate:.1f}" if peer else "",
            line.target,
            verdict + (f" ({row.wrong} wrong)" if row.wrong else ""),
        )
    yield from _beside(found)


def _beside(found: Bench) -> Iterator[tuple[str, ...]]:
    """Yield what is no rate: the start and the memory."""
    started = sorted(found.started_in)[len(found.started_in) // 2]
    yield _plain("first answer after", f"{started:.2f} s", "under 1 s", started < 1)
    rest = max(size for name, size in found.at_rest.items() if name.startswith("worker"))
    yield _plain("a worker at rest", f"{rest:.0f} MB", "under 80 MB", rest < 80)
    peak = max(size for name, size in found.peak.items() if name.startswith("worker"))
    yield _plain("a worker at most", f"{peak:.0f} MB", "under 200 MB", peak < 200)
    for name in ("writer 1", "watcher 1"):
        if name in found.peak:
            text = f"{found.at_rest[name]:.0f} to {found.peak[name]:.0f} MB"
            yield (f"the {name.split()[0]}", text, "", "", "", "", "", "")


def _plain(what: str, figure: str, target: str, met: bool) -> tuple[str, ...]:
    return (what, figure, "", "", "", "", target, _verdict(met))


def _verdict(met: bool) -> str:
    return "met" if met else "missed"


def show(found: Bench, out: Console) -> None:
    """Print the table at the terminal."""
    drawn = Table(box=SIMPLE_HEAD)
    for head in HEAD:
        drawn.add_column(head, no_wrap=True, justify="left" if head in HEAD[::6] else "right")
    for row in table(found):
        colour = {"met": "green", "missed": "red"}.get(row[-1].partition(" ")[0], "")
        drawn.add_row(*row[:-1], f"[{colour}]{row[-1]}" if colour else row[-1])
    out.print(drawn)


def in_markdown(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    """Return a table as Markdown has it."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _of_bench(found: Bench) -> str:
    runs = len(next(iter(found.rows.values())).runs)
    return (
        f"{found.sections:,} sections, {found.marks:,} marks; {found.cores} cores; medians of "
        f"{runs} runs of {found.seconds} s; an answer to R has {found.answer_bytes:,} bytes.\n\n"
        + in_markdown(HEAD, table(found))
    )


def _of_growth(found: Growth) -> str:
    first = found.sizes[0]

    def beside(size: results.Size, name: str) -> str:
        rate = size.rows[name].rate
        return f"{rate:,.0f} ({rate / first.rows[name].rate:.2f})"

    names = tuple(first.rows)
    rows = (
        (
            f"{size.marks:,}",
            f"{size.file_bytes / 2**30:.1f} GB",
            *(beside(size, name) for name in names),
        )
        for size in found.sizes
    )
    return in_markdown(("marks", "file", *names), rows)


def _of_nation(found: Nation) -> str:
    answers = ", ".join(f"{status}: {count:,}" for status, count in found.answers.items())
    peak = ", ".join(f"{name} {size:.0f} MB" for name, size in found.peak.items())
    rows = [
        ("rolls saved", f"{found.sections:,} in {found.districts:,} districts"),
        ("took", f"{found.seconds:.0f} s"),
        ("rolls a second", f"{found.rate:,.0f}"),
        ("p50, p99", f"{found.p50:.1f} ms, {found.p99:.1f} ms"),
        ("answers by status", answers),
        ("the most memory held", peak),
        ("a core's share for the sender", f"{found.sender_seconds / found.seconds:.0%}"),
        ("every mark is there", "yes" if found.verified else "no"),
    ]
    return in_markdown((f"{found.call}, {found.connections} connections", ""), iter(rows))


def tables(folder: Path) -> dict[str, str]:
    """Return what there are results of, by the name of its place in docs/performance.md."""
    found = {}
    if bench := results.latest(folder, Bench):
        found["bench"] = (
            _of_bench(bench) + "\n\n" + _picture("bench", "Each rate beside its floor")
        )
    if growth := results.latest(folder, Growth):
        found["growth"] = _of_growth(growth) + "\n\n" + _picture("growth", "Rates by size")
    if on_postgres := results.latest(folder, BenchPostgres):
        found["postgres"] = _of_bench(on_postgres)
    if grown := results.latest(folder, GrowthPostgres):
        found["growth on postgres"] = _of_growth(grown)
    if nation := results.latest(folder, Nation):
        found["nation"] = _of_nation(nation) + "\n\n" + _picture("nation", "Rolls a second")
    return found


def _picture(name: str, what: str) -> str:
    return f"![{what}](pictures/{name}.svg)"


def put(page: str, found: dict[str, str]) -> str:
    """Return a page with each table in its place; raises `ValueError` when it has none."""
    for name, text in found.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = page.partition(begin)
        _, there, after = rest.partition(end)
        if not there:
            raise ValueError(f"the page has no place for {name}")
        page = f"{before}{begin}{text}\n{end}{after}"
    return page


def main() -> None:
    """Print what the last runs came to, or put it into a page."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.report",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--folder", type=Path, default=results.FOLDER, help="of the results")
    parser.add_argument("--into", type=Path, metavar="PAGE", help="a page to write them into")
    given = parser.parse_args()
    found = tables(given.folder)
    if not found:
        raise SystemExit(f"There are no results in {given.folder} yet: make bench")
    if given.into:
        page = put(given.into.read_text(encoding="utf-8"), found)
        given.into.write_text(page, encoding="utf-8")
        print(f"{given.into}: {', '.join(found)}")
    else:
        print("\n\n".join(found.values()))


if __name__ == "__main__":
    main()
