"""Catalogue A5: the power goes, and the end of the log is cut, empty, or wrong."""

import bisect
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import msgspec
import pytest

from faults import figures
from faults.broken.sitecustomize import _two_transactions_for_one
from faults.check import Findings, check
from faults.elsewhere import ledger_elsewhere
from faults.ground import Ground
from faults.storm import DAYS, Roll
from rollbook.domain.attendance import Entry
from rollbook.domain.record import Author, Channel
from rollbook.domain.store import SaveMarks
from rollbook.storage.sqlite.sections import Section
from rollbook.storage.sqlite.writer import Writer

SAVES, MARKS = 60, 5
HEADER, FRAME = 32, 24 + 4096  # bytes of the log


class Book(msgspec.Struct):
    """A file and its log as they were when the power went, and what had been saved by where."""

    database: bytes
    log: bytes
    rolls: list[Roll]
    ends: list[int]  # bytes that the log had after each save


@pytest.fixture
def book(ground: Ground) -> Book:
    """Save 60 rolls of five marks, all of them in the log."""
    return write_book(ground)


def write_book(ground: Ground) -> Book:
    section, students = ground.students["w0"]
    log = Path(f"{ground.database}-wal")
    writer = Writer(ground.database)
    writer.make_sure()
    writer.db.wal_autocheckpoint(0)
    districts: Any = writer.db.execute("SELECT id FROM districts").fetchone()
    author = Author(user_id=1, on_behalf_of=None, channel=Channel.API, request_id="r")
    rng = random.Random(5)
    rolls, ends = [], []
    for number in range(SAVES):
        marks = {(DAYS[0], who): rng.randint(1, 4) for who in rng.sample(students, MARKS)}
        name = f"w0-{number:06}"
        entries = [Entry(who, day, status, name) for (day, who), status in marks.items()]
        writer.one(
            SaveMarks(
                district_id=districts[0], section_id=section, entries=entries, author=author
            )
        )
        rolls.append(Roll(name, section, marks))
        ends.append(_end_of(log.read_bytes()))
    book = Book(ground.database.read_bytes(), log.read_bytes(), rolls, ends)
    writer.close()
    return book


def _end_of(log: bytes) -> int:
    return HEADER + (len(log) - HEADER) // FRAME * FRAME


def cut(log: bytes, at: int) -> bytes:
    """What came after was never written."""
    return log[:at]


def emptied(log: bytes, at: int) -> bytes:
    """What came after has its length and nothing in it."""
    return log[:at] + bytes(len(log) - at)


def flipped(log: bytes, at: int) -> bytes:
    """One bit is wrong."""
    return log[:at] + bytes([log[at] ^ 1 << at % 8]) + log[at + 1 :]


def whole_in(book: Book, spoilt: bytes) -> int:
    """Return how many saves are whole in a spoilt log: all before the first wrong byte's frame."""
    positions = range(min(len(book.log), len(spoilt)))
    wrong = bisect.bisect(positions, 0, key=lambda at: book.log[: at + 1] != spoilt[: at + 1])
    if wrong < HEADER:
        return 0
    good = HEADER + (wrong - HEADER) // FRAME * FRAME
    return sum(end <= good for end in book.ends)


def recover(book: Book, spoilt: bytes, folder: Path) -> tuple[Findings, int]:
    """Open the file with a spoilt log; return what is wrong with it and how many saves it has."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    database = folder / "rollbook.db"
    database.write_bytes(book.database)
    Path(f"{database}-wal").write_bytes(spoilt)
    whole = whole_in(book, spoilt)
    with ledger_elsewhere() as ledger:
        ledger.rolls["w0"] = [
            msgspec.structs.replace(roll, acknowledged=number < whole)
            for number, roll in enumerate(book.rolls)
        ]
        findings = check(database, ledger)
    db = apsw.Connection(str(database))
    saves = len(db.execute("SELECT 1 FROM record").fetchall())
    db.close()
    return findings, saves - whole


@pytest.mark.parametrize("spoil", [cut, emptied, flipped])
def test_a_power_cut_leaves_whole_saves(
    book: Book, tmp_path: Path, spoil: Callable[[bytes, int], bytes]
) -> None:
    """
    Wherever the log ends, or goes wrong, the file has exactly the saves before that.
    """
    times = figures.long_or_short(1000, 60)
    rng = random.Random(times)
    wrong, more = [], 0
    for at in [0, 31, HEADER, *(rng.randrange(len(book.log)) for _ in range(times))]:
        findings, difference = recover(book, spoil(book.log, at), tmp_path / "after")
        wrong += findings.all
        more += abs(difference)
    figures.note(
        "A5",
        f"log {spoil.__name__}",
        cuts=times + 3,
        seed=times,
        wrong=len(wrong),
        miscount=more,
    )

    assert wrong == []
    assert more == 0


def test_the_cut_sees_marks_saved_without_their_record(
    ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The guard off: with two transactions for one, some cuts leave half a save.
    """
    monkeypatch.setattr(Section, "_write_record", Section._write_record)
    _two_transactions_for_one(Path())
    book = write_book(ground)
    rng = random.Random(5)
    cuts = [cut(book.log, rng.randrange(len(book.log))) for _ in range(60)]
    half = sum(len(recover(book, each, tmp_path / "after")[0].half) for each in cuts)

    assert half > 0
