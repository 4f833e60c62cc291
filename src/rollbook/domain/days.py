"""
A day is its ISO text, `YYYY-MM-DD`.

It sorts as time does, and it is what both wire formats and the embedded store hold, so the way
of a mark through the house never converts it. `is_day` is the one place that says what a day is;
Python's own readers of dates accept far more (`20260901`, `2026-W36-2`, full-width digits).
"""

import datetime as dt
import functools
import re
from typing import TypeAlias

Day: TypeAlias = str

_LENGTH = len("YYYY-MM-DD")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def is_day(text: str) -> bool:
    """Say whether *text* is a real day of the calendar, written `YYYY-MM-DD` in ASCII digits."""
    # Only what has a day's length is remembered: a cache of megabytes would be a way to fill us.
    return len(text) == _LENGTH and _is_day(text)


@functools.lru_cache(maxsize=4096)
def _is_day(text: str) -> bool:
    if not _DAY.fullmatch(text):
        return False
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


@functools.lru_cache(maxsize=4096)
def to_ordinal(day: Day) -> int:
    """Return the day's number in the proleptic Gregorian calendar: `0001-01-01` is 1."""
    return dt.date.fromisoformat(day).toordinal()


@functools.lru_cache(maxsize=4096)
def from_ordinal(ordinal: int) -> Day:
    """Return the day with that number; the inverse of `to_ordinal`."""
    return dt.date.fromordinal(ordinal).isoformat()


def day_after(day: Day) -> Day:
    """Return the next day; after the calendar's last one, that one again."""
    return from_ordinal(min(to_ordinal(day) + 1, dt.date.max.toordinal()))


def instant(moment: dt.datetime) -> str:
    """Return a moment as UTC text with milliseconds, `2026-11-23T08:03:00.000Z`."""
    utc = moment.astimezone(dt.UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="milliseconds") + "Z"
