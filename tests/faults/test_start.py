"""Catalogue A9, A18, A19: where and with what it does not start, saying why."""

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from faults import figures
from faults.asking import Asking
from faults.ground import Ground
from faults.server import Server

NewServer = Callable[..., Server]

# root may write everywhere: with this it may what its files allow, as everybody else
AS_ALLOWED = (
    ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
)


@contextlib.contextmanager
def folder_read_only(database: Path) -> Iterator[None]:
    """The folder may not be written."""
    database.parent.chmod(0o555)
    yield
    database.parent.chmod(0o755)


@contextlib.contextmanager
def file_read_only(database: Path) -> Iterator[None]:
    """The file may not be written."""
    database.chmod(0o444)
    yield


@contextlib.contextmanager
def file_closed(database: Path) -> Iterator[None]:
    """The file may not even be read."""
    database.chmod(0)
    yield


@contextlib.contextmanager
def disk_read_only(database: Path) -> Iterator[None]:
    """The disk is mounted to be read only."""
    folder = str(database.parent)
    mounting = ["mount", "--bind", "-o", "ro", folder, folder]
    if os.geteuid() or subprocess.run(mounting, check=False, capture_output=True).returncode:
        pytest.skip("a disk can be mounted read-only by root only")
    yield
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize(
    "spoil", [folder_read_only, file_read_only, file_closed, disk_read_only]
)
def test_it_does_not_start_where_it_cannot_write(
    ground: Ground,
    new_server: NewServer,
    spoil: Callable[[Path], contextlib.AbstractContextManager[None]],
) -> None:
    """
    Within two seconds it ends, with the path and the reason; where it can write, it starts.
    """
    server = new_server(under=AS_ALLOWED)
    with spoil(ground.database):
        code, said, seconds = min(
            (server.refusal() for _ in range(2)), key=lambda each: each[2]
        )
    ground.database.chmod(0o600)
    figures.note("A9", f"{spoil.__name__}", exit_code=code, seconds=seconds)

    assert code != 0
    assert str(ground.database) in said.replace("\n", "")
    assert "Traceback" not in said
    assert seconds < 2
    assert server.start() < 10


# ---------------------------------------------------------------- A18


def test_a_second_server_on_the_file_refuses(ground: Ground, new_server: NewServer) -> None:
    """
    The second one names the lock and goes; the first one saves on.
    """
    first, second = new_server(), new_server()
    first.start()
    code, said, seconds = second.refusal()
    figures.note("A18", "second server", exit_code=code, seconds=seconds)
    section, students = ground.students["w0"]
    saved = Asking(first.port, ground.key).put(section, {("2026-09-14", students[0]): 2})

    assert code != 0
    assert f"{ground.database}-lock" in said.replace("\n", "")
    assert saved.status == 200


def test_without_its_lock_a_second_server_starts(new_server: NewServer) -> None:
    """
    The guard off: nothing else keeps the second one out.
    """
    first, second = new_server(), new_server(breaks="house lock")
    first.start()

    assert second.start() > 0


# ---------------------------------------------------------------- A19


def test_it_does_not_start_with_a_sqlite_that_can_corrupt(new_server: NewServer) -> None:
    """
    The SQLite of Debian 12 is refused by its number, with what to do; its own one is not.
    """
    code, said, seconds = new_server(breaks="sqlite").refusal()
    figures.note("A19", "SQLite 3.40.1", exit_code=code, seconds=seconds)

    assert code != 0
    assert "SQLite 3.40.1 can corrupt a file" in said.replace("\n", " ")
    assert "Traceback" not in said
    assert new_server().start() < 10
