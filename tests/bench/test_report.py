"""The tables of the measurements, as documentation has them."""

from pathlib import Path

import msgspec
import pytest

from benchmarks import report, results
from benchmarks.results import Bench, BenchPostgres, Row, Size

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"


def bench(**rates: float) -> Bench:
    """Return a run in which nearly everything is as fast as it should be."""
    rows = {line.name: Row(100_000, 1, 2, runs=[1]) for line in report.LINES}
    rows |= {name.replace("_", " "): Row(rate, 1, 2) for name, rate in rates.items()}
    return Bench(
        at=results.moment(),
        cores=2,
        sections=2000,
        marks=3_600_000,
        seconds=2,
        answer_bytes=9000,
        rows=rows,
        started_in=[0.5],
        at_rest={"worker 1": 50, "writer 1": 30},
        peak={"worker 1": 90, "writer 1": 60},
    )


def on_postgres(**rates: float) -> BenchPostgres:
    """Return the same on PostgreSQL."""
    names = [line.name for line in report.ON_POSTGRES]
    rows = {name: Row(100_000, 1, 2, runs=[1]) for name in names}
    rows |= {name: Row(rate, 1, 2) for name, rate in rates.items()}
    return BenchPostgres(**{**msgspec.structs.asdict(bench()), "rows": rows})


def verdicts(found: Bench) -> dict[str, str]:
    return {row[0]: row[-1] for row in report.table(found) if row[-1]}


def test_each_target_is_met_or_missed() -> None:
    """
    A rate under its target is missed, one that reaches it is met; so for what is no rate.
    """
    found = verdicts(bench(W=2_999, peer_R=6_000))

    assert found["W"] == "missed"
    assert found["R"] == "met"
    assert found["R, 304"] == "missed"  # no faster than R
    assert found["R, XML"] == "met"
    assert found["first answer after"] == "met"
    assert verdicts(bench(peer_R=7_000))["R"] == "missed"  # not 15 times the peer
    assert verdicts(bench(R=9_999))["R"] == "missed"


def test_postgresql_has_targets_of_its_own() -> None:
    """
    5,000 readings and 1,500 rolls a second; each stands beside pgbench and the first peer.
    """
    found = verdicts(on_postgres(R=4_999, W=1_500))
    line = next(row for row in report.table(on_postgres(R=50_000)) if row[0] == "R")

    assert found["R"] == "missed"
    assert found["W"] == "met"
    assert verdicts(on_postgres(R=5_000, W=1_499))["W"] == "missed"
    assert line[4:6] == ("0.50", "0.5")


def test_a_wrong_answer_is_told() -> None:
    """
    A rate of wrong answers is no rate: it says how many there were.
    """
    found = bench()
    found.rows["W"] = Row(5_000, 1, 2, wrong=3)

    assert verdicts(found)["W"] == "met (3 wrong)"


def test_the_tables_go_to_their_places(tmp_path: Path) -> None:
    """
    docs/performance.md has a place for each, and putting them there twice changes nothing more.
    """
    rows = {"R": Row(3_000), "W": Row(1_000)}
    sizes = [Size(marks=10**6, file_bytes=2**30, filled_in=1, rows=rows)]
    results.keep(tmp_path, bench())
    results.keep(tmp_path, results.Growth(at=results.moment(), cores=2, seconds=1, sizes=sizes))
    results.keep(tmp_path, on_postgres(W=1_234))
    growth = results.GrowthPostgres(at=results.moment(), cores=2, seconds=1, sizes=sizes * 2)
    results.keep(tmp_path, growth)
    page = PAGE.read_text(encoding="utf-8")

    once = report.put(page, report.tables(tmp_path))

    assert "| W | 100,000 | 1.0 ms | 2.0 ms |" in once
    assert "| 1,000,000 | 1.0 GB | 3,000 (1.00) | 1,000 (1.00) |" in once
    assert "| W | 1,234 | 1.0 ms | 2.0 ms |" in once
    assert once.count("| 1,000,000 | 1.0 GB | 3,000 (1.00) | 1,000 (1.00) |") == 3
    assert report.put(once, report.tables(tmp_path)) == once
    with pytest.raises(ValueError, match="no place"):
        report.put("", {"nation": ""})
