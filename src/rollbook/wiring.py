"""Putting the parts together: the only file that knows all of them."""

import asyncio
import fcntl
import logging
import multiprocessing
import os
import resource
import signal
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Any

import msgspec
from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops, SSLProtocols
from granian.http import HTTP1Settings
from granian.log import LogLevels

from rollbook.api.app import Front, Limits, build_app
from rollbook.auth.credentials import Safe, load_master_key
from rollbook.auth.door import Door
from rollbook.auth.nonces import NonceBook
from rollbook.config import Config
from rollbook.domain.errors import Unavailable
from rollbook.domain.store import Store
from rollbook.storage.sqlite import SqliteStore, counter, create, migrations
from rollbook.storage.sqlite.connection import open_writer
from rollbook.storage.sqlite.writer import system_clock

log = logging.getLogger("rollbook")

_HANDED_DOWN = "ROLLBOOK_HANDED_DOWN"  # from `serve` to its workers: what is set, as JSON
_COUNTER = "ROLLBOOK_COUNTER"  # and where the writer is reached

# Seconds at most.
_WRITER_STARTS_IN = 30
_HEAD_WITHIN = 10  # also the time that a connection may be idle

_HEAD_MAX = 65536  # bytes
_CONNECTIONS = 2048  # of one worker at once: more wait


def open_store(config: Config, *, make: bool = False) -> SqliteStore:
    """Return the store that the settings name, made when missing if *make*."""
    path = config.database_path
    if make:
        create(path)
    elif not path.exists():
        raise Unavailable(
            f"There is no database {path} yet. Make one with: rollbook migrate "
            "(or name another with --database)."
        )
    return SqliteStore(path)


def migrate(config: Config, *, rehearse: bool) -> Iterator[str]:
    """Make the database or bring it up to date, yielding the name of each step when it is done."""
    db = open_writer(config.database_path, create=True)
    for step in migrations.migrate(db, rehearse=rehearse):
        yield step.name
    db.close()


@asynccontextmanager
async def opened_store(config: Config, *, make: bool = False) -> AsyncIterator[Store]:
    """Open the store for as long as the block runs."""
    store = open_store(config, make=make)
    try:
        yield store
    finally:
        await store.close()


def open_safe(config: Config) -> Safe:
    """Return the safe for secrets, its master key made when missing."""
    return Safe(load_master_key(config.master_key_path))


def build(config: Config, place: Path | None = None) -> Front:
    """Return the application; with *place*, it hands its writes in there."""
    line = counter.Line(place) if place else None
    store = SqliteStore(config.database_path, writing=line)
    nonces = NonceBook(_nonces_of(config), now=system_clock().timestamp())
    door = Door(
        store,
        open_safe(config),
        nonces,
        allowed_hosts=config.all_hosts,
        trusted_proxies=config.trusted_proxies,
        plaintext_over_http=config.plaintext_over_http,
        clock=system_clock,
    )
    limits = Limits(body_max=config.body_max, records_max=config.records_max)
    return build_app(
        store, door, clock=system_clock, public_url=config.public_url, limits=limits
    )


def _nonces_of(config: Config) -> Path:
    path = config.database_path
    return path.with_name(f"{path.name}-nonces")


def app() -> "_Worker":
    """Return the application of a worker that `serve` started."""
    config = msgspec.json.decode(os.environ[_HANDED_DOWN], type=Config)
    return _Worker(build(config, Path(os.environ[_COUNTER])))


class _Worker:
    """A worker stops when it is told to, and when nobody is left to tell it."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer a request, or begin and end with the server."""
        if scope["type"] == "http":
            await self._front(scope, receive, send)
            return
        while True:
            event = await receive()
            if event["type"] == "lifespan.startup":
                self._obey()
            await send({"type": f"{event['type']}.complete"})
            if event["type"] == "lifespan.shutdown":
                return

    def _obey(self) -> None:
        loop = asyncio.get_running_loop()
        # Its parent was killed: it goes too, so that the port is free for the next server.
        parent = multiprocessing.parent_process()
        if parent is not None:
            loop.add_reader(parent.sentinel, os._exit, 1)
        # A moment later, when granian listens to its signals too.
        loop.call_later(0.1, signal.pthread_sigmask, signal.SIG_UNBLOCK, _STOPS)


_STOPS = {signal.SIGTERM, signal.SIGINT}


def _hold_signals_for_new_workers() -> None:
    """
    Let no signal get lost while a worker starts: it waits until the worker can hear it.

    Otherwise a server that is stopped just after it was started has to kill the worker that did
    not hear, after waiting for it.
    """
    os.register_at_fork(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS),
        after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS),
    )


# ---------------------------------------------------------------- serving


def serve(config: Config, *, ready: Callable[[], None] = lambda: None) -> None:
    """
    Answer requests until told to stop: workers that speak HTTP, and one writer.

    Raises:
        Unavailable: The database cannot be used, or another server has it.
    """
    os.umask(0o077)
    _require_free(config.host, config.port)
    create(config.database_path)
    asyncio.run(_require_right_master_key(config))
    with (
        _only_server(config.database_path),
        tempfile.TemporaryDirectory("", "rollbook-") as room,
    ):
        place = Path(room) / "counter"
        os.environ[_HANDED_DOWN] = msgspec.json.encode(config).decode()
        os.environ[_COUNTER] = str(place)
        with _Writer(config.database_path, place):
            _allow_files(_CONNECTIONS + 256)
            _hold_signals_for_new_workers()
            server = _granian(config)
            server.on_startup(ready)
            server.serve()


async def _require_right_master_key(config: Config) -> None:
    """Raise `Unavailable` when secrets were sealed with another master key than there is."""
    async with opened_store(config) as store:
        known = [key for home in await store.districts() for key in await store.keys(home.id)]
    if known and not config.master_key_path.exists():
        raise Unavailable(
            f"The master key {config.master_key_path} is gone, and the secrets of {len(known)} "
            "API keys were sealed with it. Bring it back from its backup, or say where it is "
            "with --master-key-file."
        )
    safe = open_safe(config)
    for key in known[-1:]:
        safe.open(key.sealed_secret, key)


def _allow_files(count: int) -> None:
    """Let each process have that many open, as far as the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))


def _require_free(host: str, port: int) -> None:
    """Raise `Unavailable`, naming the address, when nobody can listen there."""
    try:
        with socket.create_server((host, port), family=_family(host)):
            pass
    except OSError as error:
        raise Unavailable(
            f"Nobody can listen at {host}:{port}: {error.strerror}. "
            "Choose another with --host and --port."
        ) from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _granian(config: Config) -> Any:
    return Granian(
        "rollbook.wiring:app",
        factory=True,
        interface=Interfaces.ASGI,
        address=config.host,
        port=config.port,
        workers=config.workers,
        respawn_failed_workers=True,
        loop=Loops.auto,
        websockets=False,
        log_level=LogLevels.warning,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=_HEAD_WITHIN * 1000, max_buffer_size=_HEAD_MAX
        ),
        backlog=_CONNECTIONS,
        backpressure=_CONNECTIONS,
        workers_kill_timeout=15,
        **_tls(config.tls_certificate, config.tls_key),
    )


def _tls(certificate: str, key: str) -> dict[str, Any]:
    """Return granian's settings of TLS; raises `Unavailable` when the files cannot be used."""
    if not certificate:
        return {}
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except OSError as error:
        raise Unavailable(
            f"The certificate {certificate} with the key {key} cannot be used: {error}."
        ) from error
    oldest = SSLProtocols.tls12  # for clients of school systems that know no newer one
    return {"ssl_cert": Path(certificate), "ssl_key": Path(key), "ssl_protocol_min": oldest}


class _only_server:  # noqa: N801 — reads as a phrase: with _only_server(path)
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


class _Writer:
    """Keeps the writer running: a process of its own, started again when it dies."""

    def __init__(self, database: Path, place: Path) -> None:
        self._database = database
        self._place = place
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
                if line.connect_ex(str(self._place)) == 0:
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
                target=counter.work, args=(self._database, self._place, until), daemon=True
            )
            process.start()
            until.close()
            process.join()
            if not self._stopping.is_set():
                log.error("the writer died (exit code %s); starting it again", process.exitcode)
                self._stopping.wait(0.2)
