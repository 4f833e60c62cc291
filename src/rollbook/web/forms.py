"""What was typed into a form, read once."""

from urllib.parse import parse_qsl

from rollbook.domain.days import Day, is_day
from rollbook.domain.errors import BadBody, BadRequest, CannotRead
from rollbook.web.words import N_
from rollbook.wire.http import Request
from rollbook.wire.sheets import read_id

FIELDS_MAX = 20_000
BODY_MAX = 1 << 20  # bytes

_FORM = "application/x-www-form-urlencoded"


class Form:
    """The fields of a form; a name may be there several times."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        """Raise `BadBody` for a NUL: nobody types one, and PostgreSQL has no such text."""
        if any("\0" in name or "\0" in value for name, value in pairs):
            raise not_ours()
        self.pairs = pairs
        self._last = dict(pairs)

    def text(self, name: str, default: str = "") -> str:
        """Return a field as it was typed."""
        return self._last.get(name, default)

    def all(self, name: str) -> list[str]:
        """Return every field of that name."""
        return [value for key, value in self.pairs if key == name]

    def has(self, name: str) -> bool:
        """Say whether there is such a field."""
        return name in self._last

    def id(self, name: str) -> int | None:
        """Return a field that is an id; None when it is empty. Raises `BadRequest`."""
        text = self.text(name).strip()
        if not text:
            return None
        found = read_id(text)
        if found is None:
            raise BadRequest(N_("A field that must be a number is none."))
        return found

    def day(self, name: str) -> Day | None:
        """Return a field that is a day, None when it is empty; raises `BadRequest`."""
        text = self.text(name).strip()
        if text and not is_day(text):
            raise BadRequest(N_("A field that must be a day is none."))
        return text or None


def comment_of(text: str) -> str:
    """Return a comment as it is kept, from how a browser sends it: line ends as CR LF."""
    return text.replace("\r\n", "\n").strip()


def parse(body: bytes) -> Form:
    """Return the fields of a body (WHATWG URL, 5.1); raises `BadBody`."""
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(
            text, keep_blank_values=True, errors="strict", max_num_fields=FIELDS_MAX
        )
    except ValueError:
        raise not_ours() from None
    return Form(pairs)


def not_ours() -> BadBody:
    """Return what is said of a form that none of our pages can have made."""
    return BadBody(N_("This is not a form that was filled in here."))


async def read(req: Request) -> Form:
    """
    Return what was filled in.

    Raises:
        CannotRead: It is no form.
        BadBody: It is not well-formed.
    """
    media_type = (req.header(b"content-type") or "").partition(";")[0].strip().lower()
    if media_type != _FORM:
        raise CannotRead(N_("A form is sent as application/x-www-form-urlencoded."))
    return parse(await req.body(BODY_MAX))
