from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from rollbook.domain.attendance import tally
from rollbook.domain.rosters import Seat
from rollbook.domain.school_days import tally_of_places

DAY = "2026-09-14"
DAYS = st.sampled_from([None, "2026-09-01", DAY, "2026-10-01"])
SEATS = st.builds(Seat, st.just(0), st.booleans(), st.integers(1, 5), DAYS, DAYS)


@given(st.lists(st.tuples(SEATS, st.sampled_from([None, 1, 2, 3, 4])), max_size=30))
def test_kinds_of_places_add_up_to_what_the_places_do(
    places: list[tuple[Seat, int | None]],
) -> None:
    """
    Counted by kind or one by one, a day comes to the same.
    """
    kinds = [(seat, status, count) for (seat, status), count in Counter(places).items()]
    numbered = [
        (Seat(number, *(getattr(seat, name) for name in Seat.__struct_fields__[1:])), status)
        for number, (seat, status) in enumerate(places)
    ]
    statuses = {seat.enrollment_id: status for seat, status in numbered if status is not None}

    assert tally_of_places(DAY, kinds) == tally(DAY, [seat for seat, _ in numbered], statuses)
