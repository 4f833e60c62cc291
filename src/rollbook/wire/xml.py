"""
XML in and out: the twin of `json`, so that both formats carry the same documents.

A JSON object is an element with elements in it, a list is the element repeated, text is text,
an integer its digits, and what is empty is an empty element. The outermost element's name has
no meaning: `<result>` when we write. Document types are refused, so nothing can be expanded and
nothing is fetched.
"""

import re
from collections.abc import Iterable
from typing import Any
from xml.parsers import expat

import msgspec

from rollbook.domain.errors import BadBody

_DEPTH_MAX = 32
_HEAD = '<?xml version="1.0" encoding="utf-8" ?>\n<result>'
_ENCODINGS = ("utf-8", "utf8", "us-ascii")

_NEEDS_CARE = re.compile("[&<>\r]|[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_INSTEAD = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_CANNOT_STAND = "\N{REPLACEMENT CHARACTER}"


def read(body: bytes) -> Any:
    """
    Return an XML document as Python values: dicts, lists and text; an empty one is a dict.

    Raises:
        BadBody: It is not well-formed, or uses what we refuse; the text says where.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadBody(f"The body is not UTF-8: byte {error.start} is wrong.") from None
    return _Reader().read(text)


class _Reader:
    """One document on its way in; a frame is an open element's children and its text."""

    def __init__(self) -> None:
        self._frames: list[tuple[dict[str, Any], list[str]]] = [({}, [])]
        self._commented = 0  # the depth of the last comment
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        parser.ProcessingInstructionHandler = self._instruction
        parser.CommentHandler = self._comment
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text

    def read(self, text: str) -> Any:
        try:
            self._parser.Parse(text, True)
        except expat.ExpatError as error:
            reason = expat.errors.messages.get(error.code, "not well-formed")
            place = f"line {error.lineno}, column {error.offset + 1}"
            raise BadBody(f"The body is not XML: {reason} ({place}).") from None
        (document,) = self._frames[0][0].values()
        return document or {}

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            self._refuse("the encoding must be utf-8")

    def _doctype(self, *_: Any) -> None:
        self._refuse("a document type is not accepted")

    def _instruction(self, *_: Any) -> None:
        self._refuse("a processing instruction is not accepted")

    def _comment(self, _text: str) -> None:
        self._commented = len(self._frames)

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        if ":" in name:
            self._refuse("names with a namespace are not accepted")
        if len(self._frames) > _DEPTH_MAX:
            self._refuse("it is nested too deeply")
        self._frames.append(({}, []))

    def _end(self, name: str) -> None:
        children, pieces = self._frames.pop()
        text = "".join(pieces)
        if children and text.strip():
            self._refuse(f"there is text between the elements of <{name}>")
        if self._commented > len(self._frames):
            self._commented = 0
            if not children and text.strip():
                self._refuse("a comment inside a value is not accepted")
        value: Any = children or text
        siblings = self._frames[-1][0]
        if name not in siblings:
            siblings[name] = value
        elif isinstance(siblings[name], list):
            siblings[name].append(value)
        else:
            siblings[name] = [siblings[name], value]

    def _text(self, text: str) -> None:
        self._frames[-1][1].append(text)

    def _refuse(self, reason: str) -> None:
        line = self._parser.CurrentLineNumber
        raise BadBody(f"The body is not XML that we read: {reason} (line {line}).")


def write(document: Any) -> bytes:
    """Return a document of structs, dicts, lists, text and integers as XML in UTF-8."""
    parts = [_HEAD]
    _write_members(parts, msgspec.to_builtins(document).items())
    parts.append("</result>\n")
    return "".join(parts).encode()


def _write_members(parts: list[str], members: Iterable[tuple[str, Any]]) -> None:
    # Flat on purpose: a month of a class has eight hundred elements, most text or integers.
    for name, value in members:
        kind = type(value)
        if kind is str:
            parts.append(f"<{name}>{escape(value)}</{name}>" if value else f"<{name}/>")
        elif kind is int:
            parts.append(f"<{name}>{value}</{name}>")
        elif kind is list or kind is tuple:
            _write_members(parts, [(name, item) for item in value])
        else:
            parts.append(f"<{name}>")
            before = len(parts)
            _write_members(parts, value.items())
            if len(parts) > before:
                parts.append(f"</{name}>")
            else:
                parts[-1] = f"<{name}/>"


def escape(text: str) -> str:
    """
    Return text as it may stand in an element.

    A carriage return is written as a reference, or a reader would turn it into a line feed; a
    character that XML cannot carry (old names may hold one) becomes U+FFFD.
    """
    if not _NEEDS_CARE.search(text):
        return text
    return _NEEDS_CARE.sub(lambda found: _INSTEAD.get(found[0], _CANNOT_STAND), text)
