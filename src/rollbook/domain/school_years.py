"""When a school year begins and ends: one answer for the pages and for what keeps old years."""

import datetime as dt

from rollbook.domain.days import Day

BEGINS = "07-01"  # month and day: as fiscal and reporting years of school districts do


def year_of(day: Day, begins: str = BEGINS) -> int:
    """Return the calendar year in which the school year of a day began."""
    return int(day[:4]) - (day[5:] < begins)


def first_day(year: int, begins: str = BEGINS) -> Day:
    """
    Return the first day of the school year that begins in that calendar year.

    Args:
        year: The calendar year.
        begins: Month and day on which every school year begins, as `07-01`.

    Raises:
        ValueError: There is no such day: 29 February begins no school year.
    """
    return dt.date.fromisoformat(f"{year:04}-{begins}").isoformat()


def school_year(year: int) -> tuple[Day, Day]:
    """Return the first and last day of the school year that begins in that calendar year."""
    after = dt.date.fromisoformat(first_day(year + 1))
    return first_day(year), (after - dt.timedelta(days=1)).isoformat()
