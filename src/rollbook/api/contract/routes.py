"""
What the contract says of each route: the table beside the one in `api/app.py`.

`tests/api/test_contract.py` holds the two together: what is in one is in the other.
"""

from rollbook.api.asking import LIST_LIMIT, LIST_LIMIT_MAX
from rollbook.api.contract import bodies
from rollbook.api.contract.terms import Group, Operation, Parameter
from rollbook.wire import shapes

MANY = {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}
_WHOLE = {**MANY, "minimum": 0}
_DAY = {"type": "string", "format": "date"}
_DAY_OR_OFFSET = {"type": "string", "anyOf": [{"format": "date"}, {"pattern": "^[0-9]{1,7}$"}]}
_TEXT = {"type": "string"}
_IDS = {"type": "string", "pattern": "^[1-9][0-9]{0,17}(,[1-9][0-9]{0,17})*$"}

START = Parameter("start", "Only from this day on.", _DAY, "2026-09-01")
END = Parameter("end", "Only up to this day.", _DAY, "2026-09-30")
OFFSET = Parameter("start", "How many to skip.", _WHOLE)
LIMIT = Parameter(
    "limit", f"How many to return: {LIST_LIMIT} by default, at most {LIST_LIMIT_MAX}.", MANY
)
LONG_LIMIT = Parameter("limit", f"How many to return, at most {LIST_LIMIT_MAX}.", MANY)
ENROLLMENTS = Parameter(
    "enrollment_id", "Only of this enrollment, or of several, separated by commas.", _IDS
)
SCHOOL_CODES = Parameter(
    "section_school_codes", "The district's own ids of sections, separated by commas.", _TEXT
)
IF_MATCH = Parameter(
    "If-Match",
    "The `ETag` of what you read: the write is refused with `412` when somebody else changed "
    "the section's attendance in between.",
    _TEXT,
    where="header",
)
IF_NONE_MATCH = Parameter(
    "If-None-Match",
    "The `ETag` of what you have: the answer is `304` when nothing has changed.",
    _TEXT,
    where="header",
)
_BODY = (413, 415)

_ATTENDANCE = Group(
    "Attendance",
    "The marks of a section: who was absent, late or excused on which day.",
    (
        Operation(
            route="GET /v1/sections/{section_id}/attendance",
            name="listAttendance",
            summary="List a section's attendance",
            about=(
                "Marks other than present, by day, status and enrollment. A day on which the "
                "roll was taken and nobody was missing is there too, without a status: all "
                "present is not the same as not taken.\n\n"
                "Without `limit` the whole selection is returned, up to a cap that the server "
                "sets. When records are left over, `links.next` leads to them; it neither "
                "skips nor repeats one when marks change in between."
            ),
            asks=(
                Parameter(
                    "start",
                    "Only from this day on. (Up to 7 digits are an offset: some clients add "
                    "`start=0` to every call.)",
                    _DAY_OR_OFFSET,
                    START.example,
                ),
                END,
                ENROLLMENTS,
                Parameter("limit", "How many records to return.", MANY),
                Parameter(
                    "start_id", "Where the page before ended, as `links.next` has it.", MANY
                ),
                IF_NONE_MATCH,
            ),
            answers=shapes.Listing,
            versioned=True,
            refuses=(410,),
        ),
        Operation(
            route="PUT /v1/sections/{section_id}/attendance",
            name="saveAttendance",
            summary="Save marks of a section",
            about=(
                "Each entry is judged for itself, and answered in its place: `200` with the id "
                "of the mark, or why it was refused, while the good ones are saved. All are "
                "saved in one step, and are on the disk when the answer comes. To send the "
                "same again is harmless.\n\n"
                "To save a mark is also to record that the roll was taken that day."
            ),
            asks=(
                Parameter(
                    "atomic",
                    "`1`: all of the entries are saved, or none (then the answer is `400`).",
                    {"enum": [0, 1]},
                ),
                IF_MATCH,
            ),
            sends=bodies.Marks,
            answers=shapes.Written,
            versioned=True,
            refuses=(410, 412, *_BODY),
        ),
    ),
)

_ROLLS = Group(
    "Rolls and history",
    "Whole rolls, and every change that was ever made: for those who take the roll.",
    (
        Operation(
            route="GET /v1/sections/{section_id}/rolls",
            name="listRolls",
            summary="List the rolls that were taken",
            asks=(START, END, LONG_LIMIT),
            answers=bodies.RollList,
            refuses=(410,),
        ),
        Operation(
            route="GET /v1/sections/{section_id}/rolls/{date}",
            name="showRoll",
            summary="Show one day's roll",
            about="`404` says that nobody took it.",
            answers=shapes.RollShape,
            refuses=(410,),
        ),
        Operation(
            route="PUT /v1/sections/{section_id}/rolls/{date}",
            name="takeRoll",
            summary="Take a day's roll",
            about=(
                "Name only who was not simply present: everybody else on the roll is marked "
                "present, all in one step. When one exception is refused nothing is saved."
            ),
            asks=(IF_MATCH,),
            sends=bodies.WholeRoll,
            answers=shapes.RollWritten,
            versioned=True,
            refuses=(410, 412, *_BODY),
        ),
        Operation(
            route="GET /v1/sections/{section_id}/attendance/history",
            name="listHistory",
            summary="List every change of marks",
            about="What was changed, by whom, when and by which way in; oldest first.",
            asks=(
                START,
                END,
                ENROLLMENTS,
                LONG_LIMIT,
                Parameter(
                    "after",
                    "Where the page before ended, as `links.next` has it.",
                    {"type": "string", "pattern": "^[0-9]{1,14}[.][0-9]{1,14}$"},
                ),
            ),
            answers=bodies.History,
            refuses=(410,),
        ),
    ),
)

_CLASSES = Group(
    "Schools and classes",
    "The roster around the marks. It comes in by import; here it is read.",
    (
        Operation(
            route="GET /v1/schools",
            name="listSchools",
            summary="List the schools",
            asks=(OFFSET, LIMIT),
            answers=bodies.SchoolList,
        ),
        Operation(
            route="GET /v1/schools/{school_id}",
            name="showSchool",
            summary="Show a school",
            answers=shapes.SchoolShape,
        ),
        Operation(
            route="GET /v1/courses",
            name="listCourses",
            summary="List the courses",
            asks=(OFFSET, LIMIT),
            answers=bodies.CourseList,
        ),
        Operation(
            route="GET /v1/courses/{course_id}",
            name="showCourse",
            summary="Show a course",
            answers=shapes.CourseShape,
        ),
        Operation(
            route="GET /v1/courses/{course_id}/sections",
            name="listCourseSections",
            summary="List a course's sections",
            asks=(SCHOOL_CODES, OFFSET, LIMIT),
            answers=bodies.SectionList,
        ),
        Operation(
            route="GET /v1/sections",
            name="listSections",
            summary="List the sections",
            asks=(SCHOOL_CODES, OFFSET, LIMIT),
            answers=bodies.SectionList,
        ),
        Operation(
            route="GET /v1/sections/{section_id}",
            name="showSection",
            summary="Show a section",
            answers=shapes.SectionShape,
        ),
        Operation(
            route="GET /v1/sections/{section_id}/enrollments",
            name="listEnrollments",
            summary="List who is enrolled in a section",
            about="Students see their own enrollments only.",
            asks=(
                Parameter("uid", "Only of these users, separated by commas.", _IDS),
                Parameter(
                    "enrollment_status",
                    "Only with these statuses, separated by commas.",
                    {"type": "string", "pattern": "^[1-5](,[1-5])*$"},
                ),
                OFFSET,
                LIMIT,
            ),
            answers=bodies.EnrollmentList,
        ),
        Operation(
            route="GET /v1/sections/{section_id}/enrollments/{enrollment_id}",
            name="showEnrollment",
            summary="Show an enrollment",
            answers=shapes.EnrollmentShape,
        ),
    ),
)

_PEOPLE = Group(
    "People",
    "Whom the district knows. Administrators see everybody, others only themselves.",
    (
        Operation(
            route="GET /v1/users",
            name="listUsers",
            summary="List the people",
            asks=(OFFSET, LIMIT),
            answers=bodies.UserList,
        ),
        Operation(
            route="GET /v1/users/me",
            name="findMyself",
            summary="Find the user that the key acts as",
            about="The answer is `303`, and `Location` says where. Sign that request anew.",
        ),
        Operation(
            route="GET /v1/users/{user_id}",
            name="showUser",
            summary="Show a person",
            answers=shapes.UserShape,
        ),
        Operation(
            route="GET /v1/users/{user_id}/sections",
            name="listUserSections",
            summary="List the sections in which somebody is active",
            asks=(SCHOOL_CODES, OFFSET, LIMIT),
            answers=bodies.SectionList,
        ),
        Operation(
            route="GET /v1/roles",
            name="listRoles",
            summary="List the roles",
            answers=bodies.RoleList,
        ),
        Operation(
            route="GET /v1/app-user-info",
            name="showKeyOwner",
            summary="Tell whom the key acts as",
            answers=shapes.AppUserInfo,
        ),
    ),
)

_SEVERAL = Group(
    "Several at once",
    "To save round trips.",
    (
        Operation(
            route="POST /v1/multiget",
            name="askSeveral",
            summary="Ask up to 50 things in one call",
            about="Each path is decided for itself, and answered in its place.",
            sends=bodies.Questions,
            answers=bodies.PathAnswers,
            refuses=_BODY,
        ),
    ),
)

_CONTRACT = Group(
    "This contract",
    "What you are reading; it needs no signature.",
    (
        Operation(
            route="GET /v1/openapi.json",
            name="showContract",
            summary="Return this contract as OpenAPI 3.1",
            asks=(IF_NONE_MATCH,),
            answers=dict,
            media_type="application/json",
            versioned=True,
            public=True,
        ),
        Operation(
            route="GET /docs",
            name="showDocumentation",
            summary="Show this contract as a page",
            asks=(IF_NONE_MATCH,),
            answers=str,
            media_type="text/html",
            versioned=True,
            public=True,
        ),
    ),
)

_WATCH = Group(
    "How the server is",
    "For whatever watches it; none of it needs a signature.",
    (
        Operation(
            route="GET /health",
            name="showHealth",
            summary="Tell whether the server lives and is ready, and if not, why",
            about="Always `200`: a probe asks `/health/ready`.",
            answers=shapes.Health,
            public=True,
        ),
        Operation(
            route="GET /health/live",
            name="showLiveness",
            summary="Tell that the server answers",
            answers=shapes.Health,
            public=True,
        ),
        Operation(
            route="GET /health/ready",
            name="showReadiness",
            summary="Tell whether requests can be answered and saved",
            about=(
                "`503` with the reason when the database cannot be read, nothing can be saved, "
                "or the disk is nearly full. What was found is told for two seconds."
            ),
            answers=shapes.Health,
            public=True,
        ),
        Operation(
            route="GET /metrics",
            name="showMetrics",
            summary="Return the server's figures as Prometheus reads them",
            about="Only to the addresses that may read them (setting: `metrics_allowed`).",
            answers=str,
            media_type="text/plain",
            refuses=(404,),
            public=True,
        ),
    ),
)

GROUPS = (_ATTENDANCE, _ROLLS, _CLASSES, _PEOPLE, _SEVERAL, _CONTRACT, _WATCH)
