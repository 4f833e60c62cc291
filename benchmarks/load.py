"""
Load on a server from wrk, with requests that were signed before.

Each request is signed with a nonce of its own (HMAC-SHA1) and written to a file as the very bytes
of HTTP; wrk sends them one after the other. So the load generator takes as little as it can of
the two cores that it shares with the server.
"""

import base64
import hmac
import itertools
import json
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

import msgspec

from benchmarks.district import KEY, SECRET

_SCRIPT = Path(__file__).with_name("replay.lua")


class Ask(msgspec.Struct):
    """One request, before it is signed."""

    method: str
    path: str
    headers: dict[str, str] = {}
    body: bytes = b""


class Load(msgspec.Struct):
    """What came of one run."""

    rate: float  # answers a second
    p50: float  # milliseconds
    p99: float
    answers: int
    wrong: int  # answers that were not the expected status
    sent: float  # bytes a second that came back


def signed(host: str, ask: Ask, now: int) -> bytes:
    """Return the request as bytes, signed."""
    path, _, query = ask.path.partition("?")
    claim = {
        "oauth_consumer_key": KEY,
        "oauth_nonce": secrets.token_hex(8),
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(now),
    }
    asked = [tuple(pair.split("=", 1)) for pair in query.split("&") if pair]
    pairs = [*asked, *claim.items()]
    text = "&".join(f"{name}={value}" for name, value in sorted(pairs))
    base = f"{ask.method}&{quote(f'http://{host}{path}', safe='~')}&{quote(text, safe='~')}"
    digest = hmac.digest(f"{SECRET}&".encode(), base.encode(), "sha1")
    claim["oauth_signature"] = quote(base64.b64encode(digest).decode(), safe="~")
    header = ", ".join(f'{name}="{value}"' for name, value in claim.items())
    headers = {"Host": host, "Authorization": f"OAuth {header}", **ask.headers}
    if ask.body:
        headers["Content-Length"] = str(len(ask.body))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{ask.method} {ask.path} HTTP/1.1\r\n{lines}\r\n".encode() + ask.body


def run(
    host: str, asks: Iterable[Ask], *, count: int, seconds: int, connections: int, expect: int
) -> Load:
    """
    Send signed requests for some seconds, at most *count* of them, and say what came back.

    Raises:
        RuntimeError: wrk is not installed, or the requests were used up too early.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        raise RuntimeError("wrk is not installed: apt-get install wrk")
    now = int(time.time())
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "requests"
        with place.open("wb") as file:
            for request in _signed_all(host, itertools.islice(asks, count), now):
                file.write(b"%d\n" % len(request))
                file.write(request)
        command = [wrk, "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(_SCRIPT)]
        done = subprocess.run(
            [*command, f"http://{host}", "--", str(place), str(expect)],
            capture_output=True,
            text=True,
            check=True,
        )
    found = json.loads(done.stdout.strip().splitlines()[-1])
    if found.pop("used_up"):
        raise RuntimeError(
            f"the {count} requests were used up before the {seconds} s were over"
        )
    return msgspec.convert(found, Load)


def _signed_all(host: str, asks: Iterable[Ask], now: int) -> Iterator[bytes]:
    for ask in asks:
        yield signed(host, ask, now)
