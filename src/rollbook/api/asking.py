"""What a request asks, read once: its query, its body, its preconditions, its own address."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from rollbook.auth.door import Knock
from rollbook.auth.oauth1 import Pairs
from rollbook.domain.days import Day, is_day
from rollbook.domain.errors import BadBody, BadRequest, NotAuthenticated
from rollbook.domain.people import Actor
from rollbook.domain.store import Listed, Page
from rollbook.wire import formats, shapes
from rollbook.wire.formats import Format
from rollbook.wire.http import Request
from rollbook.wire.sheets import read_id

T = TypeVar("T")

LIST_LIMIT = 20
LIST_LIMIT_MAX = 200

_NUMBER = re.compile(r"[0-9]{1,18}")
_TAG = re.compile(r'(?:W/)?"([0-9]{1,18})-[jx]"')

# Clients in the wild send this name whatever address they connect to.
FAMILY_HOST = "api.schoology.com"
_DEFAULT_PORTS = {"http": "80", "https": "443"}


class Query:
    """A query's parameters: unknown ones are ignored, an empty one counts as absent."""

    def __init__(self, pairs: Pairs) -> None:
        self.pairs = pairs

    def text(self, name: str) -> str | None:
        """Return a parameter; raises `BadRequest` when it is there twice, or is no text."""
        given = [value for key, value in self.pairs if key == name]
        if len(given) > 1:
            raise BadRequest(f"The parameter {name} is given {len(given)} times.")
        if given and "\0" in given[0]:  # PostgreSQL has no such text
            raise BadRequest(f"The parameter {name} has a NUL in it.")
        return given[0] if given and given[0] else None

    def day(self, name: str) -> Day | None:
        """Return a day; raises `BadRequest` when it is none."""
        value = self.text(name)
        if value is not None and not is_day(value):
            raise BadRequest(f"The parameter {name} must be a day, YYYY-MM-DD.")
        return value

    def days(self) -> tuple[Day | None, Day | None]:
        """Return `start` and `end`; raises `BadRequest` when they are the wrong way round."""
        start, end = self.day("start"), self.day("end")
        if start and end and start > end:
            raise BadRequest("The parameter start must not be after end.")
        return start, end

    def number(self, name: str, *, least: int = 0) -> int | None:
        """Return a whole number; raises `BadRequest` when it is none, or too small."""
        value = self.text(name)
        if value is None:
            return None
        if not _NUMBER.fullmatch(value) or int(value) < least:
            raise BadRequest(f"The parameter {name} must be a whole number from {least} on.")
        return int(value)

    def ids(self, name: str) -> tuple[int, ...] | None:
        """Return ids separated by commas; raises `BadRequest` when one is no id."""
        value = self.text(name)
        if value is None:
            return None
        parts = value.split(",")
        found = tuple(known for part in parts if (known := read_id(part)) is not None)
        if len(found) != len(parts):
            raise BadRequest(f"The parameter {name} must be ids separated by commas.")
        return found

    def words(self, name: str) -> tuple[str, ...] | None:
        """Return words separated by commas."""
        value = self.text(name)
        return None if value is None else tuple(value.split(","))

    def flag(self, name: str) -> bool:
        """Return a switch, 1 or 0; raises `BadRequest` when it is neither."""
        value = self.text(name)
        if value not in (None, "0", "1"):
            raise BadRequest(f"The parameter {name} must be 0 or 1.")
        return value == "1"

    def limit(self, most: int, *, usual: int | None = None) -> int:
        """Return `limit`, without one *usual* or else *most*, and never more than *most*."""
        return min(self.number("limit", least=1) or usual or most, most)

    def page(self) -> Page:
        """Return `start` (an offset) and `limit` as the family's lists have them."""
        return Page(self.number("start") or 0, self.limit(LIST_LIMIT_MAX, usual=LIST_LIMIT))

    def with_changes(self, **changes: str | None) -> str:
        """Return the query as text, some parameters replaced, those given None left out."""
        kept = [(name, value) for name, value in self.pairs if name not in changes]
        added = [(name, value) for name, value in changes.items() if value is not None]
        return urlencode([*kept, *added])


class Asked(msgspec.Struct, kw_only=True):
    """What a handler may rely on once the door has let the request in: `req.asked`."""

    actor: Actor
    query: Query
    format: Format
    base: str  # this API's address as the client knows it, without a slash at the end
    path: str
    request_id: str
    own: tuple[int, ...] | None  # the only enrollments that may be shown; None: no limit
    alone: bool = True  # False for a part of a multiget, which wants a document, not a body

    @property
    def address(self) -> str:
        """The address that was asked for, as the client knows it."""
        return self.link()

    def link(self, **changes: str | None) -> str:
        """Return that address with other parameters."""
        path = f"{self.base}{self.path.removeprefix('/v1')}"
        query = self.query.with_changes(**changes)
        return f"{path}?{query}" if query else path

    def listed(
        self, name: str, found: Listed[T], page: Page, shape: Callable[[T, str], Any]
    ) -> Mapping[str, Any]:
        """Return a part of a list in its shape; it has a `next` exactly when there is more."""
        links = {"self": self.address}
        following = page.offset + page.limit
        if following < found.total:
            links["next"] = self.link(start=str(following), limit=str(page.limit))
        items = [shape(item, self.base) for item in found.items]
        return shapes.listed(name, items, found.total, links)


def asked(req: Request) -> Asked:
    """Return what the door found out about the request."""
    found: Asked = req.asked
    return found


def knock_of(req: Request, query: Pairs) -> Knock:
    """Return what the request shows at the door."""
    return Knock(
        method=req.method,
        scheme=req.scope["scheme"],
        host=req.host,
        raw_path=req.scope["raw_path"].decode("latin-1"),
        query=query,
        peer=req.peer,
        authorization=req.lines(b"authorization"),
        forwarded_scheme=req.header(b"x-forwarded-proto"),
        forwarded_for=req.header(b"x-forwarded-for"),
        run_as=req.header(b"x-schoology-run-as"),
    )


def base_of(req: Request, scheme: str, host: str, public_url: str) -> str:
    """
    Return this API's address as the client knows it: clients cut it off the links they follow.

    The Host header tells, unless it holds the family's own name, which some clients send
    whatever they connect to: then it is the address that the connection came in at.
    """
    if public_url:
        return f"{public_url}/v1"
    if host.partition(":")[0].lower() == FAMILY_HOST:
        name, port = req.scope["server"]
        host = f"[{name}]" if ":" in name else name
        if port and str(port) != _DEFAULT_PORTS.get(scheme):
            host = f"{host}:{port}"
    return f"{scheme}://{host}/v1"


async def read_body(req: Request, most: int) -> tuple[bytes, Format]:
    """
    Return the body, and the format that it is declared to be in.

    Raises:
        BodyTooLarge: It has more than *most* bytes; the rest of them is not read.
        NotAuthenticated: The signature speaks of another body.
        BadBody: There is none.
        CannotRead: It is in a format that we do not read.
    """
    body = await req.body(most)
    if not req.claim.covers(body):
        raise NotAuthenticated("The body is not the one that oauth_body_hash was made of.")
    if not body:
        raise BadBody("The body is empty.")
    return body, formats.of_body(req.header(b"content-type"), req.header(b"content-encoding"))


# ---------------------------------------------------------------- versions


def tag_of(version: int, format_: Format) -> str:
    """Return the ETag of a section's attendance in that state and format."""
    return f'"{version}-{"x" if format_.is_xml else "j"}"'


def asks_for_news(req: Request) -> bool:
    """Say whether the client holds some state already, and wants another one alone."""
    return req.header(b"if-none-match") is not None


def is_known(req: Request, tag: str) -> bool:
    """Say whether the client holds this very state already (If-None-Match)."""
    given = req.header(b"if-none-match")
    if given is None:
        return False
    tags = [part.strip().removeprefix("W/") for part in given.split(",")]
    return "*" in tags or tag in tags


def versions_to_match(req: Request) -> tuple[int, ...] | None:
    """
    Return the states of the section that the client expects (If-Match); None: any will do.

    Either format's tag will do, and a weak one, which a compressing proxy makes of ours. A tag
    that is none of ours matches nothing.
    """
    given = req.header(b"if-match")
    if given is None or given.strip() == "*":
        return None
    found = (_TAG.fullmatch(part.strip()) for part in given.split(","))
    return tuple(int(tag[1]) for tag in found if tag)
