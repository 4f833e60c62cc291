"""A section's month and a student's year, on the page and as files."""

import csv
import io
from typing import Any

import pytest

from cast import MONDAY, TUESDAY, Cast
from rollbook.domain.attendance import Entry, Status
from rollbook.domain.record import Author, Channel
from rollbook.domain.store import SaveMarks, Store, TakeRoll
from web.conftest import Visiting


@pytest.fixture
async def taken(store: Store, cast: Cast) -> Cast:
    """Maths with two rolls, of which the office corrected a mark."""
    key: dict[str, Any] = {
        "district_id": cast.district.id,
        "section_id": cast.sections["maths"],
    }
    bob = Author(user_id=cast.users["bob"], channel=Channel.WEB)
    ida = Author(user_id=cast.users["ida"], channel=Channel.WEB)
    ben = cast.enrollments["ben"]
    for day, status in ((MONDAY, Status.ABSENT), (TUESDAY, Status.LATE)):
        entry = Entry(ben, day, status, "=1+1")
        await store.take_roll(TakeRoll(**key, date=day, exceptions=[entry], author=bob))
    excused = Entry(ben, MONDAY, Status.EXCUSED, "dentist")
    await store.save_marks(SaveMarks(**key, entries=[excused], author=ida))
    return cast


def rows(text: str) -> list[list[str]]:
    """Return the rows of a file."""
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


async def test_a_month(visit: Visiting, taken: Cast) -> None:
    """
    Students by days, a letter and a word for each mark, totals of both.
    """
    bob = await visit("bob")
    page = await bob.get(f"/sections/{taken.sections['maths']}/month/2026-09")

    assert page.status == 200
    assert "September 2026" in page.text
    assert "O’Malley-Müller, Ben" in page.text
    assert 'title="Excused: dentist"' in page.html
    assert 'title="Late: =1+1"' in page.html


async def test_a_month_as_a_file(visit: Visiting, taken: Cast) -> None:
    """
    A line for each student on the roll, a letter for each mark, and the sums.
    """
    bob = await visit("bob")
    answer = await bob.client.get(f"/sections/{taken.sections['maths']}/month/2026-09/csv")
    head, *lines = rows(answer.text)

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert head[-4:] == ["Present", "Absent", "Late", "Excused"]
    ben = next(line for line in lines if line[0].endswith("Ben"))
    assert dict(zip(head[1:-4], ben[1:-4], strict=True))[MONDAY] == "E"
    assert ben[-4:] == ["0", "0", "1", "1"]


@pytest.mark.parametrize("month", ["2026-13", "2026-9", "x", "2026-09-01", "２０２６-09"])
async def test_what_is_no_month(visit: Visiting, cast: Cast, month: str) -> None:
    """
    An address with something else than a month is refused.
    """
    bob = await visit("bob")

    assert (await bob.get(f"/sections/{cast.sections['maths']}/month/{month}")).status == 400


async def test_a_students_year(visit: Visiting, taken: Cast) -> None:
    """
    Totals by section, a calendar, and every change: from what, to what, by whom.
    """
    ida = await visit("ida")
    page = await ida.get(f"/students/{taken.users['ben']}/2026")

    assert "Mathematics" in page.text
    changes = page.text[page.text.index("Every change") :]
    assert "Ida O’Malley-Müller pages" in changes
    assert "Absent =1+1 Excused dentist" in changes
    assert changes.index("Ida") < changes.index("Bob")  # the newest first


async def test_a_students_year_as_a_file(visit: Visiting, taken: Cast) -> None:
    """
    A line for each mark; what a spreadsheet would take for a formula is text.
    """
    ida = await visit("ida")
    answer = await ida.client.get(f"/students/{taken.users['ben']}/2026/csv")
    head, *lines = rows(answer.text)

    assert head == ["Day", "Course", "Section", "Status", "Comment"]
    assert lines == [
        [MONDAY, "Mathematics", "Maths 1", "Excused", "dentist"],
        [TUESDAY, "Mathematics", "Maths 1", "Late", "'=1+1"],
    ]


async def test_a_teacher_sees_their_own_sections_alone(visit: Visiting, taken: Cast) -> None:
    """
    Dora, who teaches Anna music, sees Anna's music; of Ben, whom she does not teach, nothing.
    """
    dora = await visit("dora")
    anna = await dora.get(f"/students/{taken.users['anna']}/2026")

    assert "Music" in anna.text
    assert "Mathematics" not in anna.text
    assert (await dora.get(f"/students/{taken.users['ben']}/2026")).status == 403
