"""What no person types, in every form, every address and every query, on both databases."""

import itertools
import time
from collections.abc import Iterable
from urllib.parse import quote, quote_from_bytes, urlencode

import httpx
import pytest

import books
from cast import Cast
from conftest import World
from rollbook.auth.reception import Reception
from rollbook.domain.store import Store
from rollbook.web.app import Pages
from rollbook.web.forms import BODY_MAX, FIELDS_MAX
from web.browsing import ADDRESS, Browser, Page
from web.conftest import PASSWORD, Visiting
from web.every_route import (
    FORMS,
    URLENCODED,
    form_of,
    places,
    routes_of,
    token_of,
    with_neighbours,
)
from wire.naughty import byte_sequences, strings

WORK_MAX = 2.0  # seconds of work for one answer: most take a hundredth of one
FILE_FORM = "/admin/roster"
BOUNDARY = "a-line-of-no-file"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"

# As they stand in a body: some cannot be written otherwise.
VALUES = {
    "a megabyte": b"x" * (BODY_MAX - 4000),
    "a hundred kilobytes": b"x" * 100_000,
    "NUL": b"seven%00green%00apples",
    "only NUL": b"%00",
    "a surrogate": b"%ED%A0%80",
    "half a pair in CESU-8": b"%ED%A0%BD%ED%B8%80",
    "no UTF-8": b"%FF%FE",
    "overlong": b"%C0%AF",
    "cut off": b"%E2%82",
    "raw bytes": b"\xff\xfe\x00",
    "raw UTF-8": "Müller".encode(),
    "a broken escape": b"%",
    "another broken escape": b"%zz%1",
    "an escape of scripts": b"%u0041%u",
    "line ends": b"a%0D%0ASet-Cookie: b=c%0D%0A%0D%0A",
    "a separator": b"a;b;c",
    "blanks": b"+%20%09%E2%80%AF%C2%A0",
    "no character": b"%EF%BF%BF%EF%BF%BE",
    "controls": b"%01%1B%5B2J%7F%C2%85%E2%80%A8",
    "right to left": b"%E2%80%AE%E2%81%A6abc",
    "five thousand digits": b"9" * 5000,
    "beyond 64 bits": b"9223372036854775808",
    "nineteen digits": b"9" * 19,
    "eighteen digits": b"9" * 18,
    "nought": b"0",
    "less than nought": b"-1",
    "a float": b"1e9",
    "digits that int() takes": b"%EF%BC%91%EF%BC%92",
    "a day that is none": b"2026-02-30",
    "the last day": b"9999-12-31",
    "the first day": b"0001-01-01",
    "a week": b"2026-W36-2",
    "a format": b"%7B0%7D%25s%25(name)s%7B%7B7*7%7D%7D",
}

# Those that are no text in UTF-8, or none that both databases have.
NO_TEXT = {
    *("NUL", "only NUL", "a surrogate", "half a pair in CESU-8", "no UTF-8", "overlong"),
    *("cut off", "raw bytes", "raw UTF-8"),
}

# What the forms have beside the fields that they need.
MORE: dict[str, tuple[str, ...]] = {
    "/login": ("next",),
    "/language": ("next",),
    "/admin/settings": ("lock_days", "name-1", "colour-1", "powerschool", "meant"),
    "/admin/keys": ("user", "expires", "read_only"),
    "/admin/keys/{key}": ("rotate",),
    "/admin/people/{teacher}": ("login", "invite", "reset", "disable", "enable"),
    "/admin/roster/apply": ("meant", "drop", "apply"),
    "/students/{user}/excuse": ("withdraw",),
    "/sections/{section}/roll/{day}": (
        *("comment-{place}", "seen-status-{place}", "seen-comment-{place}"),
        *("own-status-{place}", "own-comment-{place}"),
    ),
}
QUERY = (
    *("day", "find", "page", "school", "section", "by", "student", "before", "first", "last"),
    *("reason", "done", "saved", "roster", "next", "login", "state", "code", "error"),
)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    """Each: what one of them stores, the other may refuse."""
    return str(request.param)


@pytest.fixture
async def cast(store: Store, world: World) -> Cast:
    """The cast with its neighbours."""
    return await with_neighbours(store, world.lindenhof)


class Sender:
    """Sends bodies as the administrator, and looks at what comes back and at what it changed."""

    def __init__(self, visit: Visiting, reception: Reception, cast: Cast, world: World) -> None:
        self._visit, self._reception, self._cast = visit, reception, cast
        self._book = world.book
        self.faults: dict[str, str] = {}  # what was wrong with which answers
        self.statuses: set[int] = set()

    async def begin(self) -> None:
        """Come in, and find what fills the paths."""
        await self._come_in()
        self.ids = await places(self._cast, self._reception)
        self._before = self._written()

    async def _come_in(self) -> None:
        self.browser = await self._visit("alice")
        self.token = await token_of(self.browser)

    async def _again(self, path: str) -> None:
        """Have everything ready after a form that worked."""
        if path in {"/logout", "/language"}:
            await self._come_in()
        elif "{token}" in path:
            dora = (self._cast.district.id, self._cast.users["dora"])
            self.ids["token"] = await self._reception.reset(*dora)
        self._before = self._written()

    def _written(self) -> object:
        """Return what is another thing as soon as anything was written into a file."""
        if not isinstance(self._book, books.File):
            return None  # the same pages are tried on both
        log = self._book.path.with_name(f"{self._book.path.name}-wal")
        return [
            (file.stat().st_size, file.stat().st_mtime_ns) for file in (self._book.path, log)
        ]

    async def send(
        self, what: str, path: str, body: bytes, kind: str = URLENCODED, **headers: str
    ) -> None:
        """Send a body to a form, and note what must not be."""
        told = {"content-type": kind, "origin": ADDRESS, "sec-fetch-site": "same-origin"}
        begun = time.process_time()
        answer = await self.browser.client.post(
            path.format(**self.ids),
            content=body,
            headers=[
                (name.encode(), text.encode("latin-1"))
                for name, text in (told | headers).items()
            ],
        )
        self.note(what, answer, time.process_time() - begun)
        if answer.status_code < 400:
            if what.partition(" as ")[0] in NO_TEXT:
                self.faults[what] = f"{answer.status_code} for what is no text"
            await self._again(path)
        elif (now := self._written()) != self._before:
            self.faults[what] = f"{answer.status_code}, and something was written"
            self._before = now

    def note(self, what: str, answer: httpx.Response, seconds: float) -> None:
        """Note an answer that is none of those that there may be."""
        self.statuses.add(answer.status_code)
        if answer.status_code >= 500:
            self.faults[what] = f"{answer.status_code}: {Page(answer).text[:300]}"
        elif answer.status_code >= 400 and not _tells(answer):
            self.faults[what] = (
                f"{answer.status_code} without a word: {Page(answer).text[:300]}"
            )
        elif seconds > WORK_MAX:
            self.faults[what] = f"{seconds:.1f} s of work"
        elif "b=c" in str(answer.headers.get_list("set-cookie")):
            self.faults[what] = "a header that was typed"


def _tells(answer: httpx.Response) -> bool:
    """Say whether a page has a sentence of what was wrong, beside a field or by itself."""
    return 'role="alert"' in answer.text or "Number of this request" in answer.text


@pytest.fixture
async def sender(visit: Visiting, reception: Reception, cast: Cast, world: World) -> Sender:
    """Alice's browser; she has a password, so that she may change it."""
    token = await reception.invite(cast.district.id, cast.users["alice"], "alice")
    await reception.set_password(token, PASSWORD, None)
    sender = Sender(visit, reception, cast, world)
    await sender.begin()
    return sender


def encoded(fields: Iterable[tuple[str, bytes]], sender: Sender, *, multipart: bool) -> bytes:
    """Return a form's body with the token first."""
    every = [("token", sender.token.encode()), *fields]
    if not multipart:
        return b"&".join(quote(name, safe="").encode() + b"=" + text for name, text in every)
    head = '--{}\r\nContent-Disposition: form-data; name="{}"\r\n\r\n'
    parts = [head.format(BOUNDARY, name).encode() + text + b"\r\n" for name, text in every]
    return b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()])


def fields_of(path: str, sender: Sender) -> dict[str, bytes]:
    """Return what a form needs in order to do something, as it stands in a body."""
    return {name: quote(text).encode() for name, text in form_of(path, sender.ids).items()}


# ---------------------------------------------------------------- forms


@pytest.mark.parametrize("path", sorted(FORMS))
async def test_no_value_of_a_field_is_a_fault_of_ours(sender: Sender, path: str) -> None:
    """
    Each field in its turn, all of them at once, and a field that has the value for its name: it
    works, or a page says what is wrong; and what was refused changed nothing.
    """
    kind = MULTIPART if path == FILE_FORM else URLENCODED
    naughty = {f"naughty {text[:20]}": quote(text).encode() for text in strings()[::23]}
    for what, value in (VALUES | naughty).items():
        right = fields_of(path, sender)
        extra = [name.format(**sender.ids) for name in MORE.get(path, ())]
        forms = [right | {name: value} for name in (*right, *extra)]
        forms += [dict.fromkeys([*right, *extra], value), dict.fromkeys(extra, value)]
        forms.append(right | {f"status-{value[:20].decode('latin-1')}": value})
        for form in forms if what in VALUES else forms[-3:]:
            if not (odd := [name for name, text in form.items() if text == value]):
                continue
            body = encoded(form.items(), sender, multipart=path == FILE_FORM)
            await sender.send(f"{what} as {odd}", path, body, kind)

    assert sender.faults == {}
    assert any(status < 400 for status in sender.statuses) or path in {
        "/login",
        "/password",
        FILE_FORM,
    }
    assert any(400 <= status < 500 for status in sender.statuses)


async def test_a_password_has_a_longest_length_and_counts_whole(
    sender: Sender, stranger: Browser, cast: Cast
) -> None:
    """
    1,024 bytes are taken and each of them counts, more are refused at once: a megabyte too.
    """
    link = "/link/{token}".format(**sender.ids)
    page = await stranger.get(link)
    longest = "sieben grüne Äpfel, " * 46 + "x" * 12
    assert len(longest.encode()) == 1024
    for password in ("x" * 500_000, longest + "x"):
        both = {"password": password, "again": password}
        answer = await stranger.send(page, link, both)
        assert answer.status_code == 400
        assert "must not have more than 1024 bytes" in Page(answer).text
    both = {"password": longest, "again": longest}
    assert (await stranger.send(page, link, both)).status_code == 303

    page = await stranger.get("/login")
    login = {"login": f"dora-{cast.district.id}"}
    wrong = ["x" * (BODY_MAX - 1000), longest + "x", longest[:-1] + "y", longest[:72], ""]
    for password in wrong:
        answer = await stranger.send(page, "/login", login | {"password": password})
        assert (answer.status_code, answer.text.count('role="alert"')) == (401, 1)
    answer = await stranger.send(page, "/login", login | {"password": longest})
    assert answer.status_code == 303


def bodies(token: str) -> dict[str, tuple[bytes, str, dict[str, str]]]:
    """Return bodies that are no form, or hardly one, with their type and further headers."""
    right = f"token={token}".encode()
    many = b"&".join(b"f%d=1" % number for number in range(FIELDS_MAX + 1))
    lines = b"&".join(b"status-%d=2" % number for number in range(1, FIELDS_MAX - 10))
    plain: dict[str, bytes] = {
        "empty": b"",
        "NUL": b"\0",
        "ands": b"&" * 10_000,
        "an equals sign": b"=",
        "names without values": b"a&b&token",
        "the token alone": right,
        "the token twice": right + b"&token=" + b"0" * 64,
        "the token as bytes": b"token=\xff",
        "the token with a surrogate": b"token=%ED%A0%80",
        "too many fields": right + b"&" + many,
        "as many lines as may be": right + b"&" + lines,
        "too large": right + b"&a=" + b"x" * BODY_MAX,
        "JSON": b'{"token": "1"}',
        "XML": b"<a/>",
        "zipped": b"\x1f\x8b\x08\0\0\0\0\0",
        "UTF-16": "token=1".encode("utf-16"),
        "a byte order mark": b"\xef\xbb\xbf" + right,
    }
    found: dict[str, tuple[bytes, str, dict[str, str]]] = {
        what: (body, URLENCODED, {}) for what, body in plain.items()
    }
    for number, body, is_valid in byte_sequences()[::7]:
        if not is_valid:
            found[f"bytes {number}"] = right + b"&name=" + body, URLENCODED, {}
    for kind in ("", "text/plain", "application/json", "multipart/form-data", "a/b;c=\xe9"):
        found[f"as {kind}"] = right, kind, {}
    found["of another charset"] = right, f"{URLENCODED}; charset=utf-16", {}
    found["of a length that is none"] = right, URLENCODED, {"content-length": "abc"}
    found["of a length that is less"] = right, URLENCODED, {"content-length": "-1"}
    found["packed"] = right, URLENCODED, {"content-encoding": "gzip"}
    return found


@pytest.mark.parametrize("path", sorted(FORMS))
async def test_no_body_is_a_fault_of_ours(sender: Sender, path: str) -> None:
    """
    Whatever is sent where a form is expected: a form is read, or a page says what is wrong.
    """
    for what in bodies(""):
        body, kind, headers = bodies(sender.token)[what]
        await sender.send(what, path, body, kind, **headers)

    assert sender.faults == {}


def part(text: bytes, *head: str) -> bytes:
    """Return a part of a form with a file."""
    lines = "".join(f"{line}\r\n" for line in head)
    return f"--{BOUNDARY}\r\n{lines}\r\n".encode() + text + b"\r\n"


def parcels(token: str) -> dict[str, bytes]:
    """Return forms with a file that are not as a browser sends them."""
    named = 'Content-Disposition: form-data; name="{}"'
    right = part(token.encode(), named.format("token"))
    file = named.format("file") + '; filename="{}"'
    end = f"--{BOUNDARY}--\r\n".encode()
    return {
        "no end": right,
        "no end of the file": right + part(b"PK", file.format("a.zip"))[:-2],
        "the file first": part(b"PK", file.format("a.zip")) + right + end,
        "two files": right + 2 * part(b"PK", file.format("a.zip")) + end,
        "no name": right + part(b"1", "Content-Disposition: form-data") + end,
        "no head": right + part(b"1") + end,
        "a head without an end": right + f"--{BOUNDARY}\r\n{'a' * 100_000}".encode(),
        "a head of a hundred lines": right + part(b"1", *["A: b"] * 100) + end,
        "no UTF-8 in a field": right + part(b"\xff\xfe", named.format("a")) + end,
        "a surrogate in a field": right + part(b"\xed\xa0\x80", named.format("a")) + end,
        "NUL in a name": right + part(b"1", named.format("a\0b")) + end,
        "NUL in a file's name": right + part(b"PK", file.format("a\0.zip")) + end,
        "a path for a file's name": right + part(b"PK", file.format("../../../etc/x")) + end,
        "a charset that is none": right
        + part(b"1", named.format("a"), "Content-Type: text/plain; charset=none")
        + end,
        "a part in parts": right
        + part(b"1", named.format("a"), f"Content-Type: multipart/mixed; boundary={BOUNDARY}")
        + end,
        "a field that is long": right + part(b"x" * 100_000, named.format("a")) + end,
        "a hundred fields": right + part(b"1", named.format("a")) * 100 + end,
        "line ends of Unix": (right + end).replace(b"\r\n", b"\n"),
        "something before": b"x" * 10_000 + right + end,
        "something after": right + end + b"x" * 10_000,
        "another boundary": right.replace(BOUNDARY.encode(), b"another") + end,
    }


async def test_no_file_is_a_fault_of_ours(sender: Sender) -> None:
    """
    A form with a file that no browser made is read, or a page says what is wrong.
    """
    for what in parcels(""):
        await sender.send(what, FILE_FORM, parcels(sender.token)[what], MULTIPART)
    for boundary in ("", "x" * 300, "a b", "é", '"', "a;b"):
        body = parcels(sender.token)["no end"]
        kind = f"multipart/form-data; boundary={boundary}"
        await sender.send(f"boundary {boundary!r}", FILE_FORM, body, kind)

    assert sender.faults == {}


# ---------------------------------------------------------------- addresses


def in_address(value: bytes) -> str:
    """Return a value as an address may hold it, not longer than one may be."""
    return quote_from_bytes(value[:2000], safe="%+;")


async def test_no_query_is_a_fault_of_ours(sender: Sender, pages: Pages) -> None:
    """
    Whatever stands after the `?` of any page, it is shown, or a page says what is wrong.
    """
    for path in sorted(path for method, path in routes_of(pages) if method == "GET"):
        for what, value in VALUES.items():
            odd = in_address(value)
            alone = [f"{name}={odd}".encode() for name in QUERY]
            for text in (b"&".join(alone), odd.encode(), *(alone if what == "NUL" else [])):
                url = httpx.URL(ADDRESS + path.format(**sender.ids)).copy_with(query=text)
                begun = time.process_time()
                answer = await sender.browser.client.get(url)
                sender.note(
                    f"{what}: {path}?{text[:40]!r}", answer, time.process_time() - begun
                )

    assert sender.faults == {}


async def test_no_path_is_a_fault_of_ours(sender: Sender, pages: Pages) -> None:
    """
    Whatever stands where a path has an id, a day or a token: there is nothing, and a page says so.
    """
    routes = sorted(routes_of(pages))
    for (method, path), (what, value) in itertools.product(routes, VALUES.items()):
        if "{" not in path:
            continue
        text = path.format(**dict.fromkeys(sender.ids, in_address(value)))
        url = httpx.URL(ADDRESS).copy_with(raw_path=text.encode())
        sent = {"token": sender.token} | form_of(path, sender.ids) if method == "POST" else {}
        told = {"origin": ADDRESS, "sec-fetch-site": "same-origin", "content-type": URLENCODED}
        begun = time.process_time()
        answer = await sender.browser.client.request(
            method, url, content=urlencode(sent), headers=told
        )
        sender.note(f"{what}: {method} {path}", answer, time.process_time() - begun)

    assert sender.faults == {}
