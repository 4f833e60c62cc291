"""The book of nonces: good once, whatever dies, whatever the clock does, and never too big."""

import os
import resource
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from auth import claimer
from rollbook.auth import nonces
from rollbook.auth.nonces import WINDOW, NonceBook
from rollbook.domain.errors import Unavailable

NOW = 1_795_000_000
CLAIMER = Path(__file__).with_name("claimer.py")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "nonces"


Opener = Callable[..., NonceBook]


@pytest.fixture
def opened(folder: Path) -> Iterator[Opener]:
    """Opens the book, closing the one that this test had open before."""
    books: list[NonceBook] = []

    def opened(*, now: float = NOW, map_bytes: int = 1 << 24) -> NonceBook:
        for book in books:
            book.close()
        books[:] = [NonceBook(folder, now=now, map_bytes=map_bytes)]
        return books[0]

    yield opened
    for book in books:
        book.close()


@pytest.fixture
def reboot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Gives the machine another boot id."""

    def reboot(identifier: str) -> None:
        (tmp_path / "boot_id").write_text(f"{identifier}\n")
        monkeypatch.setattr(nonces, "_BOOT_ID", tmp_path / "boot_id")

    return reboot


def claim(book: NonceBook, nonce: str, *, at: int = NOW, now: float = NOW) -> bool:
    return claimer.claim(book, at, "key", "", nonce, now=now)


def fill(book: NonceBook) -> tuple[int, str]:
    """Claim until it is refused; return how many nonces were taken, and the refusal."""
    for taken in range(100_000):
        try:
            claim(book, str(taken))
        except Unavailable as refusal:
            return taken, str(refusal)
    raise AssertionError("it holds 100,000 nonces, and more")


def size(book: NonceBook) -> int:
    return int(book._env.stat()["entries"])


# ---------------------------------------------------------------- good once


def test_a_nonce_is_good_once(opened: Opener) -> None:
    """
    The second use of a nonce is refused, and so is every later one.
    """
    book = opened()

    assert [claim(book, "n") for _ in range(4)] == [True, False, False, False]


def test_what_differs_in_any_part_is_another_nonce(opened: Opener) -> None:
    """
    Key, token, timestamp and nonce count together: clients' short nonces may coincide.
    """
    book = opened()
    uses = [
        (NOW, "key", "", "n"),
        (NOW, "other", "", "n"),
        (NOW, "key", "token", "n"),
        (NOW, "key", "", "m"),
        (NOW + 1, "key", "", "n"),
        (NOW, "keyn", "", ""),  # the same letters, cut elsewhere
    ]

    assert all(claimer.claim(book, *use, now=NOW) for use in uses)
    assert not any(claimer.claim(book, *use, now=NOW) for use in uses)


def test_timestamps_need_not_rise(opened: Opener) -> None:
    """
    Parallel clients' requests overtake each other: order does not matter.
    """
    book = opened()

    assert claim(book, "later", at=NOW + 10)
    assert claim(book, "earlier", at=NOW - 10)


def test_a_restart_forgets_nothing(opened: Opener) -> None:
    """
    What was used before the book was closed is used after it is opened again.
    """
    claim(opened(), "n", at=NOW + 5)
    book = opened(now=NOW + 1)

    assert not claim(book, "n", at=NOW + 5)
    assert claim(book, "m", at=NOW - 5), "a restart refuses nothing else"


# ---------------------------------------------------------------- several processes


class Worker:
    """Another process with the same book open."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(CLAIMER), str(folder), str(NOW)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            text=True,
        )
        assert self.answer() == "ready"

    def tell(self, order: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()

    def answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def claims(self, nonce: str) -> bool:
        self.tell(f"claim {NOW} {nonce} 1")
        return self.answer() == "1"

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=60)


@pytest.fixture
def hire(folder: Path) -> Iterator[Callable[[], Worker]]:
    """Starts worker processes."""
    workers: list[Worker] = []

    def hire() -> Worker:
        workers.append(Worker(folder))
        return workers[-1]

    yield hire
    for worker in workers:
        worker.kill()


def test_what_one_worker_took_no_other_takes(
    opened: Opener, hire: Callable[[], Worker]
) -> None:
    """
    All processes share one book.
    """
    book, worker = opened(), hire()

    assert worker.claims("theirs")
    assert not claim(book, "theirs")
    assert claim(book, "ours")
    assert not worker.claims("ours")


def test_a_hundred_at_once_make_one(hire: Callable[[], Worker]) -> None:
    """
    Of 100 uses of a nonce at once, over 4 processes, exactly one is the first: each time.
    """
    workers = [hire() for _ in range(4)]
    for nonce in range(25):
        for worker in workers:
            worker.tell(f"claim {NOW} n{nonce} 25")

    for _ in range(25):
        assert sum(int(worker.answer()) for worker in workers) == 1


def test_a_killed_worker_takes_nothing_back(opened: Opener, hire: Callable[[], Worker]) -> None:
    """
    A nonce stays used when the process that used it, the only one, is killed with signal 9.
    """
    worker = hire()
    assert worker.claims("n")
    worker.kill()

    assert not claim(opened(), "n")
    assert not hire().claims("n")


def test_a_worker_killed_in_the_middle_of_a_claim_blocks_nobody(
    opened: Opener, hire: Callable[[], Worker]
) -> None:
    """
    The write lock of a killed process is free again.
    """
    book, worker = opened(), hire()
    claim(book, "before")
    worker.tell("hold")
    assert worker.answer() == "held"
    worker.kill()

    assert claim(book, "after")
    assert not claim(book, "before")


# ---------------------------------------------------------------- bounded


def test_the_book_holds_the_window_and_little_more(opened: Opener) -> None:
    """
    After an hour of ten requests a second it holds some minutes of them, not the hour.
    """
    book = opened()
    for second in range(3600):
        for number in range(10):
            claim(book, str(number), at=NOW + second, now=NOW + second)

    assert size(book) < 10 * WINDOW + 2 * nonces._SWEEP_EVERY


def test_a_sweep_takes_nothing_that_could_be_sent_again(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    As long as a timestamp is within the window, a sweep neither forgets nor refuses a nonce.
    """
    monkeypatch.setattr(nonces, "_SWEEP_EVERY", 1)
    book = opened()
    claim(book, "n")
    for now in range(NOW, NOW + WINDOW + 1):
        assert claim(book, "late", at=now - WINDOW, now=now)
        assert not claim(book, "n", now=now)


def test_one_sweep_is_short(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    However much is too old, one claim removes only so much of it.
    """
    monkeypatch.setattr(nonces, "_SWEEP_MOST", 10)
    book = opened()
    for number in range(nonces._SWEEP_EVERY):
        claim(book, str(number))
    before = size(book)
    claim(book, "n", at=NOW + 2 * WINDOW, now=NOW + 2 * WINDOW)

    assert size(book) == before - 10 + 1


def test_a_full_book_refuses_and_recovers(opened: Opener) -> None:
    """
    When more is used than the book can hold, claims are refused until the oldest are too old.
    """
    book = opened(map_bytes=1 << 18)
    _, refusal = fill(book)
    with pytest.raises(Unavailable):
        claim(book, "one more")

    assert refusal.startswith("The book of nonces is full")
    assert claim(book, "later", at=NOW + 2 * WINDOW, now=NOW + 2 * WINDOW)
    assert not claim(book, "later", at=NOW + 2 * WINDOW, now=NOW + 2 * WINDOW)


@pytest.fixture
def limit_files() -> Iterator[Callable[[int], None]]:
    """Lets no file of this process grow beyond a size, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit_files(most: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))

    yield limit_files
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_refused_and_survived(
    opened: Opener, limit_files: Callable[[int], None]
) -> None:
    """
    When the file cannot grow, claims are refused, nothing dies, and it goes on with more room.
    """
    book = opened()
    limit_files(1 << 19)
    taken, refusal = fill(book)
    limit_files(1 << 24)

    assert taken > 1000
    assert refusal.startswith("The book of nonces cannot be written")
    assert not claim(book, str(taken - 1))
    assert claim(book, "n")


def test_a_book_has_room_before_it_needs_it(opened: Opener, folder: Path) -> None:
    """
    The first pages are on the disk from the start, so reads go on for a while when it is full.
    """
    opened(map_bytes=1 << 24)
    (file,) = folder.glob("*/data.mdb")

    assert file.stat().st_blocks * 512 >= (1 << 24) // nonces._RESERVED


# ---------------------------------------------------------------- power cuts


def test_the_first_book_refuses_no_past(opened: Opener, reboot: Callable[[str], None]) -> None:
    """
    Before the first start nothing can have been used: a client whose clock is slow is let in.
    """
    reboot("one")

    assert claim(opened(), "n", at=NOW - WINDOW)


def test_after_a_reboot_older_timestamps_are_refused(
    opened: Opener, reboot: Callable[[str], None]
) -> None:
    """
    A power cut may have taken nonces along, so whatever is dated before the new start is used.
    """
    reboot("one")
    claim(opened(), "n", at=NOW - 1)
    reboot("two")
    book = opened(now=NOW + 60)

    assert not claim(book, "n", at=NOW - 1)
    assert not claim(book, "unused", at=NOW + 60)
    assert claim(book, "unused", at=NOW + 61)


def test_a_restart_after_the_reboot_moves_nothing(
    opened: Opener, reboot: Callable[[str], None]
) -> None:
    """
    Only the first start of a boot draws the line: a second worker's start refuses no more.
    """
    reboot("one")
    opened()
    reboot("two")
    opened(now=NOW)
    book = opened(now=NOW + 60)

    assert claim(book, "n", at=NOW + 30)
    assert not claim(book, "n", at=NOW + 30)


def test_books_of_earlier_boots_are_thrown_away(
    opened: Opener, reboot: Callable[[str], None], folder: Path
) -> None:
    """
    Reboots leave one book, not one each.
    """
    for boot in ("one", "two", "three"):
        reboot(boot)
        opened()

    assert [book.name for book in folder.iterdir()] == ["three"]


def test_a_power_cut_that_ruined_the_book_does_not_stop_the_start(
    opened: Opener, reboot: Callable[[str], None], folder: Path
) -> None:
    """
    A file that was torn by the power cut is not opened again.
    """
    reboot("one")
    opened().close()
    (folder / "one" / "data.mdb").write_bytes(b"torn" * 4096)
    reboot("two")

    assert claim(opened(), "n", at=NOW + 1)


# ---------------------------------------------------------------- clocks


def test_a_clock_set_back_makes_no_nonce_good_again(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What was swept because it was too old stays refused when the clock says that it is not.
    """
    monkeypatch.setattr(nonces, "_SWEEP_EVERY", 1)
    book = opened()
    claim(book, "n")
    late = NOW + 2 * WINDOW
    claim(book, "a", at=late, now=late)
    claim(book, "b", at=late, now=late)

    assert size(book) == 4, "the first one was swept: the salt, the line and two are left"
    assert not claim(book, "n", now=NOW + 60)


def test_a_clock_set_far_back_says_so(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    When no timestamp can be right for both book and clock, the refusal names the clock.
    """
    monkeypatch.setattr(nonces, "_SWEEP_EVERY", 1)
    book = opened()
    late = NOW + 86_400
    claim(book, "a", at=late, now=late)
    claim(book, "b", at=late, now=late)

    with pytest.raises(Unavailable, match="clock was set back by more than 86100 seconds"):
        claim(book, "n")
    assert claim(book, "n", at=late, now=late)


# ---------------------------------------------------------------- the file


def test_the_book_is_its_owners(opened: Opener, folder: Path) -> None:
    """
    Nobody else can read which requests were made.
    """
    opened()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.glob("*/*")}

    assert modes == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.glob("*")} == {0o700}


@pytest.mark.parametrize("obstacle", ["a file in the way", "no book", "no boot id"])
def test_a_book_that_cannot_be_opened_stops_the_start(
    opened: Opener, folder: Path, obstacle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What is in the way is named: without its book the house lets nobody in.
    """
    if obstacle == "a file in the way":
        folder.touch()
    elif obstacle == "no book":
        opened().close()
        (file,) = folder.glob("*/data.mdb")
        shutil.copy(__file__, file)
    else:
        monkeypatch.setattr(nonces, "_BOOT_ID", folder / "nowhere")

    with pytest.raises(Unavailable, match="nonces cannot be opened"):
        opened()
