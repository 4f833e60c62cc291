"""The part of `PostgresStore` that shows schools, people, courses, sections and who is in them."""

from collections.abc import Callable
from typing import Any

from rollbook.domain.errors import NoSuchThing, Thing
from rollbook.domain.people import School, User
from rollbook.domain.rosters import Course, Person, Section
from rollbook.domain.store import EnrollmentQuery, Listed, Page, SectionQuery
from rollbook.storage import rows
from rollbook.storage import selection as choice
from rollbook.storage.postgres import reading
from rollbook.storage.postgres.pool import Pool
from rollbook.storage.postgres.statements import SQL


class Catalogue:
    """The roster, in the database that the rest of the store is in."""

    _pool: Pool

    async def schools(self, district_id: int, page: Page) -> Listed[School]:
        """Read a page of the schools."""
        return await self._list(SQL.schools, SQL.count_schools, rows.school, district_id, page)

    async def school(self, district_id: int, school_id: int) -> School:
        """Read one school."""
        return rows.school(await self._one(district_id, "school", school_id, SQL.school))

    async def users(self, district_id: int, page: Page) -> Listed[User]:
        """Read a page of the people."""
        return await self._list(SQL.users, SQL.count_users, rows.user, district_id, page)

    async def user(self, district_id: int, user_id: int) -> User:
        """Read one person."""
        return rows.user(await self._one(district_id, "user", user_id, SQL.user))

    async def courses(self, district_id: int, page: Page) -> Listed[Course]:
        """Read a page of the courses."""
        return await self._list(SQL.courses, SQL.count_courses, rows.course, district_id, page)

    async def course(self, district_id: int, course_id: int) -> Course:
        """Read one course."""
        return rows.course(await self._one(district_id, "course", course_id, SQL.course))

    async def sections(self, district_id: int, query: SectionQuery) -> Listed[Section]:
        """Find the ids that every filter lets through, then read the page's sections."""
        async with self._pool.moment(district_id) as db:
            ids = await reading.section_ids(db, district_id, query)
            page = ids[query.page.offset : query.page.offset + query.page.limit]
            found = await db.fetch(SQL.sections_by_id, district_id, page) if page else []
        return Listed([rows.section(row) for row in found], len(ids))

    async def section(self, district_id: int, section_id: int) -> Section:
        """Read one section with its course's title."""
        return rows.section(await self._one(district_id, "section", section_id, SQL.section))

    async def enrollments(
        self, district_id: int, section_id: int, query: EnrollmentQuery
    ) -> Listed[Person]:
        """Read the whole class, which is small, and keep what the filters let through."""
        kept = choice.people(await self._class(district_id, section_id), query)
        page = kept[query.page.offset : query.page.offset + query.page.limit]
        return Listed(page, len(kept))

    async def enrollment(self, district_id: int, section_id: int, enrollment_id: int) -> Person:
        """Read one enrollment of the class."""
        for person in await self._class(district_id, section_id):
            if person.enrollment.id == enrollment_id:
                return person
        raise NoSuchThing("enrollment", enrollment_id)

    async def _class(self, district_id: int, section_id: int) -> list[Person]:
        key = (district_id, section_id)
        async with self._pool.moment(district_id) as db:
            await reading.one(db, "section", section_id, SQL.section_exists, *key)
            return [rows.person(row) for row in await db.fetch(SQL.enrollments, *key)]

    async def _one(
        self, district_id: int, noun: Thing, identifier: int, statement: str
    ) -> rows.Row:
        async with self._pool.of(district_id) as db:
            found: rows.Row = await reading.one(
                db, noun, identifier, statement, district_id, identifier
            )
        return found

    async def _list(
        self,
        statement: str,
        counting: str,
        read: Callable[[rows.Row], Any],
        district_id: int,
        page: Page,
    ) -> Listed[Any]:
        async with self._pool.moment(district_id) as db:
            found = await db.fetch(statement, district_id, page.limit, page.offset)
            total = await db.fetchval(counting, district_id)
        return Listed([read(row) for row in found], total)
