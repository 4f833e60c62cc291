"""A request that was spelled out for a measurement, sent as a client would."""

import itertools
from typing import Any

import httpx

from benchmarks import asking
from benchmarks.ground import Filled

ROLLS = 8  # so that some are of the month that is read


def answered(host: str, request: bytes) -> httpx.Response:
    """Send a request, and return what came back."""
    head, _, body = request.partition(b"\r\n\r\n")
    line, *headers = head.decode().split("\r\n")
    method, target, _ = line.split(" ")
    pairs = [tuple(header.split(": ", 1)) for header in headers]
    return httpx.request(
        method,
        f"http://{host}{target}",
        headers=pairs,  # type: ignore[arg-type]
        content=body,
        timeout=20,
    )


def exchange(data: Filled, host: str) -> tuple[list[Any], list[int], list[Any]]:
    """Return each section's month, what is said of each mark of some rolls, the months then."""
    before = _months(data, host)
    rolls = itertools.islice(asking.savings(data, host, 1), ROLLS)
    saved = [answered(host, roll).json()["attendance"] for roll in rolls]
    codes = [answer["response_code"] for roll in saved for answer in roll]
    return before, codes, _months(data, host)


def _months(data: Filled, host: str) -> list[Any]:
    readings = itertools.islice(asking.readings(data, host), data.where.sections)
    return [answered(host, reading).json() for reading in readings]
