"""
Requests as the very bytes that go over the line, signed with HMAC-SHA1.

Written to cost little: whoever sends shares the machine with the server that is measured. It
knows only what these measurements send: every name and value is of unreserved characters.
`tests/benchmarks/test_signing.py` holds it to the reference.
"""

import base64
import hmac
import secrets
from collections.abc import Mapping, Sequence


class Signer:
    """One key at one server."""

    def __init__(self, host: str, key: str, secret: str) -> None:
        self._host = host
        self._secret = f"{secret}&".encode()
        self._key = key
        self._where = f"http%3A%2F%2F{host.replace(':', '%3A')}"

    def request(
        self,
        method: str,
        path: str,
        now: int,
        *,
        query: Sequence[tuple[str, str]] = (),
        headers: str = "",
        body: bytes = b"",
    ) -> bytes:
        """
        Return a request with a nonce of its own, dated *now* (seconds since 1970).

        Args:
            method: Of HTTP.
            path: Without a query.
            now: The timestamp.
            query: Names and values.
            headers: Further ones, each ending with CR LF.
            body: Goes out with its length.
        """
        nonce = secrets.token_hex(8)
        claim = [
            ("oauth_consumer_key", self._key),
            ("oauth_nonce", nonce),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", str(now)),
        ]
        pairs = sorted([*query, *claim]) if query else claim
        signed = "%26".join([f"{name}%3D{value}" for name, value in pairs])
        base = f"{method}&{self._where}{path.replace('/', '%2F')}&{signed}"
        digest = base64.b64encode(hmac.digest(self._secret, base.encode(), "sha1")).decode()
        signature = digest.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
        asked = "&".join([f"{name}={value}" for name, value in query])
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        return (
            f"{method} {path}{'?' if asked else ''}{asked} HTTP/1.1\r\nHost: {self._host}\r\n"
            f'Authorization: OAuth oauth_consumer_key="{self._key}", oauth_nonce="{nonce}", '
            f'oauth_signature_method="HMAC-SHA1", oauth_timestamp="{now}", '
            f'oauth_signature="{signature}"\r\n{headers}{length}\r\n'
        ).encode() + body


def spelled(headers: Mapping[str, str]) -> str:
    """Return headers as `Signer.request` takes them."""
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())
