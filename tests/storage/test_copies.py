"""A backup bears its name when it is right, or there is none; and it becomes a database again."""

from pathlib import Path
from typing import Any

import apsw
import pytest

from books import File, aside
from cast import MONDAY
from conftest import World
from contract.classroom import ABSENT, Classroom
from rollbook import upkeep
from rollbook.config import Config
from rollbook.domain.errors import Unavailable
from rollbook.storage.sqlite import SqliteStore, copies, migrations
from rollbook.storage.sqlite.connection import open_writer
from rollbook.upkeep import Copied
from storage.record_book import record_of


@pytest.fixture
async def maths(store: SqliteStore, world: World) -> Classroom:
    maths = Classroom(store, world.lindenhof, "maths")
    await maths.take_roll(MONDAY, ("anna", MONDAY, ABSENT, "a word"))
    return maths


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    folder = tmp_path / "shelf"
    folder.mkdir()
    return folder


def backup(world: World, target: Path, *, replace: bool = False, **more: Any) -> Copied:
    return aside(
        lambda: upkeep.backup(
            Config(database=str(world.path)),
            target,
            replace=replace,
            quick=False,
            progress=more.get("progress", lambda *_: None),
        )
    )


def restore(made: Path, target: Path) -> Copied:
    return aside(lambda: upkeep.restore(made, target, quick=False, progress=lambda *_: None))


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


async def test_a_backup_becomes_a_database(world: World, maths: Classroom, shelf: Path) -> None:
    """
    What was saved is in the restored file, which can be written to; nothing else lies about.
    """
    made = backup(world, shelf / "a.db")
    restored = restore(shelf / "a.db", shelf / "b.db")
    store = SqliteStore(shelf / "b.db")
    there = Classroom(store, world.lindenhof, "maths")

    assert await there.everything() == await maths.everything()
    assert (await there.save(("ben", MONDAY, ABSENT))).version == 2
    await store.close()
    assert names(shelf) - {"b.db-wal", "b.db-shm"} == {"a.db", "b.db"}
    assert made.head == restored.head
    assert made.size == (shelf / "a.db").stat().st_size
    assert made.checked.entries == 1


def test_writes_do_not_make_a_backup_begin_again(
    world: World, maths: Classroom, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    However often others write while it copies, each page is copied once, as it was at the start.
    """
    monkeypatch.setattr(copies, "_PAGES", 1)
    db = open_writer(world.path)
    steps: list[int] = []

    def write(what: str, done: int, total: int) -> None:
        if what == "copying":
            steps.append(total - done)
            assert len(steps) < 1000
            db.execute("UPDATE districts SET name = name || '+' WHERE id = 1")

    backup(world, shelf / "a.db", progress=write)
    db.close()
    copied = apsw.Connection(str(shelf / "a.db"))

    assert steps == list(range(len(steps) - 1, -1, -1))
    assert len(steps) > 20
    assert copied.execute("SELECT name FROM districts WHERE id = 1").fetchall() == [
        ("Lindenhof",)
    ]
    copied.close()


def test_a_backup_is_one_file_that_is_only_ours(
    world: World, maths: Classroom, shelf: Path
) -> None:
    """
    A backup can be read where nothing can be written, and by nobody else.
    """
    backup(world, shelf / "a.db")
    (shelf / "a.db").chmod(0o400)
    db = apsw.Connection(f"file:{shelf / 'a.db'}?immutable=1", flags=apsw.SQLITE_OPEN_URI | 1)

    assert db.pragma("journal_mode") == "delete"
    assert len(db.execute("SELECT * FROM record").fetchall()) == 1
    db.close()
    backup(world, shelf / "b.db")
    assert (shelf / "b.db").stat().st_mode & 0o777 == 0o600


def test_what_is_there_stays(world: World, maths: Classroom, shelf: Path) -> None:
    """
    A file of that name is not overwritten, unless that is asked for.
    """
    target = shelf / "a.db"
    target.write_text("Dear diary")
    with pytest.raises(Unavailable, match=r"a\.db is there already"):
        backup(world, target)
    untouched = target.read_text()
    backup(world, target, replace=True)

    assert untouched == "Dear diary"
    assert len(record_of(target, maths.key)) == 1


def test_who_comes_first_stays(world: World, maths: Classroom, shelf: Path) -> None:
    """
    A file that appears under the name while the copy is made is not overwritten either.
    """
    target = shelf / "a.db"

    def appear(*_: object) -> None:
        target.write_text("Dear diary")

    with pytest.raises(Unavailable, match=r"a\.db is there already"):
        backup(world, target, progress=appear)

    assert target.read_text() == "Dear diary"
    assert list(shelf.iterdir()) == [target]


def test_the_database_is_no_place_for_its_backup(world: World) -> None:
    """
    A database is not replaced by its own backup, by whatever path it is named.
    """
    before = world.path.read_bytes()
    (world.path.parent / "link.db").symlink_to(world.path)
    for name in (world.path, world.path.parent / "link.db"):
        with pytest.raises(Unavailable, match="the database itself"):
            backup(world, name, replace=True)

    assert world.path.read_bytes() == before


def test_a_broken_off_backup_leaves_nothing(
    world: World, maths: Classroom, shelf: Path
) -> None:
    """
    Broken off while it copies or while it checks, there is no file at all.
    """
    for doing in ("copying", "the record"):

        def stop(what: str, *_: object, doing: str = doing) -> None:
            assert list(shelf.glob(".a.db.*.part")) != []
            if what == doing:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            backup(world, shelf / "a.db", progress=stop)
        assert list(shelf.iterdir()) == []


def test_leftovers_of_the_killed_are_cleared_away(
    world: World, maths: Classroom, shelf: Path
) -> None:
    """
    What a killed run left is removed by the next; what is being written by another is not.
    """
    (shelf / ".a.db.killed.part").write_text("half")
    (shelf / ".a.db.killed.part-journal").write_text("half")
    with copies.appearing(shelf / "b.db") as first:
        first.write_text("first")
        with copies.appearing(shelf / "b.db", replace=True) as second:
            assert first.exists()
            second.write_text("second")
        with pytest.raises(Unavailable), copies.appearing(shelf / "b.db"):
            pass
        (shelf / "b.db").unlink()
    backup(world, shelf / "a.db")

    assert sorted(file.name for file in shelf.iterdir()) == ["a.db", "b.db"]
    assert (shelf / "b.db").read_text() == "first"


def test_a_damaged_record_is_not_backed_up_as_good(
    world: World, maths: Classroom, shelf: Path
) -> None:
    """
    When the copy is not right it gets no name, and what is wrong is said.
    """
    db = open_writer(world.path)
    db.execute("DROP TRIGGER record_is_not_rewritten")
    db.execute("UPDATE record SET at = ''")
    db.close()
    with pytest.raises(Unavailable, match=f"section {maths.id}, entry 1: its hash"):
        backup(world, shelf / "a.db")

    assert list(shelf.iterdir()) == []


@pytest.mark.parametrize("cut", [0.3, 0.7, 0.95])
def test_a_damaged_backup_is_not_restored(
    world: World, maths: Classroom, shelf: Path, cut: float
) -> None:
    """
    A backup that was cut off or overwritten becomes no database.
    """
    backup(world, shelf / "a.db")
    whole = (shelf / "a.db").read_bytes()
    keep = int(len(whole) * cut)
    for damaged in (whole[:keep], whole[:keep] + b"\xff" * (len(whole) - keep)):
        (shelf / "bad.db").write_bytes(damaged)
        with pytest.raises(Unavailable):
            restore(shelf / "bad.db", shelf / "new.db")

    assert {file.name for file in shelf.iterdir()} == {"a.db", "bad.db"}


@pytest.mark.parametrize("left", ["new.db", "new.db-wal", "new.db-shm", "new.db-journal"])
def test_nothing_is_restored_over_a_database(
    world: World, maths: Classroom, shelf: Path, left: str
) -> None:
    """
    Neither a database nor what is left of one is overwritten: the refusal names the file.
    """
    backup(world, shelf / "a.db")
    (shelf / left).write_text("mine")
    with pytest.raises(Unavailable, match=f"{left} is there already"):
        restore(shelf / "a.db", shelf / "new.db")

    assert (shelf / left).read_text() == "mine"


def test_a_missing_backup_is_named(shelf: Path) -> None:
    """
    A backup that is not there is said not to be, and none is made.
    """
    with pytest.raises(Unavailable, match=r"no backup .*a\.db"):
        restore(shelf / "a.db", shelf / "b.db")
    assert list(shelf.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(
    world: World, maths: Classroom, shelf: Path
) -> None:
    """
    A backup into a folder that is missing is refused with its name.
    """
    with pytest.raises(Unavailable, match="nowhere: No such file"):
        backup(world, shelf / "nowhere" / "a.db")


def test_an_older_file_is_backed_up_and_restored_as_new(tmp_path: Path) -> None:
    """
    A file of an earlier schema is backed up as it is, and restored at this version's schema.
    """
    path = tmp_path / "old.db"
    db = open_writer(path, create=True)
    first, *_ = migrations.known()
    db.execute(first.script)
    db.pragma("user_version", 1)
    db.close()
    world = World(File(path), None, None)  # type: ignore[arg-type]
    backup(world, tmp_path / "a.db")
    restore(tmp_path / "a.db", tmp_path / "b.db")
    levels = []
    for name in ("a.db", "b.db"):
        db = apsw.Connection(str(tmp_path / name))
        levels.append(migrations.level(db))
        db.close()

    assert levels == [1, migrations.known()[-1].number]
