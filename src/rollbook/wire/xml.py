"""
XML in and out: the twin of `json`, so that both formats carry the same documents.

A JSON object is an element with elements in it, a list is the element repeated, text is text,
an integer its digits, and what is empty is an empty element. The outermost element's name has
no meaning: `<result>` when we write. Document types are refused, so nothing can be expanded and
nothing is fetched.
"""

import enum
import re
from collections.abc import Callable, Iterable
from typing import Any
from xml.parsers import expat

import msgspec
from msgspec import UNSET
from msgspec.structs import astuple

from rollbook.domain.attendance import Answer, Mark
from rollbook.domain.errors import BadBody
from rollbook.wire.shapes import DateGroup, StatusGroup

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
    _write_members(parts, _members(document))
    parts.append("</result>\n")
    return "".join(parts).encode()


def _members(value: Any) -> Iterable[tuple[str, Any]]:
    """Return what is in an object, by name; of a struct without what it would leave out."""
    if not isinstance(value, msgspec.Struct):
        members: dict[str, Any] = msgspec.to_builtins(value)
        return members.items()
    left_out = (UNSET, None) if value.__struct_config__.omit_defaults else (UNSET,)
    pairs = zip(value.__struct_fields__, astuple(value), strict=True)
    return [(name, member) for name, member in pairs if member not in left_out]


def _write_members(parts: list[str], members: Iterable[tuple[str, Any]]) -> None:
    for name, value in members:
        kind = type(value)
        if (line := _LINES.get(kind)) is not None:
            parts.append(f"<{name}>{line(value)}</{name}>")
        elif kind is str:
            parts.append(_text(name, value))
        elif kind is int:
            parts.append(f"<{name}>{value}</{name}>")
        elif kind is list or kind is tuple:
            _write_members(parts, [(name, item) for item in value])
        elif isinstance(value, enum.Enum):
            _write_members(parts, [(name, value.value)])
        else:
            parts.append(f"<{name}>")
            before = len(parts)
            _write_members(parts, _members(value))
            if len(parts) > before:
                parts.append(f"</{name}>")
            else:
                parts[-1] = f"<{name}/>"


def _text(name: str, value: str) -> str:
    return f"<{name}>{escape(value)}</{name}>" if value else f"<{name}/>"


def _mark(mark: Mark) -> str:
    return (
        f"<enrollment_id>{mark.enrollment_id}</enrollment_id><date>{mark.date}</date>"
        f"<status>{mark.status}</status>{_text('comment', mark.comment)}"
    )


def _status_group(group: StatusGroup) -> str:
    marks = "</attendance><attendance>".join(map(_mark, group.attendances.attendance))
    return (
        f"<status_code>{group.status_code}</status_code>"
        f"<attendances><attendance>{marks}</attendance></attendances>"
    )


def _date_group(group: DateGroup) -> str:
    statuses = "</status><status>".join(map(_status_group, group.statuses.status))
    inner = f"<statuses><status>{statuses}</status></statuses>" if statuses else "<statuses/>"
    return f"<date>{group.date}</date>{inner}"


def _answer(answer: Answer) -> str:
    if answer.response_code == 200:
        return f"<id>{answer.id}</id><response_code>200</response_code>"
    parts: list[str] = []
    _write_members(parts, _members(answer))
    return "".join(parts)


# What an answer is full of is written out, a tenth of the time of looking at each member.
_LINES: dict[type, Callable[[Any], str]] = {
    Mark: _mark,
    StatusGroup: _status_group,
    DateGroup: _date_group,
    Answer: _answer,
}


def escape(text: str) -> str:
    """
    Return text as it may stand in an element.

    A carriage return is written as a reference, or a reader would turn it into a line feed; a
    character that XML cannot carry (old names may hold one) becomes U+FFFD.
    """
    if not _NEEDS_CARE.search(text):
        return text
    return _NEEDS_CARE.sub(lambda found: _INSTEAD.get(found[0], _CANNOT_STAND), text)
