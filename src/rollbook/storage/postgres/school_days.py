"""The part of `PostgresStore` that shows days of the school."""

from rollbook.domain.days import Day
from rollbook.domain.rosters import Section
from rollbook.domain.school_days import DayQuery, SectionDay, StudentDays
from rollbook.storage import rows
from rollbook.storage.postgres import reading
from rollbook.storage.postgres.pool import Pool
from rollbook.storage.postgres.statements import SQL
from rollbook.storage.school_days import section_days, student_days


class DaysOfSchool:
    """Days of sections and of students, in the database that the rest of the store is in."""

    _pool: Pool

    async def teaching(self, district_id: int, user_id: int) -> list[Section]:
        """Read the sections that a user teaches."""
        async with self._pool.of(district_id) as db:
            found = await db.fetch(SQL.sections_taught, district_id, user_id)
        return [rows.section(row) for row in found]

    async def day(self, district_id: int, query: DayQuery) -> list[SectionDay]:
        """Read sections, kinds of places and marks of the day."""
        key = (query.date, district_id, query.school_id, query.teacher_id)
        async with self._pool.moment(district_id) as db:
            await db.execute(SQL.plan_by_values)
            sections = await db.fetch(SQL.sections_of_day, *key)
            places = await db.fetch(SQL.places_of_day, *key)
            marks = await db.fetch(SQL.marks_of_day, *key)
        return section_days(query.date, sections, places, marks)

    async def student(
        self, district_id: int, user_id: int, first: Day, last: Day
    ) -> StudentDays:
        """Read a person's places, and the marks in them."""
        key = (district_id, user_id)
        async with self._pool.moment(district_id) as db:
            user = await reading.one(db, "user", user_id, SQL.user, *key)
            places = await db.fetch(SQL.places_of_student, *key)
            marks = await db.fetch(SQL.marks_of_student, first, last, *key)
        return student_days(rows.user(user), places, marks)
