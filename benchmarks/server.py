"""The servers that are measured, each started as it would be for real."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.district import Ground


@contextlib.contextmanager
def rollbook(ground: Ground, workers: int = 2) -> Iterator["Running"]:
    """Run `rollbook serve` on the data set."""
    settings = {
        "ROLLBOOK_DATABASE": str(ground.database),
        "ROLLBOOK_MASTER_KEY_FILE": str(ground.master_key),
        "ROLLBOOK_WORKERS": str(workers),
    }
    with _running([sys.executable, "-m", "rollbook", "serve"], settings, "--port") as running:
        yield running


@contextlib.contextmanager
def constant(workers: int = 2) -> Iterator["Running"]:
    """Run the floor: the same server with an answer that is always the same 9 KB."""
    command = [
        *(sys.executable, "-m", "granian", "--interface", "asgi", "--no-ws"),
        *("--workers", str(workers), "--log-level", "warning", "benchmarks.constant:app"),
    ]
    with _running(command, {}, "--port") as running:
        yield running


class Running:
    """A server that answers."""

    def __init__(
        self, port: int, process: "subprocess.Popen[bytes]", started_in: float
    ) -> None:
        self.host = f"127.0.0.1:{port}"
        self.started_in = started_in  # seconds to the first answer
        self._process = process

    def memory(self) -> list[tuple[str, float]]:
        """Return each process of it, with its resident memory in MB."""
        found = []
        for folder in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError, IndexError):
                if os.getpgid(int(folder.name)) == self._process.pid:
                    status = (folder / "status").read_text()
                    size = next(li for li in status.splitlines() if li.startswith("VmRSS"))
                    found.append((folder.name, int(size.split()[1]) / 1024))
        return sorted(found)


@contextlib.contextmanager
def _running(command: list[str], settings: dict[str, str], option: str) -> Iterator[Running]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    begun = time.monotonic()
    process = subprocess.Popen(
        [*command, option, str(port)],
        env={**os.environ, **settings},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(port)
        yield Running(port, process, time.monotonic() - begun)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _wait_for(port: int) -> None:
    for _ in range(3000):
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port)) as line,
        ):
            line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            if line.recv(12):
                return
        time.sleep(0.01)
    raise RuntimeError("the server did not start")
