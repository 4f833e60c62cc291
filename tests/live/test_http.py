"""Catalogue C: what comes over the wire that no framework shows, against the real port."""

import itertools
import json
import re
import resource
import socket
import statistics
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from api.talk import mark, marks_body
from cast import MONDAY
from conftest import corpus
from live.house import JSON, XML, House, Reply, hear, read_replies, spelled, talk

MEGABYTE = 1 << 20


Headers = Mapping[str, str]


def headers_of(house: House, method: str, target: str, more: Headers) -> dict[str, str]:
    """Return the headers of a request that is let in, and more."""
    return {
        "Host": f"127.0.0.1:{house.port}",
        "Authorization": house.authorization(method, target),
        **more,
    }


def ask(
    house: House,
    method: str = "GET",
    target: str = "",
    more: Headers | None = None,
    body: bytes = b"",
) -> Reply:
    """Send a signed request and return the one answer."""
    target = target or house.maths
    headers = headers_of(house, method, target, more or {})
    (reply,) = talk(
        house.port, spelled(method, target, headers, body), method=method, quiet=0.3
    )
    return reply


def json_of(length: int) -> dict[str, str]:
    """Return the headers of a body in JSON."""
    return {"Content-Type": JSON, "Content-Length": str(length)}


def roll(house: House) -> bytes:
    """Return a body that can be saved."""
    return json.dumps(marks_body(mark(house.cast.enrollments["anna"], MONDAY, 2))).encode()


def memory(house: House) -> int:
    """Return the resident bytes of all workers."""
    return sum(
        int(Path(f"/proc/{worker}/statm").read_text().split()[1]) * resource.getpagesize()
        for worker in house.processes()["worker"]
    )


# ---------------------------------------------------------------- C1: slow ones


def test_slow_heads_leave_the_others_alone(house: House) -> None:
    """
    A thousand connections that never finish their first line keep nobody waiting.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    lines = [socket.create_connection(("127.0.0.1", house.port)) for _ in range(1000)]
    try:
        for line in lines:
            line.sendall(b"GET /v1/users HTTP/1.1\r\nHo")
        with house.client() as client:
            seconds = [client.get(house.maths).elapsed.total_seconds() for _ in range(50)]
    finally:
        for line in lines:
            line.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert statistics.median(seconds) < 0.5
    assert max(seconds) < 5


def test_a_head_that_does_not_end_is_cut_off(house: House) -> None:
    """
    Ten seconds are enough for a head, and for a connection that says nothing.
    """
    begun = time.monotonic()
    with (
        socket.create_connection(("127.0.0.1", house.port), timeout=15) as slow,
        socket.create_connection(("127.0.0.1", house.port), timeout=15) as silent,
    ):
        slow.sendall(b"GET /v1/users HTTP/1.1\r\nHo")
        hear(slow)
        hear(silent)

    assert 8 < time.monotonic() - begun < 14


# ---------------------------------------------------------------- C2: too much


@pytest.mark.parametrize(
    ("query", "more"),
    [
        ("", {"X-Long": "a" * 200_000}),
        ("", {f"X-{number}": "1" for number in range(1000)}),
        ("?x=" + "a" * 200_000, {}),
    ],
    ids=["header", "headers", "uri"],
)
def test_a_head_may_not_be_endless(house: House, query: str, more: dict[str, str]) -> None:
    """
    Long headers, many headers and a long address are refused, and the connection closed.
    """
    reply = ask(house, target=house.maths + query, more=more)

    assert reply.status in (414, 431)
    assert reply.headers["Connection"] == "close"


def test_a_large_body_is_refused_before_it_is_sent(house: House) -> None:
    """
    Its Content-Length is enough; what comes of it is not taken for another request.
    """
    headers = headers_of(house, "PUT", house.maths, json_of(1 << 40))
    another = spelled("GET", "/v1/openapi.json", {"Host": "localhost"})
    begun = time.monotonic()
    replies = talk(house.port, spelled("PUT", house.maths, headers, another))

    assert [reply.status for reply in replies] == [413]
    assert time.monotonic() - begun < 0.9


def test_a_large_body_in_chunks_is_refused_on_the_way(house: House) -> None:
    """
    Without a length it is counted as it comes in; the memory of the workers stays as it is.
    """
    more = {"Content-Type": JSON, "Transfer-Encoding": "chunked"}
    headers = headers_of(house, "PUT", house.maths, more)
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    before = memory(house)
    replies = talk(
        house.port, spelled("PUT", house.maths, headers, chunk * 1024 + b"0\r\n\r\n")
    )

    assert [reply.status for reply in replies] in ([413], [])  # [] when it was still sending
    assert memory(house) - before < 16 * MEGABYTE


def test_a_body_longer_than_it_says_does_not_become_a_request(house: House) -> None:
    """
    What follows the length is read as the next request, and refused: it is none of ours.
    """
    body = roll(house)
    headers = headers_of(house, "PUT", house.maths, json_of(len(body)))
    replies = talk(house.port, spelled("PUT", house.maths, headers, body + b"x" * 1000))

    assert [reply.status for reply in replies][:1] == [200]
    assert all(reply.status == 400 for reply in replies[1:])


def test_a_body_shorter_than_it_says_saves_nothing(house: House) -> None:
    """
    Whoever hangs up in the middle has said nothing, even if it could be understood.
    """
    saved = marks_in(house)
    body = json.dumps(marks_body(mark(house.cast.enrollments["ben"], "2026-10-05", 2))).encode()
    chunked = {"Content-Type": JSON, "Transfer-Encoding": "chunked"}
    for more, framed in [
        (json_of(len(body) + 1), body),
        (chunked, b"%x\r\n%s\r\n" % (len(body), body)),
    ]:
        headers = headers_of(house, "PUT", house.maths, more)
        with socket.create_connection(("127.0.0.1", house.port)) as line:
            line.sendall(spelled("PUT", house.maths, headers, framed))
            time.sleep(0.2)
    time.sleep(0.2)

    assert marks_in(house) == saved


def marks_in(house: House) -> str:
    """Return the version of the section's marks."""
    with house.client() as client:
        tag: str = client.get(house.maths).headers["ETag"]
        return tag


# ---------------------------------------------------------------- C3: compressed


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip", "nonsense"])
def test_compressed_bodies_are_refused(house: House, encoding: str) -> None:
    """
    Nothing is unpacked, so nothing can swell.
    """
    more = {**json_of(4), "Content-Encoding": encoding}
    reply = ask(house, "PUT", more=more, body=b"\x1f\x8b\x08\x00")

    assert reply.status == 415


# ---------------------------------------------------------------- C4: may I go on


def expecting(house: House, length: int, *, key: bool = True) -> socket.socket:
    """Send the head of a PUT that waits to be told to go on."""
    more = {**json_of(length), "Expect": "100-continue"}
    headers = headers_of(house, "PUT", house.maths, more)
    if not key:
        del headers["Authorization"]
    line = socket.create_connection(("127.0.0.1", house.port), timeout=2)
    line.sendall(spelled("PUT", house.maths, headers))
    return line


def test_who_asks_may_go_on(house: House) -> None:
    """
    curl and PHP wait for 100 Continue before a large body, and get it at once.
    """
    body = roll(house)
    with expecting(house, len(body)) as line:
        begun = time.monotonic()
        told = line.recv(100)
        waited = time.monotonic() - begun
        line.sendall(body)
        line.settimeout(0.5)
        (reply,) = read_replies(hear(line))

    assert told == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert waited < 1
    assert reply.status == 200


@pytest.mark.parametrize(
    ("length", "key", "status"), [(200, False, 401), (MEGABYTE + 1, True, 413)]
)
def test_who_will_be_refused_is_told_so_instead(
    house: House, length: int, key: bool, status: int
) -> None:
    """
    Nobody sends a body that will not be read.
    """
    with expecting(house, length, key=key) as line:
        (reply,) = read_replies(hear(line))

    assert reply.status == status


# ---------------------------------------------------------------- C5: not quite HTTP


def raw_requests(kind: str) -> dict[str, bytes]:
    """Return requests of the corpus by name, decoded as its README tells."""
    folder = corpus("http-gunicorn") / "tests" / "requests" / kind
    return {file.stem: _unescaped(file.read_text("latin-1")) for file in folder.glob("*.http")}


_ESCAPES = {"\\r": "\r", "\\n": "\n", "\\t": "\t", "\\0": "\0"}


def _unescaped(text: str) -> bytes:
    def character(found: re.Match[str]) -> str:
        return _ESCAPES.get(found[0]) or chr(int(found[1], 16))

    joined = text.replace("\n", "")
    return re.sub(r"\\[rnt0]|\\x([0-9A-Fa-f]{2})", character, joined).encode("latin-1")


def answers_to(house: House, requests: dict[str, bytes]) -> dict[str, list[int]]:
    """Send each on a connection of its own, and return the statuses that came back."""
    with ThreadPoolExecutor(16) as pool:
        replies = pool.map(lambda data: talk(house.port, data, quiet=0.7), requests.values())
        return {
            name: [reply.status for reply in each]
            for name, each in zip(requests, replies, strict=True)
        }


def test_malformed_requests_are_refused(house: House) -> None:
    """
    None of 74 is answered with success, or twice.
    """
    statuses = answers_to(house, raw_requests("invalid"))
    accepted = {name for name, each in statuses.items() if any(code < 400 for code in each)}
    twice = {name for name, each in statuses.items() if len(each) > 1}

    assert len(statuses) == 74
    assert (accepted, twice) == (set(), set())


def test_odd_requests_that_are_well_formed_break_nothing(house: House) -> None:
    """
    None of 63 is a fault of ours.
    """
    statuses = answers_to(house, raw_requests("valid"))
    faults = {name for name, each in statuses.items() if any(code >= 500 for code in each)}

    assert len(statuses) == 63
    assert faults == set()


_NEXT = b"GET / HTTP/1.1\r\n\r\n"


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        ({"Transfer-Encoding": "chunked"}, b"-1\r\nx\r\n0\r\n\r\n"),
        ({"Transfer-Encoding": "chunked"}, b"1_0\r\n0123456789abcdef\r\n0\r\n\r\n"),
        ({"Transfer-Encoding": "chunked", "Content-Length": "5"}, b"0\r\n\r\n" + _NEXT),
        ({"Transfer-Encoding": "identity, chunked"}, b"0\r\n\r\n"),
        ({"Content-Length": "+5"}, b"hello"),
        ({"Content-Length": "5, 5"}, b"hello"),
    ],
)
def test_a_body_whose_length_is_in_doubt_is_refused(
    house: House, framing: dict[str, str], body: bytes
) -> None:
    """
    Two readers would find different requests in it: one answer, and no success.
    """
    headers = headers_of(house, "PUT", house.maths, {"Content-Type": JSON, **framing})
    replies = talk(house.port, spelled("PUT", house.maths, headers, body), quiet=0.3)

    assert [reply.status // 100 for reply in replies] == [4]


def test_http_1_0_is_answered(house: House) -> None:
    """
    Proxies speak it by default.
    """
    headers = headers_of(house, "GET", house.maths, {})
    request = spelled("GET", house.maths, headers).replace(b"HTTP/1.1", b"HTTP/1.0")
    (reply,) = talk(house.port, request)

    assert reply.status == 200


# ---------------------------------------------------------------- C6 to C9


@pytest.mark.parametrize("more", [{}, {"Content-Length": "0"}])
def test_a_get_may_name_a_content_type(house: House, more: dict[str, str]) -> None:
    """
    The PHP and Python clients do, without a body.
    """
    assert ask(house, more={"Content-Type": JSON, **more}).status == 200


def test_an_empty_put_is_refused_in_words(house: House) -> None:
    """
    The PHP client drops a body that is text; it should read what is wrong.
    """
    reply = ask(house, "PUT", more=json_of(0))

    assert reply.status == 400
    assert b"The body is empty" in reply.body


@pytest.mark.parametrize("method", ["HEAD", "TRACE", "PATCH", "DELETE", "POST"])
def test_other_methods_are_not_answered(house: House, method: str) -> None:
    """
    The Allow header says which are.
    """
    reply = ask(house, method)

    assert (reply.status, reply.headers["Allow"]) == (405, "GET, PUT, OPTIONS")


@pytest.mark.parametrize("method", ["put", "Get", "FROB"])
def test_methods_are_spelled_in_capitals(house: House, method: str) -> None:
    """
    Anything else is no method, and saves nothing.
    """
    assert ask(house, method).status in (400, 405)


def test_a_header_does_not_change_the_method(house: House) -> None:
    """
    X-HTTP-Method-Override is nobody's business.
    """
    body = roll(house)
    more = {**json_of(len(body)), "X-HTTP-Method-Override": "PUT"}
    post = ask(house, "POST", more=more, body=body)
    get = ask(house, more={"X-HTTP-Method-Override": "DELETE"})

    assert (post.status, get.status) == (405, 200)


def test_options_says_what_there_is_without_a_signature(house: House) -> None:
    """
    It tells nothing that the documentation does not.
    """
    answer = httpx.options(house.url + house.maths)

    assert (answer.status_code, answer.headers["Allow"]) == (200, "GET, PUT")


# ---------------------------------------------------------------- C10: paths

_TRICKS = [
    "//v1/sections/{id}/attendance",
    "/v1//sections/{id}/attendance",
    "/v1/./sections/{id}/attendance",
    "/v1/sections/1/../{id}/attendance",
    "/v1/sections/%2e%2e/sections/{id}/attendance",
    "/v1/sections/{id};x=1/attendance",
    "/v1/sections/{id}/attendance;x=1",
    "/v1/sections/{id}/attendance%00",
    "/v1/sections/{id}/attendance%20",
    "/v1/sections/{id}/attendance/",
    "/v1/sections/{id}%2Fattendance",
    "/v1/sections/%34{rest}/attendance",
    "/v1/sections/0{id}/attendance",
    "/v1/sections/+{id}/attendance",
    "/v1/sections/\uff14{rest}/attendance",
    "/V1/sections/{id}/attendance",
    "/v1/Sections/{id}/attendance",
    "/docs/../v1/sections/{id}/attendance",
]


@pytest.mark.parametrize("trick", _TRICKS)
def test_no_spelling_of_a_path_gets_around_the_door(house: House, trick: str) -> None:
    """
    Each is nothing, or what it means: then a stranger is refused, and Alice sees the same.
    """
    section = str(house.cast.sections["maths"])
    path = trick.format(id=section, rest=section[1:]).encode().decode("latin-1")
    bare = {"Host": f"127.0.0.1:{house.port}", "Connection": "close"}
    (stranger,) = talk(house.port, spelled("GET", path, bare))
    alice = ask(house, target=path) if path.isascii() else stranger

    assert (stranger.status, alice.status) in [(401, 200), (404, 404), (400, 400)]
    if alice.status == 200:
        assert alice.body == ask(house).body


# ---------------------------------------------------------------- C11: gone


def test_clients_that_leave_in_the_middle_break_nothing(house: House) -> None:
    """
    Whatever they had sent is saved whole or not at all, and the log stays quiet.
    """
    body = roll(house)
    before = len(house.log())
    for cut in itertools.chain(range(-40, 0, 4), [None] * 10):
        headers = headers_of(house, "PUT", house.maths, json_of(len(body)))
        request = spelled("PUT", house.maths, headers, body)
        with socket.create_connection(("127.0.0.1", house.port)) as line:
            line.sendall(request[:cut])
    answer = ask(house, more={"Accept": XML})

    assert answer.status == 200
    assert len(house.log()) - before < 1000
