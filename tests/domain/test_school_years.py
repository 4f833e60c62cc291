import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.domain.school_years import first_day, school_year, year_of

DAYS = st.dates(dt.date(1970, 1, 1), dt.date(2999, 12, 31)).map(dt.date.isoformat)


@pytest.mark.parametrize(
    ("day", "begins", "year"),
    [
        ("2026-11-25", "07-01", 2026),
        ("2026-06-30", "07-01", 2025),
        ("2026-07-01", "07-01", 2026),
        ("2026-08-14", "08-15", 2025),
        ("2026-08-15", "08-15", 2026),
    ],
)
def test_a_day_is_in_the_year_that_began_last(day: str, begins: str, year: int) -> None:
    """
    On its first day a school year has begun.
    """
    assert year_of(day, begins) == year


@given(DAYS)
def test_a_day_is_in_its_school_year(day: str) -> None:
    """
    Whatever the day, it lies in the year that it is said to be in.
    """
    first, last = school_year(year_of(day))

    assert first <= day <= last


@given(st.integers(1970, 2999))
def test_one_year_follows_the_other(year: int) -> None:
    """
    Between the last day of one and the first of the next there is no day.
    """
    _, last = school_year(year)
    first, _ = school_year(year + 1)

    assert dt.date.fromisoformat(first) - dt.date.fromisoformat(last) == dt.timedelta(days=1)


@pytest.mark.parametrize("begins", ["02-30", "13-01", "7-1", "", "summer"])
def test_no_school_year_begins_on_a_day_that_is_none(begins: str) -> None:
    """
    What is no day of the calendar is refused.
    """
    with pytest.raises(ValueError):
        first_day(2026, begins)
