import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.domain.rosters import PENDING, EnrollmentStatus, Seat

FIRST, LAST = "2026-09-14", "2026-09-18"
BEFORE, AFTER = "2026-09-11", "2026-09-21"
ACTIVE, EXPIRED = EnrollmentStatus.ACTIVE, EnrollmentStatus.EXPIRED


@pytest.mark.parametrize(
    ("status", "first", "last", "day", "on_roll"),
    [
        (ACTIVE, None, None, FIRST, True),
        (ACTIVE, FIRST, None, FIRST, True),
        (ACTIVE, FIRST, None, AFTER, True),
        (ACTIVE, FIRST, None, BEFORE, False),
        (ACTIVE, None, LAST, LAST, True),
        (ACTIVE, None, LAST, AFTER, False),
        (ACTIVE, FIRST, LAST, FIRST, True),
        (EXPIRED, FIRST, LAST, LAST, True),
        (EXPIRED, FIRST, LAST, AFTER, False),
        (EXPIRED, FIRST, None, FIRST, False),
        (EnrollmentStatus.ARCHIVED, None, LAST, FIRST, True),
        (EnrollmentStatus.INVITE_PENDING, None, None, FIRST, False),
        (EnrollmentStatus.REQUEST_PENDING, FIRST, LAST, FIRST, False),
    ],
)
def test_who_is_on_the_roll_of_a_day(
    status: EnrollmentStatus, first: str | None, last: str | None, day: str, on_roll: bool
) -> None:
    """
    A student is on the roll from the first day to the last; who ended without a day is not.
    """
    assert Seat(1, False, status, first, last).is_on_roll(day) is on_roll


@given(
    st.booleans(),
    st.sampled_from(EnrollmentStatus),
    st.none() | st.just(FIRST),
    st.none() | st.just(LAST),
    st.sampled_from([BEFORE, FIRST, LAST, AFTER]),
)
def test_whoever_is_on_the_roll_can_be_marked(
    admin: bool, status: EnrollmentStatus, first: str | None, last: str | None, day: str
) -> None:
    """
    Teachers and pending places can never be marked, and nobody else is on a roll.
    """
    seat = Seat(1, admin, status, first, last)

    assert seat.can_be_marked == (not admin and status not in PENDING)
    assert seat.can_be_marked or not seat.is_on_roll(day)
