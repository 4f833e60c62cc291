"""The roll call of a tiny nation, end to end, and what its verification would find."""

import shutil
from pathlib import Path

import apsw
import msgspec
import pytest
from rich.console import Console

from benchmarks import ground, nation, rollcall
from benchmarks.land import Land
from benchmarks.nation import Plan
from benchmarks.results import Nation

WHERE = Land(sections=40, districts=3)


def plan_in(folder: Path) -> Plan:
    return Plan(
        where=WHERE, folder=folder, connections=8, whole_rolls=False, shuffled=True, workers=1
    )


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """A nation that was generated."""
    made = plan_in(tmp_path_factory.mktemp("nation"))
    nation.generate(made)
    return made


@pytest.fixture(scope="module")
def found(plan: Plan) -> Nation:
    """What came of its roll call."""
    return nation.take_every_roll(plan)


@pytest.fixture
def copy(plan: Plan, found: Nation, tmp_path: Path) -> Path:
    """The nation after its roll call, to be damaged."""
    assert found.verified
    path = tmp_path / "nation.db"
    shutil.copyfile(plan.database, path)
    return path


def test_every_roll_is_saved_once_and_found_again(found: Nation) -> None:
    """
    Each section is answered 200 and nothing is missing afterwards.
    """
    assert found.verified
    assert found.answers == {"200": 40}
    assert found.course[-1].saved == 40
    assert 0 < found.p50 <= found.p99
    assert found.peak["writer 1"] > 0


DAMAGES = {
    "a mark is gone": "DELETE FROM marks WHERE enrollment_id = 60000100",
    "a mark says something else": (
        "UPDATE marks SET status = 1 + status % 4 WHERE enrollment_id = 60000100"
    ),
    "a mark is on another day": (
        "UPDATE marks SET date = '2026-01-01' WHERE enrollment_id = 60000100"
    ),
    "a roll is gone": "DELETE FROM rolls WHERE section_id = 400005",
    "an entry of the record is gone": (
        "DROP TRIGGER record_is_only_pruned;DELETE FROM record WHERE section_id = 400005"
    ),
    "an entry of the record has another hash": (
        "DROP TRIGGER record_is_not_rewritten;"
        "UPDATE record SET hash = zeroblob(32) WHERE section_id = 400001"
    ),
    "an event is gone": "DELETE FROM events WHERE section_id = 400005",
    "an event is there twice": (
        "UPDATE events SET section_id = 400005, district_id = 1 WHERE section_id = 400006"
    ),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_the_verification_finds_what_is_not_as_it_was_sent(copy: Path, damage: str) -> None:
    """
    It has nothing to say of a whole file, and something of every damaged one.
    """
    assert rollcall.verify(copy, WHERE, 0) == []
    db = apsw.Connection(str(copy))
    db.execute(damage)
    db.close()

    assert rollcall.verify(copy, WHERE, 0) != []


def test_an_unfinished_day_is_taken_again(copy: Path) -> None:
    """
    Whoever was interrupted takes the same day's roll once more; else it is the next one's.
    """
    assert rollcall.next_day(copy, WHERE) == 1
    db = apsw.Connection(str(copy))
    db.execute(DAMAGES["an entry of the record is gone"])
    db.close()

    assert rollcall.next_day(copy, WHERE) == 0


def test_a_roll_can_be_called_by_its_exceptions(copy: Path, plan: Plan) -> None:
    """
    The other request saves the same 30 marks of the next day.
    """
    folder = copy.parent
    shutil.copyfile(plan.folder / "master.key", folder / "master.key")
    again = msgspec.structs.replace(plan, folder=folder, whole_rolls=True)
    copy.rename(again.database)

    found = nation.take_every_roll(again)

    assert found.verified
    assert found.call == "PUT rolls/{date}"


def test_no_more_is_generated_than_there_is_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A nation that the disk has no room for is not begun.
    """
    huge = msgspec.structs.replace(plan_in(tmp_path), where=Land(sections=10**9, districts=2))
    monkeypatch.setattr(nation, "out", Console(quiet=True))

    with pytest.raises(SystemExit, match="not enough room"):
        nation.generate(huge)
    assert not list(tmp_path.iterdir())


def test_what_is_removed_is_all_of_it(tmp_path: Path) -> None:
    """
    A database goes with its log and its nonces, and nothing else does.
    """
    (tmp_path / "a.db-nonces").mkdir()
    for name in ("a.db", "a.db-wal", "b.db"):
        (tmp_path / name).touch()

    ground.remove(tmp_path / "a.db")

    assert [left.name for left in tmp_path.iterdir()] == ["b.db"]
