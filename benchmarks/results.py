"""What was measured, kept as JSON, a file for each run: report and plots are made of it."""

import datetime as dt
import os
from pathlib import Path
from typing import TypeVar

import msgspec

FOLDER = Path("bench-data")

Kind = TypeVar("Kind", bound=msgspec.Struct)


class Row(msgspec.Struct, frozen=True):
    """One thing measured: the median of its runs by rate, and what was wrong in any of them."""

    rate: float  # a second
    p50: float = 0  # milliseconds; 0: not measured
    p99: float = 0
    wrong: int = 0
    runs: list[float] = []  # each run's rate


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """A run of `make bench`."""

    at: str
    cores: int
    sections: int
    marks: int
    seconds: int  # of one run
    answer_bytes: int  # of R, on average
    rows: dict[str, Row]
    started_in: list[float]  # seconds to the first answer
    at_rest: dict[str, float]  # MB of each process
    peak: dict[str, float]  # after all of the load


class BenchPostgres(Bench, frozen=True, kw_only=True):
    """The same on PostgreSQL."""


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """The database at one size."""

    marks: int
    file_bytes: int
    filled_in: float  # seconds
    rows: dict[str, Row]


class Growth(msgspec.Struct, frozen=True, kw_only=True):
    """A run of `make growth`."""

    at: str
    cores: int
    seconds: float
    sizes: list[Size]


class GrowthPostgres(Growth, frozen=True, kw_only=True):
    """The same on PostgreSQL."""


class Second(msgspec.Struct, frozen=True):
    """One reading of the nation's clock."""

    at: float  # seconds since the first request
    saved: int  # rolls so far
    p50: float  # milliseconds, since the reading before
    p99: float


class Nation(msgspec.Struct, frozen=True, kw_only=True):
    """A run of `make nation`."""

    at: str
    cores: int
    sections: int
    districts: int
    connections: int
    call: str  # which request saved a roll
    order: str
    seconds: float  # from the first request to the last answer
    rate: float  # rolls a second, over all of it
    p50: float
    p99: float
    answers: dict[str, int]  # by status; "0": lost with their connection, and sent again
    at_rest: dict[str, float]
    peak: dict[str, float]
    sender_seconds: float  # of a core that the sender took
    verified: bool
    course: list[Second]


def moment() -> str:
    """Return the present moment, as it stands in results and in their files' names."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H-%M-%SZ")


def cores() -> int:
    """Return how many this process may use."""
    return len(os.sched_getaffinity(0))


def keep(folder: Path, result: Bench | Growth | Nation) -> Path:
    """Write a result down and return where."""
    place = folder / "results" / f"{type(result).__name__.lower()}-{result.at}.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1))
    return place


def latest(folder: Path, kind: type[Kind]) -> Kind | None:
    """Return the last result of that kind, None when there is none."""
    found = sorted((folder / "results").glob(f"{kind.__name__.lower()}-*.json"))
    return msgspec.json.decode(found[-1].read_bytes(), type=kind) if found else None
