"""The tables of the measurements, as documentation has them."""

from pathlib import Path

import pytest

from benchmarks import report, results
from benchmarks.results import Bench, Row, Size

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
    page = PAGE.read_text(encoding="utf-8")

    once = report.put(page, report.tables(tmp_path))

    assert "| W | 100,000 | 1.0 ms | 2.0 ms |" in once
    assert "| 1,000,000 | 1.0 GB | 3,000 (1.00) | 1,000 (1.00) |" in once
    assert report.put(once, report.tables(tmp_path)) == once
    with pytest.raises(ValueError, match="no place"):
        report.put("", {"nation": ""})
