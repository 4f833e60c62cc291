"""What `python -m benchmarks.pages` measures: pages with the data in them."""

from pathlib import Path

from benchmarks import ground, pages

SECTIONS = 8


def test_every_page_is_measured_with_its_data(tmp_path: Path) -> None:
    """
    A small set is filled, dealt out and asked for: the sheet has its class, the office its school,
    and a page weighs more than its HTML.
    """
    seen = pages.run(ground.prepare(tmp_path, SECTIONS), count=2, school=4)
    sheet, today, month, office = seen

    assert [one.name for one in seen] == ["sheet", "Today", "month", "office's day"]
    assert all(0 < one.median <= one.p95 for one in seen)
    assert all(one.weight > one.html + 10_000 for one in seen)
    assert sheet.html > 30_000
    assert month.html > 15_000
    assert office.html > 5_000  # about a dozen of 120 are away
    assert today.html < sheet.html
    assert sheet.weight < pages.WEIGHT_MAX
