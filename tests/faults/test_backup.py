"""Catalogue A15: backups made in a storm, killed in the middle, and restored."""

import os
import random
import statistics
import subprocess
import time
from pathlib import Path

import msgspec
import pytest

from faults.check import Findings, check
from faults.dying import command, environment, killed_after, killed_at, needs_strace, run
from faults.elsewhere import ledger_elsewhere
from faults.ground import Ground
from faults.server import Server
from faults.storm import Ledger, Storm
from rollbook import upkeep
from rollbook.config import Config

ROUNDS = max(3, int(os.environ.get("ROLLBOOK_KILL_ROUNDS", "20")) // 4)


def as_of(acknowledged: set[str], ledger: Ledger) -> Ledger:
    """Return the ledger with only those rolls acknowledged, whatever was answered later."""
    then = Ledger(Path(os.devnull))
    then.close()
    then.rolls = {
        writer: [
            msgspec.structs.replace(roll, acknowledged=roll.number in acknowledged)
            for roll in rolls
        ]
        for writer, rolls in ledger.rolls.items()
    }
    return then


def acknowledged(ledger: Ledger) -> set[str]:
    return {
        roll.number
        for rolls in list(ledger.rolls.values())
        for roll in list(rolls)
        if roll.acknowledged
    }


def findings_of(database: Path) -> list[str]:
    """Return what `rollbook check` finds."""
    checked = upkeep.check(Config(database=str(database)), progress=lambda *_: None)
    return [str(finding) for finding in checked.findings]


def test_a_backup_in_a_storm_holds_what_was_acknowledged_before_it(
    ground: Ground, tmp_path: Path
) -> None:
    """
    Each backup made in a storm, restored, is whole and has each roll acknowledged before it began.
    """
    server = Server(ground.database)
    server.start()
    before: list[set[str]] = []
    took: list[float] = []
    with ledger_elsewhere() as ledger:
        storm = Storm(server.port, ground.key, ground.students, ledger)
        with storm:
            for number in range(ROUNDS):
                time.sleep(0.3)
                before.append(acknowledged(ledger))
                took.append(run(ground.database, "backup", tmp_path / f"{number}.bak")[1])
        assert server.stop() == 0, server.log()
    restores: list[float] = []
    findings: list[Findings] = []
    for number, known in enumerate(before):
        restored = tmp_path / f"{number}.db"
        restores.append(
            run(ground.database, "restore", tmp_path / f"{number}.bak", "--to", restored)[1]
        )
        findings.append(check(restored, as_of(known, ledger)))
    begun = time.monotonic()
    again = Server(restored)
    again.start()
    ready = restores[-1] + time.monotonic() - begun
    assert again.stop() == 0

    print(
        f"\nA15: {ROUNDS} backups in a storm of {ledger.acknowledged} acknowledged rolls; "
        f"lost {sum(len(each.lost) for each in findings)}, "
        f"half {sum(len(each.half) for each in findings)}; "
        f"a backup took {statistics.median(took):.2f} s, {max(took):.2f} s at most; "
        f"RPO 0 at its beginning; RTO (restore, start, first answer) {ready:.2f} s"
    )
    assert [each.all for each in findings] == [[]] * ROUNDS
    assert storm.unexpected == []
    assert len(before[-1]) > len(before[0]) > 10


def test_the_check_sees_a_backup_that_is_too_old(ground: Ground, tmp_path: Path) -> None:
    """
    Held against what was acknowledged after it, a backup goes red: the check does look.
    """
    server = Server(ground.database)
    server.start()
    with ledger_elsewhere() as ledger:
        with Storm(server.port, ground.key, ground.students, ledger):
            time.sleep(0.3)
            run(ground.database, "backup", tmp_path / "a.bak")
            time.sleep(0.5)
        assert server.stop() == 0, server.log()
    run(ground.database, "restore", tmp_path / "a.bak", "--to", tmp_path / "a.db")

    assert check(tmp_path / "a.db", ledger).lost != []


def test_a_backup_that_is_killed_bears_no_name(ground: Ground, tmp_path: Path) -> None:
    """
    Killed at whichever moment in a storm, there is a whole backup or none; the next one succeeds.
    """
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    target = shelf / "a.bak"
    server = Server(ground.database)
    server.start()
    rng = random.Random(ROUNDS)
    killed = named = 0
    with ledger_elsewhere() as ledger:
        with Storm(server.port, ground.key, ground.students, ledger):
            time.sleep(0.3)
            for _ in range(ROUNDS * 2):
                killed += killed_after(rng.uniform(0.2, 1.0), ground.database, "backup", target)
                if target.exists():
                    named += 1
                    assert findings_of(target) == []
                    target.unlink()
            run(ground.database, "backup", target)
        assert server.stop() == 0, server.log()

    print(f"\nA15: {killed} of {ROUNDS * 2} backups killed, {named} bore their name, all whole")
    assert findings_of(target) == []
    assert list(shelf.iterdir()) == [target]
    assert killed > 0


@needs_strace
@pytest.mark.parametrize(
    ("calls", "nth"),
    [
        ("pwrite64", 20),
        ("fsync", 1),
        ("link,linkat", 1),
        ("fsync", 2),
        ("unlink", 1),
    ],
)
def test_killed_at_each_step_there_is_a_whole_backup_or_none(
    ground: Ground, tmp_path: Path, calls: str, nth: int
) -> None:
    """
    Killed as it writes, flushes, names or clears away: what bears the name is whole.
    """
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    target = shelf / "a.bak"
    killed = killed_at(calls, nth, ground.database, "backup", target)
    if target.exists():
        assert findings_of(target) == []
        target.unlink()
    run(ground.database, "backup", target)

    assert killed
    assert findings_of(target) == []
    assert list(shelf.iterdir()) == [target]


@needs_strace
@pytest.mark.parametrize(
    ("calls", "nth"),
    [("pwrite64", 10), ("fdatasync,fsync", 1), ("link,linkat", 1)],
)
def test_killed_at_each_step_there_is_a_whole_database_or_none(
    ground: Ground, tmp_path: Path, calls: str, nth: int
) -> None:
    """
    A restore that was killed leaves a whole database or none, and the backup as it was.
    """
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    run(ground.database, "backup", tmp_path / "a.bak")
    before = (tmp_path / "a.bak").read_bytes()
    target = shelf / "new.db"
    killed = killed_at(calls, nth, target, "restore", tmp_path / "a.bak", "--to", target)
    if target.exists():
        assert findings_of(target) == []
        for each in shelf.iterdir():
            each.unlink()
    run(target, "restore", tmp_path / "a.bak", "--to", target)

    assert killed
    assert findings_of(target) == []
    assert (tmp_path / "a.bak").read_bytes() == before


def test_a_running_servers_file_is_not_restored_over(ground: Ground, tmp_path: Path) -> None:
    """
    While a server holds the name, nothing is restored to it, even when its file was moved away.
    """
    run(ground.database, "backup", tmp_path / "a.bak")
    server = Server(ground.database)
    server.start()
    for each in tmp_path.glob("rollbook.db*"):
        if each.is_file() and not each.name.endswith("-lock"):
            each.unlink()
    with pytest.raises(AssertionError, match="A server works on"):
        run(ground.database, "restore", tmp_path / "a.bak", "--to", ground.database)
    server.kill()
    run(ground.database, "restore", tmp_path / "a.bak", "--to", ground.database)

    assert findings_of(ground.database) == []


def test_without_room_there_is_no_backup(ground: Ground, tmp_path: Path) -> None:
    """
    When the copy cannot grow, that is a sentence, and nothing of it stays.
    """
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    small = ("sh", "-c", 'ulimit -f 200; exec "$@"', "sh")  # 100 KB
    done = subprocess.run(
        [*small, *command("backup", shelf / "a.bak")],
        env=environment(ground.database),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 1
    assert "SQLITE_IOERR_WRITE" in done.stderr
    assert "room enough" in done.stderr
    assert list(shelf.iterdir()) == []
