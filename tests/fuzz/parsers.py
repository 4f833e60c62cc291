"""
The parsers that strangers' bytes reach, each as a function that whatever bytes may be put into.

It returns whether they were accepted. `Finding` is raised when something else than a refusal
with a 4xx comes out, or when what was accepted was not read as a second reader reads it.
"""

import re
from collections.abc import Callable, Sequence
from urllib.parse import parse_qsl

from oauthlib.oauth1.rfc5849 import signature as reference

from fuzz.house import House
from rollbook.auth import oauth1
from rollbook.domain.attendance import Entry, Unreadable
from rollbook.domain.errors import RollbookError
from rollbook.wire import documents, formats, shapes, sheets
from rollbook.wire.formats import Format
from rollbook.wire.http import STATUSES

TARGET, HOST = "/v1/sections/7/attendance?start=2026-09-01&end=2026-09-30", "127.0.0.1"

# What the HTTP server lets nobody send: control characters, a blank in an address.
_IN_NO_HEADER = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_IN_NO_ADDRESS = re.compile(rb'[\x00-\x20\x7f"#]')

# oauthlib decodes no names, and a backslash is its escape.
_PARAMETER = r'(?:realm|oauth_\w+)="[^"\\]*"'
_AS_IN_THE_RFC = re.compile(rf"OAuth +{_PARAMETER}(?: *, *{_PARAMETER})*", re.ASCII)


class Finding(AssertionError):
    """A parser did what it must not do."""


def json_body(data: bytes, house: House) -> bool:
    """Read a body of marks in JSON."""
    return _marks(data, Format.JSON, house)


def xml_body(data: bytes, house: House) -> bool:
    """Read a body of marks in XML."""
    return _marks(data, Format.TEXT_XML, house)


def _marks(data: bytes, format_: Format, house: House) -> bool:
    if not data:
        return False  # refused before it gets to a parser
    try:
        entries = sheets.read_marks(data, format_)
    except RollbookError as refusal:
        _require_answerable(refusal)
        return False
    if entries != _carefully(data, format_):
        raise Finding("the fast reader reads the body in another way than the careful one")
    good = [entry for entry in entries if isinstance(entry, Entry)]
    for other in (Format.JSON, Format.TEXT_XML):
        if good and sheets.read_marks(_written(good, other), other) != good:
            raise Finding(f"the entries, written in {other.name} and read again, are others")
    house.require_no_fault("PUT", body=data, content_type=format_.value)
    return True


def _carefully(data: bytes, format_: Format) -> list[Entry | Unreadable]:
    """Read a body without the fast readers, of which each format has one."""
    try:
        document = documents.read(data, format_)
        return [sheets._entry(item) for item in sheets._items(document)]
    except RollbookError as refusal:
        raise Finding(
            f"the fast reader takes what the careful one refuses: {refusal}"
        ) from None


def _written(entries: Sequence[Entry], format_: Format) -> bytes:
    items = [
        {
            "enrollment_id": entry.enrollment_id,
            "date": entry.date,
            "status": entry.status,
            **({} if entry.comment is None else {"comment": entry.comment}),
        }
        for entry in entries
    ]
    return documents.write({"attendances": {"attendance": items}}, format_)


def authorization(data: bytes, house: House) -> bool:
    """Read an `Authorization` header; further lines are the address and the host asked for."""
    header, target, host = _lines(data)
    if _IN_NO_HEADER.search(header + host) or not _is_address(target):
        return False
    path, _, query = target.decode().partition("?")
    named = host.decode("latin-1").strip()
    text = header.decode("latin-1").strip()
    try:
        asked = oauth1.Request("GET", "http", named, path, oauth1.read_query(query))
        claim = oauth1.read(text, asked)
    except RollbookError as refusal:
        _require_answerable(refusal)
        return False
    claim.proves("5ec2e7")
    claim.covers(b"body")
    theirs = _base_string_of_the_reference(text, query, named, path)
    if claim.method != "PLAINTEXT" and theirs not in (None, claim.signed):
        raise Finding(f"we sign {claim.signed!r} where oauthlib signs {theirs!r}")
    house.require_no_fault("GET", target=target, host=host, authorization=header)
    return True


def _lines(data: bytes) -> tuple[bytes, bytes, bytes]:
    header, _, rest = data.partition(b"\n")
    target, _, host = rest.partition(b"\n")
    return header, target or TARGET.encode(), host or HOST.encode()


def _is_address(target: bytes) -> bool:
    """Say whether the HTTP server lets it in as a path with a query."""
    try:
        target.decode()
    except UnicodeDecodeError:
        return False
    return target.startswith(b"/") and not _IN_NO_ADDRESS.search(target)


def _base_string_of_the_reference(header: str, query: str, host: str, path: str) -> str | None:
    """Return what oauthlib would sign; None where it refuses, or reads by other rules."""
    if not _AS_IN_THE_RFC.fullmatch(header):
        return None  # we also take bare values, and blanks around the =
    if "+" in query or path.endswith(";"):
        return None  # a blank to us, as in forms; and oauthlib loses such a ;
    try:
        collected = reference.collect_parameters(
            uri_query=query, headers={"Authorization": header}
        )
        uri = reference.base_string_uri(f"http://{host}{path}")
    except ValueError:
        return None
    return str(
        reference.signature_base_string("GET", uri, reference.normalize_parameters(collected))
    )


def query(data: bytes, house: House) -> bool:
    """Read a query."""
    target = b"/v1/sections/7/attendance?" + data
    if not _is_address(target):
        return False
    text = data.decode()
    try:
        pairs = oauth1.read_query(text)
    except RollbookError as refusal:
        _require_answerable(refusal)
        return False
    if pairs != _form(text):
        raise Finding(f"we read {pairs!r} where the standard library reads {_form(text)!r}")
    house.require_no_fault("GET", target=target)
    return True


def _form(text: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True, errors="strict")


def _require_answerable(refusal: RollbookError) -> None:
    """Raise `Finding` unless the refusal is a 4xx that can be written in both formats."""
    status = STATUSES[refusal.kind]
    if not 400 <= status < 500:
        raise Finding(f"refused with {status}: {refusal}")
    for format_ in formats.Format:
        documents.write(shapes.Error(status, str(refusal)), format_)


PARSERS: dict[str, Callable[[bytes, House], bool]] = {
    "json": json_body,
    "xml": xml_body,
    "authorization": authorization,
    "query": query,
}
