"""
The processes of a server: one that keeps the others, workers, and one that writes.

Each stops when it is told to, and when nobody is left to tell it.
"""

import asyncio
import fcntl
import logging
import multiprocessing
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Any

from rollbook.config import Config
from rollbook.domain.errors import Unavailable
from rollbook.storage.sqlite import counter
from rollbook.watch import logs, metrics

log = logging.getLogger("rollbook")

_WRITER_STARTS_IN = 30  # seconds at most


def begin_to_log(process: str, config: Config) -> None:
    """Log as the settings say, as the "main" process, a "worker" or the "writer"."""
    logs.begin(process, level=config.log_level, format_=config.log_format)


def counter_in(room: Path) -> Path:
    """Return where in *room* the writer is reached."""
    return room / "counter"


def allow_files(count: int) -> None:
    """Let each process have that many open, as far as the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))


class only_server:  # noqa: N801 — reads as a phrase: with only_server(path)
    """Holds the lock by which a second server on the same file knows that it is the second."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(f"{database.name}-lock")
        self._file: IO[str] | None = None

    def __enter__(self) -> None:
        self._file = self._path.open("w")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Unavailable(
                f"Another server works on this database already (it holds {self._path})."
            ) from None

    def __exit__(self, *exc: object) -> None:
        assert self._file is not None
        self._file.close()


# ---------------------------------------------------------------- workers


class Worker:
    """A worker stops when it is told to, and when nobody is left to tell it."""

    def __init__(self, application: Callable[..., Awaitable[None]]) -> None:
        self._application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer a request, or begin and end with the server."""
        if scope["type"] == "http":
            await self._application(scope, receive, send)
            return
        while True:
            event = await receive()
            if event["type"] == "lifespan.startup":
                self._obey()
            await send({"type": f"{event['type']}.complete"})
            if event["type"] == "lifespan.shutdown":
                return

    def _obey(self) -> None:
        log.info("the worker has started")
        loop = asyncio.get_running_loop()
        # Its parent was killed: it goes too, so that the port is free for the next server.
        parent = multiprocessing.parent_process()
        if parent is not None:
            loop.add_reader(parent.sentinel, os._exit, 1)
        # A moment later, when granian listens to its signals too.
        loop.call_later(0.1, signal.pthread_sigmask, signal.SIG_UNBLOCK, _STOPS)


_STOPS = {signal.SIGTERM, signal.SIGINT}


def hold_signals_for_new_workers() -> None:
    """
    Let no signal get lost while a worker starts: it waits until the worker can hear it.

    Otherwise a server that is stopped just after it was started has to kill the worker that did
    not hear, after waiting for it.
    """
    os.register_at_fork(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS),
        after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS),
    )


# ---------------------------------------------------------------- leaving


def note_of_leaving(room: Path) -> Path:
    """Return the file in *room* that is there as soon as the server was told to stop."""
    return room / "leaving"


def drain_first(seconds: int, room: Path) -> None:
    """
    Have SIGTERM say that the server is leaving, and stop it so many seconds later.

    Told once more, it stops at once. Who handles the signal so far is who stops it.
    """
    stop = signal.getsignal(signal.SIGTERM)

    def leave(*_: object) -> None:
        log.info("the server is leaving", extra={"stops_in_s": seconds})
        note_of_leaving(room).touch()
        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, seconds)

    signal.signal(signal.SIGTERM, leave)


# ---------------------------------------------------------------- the writer


class KeptWriter:
    """Keeps the writer running: a process of its own, started again when it dies."""

    def __init__(self, config: Config, room: Path) -> None:
        self._config = config
        self._room = room
        self._spawn = multiprocessing.get_context("spawn")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep_running, daemon=True)
        self._line: Any = None

    def __enter__(self) -> None:
        self._thread.start()
        self._require_reachable()

    def _require_reachable(self) -> None:
        """Return when the writer can be reached: the first requests may be to save."""
        for _ in range(_WRITER_STARTS_IN * 100):
            with socket.socket(socket.AF_UNIX) as line:
                if line.connect_ex(str(counter_in(self._room))) == 0:
                    return
            time.sleep(0.01)
        raise Unavailable(f"The writer did not start within {_WRITER_STARTS_IN} seconds.")

    def __exit__(self, *exc: object) -> None:
        self._stopping.set()
        if self._line is not None:
            self._line.close()
        self._thread.join(timeout=30)

    def _keep_running(self) -> None:
        while not self._stopping.is_set():
            # The writer leaves when this end is closed: by us, or by the kernel when we die.
            until, self._line = self._spawn.Pipe(duplex=False)
            process = self._spawn.Process(
                target=_write, args=(self._config, self._room, until), daemon=True
            )
            process.start()
            until.close()
            process.join()
            if not self._stopping.is_set():
                log.error(
                    "the writer died; starting it again", extra={"exit_code": process.exitcode}
                )
                self._stopping.wait(0.2)


def _write(config: Config, room: Path, until: Connection) -> None:
    """Be the writer, until told to stop."""
    begin_to_log("writer", config)
    commits = metrics.Commits(metrics.open_sheet(room, "writer"))
    log.info("the writer has started")
    try:
        counter.work(config.database_path, counter_in(room), until, note=commits)
    except Exception:
        log.critical("the writer cannot go on", exc_info=True)
        sys.exit(1)
