"""The wheel carries everything: installed and run far from any checkout."""

import os
import re
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Self

import httpx
import pytest

from conftest import REPOSITORY
from deploy.conftest import Dist, build
from faults.server import free_port
from live.house import now, wait_until
from rollbook import __version__
from rollbook.storage.sqlite.migrations import known
from signing import Signed

Run = Callable[..., str]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment that says nothing of a checkout."""
    kept = {name: text for name, text in os.environ.items() if "PYTHON" not in name}
    return {**kept, "HOME": str(tmp_path), "ROLLBOOK_PORT": str(free_port())}


@pytest.fixture
def run(installed: Path, tmp_path: Path, environ: dict[str, str]) -> Run:
    """Runs the installed command in a foreign folder and returns what it says."""

    def run(*words: str, **more: str) -> str:
        done = subprocess.run(
            [str(installed / "bin" / "rollbook"), *words],
            cwd=tmp_path,
            env={**environ, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done
        return done.stdout

    return run


def test_everything_in_the_house_is_in_the_wheel(dist: Dist) -> None:
    """
    Each file of the package is in the wheel: the SQL, the pages, the words of the demo.
    """
    source = REPOSITORY / "src"
    files = {
        str(file.relative_to(source))
        for file in (source / "rollbook").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    with zipfile.ZipFile(dist.wheel) as wheel:
        carried = set(wheel.namelist())

    assert files - carried == set()
    assert {"rollbook/py.typed", "rollbook/storage/sql/attendance.sql"} <= carried


def test_the_source_archive_builds_the_same_wheel(dist: Dist, tmp_path: Path) -> None:
    """
    Who has only the source archive can build what we build.
    """
    with tarfile.open(dist.archive) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    (tmp_path / "again").mkdir()
    again = build(source, tmp_path / "again")

    assert again.wheel.read_bytes() == dist.wheel.read_bytes()


def test_the_command_explains_itself(run: Run) -> None:
    """
    Installed, it says its version, helps, and completes what is begun in a shell.
    """
    assert run("--version") == f"rollbook, version {__version__}\n"
    assert "rollbook migrate" in run("--help")
    assert "_ROLLBOOK_COMPLETE" in run("completion", "bash")
    words = run(_ROLLBOOK_COMPLETE="bash_complete", COMP_WORDS="rollbook mig", COMP_CWORD="1")
    assert words == "plain,migrate\n"


def test_it_serves_from_any_folder(
    run: Run, installed: Path, tmp_path: Path, environ: dict[str, str]
) -> None:
    """
    A district is made and served with nothing but what the wheel brought.
    """
    assert run("migrate").count("ran ") == len(known())
    run("district", "create", "Lindenhof")
    (user,) = re.findall(r"\d{4,}", run("user", "create", "Ada", "Byron"))
    key, secret = re.findall(r"\b[0-9a-f]{32,40}\b", run("key", "create", user))[:2]

    server = _Server([str(installed / "bin" / "rollbook"), "serve"], tmp_path, environ)
    with server, httpx.Client(base_url=server.url, auth=Signed(key, secret, now)) as client:
        assert client.get("/v1/users").json()["total"] == "1"
        assert client.get("/v1/openapi.json").status_code == 200
        assert "<html" in client.get("/docs").text


def test_the_demonstration_starts(
    installed: Path, tmp_path: Path, environ: dict[str, str]
) -> None:
    """
    `rollbook demo` makes its district from the words it carries, and says what to type.
    """
    port = environ["ROLLBOOK_PORT"]
    command = [str(installed / "bin" / "rollbook"), "demo", "--port", port]
    with _Server(command, tmp_path, environ) as server:
        assert "curl" in server.said()


class _Server:
    """An installed server that runs as long as the block does."""

    def __init__(self, command: list[str], folder: Path, environ: dict[str, str]) -> None:
        self._command, self._folder, self._environ = command, folder, environ
        self._log = folder / "server.log"
        self.url = f"http://127.0.0.1:{environ['ROLLBOOK_PORT']}"

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self._folder, env=self._environ, stdout=log, stderr=log
            )
        wait_until(self._answers, "it answers", seconds=60)
        return self

    def _answers(self) -> bool:
        assert self._process.poll() is None, self.said()
        try:
            return httpx.get(f"{self.url}/docs").status_code == 200
        except httpx.TransportError:
            return False

    def said(self) -> str:
        return self._log.read_text()

    def __exit__(self, *exc: object) -> None:
        self._process.terminate()
        assert self._process.wait(timeout=20) == 0, self.said()
