"""Requests to a server that may be away, slow or dying: each comes to a status and its time."""

import http.client
import itertools
import json
import secrets
import time
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from cast import SECRET

AWAY = 0  # the status of a request that nobody answered


class Answer(msgspec.Struct):
    """What a request came to."""

    status: int
    body: bytes = b""
    retry_after: str | None = None
    begun: float = 0.0  # on the monotonic clock
    seconds: float = 0.0
    sent: bool = True  # False when nobody was there to connect to

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Asking:
    """
    Asks one server as one person, on a new connection each time.

    With several ports, through a proxy before as many instances: each request goes to the next
    one in turn, and as it is to another one if that does not begin an answer.
    """

    def __init__(self, port: int | Sequence[int], key: str, patience: float = 30) -> None:
        self._ports = [port] if isinstance(port, int) else list(port)
        self._turns = itertools.count()
        self._key = key
        self._patience = patience

    def get(self, section: int) -> Answer:
        """Read a section's marks."""
        return self._ask("GET", path_of(section), None)

    def history(self, section: int) -> Answer:
        """Read who changed them."""
        return self._ask("GET", f"{path_of(section)}/history", None)

    def put(
        self,
        section: int,
        marks: dict[tuple[str, int], int],
        comment: str = "",
        *,
        times: int = 1,
    ) -> Answer:
        """Save marks, by day and enrollment, all with one comment; say so that many times."""
        return self._ask("PUT", path_of(section), body_of([*marks.items()] * times, comment))

    def _ask(self, method: str, path: str, body: bytes | None) -> Answer:
        begun = time.monotonic()
        headers = headers_of(self._key)
        turn = next(self._turns)
        for number in range(len(self._ports)):
            port = self._ports[(turn + number) % len(self._ports)]
            read = self.send(port, method, path, body, headers)
            if read.status != AWAY:
                break
        read.begun, read.seconds = begun, time.monotonic() - begun
        return read

    def send(
        self, port: int, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> Answer:
        """Send one request as it is."""
        line = self._line(port)
        connected = False
        try:
            line.connect()
            connected = True
            line.request(method, path, body, headers)
            answer = line.getresponse()
            read = Answer(answer.status, answer.read(), answer.headers["Retry-After"])
        except (OSError, http.client.HTTPException) as gone:
            read = Answer(AWAY, repr(gone).encode(), sent=connected)
        finally:
            line.close()
        return read

    def _line(self, port: int) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=self._patience)


def path_of(section: int) -> str:
    """Return where a section's marks are."""
    return f"/v1/sections/{section}/attendance"


def body_of(marks: Iterable[tuple[tuple[str, int], int]], comment: str = "") -> bytes:
    """Return a body that saves them."""
    items = [
        {"enrollment_id": who, "date": day, "status": status, "comment": comment}
        for (day, who), status in marks
    ]
    return json.dumps({"attendances": {"attendance": items}}).encode()


def headers_of(key: str) -> dict[str, str]:
    """Return the headers of a signed request with a body in JSON."""
    claim = {
        "oauth_consumer_key": key,
        "oauth_nonce": secrets.token_hex(8),
        "oauth_timestamp": str(int(time.time())),
        "oauth_signature_method": "PLAINTEXT",
        "oauth_signature": f"{SECRET}%26",
    }
    header = ", ".join(f'{name}="{value}"' for name, value in claim.items())
    return {"Authorization": f"OAuth {header}", "Content-Type": "application/json"}
