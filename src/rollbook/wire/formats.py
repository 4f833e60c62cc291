"""Which format a request has, and which its answer gets (RFC 9110, sections 8.3 and 12.5.1)."""

import enum
import functools

from rollbook.domain.errors import CannotAnswerIn, CannotRead


class Format(enum.Enum):
    """What both sides of the letterbox speak; the value is the answer's `Content-Type`."""

    JSON = "application/json"
    TEXT_XML = "text/xml; charset=utf-8"
    APPLICATION_XML = "application/xml; charset=utf-8"

    @property
    def is_xml(self) -> bool:
        """Whether it is one of the two names of XML."""
        return self is not Format.JSON


_NAMES = {
    "application/json": Format.JSON,
    "text/xml": Format.TEXT_XML,
    "application/xml": Format.APPLICATION_XML,
}
_CHARSETS = ("", "utf-8", "utf8", "us-ascii")

# Clients send one of a few headers. No more are remembered, since anybody may send long ones.
_remembered = functools.lru_cache(maxsize=32)


@_remembered
def for_answer(accept: str | None) -> Format:
    """
    Return the best format that an `Accept` header allows; without one, JSON.

    Of equal weights the order is JSON, text/xml, application/xml. A range that cannot be read
    allows nothing.

    Raises:
        CannotAnswerIn: It allows nothing that we speak.
    """
    if accept is None or not accept.strip():
        return Format.JSON
    ranges = [read for part in accept.split(",") if (read := _media_range(part))]
    weights = {format_: _weight(name, ranges) for name, format_ in _NAMES.items()}
    best = max(weights, key=lambda format_: weights[format_])
    if weights[best] <= 0:
        raise CannotAnswerIn
    return best


def _media_range(part: str) -> tuple[str, float] | None:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                return None
            return (name, weight) if 0 <= weight <= 1 else None
    return name, 1.0


def _weight(name: str, ranges: list[tuple[str, float]]) -> float:
    """Return the weight of the most specific range that names the media type."""
    kind = name.partition("/")[0]
    for pattern in (name, f"{kind}/*", "*/*"):
        given = [weight for range_, weight in ranges if range_ == pattern]
        if given:
            return max(given)
    return 0.0


def for_answer_or_json(accept: str | None) -> Format:
    """Return the format for an error: JSON when the header allows nothing."""
    try:
        return for_answer(accept)
    except CannotAnswerIn:
        return Format.JSON


@_remembered
def of_body(content_type: str | None, content_encoding: str | None) -> Format:
    """
    Return the format that a body is declared to be in; nothing is guessed from the body.

    Raises:
        CannotRead: It is another one, is compressed, or is not in UTF-8.
    """
    if (content_encoding or "identity").strip().lower() != "identity":
        raise CannotRead("Compressed bodies are not read: send it without Content-Encoding.")
    name, *parameters = (content_type or "").split(";")
    format_ = _NAMES.get(name.strip().lower())
    if format_ is None:
        raise CannotRead(
            "The body must be application/json or text/xml, and Content-Type must say which."
        )
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset" and _unquoted(value) not in _CHARSETS:
            raise CannotRead("The body must be in UTF-8.")
    return format_


def _unquoted(value: str) -> str:
    return value.strip().strip('"').lower()
