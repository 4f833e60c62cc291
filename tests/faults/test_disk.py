"""Catalogue A7, A8, A10, A12: the disk is full, failing, held by another, or read for long."""

import contextlib
import os
import resource
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from faults import figures
from faults.ground import Ground, prepare
from faults.server import Server
from faults.tracer import require_strace, traced
from faults.trouble import Weathered, weather
from storage.holding import EXCLUSIVE, READING, held_by_another

NewServer = Callable[..., Server]


def assert_weathered(weathered: Weathered) -> None:
    """Nothing is lost or half, whoever could not save was told so, and all could read."""
    assert weathered.findings.all == []
    assert weathered.unexpected == []
    assert weathered.refused
    assert weathered.reading
    assert weathered.unread == []
    assert weathered.recovery < 5


# ---------------------------------------------------------------- A7: full


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 MB, in memory."""
    place = tmp_path / "small"
    place.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mounting, check=False, capture_output=True).returncode:
        pytest.skip("a small disk can be mounted by root only")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@contextlib.contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Leave no room on a disk."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(size))
    try:
        yield
    finally:
        ballast.unlink()


@contextlib.contextmanager
def files_no_longer_than_they_are(server: Server) -> Iterator[None]:
    """Let the writer make no file longer (RLIMIT_FSIZE)."""
    log = Path(server.environ["ROLLBOOK_DATABASE"] + "-wal")
    writer = server.writer
    before = resource.prlimit(writer, resource.RLIMIT_FSIZE)
    now = (min(log.stat().st_size, 1 << 20), before[1])
    resource.prlimit(writer, resource.RLIMIT_FSIZE, now)
    try:
        yield
    finally:
        resource.prlimit(writer, resource.RLIMIT_FSIZE, before)


async def test_a_full_disk_is_told_and_heals(small_disk: Path) -> None:
    """
    Without room saving is refused within a second and reading goes on; with room it saves again.
    """
    ground = await prepare(small_disk / "rollbook.db")
    server = Server(ground.database)
    server.start()
    weathered = weather(ground, server, filled(small_disk), figures.long_or_short(20, 3))
    figures.note("A7", "disk full (64 MB tmpfs)", **weathered.figures())

    assert_weathered(weathered)
    assert weathered.figures()["put_max_s"] < 1


@figures.only_long
async def test_without_reserved_room_nobody_reads_from_a_full_disk(small_disk: Path) -> None:
    """
    The guard off: when nonces have no room of their own, the check of the full disk goes red.
    """
    ground = await prepare(small_disk / "rollbook.db")
    server = Server(ground.database, breaks="nonces")
    server.start()
    weathered = weather(ground, server, filled(small_disk), 3)

    assert weathered.unread != []


def test_a_write_that_finds_no_room_is_refused(
    ground: Ground, new_server: NewServer, tmp_path: Path
) -> None:
    """
    ENOSPC at every write of the writer: SQLite's "full", told, and over when it is over.
    """
    require_strace()
    server = new_server()
    server.start()
    full = ("-e", "trace=pwrite64", "-e", "inject=pwrite64:error=ENOSPC")
    trouble = traced([server.writer], *full, output=tmp_path / "trace")
    weathered = weather(ground, server, trouble, figures.long_or_short(10, 2))
    figures.note("A7", "ENOSPC at each pwrite64", **weathered.figures())

    assert_weathered(weathered)
    assert weathered.acked == 0
    assert weathered.figures()["put_max_s"] < 1


@figures.only_long
def test_a_file_that_may_not_grow_is_told(ground: Ground, new_server: NewServer) -> None:
    """
    A limit on the size of files (EFBIG) is an error of the disk, told and healed as one.
    """
    server = new_server()
    server.start()
    trouble = files_no_longer_than_they_are(server)
    weathered = weather(ground, server, trouble, figures.long_or_short(10, 2))
    figures.note("A7", "RLIMIT_FSIZE reached", **weathered.figures())

    assert_weathered(weathered)
    assert weathered.figures()["put_max_s"] < 1


# ---------------------------------------------------------------- A8: failing


@contextlib.contextmanager
def present(switch: Path) -> Iterator[None]:
    """Have a file for as long as the block runs."""
    switch.touch()
    try:
        yield
    finally:
        switch.unlink()


def weather_a_failing_disk(
    ground: Ground, new_server: NewServer, switch: Path, more: str = ""
) -> Weathered:
    """Have a disk that confirms nothing, for a while."""
    server = new_server(breaks=f"disk={switch}{more}")
    server.start()
    return weather(ground, server, present(switch), figures.long_or_short(15, 3))


def test_what_the_disk_does_not_confirm_is_not_acknowledged(
    ground: Ground, new_server: NewServer, tmp_path: Path
) -> None:
    """
    EIO at every wait for the disk: 503 and never 200; when the disk is well, it saves again.
    """
    weathered = weather_a_failing_disk(ground, new_server, tmp_path / "failing")
    figures.note("A8", "EIO at each fdatasync", **weathered.figures())

    assert_weathered(weathered)
    assert weathered.acked == 0


@figures.only_long
def test_without_waiting_for_the_disk_its_failing_is_not_seen(
    ground: Ground, new_server: NewServer, tmp_path: Path
) -> None:
    """
    The guard off: with synchronous=NORMAL rolls are acknowledged while the disk fails.
    """
    weathered = weather_a_failing_disk(ground, new_server, tmp_path / "failing", ",sync")

    assert weathered.acked > 0


def test_one_failed_wait_makes_the_writer_open_the_file_anew(
    ground: Ground, new_server: NewServer, tmp_path: Path
) -> None:
    """
    EIO at every seventh fdatasync: each time the file is opened anew, and is in order.
    """
    require_strace()
    server = new_server()
    server.start()
    some = ("-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=7+7")
    trouble = traced([server.writer], *some, output=tmp_path / "trace")
    weathered = weather(ground, server, trouble, figures.long_or_short(20, 3))
    times = server.log().count("the disk failed") + server.log().count(
        "nothing can be saved yet"
    )
    figures.note("A8", "EIO at every 7th fdatasync", opened_anew=times, **weathered.figures())

    assert_weathered(weathered)
    assert weathered.acked > 0
    assert times > 1


# ---------------------------------------------------------------- A10: held


def threads_of(server: Server) -> int:
    """Return how many threads the server has in all."""
    return sum(
        len([*Path(f"/proc/{process}/task").iterdir()])
        for kind in server.processes().values()
        for process in kind
    )


def weather_a_lock(ground: Ground, server: Server, seconds: float) -> tuple[Weathered, int]:
    """Have the file held by another program; return also how many threads that made more."""
    server.start()
    before, most = threads_of(server), 0

    def watch() -> None:
        nonlocal most
        while not over.wait(0.5):
            most = max(most, threads_of(server))

    over = threading.Event()

    @contextlib.contextmanager
    def held_and_watched() -> Iterator[None]:
        with held_by_another(ground.database, EXCLUSIVE):
            watching = threading.Thread(target=watch)
            watching.start()
            yield
            over.set()
            watching.join()

    return weather(ground, server, held_and_watched(), seconds), most - before


def test_a_locked_file_is_told_within_five_seconds(
    ground: Ground, new_server: NewServer
) -> None:
    """
    Whoever comes in while another program holds the file waits for it once, not in turn.
    """
    weathered, more = weather_a_lock(ground, new_server(), figures.long_or_short(60, 7))
    figures.note("A10", "held by another program", more_threads=more, **weathered.figures())

    assert_weathered(weathered)
    assert weathered.acked == 0
    assert weathered.figures()["put_max_s"] < 5.6
    assert more < 10


@figures.only_long
def test_those_who_wait_in_turn_wait_longer(ground: Ground, new_server: NewServer) -> None:
    """
    The guard off: whoever came in behind others waits for the file twice.
    """
    weathered, _ = weather_a_lock(ground, new_server(breaks="waiting"), 11)

    assert weathered.figures()["put_max_s"] > 5.6


# ---------------------------------------------------------------- A12: read for long


def weather_a_long_reader(
    ground: Ground, server: Server, seconds: float
) -> tuple[Weathered, int]:
    """Have another program read one state of the file; return also how long the log got."""
    server.start()
    log = Path(f"{ground.database}-wal")
    peak = 0

    @contextlib.contextmanager
    def watched() -> Iterator[None]:
        nonlocal peak
        with held_by_another(ground.database, READING):
            yield
            peak = log.stat().st_size

    return weather(ground, server, watched(), seconds), peak


def test_the_log_has_a_bound(ground: Ground, new_server: NewServer) -> None:
    """
    While somebody reads one state for long the log grows to its bound; then saving is refused.
    """
    seconds = figures.long_or_short(60, 5)
    server = new_server(breaks="log")
    weathered, peak = weather_a_long_reader(ground, server, seconds)
    figures.note(
        "A12", "a long reader, bound 4 MB", wal_peak_mb=peak / 1e6, **weathered.figures()
    )

    assert_weathered(weathered)
    assert peak < 6 << 20
    assert "has been reading the database for so long" in server.log()


@figures.only_long
def test_without_a_bound_the_log_grows(ground: Ground, new_server: NewServer) -> None:
    """
    The guard off: the log passes what the bound was.
    """
    _, peak = weather_a_long_reader(ground, new_server(), 6)

    assert peak > 6 << 20
