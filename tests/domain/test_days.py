import datetime as dt
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rollbook.domain import days
from rollbook.domain.days import day_after, from_ordinal, instant, is_day, to_ordinal


def by_pattern(text: str) -> object:
    """Read a date as most programs do."""
    return dt.datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 — only the day counts


@given(st.dates())
@example(dt.date.min)
@example(dt.date.max)
@example(dt.date(2024, 2, 29))
def test_each_day_of_the_calendar_is_a_day(date: dt.date) -> None:
    """
    Every day from year 1 to 9999 is accepted as its ISO text.
    """
    assert is_day(date.isoformat())


@given(
    st.one_of(
        st.text(max_size=12),
        st.text("0123456789-", min_size=10, max_size=10),
        st.from_regex(r"[0-9]{4}-[01][0-9]-[0-3][0-9]", fullmatch=True),
    )
)
def test_nothing_else_is_a_day(text: str) -> None:
    """
    Whatever is accepted is what the calendar would write for that day, character by character.
    """
    try:
        written = dt.date.fromisoformat(text).isoformat()
    except ValueError:
        written = None

    assert is_day(text) == (written == text)


@pytest.mark.parametrize(
    ("lenient", "text"),
    [
        (dt.date.fromisoformat, "20260901"),
        (dt.date.fromisoformat, "2026-W36-2"),
        (dt.date.fromisoformat, "2026W362"),
        (dt.datetime.fromisoformat, "2026-09-01T00:00"),
        (by_pattern, "2026-9-1"),
        (by_pattern, "２０２６-09-01"),
        (by_pattern, "٢٠٢٦-09-01"),
    ],
)
def test_python_reads_more_than_is_a_day(lenient: Callable[[str], object], text: str) -> None:
    """
    Each spelling here is a date to one of Python's own readers, and no day to us.
    """
    assert lenient(text)
    assert not is_day(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-02-29",
        "2026-02-30",
        "1900-02-29",
        "2026-13-01",
        "2026-00-10",
        "0000-01-01",
        "10000-01-01",
        " 2026-09-01",
        "2026-09-01 ",
        "2026-09-01\n",
        "2026-09-01\0",
        "2026/09/01",
        "2026\u201009\u201001",
        "-2026-09-01",
        "2026-09-1_",
    ],
)
def test_what_no_calendar_has_is_no_day(text: str) -> None:
    """
    Days that do not exist, and days with something around them, are refused.
    """
    assert not is_day(text)


@given(st.dates())
def test_a_day_and_its_number_lead_to_each_other(date: dt.date) -> None:
    """
    The number of a day is the calendar's, and leads back to the same text.
    """
    day = date.isoformat()

    assert to_ordinal(day) == date.toordinal()
    assert from_ordinal(to_ordinal(day)) == day


@given(st.dates(max_value=dt.date.max - dt.timedelta(days=1)))
def test_the_day_after_is_tomorrow(date: dt.date) -> None:
    """
    The day after any day is the calendar's next one.
    """
    assert day_after(date.isoformat()) == (date + dt.timedelta(days=1)).isoformat()


def test_the_calendar_ends() -> None:
    """
    After the calendar's last day comes that day again, so a range never runs out of days.
    """
    assert day_after("9999-12-31") == "9999-12-31"


def test_a_moment_is_utc_with_milliseconds() -> None:
    """
    A moment of any time zone is written in UTC, cut to milliseconds.
    """
    zone = dt.timezone(dt.timedelta(hours=-6))
    moment = dt.datetime(2026, 11, 23, 2, 3, 4, 567_999, tzinfo=zone)

    assert instant(moment) == "2026-11-23T08:03:04.567Z"


@given(st.datetimes(timezones=st.just(dt.UTC)), st.datetimes(timezones=st.just(dt.UTC)))
def test_moments_sort_as_time_does(one: dt.datetime, other: dt.datetime) -> None:
    """
    Of two moments the earlier one's text is never the greater.
    """
    earlier, later = sorted((one, other))

    assert instant(earlier) <= instant(later)


def test_what_cannot_be_a_day_is_not_remembered() -> None:
    """
    Texts of another length than a day's take no room in the cache, however many are asked for.
    """
    before = days._is_day.cache_info().currsize
    assert not any(is_day("2026-09-14" + "x" * length) for length in range(1, 500))
    assert days._is_day.cache_info().currsize == before
