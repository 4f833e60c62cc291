"""What each answer looks like, before it is written in a format."""

from typing import Any

import msgspec

from rollbook.domain.attendance import Answer, Mark
from rollbook.domain.people import District, Role, School, User
from rollbook.domain.rosters import Course, Enrollment, EnrollmentStatus, Person, Section
from rollbook.domain.store import MarkPage
from rollbook.wire import shapes

BASE = "https://rollbook.test/v1"
DISTRICT = District(id=1, name="Lindenhof", time_zone="Europe/Zurich")
BARE_USER = User(id=7, role=Role.STUDENT, name_first="Anna", name_last="Muster")
BARE_SECTION = Section(id=5, course_id=3, course_title="Maths", course_code="", title="1a")


def plain(shape: Any) -> Any:
    return msgspec.to_builtins(shape)


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for member in value.values() for leaf in leaves(member)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


def test_a_listing_goes_by_day_status_and_enrollment() -> None:
    """
    Days ascend, in a day the statuses, in a status the enrollments; empty days are there.
    """
    marks = [
        Mark(2, "2026-09-14", 4, ""),
        Mark(3, "2026-09-14", 2, "ill"),
        Mark(10, "2026-09-14", 2, ""),
        Mark(2, "2026-09-16", 3, ""),
    ]
    days = ["2026-09-14", "2026-09-15", "2026-09-16"]
    page = MarkPage(9, marks, days, {2: 2, 3: 1, 4: 1}, False)
    found = plain(shapes.listing(page, None))

    assert [day["date"] for day in found["date"]] == days
    first, second, third = (day["statuses"]["status"] for day in found["date"])
    assert list(map(code_and_ids, first)) == [(2, [3, 10]), (4, [2])]
    assert second == []
    assert list(map(code_and_ids, third)) == [(3, [2])]
    assert found["totals"] == {
        "total": [
            {"status": 2, "count": 2},
            {"status": 3, "count": 1},
            {"status": 4, "count": 1},
        ]
    }
    assert "links" not in found


def code_and_ids(group: dict[str, Any]) -> tuple[int, list[int]]:
    marks = group["attendances"]["attendance"]
    return group["status_code"], [mark["enrollment_id"] for mark in marks]


def test_links_are_there_only_when_given() -> None:
    """
    A listing has links when records are left over, and no empty member when none are.
    """
    page = MarkPage(0, [], [], {}, False)

    assert list(plain(shapes.listing(page, None))) == ["date", "totals"]
    assert plain(shapes.listing(page, {"next": "x"}))["links"] == {"next": "x"}


def test_an_answer_has_only_what_applies() -> None:
    """
    A saved entry has its id and 200; a refused one what is known of it, and no id.
    """
    saved = Answer(id="564027", response_code=200)
    refused = Answer(response_code=404, message="no", enrollment_id=1, date="2026-09-14")

    assert plain(saved) == {"id": "564027", "response_code": 200}
    assert "id" not in plain(refused)
    assert plain(shapes.Error(404, "No.")) == {"code": 404, "message": "No."}


def test_nothing_is_null() -> None:
    """
    What a person, a section, a course or a school does not have is empty text.
    """
    enrollment = Enrollment(id=9, section_id=5, user_id=7)
    bare = [
        shapes.user(DISTRICT, BARE_USER, BASE),
        shapes.section(BARE_SECTION, BASE),
        shapes.course(Course(id=3, title="Maths"), BASE),
        shapes.school(School(id=1, title="Lindenhof"), BASE),
        shapes.enrollment(Person(enrollment, BARE_USER), BASE),
    ]

    assert None not in leaves(plain(bare))
    assert plain(bare[0])["school_uid"] == ""


def test_ids_are_text_and_flags_are_digits() -> None:
    """
    Ids are decimal text but for a user's second one; flags are 0 and 1.
    """
    teacher = Enrollment(
        id=9, section_id=5, user_id=7, admin=True, status=EnrollmentStatus.ARCHIVED
    )
    person = plain(shapes.enrollment(Person(teacher, BARE_USER), BASE))
    user = plain(shapes.user(DISTRICT, BARE_USER, BASE))
    section = plain(shapes.section(BARE_SECTION, BASE))

    assert (person["id"], person["uid"]) == ("9", "7")
    assert (person["admin"], person["status"]) == (1, "5")
    assert (user["uid"], user["id"], user["role_id"]) == ("7", 7, 3)
    assert (section["id"], section["course_id"]) == ("5", "3")
    assert (section["active"], section["synced"]) == (1, 0)
    assert type(section["active"]) is int


def test_a_person_is_shown_by_the_name_they_go_by() -> None:
    """
    The display name has the preferred first name where there is one.
    """
    anna = msgspec.structs.replace(BARE_USER, name_first_preferred="Anni")

    assert shapes.user(DISTRICT, BARE_USER, BASE).name_display == "Anna Muster"
    assert shapes.user(DISTRICT, anna, BASE).name_display == "Anni Muster"


def test_every_role_is_listed() -> None:
    """
    The roles are those that people can have, and say which of them is the school's staff.
    """
    found = {role.title: (role.id, role.faculty) for role in shapes.roles()}

    assert found == {
        "Administrator": ("1", 1),
        "Teacher": ("2", 1),
        "Student": ("3", 0),
        "Guardian": ("4", 0),
        "Staff": ("5", 1),
    }
