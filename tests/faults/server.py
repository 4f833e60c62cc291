"""A real server that tests may kill."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from cast import MASTER_KEY

BROKEN = Path(__file__).parent / "broken"


class Server:
    """`rollbook serve` on a database, in a process group of its own."""

    def __init__(
        self,
        database: Path,
        *,
        breaks: str = "",
        under: Sequence[str] = (),
        workers: int = 2,
        **environ: str,
    ) -> None:
        """
        Prepare one; `start` runs it.

        Args:
            database: The file.
            breaks: A guard to turn off in every process of it: see `broken/sitecustomize.py`.
            under: A command to run it under, as a tracer.
            workers: How many processes answer.
            environ: Further settings, by their names in the environment.
        """
        self.port = free_port()
        self._log = database.with_name("server.log")
        key = database.with_name("master.key")
        key.write_text(MASTER_KEY.hex())
        self.command = [*under, sys.executable, "-m", "rollbook", "serve"]
        self.environ = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(BROKEN), *sys.path]),
            "ROLLBOOK_TEST_BREAKS": breaks,
            "ROLLBOOK_DATABASE": str(database),
            "ROLLBOOK_MASTER_KEY_FILE": str(key),
            "ROLLBOOK_PORT": str(self.port),
            "ROLLBOOK_WORKERS": str(workers),
            **environ,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it and return the seconds until it answered."""
        begun = time.monotonic()
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env=self.environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while time.monotonic() < begun + 30:
            if self.process.poll() is not None:
                break
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.port), timeout=1) as probe,
            ):
                probe.sendall(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")
                if probe.recv(12):
                    return time.monotonic() - begun
            time.sleep(0.02)
        raise AssertionError(f"the server did not start:\n{self.log()}")

    def refusal(self) -> tuple[int, str, float]:
        """Start it where it cannot start: return its exit code, what it said and the seconds."""
        begun = time.monotonic()
        ended = subprocess.run(
            self.command,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        return ended.returncode, ended.stderr, time.monotonic() - begun

    def log(self) -> str:
        """Return what it said."""
        return self._log.read_text()

    def processes(self) -> dict[str, list[int]]:
        """Return the ids of the workers and of the writer."""
        assert self.process is not None
        found: dict[str, list[int]] = {"worker": [], "writer": []}
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and _parent_of(folder) == self.process.pid:
                command = _command_of(folder)
                if b"spawn_main" in command:
                    found["writer"].append(int(folder.name))
                elif command and b"resource_tracker" not in command:
                    found["worker"].append(int(folder.name))
        return found

    def wait_for_workers(self, count: int) -> None:
        """Wait until so many workers that are there have said that they started."""
        end = time.monotonic() + 20
        while len(self._started() & set(self.processes()["worker"])) < count:
            assert time.monotonic() < end, self.log()
            time.sleep(0.01)

    def _started(self) -> set[int]:
        """Return the ids of the workers that have started so far."""
        lines = [
            line
            for line in self.log().splitlines()
            if "the worker has started" in line and line.endswith("}")
        ]
        return {int(json.loads(line)["pid"]) for line in lines}

    @property
    def writer(self) -> int:
        """The id of the process that writes."""
        (writer,) = self.processes()["writer"]
        return writer

    def kill(self) -> None:
        """Kill every process of it at once, as a machine that stops does."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Ask it to stop, and return its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


def _command_of(folder: Path) -> bytes:
    """Return how a process was started; nothing when it is dead."""
    try:
        return (folder / "cmdline").read_bytes()
    except OSError:
        return b""


def _parent_of(folder: Path) -> int:
    try:
        text = (folder / "stat").read_text()
    except OSError:
        return 0
    return int(text.rpartition(")")[2].split()[1])


def free_port() -> int:
    """Return a port that nobody listens at just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
