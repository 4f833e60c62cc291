"""Catalogue A16: a migration that is killed, or finds the disk full, at each of its statements."""

import asyncio
import multiprocessing
import os
import re
import resource
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from cast import MONDAY
from conftest import Clock, World
from contract.classroom import ABSENT, Classroom
from rollbook.domain.errors import Unavailable
from rollbook.storage.sqlite import SqliteStore, create
from rollbook.storage.sqlite.checking import check
from rollbook.storage.sqlite.connection import open_writer
from rollbook.storage.sqlite.desk import FileDesk
from rollbook.storage.sqlite.migrations import known, level, migrate

STEPS = known()
LAST_RELEASE = STEPS[-1].number - 1
STATEMENTS = sum(
    len(re.findall("^(?:CREATE|INSERT) ", step.script, re.MULTILINE)) for step in STEPS
)

Contents = tuple[int, list[Any]]


def contents(path: Path) -> Contents:
    """Return the level of a file, the statements its tables were made with, and every row."""
    db = apsw.Connection(str(path))
    schema = db.execute("SELECT name, type, sql FROM sqlite_schema ORDER BY name").fetchall()
    tables = [str(name) for name, kind, _ in schema if kind == "table"]
    rows = [db.execute(f"SELECT * FROM {table}").fetchall() for table in tables]
    assert db.pragma("integrity_check") == "ok"
    answer = level(db), [schema, rows]
    db.close()
    return answer


def at_level(path: Path, number: int) -> Path:
    """Make a file as a release with that schema made it."""
    db = open_writer(path, create=True)
    for step in STEPS[:number]:
        db.execute(step.script)
        db.pragma("user_version", step.number)
    db.close()
    return path


@pytest.fixture
async def released(world: World, tmp_path: Path, clock: Clock) -> Path:
    """A file of the last release, with people, marks and a record in it."""
    store = SqliteStore(world.path, clock=clock)
    maths = Classroom(store, world.lindenhof, "maths")
    await maths.take_roll(MONDAY, ("anna", MONDAY, ABSENT, "a word"))
    await store.close()
    older = at_level(tmp_path / "older.db", LAST_RELEASE)
    db = apsw.Connection(str(older))
    db.execute("ATTACH ? AS full", (str(world.path),))
    for (table,) in db.execute(
        "SELECT name FROM main.sqlite_schema WHERE type = 'table'"
    ).fetchall():
        db.execute(f"DELETE FROM main.{table}")
        db.execute(f"INSERT INTO main.{table} SELECT * FROM full.{table}")
    db.close()
    return older


def tracing(nth: int, then: Callable[[], None]) -> Callable[..., bool]:
    """Return what does something before the nth statement."""
    left = iter(range(nth))

    def trace(*_: object) -> bool:
        if next(left, None) is None:
            then()
        return True

    return trace


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def in_a_process(what: Callable[..., None], *args: Any) -> int:
    """Do something in a process that may die; return its exit code."""
    process = multiprocessing.get_context("fork").Process(target=what, args=args)
    process.start()
    process.join(60)
    assert process.exitcode is not None
    return process.exitcode


def migrate_until(path: Path, nth: int, migrating: Callable[[apsw.Connection], Any]) -> None:
    db = open_writer(path, create=True)
    db.exec_trace = tracing(nth, die)
    for _ in migrating(db):
        pass


def each_kill(
    path: Path, migrating: Callable[[apsw.Connection], Any] = migrate
) -> Iterator[tuple[Path, bool]]:
    """Yield a copy of the file for each statement at which its migration was killed."""
    for nth in range(1000):
        copy = path.with_name(f"{path.stem}-{nth}.db")
        if path.exists():
            shutil.copy(path, copy)
        code = in_a_process(migrate_until, copy, nth, migrating)
        assert code in {-signal.SIGKILL, 0}
        yield copy, code != 0
        if code == 0:
            return


def test_a_new_file_is_at_one_level_or_the_next(tmp_path: Path) -> None:
    """
    Killed at whichever statement, a new file is at a level, never between; a second run succeeds.
    """
    levels = [contents(at_level(tmp_path / f"at-{n}.db", n)) for n in range(len(STEPS) + 1)]
    seen = set()
    kills = 0
    for copy, killed in each_kill(tmp_path / "new.db"):
        kills += killed
        left = contents(copy)
        assert left in levels
        seen.add(left[0])
        create(copy)
        assert contents(copy) == levels[-1]

    print(f"\nA16: {kills} kills of a new file's migrations, failures 0")
    assert kills > STATEMENTS > 20
    assert seen == set(range(len(STEPS) + 1))


def test_a_file_of_the_last_release_is_old_or_new(released: Path) -> None:
    """
    Killed at whichever statement, the file is as it was or whole, with every row, and a second run
    succeeds.
    """
    before = contents(released)
    whole = released.with_name("whole.db")
    shutil.copy(released, whole)
    create(whole)
    after = contents(whole)
    kills = 0
    for copy, killed in each_kill(released):
        kills += killed
        assert contents(copy) in (before, after)
        create(copy)
        assert contents(copy) == after

    print(f"\nA16: {kills} kills of the last release's migration, failures 0")
    assert kills > 5
    assert before[0] == LAST_RELEASE
    assert after[0] == STEPS[-1].number


def without_a_transaction(db: apsw.Connection) -> Iterator[None]:
    for step in STEPS[level(db) :]:
        db.execute(step.script)
        db.pragma("user_version", step.number)
        yield


def test_the_check_sees_a_migration_between(released: Path) -> None:
    """
    Without a transaction around each step, files are left between: the check does look.
    """
    before = contents(released)
    after_levels = {contents(copy)[0] for copy, killed in each_kill(released) if not killed}
    between = [
        copy
        for copy, killed in each_kill(released, without_a_transaction)
        if killed and contents(copy) != before
    ]

    assert after_levels == {STEPS[-1].number}
    assert between != []


# ---------------------------------------------------------------- a full disk


def is_refused(db: apsw.Connection) -> bool:
    """Migrate; say whether there was no room for it, which is a sentence then."""
    try:
        return not list(migrate(db))
    except Unavailable as refusal:
        return "full" in str(refusal)


def test_a_full_disk_leaves_the_old_schema(released: Path) -> None:
    """
    With room for only so many more pages, the migration is refused and the file is as it was;
    with room again it succeeds.
    """
    before = contents(released)
    refused = 0
    for more in range(20):
        copy = released.with_name(f"full-{more}.db")
        shutil.copy(released, copy)
        db = open_writer(copy)
        db.pragma("max_page_count", int(db.pragma("page_count")) + more)
        if is_refused(db):
            refused += 1
            assert contents(copy) == before
            db.pragma("max_page_count", 1 << 30)
            assert [step.number for step in migrate(db)] == [STEPS[-1].number]
        db.close()

    assert 1 <= refused < 20  # as many as the last step takes pages


def migrate_in_a_small_room(path: Path, size: int) -> None:
    db = open_writer(path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    try:
        list(migrate(db))
    except Unavailable:
        os._exit(7)


def test_a_disk_that_refuses_a_write_leaves_the_old_schema(released: Path) -> None:
    """
    When the system refuses to let a file grow, the migration is refused with a sentence.
    """
    before = contents(released)
    codes = set()
    for size in range(4096, 120_000, 8192):
        copy = released.with_name(f"small-{size}.db")
        shutil.copy(released, copy)
        codes.add(in_a_process(migrate_in_a_small_room, copy, size))
        left = contents(copy)
        assert left == before or left[0] == STEPS[-1].number
        create(copy)
        assert contents(copy)[0] == STEPS[-1].number

    assert codes == {0, 7}


# ---------------------------------------------------------------- rehearsals


def test_a_rehearsal_leaves_nothing_behind(released: Path) -> None:
    """
    After a rehearsal the file has the same bytes as before, and nothing that was made in it.
    """
    bytes_before, before = released.read_bytes(), contents(released)
    db = open_writer(released)
    rehearsed = [step.number for step in migrate(db, rehearse=True)]
    temporary = db.execute("SELECT * FROM sqlite_temp_schema").fetchall()
    db.close()

    assert rehearsed == [STEPS[-1].number]
    assert temporary == []
    assert contents(released) == before
    assert released.read_bytes() == bytes_before


def test_a_killed_rehearsal_leaves_nothing_behind(released: Path) -> None:
    """
    Killed at whichever statement of a rehearsal, nothing of it stays.
    """
    before = contents(released)
    for copy, _ in each_kill(released, lambda db: migrate(db, rehearse=True)):
        assert contents(copy) == before


@pytest.mark.parametrize("number", range(1, len(STEPS) + 1))
def test_a_file_of_any_release_can_be_checked(tmp_path: Path, number: int) -> None:
    """
    A backup is checked before it is brought up to date: whatever release it is of.
    """
    path = at_level(tmp_path / "rollbook.db", number)
    db = open_writer(path)
    db.execute(
        """
        INSERT INTO districts (id, name, time_zone, created_at) VALUES (1, 'd', 'UTC', '');
        INSERT INTO courses (district_id, id, title) VALUES (1, 2, 'c');
        INSERT INTO sections (district_id, id, course_id, title) VALUES (1, 3, 2, 's');
        """
    )
    looking = check(FileDesk(db), section_id=None, quick=False, progress=lambda *_: None)
    checked = asyncio.run(looking)
    db.close()

    assert (checked.sections, checked.findings) == (1, [])
