"""
A document of marks, read entry by entry: a bad one stays an entry, with its reason.

The shape is `{"attendances": {"attendance": [{enrollment_id, date, status, comment}, …]}}`.
Where a list of one is meant a single object will do, and integers may come as decimal text:
converters from XML and PHP do both. Members that we do not know are ignored.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec

from rollbook.domain.attendance import ENTRIES_MAX, Entry, Unreadable, why_not_comment
from rollbook.domain.days import Day, is_day
from rollbook.domain.errors import BadBody, BodyTooLarge
from rollbook.wire import documents, plain_xml
from rollbook.wire.formats import Format

_DIGITS = re.compile(r"[1-9][0-9]{0,18}")
_ID_MAX = (1 << 63) - 1
_STATUSES = {1: 1, 2: 2, 3: 3, 4: 4, "1": 1, "2": 2, "3": 3, "4": 4}
_SWITCH = {"true": True, "1": True, "false": False, "0": False}


class RollSheet(msgspec.Struct, frozen=True):
    """What the body of a roll says: who is not present, and whether excuses may be replaced."""

    exceptions: list[Entry | Unreadable]
    replace_excused: bool


def read_marks(body: bytes, format_: Format) -> list[Entry | Unreadable]:
    """
    Return the entries of a body of marks, in its order.

    Raises:
        BadBody: It is not well-formed, not of the shape, or has no entry.
        BodyTooLarge: It has more entries than one request may carry.
    """
    plain = plain_xml.read(body) if format_.is_xml else _read_plain(body)
    if plain is not None:
        return plain
    items = _items(documents.read(body, format_))
    if not items:
        raise BadBody("The body has no attendance in it.")
    return [_entry(item) for item in items]


def read_roll(body: bytes, format_: Format, date: Day) -> RollSheet:
    """
    Return what the body of a roll says; no attendances in it means that everybody is present.

    An entry may leave its date out, and is refused when it names another day.

    Raises:
        BadBody: It is not well-formed or not of the shape.
        BodyTooLarge: It has more entries than one request may carry.
    """
    document = documents.read(body, format_)
    if not isinstance(document, dict):
        raise BadBody("The body must be an object.")
    replace = _SWITCH.get(str(document.get("replace_excused", False)).lower())
    if replace is None:
        raise BadBody("replace_excused must be true or false.")
    items = [] if document.get("attendances") in (None, "") else _items(document)
    return RollSheet([_entry_of_day(item, date) for item in items], replace)


def _items(document: Any) -> list[Any]:
    inner = _member(document, "attendances", "The body")
    items = _member(inner, "attendance", "attendances")
    if isinstance(items, dict):
        items = [items]
    if items in ("", None):
        items = []
    if not isinstance(items, list):
        raise BadBody("attendances.attendance must be a list of objects.")
    if len(items) > ENTRIES_MAX:
        sentence = f"The body has {len(items)} entries; at most {ENTRIES_MAX} are taken."
        raise BodyTooLarge(sentence)
    return items


def _member(value: Any, name: str, where: str) -> Any:
    if not isinstance(value, dict) or name not in value:
        raise BadBody(f"{where} must be an object with the member {name}.")
    return value[name]


def _entry_of_day(item: Any, date: Day) -> Entry | Unreadable:
    entry = _entry({"date": date, **item} if isinstance(item, dict) else item)
    if entry.date in (None, date):
        return entry
    reason = f"date must be {date}, the roll's own day, or be left out"
    return Unreadable(reason, entry.enrollment_id, entry.date)


def _entry(item: Any) -> Entry | Unreadable:
    if not isinstance(item, dict):
        return Unreadable("an attendance must be an object")
    return _read_entry(*map(item.get, ("enrollment_id", "date", "status", "comment")))


def _read_entry(who: Any, day: Any, status: Any, comment: Any) -> Entry | Unreadable:
    enrollment_id = read_id(who)
    date = day if isinstance(day, str) and is_day(day) else None
    code = _STATUSES.get(status) if type(status) in (int, str) else None
    if enrollment_id is None:
        return Unreadable("enrollment_id must be given, as an integer", None, date)
    if date is None:
        return Unreadable("date must be given, as a real day: YYYY-MM-DD", enrollment_id)
    if code is None:
        return Unreadable("status must be given, as 1, 2, 3 or 4", enrollment_id, date)
    if wrong := _why_not_comment(comment):
        return Unreadable(wrong, enrollment_id, date)
    return Entry(enrollment_id, date, code, comment)


def _why_not_comment(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        return "comment must be text"
    wrong = why_not_comment(value)
    return str(wrong) if wrong else None


def read_id(value: Any) -> int | None:
    """Return an id given as an integer or as its decimal text, None when it is neither."""
    if type(value) is int:
        return value if 0 < value <= _ID_MAX else None
    if isinstance(value, str) and _DIGITS.fullmatch(value) and int(value) <= _ID_MAX:
        return int(value)
    return None


# ---------------------------------------------------------------- the usual body, quickly


class _Item(msgspec.Struct, forbid_unknown_fields=True):
    enrollment_id: int | str
    date: str
    status: int | str
    comment: str | msgspec.UnsetType | None = msgspec.UNSET


class _RightItem(msgspec.Struct, forbid_unknown_fields=True):
    enrollment_id: Annotated[int, msgspec.Meta(ge=1, le=_ID_MAX)]
    date: str
    status: Literal[1, 2, 3, 4]
    comment: str | msgspec.UnsetType = msgspec.UNSET


I = TypeVar("I", _Item, _RightItem)  # noqa: E741 — an item


class _Attendances(msgspec.Struct, Generic[I], forbid_unknown_fields=True):
    attendance: list[I]


class _Sheet(msgspec.Struct, Generic[I], forbid_unknown_fields=True):
    attendances: _Attendances[I]


_decode = msgspec.json.Decoder(_Sheet[_Item]).decode
_decode_right = msgspec.json.Decoder(_Sheet[_RightItem]).decode


def _read_plain(body: bytes) -> list[Entry | Unreadable] | None:
    """
    Return the entries of a body that has just the members it should, or None.

    msgspec reads such a body twenty times as fast as `json` does, and checks ids and statuses on
    the way; what is wrong with one, or an id written as text, a slower look finds out.
    """
    try:
        return _right_entries(body, _decode_right(body).attendances.attendance)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        items = _decode(body).attendances.attendance
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return [_entry_of(item) for item in items] if _says_each_once(body, items) else None


def _right_entries(body: bytes, items: list[_RightItem]) -> list[Entry | Unreadable] | None:
    """Return the entries of items whose ids and statuses are right."""
    if not _says_each_once(body, items):
        return None
    # Thirty marks have a day and few comments among them: each is looked at once.
    days = {item.date for item in items}
    comments = {item.comment for item in items if item.comment is not msgspec.UNSET}
    if not all(map(is_day, days)) or any(map(why_not_comment, comments)):
        return [_entry_of(item) for item in items]
    return [
        Entry(
            item.enrollment_id,
            item.date,
            item.status,
            None if item.comment is msgspec.UNSET else item.comment,
        )
        for item in items
    ]


def _entry_of(item: _Item | _RightItem) -> Entry | Unreadable:
    comment = None if item.comment is msgspec.UNSET else item.comment
    return _read_entry(item.enrollment_id, item.date, item.status, comment)


def _says_each_once(body: bytes, items: Sequence[_Item | _RightItem]) -> bool:
    """
    Say whether the body is sure to have each member once, and not too many of them.

    msgspec keeps the last of repeated members in silence. So the members' names are counted in
    the bytes: when one of them occurs more often than its values do (repeated, or as somebody's
    comment), or may be written with an escape, the careful reader has to look.
    `tests/wire/test_sheets.py` holds the two equal.
    """
    count = len(items)
    return 0 < count <= ENTRIES_MAX and not (
        b"\\u" in body
        or body.count(b'"attendances"') != 1
        or body.count(b'"attendance"') != 1
        or body.count(b'"enrollment_id"') != count
        or body.count(b'"date"') != count
        or body.count(b'"status"') != count
        or body.count(b'"comment"') != sum([i.comment is not msgspec.UNSET for i in items])
    )
