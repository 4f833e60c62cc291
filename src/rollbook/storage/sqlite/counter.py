"""
The counter at which writes are handed in: the writer as a process of its own, and lines to it.

Two processes that write one SQLite file only wait for each other's lock. So one process writes,
and the workers that speak HTTP hand it their commands over a local socket. It takes whatever
has come in, carries it out in one commit, answers, and looks again: while it waits for the disk
the next commands gather, so the busier it gets the more of them share a commit.

On the line each message is its length in four bytes and then msgpack: `[ticket, command]` one
way, `[ticket, result, error]` the other.
"""

import asyncio
import contextlib
import logging
import selectors
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeAlias, cast

import apsw
import msgspec

from rollbook.domain.attendance import Answer
from rollbook.domain.errors import RollbookError, RollRefused, Unavailable, revive
from rollbook.storage.backlog import Backlog
from rollbook.storage.clock import Clock, system_clock
from rollbook.storage.sqlite.changes import COMMANDS, Command
from rollbook.storage.sqlite.porter import Porter
from rollbook.storage.sqlite.writer import Writer

log = logging.getLogger("rollbook.storage")

GROUP_MAX = 64  # commands that share a commit: more would make the first of them wait
WAITING_MAX = 4096  # commands that are told at once that the file is held by another program
PATIENCE = 5.0  # seconds in which a worker must take its answers, while all others wait

_BETWEEN_TRIALS = 1.0  # seconds between two times to open a file that cannot be used
_LENGTH = 4
_CHUNK = 1 << 18


class _Handed(msgspec.Struct, array_like=True):
    ticket: int
    command: Command


class _Settled(msgspec.Struct, array_like=True):
    ticket: int
    result: msgspec.Raw
    error: tuple[str, list[Any]] | None


_encode = msgspec.msgpack.Encoder().encode
_read_handed = msgspec.msgpack.Decoder(_Handed).decode
_read_settled = msgspec.msgpack.Decoder(_Settled).decode


def _framed(message: bytes) -> bytes:
    return len(message).to_bytes(_LENGTH, "big") + message


class _Frames:
    """Bytes as they come in, message by message as they are whole."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._bytes += data
        start = 0
        while len(self._bytes) >= start + _LENGTH:
            body = start + _LENGTH
            end = body + int.from_bytes(self._bytes[start:body], "big")
            if len(self._bytes) < end:
                break
            yield bytes(self._bytes[body:end])
            start = end
        del self._bytes[:start]


# ---------------------------------------------------------------- the writer's side


# Told of each commit: how many commands it carried, how many wait still, the seconds that it
# took, and whether it failed.
Note: TypeAlias = Callable[[int, int, float, bool], object]


def _unnoted(*_facts: object) -> None:
    pass


class Counter:
    """Takes commands from many lines and carries them out, many to a commit."""

    def __init__(self, writer: Writer, listener: socket.socket, note: Note = _unnoted) -> None:
        self._writer = writer
        self._note = note
        self._listener = listener
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)
        self._queue: deque[tuple[socket.socket, _Handed]] = deque()
        self._open = True

    def serve(self, until: Connection | None = None) -> None:
        """
        Work until whoever holds the other end of *until* closes it or dies; then hang up.

        It ends as well when the disk failed: the file has to be opened anew, and looked at.
        """
        if until is not None:
            self._selector.register(until, selectors.EVENT_READ)
        try:
            while (self._open or self._queue) and not self._writer.in_doubt:
                self._look(0 if self._queue else None)
                self._settle()
        finally:
            for key in list(self._selector.get_map().values()):
                if key.fileobj is not until:  # that is not ours
                    self._hang_up(key.fileobj)
            self._selector.close()

    def _look(self, seconds: float | None) -> bool:
        """Take in what has come, waiting for it that long; return whether anything had."""
        ready = self._selector.select(seconds)
        for key, _ in ready:
            if key.fileobj is self._listener:
                self._accept()
            elif key.data is None:  # the line to whoever started us
                self._selector.unregister(key.fileobj)
                self._open = False
            else:
                self._receive(key)
        return bool(ready)

    def _accept(self) -> None:
        line, _ = self._listener.accept()
        line.settimeout(PATIENCE)
        self._selector.register(line, selectors.EVENT_READ, _Frames())

    def _receive(self, key: selectors.SelectorKey) -> None:
        line: Any = key.fileobj
        try:
            data = line.recv(_CHUNK)
        except ConnectionError:
            data = b""
        if not data:
            self._hang_up(line)
            return
        for message in key.data.feed(data):
            self._queue.append((line, _read_handed(message)))

    def _hang_up(self, line: Any) -> None:
        if line.fileno() >= 0:
            self._selector.unregister(line)
            line.close()

    def _settle(self) -> None:
        """Carry out what waits, as far as one commit goes, and answer."""
        group = [self._queue.popleft() for _ in range(min(GROUP_MAX, len(self._queue)))]
        if not group:
            return
        begun = time.perf_counter()
        outcomes = self._writer.all([handed.command for _, handed in group])
        took = time.perf_counter() - begun
        failed = all(isinstance(outcome, Unavailable) for outcome in outcomes)
        self._note(len(group), len(self._queue), took, failed)
        if isinstance(self._writer.fault, apsw.BusyError):
            waited = self._those_who_waited()
            group += waited
            outcomes += outcomes[:1] * len(waited)
        answers: dict[socket.socket, list[bytes]] = {}
        for (line, handed), outcome in zip(group, outcomes, strict=True):
            answers.setdefault(line, []).append(_framed(_settled(handed.ticket, outcome)))
        for line, messages in answers.items():
            try:
                line.sendall(b"".join(messages))
            except OSError:
                # A worker died or stands still: what it asked for is done, nobody hears it.
                self._hang_up(line)

    def _those_who_waited(self) -> list[tuple[socket.socket, _Handed]]:
        """
        Return what came in while another program held the file.

        It has waited as long as the writer did, and may not wait that long again.
        """
        while self._look(0) and len(self._queue) < WAITING_MAX:
            pass
        waited = list(self._queue)
        self._queue.clear()
        return waited


def _settled(ticket: int, outcome: Any) -> bytes:
    if isinstance(outcome, RollbookError):
        return _encode((ticket, None, (type(outcome).__name__, outcome.facts)))
    return _encode((ticket, outcome, None))


def listen(place: Path) -> socket.socket:
    """Return a socket for lines to the counter, at a place that only we may enter."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    place.unlink(missing_ok=True)
    listener.bind(str(place))
    place.chmod(0o600)
    listener.listen()
    return listener


def work(
    path: Path,
    place: Path,
    until: Connection,
    clock: Clock = system_clock,
    note: Note = _unnoted,
) -> None:
    """Be the writer of the file at *path*, reached at *place*, until told to stop."""
    # A service manager signals every process at once; the workers still have writes to hand in.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while (writer := _open_as_soon_as_possible(path, clock, until)) is not None:
        with contextlib.closing(Porter(path, writer.db)):
            Counter(writer, listen(place), note).serve(until)
        writer.close()
        if not writer.in_doubt:
            return
        log.error("the disk failed; opening the file anew", exc_info=writer.fault)


def _open_as_soon_as_possible(path: Path, clock: Clock, until: Connection) -> Writer | None:
    """Return a writer whose file is in order; None when told to stop before there is one."""
    while True:
        try:
            with contextlib.ExitStack() as undo:
                writer = Writer(path, clock)
                undo.callback(writer.close)
                writer.make_sure()
                undo.pop_all()
                return writer
        except Unavailable as fault:
            log.warning("nothing can be saved yet; trying again", exc_info=fault)
        if until.poll(_BETWEEN_TRIALS):
            return None


# ---------------------------------------------------------------- the worker's side


class Line(asyncio.Protocol):
    """A line to the counter: call it with a command, await what it came to."""

    def __init__(self, place: Path, backlog: Backlog | None = None) -> None:
        self._place = place
        self._backlog = backlog or Backlog(PATIENCE)
        self._waiting: dict[int, asyncio.Future[_Settled]] = {}
        self._ticket = 0
        self._transport: asyncio.WriteTransport | None = None
        self._frames = _Frames()
        self._dialling = asyncio.Lock()

    async def __call__(self, command: Command) -> Any:
        """
        Hand a command in and return its result; raises its error.

        Raises:
            Unavailable: The writer is away, or went away before it answered.
            TooMuchToDo: Its turn would not come soon enough; it was not handed in.
        """
        self._ticket += 1
        ticket = self._ticket
        message = _framed(_encode((ticket, command)))
        transport = self._transport or await self._dial()
        self._backlog.add()
        settled = self._waiting[ticket] = asyncio.get_running_loop().create_future()
        transport.write(message)
        try:
            answer = await settled
        finally:
            self._waiting.pop(ticket, None)
        if answer.error is not None:
            raise _revive(*answer.error)
        kind = COMMANDS[type(command)][1]
        return msgspec.msgpack.decode(answer.result, type=kind)

    async def _dial(self) -> asyncio.WriteTransport:
        async with self._dialling:
            if self._transport is None:
                loop = asyncio.get_running_loop()
                try:
                    await loop.create_unix_connection(lambda: self, str(self._place))
                except OSError as error:
                    raise Unavailable("The writer is starting; try again.") from error
            return cast("asyncio.WriteTransport", self._transport)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Use the line."""
        self._transport = cast("asyncio.WriteTransport", transport)
        self._frames = _Frames()

    def data_received(self, data: bytes) -> None:
        """Tell whoever waits."""
        messages = list(self._frames.feed(data))
        if messages:
            self._backlog.settle(len(messages))
        for message in messages:
            settled = _read_settled(message)
            waiting = self._waiting.get(settled.ticket)
            if waiting is not None and not waiting.done():
                waiting.set_result(settled)

    def connection_lost(self, _error: Exception | None) -> None:
        """Tell whoever waits that nobody knows; the next command dials again."""
        self._transport = None
        self._backlog.clear()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(
                    Unavailable("The writer stopped before it answered; try again.")
                )

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


def _revive(name: str, facts: Sequence[Any]) -> RollbookError:
    if name == RollRefused.__name__:
        refused, total, answers = facts
        facts = (refused, total, msgspec.convert(answers, list[Answer]))
    return revive(name, facts)
