"""What a save comes to, by the rules: the same whichever database the section was read from."""

from collections.abc import Container, Sequence

import msgspec

from rollbook.domain.attendance import Current, Judgement, fill_roll, judge
from rollbook.domain.errors import RollRefused
from rollbook.domain.rosters import Seat
from rollbook.domain.store import SaveMarks, TakeRoll


def judge_marks(command: SaveMarks, markable: Container[int], current: Current) -> Judgement:
    """Judge entry by entry, and which rolls that takes; with `atomic` raises `RollRefused`."""
    judgement = judge(command.entries, markable, current)
    if command.atomic:
        _require_all(judgement)
    return judgement if command.takes_roll else msgspec.structs.replace(judgement, dates=[])


def judge_roll(
    command: TakeRoll, seats: Sequence[Seat], markable: Container[int], current: Current
) -> Judgement:
    """Judge a whole roll, the day's fact even when nobody is on it; raises `RollRefused`."""
    entries = fill_roll(
        command.exceptions,
        command.date,
        seats,
        current,
        replace_excused=command.replace_excused,
    )
    judgement = judge(entries, markable, current)
    _require_all(judgement)
    return msgspec.structs.replace(judgement, dates=[command.date])


def _require_all(judgement: Judgement) -> None:
    if judgement.refused:
        answers = judgement.answers
        raise RollRefused(len(judgement.refused), len(answers), answers)
