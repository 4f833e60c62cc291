"""
Load on a server from wrk, with requests that were signed before.

They are written to a file as the very bytes of HTTP; wrk sends them one after the other. So the
load generator takes as little as it can of the two cores that it shares with the server.
"""

import itertools
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

import msgspec

_SCRIPT = Path(__file__).with_name("replay.lua")


class Load(msgspec.Struct):
    """What came of one run."""

    rate: float  # answers a second
    p50: float  # milliseconds
    p99: float
    answers: int
    wrong: int  # answers that were not the expected status, and broken connections
    sent: float  # bytes a second that came back


def require_wrk() -> str:
    """Return where wrk is; raises `SystemExit` saying what to do when it is not there."""
    found = shutil.which("wrk")
    if found is None:
        raise SystemExit("The measurements need wrk: apt-get install wrk")
    return found


def run(
    host: str,
    requests: Iterable[bytes],
    *,
    count: int,
    seconds: int,
    connections: int,
    expect: int = 200,
    again: bool = False,
) -> Load:
    """
    Send signed requests for some seconds, at most *count* of them, and say what came back.

    With *again* they may be sent more than once: to a server that looks at no nonces.

    Raises:
        RuntimeError: They were used up before the time was over.
    """
    wrk = require_wrk()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "requests"
        with place.open("wb") as file:
            for request in itertools.islice(requests, count):
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
    if found.pop("used_up") and not again:
        raise RuntimeError(
            f"the {count} requests were used up before the {seconds} s were over"
        )
    return msgspec.convert(found, Load)
