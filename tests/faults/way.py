"""
The way to a PostgreSQL, with faults in it: a proxy that understands as much as it has to.

It knows where a message of the protocol ends, which statement is asked for, and when that was
answered. So it can cut the line when the database has committed and before anybody heard of it.
"""

import asyncio
import contextlib
import enum
import threading
from collections import Counter
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Callable

_SSL, _GSS = 80877103, 80877104  # "shall we encrypt?", which is answered with N for no
_ENDS_A_QUESTION = frozenset(b"SHQX")  # sync, flush, a simple query, goodbye


class Fate(enum.Enum):
    """What becomes of a statement on its way."""

    ARRIVES = "arrives"
    LOST = "lost"  # the line is cut before the database hears of it
    UNHEARD = "unheard"  # the database does it, and the line is cut before its answer is back
    SILENT = "silent"  # from then on nothing comes through, and nobody says so


class Way:
    """
    A proxy in front of a PostgreSQL, as long as the block lasts that it is the context of.

    Attributes:
        fate: Asked for each statement that is executed, by its text.
        delay: The same: how many seconds it is kept before it goes on to the database.
        met: How many statements met with which fate.
        holds: For how many seconds a line is held that the database has let go of.
    """

    def __init__(self, port: int) -> None:
        self.fate: Callable[[str], Fate] = lambda _: Fate.ARRIVES
        self.delay: Callable[[str], float] = lambda _: 0.0
        self.met: Counter[Fate] = Counter()
        self.holds = 0.0
        self._database_port = port
        self._port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._open = threading.Event()
        self._closing = asyncio.Event()

    def url(self, url: str) -> str:
        """Return the address of a database, by this way."""
        parts = urlsplit(url)
        user = parts.netloc.rpartition("@")[0]
        return urlunsplit(parts._replace(netloc=f"{user}@127.0.0.1:{self._port}"))

    def __enter__(self) -> Self:
        self._thread.start()
        self._open.wait()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self._port = server.sockets[0].getsockname()[1]
        self._open.set()
        await self._closing.wait()
        server.close()

    async def _carry(self, near: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        far, database = await asyncio.open_connection("127.0.0.1", self._database_port)
        line = _Line(self, near, client, far, database)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await line.carry()
        finally:
            client.transport.abort()
            database.transport.abort()


class _Cut(OSError):
    """The line was cut."""


class _Line:
    """One connection, in both directions."""

    def __init__(
        self,
        way: Way,
        near: asyncio.StreamReader,
        client: asyncio.StreamWriter,
        far: asyncio.StreamReader,
        database: asyncio.StreamWriter,
    ) -> None:
        self._way = way
        self._near, self._client = near, client
        self._far, self._database = far, database
        self._statements: dict[bytes, str] = {}  # as they were prepared, by name
        self._fate = Fate.ARRIVES

    async def carry(self) -> None:
        """Carry until one end has had enough, or the line is cut."""
        await self._greet()
        there, back = asyncio.create_task(self._there()), asyncio.create_task(self._back())
        try:
            done, _ = await asyncio.wait((there, back), return_when="FIRST_COMPLETED")
            for task in done:
                task.result()
        finally:
            for task in (there, back):
                task.cancel()
            await asyncio.gather(there, back, return_exceptions=True)

    async def _greet(self) -> None:
        while True:
            head = await self._near.readexactly(8)
            length, code = int.from_bytes(head[:4]), int.from_bytes(head[4:])
            if code not in (_SSL, _GSS):
                self._database.write(head + await self._near.readexactly(length - 8))
                return
            self._client.write(b"N")

    async def _there(self) -> None:
        question, asked = b"", None
        while True:
            kind, message = await _message(self._near)
            question += message
            if kind == ord("P"):
                name, text, _ = message[5:].split(b"\0", 2)
                self._statements[name] = text.decode()
            elif kind == ord("B"):
                _, name, _ = message[5:].split(b"\0", 2)
                asked = self._statements[name]
            elif kind == ord("Q"):
                asked = message[5:-1].decode()
            if kind in _ENDS_A_QUESTION:
                if asked is not None:
                    await self._meet(asked)
                if self._fate is not Fate.SILENT:
                    self._database.write(question)
                question, asked = b"", None
            elif kind == ord("p"):  # a password
                self._database.write(question)
                question = b""

    async def _meet(self, asked: str) -> None:
        """Let a statement meet with its fate."""
        if wait := self._way.delay(asked):
            await asyncio.sleep(wait)
        if self._fate is not Fate.SILENT:
            self._fate = self._way.fate(asked)
            self._way.met[self._fate] += 1
        if self._fate is Fate.LOST:
            raise _Cut

    async def _back(self) -> None:
        while True:
            try:
                kind, message = await _message(self._far)
            except asyncio.IncompleteReadError:
                await asyncio.sleep(self._way.holds)
                raise
            if self._fate is Fate.ARRIVES:
                self._client.write(message)
            elif self._fate is Fate.UNHEARD and kind == ord("Z"):  # it has committed
                raise _Cut


async def _message(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Return a message whole, and its kind."""
    head = await reader.readexactly(5)
    return head[0], head + await reader.readexactly(int.from_bytes(head[1:]) - 4)
