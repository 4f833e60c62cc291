"""schoolopy, a client of the API family from the registry, as its users have it."""

import pytest
import schoolopy

from cast import FRIDAY_BEFORE, SECRET
from live.house import House


@pytest.fixture
def schoology(house: House) -> schoolopy.Schoology:
    """The library, told where we are; it sends `Host: api.schoology.com` all the same."""
    auth = schoolopy.Auth(house.cast.keys["alice"], SECRET)
    return schoolopy.Schoology(auth, api_host=f"{house.url}/v1/")


def test_it_finds_its_way_through_the_roster(
    house: House, schoology: schoolopy.Schoology
) -> None:
    """
    People, courses, sections and enrollments are where it looks for them.
    """
    users = schoology.get_users()
    courses = schoology.get_courses()
    sections = [
        section for course in courses for section in schoology.get_course_sections(course.id)
    ]
    enrollments = schoology.get_enrollments(section_id=house.cast.sections["maths"])

    assert {user.uid for user in users} == set(map(str, house.cast.users.values()))
    assert [course.title for course in courses] == ["Mathematics", "Music"]
    assert {section.id for section in sections} == set(map(str, house.cast.sections.values()))
    assert "Anna" in {enrollment.name_first for enrollment in enrollments}


def test_it_finds_itself(house: House, schoology: schoolopy.Schoology) -> None:
    """
    It follows `users/me` to the user that the key acts as.
    """
    assert schoology.get_me().id == house.cast.users["alice"]
    assert schoology.get_self_user_info().api_uid == house.cast.users["alice"]


def test_it_saves_attendance_and_reads_it(house: House, schoology: schoolopy.Schoology) -> None:
    """
    It has no method of its own for attendance; through its session it saves and reads.
    """
    path = f"sections/{house.cast.sections['maths']}/attendance"
    mark = {"enrollment_id": house.cast.enrollments["ben"], "date": FRIDAY_BEFORE, "status": 2}
    saved = schoology._put(path, {"attendances": {"attendance": [mark]}})
    listed = schoology._get(path, {"start": FRIDAY_BEFORE, "end": FRIDAY_BEFORE})

    assert [answer["response_code"] for answer in saved["attendance"]] == [200]
    assert listed["date"][0]["statuses"]["status"][0]["attendances"]["attendance"] == [
        {**mark, "comment": ""}
    ]
