"""What is asked in a measurement: readings of a month, and rolls to be saved, all different."""

import itertools
import random
import time
from collections.abc import Iterator, Sequence

from benchmarks import land
from benchmarks.ground import DAYS, Filled
from benchmarks.signing import Signer, spelled

JSON, XML = "application/json", "text/xml"
MONTH = 30  # school days: a reading is of 90 records on average

_LEAP = 1_000_003  # over places that are asked of one after the other

_DAYS = land.school_days(DAYS)


def signer(host: str, district: int = 1) -> Signer:
    """Return what signs as the administrator of a district."""
    return Signer(host, land.key_of(district), land.secret_of(district))


def attendance(section: int) -> str:
    """Return the path of the attendance of the section of that number."""
    return f"/v1/sections/{land.section_id(section)}/attendance"


def readings(
    ground: Filled, host: str, *, accept: str = JSON, known: bool = False
) -> Iterator[bytes]:
    """Yield readings of one and the same month, section after section, again and again."""
    sections = list(range(ground.where.sections))
    random.Random(2).shuffle(sections)
    month = _month(20)
    places = ((section, month) for section in itertools.cycle(sections))
    return _readings(host, places, accept, known=known)


def first_readings(
    ground: Filled, host: str, *, accept: str = JSON, begin: int = 0
) -> Iterator[bytes]:
    """Yield readings of which none repeats another: each section's months, first day by day."""
    months = DAYS - MONTH + 1
    total = ground.where.sections * months
    # A prime that does not divide their number reaches each once before it comes back.
    places = (n * _LEAP % total for n in itertools.count(begin))
    asked = ((place // months, _month(place % months)) for place in places)
    return _readings(host, asked, accept, known=False)


def _month(first: int) -> tuple[tuple[str, str], ...]:
    return (("start", _DAYS[first]), ("end", _DAYS[first + MONTH - 1]))


def _readings(
    host: str,
    places: Iterator[tuple[int, Sequence[tuple[str, str]]]],
    accept: str,
    *,
    known: bool,
) -> Iterator[bytes]:
    sign = signer(host).request
    headers = spelled({"Accept": accept} | ({"If-None-Match": "*"} if known else {}))
    now = int(time.time())
    for section, month in places:
        yield sign("GET", attendance(section), now, query=month, headers=headers)


def savings(ground: Filled, host: str, seed: int, *, content: str = JSON) -> Iterator[bytes]:
    """Yield rolls, each different from what is stored: SQLite skips rows that do not change."""
    sign = signer(host).request
    headers = spelled({"Content-Type": content, "Accept": content})
    write = _json if content == JSON else _xml
    rng = random.Random(seed)
    now = int(time.time())
    for number in itertools.count():
        section = rng.randrange(ground.where.sections)
        body = write(section, rng, f"w{seed}-{number}")
        yield sign("PUT", attendance(section), now, headers=headers, body=body)


def _marks(section: int, rng: random.Random) -> list[tuple[int, int]]:
    return [
        (who, 1 if rng.random() < 0.9 else rng.randint(2, 4))
        for who in land.enrollments(section)
    ]


def _json(section: int, rng: random.Random, comment: str) -> bytes:
    day = rng.choice(_DAYS)
    items = ",".join(
        f'{{"enrollment_id":{who},"date":"{day}","status":{status},"comment":"{comment}"}}'
        for who, status in _marks(section, rng)
    )
    return f'{{"attendances":{{"attendance":[{items}]}}}}'.encode()


def _xml(section: int, rng: random.Random, comment: str) -> bytes:
    day = rng.choice(_DAYS)
    items = "".join(
        f"<attendance><enrollment_id>{who}</enrollment_id><date>{day}</date>"
        f"<status>{status}</status><comment>{comment}</comment></attendance>"
        for who, status in _marks(section, rng)
    )
    return f"<result><attendances>{items}</attendances></result>".encode()
