"""The part of `SqliteStore` that shows days of the school."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import apsw

from rollbook.domain.days import Day
from rollbook.domain.people import User
from rollbook.domain.rosters import Section
from rollbook.domain.school_days import DayQuery, SectionDay, StudentDays
from rollbook.storage import rows
from rollbook.storage.school_days import section_days, student_days
from rollbook.storage.sqlite.connection import moment
from rollbook.storage.sqlite.statements import SQL


class DaysOfSchool(ABC):
    """Days of sections and of students, on the file that the rest of the store is on."""

    _db: apsw.Connection

    @abstractmethod
    def _rows(self, statement: str, parameters: Sequence[Any]) -> list[Any]:
        """Return what a statement finds."""

    @abstractmethod
    async def user(self, district_id: int, user_id: int) -> User:
        """Read one person."""

    async def teaching(self, district_id: int, user_id: int) -> list[Section]:
        """Read the sections that a user teaches."""
        found = self._rows(SQL.sections_taught, (district_id, user_id))
        return [rows.section(row) for row in found]

    async def day(self, district_id: int, query: DayQuery) -> list[SectionDay]:
        """Read sections, kinds of places and marks of the day."""
        key = (query.date, district_id, query.school_id, query.teacher_id)
        with moment(self._db):
            return section_days(
                query.date,
                self._rows(SQL.sections_of_day, key),
                self._rows(SQL.places_of_day, key),
                self._rows(SQL.marks_of_day, key),
            )

    async def student(
        self, district_id: int, user_id: int, first: Day, last: Day
    ) -> StudentDays:
        """Read a person's places, and the marks in them."""
        with moment(self._db):
            user = await self.user(district_id, user_id)
            places = self._rows(SQL.places_of_student, (district_id, user_id))
            marks = self._rows(SQL.marks_of_student, (first, last, district_id, user_id))
        return student_days(user, places, marks)
