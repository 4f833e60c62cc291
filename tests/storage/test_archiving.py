"""What was archived comes back as it was: same rows, same ids, same hashes, or nothing at all."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import apsw
import pyarrow.parquet as pq
import pytest

import books
from conftest import Clock, World
from contract.classroom import ABSENT, EXCUSED, LATE
from rollbook import archiving
from rollbook.config import Config
from rollbook.domain.archives import Archive
from rollbook.domain.errors import BadRequest, Unavailable
from rollbook.domain.retention import Counts
from rollbook.domain.store import Store
from rollbook.exchange import parquet
from rollbook.storage.retention import Pruned
from storage.looking_after import tamper
from storage.office import CUT, LATER_OLD, NEW, OLD, Office

T = TypeVar("T")

NOBODY = "nobody"


class Shelf:
    """The archives of an office."""

    def __init__(self, office: Office, folder: Path) -> None:
        self.office, self.folder = office, folder
        book = office.book
        address = book.url if isinstance(book, books.Database) else str(office.world.path)
        self.config = Config(database=address)

    def create(self, before: str = CUT, name: str = "old") -> Path:
        place, district = self.folder / name, self.office.world.lindenhof.district
        self.made = books.aside(
            lambda: archiving.create(
                self.config, district, before, place, by=NOBODY, progress=lambda *_: None
            )
        )
        return place

    def check(self, place: Path) -> Archive:
        return archiving.check(place, lambda *_: None)

    def detach(self, place: Path) -> Pruned:
        return self._done(archiving.detach, place)

    def restore(self, place: Path) -> Counts:
        return self._done(archiving.restore, place)

    def _done(self, what: Callable[..., T], place: Path) -> T:
        return books.aside(
            lambda: what(self.config, place, by=NOBODY, progress=lambda *_: None)
        )

    def content(self) -> dict[str, books.Rows]:
        return self.office.book.content()

    def content_without_statements(self) -> dict[str, books.Rows]:
        """Leave out what prunings and restorations say of themselves."""
        content, on_file = self.content(), isinstance(self.office.book, books.File)
        entry = (1, 2, 3) if on_file else (0, 1, 2)  # district, section, number
        event = (1, 2, 3) if on_file else (0, 2, 3)
        said = {
            tuple(row[place] for place in entry)
            for row in content["record"]
            if any(str(cell).startswith(("pruning ", "restoring ")) for cell in row)
        }
        for table, places in (("record", entry), ("events", event)):
            content[table] = sorted(
                row for row in content[table] if tuple(row[n] for n in places) not in said
            )
        for table in ("prunings", "anchors", "restorations"):
            del content[table]
        return {table: sorted(rows, key=str) for table, rows in content.items()}


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


@pytest.fixture
def shelf(office: Office, tmp_path: Path) -> Shelf:
    return Shelf(office, tmp_path)


only_on_a_file = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_what_was_archived_comes_back(shelf: Shelf) -> None:
    """
    Every table is as it was, but for what is said of the removal and the return; nothing is wrong.
    """
    office = shelf.office
    before = shelf.content_without_statements()
    heads = [office.head(day) for day in ("2025-05-05", "2025-06-30", CUT)]
    place = shelf.create()
    removed = shelf.detach(place)
    assert office.days(office.maths) == office.days(office.music) == {NEW, "2025-09-02"}
    assert office.found() == []
    restored = shelf.restore(place)

    assert office.found() == []
    assert restored == removed.pruning.removed == shelf.made.holds
    assert shelf.content_without_statements() == before
    assert office.numbers(office.maths) == [1, 2, 3, 4, 5, 6]
    assert [office.head(day) for day in ("2025-05-05", "2025-06-30", CUT)] == heads


async def test_saves_go_on_meanwhile(shelf: Shelf) -> None:
    """
    What is saved while the old year is away stays, and the record is right after it came back.
    """
    office = shelf.office
    place = shelf.create()
    shelf.detach(place)
    await office.maths.save(("anna", NEW, EXCUSED), ("ben", "2025-05-07", LATE))
    shelf.restore(place)
    await office.maths.save(("anna", OLD, EXCUSED))

    assert office.found() == []
    assert office.days(office.maths) == {OLD, LATER_OLD, "2025-05-07", NEW, "2025-09-02"}
    assert await office.maths.version() == 8


async def test_a_section_that_was_saved_since_stays(shelf: Shelf) -> None:
    """
    What is not in the archive as it is now is not removed, and is told.
    """
    office = shelf.office
    place = shelf.create()
    office.at("2025-06-30")
    office.book.sql(f"UPDATE marks SET comment = 'other' WHERE date = '{OLD}'")
    pruned = shelf.detach(place)

    assert (pruned.kept, pruned.pruning.removed) == (2, Counts())
    assert OLD in office.days(office.maths)


async def test_what_stayed_is_left_alone(shelf: Shelf) -> None:
    """
    An archive brings back what was removed of it, whatever else it holds.
    """
    office = shelf.office
    place = shelf.create()
    await office.maths.save(("anna", OLD, EXCUSED))
    detached = shelf.detach(place)
    before = office.numbers(office.maths)
    restored = shelf.restore(place)

    assert detached.kept == 1
    assert restored == detached.pruning.removed
    assert office.numbers(office.maths) == before
    assert OLD in office.days(office.music)
    assert office.found() == []


async def test_what_would_be_there_twice_is_refused(shelf: Shelf) -> None:
    """
    A mark that was saved again since, in one section, keeps everything from coming back.
    """
    office = shelf.office
    place = shelf.create()
    shelf.detach(place)
    await office.music.save(("anna in music", OLD, LATE))
    before = shelf.content()
    with pytest.raises(BadRequest, match=f"Section {office.music.id} has something again"):
        shelf.restore(place)

    assert shelf.content() == before


def test_it_comes_back_once(shelf: Shelf) -> None:
    """
    What is there is not brought back: before the removal, and a second time.
    """
    place = shelf.create()
    with pytest.raises(BadRequest, match="Nothing of the archive was removed"):
        shelf.restore(place)
    shelf.detach(place)
    shelf.restore(place)
    with pytest.raises(BadRequest, match="came back already"):
        shelf.restore(place)


def test_what_went_last_comes_back_first(shelf: Shelf) -> None:
    """
    Of two years the later one comes back first; after each step the record is right.
    """
    office, before = shelf.office, shelf.content_without_statements()
    first = shelf.create(CUT, "first")
    shelf.detach(first)
    office.at("2027-11-25")
    second = shelf.create("2026-07-01", "second")
    shelf.detach(second)
    assert office.days(office.maths) == set()
    with pytest.raises(BadRequest, match="What was removed last comes back first"):
        shelf.restore(first)
    for place in (second, first):
        shelf.restore(place)
        assert office.found() == []

    assert shelf.content_without_statements() == before


def test_it_can_go_again(shelf: Shelf) -> None:
    """
    What came back can be archived and removed again, by the same archive too, and come back.
    """
    place = shelf.create()
    for _ in range(2):
        shelf.detach(place)
        assert shelf.office.numbers(shelf.office.maths)[0] == 3
        shelf.restore(place)

    assert shelf.create(name="again").exists()
    assert shelf.check(shelf.folder / "again").holds == shelf.made.holds
    assert shelf.office.found() == []


def test_what_a_pruning_took_comes_back_too(shelf: Shelf) -> None:
    """
    An archive brings back what `prune` of the same day removed after it was made.
    """
    place = shelf.create()
    shelf.office.prune()
    shelf.restore(place)

    assert shelf.office.found() == []
    assert OLD in shelf.office.days(shelf.office.maths)


def test_what_is_on_hold_is_left_out(shelf: Shelf) -> None:
    """
    A section on hold is in no archive; one that is held since stays in the database.
    """
    office = shelf.office
    office.hold(section_id=office.maths.id)
    place = shelf.create()
    office.hold(section_id=office.music.id)

    assert shelf.made.holds.sections == 1
    assert shelf.detach(place).pruning.removed == Counts()
    assert OLD in office.days(office.maths) & office.days(office.music)


# ---------------------------------------------------------------- the files


@only_on_a_file
def test_others_can_read_it(shelf: Shelf) -> None:
    """
    The files are of use by themselves: days are days, ids lead from a mark to the roster's own.
    """
    place = shelf.create()
    marks = pq.read_table(place / "marks.parquet")
    places = pq.read_table(place / "enrollments.parquet")
    anna = marks.to_pylist()[0]

    assert str(marks.schema.field("date").type) == "date32[day]"
    assert anna["date"].isoformat() == OLD
    assert {row["status"] for row in marks.to_pylist()} == {1, ABSENT, LATE}
    assert anna["enrollment_id"] in places.column("enrollment_id").to_pylist()
    assert len(places.column("user_sourced_id").unique()) > 2
    assert shelf.office.world.lindenhof.district.name == shelf.made.district


@only_on_a_file
def test_nobody_is_named(shelf: Shelf) -> None:
    """
    No name of a person is in an archive: ids and the roster's own.
    """
    place = shelf.create()
    texts = [str(pq.read_table(file).to_pylist()) for file in place.glob("*.parquet")]

    for name in ("Anna", "Ben", "Bob"):
        assert not any(name in text for text in texts)


@only_on_a_file
@pytest.mark.parametrize("table", ["marks", "rolls", "record", "enrollments", "sections"])
def test_a_byte_that_changed_is_found(shelf: Shelf, table: str) -> None:
    """
    A damaged file is neither trusted to remove anything by nor brought back.
    """
    place = shelf.create()
    damage(place / f"{table}.parquet")
    before = shelf.content()

    for use in (shelf.check, shelf.detach, shelf.restore):
        with pytest.raises(BadRequest, match=f"{table}.parquet is not the file"):
            use(place)
    assert shelf.content() == before


def damage(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("table", ["marks", "rolls", "record"])
def test_who_rewrites_the_files_is_found(shelf: Shelf, table: str) -> None:
    """
    A row less, with its page made to fit, does not follow from its section's digest: in the last
    section too, when all others are back already.
    """
    place = shelf.create()
    shelf.detach(place)
    before = shelf.content()
    file = place / f"{table}.parquet"
    rows = pq.read_table(file)
    pq.write_table(rows.slice(0, len(rows) - 1), file)
    page = json.loads((place / parquet.PAGE).read_text())
    page["files"][file.name]["sha256"] = parquet._sha256(file)
    (place / parquet.PAGE).write_text(json.dumps(page))

    with pytest.raises(BadRequest, match=f"Section {shelf.office.music.id} .* is not what was"):
        shelf.restore(place)
    assert shelf.content() == before


@only_on_a_file
def test_an_archive_is_whole_or_not_there(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    When reading back finds something wrong, there is no folder; nor is one written over.
    """
    (shelf.folder / "there").mkdir()
    with pytest.raises(BadRequest, match="already"):
        shelf.create(name="there")
    close = parquet.ArchiveWriter.close

    def and_damage(writer: parquet.ArchiveWriter) -> Any:
        found = close(writer)
        damage(writer._folder / "marks.parquet")
        return found

    monkeypatch.setattr(parquet.ArchiveWriter, "close", and_damage)
    before = set(shelf.folder.iterdir())
    with pytest.raises(BadRequest, match="is not the file"):
        shelf.create()
    assert set(shelf.folder.iterdir()) == before


@only_on_a_file
def test_nothing_old_is_no_archive(shelf: Shelf) -> None:
    """
    A day before which nothing lies makes no folder.
    """
    with pytest.raises(BadRequest, match="nothing to archive"):
        shelf.create("2020-01-01")
    assert not (shelf.folder / "old").exists()


@only_on_a_file
@pytest.mark.parametrize(
    ("page", "said"),
    [
        (None, "There is no archive"),
        ("{}", "is not of an archive"),
        ('{"rollbook archive": 2', "is not of an archive"),
    ],
)
def test_what_is_no_archive_is_told(shelf: Shelf, page: str | None, said: str) -> None:
    """
    A folder without the page of an archive, or with another's, is refused.
    """
    if page is not None:
        (shelf.folder / parquet.PAGE).write_text(page)
    with pytest.raises(BadRequest, match=said):
        shelf.check(shelf.folder)


@only_on_a_file
def test_an_archive_of_a_later_form_is_refused(shelf: Shelf) -> None:
    """
    What a later version wrote otherwise is not guessed at.
    """
    place = shelf.create()
    page = (place / parquet.PAGE).read_text()
    (place / parquet.PAGE).write_text(page.replace('archive": 1', 'archive": 2'))

    with pytest.raises(BadRequest, match="form 2; this version reads 1"):
        shelf.check(place)


@only_on_a_file
def test_another_districts_archive_is_refused(shelf: Shelf) -> None:
    """
    An archive whose district is not here is not brought in.
    """
    place = shelf.create()
    page = (place / parquet.PAGE).read_text()
    (place / parquet.PAGE).write_text(page.replace('district_id": 1', 'district_id": 9'))

    for use in (shelf.detach, shelf.restore):
        with pytest.raises(BadRequest, match="which is not in this database"):
            use(place)


@only_on_a_file
def test_without_pyarrow_it_says_what_to_install(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The extra is named, and nothing is left behind.
    """
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    before = set(shelf.folder.iterdir())
    with pytest.raises(Unavailable, match=r"pip install 'rollbook\[archive\]'"):
        shelf.create()
    assert set(shelf.folder.iterdir()) == before


# ---------------------------------------------------------------- whoever holds the file


def test_a_forged_restoration_is_found(shelf: Shelf) -> None:
    """
    Who hides a pruning behind a restoration that did not happen is found.
    """
    place = shelf.create()
    shelf.detach(place)
    key = shelf.office.maths.key
    shelf.office.book.sql("INSERT INTO restorations VALUES (?, ?, 1, '', '')", *key)

    assert any(
        "the entries from here to 2 are missing" in each for each in shelf.office.found()
    )
    assert any("whose anchor is missing" in each for each in shelf.office.found())


@only_on_a_file
def test_an_anchor_of_what_came_back_lets_nothing_go(shelf: Shelf) -> None:
    """
    After the return no entry can be removed on the strength of the former pruning.
    """
    office = shelf.office
    place = shelf.create()
    shelf.detach(place)
    shelf.restore(place)

    with pytest.raises(apsw.ConstraintError, match="only removed by pruning"):
        office.book.sql("DELETE FROM record WHERE number = 1")
    for statement in ("DELETE FROM restorations", "UPDATE restorations SET restored_by = ''"):
        with pytest.raises(apsw.ConstraintError, match="a restoration is"):
            office.book.sql(statement)


def test_an_interrupted_pruning_comes_first(shelf: Shelf) -> None:
    """
    While it is not clear what a pruning took, nothing comes back.
    """
    place = shelf.create()
    shelf.detach(place)
    shelf.office.book.sql("UPDATE prunings SET ended_at = NULL")

    with pytest.raises(BadRequest, match="A pruning was interrupted"):
        shelf.restore(place)


@only_on_a_file
def test_an_entry_without_its_event_is_not_archived(shelf: Shelf) -> None:
    """
    What could not come back as it was does not go into an archive.
    """
    tamper(shelf.office.book, "UPDATE events SET id = id + 1000 WHERE number = 1")

    with pytest.raises(BadRequest, match="has no event with the same id"):
        shelf.create()


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_only_the_owner_takes_out_and_brings_back(shelf: Shelf) -> None:
    """
    The application's login may write an archive; neither does it remove what is in it nor restore.
    """
    book = shelf.office.book
    assert isinstance(book, books.Database)
    clerk = f"clerk_of_{book.name}"
    book.sql(f"CREATE ROLE {clerk} LOGIN")
    book.sql(f"GRANT rollbook_app TO {clerk}")
    owner = shelf.config
    theirs = Config(database=book.url.replace("postgres@", f"{clerk}@"))

    shelf.config = theirs
    place = shelf.create()
    with pytest.raises(Unavailable, match="database's owner"):
        shelf.detach(place)
    shelf.config = owner
    shelf.detach(place)
    before = shelf.content()
    shelf.config = theirs
    with pytest.raises(Unavailable, match="database's owner"):
        shelf.restore(place)
    assert shelf.content() == before
