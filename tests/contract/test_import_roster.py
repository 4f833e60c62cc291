"""What the store promises of a roster that is taken in: `Store.import_roster`."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw
import msgspec
import pytest

from books import Book, File, Library
from conftest import Clock
from rollbook.domain.attendance import Entry, Mark
from rollbook.domain.errors import ImportRefused, NoSuchThing, Unavailable
from rollbook.domain.people import Role, User
from rollbook.domain.record import Author, Channel
from rollbook.domain.roster_files import (
    RosterCourse,
    RosterEnrollment,
    RosterLimits,
    RosterPart,
    RosterPeriod,
    RosterSchool,
    RosterSection,
    RosterSummary,
    RosterUser,
)
from rollbook.domain.rosters import Enrollment, EnrollmentStatus, Section
from rollbook.domain.sentences import Sentence
from rollbook.domain.store import (
    EnrollmentQuery,
    MarkQuery,
    Page,
    SaveMarks,
    SectionQuery,
    Store,
)
from rollbook.storage.roster_import import RosterImport
from rollbook.storage.sqlite import SqliteStore, changes, roster_import

Progress = Callable[[str, int], None]

TODAY = "2026-11-23"
DAY = "2026-09-14"
ALL = Page(0, 10_000)
STUDENTS = [f"student {number}" for number in range(20)]

SCHOOL = RosterSchool("school", "Lindenhof School")
AUTUMN = RosterPeriod("autumn", "Autumn", "2026-08-17", "2026-12-18")
WINTER = RosterPeriod("winter", "Winter", "2027-01-04", "2027-03-26")
COURSE = RosterCourse("course", "Mathematics", "MAT 1", "Sciences", "school")
MATHS = RosterSection("maths", "course", "school", "Maths 1", "1", ("autumn", "winter"))
MUSIC = RosterSection("music", None, "school", "Music 1", "1", ())

# A line of each noun, and what each of its fields may be instead.
FIELDS: list[tuple[Any, dict[str, Any]]] = [
    (SCHOOL, {"title": "New"}),
    (AUTUMN, {"title": "New", "first_day": "2026-08-18", "last_day": None}),
    (COURSE, {"title": "New", "course_code": "", "department": "Arts", "school": "other"}),
    (
        MATHS,
        {
            "course": "algebra",
            "school": "other",
            "title": "New",
            "section_code": "2",
            "periods": ("winter",),
            "meeting_days": "1",
            "start_time": "08:00",
            "end_time": "09:00",
        },
    ),
    (
        RosterUser(STUDENTS[0], Role.STUDENT, "school", STUDENTS[0].title(), "Roe"),
        {
            "role": Role.STAFF,
            "school": "other",
            "name_first": "New",
            "name_last": "New",
            "name_middle": "New",
            "name_first_preferred": "New",
            "username": "new",
            "primary_email": "new@school.example",
            "active": False,
        },
    ),
    (
        RosterEnrollment(f"{STUDENTS[0]} in maths", "maths", STUDENTS[0], False),
        {"admin": True, "first_day": "2026-09-01", "last_day": "2026-12-01"},
    ),
]

# These hold SQLite's write lock, or reach into its importer.
on_sqlite = pytest.mark.parametrize("database", ["sqlite"])


@pytest.fixture
def book(library: Library) -> Iterator[Book]:
    """A book with nothing in it."""
    book = library.new()
    yield book
    book.close()


@pytest.fixture
async def store(book: Book, clock: Clock) -> AsyncIterator[Store]:
    store = await book.open(clock)
    yield store
    await store.close()


@pytest.fixture
async def district(store: Store) -> int:
    """A district that has taken `roster` in."""
    made = await store.create_district("Lindenhof", "Europe/Zurich")
    await take_in(store, made.id, *roster())
    return made.id


def part(
    noun: Any, *rows: msgspec.Struct, ended: Sequence[str] = (), complete: bool = True
) -> RosterPart:
    return RosterPart(noun=noun, rows=rows, ended=ended, complete=complete)


def user(sourced_id: str, **fields: Any) -> RosterUser:
    return RosterUser(sourced_id, Role.STUDENT, "school", sourced_id.title(), "Roe", **fields)


def place(student: str, section: str = "maths", **fields: Any) -> RosterEnrollment:
    return RosterEnrollment(f"{student} in {section}", section, student, False, **fields)


def roster(
    students: Sequence[str] = STUDENTS, sections: Sequence[RosterSection] = (MATHS, MUSIC)
) -> list[RosterPart]:
    """Each student is in Maths, the first of them also in Music."""
    return [
        part(RosterSchool, SCHOOL),
        part(RosterPeriod, AUTUMN, WINTER),
        part(RosterCourse, COURSE),
        part(RosterSection, *sections),
        part(RosterUser, *map(user, students)),
        part(RosterEnrollment, *map(place, students), place(STUDENTS[0], "music")),
    ]


async def take_in(
    store: Store,
    district_id: int,
    *parts: RosterPart,
    progress: Progress = lambda _noun, _rows: None,
    **limits: Any,
) -> dict[str, RosterSummary]:
    """Take parts in and return what it did, by noun."""
    whole = RosterLimits(today=limits.pop("today", TODAY), **limits)
    done = await store.import_roster(district_id, parts, whole, progress)
    return {summary.noun: summary for summary in done}


async def sections(store: Store, district_id: int) -> dict[str, Section]:
    found = await store.sections(district_id, SectionQuery(page=ALL))
    return {section.school_code: section for section in found.items}


async def users(store: Store, district_id: int) -> dict[str | None, User]:
    return {user.sourced_id: user for user in (await store.users(district_id, ALL)).items}


async def places(
    store: Store, district_id: int, section: str = "maths"
) -> dict[str | None, Enrollment]:
    """Return a section's enrollments by whose they are."""
    section_id = (await sections(store, district_id))[section].id
    found = await store.enrollments(district_id, section_id, EnrollmentQuery(page=ALL))
    return {person.user.sourced_id: person.enrollment for person in found.items}


async def mark_absent(store: Store, district_id: int, enrollment: Enrollment) -> None:
    command = SaveMarks(
        district_id=district_id,
        section_id=enrollment.section_id,
        entries=[Entry(enrollment.id, DAY, 2)],
        author=Author(user_id=None, channel=Channel.CLI),
    )
    assert (await store.save_marks(command)).changed == 1


async def marks(store: Store, district_id: int, section: str = "maths") -> list[Mark]:
    section_id = (await sections(store, district_id))[section].id
    return (await store.marks(district_id, section_id, MarkQuery())).marks


# ---------------------------------------------------------------- taking in


async def test_a_first_roster_is_added(store: Store) -> None:
    """
    All that the files name is there, and counted by noun.
    """
    district = await store.create_district("Lindenhof", "UTC")
    done = await take_in(store, district.id, *roster())

    assert {noun: each.added for noun, each in done.items()} == {
        "schools": 1,
        "grading periods": 2,
        "courses": 1,
        "sections": 2,
        "users": 20,
        "enrollments": 21,
    }
    assert {each.changed + each.ended + each.unchanged for each in done.values()} == {0}
    maths = (await sections(store, district.id))["maths"]
    assert (maths.course_title, maths.course_code, maths.title) == (
        "Mathematics",
        "MAT 1",
        "Maths 1",
    )
    assert len(maths.grading_periods) == 2
    anna = (await users(store, district.id))[STUDENTS[0]]
    assert (anna.role, anna.name_last, anna.school_id) == (Role.STUDENT, "Roe", maths.school_id)


async def test_ids_ascend_in_the_order_of_the_file(store: Store, district: int) -> None:
    """
    Who stands first in a file gets the lowest number.
    """
    by_id = sorted((await users(store, district)).values(), key=lambda user: user.id)
    in_maths = await places(store, district)

    assert [user.sourced_id for user in by_id] == STUDENTS
    assert sorted(STUDENTS, key=lambda name: in_maths[name].id) == STUDENTS


async def test_the_same_again_changes_nothing(store: Store, district: int, book: Book) -> None:
    """
    A second import of the same files leaves every row as it is.
    """
    before = book.content()
    done = await take_in(store, district, *roster())

    assert done["enrollments"] == RosterSummary("enrollments", 0, 0, 0, 21)
    assert {each.added + each.changed + each.ended for each in done.values()} == {0}
    assert book.content() == before


@pytest.mark.parametrize(
    ("noun", "words", "rows"),
    [
        (RosterSchool, "schools", [RosterSchool("school", "New name")]),
        (RosterPeriod, "grading periods", [RosterPeriod("autumn", "Autumn", None, None)]),
        (
            RosterCourse,
            "courses",
            [RosterCourse("course", "Algebra", "MAT 1", "Sciences", None)],
        ),
        (RosterSection, "sections", [RosterSection("maths", "course", None, "M", "1", ())]),
        (RosterUser, "users", [user(STUDENTS[3], username="new", active=False)]),
        (RosterEnrollment, "enrollments", [place(STUDENTS[3], first_day="2026-09-01")]),
    ],
)
async def test_one_changed_line_changes_one_row(
    store: Store, district: int, noun: Any, words: str, rows: list[Any]
) -> None:
    """
    Of each noun, only what the file says otherwise is changed.
    """
    done = await take_in(store, district, part(noun, *rows, complete=False))

    assert done == {words: RosterSummary(words, 0, 1, 0, 0)}


async def test_every_field_of_a_line_counts(store: Store, district: int, book: Book) -> None:
    """
    Whichever one of them is other than it was is changed, and back again.
    """
    other = RosterSchool("other", "Other School")
    algebra = RosterCourse("algebra", "Algebra", "ALG", "Sciences", "school")
    await take_in(
        store,
        district,
        part(RosterSchool, other, complete=False),
        part(RosterCourse, algebra, complete=False),
    )
    before = book.content()
    for line, others in FIELDS:
        for field, value in others.items():
            changed = msgspec.structs.replace(line, **{field: value})
            for each in (changed, line):
                (done,) = (
                    await take_in(store, district, part(type(line), each, complete=False))
                ).values()
                assert (done.added, done.changed, done.ended) == (0, 1, 0), (line, field)

    assert book.content() == before


async def test_grading_periods_keep_the_order_of_the_line(store: Store, district: int) -> None:
    """
    A section's periods are listed as the file lists them.
    """
    turned = RosterSection("maths", "course", "school", "Maths 1", "1", ("winter", "autumn"))
    before = (await sections(store, district))["maths"].grading_periods
    await take_in(store, district, part(RosterSection, turned, complete=False))

    assert (await sections(store, district))["maths"].grading_periods == before[::-1]


async def test_progress_is_told(store: Store) -> None:
    """
    Whoever waits hears of every noun, every thousand rows, and the end.
    """
    district = await store.create_district("Lindenhof", "UTC")
    told: list[tuple[str, int]] = []
    many = [user(f"u{number}") for number in range(2500)]
    await take_in(
        store,
        district.id,
        part(RosterSchool, SCHOOL),
        part(RosterUser, *many),
        progress=lambda noun, rows: told.append((noun, rows)),
    )

    assert told == [("schools", 1), ("users", 1000), ("users", 2000), ("users", 2500)]


# ---------------------------------------------------------------- ending


async def test_who_is_missing_in_a_bulk_file_has_left(store: Store, district: int) -> None:
    """
    The enrollment ends today, the person is no longer active, and all else stays.
    """
    done = await take_in(store, district, *roster(STUDENTS[:-1]))
    gone = (await places(store, district))[STUDENTS[-1]]

    assert (done["enrollments"].ended, done["users"].ended) == (1, 1)
    assert (gone.status, gone.last_day) == (EnrollmentStatus.EXPIRED, TODAY)
    assert not (await users(store, district))[STUDENTS[-1]].active
    assert len(await places(store, district)) == 20


async def test_who_is_missing_in_a_delta_file_has_not_left(store: Store, district: int) -> None:
    """
    A file of changes says nothing of the others.
    """
    done = await take_in(store, district, part(RosterUser, user("new"), complete=False))

    assert done == {"users": RosterSummary("users", 1, 0, 0, 0)}
    assert all(user.active for user in (await users(store, district)).values())


async def test_a_delta_file_ends_whom_it_names(store: Store, district: int) -> None:
    """
    Lines marked as ended end what they name, and what they name and nobody knows is no fault.
    """
    ended = [place(STUDENTS[4]).sourced_id, "nobody"]
    done = await take_in(store, district, part(RosterEnrollment, ended=ended, complete=False))

    assert done["enrollments"] == RosterSummary("enrollments", 0, 0, 1, 0)
    assert (await places(store, district))[STUDENTS[4]].status == EnrollmentStatus.EXPIRED


async def test_an_earlier_last_day_stays(store: Store, district: int) -> None:
    """
    Ending never makes an enrollment longer than it was.
    """
    short = place(STUDENTS[4], last_day=DAY)
    await take_in(store, district, part(RosterEnrollment, short, complete=False))
    await take_in(
        store, district, part(RosterEnrollment, ended=[short.sourced_id], complete=False)
    )

    assert (await places(store, district))[STUDENTS[4]].last_day == DAY


async def test_marks_stay_when_somebody_leaves(store: Store, district: int) -> None:
    """
    What was marked for a student who left is still there, and can be corrected.
    """
    gone = (await places(store, district))[STUDENTS[-1]]
    await mark_absent(store, district, gone)
    await take_in(store, district, *roster(STUDENTS[:-1]))

    assert [mark.enrollment_id for mark in await marks(store, district)] == [gone.id]


async def test_who_comes_back_is_the_same_again(store: Store, district: int) -> None:
    """
    An enrollment that is in the files again is active under its old id, with the file's days.
    """
    before = (await places(store, district))[STUDENTS[-1]]
    await take_in(store, district, *roster(STUDENTS[:-1]))
    done = await take_in(store, district, *roster())
    after = (await places(store, district))[STUDENTS[-1]]

    assert (done["enrollments"].changed, done["users"].changed) == (1, 1)
    assert after == before


async def test_an_ended_section_ends_its_enrollments(store: Store, district: int) -> None:
    """
    The class is over for everybody in it, though only the class was named.
    """
    done = await take_in(store, district, *roster(sections=[MATHS]))

    assert (done["sections"].ended, done["enrollments"].ended) == (1, 1)
    assert not (await sections(store, district))["music"].active
    in_music = await places(store, district, "music")
    assert in_music[STUDENTS[0]].status == EnrollmentStatus.EXPIRED


async def test_what_ends_by_itself_is_told_without_its_file(
    store: Store, district: int
) -> None:
    """
    Enrollments that end with a person are counted, though no enrollments came.
    """
    leaving = part(RosterUser, ended=[STUDENTS[5]], complete=False)
    done = await take_in(store, district, leaving)

    assert done["enrollments"] == RosterSummary("enrollments", 0, 0, 1, 0)
    assert (await places(store, district))[STUDENTS[5]].last_day == TODAY


async def test_a_place_of_somebody_who_leaves_is_not_kept_by_its_line(
    store: Store, district: int
) -> None:
    """
    Files that name an enrollment of a person they end are taken, and the enrollment ends.
    """
    parts = [
        part(RosterUser, *map(user, STUDENTS[1:]), ended=[STUDENTS[0], "nobody"]),
        part(
            RosterEnrollment,
            *map(place, STUDENTS),
            place(STUDENTS[0], "music"),
            RosterEnrollment("never", "maths", "nobody", False),
        ),
    ]
    done = await take_in(store, district, *parts)
    again = await take_in(store, district, *parts)

    assert done["enrollments"] == RosterSummary("enrollments", 0, 0, 2, 19)
    assert again["enrollments"] == RosterSummary("enrollments", 0, 0, 0, 19)


async def test_what_was_made_by_hand_is_not_ended(store: Store, district: int) -> None:
    """
    A person without an id of the district's is none of a file's business.
    """
    made = await store.create_user(
        district, User(id=0, role=Role.STAFF, name_first="Ida", name_last="Roe")
    )
    done = await take_in(store, district, *roster())

    assert done["users"].ended == 0
    assert (await store.user(district, made.id)).active


async def test_schools_and_periods_stay(store: Store, district: int) -> None:
    """
    A school that is missing in a bulk file is still there for what refers to it.
    """
    done = await take_in(
        store, district, part(RosterSchool), part(RosterPeriod), part(RosterCourse)
    )

    assert [each.ended for each in done.values()] == [0, 0, 1]
    assert (await store.schools(district, ALL)).total == 1


# ---------------------------------------------------------------- a course of its own


async def test_a_section_without_a_course_has_one_of_its_own(
    store: Store, district: int
) -> None:
    """
    It bears the section's title, also after the section got another.
    """
    before = (await sections(store, district))["music"]
    choir = RosterSection("music", None, "school", "Choir", "1", ())
    await take_in(store, district, part(RosterSection, choir, complete=False))
    after = (await sections(store, district))["music"]

    assert before.course_title == "Music 1"
    assert (after.course_title, after.course_id) == ("Choir", before.course_id)


async def test_a_section_can_get_a_real_course_later(store: Store, district: int) -> None:
    """
    It moves under the course that the files name.
    """
    found = RosterSection("music", "course", "school", "Music 1", "1", ())
    await take_in(store, district, part(RosterSection, found, complete=False))

    assert (await sections(store, district))["music"].course_title == "Mathematics"


async def test_a_section_can_lose_its_course(store: Store, district: int) -> None:
    """
    When its line names none any more it gets one of its own; the other stays as it is.
    """
    before = (await sections(store, district))["maths"]
    alone = msgspec.structs.replace(MATHS, course=None)
    await take_in(store, district, part(RosterSection, alone, complete=False))
    after = (await sections(store, district))["maths"]

    assert after.course_title == "Maths 1"
    assert after.course_id != before.course_id
    assert (await store.course(district, before.course_id)).title == "Mathematics"


# ---------------------------------------------------------------- exchanged ids


async def test_nobody_inherits_marks_when_ids_are_swapped(store: Store, district: int) -> None:
    """
    Two enrollments that exchange their ids are two new ones; the marks stay with who had them.
    """
    first, second = STUDENTS[0], STUDENTS[1]
    before = await places(store, district)
    await mark_absent(store, district, before[first])
    swapped = [
        RosterEnrollment(f"{first} in maths", "maths", second, False),
        RosterEnrollment(f"{second} in maths", "maths", first, False),
    ]
    done = await take_in(store, district, part(RosterEnrollment, *swapped, complete=False))
    again = await take_in(store, district, part(RosterEnrollment, *swapped, complete=False))
    (mark,) = await marks(store, district)
    marked = await store.enrollment(district, before[first].section_id, mark.enrollment_id)

    assert done["enrollments"] == RosterSummary("enrollments", 2, 0, 2, 0)
    assert again["enrollments"] == RosterSummary("enrollments", 0, 0, 0, 2)
    assert marked.user.sourced_id == first
    assert (marked.enrollment.status, marked.enrollment.last_day) == (2, TODAY)


async def test_a_place_that_moves_leaves_its_marks_behind(store: Store, district: int) -> None:
    """
    An enrollment that names another section is a new one there.
    """
    before = (await places(store, district))[STUDENTS[2]]
    await mark_absent(store, district, before)
    moved = RosterEnrollment(f"{STUDENTS[2]} in maths", "music", STUDENTS[2], False)
    await take_in(store, district, part(RosterEnrollment, moved, complete=False))

    assert (await places(store, district))[STUDENTS[2]].status == EnrollmentStatus.EXPIRED
    assert (await places(store, district, "music"))[STUDENTS[2]].status == 1
    assert [mark.enrollment_id for mark in await marks(store, district)] == [before.id]


async def test_a_place_that_moves_ended_when_it_did(store: Store, district: int) -> None:
    """
    One that had a last day, or had ended already, is not made longer by moving later.
    """
    short = place(STUDENTS[4], last_day=DAY)
    await take_in(store, district, part(RosterEnrollment, short, complete=False))
    ended = place(STUDENTS[5])
    await take_in(
        store, district, part(RosterEnrollment, ended=[ended.sourced_id], complete=False)
    )
    moved = [msgspec.structs.replace(line, section="music") for line in (short, ended)]
    both = part(RosterEnrollment, *moved, complete=False)
    await take_in(store, district, both, today="2026-12-01")
    left = await places(store, district)

    assert (left[STUDENTS[4]].last_day, left[STUDENTS[5]].last_day) == (DAY, TODAY)


# ---------------------------------------------------------------- refusing


async def test_a_file_with_a_header_only_is_refused(
    store: Store, district: int, book: Book
) -> None:
    """
    A bulk file that would end everybody is taken for a mistake; the sentence says how to go on.
    """
    before = book.content()
    with pytest.raises(ImportRefused) as refused:
        await take_in(store, district, part(RosterEnrollment))

    assert "21 of the 21 active enrollments" in str(refused.value)
    assert "--allow-ending" in str(refused.value)
    assert book.content() == before


@pytest.mark.parametrize(("left", "refused"), [(2, False), (3, True)])
async def test_a_tenth_may_end_and_no_more(
    store: Store, district: int, left: int, refused: bool
) -> None:
    """
    Of 21 enrollments two may end by one import, three are too many.
    """
    few = part(RosterUser, ended=STUDENTS[-left:], complete=False)
    if refused:
        with pytest.raises(ImportRefused, match="3 of the 21"):
            await take_in(store, district, few)
    else:
        assert (await take_in(store, district, few))["enrollments"].ended == left


async def test_more_may_end_when_that_is_meant(store: Store, district: int) -> None:
    """
    With the share raised, everybody may leave.
    """
    done = await take_in(store, district, part(RosterEnrollment), end_share=1.0)

    assert done["enrollments"].ended == 21


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ([part(RosterEnrollment, place("nobody"))], "there is no user nobody"),
        ([part(RosterEnrollment, place(STUDENTS[0], "no"))], "there is no section no"),
        (
            [part(RosterSchool), part(RosterUser, RosterUser("x", Role.STAFF, "no", "A", "B"))],
            "user x: there is no school no",
        ),
        (
            [part(RosterSchool), part(RosterCourse, RosterCourse("x", "X", "", "", "no"))],
            "course x: there is no school no",
        ),
        (
            [
                part(RosterPeriod),
                part(RosterSection, RosterSection("x", None, None, "X", "", ("no",))),
            ],
            "section x: there is no grading period no",
        ),
        (
            [
                part(RosterCourse),
                part(RosterSection, RosterSection("x", "no", None, "X", "", ())),
            ],
            "section x: there is no course no",
        ),
    ],
)
async def test_a_reference_that_leads_nowhere_is_named(
    store: Store, district: int, parts: list[RosterPart], problem: str, book: Book
) -> None:
    """
    An import that refers to what neither files nor district have changes nothing.
    """
    before = book.content()
    with pytest.raises(ImportRefused) as refused:
        await take_in(store, district, *parts, end_share=1.0)

    assert any(problem in line for line in refused.value.problems)
    assert book.content() == before


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        (
            [part(RosterEnrollment, place("nobody"), place("anybody", "no"))],
            ["user nobody", "section no", "user anybody"],
        ),
        (
            [
                part(RosterSchool, SCHOOL),
                part(RosterPeriod, AUTUMN, WINTER),
                part(RosterCourse, COURSE),
                part(
                    RosterSection,
                    RosterSection("x", None, None, "X", "", ("no",)),
                    RosterSection("y", "no", "no", "Y", "", ()),
                ),
            ],
            ["grading period no", "course no", "school no"],
        ),
    ],
)
async def test_what_leads_nowhere_is_named_in_the_order_of_the_lines(
    store: Store, district: int, parts: list[RosterPart], wanted: list[str]
) -> None:
    """
    What is wrong in one line goes by the name of the noun.
    """
    with pytest.raises(ImportRefused) as refused:
        await take_in(store, district, *parts, end_share=1.0)
    problems = map(str, refused.value.problems)

    assert [line.rpartition("there is no ")[2] for line in problems] == wanted


async def test_what_has_ended_may_be_named(store: Store, district: int) -> None:
    """
    Also when it was never here: whoever brings all of a noun says of some that they are gone.
    """
    await take_in(
        store,
        district,
        part(RosterSchool, SCHOOL, ended=["gone"]),
        part(RosterPeriod, AUTUMN, WINTER, ended=["gone"]),
        part(RosterCourse, COURSE, ended=["gone"]),
        part(
            RosterSection,
            RosterSection("x", "gone", "gone", "X", "", ("gone", "autumn")),
            complete=False,
        ),
        part(RosterUser, RosterUser("y", Role.STAFF, "gone", "Jo", "Doe"), complete=False),
    )
    found = await sections(store, district)

    assert (found["x"].course_title, found["x"].school_id) == ("X", None)
    assert found["x"].grading_periods == found["maths"].grading_periods[:1]
    assert (await users(store, district))["y"].school_id is None


async def test_what_a_roster_does_not_bring_in_full_may_be_unknown(
    store: Store, district: int
) -> None:
    """
    Schools, courses and periods that a file of changes names, and nobody knows, are left out.
    """
    done = await take_in(
        store,
        district,
        part(RosterSection, RosterSection("x", "no", "no", "X", "", ("no",)), complete=False),
        part(RosterUser, RosterUser("y", Role.STAFF, "no", "A", "B"), complete=False),
    )
    section = (await sections(store, district))["x"]

    assert (done["sections"].added, done["users"].added) == (1, 1)
    assert (section.school_id, section.grading_periods, section.course_title) == (None, (), "X")


async def test_the_same_id_twice_is_refused(store: Store, district: int) -> None:
    """
    Nobody can say which of the two lines is meant.
    """
    with pytest.raises(ImportRefused, match="two users have the same sourced_id"):
        await take_in(store, district, part(RosterUser, user("x"), user("x")))


async def test_what_reading_raises_comes_through(
    store: Store, district: int, book: Book
) -> None:
    """
    A fault in the middle of a file undoes all that came before it, and the next import works.
    """
    before = book.content()

    def broken() -> Iterator[RosterUser]:
        yield user("new")
        raise ImportRefused(Sentence("line 3 is wrong"))

    with pytest.raises(ImportRefused, match="line 3 is wrong"):
        await take_in(
            store,
            district,
            part(RosterSchool, SCHOOL),
            part(RosterUser, *()),
            *(RosterPart(noun=RosterUser, rows=broken(), ended=(), complete=False),),
        )
    assert book.content() == before
    assert (await take_in(store, district, *roster()))["users"].unchanged == 20


async def test_an_unknown_district_is_no_such_thing(store: Store) -> None:
    """
    There is nobody to take a roster in for.
    """
    with pytest.raises(NoSuchThing):
        await take_in(store, 77, *roster())


async def test_a_dry_run_says_it_and_does_nothing(
    store: Store, district: int, book: Book
) -> None:
    """
    The summary is that of the real import, and every row stays.
    """
    before = book.content()
    rehearsed = await take_in(store, district, *roster(STUDENTS[1:]), dry_run=True)
    unchanged = book.content()
    done = await take_in(store, district, *roster(STUDENTS[1:]))

    assert unchanged == before
    assert rehearsed == done
    assert done["users"].ended == 1


# ---------------------------------------------------------------- neighbours


async def test_two_districts_with_the_same_ids_never_touch(store: Store, district: int) -> None:
    """
    What one district's files add, change and end is its own, though all ids are alike.
    """
    other = (await store.create_district("Nordhafen", "UTC")).id
    await take_in(store, other, *roster())
    ours = (await sections(store, district), await users(store, district))
    periods = [
        (await sections(store, each))["maths"].grading_periods for each in (district, other)
    ]
    our_places = await places(store, district)
    renamed = RosterSection("maths", "course", "school", "Other", "9", ())
    await take_in(store, other, *roster(STUDENTS[:-2], [renamed, MUSIC]))

    assert (await sections(store, district), await users(store, district)) == ours
    assert await places(store, district) == our_places
    assert len({*periods[0], *periods[1]}) == len(periods[0]) + len(periods[1]) == 4
    theirs = await places(store, other)
    assert not {place.id for place in theirs.values()} & {p.id for p in our_places.values()}
    assert (await sections(store, other))["maths"].title == "Other"


@on_sqlite
async def test_rolls_can_be_saved_while_files_are_read(
    store: SqliteStore, district: int, book: File
) -> None:
    """
    The write lock is free until the last file was read.
    """
    other = apsw.Connection(str(book.path))
    other.set_busy_timeout(0)

    def slow() -> Iterator[RosterUser]:
        for name in STUDENTS:
            other.execute("BEGIN IMMEDIATE; ROLLBACK")
            yield user(name)

    parts = RosterPart(noun=RosterUser, rows=slow(), ended=(), complete=True)
    done = await take_in(store, district, parts)
    other.close()

    assert done["users"].unchanged == 20


@on_sqlite
async def test_a_lock_that_is_not_given_is_unavailable(
    store: SqliteStore, district: int, book: File
) -> None:
    """
    When somebody else writes for too long, the import gives up and can be repeated.
    """
    other = apsw.Connection(str(book.path))
    other.execute("BEGIN IMMEDIATE")
    store._own_writer().db.set_busy_timeout(0)
    with pytest.raises(Unavailable):
        await take_in(store, district, *roster())
    other.execute("ROLLBACK")
    other.close()

    assert (await take_in(store, district, *roster()))["users"].unchanged == 20


@on_sqlite
async def test_two_imports_at_once_do_not_mix(
    store: SqliteStore, district: int, book: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    An import that another one overtook is refused: what it compared with has changed.
    """
    overtaking, apply = SqliteStore(book.path), RosterImport.apply
    left = part(RosterUser, ended=[STUDENTS[0]], complete=False)
    own = store._own_writer().db

    async def overtaken(self: RosterImport) -> list[RosterSummary]:
        monkeypatch.undo()
        own.execute("ROLLBACK")
        await take_in(overtaking, district, left)
        own.execute("BEGIN IMMEDIATE")
        return await apply(self)

    monkeypatch.setattr(RosterImport, "apply", overtaken)
    with pytest.raises(ImportRefused, match="another import"):
        await take_in(store, district, *roster())
    await overtaking.close()

    assert not (await users(store, district))[STUDENTS[0]].active


# ---------------------------------------------------------------- killed


def _import_and_die(path: Path, district: int, counter: str) -> None:
    """Take a larger roster in, and die when the first new row of a noun is to be written."""

    take = changes.take_numbers

    def die(db: apsw.Connection, noun: str, count: int = 1) -> int:
        if noun == counter:
            os.kill(os.getpid(), signal.SIGKILL)
        return take(db, noun, count)

    pytest.MonkeyPatch().setattr(changes, "take_numbers", die)
    more = [*STUDENTS, "new 1", "new 2"]
    parts = [part(RosterSchool, RosterSchool("school", "Renamed"), RosterSchool("new", "New"))]
    parts += roster(more, [MATHS, MUSIC, RosterSection("new", None, None, "New", "", ())])[1:]
    writer = SqliteStore(path)._own_writer()
    limits = RosterLimits(today=TODAY)
    asyncio.run(
        roster_import.import_roster(
            writer.db, district, parts, limits, lambda _noun, _rows: None, None, ""
        )
    )


@on_sqlite
@pytest.mark.parametrize("counter", ["school", "course", "section", "user", "enrollment"])
async def test_a_killed_import_leaves_the_old_roster_whole(
    store: SqliteStore, district: int, book: File, counter: str
) -> None:
    """
    A process that dies in the middle of writing has written nothing, and the rerun works.
    """
    before = book.content()
    dying = multiprocessing.get_context("spawn").Process(
        target=_import_and_die, args=(book.path, district, counter)
    )
    dying.start()
    dying.join(60)

    assert dying.exitcode == -signal.SIGKILL
    assert book.content() == before
    assert apsw.Connection(str(book.path)).pragma("integrity_check") == "ok"
    done = await take_in(store, district, *roster([*STUDENTS, "new 1", "new 2"]))
    assert (done["users"].added, done["enrollments"].added) == (2, 2)
