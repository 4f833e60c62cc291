"""OneRoster sets: what is read of them, what is wrong in them, and what real ones look like."""

import asyncio
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from conftest import corpus
from rollbook.domain.errors import ImportRefused
from rollbook.domain.people import Role
from rollbook.domain.roster_files import (
    RosterCourse,
    RosterEnrollment,
    RosterLimits,
    RosterPeriod,
    RosterSchool,
    RosterSection,
    RosterSummary,
    RosterUser,
)
from rollbook.domain.store import Page, SectionQuery
from rollbook.exchange import oneroster
from rollbook.exchange.archive import open_files
from rollbook.storage.sqlite import SqliteStore, create

CANARY = "Passw0rd-canary"
SMALL = {
    "orgs": "sourcedId,status,name,type\nschool,,Lindenhof School,school\n",
    "academicSessions": (
        "sourcedId,status,title,startDate,endDate\nautumn,,Autumn,2026-08-17,2026-12-18\n"
    ),
    "courses": "sourcedId,status,title,courseCode,orgSourcedId\nmaths,,Maths,M1,school\n",
    "classes": (
        "sourcedId,status,title,classCode,courseSourcedId,schoolSourcedId,termSourcedIds\n"
        "maths-1,,Maths 1,1,maths,school,autumn\n"
    ),
    "users": (
        "sourcedId,status,enabledUser,orgSourcedIds,role,username,givenName,familyName,password\n"
        f"bob,,true,school,teacher,bob,Bob,Baker,{CANARY}\n"
        f"anna,,true,school,student,anna,Anna,Abel,{CANARY}\n"
    ),
    "enrollments": (
        "sourcedId,status,classSourcedId,userSourcedId,role,beginDate,endDate\n"
        "e1,,maths-1,bob,teacher,,\n"
        "e2,,maths-1,anna,student,2026-08-17,2026-12-18\n"
    ),
}


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files into a folder, and return it."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / f"{name}.csv").write_bytes(data)
    return folder


def manifest(version: str = "1.1", **deliveries: str) -> str:
    lines = [f"file.{name},{how}" for name, how in deliveries.items()]
    return "\n".join(["propertyName,value", f"oneroster.version,{version}", *lines])


def read(path: Path) -> dict[type, tuple[list[Any], list[str], bool]]:
    """Return the rows of each part, who ended, and whether it was the whole."""
    found: dict[type, tuple[list[Any], list[str], bool]] = {}
    with open_files(path) as files:
        for part in oneroster.read(files):
            rows = list(part.rows)
            found[part.noun] = (rows, list(part.ended), part.complete)
    return found


def one(path: Path, noun: type) -> Any:
    """Return the only row of a noun."""
    ((row,), _, _) = read(path)[noun]
    return row


def problems(path: Path) -> list[str]:
    with pytest.raises(ImportRefused) as refused:
        read(path)
    return list(refused.value.problems)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A set with one of everything."""
    return write(tmp_path / "set", SMALL)


# ---------------------------------------------------------------- what is read


def test_a_set_is_read_in_the_order_of_its_references(small: Path) -> None:
    """
    Every file becomes a part, and what is referred to comes first.
    """
    parts = read(small)

    assert list(parts) == [
        RosterSchool,
        RosterPeriod,
        RosterCourse,
        RosterSection,
        RosterUser,
        RosterEnrollment,
    ]
    assert {noun: rows for noun, (rows, _, _) in parts.items()} == {
        RosterSchool: [RosterSchool("school", "Lindenhof School")],
        RosterPeriod: [RosterPeriod("autumn", "Autumn", "2026-08-17", "2026-12-18")],
        RosterCourse: [RosterCourse("maths", "Maths", "M1", "", "school")],
        RosterSection: [
            RosterSection("maths-1", "maths", "school", "Maths 1", "1", ("autumn",))
        ],
        RosterUser: [
            RosterUser("bob", Role.TEACHER, "school", "Bob", "Baker", username="bob"),
            RosterUser("anna", Role.STUDENT, "school", "Anna", "Abel", username="anna"),
        ],
        RosterEnrollment: [
            RosterEnrollment("e1", "maths-1", "bob", True),
            RosterEnrollment("e2", "maths-1", "anna", False, "2026-08-17", "2026-12-18"),
        ],
    }
    assert all(complete and not ended for _, ended, complete in parts.values())


def test_a_zip_reads_as_its_folder_does(small: Path, tmp_path: Path) -> None:
    """
    It does not matter how a set is packed.
    """
    with zipfile.ZipFile(tmp_path / "set.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in small.iterdir():
            archive.write(file, f"export/{file.name.upper()}")

    assert read(tmp_path / "set.zip") == read(small)


@pytest.mark.parametrize("change", ["bom", "crlf", "columns", "spaces"])
def test_the_look_of_a_file_does_not_matter(small: Path, tmp_path: Path, change: str) -> None:
    """
    Marks at the beginning, line endings, the order of columns and spaces around cells.
    """
    changed = {}
    for name, content in SMALL.items():
        table = [line.split(",") for line in content.splitlines()]
        if change == "columns":
            table = [row[::-1] for row in table]
        if change == "spaces":
            table = [[f" {cell} " for cell in row] for row in table]
        text = "\r\n".join(",".join(row) for row in table) if change == "crlf" else ""
        text = text or "\n".join(",".join(row) for row in table)
        changed[name] = b"\xef\xbb\xbf" * (change == "bom") + text.encode()

    assert read(write(tmp_path / "changed", changed)) == read(small)


def test_text_is_one_line(small: Path) -> None:
    """
    Newlines in quotes are read, and a title stays on one line.
    """
    write(
        small, {"orgs": 'sourcedId,name,type\nschool,"Lindenhof\r\nSchool \u200dश्री",school\n'}
    )

    assert one(small, RosterSchool).title == "Lindenhof School \u200dश्री"


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("administrator", Role.ADMINISTRATOR),
        ("districtAdministrator", Role.ADMINISTRATOR),
        ("siteAdministrator", Role.STAFF),
        ("systemAdministrator", Role.ADMINISTRATOR),
        ("principal", Role.STAFF),
        ("teacher", Role.TEACHER),
        ("Teacher", Role.TEACHER),
        ("aide", Role.TEACHER),
        ("proctor", Role.TEACHER),
        ("student", Role.STUDENT),
        ("parent", Role.GUARDIAN),
        ("guardian", Role.GUARDIAN),
        ("relative", Role.GUARDIAN),
        ("counselor", Role.STAFF),
        ("ext:bus driver", Role.STAFF),
    ],
)
def test_every_role_becomes_one_of_ours(small: Path, role: str, expected: Role) -> None:
    """
    What the standard calls people, and what vendors do.
    """
    users = f"sourcedId,role,givenName,familyName\nanna,{role},A,B\n"
    write(small, {"users": users, "enrollments": SMALL["enrollments"].splitlines()[0]})

    assert one(small, RosterUser).role == expected


@pytest.mark.parametrize(
    ("role", "admin"),
    [
        ("student", False),
        ("Student", False),
        ("teacher", True),
        ("aide", True),
        ("proctor", True),
        ("administrator", True),
        ("parent", None),
        ("guardian", None),
        ("relative", None),
        ("ext:observer", None),
    ],
)
def test_who_teaches_and_who_is_on_the_roll(small: Path, role: str, admin: bool | None) -> None:
    """
    Adults of the school teach, students are on the roll, and families have no place in a class.
    """
    write(
        small,
        {"enrollments": f"{SMALL['enrollments'].splitlines()[0]}\ne,,maths-1,bob,{role},,"},
    )
    rows, _, _ = read(small)[RosterEnrollment]

    assert [row.admin for row in rows] == ([] if admin is None else [admin])


@pytest.mark.parametrize(
    ("cell", "active"),
    [("true", True), ("TRUE", True), ("", True), ("False", False), ("0", False)],
)
def test_who_may_log_in(small: Path, cell: str, active: bool) -> None:
    """
    A user is active unless the file says that they are not enabled.
    """
    write(small, {"users": SMALL["users"].replace("true", cell)})
    rows, _, _ = read(small)[RosterUser]

    assert {row.active for row in rows} == {active}


@pytest.mark.parametrize("status", ["tobedeleted", "inactive", "ToBeDeleted"])
@pytest.mark.parametrize("how", ["bulk", "delta"])
def test_lines_can_be_ended(small: Path, status: str, how: str) -> None:
    """
    An ended line is no row: its id is among the ended, also where all lines are there.
    """
    users = SMALL["users"].replace("anna,,", f"anna,{status},")
    write(small, {"users": users, "manifest": manifest(users=how)})
    rows, ended, complete = read(small)[RosterUser]

    assert ([row.sourced_id for row in rows], ended) == (["bob"], ["anna"])
    assert complete == (how == "bulk")


def test_only_schools_are_schools(small: Path) -> None:
    """
    Whoever belongs to a district's office belongs to no school.
    """
    write(
        small,
        {
            "orgs": SMALL["orgs"] + "office,,District,district\n",
            "users": SMALL["users"].replace("true,school,teacher", 'true,"office",teacher'),
            "courses": SMALL["courses"].replace("M1,school", "M1,office"),
        },
    )
    parts = read(small)

    assert [row.sourced_id for row in parts[RosterSchool][0]] == ["school"]
    assert [row.school for row in parts[RosterUser][0]] == [None, "school"]
    assert parts[RosterCourse][0][0].school is None


def test_the_first_school_of_several_counts(small: Path) -> None:
    """
    A person who belongs to the office and to a school belongs to the school.
    """
    users = SMALL["users"].replace("true,school,teacher", 'true,"office, school",teacher')
    write(small, {"orgs": SMALL["orgs"] + "office,,District,district\n", "users": users})

    assert read(small)[RosterUser][0][0].school == "school"


def test_what_classes_call_their_school_is_one(small: Path) -> None:
    """
    A department with classes is taken as a school.
    """
    write(small, {"orgs": SMALL["orgs"].replace(",school\n", ",department\n")})

    assert one(small, RosterSchool).sourced_id == "school"


# ---------------------------------------------------------------- version 1.2

ROLES = "sourcedId,status,userSourcedId,roleType,role,orgSourcedId\n"
USERS_1_2 = (
    "sourcedId,status,enabledUser,givenName,familyName,middleName,preferredGivenName,email,"
    "primaryOrgSourcedId,password\n"
    f"anna,,true,Anna,Abel,Maria,Änni,anna@school.example,,{CANARY}\n"
)


@pytest.mark.parametrize(
    ("lines", "role"),
    [
        ("r1,,anna,primary,student,school\n", Role.STUDENT),
        (
            "r1,,anna,secondary,sysadmin,school\nr2,,anna,primary,student,school\n",
            Role.STUDENT,
        ),
        ("r1,,anna,Primary,student,\nr2,,anna,primary,sysadmin,school\n", Role.STUDENT),
        (
            "r1,,anna,primary,student,school\nr2,,anna,secondary,sysadmin,school\n",
            Role.STUDENT,
        ),
        ("r1,inactive,anna,primary,sysadmin,\nr2,,anna,primary,student,\n", Role.STUDENT),
        ("r1,,anna,primary,student,\nr2,,anna,primary,sysadmin,\n", Role.STUDENT),
        ("r1,,anna,secondary,sysadmin,school\n", Role.STAFF),
        ("r1,,anna,,teacher,school\n", Role.TEACHER),
    ],
)
def test_the_primary_role_counts(small: Path, lines: str, role: Role) -> None:
    """
    The first primary role is a person's; secondary ones make nobody an administrator.
    """
    enrollments = "sourcedId,classSourcedId,userSourcedId,role\n"
    write(small, {"users": USERS_1_2, "roles": ROLES + lines, "enrollments": enrollments})
    write(small, {"manifest": manifest("1.2", roles="bulk")})

    assert one(small, RosterUser).role == role


def test_a_1_2_user_is_read(small: Path) -> None:
    """
    Names, address and the school that goes with the role.
    """
    roles = ROLES + "r1,,anna,primary,student,school\n"
    write(small, {"users": USERS_1_2, "roles": roles, "enrollments": ""})
    write(small, {"manifest": manifest("1.2", enrollments="absent")})

    assert one(small, RosterUser) == RosterUser(
        "anna",
        Role.STUDENT,
        "school",
        "Anna",
        "Abel",
        name_middle="Maria",
        name_first_preferred="Änni",
        primary_email="anna@school.example",
    )


# ---------------------------------------------------------------- the manifest


def test_the_manifest_says_what_is_the_whole(small: Path) -> None:
    """
    Bulk, delta and absent are taken at their word, whatever is in the folder.
    """
    told = manifest("1.1", users="delta", academicSessions="absent", classes="bulk", scores="")
    parts = read(write(small, {"manifest": told}))

    assert RosterPeriod not in parts
    assert not parts[RosterUser][2]
    assert parts[RosterSection][2]
    assert parts[RosterSchool][2], "a file that the manifest does not mention is bulk"


def test_a_delta_refers_to_what_is_not_in_it(small: Path) -> None:
    """
    What the files do not bring may be in the district.
    """
    told = manifest("1.1", orgs="absent", users="delta", classes="delta", courses="absent")
    enrollments = SMALL["enrollments"] + "e3,,other-class,other-user,student,,\n"
    parts = read(write(small, {"manifest": told, "enrollments": enrollments}))

    assert parts[RosterEnrollment][0][2].section == "other-class"
    assert parts[RosterSection][0][0].course == "maths"
    assert parts[RosterUser][0][0].school == "school"


def test_people_come_without_classes(small: Path) -> None:
    """
    A set may bring nobody but users, and say so.
    """
    told = manifest(classes="absent", enrollments="absent", courses="absent")
    parts = read(write(small, {"manifest": told}))

    assert list(parts) == [RosterSchool, RosterPeriod, RosterUser]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"manifest": manifest("2.0")}, "other than 1.1 and 1.2"),
        ({"manifest": "property,value\na,b\n"}, "manifest.csv, line 1: the header lacks"),
        (
            {"manifest": manifest(**dict.fromkeys(SMALL, "absent"))},
            "none of the OneRoster files",
        ),
    ],
)
def test_what_is_no_such_set_is_refused_at_once(
    small: Path, files: dict[str, str], said: str
) -> None:
    """
    Other versions, and folders without a roster.
    """
    with pytest.raises(ImportRefused, match=said):
        read(write(small, files))


@pytest.mark.parametrize("version", ["", "1.1", "1.2", "v1.2", "1.2.1"])
def test_these_versions_are_read(small: Path, version: str) -> None:
    """
    Version 1.1 and 1.2, however they are written.
    """
    assert len(read(write(small, {"manifest": manifest(version)}))) == 6


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    """
    There is nothing to take in.
    """
    with pytest.raises(ImportRefused, match="none of the OneRoster files"):
        read(tmp_path)


# ---------------------------------------------------------------- what is wrong


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        ("users", "bob,,true", "bob,gone,true", "users.csv, line 2, status: is neither"),
        ("users", "true,school,student", "maybe,school,student", "line 3, enabledUser: is"),
        (
            "users",
            "school,teacher",
            "nowhere,teacher",
            "line 2, orgSourcedIds: there is no nowhere",
        ),
        ("users", "school,teacher", "school,", "line 2, role: is given neither here nor in"),
        ("users", "Bob,Baker", ",", "users.csv, line 2, familyName: is empty"),
        (
            "users",
            "anna,,",
            "bob,,",
            "users.csv, line 3, sourcedId: bob is there a second time",
        ),
        ("users", "anna,,", ",,", "users.csv, line 3, sourcedId: is no id"),
        (
            "users",
            "familyName",
            "surname",
            "users.csv, line 1: the header lacks the column family",
        ),
        ("users", f"{CANARY}\nanna", f"{CANARY},x\nanna", "users.csv, line 2: has 10 cells"),
        ("orgs", ",Lindenhof School", ",", "orgs.csv, line 2, name: is empty"),
        ("academicSessions", "2026-12-18", "18.12.2026", "line 2, endDate: is not a day"),
        ("academicSessions", "Autumn", "", "academicSessions.csv, line 2, title: is empty"),
        ("courses", "Maths", " ", "courses.csv, line 2, title: is empty"),
        (
            "classes",
            ",maths,",
            ",art,",
            "line 2, courseSourcedId: there is no art in courses.csv",
        ),
        (
            "classes",
            "school,autumn",
            'school,"autumn,x"',
            "termSourcedIds: there is no x in aca",
        ),
        (
            "classes",
            "school,autumn",
            "house,autumn",
            "line 2, schoolSourcedId: there is no house",
        ),
        (
            "enrollments",
            "maths-1,anna",
            "x,anna",
            "line 3, classSourcedId: there is no x in cl",
        ),
        (
            "enrollments",
            "maths-1,anna",
            "maths-1,x",
            "line 3, userSourcedId: there is no x in us",
        ),
        ("enrollments", "maths-1,anna", "maths-1,", "line 3, userSourcedId: is no id"),
        ("enrollments", "anna,student", "anna,pupil", "enrollments.csv, line 3, role: is none"),
        ("enrollments", "2026-08-17", "2026-02-30", "line 3, beginDate: is not a day"),
        ("enrollments", "2026-08-17", "2026-08-17T00:00", "line 3, beginDate: is not a day"),
    ],
)
def test_a_fault_has_file_line_and_column(
    small: Path, name: str, old: str, new: str, problem: str
) -> None:
    """
    Whoever has to mend a file is told where, and what is wrong there.
    """
    assert old in SMALL[name]
    found = problems(write(small, {name: SMALL[name].replace(old, new, 1)}))

    assert problem in found[0]
    assert CANARY not in "".join(found)


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ({"users": "most"}, "manifest.csv, file.users: is neither bulk nor delta nor absent"),
        ({"roles": "bulk"}, "manifest.csv, file.roles: is bulk, but there is no roles.csv"),
    ],
)
def test_a_manifest_with_faults(small: Path, told: dict[str, str], problem: str) -> None:
    """
    What it says of a file has to be so.
    """
    assert problem in problems(write(small, {"manifest": manifest(**told)}))


def test_a_role_must_be_one(small: Path) -> None:
    """
    An empty one in roles.csv is told there.
    """
    found = problems(write(small, {"roles": ROLES + "r1,,anna,primary,,\n"}))

    assert "roles.csv, line 2, role: is empty" in found


def test_a_manifest_with_a_broken_row_is_told(small: Path) -> None:
    """
    Faults in the manifest's lines are collected with the others.
    """
    found = problems(write(small, {"manifest": manifest() + "\na,b,c\n"}))

    assert found == ["manifest.csv, line 3: has 3 cells, but the header names 2 columns"]


def test_a_broken_file_is_told_once(small: Path) -> None:
    """
    What cannot be read on does not make every reference to it a fault as well.
    """
    classes = SMALL["classes"].encode() + b"\xff\n"
    users = SMALL["users"].replace("anna,,true,school", 'anna,,true,"school', 1)
    found = problems(write(small, {"classes": classes, "users": users}))

    assert found == [
        "classes.csv, line 3: the text is not UTF-8, from byte 1 of the line on",
        "users.csv, line 3: a quote is opened here and never closed",
    ]


def test_classes_that_cannot_be_read_are_told(small: Path) -> None:
    """
    A header with a column twice ends the reading of the file, and of no other.
    """
    classes = SMALL["classes"].replace("title", "schoolSourcedId")

    assert problems(write(small, {"classes": classes})) == [
        "classes.csv, line 1: the header lacks the column title"
    ]


def test_all_faults_are_told_at_once_up_to_a_hundred(small: Path) -> None:
    """
    Over all files, and then how many more there are.
    """
    many = "".join(f"x{n},,no-class,no-user,student,,\n" for n in range(75))
    users = SMALL["users"].replace("bob,,", "bob,gone,")
    found = problems(write(small, {"users": users, "enrollments": SMALL["enrollments"] + many}))

    assert len(found) == 101
    assert found[0].startswith("users.csv, line 2")
    assert found[1].startswith("enrollments.csv, line 4")
    assert found[-1] == "and 51 more"


def test_one_fault_is_one(small: Path) -> None:
    """
    The sentence counts, and the words agree.
    """
    with pytest.raises(ImportRefused, match="1 fault was found in the files"):
        read(write(small, {"orgs": SMALL["orgs"].replace("Lindenhof School", "")}))


# ---------------------------------------------------------------- into a store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    create(tmp_path / "rollbook.db")
    return tmp_path / "rollbook.db"


def take_in(database: Path, roster: Path, **limits: Any) -> dict[str, RosterSummary]:
    """Take a set into the district “Lindenhof”, which is made when it is not there."""

    async def inside() -> list[RosterSummary]:
        store = SqliteStore(database)
        districts = await store.districts()
        home = districts[0] if districts else await store.create_district("Lindenhof", "UTC")
        with open_files(roster) as files:
            done = await store.import_roster(
                home.id,
                oneroster.read(files),
                RosterLimits(today="2026-11-23", **limits),
                lambda _noun, _rows: None,
            )
        await store.close()
        return done

    return {summary.noun: summary for summary in asyncio.run(inside())}


def test_the_same_set_twice_changes_nothing(small: Path, path: Path) -> None:
    """
    The second time, every line is unchanged.
    """
    take_in(path, small)
    again = take_in(path, small)

    assert {(each.added, each.changed, each.ended) for each in again.values()} == {(0, 0, 0)}


def test_a_set_with_a_fault_changes_nothing(small: Path, path: Path) -> None:
    """
    A fault in the last line of the last file leaves the district empty.
    """
    write(small, {"enrollments": SMALL["enrollments"] + "e3,,maths-1,nobody,student,,\n"})
    with pytest.raises(ImportRefused):
        take_in(path, small)
    write(small, SMALL)

    assert take_in(path, small)["schools"].added == 1


def test_headers_alone_are_refused(small: Path, path: Path) -> None:
    """
    A bulk set of headers would end everybody, and is taken for the mistake that it is.
    """
    take_in(path, small)
    headers = {name: content.splitlines()[0] for name, content in SMALL.items()}
    with pytest.raises(ImportRefused, match="2 of the 2 active enrollments"):
        take_in(path, write(small, headers))

    assert take_in(path, small, end_share=1.0)["enrollments"].ended == 2


def test_a_class_without_courses_has_one_of_its_own(small: Path, path: Path) -> None:
    """
    Where the set brings no courses and the district has none, the class's title serves.
    """
    take_in(path, write(small, {"manifest": manifest(courses="absent")}))

    async def titles() -> list[str]:
        store = SqliteStore(path)
        found = await store.sections(1, SectionQuery())
        await store.close()
        return [section.course_title for section in found.items]

    assert asyncio.run(titles()) == ["Maths 1"]


def test_a_password_is_nowhere(small: Path, path: Path) -> None:
    """
    Neither the database nor its log holds a byte of it.
    """
    take_in(path, small)
    kept = [file for file in path.parent.iterdir() if file.name.startswith(path.name)]

    assert kept
    assert not any(CANARY.encode() in file.read_bytes() for file in kept)


# ---------------------------------------------------------------- sets of the real world


def moodle(name: str) -> Path:
    return corpus("oneroster-moodle") / "tests" / "fixtures" / "csv_data" / f"{name}.zip"


@pytest.mark.parametrize(
    ("name", "added"),
    [
        ("Test_minimal_data_set", [1, 5, 2, 6, 6]),
        # One of its two classes is to be deleted, and so three of six enrollments are none.
        ("Test_full_data_set", [1, 3, 1, 6, 3]),
        ("v1p2_full_dataset", [1, 3, 1, 6, 3]),
        ("oneroster_test_data", [1, 1, 1, 1, 1, 1]),
    ],
)
def test_the_sets_of_moodle_come_in(name: str, added: list[int], path: Path) -> None:
    """
    Misspelt headers, ragged rows, odd dates of change and capital letters do no harm.
    """
    first = take_in(path, moodle(name))
    again = take_in(path, moodle(name))

    assert [each.added for each in first.values()] == added
    assert {(each.added, each.changed, each.ended) for each in again.values()} == {(0, 0, 0)}
    stored = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"Password1-" not in stored
    assert b"Batman.Ru1ez" not in stored


def test_a_line_that_is_only_a_side_line_makes_no_administrator(path: Path) -> None:
    """
    In the set of version 1.2, a parent who is a secondary site administrator is staff.
    """
    take_in(path, moodle("v1p2_full_dataset"))

    async def roles() -> dict[str | None, Role]:
        store = SqliteStore(path)
        found = await store.users(1, Page())
        await store.close()
        return {user.sourced_id: user.role for user in found.items}

    assert asyncio.run(roles())["usr-222-1234561"] == Role.STAFF


def test_the_set_of_oatsa_is_refused_for_what_is_wrong_in_it() -> None:
    """
    Its classes are of a session 1, and its file of all sessions has none.
    """
    folder = corpus("oneroster-oatsa") / "data" / "samples" / "OneRosterv1p1BaseCSV"

    assert problems(folder) == [
        f"classes.csv, line {line}, termSourcedIds: there is no 1 in academicSessions.csv"
        for line in (2, 3, 4)
    ]


def test_the_set_of_oatsa_comes_in_once_it_is_mended(tmp_path: Path, path: Path) -> None:
    """
    With the session, all of it is there: old columns and empty statuses do no harm.
    """
    folder = corpus("oneroster-oatsa") / "data" / "samples" / "OneRosterv1p1BaseCSV"
    mended = {file.stem: file.read_bytes() for file in folder.glob("*.csv")}
    mended["academicSessions"] += b"\n1,,,Year,schoolYear,2017-04-01,2018-03-31,\n"
    done = take_in(path, write(tmp_path / "mended", mended))

    assert [each.added for each in done.values()] == [2, 1, 0, 3, 2, 3]
