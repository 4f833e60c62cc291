"""What the store promises of the roster that a client reads."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from cast import FRIDAY_BEFORE, NEXT_MONDAY, Cast
from contract.classroom import Classroom
from rollbook.domain.errors import NoSuchThing
from rollbook.domain.people import Role
from rollbook.domain.rosters import EnrollmentStatus
from rollbook.domain.store import EnrollmentQuery, Listed, Page, SectionQuery, Store

ACTIVE = EnrollmentStatus.ACTIVE
PENDING = EnrollmentStatus.REQUEST_PENDING

Lister = Callable[[Store, Cast, Page], Awaitable[Listed[Any]]]


def listed_enrollments(store: Store, cast: Cast, page: Page) -> Awaitable[Listed[Any]]:
    """Return a page of who is in Maths."""
    query = EnrollmentQuery(page=page)
    return store.enrollments(cast.district.id, cast.sections["maths"], query)


LISTS: dict[str, tuple[Lister, int]] = {
    "schools": (lambda store, cast, page: store.schools(cast.district.id, page), 1),
    "users": (lambda store, cast, page: store.users(cast.district.id, page), 10),
    "courses": (lambda store, cast, page: store.courses(cast.district.id, page), 2),
    "sections": (
        lambda store, cast, page: store.sections(cast.district.id, SectionQuery(page=page)),
        2,
    ),
    "enrollments": (listed_enrollments, 7),
}


def number_of(item: Any) -> int:
    """Return what a list is in the order of."""
    return int(item.enrollment.id if hasattr(item, "enrollment") else item.id)


@pytest.mark.parametrize(("lister", "total"), LISTS.values(), ids=LISTS)
@pytest.mark.parametrize("limit", [1, 3, 20])
async def test_pages_of_a_list_add_up_to_the_whole(
    store: Store, cast: Cast, lister: Lister, total: int, limit: int
) -> None:
    """
    Page after page shows every item once, by id, and says each time how many there are.
    """
    pages = [
        await lister(store, cast, Page(offset, limit))
        for offset in range(0, total + limit, limit)
    ]
    items = [item for page in pages for item in page.items]

    assert items == (await lister(store, cast, Page(0, 200))).items
    assert [number_of(item) for item in items] == sorted({number_of(item) for item in items})
    assert len(items) == total
    assert {page.total for page in pages} == {total}
    assert pages[-1].items == []


async def test_a_school_is_as_the_roster_named_it(store: Store, cast: Cast) -> None:
    """
    A school has its title and the district's own id, alone as in the list.
    """
    (listed,) = (await store.schools(cast.district.id, Page())).items

    assert (listed.title, listed.sourced_id) == ("Lindenhof School", "school")
    assert await store.school(cast.district.id, listed.id) == listed


async def test_a_person_is_as_the_roster_named_them(store: Store, cast: Cast) -> None:
    """
    A person has their names, role, school and the district's own id, alone as in the list.
    """
    (school,) = (await store.schools(cast.district.id, Page())).items
    anna = await store.user(cast.district.id, cast.users["anna"])

    assert anna.name_first == "Anna"
    assert anna.name_last == "O’Malley-Müller"
    assert (anna.role, anna.username, anna.sourced_id) == (Role.STUDENT, "anna", "anna")
    assert (anna.school_id, anna.active) == (school.id, True)
    assert anna in (await store.users(cast.district.id, Page())).items


async def test_a_course_is_as_the_roster_named_it(store: Store, cast: Cast) -> None:
    """
    A course has its title, code and department, alone as in the list.
    """
    listed = (await store.courses(cast.district.id, Page())).items[0]

    assert (listed.title, listed.course_code) == ("Mathematics", "MAT 1")
    assert (listed.department, listed.sourced_id) == ("Sciences", "mathematics")
    assert await store.course(cast.district.id, listed.id) == listed


async def test_a_section_is_as_the_roster_named_it(maths: Classroom) -> None:
    """
    A section has its own words and its course's, its school and its grading periods.
    """
    district_id = maths.key[0]
    section = await maths.store.section(*maths.key)
    course = await maths.store.course(district_id, section.course_id)
    (school,) = (await maths.store.schools(district_id, Page())).items

    assert (section.title, section.section_code, section.school_code) == (
        "Maths 1",
        "1",
        "maths",
    )
    assert (section.course_title, section.course_code) == (course.title, course.course_code)
    assert (section.school_id, section.active) == (school.id, True)
    assert len(section.grading_periods) == 1
    assert section in (await maths.store.sections(district_id, SectionQuery())).items


@pytest.mark.parametrize(
    ("name", "admin", "status", "first_day", "last_day"),
    [
        ("bob in maths", True, ACTIVE, None, None),
        ("anna", False, ACTIVE, None, None),
        ("finn", False, ACTIVE, None, FRIDAY_BEFORE),
        ("greta", False, ACTIVE, NEXT_MONDAY, None),
        ("hugo", False, PENDING, None, None),
    ],
)
async def test_an_enrollment_comes_with_its_person(
    maths: Classroom,
    name: str,
    admin: bool,
    status: EnrollmentStatus,
    first_day: str | None,
    last_day: str | None,
) -> None:
    """
    An enrollment says who is in the class as what and since when, alone as in the list.
    """
    person = await maths.store.enrollment(*maths.key, maths.place(name))
    enrollment = person.enrollment

    assert (enrollment.id, enrollment.section_id) == (maths.place(name), maths.id)
    assert enrollment.user_id == person.user.id == maths.cast.users[name.partition(" ")[0]]
    assert (enrollment.admin, enrollment.status) == (admin, status)
    assert (enrollment.first_day, enrollment.last_day) == (first_day, last_day)
    assert person in (await maths.store.enrollments(*maths.key, EnrollmentQuery())).items


# ---------------------------------------------------------------- filters


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ({}, ["maths", "music"]),
        ({"user": "anna"}, ["maths", "music"]),
        ({"user": "bob"}, ["maths"]),
        ({"user": "hugo"}, []),
        ({"user": "alice"}, []),
        ({"course": "mathematics"}, ["maths"]),
        ({"school_codes": ("music", "maths")}, ["maths", "music"]),
        ({"school_codes": ("music", "unknown")}, ["music"]),
        ({"school_codes": ("unknown",)}, []),
        ({"school_codes": ()}, []),
        ({"user": "anna", "course": "music"}, ["music"]),
        ({"user": "bob", "course": "music"}, []),
        ({"user": "anna", "course": "music", "school_codes": ("maths",)}, []),
    ],
)
async def test_sections_can_be_chosen(
    store: Store, cast: Cast, query: dict[str, Any], codes: list[str]
) -> None:
    """
    Sections are those of a course, of a person's active places, of some codes: all must hold.
    """
    courses = (await store.courses(cast.district.id, Page())).items
    by_code = {course.sourced_id: course.id for course in courses}
    asked = SectionQuery(
        user_id=cast.users[query["user"]] if "user" in query else None,
        course_id=by_code[query["course"]] if "course" in query else None,
        school_codes=query.get("school_codes"),
    )
    found = await store.sections(cast.district.id, asked)

    assert [section.school_code for section in found.items] == codes
    assert found.total == len(codes)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"ids": ["ben", "anna"]}, ["anna", "ben"]),
        ({"ids": ["anna in music"]}, []),
        ({"ids": []}, []),
        ({"users": ["anna", "dora"]}, ["anna"]),
        ({"statuses": [PENDING]}, ["hugo"]),
        ({"statuses": [ACTIVE, PENDING], "users": ["hugo", "ben"]}, ["ben", "hugo"]),
        ({"statuses": [EnrollmentStatus.ARCHIVED]}, []),
    ],
)
async def test_enrollments_can_be_chosen(
    maths: Classroom, query: dict[str, Any], names: list[str]
) -> None:
    """
    Enrollments are those of some ids, people and statuses: all must hold.
    """
    asked = EnrollmentQuery(
        ids=tuple(map(maths.place, query["ids"])) if "ids" in query else None,
        user_ids=(
            tuple(maths.cast.users[name] for name in query["users"])
            if "users" in query
            else None
        ),
        statuses=tuple(query["statuses"]) if "statuses" in query else None,
    )
    found = await maths.store.enrollments(*maths.key, asked)

    assert [maths.name(person.enrollment.id) for person in found.items] == names
    assert found.total == len(names)


# ---------------------------------------------------------------- what is not there


@pytest.mark.parametrize(
    ("noun", "ask"),
    [
        ("school", lambda store, district: store.school(district, 7)),
        ("user", lambda store, district: store.user(district, 7)),
        ("course", lambda store, district: store.course(district, 7)),
        ("section", lambda store, district: store.section(district, 7)),
        ("section", lambda store, district: store.enrollment(district, 7, 8)),
        ("section", lambda store, district: store.enrollments(district, 7, EnrollmentQuery())),
        ("course", lambda store, district: store.sections(district, SectionQuery(course_id=7))),
        ("user", lambda store, district: store.sections(district, SectionQuery(user_id=7))),
    ],
)
async def test_what_is_not_there_is_named(
    store: Store, cast: Cast, noun: str, ask: Callable[[Store, int], Awaitable[Any]]
) -> None:
    """
    Asked for something that does not exist, the store says what it is that is not there.
    """
    with pytest.raises(NoSuchThing, match=f"no {noun} 7 here"):
        await ask(store, cast.district.id)


async def test_an_enrollment_is_of_its_own_section_only(
    maths: Classroom, music: Classroom
) -> None:
    """
    An enrollment is not found through a section that it is not of.
    """
    number = maths.place("anna")
    with pytest.raises(NoSuchThing, match=f"enrollment {number} "):
        await music.store.enrollment(*music.key, number)
