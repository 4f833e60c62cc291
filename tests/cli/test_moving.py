"""`rollbook move`: from a file to PostgreSQL, and back."""

import asyncio
import itertools
from pathlib import Path

import apsw
import pytest
from msgspec.structs import replace as change

import books
from cast import MONDAY, TUESDAY, let_in
from cli.terminal import Terminal
from clusters import Cluster
from conftest import Clock, World
from rollbook.domain.acts import ActQuery
from rollbook.domain.attendance import Entry
from rollbook.domain.people import Colour, StatusLook
from rollbook.domain.record import Author, Channel
from rollbook.domain.store import SaveMarks, Store
from rollbook.storage.moving import TABLES
from rollbook.storage.sqlite import SqliteStore
from rollbook.storage.sqlite.moving import FileEnd
from storage.looking_after import found, head

OPERATOR = Author(user_id=None, channel=Channel.CLI)
AT = "2026-11-25T08:00:00.000Z"
TARDY = StatusLook(status=3, name="Tardy", colour=Colour.ORANGE)
NAMES = itertools.count()
SOME_DAY_TO_COME = "2999-01-01"


async def mark(store: Store, world: World) -> None:
    """Save marks in both districts, of several days, with comments of any kind."""
    for cast, day in itertools.product((world.lindenhof, world.nordhafen), (MONDAY, TUESDAY)):
        for status, comment in ((2, "“ü” 😀"), (4, ""), (1, "back")):
            entries = [
                Entry(cast.enrollments[n], day, status, comment) for n in ("anna", "ben")
            ]
            command = SaveMarks(
                district_id=cast.district.id,
                section_id=cast.sections["maths"],
                entries=entries,
                author=Author(user_id=cast.users["bob"], channel=Channel.API, request_id="r"),
            )
            await store.save_marks(command)


@pytest.fixture
def filled(world: World) -> Path:
    """A file with two districts, their marks, people who come in, and a hold in it."""

    async def fill() -> None:
        store = SqliteStore(world.path)
        await mark(store, world)
        await let_in(store, world.lindenhof, "bob", subject="provider bob", disabled_at=AT)
        await store.change_district(
            change(world.lindenhof.district, lock_days=14, status_looks=(TARDY,)), by=OPERATOR
        )
        await store.note_use_of_key(1, world.lindenhof.keys["alice"], MONDAY)
        await store.close()

    asyncio.run(fill())
    db = apsw.Connection(str(world.path))
    db.execute(
        "INSERT INTO holds (district_id, reason, placed_at, placed_by) "
        "VALUES (1, 'a case', '2026-11-25T08:00:00.000Z', 'root')"
    )
    db.close()
    return world.path


@pytest.fixture
def empty(databases: books.ClusterOfDatabases) -> books.Database:
    """A database that was prepared, with nothing in it."""
    return databases.new()


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


def content(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table of a file."""
    return books.File(path).content()


def test_there_and_back_again(
    terminal: Terminal, filled: Path, empty: books.Database, tmp_path: Path
) -> None:
    """
    What comes back is what went, to the last row; both checks find it right, with its head.
    """
    there = terminal.run("move", "--from", filled, "--to", empty.url)
    kept = head(books.File(filled), SOME_DAY_TO_COME)
    moved = found(empty), head(empty, SOME_DAY_TO_COME)
    back = terminal.run("move", "--from", empty.url, "--to", tmp_path / "back.db")
    checked = Terminal(tmp_path, address=str(tmp_path / "back.db")).run("check")

    assert "24 marks" not in there
    assert "8 marks" in there
    assert "8 marks" in back
    assert content(tmp_path / "back.db") == content(filled)
    assert moved == ([], kept)
    assert checked


async def test_a_store_goes_on_where_the_other_one_was(
    filled: Path, empty: books.Database, world: World, terminal: Terminal
) -> None:
    """
    New people, keys and saves get ids of their own on the other side.
    """
    await asyncio.to_thread(terminal.run, "move", "--from", filled, "--to", empty.url)
    store = await empty.open(Clock())
    try:
        await mark(store, world)
        district = await store.create_district("A third", "UTC")
        version = await store.version(
            world.lindenhof.district.id, world.lindenhof.sections["maths"]
        )
        holder = await store.key_holder(world.lindenhof.keys["alice"])
        comes_in = await store.account("bob")
        means = await store.account_of_subject("provider bob")
        named = change(world.nordhafen.district, name="Nordhausen")
        await store.change_district(named, by=OPERATOR)
        ((before,), (since,)) = [await store.acts(number, ActQuery()) for number in (1, 2)]
    finally:
        await store.close()

    assert district.id == 3
    assert version == 12
    assert holder is not None
    assert holder.key.last_used_on == MONDAY
    assert before.id < since.id
    assert comes_in == means is not None


def test_a_target_with_something_in_it_is_refused(
    terminal: Terminal, filled: Path, empty: books.Database, tmp_path: Path
) -> None:
    """
    Nothing is ever written over: neither a database with a district, nor a file.
    """
    terminal.run("move", "--from", filled, "--to", empty.url)
    before = empty.content()

    assert "something in the target" in terminal.refused(
        "move", "--from", filled, "--to", empty.url
    )
    assert empty.content() == before
    assert "is there already" in terminal.refused("move", "--from", empty.url, "--to", filled)


def test_a_row_that_went_astray_undoes_the_move(
    terminal: Terminal,
    filled: Path,
    empty: books.Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    When the two ends do not have the same sums, the target is as it was, and can be used again.
    """
    terminal.run("move", "--from", filled, "--to", empty.url)
    take = FileEnd.take

    async def loses(self: FileEnd, table: object, rows: list[object]) -> None:
        await take(self, table, rows[1:] if table.name == "rolls" else rows)  # type: ignore[arg-type, attr-defined]

    monkeypatch.setattr(FileEnd, "take", loses)
    back = tmp_path / "back.db"
    refusal = terminal.refused("move", "--from", empty.url, "--to", back)
    left = back.exists()
    monkeypatch.undo()

    assert "rolls is not the same" in refusal
    assert not left
    assert "8 marks" in terminal.run("move", "--from", empty.url, "--to", back)


def test_a_login_that_sees_nothing_is_refused(
    terminal: Terminal, empty: books.Database, cluster: Cluster, tmp_path: Path
) -> None:
    """
    With row security in its way a move would find an empty database, and say so proudly.
    """
    login = f"clerk_{next(NAMES)}"
    cluster.psql(f"CREATE ROLE {login} LOGIN IN ROLE rollbook_app")
    address = cluster.url(empty.name, user=login)

    assert "owner" in terminal.refused("move", "--from", address, "--to", tmp_path / "x.db")


def test_two_of_one_kind_are_not_moved(terminal: Terminal, tmp_path: Path) -> None:
    """
    Copies within one kind have better tools.
    """
    here, there = tmp_path / "a.db", tmp_path / "b.db"

    assert "rollbook backup" in terminal.refused("move", "--from", here, "--to", there)


def test_every_table_is_moved(filled: Path, empty: books.Database) -> None:
    """
    A table or a column that is added to the schema is not forgotten here.
    """
    db = apsw.Connection(str(filled))
    ours = {
        name: {column for _, column, *_ in db.execute(f"PRAGMA table_info({name})")}
        for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        if not name.startswith("sqlite_")
    }
    db.close()
    theirs: dict[str, set[str]] = {}
    for name, column in empty.sql(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'public'"
    ):
        theirs.setdefault(name, set()).add(column)
    ours["record"].discard("id")
    made_here = ("key_homes", "login_homes", "subject_homes", "migrations")
    of_servers_that_run = ("nonces", "nonce_books", "limits")
    for name in (*made_here, *of_servers_that_run, "imports"):
        del theirs[name]
    theirs = {
        name: columns
        for name, columns in theirs.items()
        if not name.startswith(("staged_", "leaving_"))  # of an import that is under way
    }
    moved = {table.name: set(table.columns) for table in TABLES}

    assert ours == moved == theirs
