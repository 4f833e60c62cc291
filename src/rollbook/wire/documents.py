"""A document on its way in or out, in whichever of the two formats it travels."""

from typing import Any

from rollbook.wire import json, xml
from rollbook.wire.formats import Format


def read(body: bytes, format_: Format) -> Any:
    """Return the document in a body as Python values; raises `BadBody`."""
    return xml.read(body) if format_.is_xml else json.read(body)


def write(document: Any, format_: Format) -> bytes:
    """Return a document of structs, dicts, lists, text and integers as a body."""
    return xml.write(document) if format_.is_xml else json.write(document)
