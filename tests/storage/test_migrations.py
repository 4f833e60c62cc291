import threading
from pathlib import Path

import apsw
import pytest

from rollbook.domain.errors import Unavailable
from rollbook.storage.schema import Migration
from rollbook.storage.sqlite import SqliteStore, create, migrations
from rollbook.storage.sqlite.connection import open_writer
from rollbook.storage.sqlite.migrations import known, level, migrate

LINDENHOF = "INSERT INTO districts (id, name, time_zone, created_at) VALUES (1, 'L', 'UTC', '')"
NEWEST = known()[-1].number
SECOND = Migration(
    NEWEST + 1, "second.sql", "CREATE TABLE second (a INTEGER); INSERT INTO second VALUES (1);"
)
BROKEN = Migration(
    NEWEST + 2, "broken.sql", "CREATE TABLE third (a INTEGER); INSERT INTO nowhere VALUES (1);"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rollbook.db"


def schema(path: Path) -> tuple[int, list[str]]:
    """Return the level of a file, and every statement that its tables were made with."""
    db = apsw.Connection(str(path))
    found = db.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
    answer = level(db), [sql for (sql,) in found]
    db.close()
    return answer


def run(path: Path, *, rehearse: bool = False) -> list[str]:
    """Run what is pending and return the names of the steps."""
    db = open_writer(path, create=True)
    try:
        return [step.name for step in migrate(db, rehearse=rehearse)]
    finally:
        db.close()


def test_migrations_are_numbered_without_a_gap() -> None:
    """
    The files of the schema are numbered 1, 2, 3 … in the order of their names.
    """
    assert [step.number for step in known()] == list(range(1, len(known()) + 1))


def test_a_new_file_gets_every_step(path: Path) -> None:
    """
    A file that is made now is at the newest level, and its tables are there.
    """
    assert run(path) == [step.name for step in known()]
    assert schema(path)[0] == NEWEST
    assert any("TABLE marks" in sql for sql in schema(path)[1])


def test_a_second_run_is_harmless(path: Path) -> None:
    """
    Run again there is nothing to do, and what is in the file stays.
    """
    create(path)
    db = open_writer(path)
    db.execute(LINDENHOF)
    before = schema(path)

    assert run(path) == []
    create(path)
    assert schema(path) == before
    assert db.execute("SELECT name FROM districts").fetchall() == [("L",)]
    db.close()


def test_a_rehearsal_leaves_nothing(path: Path) -> None:
    """
    A rehearsal runs every step and leaves the file as it was; the run after it does them all.
    """
    rehearsed = run(path, rehearse=True)
    after = schema(path)

    assert after == (0, [])
    assert rehearsed == run(path) == [step.name for step in known()]


def test_a_rehearsal_finds_what_would_fail(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A rehearsal of a step that cannot be done fails as the run would, and leaves nothing.
    """
    create(path)
    before = schema(path)
    steps = [*known(), SECOND, BROKEN]
    monkeypatch.setattr(migrations, "known", lambda: steps)
    with pytest.raises(apsw.SQLError, match="nowhere"):
        run(path, rehearse=True)

    assert schema(path) == before


def test_an_older_file_is_refused_until_it_is_brought_up_to_date(path: Path) -> None:
    """
    A file of an older level is not opened, and the refusal names the command that changes that.
    """
    open_writer(path, create=True).close()
    with pytest.raises(Unavailable, match=r"schema 0, .*rollbook migrate"):
        SqliteStore(path)


@pytest.mark.parametrize("opens", [create, run, SqliteStore])
def test_a_file_of_a_later_version_is_refused(path: Path, opens: type[SqliteStore]) -> None:
    """
    A file that a later version wrote is neither used nor touched.
    """
    create(path)
    db = apsw.Connection(str(path))
    db.pragma("user_version", NEWEST + 1)
    db.close()
    with pytest.raises(Unavailable, match=f"later version .*schema {NEWEST + 1}"):
        opens(path)

    assert schema(path)[0] == NEWEST + 1


# ---------------------------------------------------------------- interrupted


def test_a_step_that_fails_leaves_the_level_before_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Steps before the one that fails stay done, nothing of it is, and a mended one goes on there.
    """
    steps = [*known(), SECOND, BROKEN]
    monkeypatch.setattr(migrations, "known", lambda: steps)
    with pytest.raises(apsw.SQLError, match="nowhere"):
        run(path)
    failed = schema(path)
    steps[-1] = Migration(BROKEN.number, "mended.sql", "CREATE TABLE third (a INTEGER);")

    assert failed[0] == SECOND.number
    assert not any("third" in sql for sql in failed[1])
    assert run(path) == ["mended.sql"]
    assert schema(path)[0] == BROKEN.number


def test_two_who_migrate_at_once_do_it_once(path: Path) -> None:
    """
    Who waits for another process that migrates finds it done, and does nothing.
    """
    first = open_writer(path, create=True)
    first.execute("BEGIN IMMEDIATE")
    second = threading.Thread(target=create, args=(path,))
    second.start()
    second.join(0.2)
    waited = second.is_alive()
    for step in known():
        first.execute(step.script)
    first.pragma("user_version", NEWEST)
    first.execute("COMMIT")
    second.join(10)
    first.close()

    assert waited
    assert not second.is_alive()
    assert schema(path)[0] == NEWEST
