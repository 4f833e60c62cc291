import datetime as dt
import logging
import time
from collections.abc import Iterator

import apsw
import pytest

from cast import MONDAY, TUESDAY
from conftest import Clock, World
from contract.classroom import ABSENT, Classroom
from rollbook.domain.days import Day
from rollbook.domain.errors import AlreadyThere, NoSuchThing, RollRefused, Unavailable
from rollbook.domain.people import District
from rollbook.domain.store import SaveMarks
from rollbook.storage.clock import system_clock
from rollbook.storage.sqlite import writer as writer_module
from rollbook.storage.sqlite.changes import CreateDistrict, MarksSaved
from rollbook.storage.sqlite.writer import Writer
from storage.counted import Counted
from storage.faulty_disk import FaultyDisk, faulty_disk
from storage.holding import READING, held_by_another
from storage.record_book import record_of


def saving(
    maths: Classroom, who: str, day: Day = MONDAY, comment: str = "", *, atomic: bool = False
) -> SaveMarks:
    """Return the command that marks somebody absent."""
    return SaveMarks(
        district_id=maths.key[0],
        section_id=maths.id,
        entries=maths.entries((who, day, ABSENT, comment)),
        author=maths.author("bob"),
        atomic=atomic,
    )


def unknown(maths: Classroom) -> SaveMarks:
    """Return a command for a section that is not there."""
    return SaveMarks(
        district_id=maths.key[0], section_id=7, entries=[], author=maths.author("bob")
    )


# ---------------------------------------------------------------- many writes, one commit


async def test_each_of_a_group_succeeds_or_fails_alone(
    maths: Classroom, writer: Writer
) -> None:
    """
    Commands that share a commit are answered in their order, and a refused one undoes no other.
    """
    outcomes = writer.all(
        [
            saving(maths, "anna"),
            unknown(maths),
            saving(maths, "hugo", atomic=True),
            CreateDistrict("Lindenhof", "UTC"),
            CreateDistrict("Bergdorf", "UTC"),
            saving(maths, "ben"),
        ]
    )
    kinds = [type(outcome) for outcome in outcomes]

    assert kinds == [MarksSaved, NoSuchThing, RollRefused, AlreadyThere, District, MarksSaved]
    assert [name for name, *_ in await maths.listed()] == ["anna", "ben"]
    assert "Bergdorf" in {district.name for district in await maths.store.districts()}


def test_a_group_is_one_commit(maths: Classroom, writer: Writer) -> None:
    """
    However many commands there are in a group, the disk is waited for once.
    """
    commits = Counted()
    writer.db.set_commit_hook(commits)
    writer.all([saving(maths, who) for who in ("anna", "ben", "cleo")])

    assert commits.number == 1


def test_a_group_happens_at_one_moment(
    world: World, maths: Classroom, writer: Writer, clock: Clock
) -> None:
    """
    The clock is read once for all that is committed together.
    """
    writer.all([saving(maths, "anna"), saving(maths, "ben")])
    clock.advance(seconds=1)
    writer.all([saving(maths, "cleo")])
    moments = [entry.at for entry in record_of(world.path, maths.key)]

    assert moments == ["2026-11-23T08:00:00.000Z"] * 2 + ["2026-11-23T08:00:01.000Z"]


def test_one_command_raises_what_it_comes_to(maths: Classroom, writer: Writer) -> None:
    """
    A command on its own returns its result or raises its refusal.
    """
    assert writer.one(saving(maths, "anna")).changed == 1
    with pytest.raises(NoSuchThing, match="section 7 "):
        writer.one(unknown(maths))


async def test_a_slip_in_one_command_is_its_own(
    maths: Classroom, writer: Writer, caplog: pytest.LogCaptureFixture
) -> None:
    """
    A command that nobody foresaw is refused and logged; those beside it are carried out.
    """
    outcomes = writer.all(
        [saving(maths, "anna"), CreateDistrict("no text: \ud800", "UTC"), saving(maths, "ben")]
    )

    assert [type(outcome) for outcome in outcomes] == [MarksSaved, Unavailable, MarksSaved]
    assert "ud800" not in str(outcomes[1])
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert [name for name, *_ in await maths.listed()] == ["anna", "ben"]


def test_the_present_moment_is_in_utc() -> None:
    """
    The clock of a running house tells the time of no particular place.
    """
    assert str(system_clock().tzinfo) == "UTC"


def test_whatever_stops_a_group_leaves_the_file_free(world: World, maths: Classroom) -> None:
    """
    When carrying out a group is interrupted, nothing of it is there and nobody waits for it.
    """

    def interrupted() -> dt.datetime:
        raise KeyboardInterrupt

    writer, other = Writer(world.path, interrupted), Writer(world.path)
    with pytest.raises(KeyboardInterrupt):
        writer.one(saving(maths, "anna"))
    saved = other.one(saving(maths, "anna"))
    writer.close()
    other.close()

    assert saved.version == 1


# ---------------------------------------------------------------- no record, no write


@pytest.mark.parametrize("table", ["record", "events", "rolls", "marks"])
async def test_what_cannot_be_recorded_is_not_saved(
    world: World, maths: Classroom, writer: Writer, table: str
) -> None:
    """
    When the record, or anything else of a save, cannot be written, nothing of the save is.
    """
    db = apsw.Connection(str(world.path))
    db.execute(
        f"CREATE TRIGGER no_room BEFORE INSERT ON {table} "
        "BEGIN SELECT raise(ABORT, 'no room for it'); END"
    )
    before = await maths.everything()
    with pytest.raises(Unavailable, match="nothing was saved"):
        writer.one(saving(maths, "anna"))
    refused = await maths.everything()
    db.execute("DROP TRIGGER no_room")
    db.close()

    assert refused == before
    assert writer.one(saving(maths, "anna")).version == 1


# ---------------------------------------------------------------- the disk and the lock


@pytest.fixture
def disk() -> Iterator[FaultyDisk]:
    """A disk under everything that is opened after it."""
    with faulty_disk() as disk:
        yield disk


async def test_a_failing_commit_makes_all_of_it_unavailable(
    disk: FaultyDisk, world: World, maths: Classroom
) -> None:
    """
    When the disk does not confirm, nobody in the group is told of success; sent again, it is.
    """
    writer = Writer(world.path)
    writer.one(saving(maths, "cleo"))
    group = [saving(maths, "anna"), unknown(maths), saving(maths, "ben")]
    disk.failing = True
    outcomes = writer.all(group)
    disk.failing = False
    again = writer.all(group)
    names = [name for name, *_ in await maths.listed()]
    writer.close()

    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 3
    assert [type(outcome) for outcome in again] == [MarksSaved, NoSuchThing, MarksSaved]
    assert names == ["anna", "ben", "cleo"]


async def test_what_was_not_confirmed_is_settled_as_not_saved(
    disk: FaultyDisk, world: World, maths: Classroom
) -> None:
    """
    A failed commit is in doubt until the file is opened anew: then it is not there, for good.
    """
    writer = Writer(world.path)
    writer.one(saving(maths, "cleo"))
    disk.failing = True
    writer.all([saving(maths, "anna")])
    again = Writer(world.path)
    with pytest.raises(Unavailable):
        again.make_sure()
    disk.failing = False
    again.make_sure()
    log = world.path.with_name(f"{world.path.name}-wal").stat().st_size
    again.all([unknown(maths)])

    assert (writer.in_doubt, again.in_doubt) == (True, False)
    assert log == 0
    assert [name for name, *_ in await maths.listed()] == ["cleo"]
    writer.close()
    again.close()


async def test_a_log_that_somebody_keeps_long_has_a_bound(
    world: World, maths: Classroom, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    At the bound nothing is saved while the reader goes on; without one the log starts over.
    """
    monkeypatch.setattr(writer_module, "LOG_MAX", 100_000)
    writer.one(saving(maths, "cleo"))
    with held_by_another(world.path, READING):
        outcomes = [writer.all([saving(maths, "anna", MONDAY, str(n))])[0] for n in range(20)]
    after = writer.one(saving(maths, "anna", MONDAY, "after"))
    log = world.path.with_name(f"{world.path.name}-wal").stat().st_size

    assert type(outcomes[0]) is MarksSaved
    assert type(outcomes[-1]) is Unavailable
    assert "has been reading the database for so long" in str(outcomes[-1])
    assert type(after) is MarksSaved
    assert log < 100_000


async def test_a_full_disk_is_told_and_heals(maths: Classroom, writer: Writer) -> None:
    """
    While there is no room writes are unavailable and reads go on; with room, writes go on too.
    """
    room = writer.db.pragma("max_page_count")
    writer.db.pragma("max_page_count", writer.db.pragma("page_count"))
    days = [f"2026-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29)]
    outcomes = [writer.all([saving(maths, "anna", day, "x" * 2000)])[0] for day in days]
    saved = sum(isinstance(outcome, MarksSaved) for outcome in outcomes)
    read = len((await maths.marks()).marks)
    writer.db.pragma("max_page_count", room)
    writer.one(saving(maths, "anna", days[-1], "x" * 2000))

    assert read == saved < len(days)
    assert {type(outcome) for outcome in outcomes[saved:]} == {Unavailable}
    assert "full" in str(outcomes[-1])
    assert len((await maths.marks()).marks) == saved + 1


async def test_a_locked_file_is_told_within_the_time_set(
    world: World, maths: Classroom, writer: Writer
) -> None:
    """
    While another process holds the file, a write fails after its patience, and reads go on.
    """
    writer.one(saving(maths, "anna"))
    writer.db.set_busy_timeout(200)
    with held_by_another(world.path):
        start = time.monotonic()
        outcomes = writer.all([saving(maths, "ben"), saving(maths, "cleo")])
        took = time.monotonic() - start
        read = await maths.listed()

    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 2
    assert 0.15 < took < 2
    assert [name for name, *_ in read] == ["anna"]
    assert writer.one(saving(maths, "ben")).version == 2


async def test_a_writer_waits_for_another_one(
    world: World, maths: Classroom, writer: Writer
) -> None:
    """
    A write that begins after somebody else's has read what they wrote.
    """
    other = Writer(world.path)
    other.one(saving(maths, "anna"))
    saved = writer.one(saving(maths, "anna", TUESDAY))
    last = other.one(saving(maths, "anna", MONDAY, "late after all"))
    other.close()

    assert (saved.version, last.version) == (2, 3)
    changes = [recorded.change for recorded in (await maths.history()).changes]
    assert [change.old_status for change in changes] == [None, None, ABSENT]
