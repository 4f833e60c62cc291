"""The figures as text, read by the reader that Prometheus brings."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from rollbook.watch.figures import Figure, Sheet
from rollbook.watch.metrics import FIGURES, Commits, Metrics, Requests, _told, open_sheet

Take = Callable[..., Sheet]

ROUTE = "/v1/sections/{section_id}/attendance"


def read(text: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return each sample by its name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def value(found: dict[Any, float], name: str, **labels: str) -> float:
    return found[name, tuple(sorted(labels.items()))]


def test_requests_are_told_by_method_route_and_status(take_sheet: Take, tmp_path: Path) -> None:
    """
    Each is counted once, under its route's template, and its seconds are in the histogram.
    """
    requests = Requests(take_sheet("worker"))
    for seconds in (0.0005, 0.003, 0.003, 20):
        requests.done("GET", ROUTE, 200, seconds)
    requests.done("PUT", ROUTE, 413, 0.1)
    requests.done("GET", None, 404, 0.1)
    found = read(Metrics(tmp_path).text())
    count, bucket = "rollbook_requests_total", "rollbook_request_seconds_bucket"

    assert value(found, count, method="GET", route=ROUTE, status="200") == 4
    assert value(found, count, method="PUT", route=ROUTE, status="413") == 1
    assert value(found, count, method="GET", route="none", status="404") == 1
    assert value(found, bucket, route=ROUTE, le="0.001") == 1
    assert value(found, bucket, route=ROUTE, le="0.005") == 3
    assert value(found, bucket, route=ROUTE, le="10") == 4  # a bound is in its bucket
    assert value(found, bucket, route=ROUTE, le="+Inf") == 5
    assert value(found, "rollbook_request_seconds_count", route=ROUTE) == 5
    assert value(found, "rollbook_request_seconds_sum", route=ROUTE) == pytest.approx(20.1065)


def test_methods_that_clients_make_up_are_one(take_sheet: Take, tmp_path: Path) -> None:
    """
    Nobody can fill the figures with names.
    """
    requests = Requests(take_sheet("worker"))
    for number in range(100):
        requests.done(f"M{number}", None, 405, 0.1)
    found = read(Metrics(tmp_path).text())
    name = "rollbook_requests_total"

    assert value(found, name, method="other", route="none", status="405") == 100
    assert len([key for key in found if key[0] == name]) == 1
    assert len(requests._known) == 0


def test_commits_are_told_with_their_groups(take_sheet: Take, tmp_path: Path) -> None:
    """
    What the writer reports is in the figures.
    """
    commits = Commits(take_sheet("writer"))
    commits(3, 5, 0.002, False)
    commits(64, 9, 0.02, False)
    commits(1, 2, 4, True)
    found = read(Metrics(tmp_path).text())

    assert value(found, "rollbook_commits_total", outcome="done") == 2
    assert value(found, "rollbook_commits_total", outcome="failed") == 1
    assert value(found, "rollbook_commit_commands_sum") == 68
    assert value(found, "rollbook_commit_commands_bucket", le="4") == 2
    assert value(found, "rollbook_commit_seconds_count") == 3
    assert value(found, "rollbook_writer_queue") == 2


def test_what_was_refused_is_told_with_its_reason(take_sheet: Take, tmp_path: Path) -> None:
    """
    A limit that bites, and a server that has too much to do, can be seen.
    """
    requests = Requests(take_sheet("worker"))
    requests.limited("address")
    requests.limited("address")
    requests.shed("writer")
    found = read(Metrics(tmp_path).text())

    assert value(found, "rollbook_limited_total", limit="address") == 2
    assert value(found, "rollbook_shed_total", reason="writer") == 1


def test_each_process_has_its_memory(take_sheet: Take, tmp_path: Path) -> None:
    """
    What the system says a process has in memory, by the process's name.
    """
    sheet = open_sheet(tmp_path, "worker")
    resident = value(
        read(Metrics(tmp_path).text()), "rollbook_process_resident_bytes", process="worker-1"
    )
    sheet.close()
    status = Path(f"/proc/{os.getpid()}/status").read_text()
    told = next(int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line)

    assert resident == pytest.approx(told * 1024, rel=0.1)


def test_files_are_told_by_a_name_not_by_their_path(tmp_path: Path) -> None:
    """
    What a file takes on the disk, also a folder of them; one that is missing takes nothing.
    """
    (tmp_path / "inner").mkdir()
    for place in (tmp_path / "one", tmp_path / "inner" / "two"):
        place.write_bytes(bytes(range(1, 256)) * 400)
    files = {
        "one": tmp_path / "one",
        "folder": tmp_path / "inner",
        "missing": tmp_path / "missing",
    }
    text = Metrics(files=files).text()
    found = read(text)

    assert value(found, "rollbook_file_bytes", file="one") >= 102_000
    assert value(found, "rollbook_file_bytes", file="folder") >= 102_000
    assert value(found, "rollbook_file_bytes", file="missing") == 0
    assert str(tmp_path) not in text.decode()


def test_labels_are_escaped() -> None:
    """
    Whatever a label holds comes back as it was, and every line is one.
    """
    text = 'a "quoted" \\ back\nslash'
    figure = Figure("odd_total", "counter", "Odd.", ("what",))
    told = "\n".join(_told(figure, {(text,): [1.0]})) + "\n"

    assert read(told.encode()) == {("odd_total", (("what", text),)): 1.0}


@pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES)
def test_names_are_as_prometheus_has_them(figure: Figure) -> None:
    """
    Each begins with the program's name; what only rises ends in `_total`; bounds rise.
    """
    assert figure.name.startswith("rollbook_")
    assert figure.name.endswith("_total") == (figure.kind == "counter")
    assert list(figure.bounds) == sorted(figure.bounds)
    assert figure.about.endswith(".")
