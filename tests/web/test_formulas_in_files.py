"""Every file that the pages and the commands give: a spreadsheet runs no cell of it."""

import csv
import io
from typing import Any

import msgspec
import pytest

from cast import MONDAY, TODAY, Cast
from exchange.spreadsheet import FORMULAS, live_cells
from rollbook.domain.attendance import Entry, Status
from rollbook.domain.mark_files import MarkSelection
from rollbook.domain.people import Role, StatusLook
from rollbook.domain.record import Author, Channel
from rollbook.domain.roster_files import (
    RosterCourse,
    RosterEnrollment,
    RosterLimits,
    RosterPart,
    RosterSection,
    RosterUser,
)
from rollbook.domain.store import EVERYBODY, Page, SaveMarks, SectionQuery, Store
from rollbook.exchange import marks_csv
from rollbook.exchange.formulas import meant
from rollbook.operations.mark_files import export_marks
from web.conftest import Visiting

EVERY = SectionQuery(page=Page(limit=1000))


@pytest.fixture
async def full(store: Store, cast: Cast) -> Cast:
    """Maths with a student for each formula, and Ben in a section for each; marked with them."""
    rows: dict[type, list[msgspec.Struct]] = {
        noun: [] for noun in (RosterCourse, RosterSection, RosterUser, RosterEnrollment)
    }
    for place, text in enumerate(FORMULAS):
        name = f"{text}{place}"  # an id of a roster is there once
        rows[RosterCourse].append(RosterCourse(name, text, text, text, "school"))
        rows[RosterSection].append(RosterSection(name, name, "school", text, text, ()))
        rows[RosterUser].append(
            RosterUser(name, Role.STUDENT, "school", text, text, text, text)
        )
        rows[RosterEnrollment] += [
            RosterEnrollment(name, "maths", name, False),
            RosterEnrollment(f"{name} ben", name, "ben", False),
        ]
    parts = [
        RosterPart(noun=noun, rows=ones, ended=(), complete=False)
        for noun, ones in rows.items()
    ]
    limits = RosterLimits(today=TODAY)
    await store.import_roster(cast.district.id, parts, limits, lambda *_: None)
    for section in (await store.sections(cast.district.id, EVERY)).items:
        await _mark(store, cast, section.id, section.title)
    return cast


async def _mark(store: Store, cast: Cast, section_id: int, text: str) -> None:
    """Mark a section's students, with its own title or, in Maths, with all there is to say."""
    people = (await store.enrollments(cast.district.id, section_id, EVERYBODY)).items
    texts = FORMULAS if section_id == cast.sections["maths"] else [text]
    entries = [
        Entry(one.enrollment.id, MONDAY, Status.ABSENT, texts[place % len(texts)])
        for place, one in enumerate(people)
        if not one.enrollment.admin
    ]
    key: dict[str, Any] = {"district_id": cast.district.id, "section_id": section_id}
    author = Author(user_id=cast.users["ida"], channel=Channel.WEB)
    await store.save_marks(SaveMarks(**key, entries=entries, author=author))


def cells(text: str) -> set[str]:
    """Return what the cells of a file stand for."""
    lines = io.StringIO(text.removeprefix("\ufeff"), newline="")
    return {meant(cell) for row in csv.reader(lines) for cell in row}


async def test_no_cell_of_the_pages_files_is_a_formula(
    visit: Visiting, store: Store, full: Cast
) -> None:
    """
    Neither a comment nor a title of a student's file, nor a name of a month's, in any language's
    spreadsheet; and each is there.
    """
    ida = await visit("ida")
    student = await ida.client.get(f"/students/{full.users['ben']}/2026/csv")
    month = await ida.client.get(f"/sections/{full.sections['maths']}/month/2026-09/csv")

    assert (student.status_code, month.status_code) == (200, 200)
    assert set(FORMULAS) <= cells(student.text)
    assert {f"{text}, {text}" for text in FORMULAS} <= cells(month.text)
    assert live_cells(student.text) == []
    assert live_cells(month.text) == []


async def test_no_name_of_a_status_is_a_formula(
    visit: Visiting, store: Store, full: Cast
) -> None:
    """
    Whatever a district calls them: they are the head of one file and cells of the other.
    """
    ida = await visit("ida")
    for text in FORMULAS:
        looks = tuple(StatusLook(status=int(status), name=text[:40]) for status in Status)
        await store.change_district(msgspec.structs.replace(full.district, status_looks=looks))
        for path in (
            f"/students/{full.users['ben']}/2026/csv",
            f"/sections/{full.sections['maths']}/month/2026-09/csv",
        ):
            answer = await ida.client.get(path)
            assert text[:40] in cells(answer.text)
            assert live_cells(answer.text) == []


async def test_no_cell_of_an_export_is_a_formula(store: Store, full: Cast) -> None:
    """
    Neither a comment nor an id of the roster's in what `rollbook export marks` writes; and read
    as `rollbook import marks` does, each is what it was.
    """
    sheets = export_marks(store, full.district, MarkSelection())
    text = "".join([part async for part in marks_csv.write(sheets)])

    assert live_cells(text) == []
    assert set(FORMULAS) <= cells(text)
    assert {f"{formula}{place}" for place, formula in enumerate(FORMULAS)} <= cells(text)
