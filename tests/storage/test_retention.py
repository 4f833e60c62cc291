"""Old years go, what is on hold stays, and what is left can still be checked (catalogue K9)."""

import asyncio
from collections.abc import Callable
from functools import partial
from threading import Thread
from typing import Any

import msgspec
import pytest

import books
from conftest import Clock, World
from contract.classroom import EXCUSED, LATE, Classroom
from rollbook import upkeep
from rollbook.config import Config
from rollbook.domain.errors import BadRequest, NoSuchThing, Unavailable
from rollbook.domain.retention import Hold, statement_of
from rollbook.domain.store import Store
from rollbook.storage import retention
from rollbook.storage.desk import Desk
from storage.looking_after import at_desk, entries_of, literal, tamper
from storage.office import CUT, LATER_OLD, NEW, OLD, Office


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    """Which database the test is on: every test here is on both, unless it says why not."""
    return str(request.param)


@pytest.fixture
async def office(world: World, store: Store, clock: Clock) -> Office:
    """In each section two saves of old days and two of new ones."""
    office = Office(world, store, clock)
    await office.settle()
    return office


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
    entry = entries_of(office.book, office.maths.key)[-1]
    said = statement_of(entry)

    assert said is not None
    assert (said.pruning_id, said.before, said.number) == (pruned.pruning.id, CUT, 2)
    assert office.prunings() == [pruned.pruning]


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
    found = at_desk(
        office.book, lambda desk: retention.survey(desk, office.district, CUT, lambda *_: None)
    )
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
    office.lift(number)
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
    office.lift(number, "now")
    with pytest.raises(NoSuchThing):
        office.lift(number, "later")
    (listed,) = at_desk(office.book, lambda desk: retention.holds(desk, office.district))

    assert (listed.lifted_at, listed.lifted_by) == ("now", "root")


# ---------------------------------------------------------------- the guards


def test_a_forged_anchor_is_found(office: Office) -> None:
    """
    Who removes entries behind an anchor of their own is found: the record does not say so.
    """
    second = entries_of(office.book, office.maths.key)[1]
    digest = literal(office.book, second.hash)
    where = f"district_id = {office.district} AND section_id = {office.maths.id}"
    tamper(
        office.book,
        "INSERT INTO prunings (district_id, id, before, begun_at, begun_by, ended_at) "
        f"VALUES ({office.district}, 9, '{CUT}', '', '', '')",
        "INSERT INTO anchors (district_id, section_id, pruning_id, number, hash, at) "
        f"VALUES ({office.district}, {office.maths.id}, 9, 2, {digest}, '')",
        f"DELETE FROM events WHERE {where} AND number <= 2",
        f"DELETE FROM record WHERE {where} AND number <= 2",
        f"DELETE FROM marks WHERE {where} AND date < '{CUT}'",
        f"DELETE FROM rolls WHERE {where} AND date < '{CUT}'",
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


# ---------------------------------------------------------------- interrupted


class PulledThePlug(BaseException):
    pass


class Interrupted:
    """A desk that is left in the middle, before a statement."""

    def __init__(self, desk: Desk, left: int) -> None:
        self._desk = desk
        self._left = left

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desk, name)

    async def rows(self, statement: str, *parameters: Any) -> list[Any]:
        if self._left == 0:
            raise PulledThePlug
        self._left -= 1
        return await self._desk.rows(statement, *parameters)


def test_left_in_the_middle_it_is_whole_and_goes_on(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Left before one statement after the other, the book is right each time, until all is done.
    """
    monkeypatch.setattr(retention, "_DUE", 1)
    monkeypatch.setattr(retention, "_LEAVE_FOR", 0)
    halfway: set[tuple[bool, bool]] = set()
    for statements in range(3, 100, 4):
        try:
            office.prune(at=partial(Interrupted, left=statements))
            break
        except PulledThePlug:
            assert office.found() == []
        halfway.add((OLD in office.days(office.maths), OLD in office.days(office.music)))

    (pruning,) = office.prunings()
    assert OLD not in office.days(office.maths) | office.days(office.music)
    assert len(halfway) == 3  # none, one, both
    assert pruning.removed.entries == 4
    assert pruning.ended_at is not None
    assert office.found() == []


# ---------------------------------------------------------------- PostgreSQL: others write


class WithASave:
    """A desk beside which somebody saves, between the reading of a section and its writing."""

    def __init__(self, desk: Desk, save: Callable[[], None]) -> None:
        self._desk = desk
        self._save = save

    def __getattr__(self, name: str) -> Any:
        return getattr(self._desk, name)

    async def rows(self, statement: str, *parameters: Any) -> list[Any]:
        if statement == self.sql.say_in_the_record:
            await asyncio.to_thread(self._save)
        return await self._desk.rows(statement, *parameters)


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_save_in_between_is_kept(office: Office) -> None:
    """
    Whoever saves in the section while it is pruned comes first, and the pruning looks again.
    """
    saves = iter([("ben", NEW, LATE), ("ben", LATER_OLD, EXCUSED)])

    async def save_by_itself(mark: Any) -> None:
        store = await office.book.open(office.clock)
        await Classroom(store, office.world.lindenhof, "maths").save(mark)
        await store.close()

    def save() -> None:
        for mark in saves:
            asyncio.run(save_by_itself(mark))

    before = office.numbers(office.maths)
    pruned = office.prune(at=lambda desk: WithASave(desk, save))

    assert before == [1, 2, 3, 4]
    assert office.numbers(office.maths)[-3:] == [5, 6, 7]  # both saves, then the pruning
    assert pruned.pruning.removed.sections == 2
    assert LATER_OLD not in office.days(office.maths)
    assert office.found() == []


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_only_the_owner_prunes(office: Office) -> None:
    """
    The application's login checks all there is and places holds, and is refused a pruning.
    """
    assert isinstance(office.book, books.Database)
    clerk = f"clerk_of_{office.book.name}"
    office.book.sql(f"CREATE ROLE {clerk} LOGIN")
    office.book.sql(f"GRANT rollbook_app TO {clerk}")
    config = Config(database=office.book.url.replace("postgres@", f"{clerk}@"))
    before = office.numbers(office.maths)
    kept = office.head("2025-12-31")
    checked = upkeep.check(config, heads=[("2025-12-31", kept)], progress=lambda *_: None)
    hold = Hold(district_id=office.district, reason="r", placed_at="", placed_by="")
    placed = upkeep.place_hold(config, hold)
    upkeep.lift_hold(config, office.district, placed.id, by="clerk")
    with pytest.raises(Unavailable, match="database's owner"):
        upkeep.prune(config, office.district, CUT, by="clerk", progress=lambda *_: None)
    by_itself = upkeep.check(
        config, section_id=office.theirs.id, quick=True, progress=lambda *_: None
    )

    assert (checked.findings, checked.sections, checked.entries) == ([], 4, 12)
    assert by_itself.entries == 4
    assert office.numbers(office.maths) == before
    assert office.prunings() == []


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_hold_waits_for_what_is_being_removed(office: Office) -> None:
    """
    A hold is placed before a section is looked at, or after it is done: never in between.
    """
    placed: list[int] = []
    threads: list[Thread] = []

    def place() -> None:
        if not threads:
            threads.append(Thread(target=lambda: placed.append(office.hold())))
            threads[0].start()
            threads[0].join(0.3)
            assert not placed  # it waits

    office.prune(at=lambda desk: WithASave(desk, place))
    threads[0].join()

    assert placed
    assert office.found() == []
