"""What the measurements ask is what they say."""

import itertools
import re
from pathlib import Path

import msgspec
import pytest

from benchmarks import asking
from benchmarks.ground import Ground
from benchmarks.land import STUDENTS, Land
from benchmarks.measuring import percentile, typical
from benchmarks.results import Row
from rollbook.wire import formats, sheets

GROUND = Ground(Path("nowhere"), Path("nowhere"), Land(sections=20))
HOST = "127.0.0.1:80"


def target(request: bytes) -> str:
    return request.split(b" ", 2)[1].decode()


def test_a_first_reading_is_the_first() -> None:
    """
    Every month of every section is asked for once before any is asked for again.
    """
    months = 31 * 20
    asked = [
        target(request)
        for request in itertools.islice(asking.first_readings(GROUND, HOST, begin=7), months)
    ]

    assert len(set(asked)) == months


def test_the_usual_readings_are_of_one_month_and_go_round() -> None:
    """
    All sections are read before any is read again, each for the same days.
    """
    asked = [target(request) for request in itertools.islice(asking.readings(GROUND, HOST), 40)]

    assert len(set(asked[:20])) == 20
    assert asked[20:] == asked[:20]
    assert len({address.partition("?")[2] for address in asked}) == 1


@pytest.mark.parametrize("content", [asking.JSON, asking.XML])
def test_each_roll_differs_from_those_before(content: str) -> None:
    """
    A roll has thirty marks of one section that can be read, and no body comes twice.
    """
    bodies = [
        request.partition(b"\r\n\r\n")[2]
        for request in itertools.islice(asking.savings(GROUND, HOST, 1, content=content), 50)
    ]
    read = [sheets.read_marks(body, formats.of_body(content, None)) for body in bodies]

    assert len(set(bodies)) == 50
    assert {len(marks) for marks in read} == {STUDENTS}


def test_every_request_has_a_nonce_of_its_own() -> None:
    """
    The service takes each nonce once: no request may be refused for another's.
    """
    requests = list(itertools.islice(asking.readings(GROUND, HOST), 500))
    nonces = {re.findall(rb'oauth_nonce="(\w+)"', request)[0] for request in requests}

    assert len(nonces) == 500


def test_the_run_in_the_middle_counts() -> None:
    """
    Of several runs the median is shown with the times of the run it came from, and all wrongs.
    """
    runs = [Row(100, 5, 6, wrong=1), Row(300, 1, 2), Row(200, 3, 4, wrong=2)]

    assert typical(runs) == Row(200, 3, 4, wrong=3, runs=[100, 300, 200])


def test_a_percentile_is_a_value_that_was_seen() -> None:
    """
    99 of 100 values are no larger than the 99th percentile; of nothing it is 0.
    """
    assert percentile([float(n) for n in range(1, 101)], 50) == 50
    assert percentile([float(n) for n in range(1, 101)], 99) == 99
    assert percentile([3.0], 99) == 3
    assert percentile([], 99) == 0


def test_results_are_read_as_they_were_kept(tmp_path: Path) -> None:
    """
    The last result of a kind comes back whole.
    """
    from benchmarks import results

    sizes = [results.Size(marks=1, file_bytes=2, filled_in=3, rows={"R": Row(4)})]
    kept = results.Growth(at=results.moment(), cores=2, seconds=1, sizes=sizes)
    results.keep(tmp_path, msgspec.structs.replace(kept, at="2000-01-01T00-00-00Z", cores=1))
    results.keep(tmp_path, kept)

    assert results.latest(tmp_path, results.Growth) == kept
    assert results.latest(tmp_path, results.Nation) is None
