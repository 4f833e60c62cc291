"""What the writer remembers of sections, and when it forgets it."""

from collections.abc import Iterator

import apsw
import pytest

from cast import MONDAY, TUESDAY
from conftest import Clock, World
from contract.classroom import ABSENT, LATE, Classroom, Wanted
from rollbook.domain.errors import RollRefused
from rollbook.domain.store import SaveMarks
from rollbook.storage.sqlite import SqliteStore, sections
from rollbook.storage.sqlite.changes import MarksSaved
from rollbook.storage.sqlite.writer import Writer
from storage.record_book import record_of


@pytest.fixture
def other(world: World, clock: Clock) -> Iterator[Writer]:
    """The writer of another process."""
    writer = Writer(world.path, clock)
    yield writer
    writer.close()


def saving(maths: Classroom, *wanted: Wanted, atomic: bool = False) -> SaveMarks:
    return SaveMarks(
        district_id=maths.key[0],
        section_id=maths.id,
        entries=maths.entries(*wanted),
        author=maths.author("bob"),
        atomic=atomic,
    )


def test_a_second_save_goes_on_where_the_first_ended(
    writer: Writer, world: World, maths: Classroom
) -> None:
    """
    Saves of one section, in one commit or in several, are numbered and linked one by one.
    """
    first, second = writer.all(
        [saving(maths, ("anna", MONDAY, ABSENT)), saving(maths, ("ben", MONDAY, ABSENT))]
    )
    third = writer.one(saving(maths, ("anna", MONDAY, LATE)))

    assert [saved.version for saved in (first, second, third)] == [1, 2, 3]
    assert [entry.number for entry in record_of(world.path, maths.key)] == [1, 2, 3]


def test_what_somebody_else_wrote_is_seen(
    writer: Writer, other: Writer, world: World, maths: Classroom
) -> None:
    """
    Two writers that take turns make one record; neither believes what it knew before.
    """
    for turn in range(4):
        for each in (writer, other):
            saved = each.one(
                saving(maths, ("anna", MONDAY, (ABSENT, LATE)[turn % 2], str(each)))
            )
            assert isinstance(saved, MarksSaved)

    assert [entry.number for entry in record_of(world.path, maths.key)] == list(range(1, 9))


def test_who_left_is_not_marked_any_more(
    writer: Writer, world: World, maths: Classroom
) -> None:
    """
    A roster that somebody else changed counts at the next save.
    """
    writer.one(saving(maths, ("anna", MONDAY, ABSENT)))
    db = apsw.Connection(str(world.path))
    db.execute("UPDATE enrollments SET status = 3 WHERE id = ?", (maths.place("anna"),))
    db.close()
    saved = writer.one(saving(maths, ("anna", TUESDAY, ABSENT)))

    assert [refusal.response_code for refusal in saved.refused.values()] == [404]


def test_what_was_undone_is_forgotten(writer: Writer, world: World, maths: Classroom) -> None:
    """
    After a save that was refused, and a commit that failed, the record has no gap.
    """
    writer.one(saving(maths, ("anna", MONDAY, ABSENT)))
    refused, saved = writer.all(
        [
            saving(maths, ("ben", MONDAY, ABSENT), ("hugo", MONDAY, ABSENT), atomic=True),
            saving(maths, ("ben", MONDAY, LATE)),
        ]
    )
    writer._db.set_commit_hook(lambda: True)  # the commit is refused
    with pytest.raises(apsw.ConstraintError):
        writer.all([saving(maths, ("anna", TUESDAY, ABSENT))])
    writer._db.set_commit_hook(None)
    again = writer.one(saving(maths, ("anna", TUESDAY, ABSENT)))

    assert isinstance(refused, RollRefused)
    assert (saved.version, again.version) == (2, 3)
    assert [entry.number for entry in record_of(world.path, maths.key)] == [1, 2, 3]


def test_no_more_is_remembered_than_fits(
    writer: Writer, store: SqliteStore, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Of many sections the writer knows the ones that it saved last.
    """
    monkeypatch.setattr(sections, "REMEMBERED", 1)
    for name in ("maths", "music", "maths"):
        room = Classroom(store, world.lindenhof, name)
        writer.one(saving(room, ("anna", MONDAY, ABSENT)))

    assert len(writer._sections._known) == 1
