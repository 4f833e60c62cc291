"""
JSON in and out.

`read` is strict where Python's reader is lenient: a repeated member, NaN, a body that is not
UTF-8 and endless nesting are refused, since two readers would understand them differently.
"""

import json
from typing import Any

import msgspec

from rollbook.domain.errors import BadBody

write = msgspec.json.Encoder().encode


def read(body: bytes) -> Any:
    """
    Return a JSON document as Python values.

    Raises:
        BadBody: It is not well-formed; the text says where.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadBody(f"The body is not UTF-8: byte {error.start} is wrong.") from None
    try:
        return _decode(text)
    except json.JSONDecodeError as error:
        raise BadBody(
            f"The body is not JSON: {error.msg.lower()} "
            f"(line {error.lineno}, column {error.colno})."
        ) from None
    except RecursionError:
        raise BadBody("The body is not JSON that we read: it is nested too deeply.") from None
    except ValueError as error:
        raise BadBody(f"The body is not JSON that we read: {error}.") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the member {twice!a} is there twice in one object")
    return found


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


_decode = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant).decode
