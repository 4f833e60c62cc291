"""What the store promises of files of marks: `Store.import_marks` and `Store.export_marks`."""

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from cast import FRIDAY_BEFORE, MONDAY, NEXT_MONDAY, TODAY, TUESDAY, WEDNESDAY, Cast
from contract.classroom import ABSENT, EXCUSED, LATE, PRESENT, Classroom
from rollbook.domain.errors import BadRequest, ImportRefused, NoSuchThing
from rollbook.domain.mark_files import (
    IdColumn,
    MarkLine,
    MarkLines,
    MarkSelection,
    MarksSummary,
)
from rollbook.domain.record import Author, Channel
from rollbook.domain.roster_files import (
    RosterEnrollment,
    RosterLimits,
    RosterPart,
    RosterSection,
)
from rollbook.domain.rosters import EnrollmentStatus
from rollbook.domain.sentences import Sentence
from rollbook.domain.store import EnrollmentQuery, Store

OPERATOR = Author(user_id=None, channel=Channel.IMPORT, request_id="import 1")
OURS, THEIRS, EITHER = IdColumn("x", rosters=False), IdColumn("x", ours=False), IdColumn("x")
STUDENT = {"of_students": True}


class Told(list[tuple[int, str, str]]):
    """What was told of lines: their number, the column, what is wrong."""

    def __call__(self, *fault: Any) -> None:
        self.append(fault)


def sheet(lines: Iterable[MarkLine], told: Told, **fields: Any) -> MarkLines:
    """Return lines whose sections and enrollments are named by either id."""
    columns = {"section": IdColumn("section"), "place": IdColumn("enrollment")}
    whole: dict[str, Any] = {**columns, "of_students": False, **fields}
    return MarkLines(lines=lines, wrong=told, **whole)


async def take_in(
    room: Classroom, *lines: tuple[Any, ...], dry_run: bool = False, **fields: Any
) -> tuple[MarksSummary, Told]:
    """Take lines in: section, place, day, status and the comment if there is one."""
    told = Told()
    numbered = [(n, *line, *[None] * (5 - len(line))) for n, line in enumerate(lines, 2)]
    summary = await room.store.import_marks(
        room.cast.district.id,
        sheet(numbered, told, **fields),
        OPERATOR,
        lambda *_: None,
        dry_run=dry_run,
    )
    return summary, told


async def exported(room: Classroom, **selection: Any) -> list[tuple[int, str, str, int, str]]:
    """Return what an export holds: section, name, day, status, comment."""
    return [
        (found.section_id, room.name(who), day, status, comment)
        async for found in room.store.export_marks(
            room.cast.district.id, MarkSelection(**selection)
        )
        for day, who, status, comment in found.marks
    ]


# ---------------------------------------------------------------- in


async def test_a_file_does_what_a_save_does(maths: Classroom, music: Classroom) -> None:
    """
    Marks, the rolls that they take, their record: as a PUT with the same entries would leave
    them, by the operator and through the door of imports.
    """
    summary, told = await take_in(
        maths,
        ("maths", "anna", MONDAY, ABSENT, "sick"),
        ("music", "anna in music", MONDAY, LATE),
        ("maths", "ben", MONDAY, PRESENT),
        ("maths", "anna", TUESDAY, EXCUSED, ""),
    )
    changes = (await maths.history()).changes

    assert (summary, told) == (MarksSummary(changed=4), [])
    assert await maths.listed() == [
        ("anna", MONDAY, ABSENT, "sick"),
        ("anna", TUESDAY, EXCUSED, ""),
    ]
    assert await music.listed() == [("anna in music", MONDAY, LATE, "")]
    assert [roll.taken.date for roll in (await maths.rolls()).items] == [MONDAY, TUESDAY]
    assert {(each.number, each.author) for each in changes} == {(1, OPERATOR)}


async def test_the_same_file_again_changes_nothing(maths: Classroom) -> None:
    """
    Also when it says two things of a mark: the last is what counts, both times.
    """
    lines = [
        ("maths", "anna", MONDAY, ABSENT, "sick"),
        ("maths", "ben", TUESDAY, LATE),
        ("maths", "anna", MONDAY, EXCUSED, "note"),
    ]
    await take_in(maths, *lines)
    before = await maths.everything()
    summary, _ = await take_in(maths, *lines)

    assert summary.changed == 0
    assert await maths.everything() == before
    assert (await maths.listed())[0] == ("anna", MONDAY, EXCUSED, "note")


async def test_a_comment_that_is_not_given_stays(maths: Classroom) -> None:
    """
    None leaves the comment there is, an empty one clears it.
    """
    await maths.save(("anna", MONDAY, ABSENT, "sick"), ("ben", MONDAY, ABSENT, "sick"))
    await take_in(maths, ("maths", "anna", MONDAY, LATE), ("maths", "ben", MONDAY, LATE, ""))

    assert await maths.listed() == [("anna", MONDAY, LATE, "sick"), ("ben", MONDAY, LATE, "")]


async def test_each_month_of_a_section_is_one_save(maths: Classroom) -> None:
    """
    However the lines are mixed, a section's month is one entry of its record.
    """
    days = ["2026-09-14", "2026-10-05", "2026-09-15", "2026-10-06"]
    await take_in(maths, *[("maths", "anna", day, ABSENT) for day in days])
    numbers = [(each.change.date, each.number) for each in (await maths.history()).changes]

    assert sorted(numbers) == [(day, 1 if "-09-" in day else 2) for day in sorted(days)]


async def test_a_dry_run_says_what_would_be(maths: Classroom) -> None:
    """
    It counts as the import then does, and changes nothing.
    """
    await maths.save(("anna", MONDAY, ABSENT))
    before = await maths.everything()
    lines = [("maths", "anna", MONDAY, ABSENT), ("maths", "ben", MONDAY, LATE)]
    rehearsed = await take_in(maths, *lines, dry_run=True)

    assert await maths.everything() == before
    assert rehearsed == await take_in(maths, *lines)
    assert rehearsed[0] == MarksSummary(changed=1, unchanged=1)


async def test_nothing_is_saved_before_all_is_read(maths: Classroom) -> None:
    """
    What reading the last line raises comes out, and none of the lines before it was saved.
    """

    def lines() -> Iterable[MarkLine]:
        yield 2, "maths", "anna", MONDAY, 2, None
        raise ImportRefused(Sentence("line 3 is wrong"))

    before = await maths.everything()
    with pytest.raises(ImportRefused, match="line 3"):
        await maths.store.import_marks(
            maths.cast.district.id, sheet(lines(), Told()), OPERATOR, lambda *_: None
        )

    assert await maths.everything() == before


async def test_every_id_that_leads_nowhere_is_told_of(maths: Classroom) -> None:
    """
    By line and column, also in lines that are wrong otherwise; the good ones are saved.
    """
    summary, told = await take_in(
        maths,
        ("art", "anna", MONDAY, ABSENT),
        ("art", "ben", MONDAY, ABSENT),
        ("maths", "zoe", MONDAY, ABSENT),
        ("maths", "anna in music", MONDAY, 0),
        ("maths", "bob in maths", MONDAY, ABSENT),
        ("maths", "hugo", MONDAY, ABSENT),
        ("maths", "ben", MONDAY, ABSENT),
    )

    assert told == [
        (2, "section", "There is no section art here."),
        (3, "section", "There is no section art here."),
        (4, "enrollment", "there is no enrollment zoe in this section"),
        (5, "enrollment", "there is no enrollment anna in music in this section"),
        (6, "enrollment", "enrollment bob in maths is not on the roll of this section"),
        (7, "enrollment", "enrollment hugo is not on the roll of this section"),
    ]
    assert summary == MarksSummary(changed=1)
    assert await maths.listed() == [("ben", MONDAY, ABSENT, "")]


@pytest.mark.parametrize(
    ("column", "knows"),
    [(OURS, (True, False)), (THEIRS, (False, True)), (EITHER, (True, True))],
    ids=["ours", "the roster's", "either"],
)
@pytest.mark.parametrize("of_students", [False, True])
async def test_a_column_holds_the_ids_that_it_says(
    maths: Classroom, column: IdColumn, knows: tuple[bool, bool], of_students: bool
) -> None:
    """
    Our ids where they are asked for, the roster's where those are, of enrollments or students.
    """
    ours = maths.cast.users["anna"] if of_students else maths.place("anna")
    for place, known in zip((str(ours), "anna"), knows, strict=True):
        _, told = await take_in(
            maths, ("maths", place, MONDAY, ABSENT), place=column, of_students=of_students
        )
        assert bool(told) != known
    for section, known in zip((str(maths.id), "maths"), knows, strict=True):
        _, told = await take_in(maths, (section, "anna", TUESDAY, ABSENT), section=column)
        assert bool(told) != known


async def add(store: Store, cast: Cast, noun: Any, *rows: msgspec.Struct) -> None:
    part = RosterPart(noun=noun, rows=rows, ended=(), complete=False)
    limits = RosterLimits(today=TODAY)
    await store.import_roster(cast.district.id, [part], limits, lambda *_: None)


async def test_an_id_is_never_guessed(maths: Classroom) -> None:
    """
    What is our id of one and the roster's of another is refused, unless the column says which.
    """
    ben = str(maths.place("ben"))
    await add(
        maths.store,
        maths.cast,
        RosterSection,
        RosterSection(str(maths.id), None, None, "X", "", ()),
    )
    await add(
        maths.store, maths.cast, RosterEnrollment, RosterEnrollment(ben, "maths", "ida", False)
    )
    line = (str(maths.id), ben, MONDAY, ABSENT)
    _, (fault,) = await take_in(maths, line)
    _, (other,) = await take_in(maths, line, section=OURS)
    _, none = await take_in(maths, line, section=OURS, place=OURS)

    assert "our id of one section and the roster's of another" in fault[2]
    assert "our id of one enrollment and the roster's of another" in other[2]
    assert none == []
    assert await maths.listed() == [("ben", MONDAY, ABSENT, "")]


async def test_a_student_is_meant_where_they_were_that_day(maths: Classroom) -> None:
    """
    Who left and came back has two places: the day says which; on a day with none, nobody does.
    """
    await add(
        maths.store,
        maths.cast,
        RosterEnrollment,
        RosterEnrollment("finn again", "maths", "finn", False, first_day=WEDNESDAY),
    )
    query = EnrollmentQuery(user_ids=(maths.cast.users["finn"],))
    people = (await maths.store.enrollments(*maths.key, query)).items
    first, again = (person.enrollment for person in people)
    _, told = await take_in(
        maths,
        ("maths", "finn", FRIDAY_BEFORE, ABSENT),
        ("maths", "finn", MONDAY, ABSENT),
        ("maths", "finn", NEXT_MONDAY, LATE),
        **STUDENT,
    )
    marks = (await maths.marks()).marks

    assert first.status == again.status == EnrollmentStatus.ACTIVE
    assert [(mark.enrollment_id, mark.date) for mark in marks] == [
        (first.id, FRIDAY_BEFORE),
        (again.id, NEXT_MONDAY),
    ]
    assert told == [
        (
            3,
            "enrollment",
            (
                "student finn has 2 places in this section, and none of them on that day: "
                "name the enrollment"
            ),
        )
    ]


async def test_a_file_stays_in_its_district(maths: Classroom, their_maths: Classroom) -> None:
    """
    The same ids of the roster's own mean this district's; another's ids of ours lead nowhere.
    """
    theirs = await their_maths.everything()
    await take_in(maths, ("maths", "anna", MONDAY, ABSENT))
    _, told = await take_in(
        maths,
        (str(their_maths.id), "anna", MONDAY, ABSENT),
        ("maths", str(their_maths.place("anna")), MONDAY, ABSENT),
    )

    assert await their_maths.everything() == theirs
    assert [fault[0] for fault in told] == [2, 3]
    assert len(await maths.listed()) == 1


async def test_more_lines_than_memory_is_for(
    maths: Classroom, music: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Lines that are put aside in many pieces, and rosters that are let go, come to the same.
    """
    from rollbook.storage import marks_import
    from rollbook.storage.sqlite import marks_import as of_sqlite

    for name in ("_HELD", "_KNOWN", "ENTRIES_MAX"):
        monkeypatch.setattr(marks_import, name, 2)
    monkeypatch.setattr(of_sqlite, "_COMMIT", 2)
    days = [f"2026-{month:02}-{day:02}" for day in (7, 8, 9) for month in (9, 10, 11)]
    lines = [
        line
        for day in days
        for line in (
            ("maths", "anna", day, ABSENT, day),
            ("music", "anna in music", day, LATE),
            ("maths", "ben", day, EXCUSED),
        )
    ]
    summary, told = await take_in(maths, *lines)

    assert (summary.changed, told) == (27, [])
    assert len(await maths.listed()) == 18
    assert [mark[1:3] for mark in await music.listed()] == [(day, LATE) for day in sorted(days)]


# ---------------------------------------------------------------- out


@pytest.fixture
async def marked(maths: Classroom, music: Classroom) -> Classroom:
    """Maths, where marks of two days are, beside Music with one."""
    await maths.save(("ben", TUESDAY, LATE, "bus"), ("anna", MONDAY, ABSENT, "=1"))
    await maths.save(("ben", MONDAY, PRESENT), ("cleo", MONDAY, EXCUSED))
    await music.save(("anna in music", MONDAY, ABSENT))
    return maths


async def test_an_export_holds_every_mark_in_order(marked: Classroom, music: Classroom) -> None:
    """
    By section, day and enrollment, PRESENT too.
    """
    assert await exported(marked) == [
        (marked.id, "anna", MONDAY, ABSENT, "=1"),
        (marked.id, "ben", MONDAY, PRESENT, ""),
        (marked.id, "cleo", MONDAY, EXCUSED, ""),
        (marked.id, "ben", TUESDAY, LATE, "bus"),
        (music.id, "anna in music", MONDAY, ABSENT, ""),
    ]


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        ({"start": TUESDAY}, ["ben"]),
        ({"end": MONDAY, "sections": ("maths",)}, ["anna", "ben", "cleo"]),
        ({"statuses": (ABSENT, LATE)}, ["anna", "ben", "anna in music"]),
        ({"students": ("anna",)}, ["anna", "anna in music"]),
        ({"students": ("anna", "cleo"), "sections": ("maths",)}, ["anna", "cleo"]),
        ({"sections": ("music",)}, ["anna in music"]),
        ({"start": WEDNESDAY}, []),
        ({"students": ("ida",)}, []),
    ],
)
async def test_every_filter_that_is_given_holds(
    marked: Classroom, selection: dict[str, Any], names: list[str]
) -> None:
    """
    First and last day belong to it; several sections, students or statuses are either's.
    """
    assert [line[1] for line in await exported(marked, **selection)] == names


async def test_sections_and_students_go_by_either_id(marked: Classroom) -> None:
    """
    Ours do as well as the roster's own.
    """
    anna = str(marked.cast.users["anna"])

    assert await exported(marked, sections=(str(marked.id),)) == await exported(
        marked, sections=("maths",)
    )
    assert await exported(marked, students=(anna,)) == await exported(
        marked, students=("anna",)
    )


@pytest.mark.parametrize("selection", [{"sections": ("art",)}, {"students": ("zoe",)}])
async def test_who_is_not_there_cannot_be_exported(
    marked: Classroom, selection: dict[str, Any]
) -> None:
    """
    A section or a student that the district does not have is an error, not an empty file.
    """
    with pytest.raises(NoSuchThing):
        await exported(marked, **selection)


async def test_an_id_of_two_sections_is_refused(marked: Classroom) -> None:
    """
    An export guesses no id either.
    """
    await add(
        marked.store,
        marked.cast,
        RosterSection,
        RosterSection(str(marked.id), None, None, "X", "", ()),
    )
    with pytest.raises(BadRequest, match="our id of one section"):
        await exported(marked, sections=(str(marked.id),))


async def test_an_export_stays_in_its_district(
    marked: Classroom, their_maths: Classroom
) -> None:
    """
    Nothing of another district is in it, though the roster's ids are the same there.
    """
    await their_maths.save(("anna", MONDAY, LATE))

    assert [line[3] for line in await exported(their_maths)] == [LATE]
    assert len(await exported(marked)) == 5


async def test_an_export_is_from_one_moment(marked: Classroom, music: Classroom) -> None:
    """
    What is saved while it runs is not in it.
    """
    sections = marked.store.export_marks(marked.cast.district.id, MarkSelection())
    first = await anext(sections)
    await music.save(("anna in music", MONDAY, PRESENT), ("anna in music", TUESDAY, LATE))
    (second,) = [found async for found in sections]

    assert (first.section_id, second.section_id) == (marked.id, music.id)
    assert [mark[2] for mark in second.marks] == [ABSENT]
