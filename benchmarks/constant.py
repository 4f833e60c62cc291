"""The floor of every read: an answer of 9 KB that is always the same."""

from typing import Any

_BODY = b"x" * 9000
_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", b"9000")],
}


async def app(scope: Any, _receive: Any, send: Any) -> None:
    """Answer."""
    if scope["type"] == "http":
        await send(_START)
        await send({"type": "http.response.body", "body": _BODY})
