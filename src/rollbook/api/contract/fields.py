"""
What each field of a body or an answer means: a name means the same wherever it occurs.

Where it does not, `Shape.field` says what it means there. Each entry is a part of a JSON
Schema; the type comes from the shape.
"""

from typing import Any

Facts = dict[str, Any]


def _field(description: str, **facts: Any) -> Facts:
    return {"description": description, **facts}


def _id(of: str) -> Facts:
    return _field(f"The id of {of}, as decimal text.", pattern="^[0-9]+$")


def _id_or_empty(of: str, otherwise: str = "when there is none") -> Facts:
    return _field(f"The id of {of}, as decimal text; empty {otherwise}.", pattern="^[0-9]*$")


def _count(of: str) -> Facts:
    return _field(of, minimum=0)


_DAY = _field("A day, `YYYY-MM-DD`.", format="date")
_STATUS = _field("`1` present, `2` absent, `3` late, `4` excused.", enum=[1, 2, 3, 4])
_OPERATOR = "for the operator at a terminal"

FIELDS: dict[str, Facts] = {
    # ---- marks as they are sent
    "Marks.attendances": _field("The document's wrapper around the list."),
    "NewMarks.attendance": _field("Up to 5,000 entries; a single one needs no list."),
    "NewMark.enrollment_id": _field("An enrollment of the section, as an integer or its text."),
    "NewMark.date": _field("A day of the calendar, exactly `YYYY-MM-DD`.", format="date"),
    "NewMark.status": _field("`1` present, `2` absent, `3` late, `4` excused; also as text."),
    "NewMark.comment": _field("Left out, the comment stays as it was; empty text clears it."),
    "WholeRoll.attendances": _field("Who was not present; left out when everybody was."),
    "WholeRoll.replace_excused": _field(
        "Whether those who are excused already, and not named here, become present. Otherwise "
        "they stay excused: the excuse was given by somebody who knew more than an empty chair."
    ),
    "Exceptions.attendance": _field("The exceptions; a single one needs no list."),
    "RollException.enrollment_id": _field("An enrollment of the section."),
    "RollException.date": _field("May be left out; if not, the roll's own day.", format="date"),
    "RollException.status": _field("As in a mark."),
    "RollException.comment": _field("As in a mark."),
    "request": _field("Up to 50 paths of this API, with their queries; one needs no list."),
    # ---- marks as they are answered
    "enrollment_id": _field("The enrollment, as an integer.", minimum=1),
    "date": _DAY,
    "status": _STATUS,
    "status_code": _STATUS,
    "comment": _field("What was noted; empty when nothing was.", maxLength=2000),
    "Listing.date": _field(
        "The days on which the roll was taken, ascending. In XML each is an element `<date>` "
        "with the day in an element `<date>` inside it."
    ),
    "statuses": _field("The day's marks by status; empty when nobody was missing."),
    "Statuses.status": _field("The statuses that were given, ascending; never `1`, present."),
    "attendances": _field("The marks of that status."),
    "Attendances.attendance": _field("The marks, by enrollment."),
    "totals": _field("What everything the filters select adds up to, over all pages."),
    "Totals.total": _field("One for each status that was given; never `1`, present."),
    "count": _count("How often it was given."),
    "Written.attendance": _field("An answer for each entry of the request, in its order."),
    "Answer.id": _field("The mark's id, which never changes.", pattern="^[0-9]+$"),
    "Answer.enrollment_id": _field("Whose entry was refused, as far as it can be read."),
    "Answer.date": _field(
        "Which day's entry was refused, as far as it can be read.", format="date"
    ),
    # ---- refusals
    "code": _field("The HTTP status again.", minimum=400, maximum=599),
    "message": _field("A sentence that says what is wrong, and where."),
    "Error.attendance": _field("With `atomic=1`, an answer for each entry."),
    "response_code": _field("The status that this would have had alone.", minimum=200),
    # ---- rolls and history
    "RollWritten.roll": _field("The roll as it is now."),
    "RollWritten.attendance": _field("An answer for each exception, then each presence."),
    "first_taken_at": _field("When the roll was taken, in UTC.", format="date-time"),
    "first_taken_by": _id_or_empty("the user who took it", _OPERATOR),
    "last_taken_at": _field("When it was last changed, in UTC.", format="date-time"),
    "last_taken_by": _id_or_empty("the user who last changed it", _OPERATOR),
    "on_roll": _count("How many belonged to the section that day."),
    "present": _count("How many were marked present."),
    "absent": _count("How many were absent."),
    "late": _count("How many were late."),
    "excused": _count("How many were excused."),
    "not_marked": _count("How many on the roll have no mark."),
    "change": _field("The changes, oldest first."),
    "old_status": _field(
        "The status before; `0` when there was no mark.", enum=[0, 1, 2, 3, 4]
    ),
    "new_status": _STATUS,
    "old_comment": _field("The comment before."),
    "new_comment": _field("The comment from then on."),
    "changed_at": _field("When, in UTC.", format="date-time"),
    "changed_by": _id_or_empty("the user whose key it was", _OPERATOR),
    "on_behalf_of": _id_or_empty("the user that the key acted as", "when it was its own"),
    "channel": _field("The way it came in: `api`, `web`, `import` or `cli`."),
    "request_id": _field("The request that did it: its `X-Request-Id`."),
    "entry": _field("The number of the entry in the district's record.", minimum=1),
    # ---- people
    "api_uid": _field("The id of the user that the key acts as."),
    "web_session_timestamp": _field("The server's clock, in seconds since 1970."),
    "timezone_name": _field("The district's time zone, as `Europe/Zurich`."),
    "tz_name": _field("The district's time zone, as `Europe/Zurich`."),
    "uid": _id("the user"),
    "User.id": _field("The id of the user, as an integer.", minimum=1),
    "id": _field("Its id, as decimal text.", pattern="^[0-9]+$"),
    "school_uid": _field("The district's own id of the person."),
    "name_title": _field("A title, as `Dr.`"),
    "name_first": _field("First name."),
    "name_first_preferred": _field("The first name that they go by."),
    "name_middle": _field("Middle name."),
    "name_last": _field("Last name."),
    "name_display": _field("The name to show: the preferred first name, then the last."),
    "username": _field("The name they log in with."),
    "primary_email": _field("Their address."),
    "role_id": _field("The id of their role.", enum=[1, 2, 3, 4, 5]),
    "faculty": _field("Whether people of that role work for the district."),
    "role_type": _field("What the role is, as a number."),
    # ---- schools and classes
    "title": _field("What it is called."),
    "school_id": _id_or_empty("the school"),
    "building_id": _id_or_empty("the school"),
    "course_id": _id("the course"),
    "course_title": _field("What the course is called."),
    "course_code": _field("The course's code."),
    "department": _field("The department it belongs to."),
    "description": _field("More about it."),
    "section_title": _field("What the section is called."),
    "section_code": _field("The section's code in its course."),
    "section_school_code": _field("The district's own id of the section."),
    "active": _field("Whether it is going on."),
    "synced": _field("Whether it came from the district's own records."),
    "grading_periods": _field("The ids of the terms that it belongs to."),
    "meeting_days": _field("The days of the week on which it meets."),
    "start_time": _field("When it begins."),
    "end_time": _field("When it ends."),
    "admin": _field("`1` for those who teach the section."),
    "Enrollment.status": _field(
        "`1` active, `2` expired, `3` invite pending, `4` request pending, `5` archived.",
        enum=["1", "2", "3", "4", "5"],
    ),
    # ---- health
    "live": _field("`1`: the server answers."),
    "ready": _field("`1` when requests can be answered and saved.", enum=[0, 1]),
    "reason": _field("Why it is not ready, a sentence each."),
    # ---- lists
    "total": _field("How many there are on all pages, as decimal text.", pattern="^[0-9]+$"),
    "links": _field("Addresses: `self`, and `next` exactly when there is more."),
    "location": _field("The path that this answers."),
    "response": _field("An answer for each path, in the order of the request."),
    "body": _field("What the path would have answered alone."),
}
