"""The whole application, without a network, for bytes that a parser has accepted."""

import asyncio
import logging
from pathlib import Path
from typing import Any

from cast import MASTER_KEY, SECRET, settle
from rollbook.api.app import build_app
from rollbook.auth.credentials import Safe
from rollbook.auth.door import Door
from rollbook.auth.nonces import NonceBook
from rollbook.storage.clock import system_clock
from rollbook.storage.sqlite import SqliteStore, create


class House:
    """Answers one request after the other from inside this process."""

    def __init__(self, folder: Path) -> None:
        """Settle a district in a folder, whose files are its own."""
        self._loop = asyncio.new_event_loop()
        database = folder / "rollbook.db"
        create(database)
        cast = self._loop.run_until_complete(self._settle(database))
        self._maths = f"/v1/sections/{cast.sections['maths']}/attendance".encode()
        self._signed = (
            f'OAuth oauth_consumer_key="{cast.keys["alice"]}", '
            f'oauth_signature_method="PLAINTEXT", oauth_signature="{SECRET}&"'
        ).encode()
        store = SqliteStore(database)
        nonces = NonceBook(folder / "nonces", now=system_clock().timestamp(), map_bytes=1 << 26)
        door = Door(store, Safe(MASTER_KEY), nonces, allowed_hosts=("*",), clock=system_clock)
        self._app = build_app(store, door, clock=system_clock)
        logging.getLogger("rollbook").addHandler(logging.StreamHandler())  # says which fault

    async def _settle(self, database: Path) -> Any:
        store = SqliteStore(database)
        cast = await settle(store, "Lindenhof", key_letter="a")
        await store.close()
        return cast

    def close(self) -> None:
        """Let go of the loop."""
        self._loop.close()

    def require_no_fault(
        self,
        method: str,
        *,
        target: bytes = b"",
        host: bytes = b"127.0.0.1",
        authorization: bytes = b"",
        body: bytes = b"",
        content_type: str = "",
    ) -> None:
        """
        Ask the application; raises `AssertionError` when it answers with 500 or more.

        What is left out is that of the administrator, asking for the attendance of Maths.
        """
        path, _, query = (target or self._maths).partition(b"?")
        path = path.replace(b"/v1/sections/7/attendance", self._maths)
        headers = [
            (b"host", host),
            (b"authorization", authorization or self._signed),
            (b"content-type", content_type.encode()),
            (b"content-length", str(len(body)).encode()),
        ]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path.decode(),
            "raw_path": path,
            "query_string": query,
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 5555),
            "server": ("127.0.0.1", 8460),
        }
        status = self._loop.run_until_complete(self._ask(scope, body))
        assert status < 500, f"the application answers {status}"

    async def _ask(self, scope: dict[str, Any], body: bytes) -> int:
        events = [{"type": "http.request", "body": body, "more_body": False}]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return events.pop() if events else {"type": "http.disconnect"}

        async def send(event: dict[str, Any]) -> None:
            sent.append(event)

        await self._app(scope, receive, send)
        status: int = sent[0]["status"]
        return status
