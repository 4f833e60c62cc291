"""The floor of every read: an answer of so many bytes that is always the same."""

import os
from typing import Any

SIZE = "ROLLBOOK_BENCHMARK_BYTES"

_BODY = b"x" * int(os.environ.get(SIZE, "0"))
_START = {
    "type": "http.response.start",
    "status": 200 if _BODY else 304,
    "headers": [
        (b"content-type", b"application/json"),
        *([(b"content-length", b"%d" % len(_BODY))] if _BODY else []),
    ],
}


async def app(scope: Any, _receive: Any, send: Any) -> None:
    """Answer."""
    if scope["type"] == "http":
        await send(_START)
        await send({"type": "http.response.body", "body": _BODY})
