"""The servers that are measured, each started as it would be for real."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from benchmarks import constant as floor


class Running:
    """A server that answers."""

    def __init__(
        self, port: int, process: "subprocess.Popen[bytes]", started_in: float
    ) -> None:
        self.host = f"127.0.0.1:{port}"
        self.started_in = started_in  # seconds to the first answer
        self._process = process

    def is_alive(self) -> bool:
        """Say whether it is still there."""
        return self._process.poll() is None

    def memory(self) -> dict[str, tuple[float, float]]:
        """Return what each process of it holds of memory, now and at most so far, in MB."""
        found: dict[str, tuple[float, float]] = {}
        for folder in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError, TypeError):
                if os.getpgid(int(folder.name)) != self._process.pid:
                    continue
                status = (folder / "status").read_text()
                name = self._name(folder, [name.rsplit(" ", 1)[0] for name in found])
                found[name] = (_megabytes(status, "VmRSS"), _megabytes(status, "VmHWM"))
        return dict(sorted(found.items()))

    def processor(self) -> float:
        """Return the seconds of processor time that all its processes have taken so far."""
        ticks = 0
        for folder in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                if os.getpgid(int(folder.name)) == self._process.pid:
                    fields = (folder / "stat").read_text().rpartition(")")[2].split()
                    ticks += int(fields[11]) + int(fields[12])  # in user and kernel mode
        return ticks / os.sysconf("SC_CLK_TCK")

    def _name(self, folder: Path, there: list[str]) -> str:
        command = (folder / "cmdline").read_bytes()
        kind = (
            "watcher"
            if int(folder.name) == self._process.pid
            else "tracker"
            if b"resource_tracker" in command
            else "writer"
            if b"spawn_main" in command
            else "worker"
        )
        return f"{kind} {there.count(kind) + 1}"


def _megabytes(status: str, field: str) -> float:
    found = re.search(rf"{field}:\s+(\d+) kB", status)
    assert found
    return int(found[1]) / 1024


@contextlib.contextmanager
def rollbook(database: Path | str, master_key: Path, workers: int = 2) -> Iterator[Running]:
    """Run `rollbook serve` on a database: a file, or an address of PostgreSQL."""
    settings = {
        "ROLLBOOK_DATABASE": str(database),
        "ROLLBOOK_MASTER_KEY_FILE": str(master_key),
        "ROLLBOOK_WORKERS": str(workers),
    }
    port = _free_port()
    command = [sys.executable, "-m", "rollbook", "serve", "--port", str(port)]
    with _running(command, settings, port) as running:
        yield running


@contextlib.contextmanager
def constant(size: int, workers: int = 2) -> Iterator[Running]:
    """Run the floor: the same server with an answer that is always the same; 0: a bare 304."""
    port = _free_port()
    command = [
        *(sys.executable, "-m", "granian", "--interface", "asgi", "--no-ws"),
        *("--workers", str(workers), "--log-level", "warning", "--port", str(port)),
        "benchmarks.constant:app",
    ]
    with _running(command, {floor.SIZE: str(size)}, port) as running:
        yield running


@contextlib.contextmanager
def django(database: Path | str, workers: int = 2) -> Iterator[Running]:
    """Run the peer of Django REST framework under gunicorn."""
    port = _free_port()
    command = [
        *(sys.executable, "-m", "gunicorn", "--workers", str(workers)),
        *("--bind", f"127.0.0.1:{port}", "--log-level", "error"),
        "benchmarks.peers.django_drf.wsgi",
    ]
    with _running(command, {"PEER_DATABASE": str(database)}, port) as running:
        yield running


@contextlib.contextmanager
def fastapi(database: str, workers: int = 2) -> Iterator[Running]:
    """Run the peer of FastAPI and SQLAlchemy under uvicorn."""
    port = _free_port()
    command = [
        *(sys.executable, "-m", "uvicorn", "--workers", str(workers), "--port", str(port)),
        *("--log-level", "error", "--no-access-log"),
        "benchmarks.peers.fastapi_sqlalchemy.app:app",
    ]
    with _running(command, {"PEER_DATABASE": database}, port) as running:
        yield running


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _running(command: list[str], settings: dict[str, str], port: int) -> Iterator[Running]:
    with tempfile.TemporaryFile() as log:
        begun = time.monotonic()
        process = subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **settings},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            _wait_for(port, process, log)
            yield Running(port, process, time.monotonic() - begun)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: IO[bytes]) -> None:
    while process.poll() is None:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port), timeout=5) as line,
        ):
            line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            if line.recv(12):
                return
        time.sleep(0.01)
    log.seek(0)
    said = log.read().decode(errors="replace")
    raise RuntimeError(f"the server did not start (exit code {process.returncode}): {said}")
