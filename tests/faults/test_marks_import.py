"""Catalogue I5 and I7: an import of marks is killed, and one runs while rolls are saved."""

import csv
import itertools
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import apsw

from faults.ground import Ground
from faults.server import Server
from faults.storm import Ledger, Storm
from rollbook.domain.days import from_ordinal, to_ordinal
from rollbook.domain.record import GENESIS, chain_hash
from rollbook.storage import rows
from rollbook.storage.sqlite.statements import SQL

FIRST_DAY = to_ordinal("2025-01-01")
KILLS = 8


def write_marks(path: Path, ground: Ground, days: int) -> int:
    """Write a file with a mark for every student of the storm on so many days, eight a month."""
    rng = random.Random(days)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["section_id", "enrollment_id", "date", "status", "comment"])
        count = 0
        for day, (section, students) in itertools.product(
            range(days), ground.students.values()
        ):
            for student in students:
                comment = f"line {count}" if rng.random() < 0.1 else ""
                writer.writerow(
                    [
                        section,
                        student,
                        from_ordinal(FIRST_DAY + 4 * day),
                        rng.randint(1, 4),
                        comment,
                    ]
                )
                count += 1
    return count


def start_import(ground: Ground, path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "rollbook", "import", "marks", str(path)]
    return subprocess.Popen(
        [*command, "--database", str(ground.database)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for_a_save(database: Path) -> None:
    """Return when the record has grown."""
    db = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
    last = "SELECT coalesce(max(id), 0) FROM record"
    before = db.execute(last).fetchone()
    end = time.monotonic() + 30
    while db.execute(last).fetchone() == before:
        assert time.monotonic() < end, "nothing was saved"
        time.sleep(0.005)
    db.close()


def saved(database: Path) -> tuple[list[Any], set[Any]]:
    """Return the marks and the rolls that were taken; the record must lead to the marks."""
    db = apsw.Connection(str(database))
    marks = list(
        db.execute("SELECT section_id, date, enrollment_id, status, comment FROM marks")
    )
    taken = set(db.execute("SELECT section_id, date FROM rolls"))
    state: dict[tuple[int, str, int], tuple[int | None, str]] = {}
    for district_id, section_id in list(db.execute("SELECT district_id, id FROM sections")):
        previous = GENESIS
        for row in db.execute(SQL.record_entries, (district_id, section_id, 1, 1_000_000)):
            entry = rows.record_entry(section_id, row)
            assert entry.hash == chain_hash(previous, entry)
            previous = entry.hash
            for change in entry.changes:
                key = (section_id, change.date, change.enrollment_id)
                assert state.get(key, (None, "")) == (change.old_status, change.old_comment)
                state[key] = (change.new_status, change.new_comment)
    assert list(db.execute("PRAGMA integrity_check")) == [("ok",)]
    assert list(db.execute("PRAGMA foreign_key_check")) == []
    db.close()
    assert sorted((*key, *value) for key, value in state.items()) == marks
    return marks, taken


def test_an_import_that_was_killed_is_finished_by_the_next(
    ground: Ground, tmp_path: Path
) -> None:
    """
    Wherever it is killed, marks, rolls and record agree; run again it ends as if undisturbed.
    """
    path = tmp_path / "marks.csv"
    lines = write_marks(path, ground, 900)
    rng = random.Random(5)
    found = []
    for _ in range(KILLS):
        process = start_import(ground, path)
        wait_for_a_save(ground.database)
        time.sleep(rng.uniform(0, 0.1))
        process.kill()
        process.communicate()
        found.append(len(saved(ground.database)[0]))
    process = start_import(ground, path)
    said, _ = process.communicate()
    marks, taken = saved(ground.database)

    print(f"\nI5: {lines} lines, killed {KILLS} times, there were {found} marks")
    assert process.returncode == 0, said
    assert found == sorted(found)
    assert 0 < found[0] < found[-2] < lines
    with path.open(newline="") as file:
        wanted = sorted(
            (int(s), d, int(e), int(st), c) for s, e, d, st, c in list(csv.reader(file))[1:]
        )
    assert marks == wanted
    assert taken == {(section, day) for section, day, *_ in wanted}


class StormOfWriters(Storm):
    """A storm without readers: the lists that they ask for grow with the import, by megabytes."""

    def _read(self, section: int) -> None:
        pass


def test_rolls_are_saved_while_marks_are_imported(ground: Ground, tmp_path: Path) -> None:
    """
    No request fails because an import holds the lock, and none waits for long.
    """
    path = tmp_path / "marks.csv"
    lines = write_marks(path, ground, 700)
    server = Server(ground.database)
    server.start()
    ledger = Ledger(tmp_path / "ledger")
    writers = dict(itertools.islice(ground.students.items(), 4))
    storm = StormOfWriters(server.port, ground.key, writers, ledger)
    with storm:
        time.sleep(0.5)
        storm.saving.clear()  # the first answers wait for the workers to start
        process = start_import(ground, path)
        said, _ = process.communicate()
        time.sleep(0.2)
    assert server.stop() == 0, server.log()
    ledger.close()
    seconds = sorted(answer.seconds for answer in storm.saving)
    p99 = seconds[len(seconds) * 99 // 100]

    print(
        f"\nI7: {lines} lines beside {len(seconds)} rolls: median "
        f"{seconds[len(seconds) // 2] * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, "
        f"longest {seconds[-1] * 1000:.0f} ms"
    )
    assert process.returncode == 0, said
    assert {answer.status for answer in storm.saving} == {200}
    assert storm.unexpected == []
    assert len(seconds) > 50
    assert p99 < 1
