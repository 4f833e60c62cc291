import datetime as dt
from typing import TypeAlias
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rollbook.domain.attendance import (
    COMMENT_MAX,
    Entry,
    Mark,
    Status,
    Tally,
    Unreadable,
    fill_roll,
    judge,
    mark_id,
    mark_key,
    tally,
    why_not_comment,
)
from rollbook.domain.rosters import EnrollmentStatus, Seat

State: TypeAlias = dict[tuple[str, int], tuple[int, str]]

MONDAY = "2026-09-14"
DAYS = st.sampled_from(["2026-09-11", MONDAY, "2026-09-15"])
PEOPLE = st.integers(1, 4)
STATUSES = st.sampled_from([int(status) for status in Status])
COMMENTS = st.sampled_from(["", "ill", "dentist"])

ENTRIES = st.lists(
    st.one_of(
        st.builds(Entry, PEOPLE, DAYS, STATUSES, st.none() | COMMENTS),
        st.builds(Unreadable, st.just("status must be 1 to 4"), st.none() | PEOPLE, DAYS),
    ),
    max_size=12,
)
MARKABLE = st.frozensets(PEOPLE)
CURRENT = st.dictionaries(st.tuples(DAYS, PEOPLE), st.tuples(STATUSES, COMMENTS))
ANY_ENROLLMENT = st.integers(1, (1 << 41) - 1)

asked = given(ENTRIES, MARKABLE, CURRENT)


def one_by_one(
    entries: list[Entry | Unreadable], markable: frozenset[int], current: State
) -> State:
    """Return what is there when each good entry is saved alone, in the order asked for."""
    state = dict(current)
    for entry in entries:
        if isinstance(entry, Entry) and entry.enrollment_id in markable:
            key = (entry.date, entry.enrollment_id)
            comment = state.get(key, (0, ""))[1] if entry.comment is None else entry.comment
            state[key] = (entry.status, comment)
    return state


def saved(current: State, marks: list[Mark]) -> State:
    """Return what is there once *marks* are stored."""
    new = {(mark.date, mark.enrollment_id): (mark.status, mark.comment) for mark in marks}
    return {**current, **new}


# ---------------------------------------------------------------- judge


@asked
def test_each_entry_is_answered_in_its_place(
    entries: list[Entry | Unreadable], markable: frozenset[int], current: State
) -> None:
    """
    The answers are as many as the entries, in their order, each with its own verdict.
    """
    answers = judge(entries, markable, current).answers

    assert len(answers) == len(entries)
    for entry, answer in zip(entries, answers, strict=True):
        if isinstance(entry, Unreadable):
            assert (answer.response_code, answer.message) == (400, entry.message)
            assert (answer.enrollment_id, answer.date) == (entry.enrollment_id, entry.date)
        elif entry.enrollment_id in markable:
            assert (answer.response_code, answer.message) == (200, None)
            assert answer.id == str(mark_id(entry.enrollment_id, entry.date))
        else:
            assert (answer.response_code, answer.id) == (404, None)
            assert (answer.enrollment_id, answer.date) == (entry.enrollment_id, entry.date)


@asked
def test_refused_is_how_many_answers_refuse(
    entries: list[Entry | Unreadable], markable: frozenset[int], current: State
) -> None:
    """
    The number of refusals is the number of answers other than 200.
    """
    judgement = judge(entries, markable, current)
    good = [answer for answer in judgement.answers if answer.id is not None]

    assert len(judgement.refused) == len(entries) - len(good)


@asked
def test_the_last_word_on_a_mark_counts(
    entries: list[Entry | Unreadable], markable: frozenset[int], current: State
) -> None:
    """
    Saved together, entries leave what they leave when each is saved alone in their order.
    """
    judgement = judge(entries, markable, current)

    assert saved(current, judgement.marks) == one_by_one(entries, markable, current)


@asked
def test_only_marks_that_end_up_different_are_written(
    entries: list[Entry | Unreadable], markable: frozenset[int], current: State
) -> None:
    """
    No mark is written that nobody asked for, that is as it was, or twice.
    """
    marks = judge(entries, markable, current).marks
    keys = [(mark.date, mark.enrollment_id) for mark in marks]
    wanted = {(entry.date, entry.enrollment_id) for entry in entries}

    assert len(set(keys)) == len(keys)
    assert set(keys) <= wanted
    assert all(current.get(key) != saved({}, marks)[key] for key in keys)


@asked
def test_changes_lead_from_what_was_to_what_is(
    entries: list[Entry | Unreadable], markable: frozenset[int], current: State
) -> None:
    """
    The changes of a mark are a chain: each begins where the one before it ended.
    """
    judgement = judge(entries, markable, current)
    state: dict[tuple[str, int], tuple[int | None, str]] = {}
    for change in judgement.changes:
        key = (change.date, change.enrollment_id)
        old = (change.old_status, change.old_comment)
        assert old == state.get(key, current.get(key, (None, "")))
        assert old != (change.new_status, change.new_comment)
        state[key] = (change.new_status, change.new_comment)

    assert state == saved({}, judgement.marks)


@asked
def test_the_same_again_changes_nothing(
    entries: list[Entry | Unreadable], markable: frozenset[int], current: State
) -> None:
    """
    Entries that were saved once can be sent again: same answers, no mark and no change more.
    """
    first = judge(entries, markable, current)
    second = judge(entries, markable, saved(current, first.marks))

    assert second.answers == first.answers
    assert (second.changes, second.marks) == ([], [])


@asked
def test_the_days_of_good_entries_are_taken(
    entries: list[Entry | Unreadable], markable: frozenset[int], current: State
) -> None:
    """
    The roll is taken on the days of the entries that were accepted, named once and in order.
    """
    days = {
        entry.date
        for entry in entries
        if isinstance(entry, Entry) and entry.enrollment_id in markable
    }

    assert judge(entries, markable, current).dates == sorted(days)


# ---------------------------------------------------------------- fill_roll


SEATS = st.lists(
    st.builds(
        Seat,
        PEOPLE,
        st.booleans(),
        st.sampled_from([int(status) for status in EnrollmentStatus]),
        st.none() | DAYS,
        st.none() | DAYS,
    ),
    unique_by=lambda seat: seat.enrollment_id,
)
EXCEPTIONS = st.lists(
    st.one_of(
        st.builds(Entry, PEOPLE, st.just(MONDAY), STATUSES, st.none() | COMMENTS),
        st.builds(Unreadable, st.just("status must be 1 to 4"), st.none() | PEOPLE),
    ),
    max_size=4,
)


@given(EXCEPTIONS, SEATS, CURRENT, st.booleans())
def test_a_roll_is_the_exceptions_and_everybody_else_present(
    exceptions: list[Entry | Unreadable],
    seats: list[Seat],
    current: State,
    replace_excused: bool,
) -> None:
    """
    Whoever is on the roll, is named by no exception and keeps no excuse, is present.
    """
    entries = fill_roll(exceptions, MONDAY, seats, current, replace_excused=replace_excused)
    kept = {entry.enrollment_id for entry in exceptions}
    if not replace_excused:
        kept |= {
            who for (day, who), (status, _) in current.items() if (day, status) == (MONDAY, 4)
        }
    others = [
        seat.enrollment_id
        for seat in seats
        if seat.is_on_roll(MONDAY) and seat.enrollment_id not in kept
    ]

    assert entries == [*exceptions, *(Entry(who, MONDAY, Status.PRESENT) for who in others)]


# ---------------------------------------------------------------- tally


@given(SEATS, st.dictionaries(PEOPLE, STATUSES))
def test_a_tally_counts_everybody_once(seats: list[Seat], statuses: dict[int, int]) -> None:
    """
    The four statuses add up to the marks, and with those not marked to all who belong there.
    """
    counted = tally(MONDAY, seats, statuses)
    on_roll = {seat.enrollment_id for seat in seats if seat.is_on_roll(MONDAY)}
    marked = counted.present + counted.absent + counted.late + counted.excused

    assert counted.on_roll == len(on_roll)
    assert marked == len(statuses)
    assert marked + counted.not_marked == len(on_roll | set(statuses))


def test_a_tally_says_which_status_how_often() -> None:
    """
    Each status is counted under its own name.
    """
    seats = [Seat(who, False, 1, None, None) for who in range(1, 12)]
    given = [Status.PRESENT] * 4 + [Status.ABSENT] * 3 + [Status.LATE] * 2 + [Status.EXCUSED]
    statuses = dict(enumerate(map(int, given), 1))

    assert tally(MONDAY, seats, statuses) == Tally(
        on_roll=11, present=4, absent=3, late=2, excused=1, not_marked=1
    )


# ---------------------------------------------------------------- ids and comments


@given(ANY_ENROLLMENT, st.dates())
@example((1 << 41) - 1, dt.date.max)
@example(1, dt.date.min)
def test_the_id_of_a_mark_leads_back_to_it(enrollment_id: int, date: dt.date) -> None:
    """
    A mark's id is positive, fits in 63 bits, and says which mark it is.
    """
    identifier = mark_id(enrollment_id, date.isoformat())

    assert 0 < identifier < 1 << 63
    assert mark_key(identifier) == (date.isoformat(), enrollment_id)


@given(ANY_ENROLLMENT, ANY_ENROLLMENT, st.dates(), st.dates())
def test_two_marks_never_share_an_id(
    one: int, other: int, day: dt.date, other_day: dt.date
) -> None:
    """
    Ids are the same only when enrollment and day are.
    """
    same = (one, day) == (other, other_day)

    assert (mark_id(one, day.isoformat()) == mark_id(other, other_day.isoformat())) == same


@given(st.one_of(st.integers(), st.integers(0, 1 << 63)))
@example(0)
@example(-1)
@example(1 << 22)
@example((1 << 22) + dt.date.max.toordinal() + 1)
@example(1 << 63)
def test_a_number_is_a_mark_s_id_or_refused(number: int) -> None:
    """
    Whatever number a client sends, it is refused or leads to exactly one mark.
    """
    try:
        day, enrollment_id = mark_key(number)
    except ValueError:
        return

    assert mark_id(enrollment_id, day) == number


@given(st.text(max_size=20) | st.characters())
@example("\0")
@example("\ud800")
@example("\ufffe")
@example("\x85\u2028\U0010ffff")
def test_a_comment_is_what_xml_can_carry(text: str) -> None:
    """
    A comment is accepted exactly when an XML reader would read it.
    """
    try:
        ET.fromstring(f"<comment>{escape(text)}</comment>")
        readable = True
    except (ET.ParseError, UnicodeEncodeError):
        readable = False

    assert (why_not_comment(text) is None) == readable


def test_a_comment_is_refused_by_name_of_its_character() -> None:
    """
    The refusal of a comment says which character cannot be kept.
    """
    assert "U+0007" in str(why_not_comment("ring\a"))


@pytest.mark.parametrize("letter", ["a", "é", "😀"])
def test_a_comment_has_at_most_2000_characters(letter: str) -> None:
    """
    Characters are counted, not bytes; one too many is refused and the number said.
    """
    assert why_not_comment(letter * COMMENT_MAX) is None
    assert "2001 characters" in str(why_not_comment(letter * (COMMENT_MAX + 1)))
