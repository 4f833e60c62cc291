"""
Strangers' bytes get nothing but a 4xx out of the parsers: the short form of `make fuzz`.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz import seeds
from fuzz.house import House
from fuzz.parsers import PARSERS, Finding
from rollbook.wire import sheets


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("fuzz"))
    yield house
    house.close()


@pytest.mark.parametrize("name", PARSERS)
def test_what_was_found_before_is_read_or_refused(house: House, name: str) -> None:
    """
    Each input that a long run kept, and each of the corpora, is read or gets its 4xx.
    """
    files = [file.read_bytes() for folder in seeds.folders(name) for file in folder.iterdir()]
    outcomes = {PARSERS[name](data, house) for data in [*seeds.seeds(name), *files]}

    assert outcomes == {True, False}


def changed(name: str) -> st.SearchStrategy[bytes]:
    """Return what is made of a parser's seeds by cutting, doubling, inserting and spoiling."""
    given = seeds.seeds(name)
    pieces = st.one_of(
        st.sampled_from([word.encode() for word in seeds.WORDS[name]]),
        st.sampled_from(given).flatmap(_slices),
        st.binary(min_size=0, max_size=3),
        st.text(max_size=2).map(lambda text: text.encode("utf-8", "surrogatepass")),
    )
    places = st.tuples(st.floats(0, 1), st.integers(0, 8), pieces)
    return st.builds(_spoilt, st.sampled_from(given), st.lists(places, max_size=4))


def _slices(seed: bytes) -> st.SearchStrategy[bytes]:
    places = st.integers(0, len(seed))
    return st.tuples(places, places).map(lambda ends: seed[min(ends) : max(ends)])


def _spoilt(seed: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    for place, removed, piece in changes:
        at = int(place * len(seed))
        seed = seed[:at] + piece + seed[at + removed :]
    return seed


@pytest.mark.parametrize("name", PARSERS)
def test_what_nobody_thought_of_is_read_or_refused(house: House, name: str) -> None:
    """
    Whatever becomes of known input by accident or by malice is read, or gets its 4xx.
    """

    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
    @given(changed(name))
    def fuzz(data: bytes) -> None:
        PARSERS[name](data, house)

    fuzz()


def test_a_parser_that_breaks_is_a_finding(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A fast reader that reads anything else than the careful one is found out.
    """

    def lenient(body: bytes) -> Any:
        return [sheets._read_entry(1, "2014-05-20", 1, None)]

    monkeypatch.setattr(sheets, "_read_plain", lenient)
    with pytest.raises(Finding, match="another way"):
        PARSERS["json"](seeds.seeds("json")[1], house)
