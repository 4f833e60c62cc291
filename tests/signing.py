"""Requests signed by oauthlib, the reference, for httpx."""

import datetime as dt
import secrets
from collections.abc import Callable, Iterator

import httpx
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, Client


class Signed(httpx.Auth):
    """Signs each request with a key, at the time that *clock* tells."""

    def __init__(
        self,
        key: str,
        secret: str,
        clock: Callable[[], dt.datetime],
        method: str = SIGNATURE_HMAC_SHA1,
    ) -> None:
        self._key = key
        self._secret = secret
        self._clock = clock
        self._method = method

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        client = Client(
            self._key,
            self._secret,
            signature_method=self._method,
            nonce=secrets.token_hex(8),
            timestamp=str(int(self._clock().timestamp())),
        )
        _, headers, _ = client.sign(str(request.url), request.method)
        request.headers["Authorization"] = headers["Authorization"]
        yield request
