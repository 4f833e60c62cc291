"""
JSON in and out.

`read` is strict where Python's reader is lenient: a repeated member, NaN, a body that is not
UTF-8 and endless nesting are refused, since two readers would understand them differently.
"""

import json
from collections import Counter
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
    except ValueError:  # from int(), which takes some thousands of digits
        raise BadBody("The body is not JSON that we read: a number is too long.") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise BadBody(f"The body has the member {twice[:50]!a} twice in one object.")
    return found


def _constant(name: str) -> Any:
    raise BadBody(f"The body is not JSON: {name} is no value of it.")


_decode = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant).decode
