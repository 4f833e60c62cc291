"""
The days of a semester: as many school days as it has, up to a given one.

Fixed breaks and public holidays of the United States are left out, so the weeks look like a
school's whatever the season in which somebody looks at the demo.
"""

import datetime as dt
import zoneinfo
from collections.abc import Sequence

from rollbook.domain.days import Day

TIME_ZONE = "America/Chicago"
SCHOOL_DAYS = 87

_HOME_BY = dt.time(16)  # the last lesson is over, and so is the office's day


def last_school_day(now: dt.datetime) -> dt.date:
    """Return the latest weekday whose lessons are over: nothing may lie in the future."""
    local = now.astimezone(zoneinfo.ZoneInfo(TIME_ZONE))
    day = local.date()
    if local.time() < _HOME_BY:
        day -= dt.timedelta(days=1)
    while not _is_weekday(day):
        day -= dt.timedelta(days=1)
    return day


def school_days(last: dt.date) -> list[Day]:
    """
    Return the semester's days, ascending; *last*, which must be a weekday, is one of them.

    A break in which *last* itself falls is no break: the demo ends where it is looked at.
    """
    days: list[Day] = []
    day, may_be_off = last, False
    while len(days) < SCHOOL_DAYS:
        if _is_weekday(day):
            off = _is_off(day)
            may_be_off = may_be_off or not off
            if not (off and may_be_off):
                days.append(day.isoformat())
        day -= dt.timedelta(days=1)
    return days[::-1]


def quarters(days: Sequence[Day]) -> tuple[tuple[Day, Day], tuple[Day, Day]]:
    """
    Return the first and last day of both quarters.

    The second one ends four weeks from the last school day, so that the semester still runs
    while somebody plays with the demo.
    """
    half = (len(days) + 1) // 2
    end = dt.date.fromisoformat(days[-1]) + dt.timedelta(weeks=4)
    return (days[0], days[half - 1]), (days[half], end.isoformat())


def _is_weekday(day: dt.date) -> bool:
    return day.isoweekday() <= 5


def _is_off(day: dt.date) -> bool:
    month_day = (day.month, day.day)
    return (
        month_day >= (12, 23)  # winter break
        or month_day <= (1, 2)
        or month_day in {(6, 19), (7, 4), (11, 11)}
        or day in {_monday(day.year, 9, 1), _monday(day.year, 10, 8), _monday(day.year, 1, 15)}
        or day in {_monday(day.year, 2, 15), _monday(day.year, 5, 25)}
        or dt.timedelta(0) <= day - _monday(day.year, 3, 15) <= dt.timedelta(days=4)  # spring
        or dt.timedelta(2) <= day - _monday(day.year, 11, 19) <= dt.timedelta(days=4)
    )


def _monday(year: int, month: int, earliest: int) -> dt.date:
    """Return the first Monday on or after that date."""
    day = dt.date(year, month, earliest)
    return day + dt.timedelta(days=-day.weekday() % 7)
