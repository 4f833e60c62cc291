"""The two resources; what they answer is made once, at the start."""

import functools
import hashlib
from typing import ClassVar

import msgspec

from rollbook.api.asking import is_known
from rollbook.api.contract import document, page
from rollbook.wire.http import Request, Response


class Contract:
    """`/v1/openapi.json`."""

    needs: ClassVar = {"GET": None}

    def __init__(self) -> None:
        self._text = _document()
        self._tag = _tag_of(self._text)

    async def on_get(self, req: Request, resp: Response) -> None:
        """Return the OpenAPI document."""
        _answer(req, resp, self._text, self._tag, "application/json")


class Docs:
    """`/docs`."""

    needs: ClassVar = {"GET": None}

    def __init__(self) -> None:
        self._text, self._policy = _page()
        self._tag = _tag_of(self._text)

    async def on_get(self, req: Request, resp: Response) -> None:
        """Return a page to read."""
        resp.headers["Content-Security-Policy"] = self._policy
        _answer(req, resp, self._text, self._tag, "text/html; charset=utf-8")


@functools.cache
def _document() -> bytes:
    return msgspec.json.encode(document.build())


@functools.cache
def _page() -> tuple[bytes, str]:
    text, policy = page.render(document.build())
    return text.encode(), policy


def _tag_of(text: bytes) -> str:
    return f'"{hashlib.blake2b(text, digest_size=12).hexdigest()}"'


def _answer(req: Request, resp: Response, text: bytes, tag: str, media_type: str) -> None:
    resp.headers["ETag"] = tag
    if is_known(req, tag):
        resp.status = 304
    else:
        resp.content_type = media_type
        resp.body = text
