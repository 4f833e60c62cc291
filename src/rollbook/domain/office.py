"""A school's day as its office sees it: which rolls are missing, and who is not there."""

from collections.abc import Iterable, Sequence
from itertools import groupby

import msgspec

from rollbook.domain.days import Day
from rollbook.domain.people import User
from rollbook.domain.school_days import DayMark, SectionDay
from rollbook.domain.sheets import by_name, hour_of, meets


class Missed(msgspec.Struct, frozen=True, kw_only=True):
    """A section in which a student was not simply present."""

    day: SectionDay
    mark: DayMark


class Away(msgspec.Struct, frozen=True, kw_only=True):
    """A student who was not present in some of their sections that day."""

    user: User
    missed: list[Missed]  # in the order of hours

    def count(self, status: int) -> int:
        """Return in how many sections they have that status."""
        return sum(one.mark.status == status for one in self.missed)


class SchoolDay(msgspec.Struct, frozen=True, kw_only=True):
    """What a day comes to in a school."""

    meeting: int = 0  # sections that meet and have students that day
    missing: list[SectionDay] = []  # of them those whose roll nobody took, by the hour
    away: list[Away] = []  # by name


def by_hour(one: SectionDay) -> tuple[str, str, int]:
    """Order sections of a day by the hour, those of one hour by title."""
    return hour_of(one.section), one.section.title, one.section.id


def by_school(sections: Iterable[SectionDay], day: Day) -> dict[int | None, SchoolDay]:
    """Return what a day comes to in each school that has sections, None: in no school."""
    found: dict[int | None, list[SectionDay]] = {}
    for one in sorted(sections, key=by_hour):
        found.setdefault(one.section.school_id, []).append(one)
    return {school_id: _sum_up(theirs, day) for school_id, theirs in found.items()}


def by_period(sections: Iterable[SectionDay]) -> list[list[SectionDay]]:
    """Return sections that come in the order of hours by the hour in which they begin."""
    return [list(those) for _, those in groupby(sections, key=lambda one: hour_of(one.section))]


def _sum_up(sections: Sequence[SectionDay], day: Day) -> SchoolDay:
    meeting = [one for one in sections if one.tally.on_roll and meets(one.section, day)]
    return SchoolDay(
        meeting=len(meeting),
        missing=[one for one in meeting if one.taken is None],
        away=_away(sections),
    )


def _away(sections: Iterable[SectionDay]) -> list[Away]:
    """Return who has a mark other than present, by name, with all of that day."""
    users: dict[int, User] = {}
    missed: dict[int, list[Missed]] = {}
    for one in sections:
        for mark in one.marks:
            users[mark.user.id] = mark.user
            missed.setdefault(mark.user.id, []).append(Missed(day=one, mark=mark))
    found = [Away(user=users[who], missed=those) for who, those in missed.items()]
    return sorted(found, key=lambda one: by_name(one.user))
