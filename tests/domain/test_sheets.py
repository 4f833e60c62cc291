"""The rules of a sheet that several people fill in at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.domain.attendance import Status
from rollbook.domain.people import Role, User
from rollbook.domain.rosters import Enrollment, Person, Section
from rollbook.domain.sheets import (
    Value,
    Wish,
    is_locked,
    meets,
    on_roll,
    settle,
    taking_along,
)

MONDAY, TUESDAY, SATURDAY, SUNDAY = "2026-11-23", "2026-11-24", "2026-11-28", "2026-11-29"
ABSENT, LATE = Value(Status.ABSENT, "ill"), Value(Status.LATE)

VALUES = st.builds(Value, st.sampled_from([1, 2, 3, 4]), st.sampled_from(["", "ill", "bus"]))
PEOPLE = st.integers(1, 5)
WISHES = st.lists(
    st.builds(Wish, enrollment_id=PEOPLE, wanted=VALUES, seen=VALUES),
    unique_by=lambda wish: wish.enrollment_id,
)


def test_a_line_that_nobody_touched_is_saved() -> None:
    """
    Who was present when the sheet was opened, and has no mark still, gets the one that is wanted.
    """
    entries, conflicts = settle(
        [Wish(enrollment_id=1, wanted=ABSENT, seen=Value())], {}, MONDAY
    )

    assert [(one.enrollment_id, one.date, one.status, one.comment) for one in entries] == [
        (1, MONDAY, Status.ABSENT, "ill")
    ]
    assert conflicts == []


def test_a_line_that_somebody_else_changed_is_in_conflict() -> None:
    """
    What has become another mark since the sheet was opened is shown, not overwritten.
    """
    wish = Wish(enrollment_id=1, wanted=ABSENT, seen=Value())
    entries, (conflict,) = settle([wish], {1: LATE}, MONDAY)

    assert entries == []
    assert (conflict.wanted, conflict.present) == (ABSENT, LATE)


def test_a_sheet_that_was_saved_unanswered_can_be_sent_again() -> None:
    """
    A line that is already what it is wanted to be is no conflict, whatever was seen.
    """
    wish = Wish(enrollment_id=1, wanted=ABSENT, seen=Value())
    entries, conflicts = settle([wish], {1: ABSENT}, MONDAY)

    assert len(entries) == 1
    assert conflicts == []


@given(WISHES, st.dictionaries(PEOPLE, VALUES))
def test_nothing_unseen_is_overwritten(wishes: list[Wish], present: dict[int, Value]) -> None:
    """
    Every line is either saved or in conflict; what is saved was seen before, or is there already.
    """
    entries, conflicts = settle(wishes, present, MONDAY)
    saved = {entry.enrollment_id for entry in entries}

    assert saved | {one.enrollment_id for one in conflicts} == {
        wish.enrollment_id for wish in wishes
    }
    assert len(entries) + len(conflicts) == len(wishes)
    for wish in wishes:
        now = present.get(wish.enrollment_id, Value())
        assert (wish.enrollment_id in saved) == (now in {wish.seen, wish.wanted})


@pytest.mark.parametrize("kept", [" ill ", "ill\nat home", "ill\r\nat home", "ill\rat home\n"])
def test_what_a_form_cannot_hold_is_no_change(kept: str) -> None:
    """
    A comment of several lines, or with blanks around it, comes back from a form without them:
    that nobody wrote another one keeps it as it is, whatever becomes of the status.
    """
    one_line = kept.replace("\r", "").replace("\n", "").strip()
    seen = Value(Status.ABSENT, kept.replace("\r\n", "\n").replace("\r", "\n").strip())
    wish = Wish(enrollment_id=1, wanted=Value(Status.LATE, one_line), seen=seen)
    (entry,), conflicts = settle([wish], {1: Value(Status.ABSENT, kept)}, MONDAY)

    assert (entry.status, entry.comment) == (Status.LATE, kept)
    assert conflicts == []


OWN, OTHER = Value(Status.ABSENT, "rang at 8"), Value(Status.EXCUSED, "dentist")


@pytest.mark.parametrize(
    ("wanted", "becomes"),
    [
        (OWN, OWN),
        (Value(OTHER.status, OWN.comment), OTHER),
        (Value(OTHER.status, "at the dentist's"), Value(OTHER.status, "at the dentist's")),
        (Value(OTHER.status, ""), Value(OTHER.status, "")),
        (Value(Status.LATE, OWN.comment), Value(Status.LATE, OWN.comment)),
    ],
)
def test_who_chooses_the_others_status_takes_their_comment(
    wanted: Value, becomes: Value
) -> None:
    """
    As long as nothing new was written; whoever keeps their own status keeps their own comment.
    """
    assert taking_along(wanted, OWN, OTHER, ticked=False) == becomes


@pytest.mark.parametrize(
    ("ticked", "wanted", "becomes"),
    [
        (False, OWN, OWN),
        (True, OWN, Value(OWN.status, "ill")),
        (True, Value(OWN.status, "ill at home"), Value(OWN.status, "ill at home")),
        (True, Value(Status.LATE, OWN.comment), Value(Status.LATE, "ill")),
    ],
)
def test_of_one_status_and_two_comments_the_other_is_ticked(
    ticked: bool, wanted: Value, becomes: Value
) -> None:
    """
    Where both chose the same, the other's comment is taken by saying so, unless one is written.
    """
    other = Value(OWN.status, "ill")

    assert taking_along(wanted, OWN, other, ticked=ticked) == becomes


def _person(number: int, last: str, first: str, preferred: str = "", **place: object) -> Person:
    user = User(
        id=number,
        role=Role.STUDENT,
        name_first=first,
        name_last=last,
        name_first_preferred=preferred,
    )
    return Person(Enrollment(id=number, section_id=7, user_id=number, **place), user)  # type: ignore[arg-type]


def test_the_roll_is_in_the_order_of_names() -> None:
    """
    By last name and the first name that is preferred, letters with marks beside those without;
    teachers and who is not enrolled that day are not on it.
    """
    people = [
        _person(1, "Zander", "Amy"),
        _person(2, "Ångström", "Bo"),
        _person(3, "Anders", "Zoe", "Abby"),
        _person(4, "Anders", "Bea"),
        _person(5, "Adams", "Tea", admin=True),
        _person(6, "Adams", "Gone", last_day="2026-11-20"),
    ]

    assert [one.enrollment.id for one in on_roll(people, MONDAY)] == [3, 4, 2, 1]


def _section(days: str) -> Section:
    return Section(
        id=7, course_id=1, course_title="Maths", course_code="", title="1", meeting_days=days
    )


def test_when_a_section_meets() -> None:
    """
    On the days that its roster names, Sunday being 0; without any on every weekday.
    """
    assert [meets(_section("1,3,5"), day) for day in (MONDAY, TUESDAY)] == [True, False]
    assert [meets(_section("0,6"), day) for day in (SATURDAY, SUNDAY, MONDAY)] == [
        True,
        True,
        False,
    ]
    assert [meets(_section(""), day) for day in (MONDAY, SATURDAY, SUNDAY)] == [
        True,
        False,
        False,
    ]


def test_days_are_locked_after_their_time() -> None:
    """
    With a lock of three days the fourth day back may not be changed; days ahead always may.
    """
    assert [
        is_locked(day, "2026-11-27", 3) for day in ("2026-11-23", "2026-11-24", "2026-12-24")
    ] == [True, False, False]
    assert not is_locked("2001-01-01", "2026-11-27", None)
