"""The clock by which both stores date what they write."""

import datetime as dt
from collections.abc import Callable

Clock = Callable[[], dt.datetime]


def system_clock() -> dt.datetime:
    """Return the present moment."""
    return dt.datetime.now(dt.UTC)
