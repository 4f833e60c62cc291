"""
A OneRoster set, version 1.1 or 1.2 in CSV, as the parts of a roster.

What is read of it, and where real sets leave the standard or the standard leaves it open:

- A line is ended when its `status` is `tobedeleted` or `inactive`; an empty one is active, also
  in a delta file.
- Organisations become schools when their type is `school`, or when a class names them as its
  school, whatever their type. To any other one a person or a course belongs to no school.
- Sessions of every type become grading periods. First and last days both belong to them.
- A person's role is the first primary one of `roles.csv` (1.2), else the column `role` (1.1).
  Who has secondary roles only is staff, and so are a school's own administrators and principals:
  ours is a role for the whole district, and a line for one school must not give it.
- In a class, `teacher`, `aide`, `proctor` and `administrator` teach: they stand before it, and
  if they did not, they would be on its roll. Parents, guardians, relatives and roles of a
  vendor's own (`ext:`) have no place in it and are left out.
- References are looked up where the file that they lead to is bulk. Where it is delta or
  absent, what they name may be in the district already, and the store looks there.
- `userProfiles.csv` and the column `password` of `users.csv` are not read.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rollbook.domain.people import Role
from rollbook.domain.roster_files import (
    RosterCourse,
    RosterEnrollment,
    RosterPart,
    RosterPeriod,
    RosterSchool,
    RosterSection,
    RosterUser,
)
from rollbook.domain.sentences import Sentence
from rollbook.exchange.archive import Files
from rollbook.exchange.cells import EMPTY, NO_ID, Line, is_id, listed, text
from rollbook.exchange.csv_rows import BrokenCsvError, Column, read_rows
from rollbook.exchange.manifest import Delivery, deliveries
from rollbook.exchange.problems import Problems

_ROLES = {
    "administrator": Role.ADMINISTRATOR,
    "districtadministrator": Role.ADMINISTRATOR,
    "systemadministrator": Role.ADMINISTRATOR,
    "sysadmin": Role.ADMINISTRATOR,
    "teacher": Role.TEACHER,
    "aide": Role.TEACHER,
    "proctor": Role.TEACHER,
    "student": Role.STUDENT,
    "guardian": Role.GUARDIAN,
    "parent": Role.GUARDIAN,
    "relative": Role.GUARDIAN,
}  # everybody else is staff
_STAFF = "staff"

_TEACHING = frozenset({"teacher", "aide", "proctor", "administrator"})
_OUTSIDE = frozenset({"guardian", "parent", "relative"})
_ACTIVE = frozenset({"", "active"})
_ENDED = frozenset({"tobedeleted", "inactive"})
_YES_NO = {
    "": True,
    "true": True,
    "1": True,
    "yes": True,
    "false": False,
    "0": False,
    "no": False,
}


def _columns(names: str) -> list[Column]:
    """Return columns: `sourcedId`, `status` and *names*; `!` marks those that must be there."""
    own = [Column(name.rstrip("!"), required=name.endswith("!")) for name in names.split()]
    return [Column("sourcedId", required=True), Column("status"), *own]


_COLUMNS = {
    "orgs": _columns("name! type!"),
    "academicSessions": _columns("title! startDate endDate"),
    "courses": _columns("title! courseCode orgSourcedId"),
    "classes": _columns("title! classCode courseSourcedId schoolSourcedId termSourcedIds"),
    "roles": _columns("userSourcedId! roleType role! orgSourcedId"),
    "users": _columns(
        "enabledUser orgSourcedIds primaryOrgSourcedId role givenName! familyName! middleName "
        "preferredGivenName username email"
    ),
    "enrollments": _columns("classSourcedId! userSourcedId! role! beginDate endDate"),
}


def read(files: Files) -> Iterator[RosterPart]:
    """
    Yield the parts of a set, what is referred to first; each is read while it is used up.

    Raises:
        ImportRefused: After the last part: with all that is wrong in all of the files. Or at
            once, when it is no such set.
    """
    problems = Problems()
    yield from _Set(files, problems).parts()
    problems.refuse_if_any()


class _Set:
    """A set while it is read: what was seen of it, for the references that are to come."""

    def __init__(self, files: Files, problems: Problems) -> None:
        self._files = files
        self._problems = problems
        self._delivery = deliveries(files, list(_COLUMNS), problems)
        self._known: dict[str, set[str]] = {}  # the ids in each file that is bulk
        self._unread: set[str] = set()  # files with lines that could not be read
        self._named_as_school = self._schools_of_classes()
        self._schools: set[str] = set()
        self._roles: dict[str, tuple[str, str]] = {}  # user -> role, organisation

    def parts(self) -> Iterator[RosterPart]:
        """Yield a part for each file that there is."""
        yield from self._part("orgs", RosterSchool, self._school)
        yield from self._part("academicSessions", RosterPeriod, self._period)
        yield from self._part("courses", RosterCourse, self._course)
        yield from self._part("classes", RosterSection, self._section)
        self._read_roles()
        yield from self._part("users", RosterUser, self._user)
        yield from self._part("enrollments", RosterEnrollment, self._enrollment)

    # ---- files

    def _part(self, name: str, noun: Any, build: Callable[..., Any]) -> Iterator[RosterPart]:
        ended: list[str] = []
        rows = self._rows(name, build, ended)
        complete = self._delivery[name] is Delivery.BULK
        if self._delivery[name] is not Delivery.ABSENT:
            yield RosterPart(noun=noun, rows=rows, ended=ended, complete=complete)

    def _rows(self, name: str, build: Callable[..., Any], ended: list[str]) -> Iterator[Any]:
        """Yield what *build* makes of the active lines; the ids of the others go to *ended*."""
        seen: set[str] = set()
        for line, sourced_id, status, cells in self._lines(name):
            if sourced_id in seen:
                twice = Sentence("{sourced_id} is there a second time", sourced_id=sourced_id)
                line.wrong("sourcedId", twice)
                continue
            seen.add(sourced_id)
            if status in _ENDED:
                ended.append(sourced_id)
            elif status not in _ACTIVE:
                what = Sentence("is neither active nor inactive nor tobedeleted")
                line.wrong("status", what)
            elif (row := build(line, sourced_id, *cells)) is not None:
                yield row
        if self._delivery[name] is Delivery.BULK and name not in self._unread:
            self._known[name] = seen

    def _lines(self, name: str) -> Iterator[tuple[Line, str, str, list[str]]]:
        """Yield the lines of a file that can be read, with id, status and the other cells."""
        file = f"{name}.csv"

        def report(number: int, column: str, what: Sentence) -> None:
            self._unread.add(name)
            self._problems.add(file, number, column, what)

        try:
            with self._files.open(file) as opened:
                for number, cells in read_rows(opened, _COLUMNS[name], report):
                    sourced_id, status, *others = [cell.strip() for cell in cells]
                    if is_id(sourced_id):
                        line = Line(file, number, self._problems)
                        yield line, sourced_id, status.lower(), others
                    else:
                        report(number, "sourcedId", NO_ID)
        except BrokenCsvError as error:
            report(error.line, "", error.reason)

    def _schools_of_classes(self) -> set[str]:
        """Return what classes name as their school; what is wrong there is told later."""
        if self._delivery["classes"] is Delivery.ABSENT:
            return set()
        try:
            with self._files.open("classes.csv") as file:
                rows = read_rows(file, [Column("schoolSourcedId")], lambda *_: None)
                return {school.strip() for _, (school,) in rows}
        except BrokenCsvError:
            return set()

    def _read_roles(self) -> None:
        """Note each person's role: the first primary one."""
        if self._delivery["roles"] is Delivery.ABSENT:
            return
        primary: set[str] = set()
        for line, _, status, (user, kind, role, org) in self._lines("roles"):
            if status in _ENDED:
                continue
            if not role:
                line.wrong("role", EMPTY)
            if kind.lower() == "secondary":
                self._roles.setdefault(user, (_STAFF, ""))
            elif user not in primary:
                primary.add(user)
                self._roles[user] = (role, org)

    # ---- lines

    def _school(self, line: Line, sourced_id: str, name: str, kind: str) -> RosterSchool | None:
        if kind.lower() != "school" and sourced_id not in self._named_as_school:
            return None
        self._schools.add(sourced_id)
        return RosterSchool(sourced_id, line.title("name", name))

    def _period(
        self, line: Line, sourced_id: str, title: str, first: str, last: str
    ) -> RosterPeriod:
        return RosterPeriod(
            sourced_id,
            line.title("title", title),
            line.day("startDate", first),
            line.day("endDate", last),
        )

    def _course(
        self, line: Line, sourced_id: str, title: str, code: str, org: str
    ) -> RosterCourse:
        return RosterCourse(
            sourced_id,
            line.title("title", title),
            course_code=text(code),
            department="",
            school=self._school_of(line, "orgSourcedId", [org]),
        )

    def _section(
        self,
        line: Line,
        sourced_id: str,
        title: str,
        code: str,
        course: str,
        org: str,
        terms: str,
    ) -> RosterSection:
        periods = listed(terms)
        for period in periods:
            self._require(line, "termSourcedIds", "academicSessions", period)
        if course:
            self._require(line, "courseSourcedId", "courses", course)
        return RosterSection(
            sourced_id,
            course=course or None,
            school=self._school_of(line, "schoolSourcedId", [org]),
            title=line.title("title", title),
            section_code=text(code),
            periods=periods,
        )

    def _user(self, line: Line, sourced_id: str, *cells: str) -> RosterUser:
        enabled, orgs, primary_org, role, given, family, middle, preferred, username, email = (
            cells
        )
        role, role_org = self._roles.get(sourced_id, (role, ""))
        if not role:
            line.wrong("role", Sentence("is given neither here nor in roles.csv"))
        if not given and not family:
            line.wrong("familyName", Sentence("is empty, and so is givenName"))
        if enabled.lower() not in _YES_NO:
            line.wrong("enabledUser", Sentence("is neither true nor false"))
        return RosterUser(
            sourced_id,
            _ROLES.get(role.lower(), Role.STAFF),
            self._school_of(line, "orgSourcedIds", [primary_org, role_org, *listed(orgs)]),
            text(given),
            text(family),
            name_middle=text(middle),
            name_first_preferred=text(preferred),
            username=text(username),
            primary_email=text(email),
            active=_YES_NO.get(enabled.lower(), True),
        )

    def _enrollment(
        self, line: Line, sourced_id: str, section: str, user: str, role: str, *days: str
    ) -> RosterEnrollment | None:
        role = role.lower()
        if role in _OUTSIDE or role.startswith("ext:"):
            return None
        if role != "student" and role not in _TEACHING:
            line.wrong("role", Sentence("is none that someone has in a class"))
        self._require(line, "classSourcedId", "classes", section)
        self._require(line, "userSourcedId", "users", user)
        return RosterEnrollment(
            sourced_id,
            section,
            user,
            admin=role in _TEACHING,
            first_day=line.day("beginDate", days[0]),
            last_day=line.day("endDate", days[1]),
        )

    # ---- references

    def _require(self, line: Line, column: str, name: str, sourced_id: str) -> None:
        """Note a fault when something refers to what is not in the file *name*."""
        if not is_id(sourced_id):
            line.wrong(column, NO_ID)
        elif sourced_id not in self._known.get(name, (sourced_id,)):
            file = f"{name}.csv"
            what = Sentence(
                "there is no {sourced_id} in {file}", sourced_id=sourced_id, file=file
            )
            line.wrong(column, what)

    def _school_of(self, line: Line, column: str, orgs: Sequence[str]) -> str | None:
        """Return the first of some organisations that is a school."""
        given = [org for org in orgs if org]
        for org in given:
            self._require(line, column, "orgs", org)
        if "orgs" not in self._known:
            return given[0] if given else None
        return next((org for org in given if org in self._schools), None)
