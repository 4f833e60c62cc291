"""
A sender that knows what became of each request.

wrk is lighter on the machine, but it tells neither which request an answer belongs to nor how
long each kind took. This one keeps so many connections open, sends one request at a time over
each, and hands every answer over with what it was asked for. What was refused for the moment
(503, 429) or got lost with its connection is sent again, signed anew, until it is answered.
"""

import re
import select
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

FOR_THE_MOMENT = (429, 503)

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_RETRY = re.compile(rb"\r\nretry-after: *(\d+)", re.IGNORECASE)
_SOON = 0.2  # seconds until a request that got lost is sent again


class Sender(Generic[T]):
    """
    Sends what `spell` makes of tickets, and calls `answered` with each ticket when it is done.

    `answered` gets the ticket, the status, and the seconds from sending to the whole answer.
    `counts` has how many answers of each status came, and under 0 how many never did.
    """

    def __init__(
        self,
        host: str,
        connections: int,
        spell: Callable[[T], bytes],
        answered: Callable[[T, int, float], None],
    ) -> None:
        name, _, port = host.partition(":")
        self._address = (name, int(port))
        self._spell = spell
        self._answered = answered
        self._poll = select.epoll()
        self._most = connections
        self._under_way = 0
        self._open: dict[int, _Connection[T]] = {}  # by file number
        self._idle: list[_Connection[T]] = []  # of those
        self._again: deque[tuple[float, T]] = deque()  # when, what
        self.counts: Counter[int] = Counter()
        self.strange = b""  # the first answer that nobody expects

    def run(self, tickets: Iterator[T], until: Callable[[], bool] = lambda: False) -> None:
        """Send until all tickets are answered, or *until* says that it is enough."""
        while not until():
            self._feed(tickets)
            if not self._under_way and not self._again:
                break
            for number, _ in self._poll.poll(0.05):
                self._hear(self._open[number])
        for connection in self._open.values():
            connection.line.close()
        self._poll.close()

    def _feed(self, tickets: Iterator[T]) -> None:
        """Give each idle connection something to send, while there is anything."""
        while self._under_way < self._most:
            if self._again and self._again[0][0] <= time.monotonic():
                _, ticket = self._again.popleft()
            else:
                try:
                    ticket = next(tickets)
                except StopIteration:
                    return
            self._send(ticket)

    def _send(self, ticket: T) -> None:
        request = self._spell(ticket)
        try:
            connection = self._idle.pop() if self._idle else self._connect()
        except OSError:
            self._lost(ticket)
            return
        connection.ticket = ticket
        self._under_way += 1
        connection.sent_at = time.perf_counter()
        try:
            connection.line.sendall(request)
        except OSError:
            self._lose(connection)

    def _connect(self) -> "_Connection[T]":
        line = socket.create_connection(self._address, timeout=10)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.setblocking(False)  # spares a look before each send and receive
        self._poll.register(line, select.EPOLLIN)
        connection = self._open[line.fileno()] = _Connection[T](line)
        return connection

    def _hear(self, connection: "_Connection[T]") -> None:
        try:
            data = connection.line.recv(1 << 17)
        except OSError:
            data = b""
        if not data:
            self._lose(connection)
            return
        heard = connection.heard + data if connection.heard else data
        end = heard.find(b"\r\n\r\n")
        length = _LENGTH.search(heard, 0, end + 2) if end >= 0 else None
        if end < 0 or len(heard) < end + 4 + (int(length[1]) if length else 0):
            connection.heard = heard
            return
        took = time.perf_counter() - connection.sent_at
        ticket, connection.ticket, connection.heard = connection.ticket, None, b""
        assert ticket is not None, "an answer that nobody asked for"
        self._under_way -= 1
        self._idle.append(connection)
        self._take(ticket, heard, took)

    def _take(self, ticket: T, heard: bytes, took: float) -> None:
        status = int(heard[9:12])
        self.counts[status] += 1
        if status in FOR_THE_MOMENT:
            wait = _RETRY.search(heard)
            self._again.append((time.monotonic() + (int(wait[1]) if wait else _SOON), ticket))
            return
        if status >= 400 and not self.strange:
            self.strange = heard[:2000]
        self._answered(ticket, status, took)

    def _lose(self, connection: "_Connection[T]") -> None:
        """Let go of a connection that broke; what was under way on it is sent again soon."""
        self._poll.unregister(connection.line)
        del self._open[connection.line.fileno()]
        connection.line.close()
        if connection.ticket is None:
            self._idle.remove(connection)  # it was closed for being idle
        else:
            self._under_way -= 1
            self._lost(connection.ticket)

    def _lost(self, ticket: T) -> None:
        self.counts[0] += 1
        self._again.append((time.monotonic() + _SOON, ticket))


class _Connection(Generic[T]):
    """A line to the server, and what is under way on it."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self.ticket: T | None = None
        self.heard = b""
        self.sent_at = 0.0
