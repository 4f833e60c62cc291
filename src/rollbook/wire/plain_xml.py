"""
The usual XML body of marks, quickly.

A parser calls back for each of a hundred and fifty elements, which takes fifteen times as long as
the same marks in JSON. So a body that is written as clients write it (elements in the order of
the document, no attributes, references or comments in it) is taken apart by one expression;
whatever is different in any way is for the parser, and `tests/wire/test_plain_xml.py` holds the
two equal.
"""

import re

from rollbook.domain.attendance import ENTRIES_MAX, Entry, Unreadable, why_not_comment
from rollbook.domain.days import is_day

_ID_MAX = (1 << 63) - 1

# Text that needs no reference and is the same after a parser has read it; `]]>` may not stand in
# text, so neither may `>`. Quantifiers are possessive: what does not fit is given up at once.
_ITEM = (
    r"<attendance>[ \t\n]*+"
    r"<enrollment_id>([1-9][0-9]{0,18}+)</enrollment_id>[ \t\n]*+"
    r"<date>([0-9]{4}-[0-9]{2}-[0-9]{2})</date>[ \t\n]*+"
    r"<status>([1-4])</status>[ \t\n]*+"
    r"(?:(<comment)(?:>([^<&>\r]*+)</comment>|[ ]?/>)[ \t\n]*+)?+"
    r"</attendance>[ \t\n]*+"
)
_each_item = re.compile(_ITEM).findall
_whole = re.compile(
    r"(?:<\?xml version=\"1\.0\"(?: encoding=\"(?:utf|UTF)-8\")?[ ]?\?>[ \t\n]*+)?+"
    r"<([A-Za-z_][A-Za-z0-9_]*+)>[ \t\n]*+<attendances>[ \t\n]*+"
    rf"(?:{_ITEM})++"
    r"</attendances>[ \t\n]*+</\1>[ \t\n]*+"
).fullmatch


def read(body: bytes) -> list[Entry | Unreadable] | None:
    """Return the entries of a body in which nothing is unusual and nothing wrong, or None."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if not _whole(text):
        return None
    entries: list[Entry | Unreadable] = [
        Entry(int(who), day, int(status), comment if given else None)
        for who, day, status, given, comment in _each_item(text)
    ]
    days = {entry.date for entry in entries}
    comments = {entry.comment for entry in entries if entry.comment}  # type: ignore[union-attr]
    if (
        len(entries) > ENTRIES_MAX
        or max(entry.enrollment_id or 0 for entry in entries) > _ID_MAX
        or not all(day and is_day(day) for day in days)
        or any(map(why_not_comment, comments))
    ):
        return None
    return entries
