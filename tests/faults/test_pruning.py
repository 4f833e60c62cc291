"""Old years are removed in a storm and killed in the middle: never half, and saves go on."""

import asyncio
import datetime as dt
import os
import random
import time
from pathlib import Path

import apsw
import pytest

import books
from faults import figures
from faults.check import check, look_at
from faults.dying import killed_after, killed_at, needs_strace, run
from faults.elsewhere import ledger_elsewhere
from faults.ground import Ground, prepare_in_cluster
from faults.server import Server
from faults.storm import Storm
from faults.test_backup import findings_of
from rollbook import upkeep
from rollbook.config import Config
from rollbook.domain.record import Author, Channel
from rollbook.domain.store import TakeRoll
from rollbook.storage.sqlite.writer import Writer

ROUNDS = max(3, int(os.environ.get("ROLLBOOK_KILL_ROUNDS", "20")) // 4)
PRUNE = ("prune", "--before", "2025-07-01", "--yes")
OLD_DAYS = [
    (dt.date(2024, 9, 2) + dt.timedelta(days=number)).isoformat() for number in range(60)
]


@pytest.fixture
def old_ground(ground: Ground) -> Ground:
    """The ground of a storm, with sixty rolls of an old year in each section."""
    now = dt.datetime(2024, 9, 2, 9, tzinfo=dt.UTC)
    writer = Writer(ground.database, lambda: now)
    author = Author(user_id=None, channel=Channel.CLI)
    for day in OLD_DAYS:
        now = dt.datetime.fromisoformat(f"{day}T09:00:00Z")
        for section in {section for section, _ in ground.students.values()}:
            writer.one(
                TakeRoll(
                    district_id=1, section_id=section, date=day, exceptions=[], author=author
                )
            )
    writer.close()
    return ground


def old_rows(database: Path) -> int:
    db = apsw.Connection(str(database))
    ((rows,),) = db.execute(
        "SELECT (SELECT count(*) FROM marks WHERE date < '2025-07-01')"
        " + (SELECT count(*) FROM rolls WHERE date < '2025-07-01')"
        " + (SELECT count(*) FROM record WHERE at < '2025-07-01')"
    )
    db.close()
    return int(str(rows))


def test_pruning_in_a_storm_loses_no_save(old_ground: Ground) -> None:
    """
    Pruned and killed again and again in a storm, the old year is gone, and each acknowledged roll
    is there.
    """
    server = Server(old_ground.database)
    server.start()
    before = old_rows(old_ground.database)
    rng = random.Random(ROUNDS)
    with ledger_elsewhere() as ledger:
        storm = Storm(server.port, old_ground.key, old_ground.students, ledger)
        with storm:
            time.sleep(0.3)
            for _ in range(ROUNDS):
                killed_after(rng.uniform(0.3, 1.5), old_ground.database, *PRUNE)
            run(old_ground.database, *PRUNE)
            time.sleep(0.3)
        assert server.stop() == 0, server.log()
        lost = check(old_ground.database, ledger).lost

    print(f"\nK9: {ledger.acknowledged} rolls acknowledged while pruning, lost {len(lost)}")
    assert before > 10_000
    assert old_rows(old_ground.database) == 0
    assert findings_of(old_ground.database) == []
    assert lost == []
    assert storm.unexpected == []
    assert ledger.acknowledged > 20


@needs_strace
@pytest.mark.parametrize(
    ("calls", "nth"), [("pwrite64", 3), ("pwrite64", 40), ("fdatasync", 2), ("fdatasync", 3)]
)
def test_killed_at_each_step_sections_are_pruned_or_not(
    old_ground: Ground, calls: str, nth: int
) -> None:
    """
    Killed as it writes or flushes, nothing is wrong with the book, and the next run finishes.
    """
    killed = killed_at(calls, nth, old_ground.database, *PRUNE)
    findings = findings_of(old_ground.database)
    run(old_ground.database, *PRUNE)

    assert killed
    assert findings == []
    assert old_rows(old_ground.database) == 0
    assert findings_of(old_ground.database) == []


async def _save_an_old_year(database: books.Database, ground: Ground) -> None:
    now = dt.datetime(2024, 9, 2, 9, tzinfo=dt.UTC)
    store = await database.open(lambda: now)
    author = Author(user_id=None, channel=Channel.CLI)
    for day in OLD_DAYS:
        now = dt.datetime.fromisoformat(f"{day}T09:00:00Z")
        for section in {section for section, _ in ground.students.values()}:
            await store.take_roll(
                TakeRoll(
                    district_id=1, section_id=section, date=day, exceptions=[], author=author
                )
            )
    await store.close()


def test_on_postgresql_pruning_in_a_storm_loses_no_save(
    databases: books.ClusterOfDatabases, tmp_path: Path
) -> None:
    """
    Workers save by themselves there, in the sections that are pruned and while they are.
    """
    database = databases.new()
    ground = prepare_in_cluster(database, tmp_path)
    asyncio.run(_save_an_old_year(database, ground))
    server = ground.server()
    server.start()
    prune = (*PRUNE, "--database", database.url)
    rng = random.Random(ROUNDS)
    with ledger_elsewhere() as ledger:
        storm = Storm(server.port, ground.key, ground.students, ledger)
        with storm:
            time.sleep(0.3)
            for _ in range(figures.long_or_short(20, 2)):
                killed_after(rng.uniform(0.8, 2.0), ground.database, *prune)
            run(ground.database, *prune)
            time.sleep(0.3)
        assert server.stop() == 0, server.log()
        lost = look_at(ground, ledger).lost
    ((old,),) = database.sql("SELECT count(*) FROM rolls WHERE date < '2025-07-01'")
    checked = upkeep.check(Config(database=database.url), progress=lambda *_: None)

    print(f"\nK9: {ledger.acknowledged} rolls acknowledged while pruning, lost {len(lost)}")
    assert old == 0
    assert checked.findings == []
    assert lost == []
    assert storm.unexpected == []
    assert ledger.acknowledged > 20
