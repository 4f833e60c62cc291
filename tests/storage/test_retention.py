"""Old years go, what is on hold stays, and what is left can still be checked (catalogue K9)."""

import datetime as dt
from pathlib import Path
from typing import Any

import apsw
import msgspec
import pytest

from conftest import Clock, World
from contract.classroom import ABSENT, EXCUSED, LATE, PRESENT, Classroom
from rollbook.domain.errors import BadRequest, NoSuchThing
from rollbook.domain.retention import Hold, statement_of
from rollbook.storage.sqlite import SqliteStore, checking, retention
from rollbook.storage.sqlite.connection import open_reader, open_writer
from rollbook.storage.sqlite.retention import Pruned
from storage.record_book import record_of

OLD, LATER_OLD, CUT, NEW = "2025-05-05", "2025-05-06", "2025-07-01", "2025-09-01"


class Office:
    """Maths and Music with an old year and a new one, and who looks after the file."""

    def __init__(
        self, world: World, store: SqliteStore, clock: Clock, db: apsw.Connection
    ) -> None:
        self.world, self.clock, self.db = world, clock, db
        self.maths = Classroom(store, world.lindenhof, "maths")
        self.music = Classroom(store, world.lindenhof, "music")
        self.theirs = Classroom(store, world.nordhafen, "maths")
        self.district = world.lindenhof.district.id

    def at(self, day: str) -> None:
        """Let it be nine o'clock on that day."""
        self.clock.now = dt.datetime.fromisoformat(f"{day}T09:00:00Z")

    def prune(self, before: str = CUT, **options: Any) -> Pruned:
        return retention.prune(
            self.db,
            self.district,
            before,
            by="root",
            clock=self.clock,
            progress=options.get("progress", lambda *_: None),
        )

    def hold(self, **what: Any) -> int:
        return retention.place_hold(
            self.db,
            Hold(district_id=self.district, reason="court", placed_at="", placed_by="", **what),
        ).id

    def found(self) -> list[str]:
        db = open_reader(self.world.path)
        checked = checking.check(db, section_id=None, quick=False, progress=lambda *_: None)
        db.close()
        return [str(finding) for finding in checked.findings]

    def head(self, day: str) -> str:
        return checking.head_of(self.db, day).hash

    def numbers(self, classroom: Classroom) -> list[int]:
        return [entry.number for entry in record_of(self.world.path, classroom.key)]

    def days(self, classroom: Classroom) -> set[str]:
        statement = "SELECT date FROM {0} WHERE (district_id, section_id) = (?, ?)"
        return {
            str(day)
            for table in ("marks", "rolls")
            for (day,) in self.db.execute(statement.format(table), classroom.key)
        }


@pytest.fixture
async def office(world: World, store: SqliteStore, clock: Clock) -> Any:
    """In each section two saves of old days and two of new ones."""
    db = open_writer(world.path)
    office = Office(world, store, clock, db)
    for day, status in (
        (OLD, ABSENT),
        (LATER_OLD, LATE),
        (NEW, PRESENT),
        ("2025-09-02", ABSENT),
    ):
        office.at(day)
        await office.maths.take_roll(day, ("anna", day, status, "a word"))
        await office.music.take_roll(day, ("anna in music", day, status))
        await office.theirs.save(("anna", day, status))
    office.at("2026-11-25")
    yield office
    db.close()


async def test_what_is_old_goes(office: Office) -> None:
    """
    Marks, rolls and entries before the day go; the rest stays, another district's all of it.
    """
    before = await office.maths.listed(start=NEW)
    pruned = office.prune()

    assert office.days(office.maths) == office.days(office.music) == {NEW, "2025-09-02"}
    assert await office.maths.listed(start=NEW) == before
    assert office.numbers(office.maths) == [3, 4, 5]
    assert office.days(office.theirs) == {OLD, LATER_OLD, NEW, "2025-09-02"}
    assert office.numbers(office.theirs) == [1, 2, 3, 4]
    assert msgspec.structs.asdict(pruned.pruning.removed) == {
        "sections": 2,
        "marks": 10,
        "rolls": 4,
        "entries": 4,
    }
    assert pruned.pruning.ended_at is not None
    assert pruned.pruning.begun_by == "root"


async def test_what_is_left_can_be_checked(office: Office) -> None:
    """
    After a pruning, after saves that follow it, and after another pruning, nothing is wrong.
    """
    office.prune()
    assert office.found() == []
    await office.maths.save(("anna", NEW, EXCUSED), ("ben", OLD, LATE))
    assert office.found() == []
    office.at("2027-11-25")
    office.prune("2026-07-01")

    assert office.found() == []
    assert office.numbers(office.maths) == [5, 6, 7]  # all written since
    assert office.days(office.maths) == set()


async def test_the_version_goes_on(office: Office) -> None:
    """
    The version of a section's attendance, its ETag, grows by what was removed too.
    """
    before = await office.maths.version()
    office.prune()
    after = await office.maths.version()
    saved = await office.maths.save(("anna", NEW, LATE))

    assert (before, after, saved.version) == (4, 5, 6)


def test_the_record_says_that_it_was_pruned(office: Office) -> None:
    """
    An entry of the record says which pruning it was, before which day, and up to which entry.
    """
    pruned = office.prune()
    entry = record_of(office.world.path, office.maths.key)[-1]
    said = statement_of(entry)

    assert said is not None
    assert (said.pruning_id, said.before, said.number) == (pruned.pruning.id, CUT, 2)
    assert retention.prunings(office.db, office.district) == [pruned.pruning]


def test_twice_is_as_once(office: Office) -> None:
    """
    What was pruned is not pruned again: nothing is removed, and no entry says so.
    """
    office.prune()
    numbers = office.numbers(office.maths)
    again = office.prune()

    assert again.pruning.removed.sections == 0
    assert office.numbers(office.maths) == numbers


def test_a_survey_says_what_a_pruning_does(office: Office) -> None:
    """
    What is said beforehand is what is removed then, and saying it removes nothing.
    """
    office.hold(section_id=office.music.id)
    found = retention.survey(office.db, office.district, CUT, lambda *_: None)
    days = office.days(office.maths)
    pruned = office.prune()

    assert OLD in days
    assert found.removes == pruned.pruning.removed
    assert found.held == 1


async def test_a_young_entry_keeps_what_follows_it(office: Office) -> None:
    """
    Entries go from the beginning on: an old one after a young one stays until that goes.
    """
    office.at("2025-06-01")
    await office.maths.save(("ben", "2025-12-24", EXCUSED))
    await office.maths.save(("ben", OLD, LATE))
    office.at("2026-11-25")
    office.prune()

    assert office.numbers(office.maths) == [3, 4, 5, 6, 7]
    assert OLD not in office.days(office.maths)
    assert office.found() == []


# ---------------------------------------------------------------- holds


@pytest.mark.parametrize("what", ["section", "enrollment", "student", "everything"])
async def test_what_is_on_hold_stays(office: Office, what: str) -> None:
    """
    A hold on a section, an enrollment in it, a student of it or the district keeps all of it.
    """
    cast = office.world.lindenhof
    number = office.hold(
        **{
            "section": {"section_id": office.maths.id},
            "enrollment": {"enrollment_id": cast.enrollments["finn"]},
            "student": {"user_id": cast.users["finn"]},
            "everything": {},
        }[what]
    )
    before = await office.maths.everything()
    office.prune()
    held = await office.maths.everything()
    music = office.days(office.music)
    retention.lift_hold(office.db, office.district, number, "2026-11-25", "root")
    office.prune("2025-07-02")

    assert held == before
    assert (OLD in music) == (what == "everything")
    assert OLD not in office.days(office.maths)
    assert office.found() == []


@pytest.mark.parametrize("what", ["section_id", "enrollment_id", "user_id"])
def test_only_what_is_there_can_be_held(office: Office, what: str) -> None:
    """
    A hold on what belongs to another district, or is not there, is refused.
    """
    with pytest.raises(NoSuchThing):
        office.hold(**{what: 7})


def test_a_hold_is_lifted_once(office: Office) -> None:
    """
    A hold of another district, and one that was lifted, cannot be lifted; it stays in the list.
    """
    number = office.hold(section_id=office.maths.id)
    retention.lift_hold(office.db, office.district, number, "now", "root")
    with pytest.raises(NoSuchThing):
        retention.lift_hold(office.db, office.district, number, "later", "root")
    (listed,) = retention.holds(office.db, office.district)

    assert (listed.lifted_at, listed.lifted_by) == ("now", "root")


# ---------------------------------------------------------------- the guards


def test_no_entry_goes_without_an_anchor(office: Office) -> None:
    """
    The schema refuses to remove what no pruning has removed, also after one, also from its hand.
    """
    office.prune()
    for number in (3, 5):
        with pytest.raises(apsw.ConstraintError, match="only removed by pruning"):
            office.db.execute("DELETE FROM record WHERE number = ?", (number,))
    with pytest.raises(apsw.ConstraintError, match="an anchor is not rewritten"):
        office.db.execute("UPDATE anchors SET number = 99")
    with pytest.raises(apsw.ConstraintError, match="an anchor is kept"):
        office.db.execute("DELETE FROM anchors")


def test_a_forged_anchor_is_found(office: Office) -> None:
    """
    Who removes entries behind an anchor of their own is found: the record does not say so.
    """
    office.db.execute(
        "INSERT INTO prunings VALUES (9, ?, ?, '', '', '', 0, 0, 0, 0)", (office.district, CUT)
    )
    hash_of_2 = record_of(office.world.path, office.maths.key)[1].hash
    key = office.maths.key
    office.db.execute("INSERT INTO anchors VALUES (?, ?, 9, 2, ?, '')", (*key, hash_of_2))
    for table in ("events", "record", "marks", "rolls"):
        old = f"date < '{CUT}'" if table in ("marks", "rolls") else "number <= 2"
        office.db.execute(
            f"DELETE FROM {table} WHERE (district_id, section_id) = (?, ?) AND {old}", key
        )

    (finding,) = office.found()
    assert finding.startswith(
        f"section {office.maths.id}: the anchor says that pruning 9 removed"
    )
    assert finding.endswith("the record itself does not say so")


def test_heads_since_the_day_hold(office: Office) -> None:
    """
    The head of each day from the one on that was cut at is what it was; older ones are refused.
    """
    days = ("2025-06-30", CUT, NEW, "2025-12-31")
    before = [office.head(day) for day in days]
    office.prune()

    assert [office.head(day) for day in days] == before
    with pytest.raises(BadRequest, match="removed days before 2025-07-01"):
        office.head(OLD)


def test_events_go_with_their_entries_whatever_their_ids(office: Office) -> None:
    """
    Where events do not bear the ids of their entries, they are found all the same.
    """
    office.db.execute("UPDATE events SET id = id + 1000")
    office.prune()

    assert office.found() == []
    assert office.db.execute("PRAGMA foreign_key_check").fetchall() == []


# ---------------------------------------------------------------- interrupted


class PulledThePlug(BaseException):
    pass


def interrupted(office: Office, statements: int) -> bool:
    """Prune, and be interrupted before that many statements; say whether it was."""
    left = iter(range(statements))

    def trace(*_: object) -> bool:
        if next(left, None) is None:
            raise PulledThePlug
        return True

    office.db.exec_trace = trace
    try:
        office.prune()
    except PulledThePlug:
        return True
    finally:
        office.db.exec_trace = None
        if office.db.in_transaction:  # as a connection that dies does
            office.db.execute("ROLLBACK")
    return False


def test_interrupted_it_is_whole_and_goes_on(
    office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """
    Interrupted before whichever statement, the book is right; the next run does what is left.
    """
    monkeypatch.setattr(retention, "_DUE", 1)
    monkeypatch.setattr(retention, "_LEAVE_FOR", 0)
    office.db.pragma("wal_checkpoint", "truncate")
    image = office.world.path.read_bytes()
    steps = 0
    halfway: set[tuple[bool, bool]] = set()
    while True:
        copy = tmp_path / f"{steps}.db"
        copy.write_bytes(image)
        office.db = open_writer(copy)
        office.db.pragma("synchronous", 0)  # nothing here is killed: it need not reach the disk
        if not interrupted(office, steps):
            break
        steps += 1
        checked = checking.check(
            office.db, section_id=None, quick=False, progress=lambda *_: None
        )
        assert checked.findings == []
        halfway.add((OLD in office.days(office.maths), OLD in office.days(office.music)))
        office.prune()
        assert OLD not in office.days(office.maths) | office.days(office.music)
        written = retention.prunings(office.db, office.district)
        assert sum(pruning.removed.entries for pruning in written) == 4
        assert all(pruning.ended_at for pruning in written)
        office.db.close()

    assert steps > 30
    assert len(halfway) == 3  # none, one, both


def test_for_another_day_an_interrupted_one_ends_where_it_stood(office: Office) -> None:
    """
    Whoever broke one off because the day was wrong does not have it finished by the next.
    """
    interrupted(office, 12)
    office.prune("2025-05-06")
    first, second = retention.prunings(office.db, office.district)

    assert first.ended_at is not None
    assert first.removed.sections == 0
    assert second.removed.rolls == 2
    assert office.days(office.maths) == {LATER_OLD, NEW, "2025-09-02"}


async def test_old_years_cannot_be_read_out_of_the_file(office: Office) -> None:
    """
    What was removed is overwritten in the file, not only unlinked.
    """
    await office.maths.save(("ben", OLD, LATE, "a word that nobody else says"))
    office.db.pragma("wal_checkpoint", "truncate")
    before = b"a word that nobody else says" in office.world.path.read_bytes()
    office.prune("2026-12-01")
    office.db.pragma("wal_checkpoint", "truncate")

    assert before
    assert b"a word that nobody else says" not in office.world.path.read_bytes()
