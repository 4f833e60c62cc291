"""
Why students are away: their health, their habits, the season and the day of the week.

Most miss a day now and then, some miss many, and an illness takes as long as it takes. Days are
numbers here: places in the list of the semester's school days.
"""

import datetime as dt
import random
from collections.abc import Sequence
from typing import NamedTuple

from rollbook.domain.days import Day

_FLU_WEEK = range(51, 56)
_FLU = 3.2  # times as likely to fall ill
_BY_WEEKDAY = (1.35, 0.85, 0.8, 0.85, 1.25)  # Monday to Friday

_LENGTHS, _OFTEN = (1, 2, 3, 4, 5), (62, 22, 10, 4, 2)  # days in a row, and in how many of 100
_MEAN_LENGTH = 1.62

_PLANNED_SHARE = 0.07  # known before, and excused
_NOTE_SHARE = 0.18  # excused when the student is back

_PLANS = ("Family trip", "Funeral", "Debate tournament", "Eid", "Visita a la abuela", "Surgery")
_NOTES = (
    "Note from parent",
    "Doctor's note",
    "Called in sick",
    "La mamá llamó: está enfermo con gripe",
    "Mot du médecin reçu",
    "Flu; note from Dr. Žák's office",
    "",
)


class Absence(NamedTuple):
    """Why somebody is away from school, for one day or several."""

    planned: bool  # excused from the start
    note_on: int | None  # the day on which the office is told; it may be after the semester
    comment: str = ""


class Habits(NamedTuple):
    """How a student's semester goes."""

    absences: dict[int, Absence]  # by number of the day
    lateness: float  # how likely to be late for a class
    bus_14: bool


def season(days: Sequence[Day]) -> list[float]:
    """Return for each day how much likelier than usual it is to be away from then on."""
    return [
        _BY_WEEKDAY[dt.date.fromisoformat(day).weekday()] * (_FLU if number in _FLU_WEEK else 1)
        for number, day in enumerate(days)
    ]


def habits(rng: random.Random, pressure: Sequence[float], *, near_bus_14: bool) -> Habits:
    """Draw the habits of one student."""
    away_least, away_most = rng.choices(
        [(0.015, 0.095), (0.1, 0.16), (0.25, 0.38)], weights=[89, 7, 4]
    )[0]
    late_least, late_most = rng.choices([(0, 0.04), (0.08, 0.2)], weights=[86, 14])[0]
    return Habits(
        _absences(rng, pressure, rng.uniform(away_least, away_most)),
        rng.uniform(late_least, late_most),
        near_bus_14 and rng.random() < 0.08,
    )


def _absences(
    rng: random.Random, pressure: Sequence[float], share: float
) -> dict[int, Absence]:
    """Draw the days away: *share* of all of them in an ordinary season."""
    found: dict[int, Absence] = {}
    number = 0
    while number < len(pressure):
        length = 0
        if rng.random() < share / _MEAN_LENGTH * pressure[number]:
            (length,) = rng.choices(_LENGTHS, _OFTEN)
            why = _why(rng, number + length)
            found |= dict.fromkeys(range(number, number + length), why)
        number += length + 1
    return found


def _why(rng: random.Random, back_on: int) -> Absence:
    kind = rng.random()
    if kind < _PLANNED_SHARE:
        return Absence(planned=True, note_on=None, comment=rng.choice(_PLANS))
    if kind < _PLANNED_SHARE + _NOTE_SHARE:
        note_on = back_on + rng.choice((0, 0, 0, 1, 2))
        return Absence(planned=False, note_on=note_on, comment=rng.choice(_NOTES))
    return Absence(planned=False, note_on=None)
