"""Schools, courses, sections and enrollments."""

from typing import ClassVar

from rollbook.api.asking import Asked, asked
from rollbook.auth.policy import Action
from rollbook.domain.errors import BadRequest, NoSuchThing
from rollbook.domain.rosters import EnrollmentStatus
from rollbook.domain.store import EnrollmentQuery, SectionQuery, Store
from rollbook.wire import shapes
from rollbook.wire.http import Request, Response


class _FromStore:
    """What each resource here has: a store to read from."""

    def __init__(self, store: Store) -> None:
        self._store = store


class Schools(_FromStore):
    """`/v1/schools`."""

    needs: ClassVar = {"GET": Action.SEE_CATALOGUE}

    async def on_get(self, req: Request, resp: Response) -> None:
        """List the district's schools."""
        ask = asked(req)
        page = ask.query.page()
        found = await self._store.schools(ask.actor.district.id, page)
        resp.answer = ask.listed("school", found, page, shapes.school)


class School(_FromStore):
    """`/v1/schools/{school_id}`."""

    needs: ClassVar = {"GET": Action.SEE_CATALOGUE}

    async def on_get(self, req: Request, resp: Response, school_id: int) -> None:
        """Show one school."""
        ask = asked(req)
        school = await self._store.school(ask.actor.district.id, school_id)
        resp.answer = shapes.school(school, ask.base)


class Courses(_FromStore):
    """`/v1/courses`."""

    needs: ClassVar = {"GET": Action.SEE_CATALOGUE}

    async def on_get(self, req: Request, resp: Response) -> None:
        """List the district's courses."""
        ask = asked(req)
        page = ask.query.page()
        found = await self._store.courses(ask.actor.district.id, page)
        resp.answer = ask.listed("course", found, page, shapes.course)


class Course(_FromStore):
    """`/v1/courses/{course_id}`."""

    needs: ClassVar = {"GET": Action.SEE_CATALOGUE}

    async def on_get(self, req: Request, resp: Response, course_id: int) -> None:
        """Show one course."""
        ask = asked(req)
        course = await self._store.course(ask.actor.district.id, course_id)
        resp.answer = shapes.course(course, ask.base)


async def _list_sections(
    store: Store,
    ask: Asked,
    resp: Response,
    *,
    course_id: int | None = None,
    user_id: int | None = None,
) -> None:
    query = SectionQuery(
        course_id=course_id,
        user_id=user_id,
        school_codes=ask.query.words("section_school_codes"),
        page=ask.query.page(),
    )
    found = await store.sections(ask.actor.district.id, query)
    resp.answer = ask.listed("section", found, query.page, shapes.section)


class Sections(_FromStore):
    """`/v1/sections`."""

    needs: ClassVar = {"GET": Action.SEE_CATALOGUE}

    async def on_get(self, req: Request, resp: Response) -> None:
        """List sections, with `section_school_codes=a,b` those with the district's own ids."""
        await _list_sections(self._store, asked(req), resp)


class CourseSections(_FromStore):
    """`/v1/courses/{course_id}/sections`."""

    needs: ClassVar = {"GET": Action.SEE_CATALOGUE}

    async def on_get(self, req: Request, resp: Response, course_id: int) -> None:
        """List a course's sections."""
        await _list_sections(self._store, asked(req), resp, course_id=course_id)


class UserSections(_FromStore):
    """`/v1/users/{user_id}/sections`."""

    needs: ClassVar = {"GET": Action.SEE_PERSON}

    async def on_get(self, req: Request, resp: Response, user_id: int) -> None:
        """List the sections in which somebody is actively enrolled."""
        await _list_sections(self._store, asked(req), resp, user_id=user_id)


class Section(_FromStore):
    """`/v1/sections/{section_id}`."""

    needs: ClassVar = {"GET": Action.SEE_CATALOGUE}

    async def on_get(self, req: Request, resp: Response, section_id: int) -> None:
        """Show one section."""
        ask = asked(req)
        section = await self._store.section(ask.actor.district.id, section_id)
        resp.answer = shapes.section(section, ask.base)


class Enrollments(_FromStore):
    """`/v1/sections/{section_id}/enrollments`."""

    needs: ClassVar = {"GET": Action.SEE_ENROLLMENTS}

    async def on_get(self, req: Request, resp: Response, section_id: int) -> None:
        """List who is enrolled, with `uid` and `enrollment_status` as filters."""
        ask = asked(req)
        query = EnrollmentQuery(
            user_ids=ask.query.ids("uid"),
            ids=ask.own,
            statuses=_statuses(ask.query.ids("enrollment_status")),
            page=ask.query.page(),
        )
        found = await self._store.enrollments(ask.actor.district.id, section_id, query)
        resp.answer = ask.listed("enrollment", found, query.page, shapes.enrollment)


def _statuses(numbers: tuple[int, ...] | None) -> tuple[EnrollmentStatus, ...] | None:
    if numbers is None:
        return None
    try:
        return tuple(map(EnrollmentStatus, numbers))
    except ValueError:
        sentence = "The parameter enrollment_status must be numbers from 1 to 5."
        raise BadRequest(sentence) from None


class Enrollment(_FromStore):
    """`/v1/sections/{section_id}/enrollments/{enrollment_id}`."""

    needs: ClassVar = {"GET": Action.SEE_ENROLLMENTS}

    async def on_get(
        self, req: Request, resp: Response, section_id: int, enrollment_id: int
    ) -> None:
        """Show one enrollment."""
        ask = asked(req)
        if ask.own is not None and enrollment_id not in ask.own:
            raise NoSuchThing("enrollment", enrollment_id)
        district_id = ask.actor.district.id
        person = await self._store.enrollment(district_id, section_id, enrollment_id)
        resp.answer = shapes.enrollment(person, ask.base)
