"""A form with a file in it, read as it comes in: the file is never in memory as a whole."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

from multipart import (
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    parse_options_header,
)

from rollbook.domain.errors import CannotRead
from rollbook.web.forms import Form, not_ours
from rollbook.web.words import N_
from rollbook.wire.http import BODY_WITHIN, HttpError, Request

FILE_MAX = 64 << 20  # bytes: ten times the largest roster that we know of
WITHIN = 300  # seconds in which it has to come

_FORM = "multipart/form-data"
_FIELD_MAX = 10_000  # bytes
_NAME_MAX = 80  # characters of a file's name
_FIELDS_MAX = 20


class Upload:
    """
    A form whose last field is a file.

    The fields before it are read first, so that whoever may not send one is refused before it is
    taken: `fields`, then `save`.

    Attributes:
        name: What the file is called where it comes from, to be shown; empty: it does not say.
    """

    def __init__(self, req: Request) -> None:
        """Raise `CannotRead` when it is no such form."""
        kind, options = parse_options_header(req.header(b"content-type") or "")
        if kind != _FORM:
            raise CannotRead(N_("A form with a file is sent as multipart/form-data."))
        try:
            self._parser = PushMultipartParser(
                options.get("boundary", ""), max_segment_count=_FIELDS_MAX, strict=True
            )
        except MultipartError:
            raise not_ours() from None
        self.name = ""
        self._has_file = False
        self._events = self._read(req)

    async def _read(self, req: Request) -> AsyncIterator[MultipartSegment | bytes | None]:
        try:
            with self._parser:
                async for part in req.parts(FILE_MAX, WITHIN):
                    if part:
                        for event in self._parser.parse(part):
                            yield event
        except (MultipartError, LookupError):  # the latter for an unknown charset
            raise not_ours() from None

    async def fields(self) -> Form:
        """
        Return the fields that come before the file, as quickly as those of any form.

        Raises `BadBody`, `HttpError`.
        """
        try:
            async with asyncio.timeout(BODY_WITHIN):
                return await self._fields()
        except TimeoutError:
            raise HttpError(408, N_("The form did not come in within 30 seconds.")) from None

    async def _fields(self) -> Form:
        pairs: list[tuple[str, str]] = []
        name, value = "", bytearray()
        async for event in self._events:
            if isinstance(event, MultipartSegment):
                if event.filename is not None:
                    self._has_file, self.name = True, _shown(event.filename)
                    break
                name, value = event.name or "", bytearray()
            elif event is None:
                pairs.append((name, _text(value)))
            else:
                value += event
                if len(value) > _FIELD_MAX:
                    raise not_ours()
        return Form(pairs)

    async def save(self, path: Path) -> int:
        """
        Write the file to a new one that only we can read, and return its size; 0: there is none.

        Raises `BadBody`, `BodyTooLarge`; what was written of it until then is left behind.
        """
        if not self._has_file:
            return 0
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            async for event in self._events:
                if event is None:  # whatever comes after the file is not read
                    break
                assert not isinstance(event, MultipartSegment)
                file.write(event)
            return file.tell()


def _shown(told: str) -> str:
    """Return a file's name without folders and signs that cannot be seen, and not endless."""
    name = told.replace("\\", "/").rpartition("/")[2]
    name = "".join(sign for sign in name if sign.isprintable()).strip()
    if len(name) <= _NAME_MAX:
        return name
    return f"{name[: _NAME_MAX - 13]}…{name[-12:]}"  # the ending tells most


def _text(value: bytearray) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise not_ours() from None
