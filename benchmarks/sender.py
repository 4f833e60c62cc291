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
        self._again: deque[tuple[float, T]] = deque()  # when, what
        self._idle: list[_Connection[T]] = [_Connection() for _ in range(connections)]
        self._busy: dict[int, _Connection[T]] = {}
        self.counts: Counter[int] = Counter()
        self.strange = b""  # the first answer that nobody expects

    def run(self, tickets: Iterator[T], until: Callable[[], bool] = lambda: False) -> None:
        """Send until all tickets are answered, or *until* says that it is enough."""
        while not until():
            self._feed(tickets)
            if not self._busy and not self._again:
                break
            for number, _ in self._poll.poll(0.05):
                self._hear(self._busy[number])
        for connection in [*self._busy.values(), *self._idle]:
            connection.close()
        self._poll.close()

    def _feed(self, tickets: Iterator[T]) -> None:
        """Give each idle connection something to send, while there is anything."""
        while self._idle:
            if self._again and self._again[0][0] <= time.monotonic():
                _, ticket = self._again.popleft()
            else:
                try:
                    ticket = next(tickets)
                except StopIteration:
                    return
            self._send(self._idle.pop(), ticket)

    def _send(self, connection: "_Connection[T]", ticket: T) -> None:
        request = self._spell(ticket)
        connection.ticket = ticket
        try:
            line = connection.line or connection.open(self._address)
            self._poll.register(line, select.EPOLLIN)
            self._busy[line.fileno()] = connection
            connection.sent_at = time.perf_counter()
            if line.send(request) < len(request):
                raise ConnectionError  # it takes a jam of many requests: the peer is not reading
        except OSError:
            self._lose(connection)

    def _hear(self, connection: "_Connection[T]") -> None:
        assert connection.line
        try:
            data = connection.line.recv(1 << 17)
        except OSError:
            data = b""
        if not data:
            self._lose(connection)
            return
        heard = connection.heard + data if connection.heard else data
        end = heard.find(b"\r\n\r\n")
        length = _LENGTH.search(heard, 0, end) if end >= 0 else None
        if end < 0 or len(heard) < end + 4 + (int(length[1]) if length else 0):
            connection.heard = heard
            return
        took = time.perf_counter() - connection.sent_at
        status = int(heard[9:12])
        ticket = connection.rest()
        self._put_away(connection)
        self.counts[status] += 1
        if status in FOR_THE_MOMENT:
            wait = _RETRY.search(heard, 0, end)
            self._again.append((time.monotonic() + (int(wait[1]) if wait else _SOON), ticket))
            return
        if status >= 400 and not self.strange:
            self.strange = heard[:2000]
        self._answered(ticket, status, took)

    def _put_away(self, connection: "_Connection[T]") -> None:
        if connection.line:
            self._busy.pop(connection.line.fileno(), None)
            self._poll.unregister(connection.line)
        self._idle.append(connection)

    def _lose(self, connection: "_Connection[T]") -> None:
        """Take note that nobody knows what became of a request, and send it again soon."""
        self.counts[0] += 1
        if connection.line and connection.line.fileno() in self._busy:
            self._put_away(connection)
        else:
            self._idle.append(connection)
        self._again.append((time.monotonic() + _SOON, connection.rest()))
        connection.close()


class _Connection(Generic[T]):
    """A line to the server, and what is under way on it."""

    def __init__(self) -> None:
        self.line: socket.socket | None = None
        self.ticket: T | None = None
        self.heard = b""
        self.sent_at = 0.0

    def open(self, address: tuple[str, int]) -> socket.socket:
        self.line = socket.create_connection(address, timeout=10)
        self.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.line

    def rest(self) -> T:
        """Return what was under way; nothing is any more."""
        ticket = self.ticket
        assert ticket is not None
        self.ticket, self.heard = None, b""
        return ticket

    def close(self) -> None:
        if self.line:
            self.line.close()
            self.line = None
