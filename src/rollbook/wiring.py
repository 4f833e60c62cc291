"""Putting the parts together: the only file that knows all of them."""

import asyncio
import logging
import os
import socket
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops, SSLProtocols
from granian.http import HTTP1Settings
from granian.log import LogLevels

from rollbook import __version__
from rollbook.api.app import Limits, build_app
from rollbook.api.health import Watch
from rollbook.auth.credentials import Safe, load_client_secret, load_master_key
from rollbook.auth.door import Door
from rollbook.auth.nonces import WINDOW, NonceBook, Nonces
from rollbook.auth.passwords import Passwords
from rollbook.auth.reception import Reception
from rollbook.config import Config
from rollbook.domain.errors import Unavailable
from rollbook.domain.store import Store
from rollbook.edge import Edge, Entrance
from rollbook.processes import (
    KeptWriter,
    Worker,
    allow_files,
    begin_to_log,
    counter_in,
    drain_first,
    hold_signals_for_new_workers,
    note_of_leaving,
    only_server,
)
from rollbook.roster_process import RosterProcess
from rollbook.storage.backlog import Backlog
from rollbook.storage.clock import system_clock
from rollbook.storage.postgres import PostgresStore
from rollbook.storage.postgres import migrations as postgres_migrations
from rollbook.storage.postgres.limits import LimitTable
from rollbook.storage.postgres.nonces import NonceTable
from rollbook.storage.postgres.pool import Pool
from rollbook.storage.sqlite import SqliteStore, counter, create, migrations
from rollbook.storage.sqlite.connection import open_writer
from rollbook.watch import logs, metrics
from rollbook.watch.limits import Turnstile
from rollbook.watch.logins import LoginTurnstile
from rollbook.watch.metrics import Requests
from rollbook.watch.sharing import Blackboard, Exchange, Sharing
from rollbook.web.app import build_pages
from rollbook.web.rosters import Rosters

if TYPE_CHECKING:
    from rollbook.auth.oidc import SignOn

log = logging.getLogger("rollbook")

_HANDED_DOWN = "ROLLBOOK_HANDED_DOWN"  # from `serve` to its workers: what is set, as JSON
_ROOM = "ROLLBOOK_ROOM"  # and the folder in which the processes meet

_HEAD_WITHIN = 10  # seconds; also the time that a connection may be idle
_HEAD_MAX = 65536  # bytes
_CONNECTIONS = 2048  # of one worker at once: more wait


async def open_store(config: Config, *, make: bool = False) -> Store:
    """Return the store that the settings name, its file made when missing if *make*."""
    if config.on_postgres:
        return await PostgresStore.open(config.database, standby=config.read_database)
    if make:
        create(config.database_path)
    return SqliteStore(existing(config))


def existing(config: Config) -> Path:
    """Return the file that the settings name; raises `Unavailable` when there is none."""
    if config.on_postgres:
        raise Unavailable(
            "This command is for a database in a file. PostgreSQL has tools of its own for "
            "copies: pg_dump, pg_basebackup."
        )
    path = config.database_path
    if not path.exists():
        raise Unavailable(
            f"There is no database {path} yet. Make one with: rollbook migrate "
            "(or name another with --database)."
        )
    return path


def migrate(config: Config, *, rehearse: bool) -> Iterator[str]:
    """Make the database or bring it up to date, yielding the name of each step when it is done."""
    if config.on_postgres:
        yield from asyncio.run(_migrate_server(config.database, rehearse=rehearse))
        return
    path = config.database_path
    if rehearse and not path.exists():
        path = Path(":memory:")  # a rehearsal leaves nothing, no empty file either
    db = open_writer(path, create=True)
    for step in migrations.migrate(db, rehearse=rehearse):
        yield step.name
    db.close()


async def _migrate_server(url: str, *, rehearse: bool) -> list[str]:
    return [step.name async for step in postgres_migrations.migrate(url, rehearse=rehearse)]


@asynccontextmanager
async def opened_store(config: Config, *, make: bool = False) -> AsyncIterator[Store]:
    """Open the store for as long as the block runs."""
    store = await open_store(config, make=make)
    try:
        yield store
    finally:
        await store.close()


def open_safe(config: Config) -> Safe:
    """Return the safe for secrets, its master key made when missing."""
    return Safe(load_master_key(config.master_key_path))


def build(config: Config, room: Path, requests: Requests) -> Entrance:
    """Return the application of a worker, which meets the writer in *room*."""
    store, nonces, exchange = _store_of_worker(config, room, requests)
    sharing = Sharing(exchange)
    turnstile = sharing.teller = Turnstile(
        key_rate=config.key_rate,
        failures_per_minute=config.failures_per_minute,
        note=requests.limited,
        news=sharing.news,
    )
    safe = open_safe(config)
    door = Door(
        store,
        safe,
        nonces,
        allowed_hosts=config.all_hosts,
        trusted_proxies=config.trusted_proxies,
        plaintext_over_http=config.plaintext_over_http,
        turnstile=turnstile,
        clock=system_clock,
    )
    limits = Limits(body_max=config.body_max, records_max=config.records_max)
    front = build_app(
        store,
        door,
        clock=system_clock,
        public_url=config.public_url,
        limits=limits,
        watch=_watch(config, room),
    )
    reception = _reception(store, requests, Sharing(exchange))
    pages = build_pages(
        store,
        door,
        reception,
        safe,
        Rosters(room / "rosters", RosterProcess(config)),
        clock=system_clock,
        public_url=config.public_url,
        sign_on=_sign_on(config, reception),
    )
    return Entrance(front, pages, pages.routes.first_words)


def _reception(store: Store, requests: Requests, sharing: Sharing) -> Reception:
    turnstile = LoginTurnstile(note=requests.limited, news=sharing.news)
    sharing.teller = turnstile
    return Reception(store, Passwords(), turnstile=turnstile, clock=system_clock)


def _sign_on(config: Config, reception: Reception) -> "SignOn | None":
    """Return the way in by the district's provider, where one is set."""
    if not config.oidc_issuer:
        return None
    from rollbook.auth.oidc import Client, SignOn  # half a second that few need

    secret = load_client_secret(config.oidc_client_secret_path)
    client = Client(config.oidc_issuer, config.oidc_client_id, secret)
    master_key = load_master_key(config.master_key_path)
    return SignOn(reception, client, master_key, clock=system_clock)


def _store_of_worker(
    config: Config, room: Path, requests: Requests
) -> tuple[Store, Nonces, Exchange]:
    """
    Return the store of a worker, the book of nonces, and where workers share their limits.

    On PostgreSQL it writes by itself, on a file through the writer.
    """
    if config.on_postgres:

        def pool(url: str) -> Pool:
            return Pool(
                url,
                size=config.database_connections,
                waits=float(config.wait_max),
                refused=lambda: requests.shed("connections"),
            )

        primary = pool(config.database)
        standby = pool(config.read_database) if config.read_database else None
        return (
            PostgresStore(primary, standby=standby),
            NonceTable(primary, window=WINDOW),
            LimitTable(primary).exchange,
        )
    backlog = Backlog(config.wait_max, refused=lambda: requests.shed("writer"))
    path = config.database_path
    store = SqliteStore(path, writing=counter.Line(counter_in(room), backlog))
    nonces = NonceBook(_nonces_beside(path), now=system_clock().timestamp())
    return store, nonces, Blackboard(room).exchange


def _watch(config: Config, room: Path) -> Watch:
    """Return how the server's health and figures are found out."""
    leaving = note_of_leaving(room).exists
    if config.on_postgres:  # nothing of it is on this machine
        return Watch(
            figures=metrics.Metrics(room).text,
            metrics_allowed=config.metrics_allowed,
            leaving=leaving,
        )
    path = config.database_path
    files = {
        "database": path,
        "log": path.with_name(f"{path.name}-wal"),
        "nonces": _nonces_beside(path),
    }

    def disk_free() -> int:
        disk = os.statvfs(path.parent)
        return disk.f_bavail * disk.f_frsize

    return Watch(
        figures=metrics.Metrics(room, files).text,
        metrics_allowed=config.metrics_allowed,
        disk_free=disk_free,
        leaving=leaving,
    )


def _nonces_beside(path: Path) -> Path:
    return path.with_name(f"{path.name}-nonces")


def app() -> Worker:
    """Return the application of a worker that `serve` started."""
    config = msgspec.json.decode(os.environ[_HANDED_DOWN], type=Config)
    begin_to_log("worker", config)
    room = Path(os.environ[_ROOM])
    requests = metrics.Requests(metrics.open_sheet(room, "worker"))
    edge = Edge(
        build(config, room, requests),
        requests,
        in_progress_max=config.in_progress_max,
        late_max=config.wait_max,
        log_requests=config.log_requests,
    )
    return Worker(edge)


# ---------------------------------------------------------------- serving


def serve(config: Config, *, ready: Callable[[], None] = lambda: None) -> None:
    """
    Answer requests until told to stop: workers that speak HTTP, and on a file one writer.

    Raises:
        Unavailable: The database cannot be used, or another server has it.
    """
    os.umask(0o077)
    _require_free(config.host, config.port)
    if not config.on_postgres:
        create(config.database_path)
    begin_to_log("main", config)
    if config.oidc_issuer:
        load_client_secret(config.oidc_client_secret_path)  # here it can be told to somebody
    asyncio.run(_require_right_master_key(config))
    with (
        nullcontext() if config.on_postgres else only_server(config.database_path),
        tempfile.TemporaryDirectory("", "rollbook-") as room,
    ):
        os.environ[_HANDED_DOWN] = msgspec.json.encode(config).decode()
        os.environ[_ROOM] = room
        with nullcontext() if config.on_postgres else KeptWriter(config, Path(room)):
            allow_files(_CONNECTIONS + 256)
            hold_signals_for_new_workers()
            server = _granian(config)
            server.on_startup(ready)
            if config.drain_time:  # granian handles its signals by then
                server.on_startup(lambda: drain_first(config.drain_time, Path(room)))
            log.info(
                "the server starts",
                extra={"version": __version__, "address": _address(config)}
                | {"workers": config.workers},
            )
            server.serve()
            log.info("the server has stopped")


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


def _address(config: Config) -> str:
    return f"{config.host}:{config.port}"


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
        log_dictconfig=logs.of_the_server("warning"),
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
