"""A school's day as its office sees it: which rolls are missing, and who is not there."""

from collections.abc import Iterable

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


def by_hour(one: SectionDay) -> tuple[str, str, int]:
    """Order sections of a day by the hour, those of one hour by title."""
    return hour_of(one.section), one.section.title, one.section.id


def missing(sections: Iterable[SectionDay], day: Day) -> list[SectionDay]:
    """Return those that meet and have students that day, and whose roll nobody took."""
    found = (
        one
        for one in sections
        if one.taken is None and one.tally.on_roll and meets(one.section, day)
    )
    return sorted(found, key=by_hour)


def away(sections: Iterable[SectionDay]) -> list[Away]:
    """Return who has a mark other than present, by name, with all of that day."""
    users: dict[int, User] = {}
    missed: dict[int, list[Missed]] = {}
    for one in sorted(sections, key=by_hour):
        for mark in one.marks:
            users[mark.user.id] = mark.user
            missed.setdefault(mark.user.id, []).append(Missed(day=one, mark=mark))
    found = [Away(user=users[who], missed=those) for who, those in missed.items()]
    return sorted(found, key=lambda one: by_name(one.user))
