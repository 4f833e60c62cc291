from typing import Any

import msgspec

from rollbook.domain.attendance import Change
from rollbook.domain.record import Author, Channel, RecordEntry
from rollbook.domain.retention import Statement, entry_of, is_older, statement_of

CUT = "2021-07-01"
OLD = RecordEntry(
    section_id=1,
    number=1,
    at="2021-06-30T23:59:59.999Z",
    author=Author(user_id=1, channel=Channel.API),
    dates=("2021-06-30",),
    changes=(Change(1, "2021-06-30", None, 1, "", ""),),
)


def test_an_entry_is_older_when_all_of_it_is() -> None:
    """
    One day that is not older, in its rolls, its changes or its writing, keeps an entry.
    """
    younger: list[dict[str, Any]] = [
        {"at": "2021-07-01T00:00:00.000Z"},
        {"dates": ("2021-06-30", CUT)},
        {"changes": (*OLD.changes, Change(1, CUT, None, 1, "", ""))},
    ]

    assert is_older(OLD, CUT)
    assert not any(is_older(msgspec.structs.replace(OLD, **each), CUT) for each in younger)


def test_the_record_says_what_was_pruned() -> None:
    """
    The entry of a pruning is read as what was written into it.
    """
    said = Statement(3, CUT, 41)
    entry = entry_of(said, section_id=1, number=60, at="2026-11-25T00:00:00.000Z")

    assert statement_of(entry) == said


def test_nobody_outside_can_say_it() -> None:
    """
    A save is never taken for a pruning, whatever request id somebody sent with it.
    """
    said = entry_of(Statement(3, CUT, 41), section_id=1, number=60, at="")
    by_api = msgspec.structs.replace(said.author, channel=Channel.API)
    other = msgspec.structs.replace(said.author, request_id="pruning 3: before 2021-99-01")

    assert statement_of(msgspec.structs.replace(said, author=by_api)) is None
    assert statement_of(msgspec.structs.replace(said, author=other)) is None
    assert statement_of(msgspec.structs.replace(said, dates=(CUT,))) is None
