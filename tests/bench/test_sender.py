"""The sender knows what became of each request, and gives up none."""

import socket
import threading

from benchmarks.sender import Sender

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
BUSY = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"
REFUSED = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def served(replies: list[bytes]) -> str:
    """Return the address of a server that gives those replies in turn; an empty one: hangs up."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        line: socket.socket | None = None
        for reply in replies:
            line = line or listening.accept()[0]
            if line.recv(1000) and reply:
                half = len(reply) // 2
                line.sendall(reply[:half])
                line.sendall(reply[half:])
            else:
                line.close()
                line = None
        if line:
            line.close()
        listening.close()

    threading.Thread(target=serve, daemon=True).start()
    host, port = listening.getsockname()
    return f"{host}:{port}"


def test_what_was_refused_for_the_moment_or_lost_is_sent_again() -> None:
    """
    Every ticket ends with its answer, whatever came in between; each attempt is counted.
    """
    done: list[tuple[str, int]] = []
    sender = Sender[str](
        served([BUSY, b"", OK, OK]),
        1,
        lambda ticket: f"GET /{ticket} HTTP/1.1\r\n\r\n".encode(),
        lambda ticket, status, _: done.append((ticket, status)),
    )
    sender.run(iter(["a", "b"]))

    assert sorted(done) == [("a", 200), ("b", 200)]
    assert sender.counts == {503: 1, 0: 1, 200: 2}


def test_a_refusal_is_an_answer_and_is_shown() -> None:
    """
    What repeating would not change is not repeated, and the first such answer is kept.
    """
    done: list[int] = []
    sender = Sender[str](
        served([REFUSED]),
        1,
        lambda _: b"GET / HTTP/1.1\r\n\r\n",
        lambda _ticket, status, _took: done.append(status),
    )
    sender.run(iter(["a"]))

    assert done == [404]
    assert sender.strange == REFUSED
