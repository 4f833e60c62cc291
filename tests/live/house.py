"""A real server, its processes, and requests to it that are spelled byte by byte."""

import contextlib
import datetime as dt
import io
import socket
import time
from collections.abc import Callable, Mapping
from email.message import Message
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import httpx
import msgspec
import oauthlib.oauth1

from cast import SECRET, Cast
from faults.server import Server
from signing import Signed

JSON, XML = "application/json", "text/xml"


def now() -> dt.datetime:
    """Return the present moment: a real server has no other."""
    return dt.datetime.now(dt.UTC)


class House(Server):
    """A server with both districts in it."""

    def __init__(self, database: Path, cast: Cast, **settings: str) -> None:
        """Prepare one; *settings* are further ones, by name."""
        super().__init__(database)
        self.database = database
        self.cast = cast
        self.environ.update(
            {f"ROLLBOOK_{name.upper()}": text for name, text in settings.items()}
        )
        self.port = int(self.environ["ROLLBOOK_PORT"])
        scheme = "https" if "tls_certificate" in settings else "http"
        self.url = f"{scheme}://127.0.0.1:{self.port}"

    @property
    def maths(self) -> str:
        """The path of the attendance of Maths."""
        return f"/v1/sections/{self.cast.sections['maths']}/attendance"

    def client(self, who: str = "alice", **options: Any) -> httpx.Client:
        """Return a client that signs as somebody."""
        auth = Signed(self.cast.keys[who], SECRET, now)
        return httpx.Client(base_url=self.url, auth=auth, timeout=10, **options)

    def authorization(
        self, method: str, target: str, who: str = "alice", host: str | None = None
    ) -> str:
        """Return the header with which somebody signs a request."""
        signer = oauthlib.oauth1.Client(self.cast.keys[who], SECRET)
        url = f"http://{host or f'127.0.0.1:{self.port}'}{target}"
        header: str = signer.sign(url, method)[1]["Authorization"]
        return header


def wait_until(happened: Callable[[], Any], what: str, seconds: float = 10) -> Any:
    """Return what *happened* returns as soon as it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := happened():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


# ---------------------------------------------------------------- bytes on the wire


class Reply(msgspec.Struct):
    """One answer as it came back."""

    status: int
    headers: Message
    body: bytes


def spelled(method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """Return a request, spelled exactly so."""
    lines = [f"{name}: {text}" for name, text in headers.items()]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""]).encode("latin-1") + body


def talk(port: int, request: bytes, *, method: str = "GET", quiet: float = 1) -> list[Reply]:
    """Send bytes and read what comes back until the line is closed, or quiet for a while."""
    with socket.create_connection(("127.0.0.1", port), timeout=quiet) as line:
        with contextlib.suppress(OSError):  # it may have seen enough
            line.sendall(request)
        return read_replies(hear(line), method)


def hear(line: socket.socket) -> bytes:
    """Return all that comes in until the line is closed, or has been quiet for its timeout."""
    heard = b""
    with contextlib.suppress(TimeoutError, ConnectionError):
        while data := line.recv(1 << 16):
            heard += data
    return heard


def read_replies(data: bytes, method: str = "GET") -> list[Reply]:
    """Return the answers in what came back."""
    stream = _Stream(data)
    found = []
    while stream.tell() < len(data):
        response = HTTPResponse(stream, method=method)  # type: ignore[arg-type]
        response.begin()
        found.append(Reply(response.status, response.msg, response.read()))
    return found


class _Stream(io.BytesIO):
    """Answers one after the other, where `http.client` expects a socket for each."""

    def makefile(self, _mode: str) -> "_Stream":
        return self

    def close(self) -> None:
        """Stay open: there may be another answer."""
