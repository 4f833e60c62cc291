"""The scripts and the style of the pages: files of ours, and of nobody else's."""

import functools
import hashlib
from importlib import resources
from typing import ClassVar

from rollbook.wire.http import Request, Response, nothing_here

_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
_TYPES |= {"svg": "image/svg+xml"}
_KEPT = "public, max-age=31536000, immutable"  # the address changes with the file


@functools.cache
def _all() -> dict[str, bytes]:
    folder = resources.files("rollbook.web").joinpath("static")
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


@functools.cache
def address(name: str) -> str:
    """Return where a file is: under a name that says what is in it."""
    digest = hashlib.sha256(_all()[name]).hexdigest()[:16]
    stem, _, kind = name.rpartition(".")
    return f"/static/{stem}.{digest}.{kind}"


class Static:
    """Each file: `/static/{name}`."""

    needs: ClassVar = {"GET": None}

    async def on_get(self, _req: Request, resp: Response, name: str) -> None:
        """Send a file, to be kept for good."""
        stem, _, kind = name.rpartition(".")
        plain = f"{stem.rpartition('.')[0]}.{kind}"
        if plain not in _all() or address(plain) != f"/static/{name}":
            raise nothing_here()
        resp.body, resp.content_type = _all()[plain], _TYPES[kind]
        resp.headers["Cache-Control"] = _KEPT
