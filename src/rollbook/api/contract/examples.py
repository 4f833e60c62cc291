"""
One example of each body and answer, built from the shapes, so that none can go out of date.

They speak of the first section, course and school of a fresh database.
"""

from typing import Any

import msgspec

from rollbook.api.contract import bodies
from rollbook.domain.attendance import Answer, Mark, mark_id
from rollbook.domain.record import Channel
from rollbook.wire import shapes

BASE = "https://attendance.example.org/v1"
SCHOOL, COURSE, SECTION, PERIOD = 1001, 300001, 400001, 1
TEACHER, STUDENT = 5000002, 5000004
ENROLLMENT, CLASSMATE = 60000002, 60000003
MONDAY, TUESDAY = "2026-09-14", "2026-09-15"

PATH = {
    "section_id": SECTION,
    "user_id": STUDENT,
    "school_id": SCHOOL,
    "course_id": COURSE,
    "enrollment_id": ENROLLMENT,
    "date": MONDAY,
}


def _links(path: str) -> dict[str, str]:
    return {"self": f"{BASE}/{path}"}


def _day(date: str, status: int, comment: str) -> shapes.DateGroup:
    mark = Mark(ENROLLMENT, date, status, comment)
    group = shapes.StatusGroup(status, shapes.Attendances([mark]))
    return shapes.DateGroup(date, shapes.Statuses([group]))


_SAVED = Answer(id=str(mark_id(ENROLLMENT, MONDAY)), response_code=200)
_REFUSED = Answer(
    response_code=404,
    message="enrollment 7 is not on the roll of this section",
    enrollment_id=7,
    date=MONDAY,
)
_ROLL = shapes.RollShape(
    date=MONDAY,
    first_taken_at="2026-09-14T08:03:00.000Z",
    first_taken_by=str(TEACHER),
    last_taken_at="2026-09-14T08:11:00.000Z",
    last_taken_by=str(TEACHER),
    on_roll=24,
    present=22,
    absent=1,
    late=1,
    excused=0,
    not_marked=0,
)
_CHANGE = shapes.ChangeShape(
    enrollment_id=ENROLLMENT,
    date=MONDAY,
    old_status=2,
    new_status=3,
    old_comment="",
    new_comment="bus was late",
    changed_at="2026-09-14T08:11:00.000Z",
    changed_by=str(TEACHER),
    on_behalf_of="",
    channel=Channel.API,
    request_id="9f2c41d07be855a3",
    entry=1204,
)
_USER = shapes.UserShape(
    uid=str(STUDENT),
    id=STUDENT,
    school_id=str(SCHOOL),
    building_id=str(SCHOOL),
    school_uid="S-1042",
    name_title="",
    name_first="Anna",
    name_first_preferred="",
    name_middle="",
    name_last="Müller-Rochat",
    name_display="Anna Müller-Rochat",
    username="anna",
    primary_email="",
    role_id=3,
    tz_name="Europe/Zurich",
    links=_links(f"users/{STUDENT}"),
)
_SCHOOL = shapes.SchoolShape(
    id=str(SCHOOL), title="Lindenhof School", links=_links(f"schools/{SCHOOL}")
)
_COURSE = shapes.CourseShape(
    id=str(COURSE),
    title="Mathematics",
    course_code="MAT 1",
    department="Sciences",
    description="",
    building_id=str(SCHOOL),
    links=_links(f"courses/{COURSE}"),
)
_SECTION = shapes.SectionShape(
    id=str(SECTION),
    course_id=str(COURSE),
    course_title="Mathematics",
    course_code="MAT 1",
    school_id=str(SCHOOL),
    building_id=str(SCHOOL),
    section_title="Maths 1",
    section_code="1",
    section_school_code="MAT-1-2026",
    description="",
    active=1,
    synced=1,
    grading_periods=[PERIOD],
    meeting_days="",
    start_time="",
    end_time="",
    links=_links(f"sections/{SECTION}"),
)
_ENROLLMENT = shapes.EnrollmentShape(
    id=str(ENROLLMENT),
    uid=str(STUDENT),
    school_uid="S-1042",
    name_title="",
    name_first="Anna",
    name_first_preferred="",
    name_middle="",
    name_last="Müller-Rochat",
    name_display="Anna Müller-Rochat",
    admin=0,
    status="1",
    links=_links(f"sections/{SECTION}/enrollments/{ENROLLMENT}"),
)
_LISTING = shapes.Listing(
    date=[_day(MONDAY, 3, "bus was late"), shapes.DateGroup(TUESDAY, shapes.Statuses([]))],
    totals=shapes.Totals([shapes.Total(3, 1)]),
)


def _list(shape: Any, name: str, item: msgspec.Struct, path: str) -> Any:
    return shape(**{name: [item], "total": "1", "links": _links(path)})


_ALL: tuple[Any, ...] = (
    bodies.Marks(
        bodies.NewMarks(
            [
                bodies.NewMark(ENROLLMENT, MONDAY, 3, "bus was late"),
                bodies.NewMark(CLASSMATE, MONDAY, 1),
            ]
        )
    ),
    bodies.WholeRoll(bodies.Exceptions([bodies.RollException(ENROLLMENT, 3, MONDAY)])),
    bodies.Questions([f"/v1/sections/{SECTION}", f"/v1/sections/{SECTION}/attendance"]),
    _LISTING,
    shapes.Written([_SAVED, _REFUSED]),
    _ROLL,
    shapes.RollWritten(_ROLL, [_SAVED]),
    bodies.History([_CHANGE], _links(f"sections/{SECTION}/attendance/history")),
    _list(bodies.RollList, "roll", _ROLL, f"sections/{SECTION}/rolls"),
    _USER,
    _list(bodies.UserList, "user", _USER, "users"),
    _list(bodies.RoleList, "role", shapes.roles()[2], "roles"),
    shapes.AppUserInfo(
        api_uid=TEACHER, web_session_timestamp=1789372980, timezone_name="Europe/Zurich"
    ),
    shapes.Health(live=1, ready=1),
    _SCHOOL,
    _list(bodies.SchoolList, "school", _SCHOOL, "schools"),
    _COURSE,
    _list(bodies.CourseList, "course", _COURSE, "courses"),
    _SECTION,
    _list(bodies.SectionList, "section", _SECTION, "sections"),
    _ENROLLMENT,
    _list(bodies.EnrollmentList, "enrollment", _ENROLLMENT, f"sections/{SECTION}/enrollments"),
    bodies.PathAnswers(
        [
            bodies.PathAnswer(f"/v1/sections/{SECTION}", 200, _SECTION),
            bodies.PathAnswer(f"/v1/sections/{SECTION}/attendance", 200, _LISTING),
        ]
    ),
)
EXAMPLES: dict[type, msgspec.Struct] = {type(example): example for example in _ALL}
