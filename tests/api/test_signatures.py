"""What signatures, good and bad, come to in the answers of the real application."""

import base64
import datetime as dt
import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from api.talk import JSON, Attendance, in_both_formats, mark, marks_body, tree
from auth.knocks import NOW, signed
from cast import MONDAY, SECRET, TUESDAY, Cast
from conftest import Clock
from rollbook.api.app import build_app
from rollbook.auth.door import REPLAYED, Door
from rollbook.domain.errors import Unavailable
from rollbook.domain.store import Store

REALM = 'OAuth realm="Schoology API"'
BASE = "https://rollbook.test/v1"
USERS = f"{BASE}/users"


class Header(httpx.Auth):
    """Sends these Authorization headers as they are."""

    def __init__(self, *texts: str) -> None:
        self._texts = texts

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        more = [(b"Authorization", text.encode()) for text in self._texts]
        request.headers = httpx.Headers([*request.headers.raw, *more])
        yield request


@pytest.fixture(autouse=True)
def now(clock: Clock) -> None:
    """It is the moment at which the tests' requests are signed."""
    clock.now = dt.datetime.fromtimestamp(NOW, dt.UTC)


Sign = Callable[..., Header]


@pytest.fixture
def sign(cast: Cast) -> Sign:
    """Signs a request as Alice, with changes."""

    def sign(url: str = USERS, method: str = "GET", **changes: Any) -> Header:
        return Header(signed(url, method, oauth_consumer_key=cast.keys["alice"], **changes))

    return sign


@pytest.fixture
def marks_url(cast: Cast) -> str:
    """The address of the attendance of Maths."""
    return f"{BASE}/sections/{cast.sections['maths']}/attendance"


def body(cast: Cast, day: str) -> bytes:
    return json.dumps(marks_body(mark(cast.enrollments["anna"], day, 2))).encode()


async def put(
    client: httpx.AsyncClient, url: str, content: bytes, auth: httpx.Auth, **headers: str
) -> httpx.Response:
    headers = {"Content-Type": JSON, **headers}
    return await client.put(url, content=content, auth=auth, headers=headers)


# ---------------------------------------------------------------- who is refused, and how


@in_both_formats
@pytest.mark.parametrize("texts", [(), ("Basic YWxpY2U6eA==",), ("Bearer x",), ("OAuth2 a=b",)])
async def test_without_credentials_the_answer_says_which_it_wants(
    client: httpx.AsyncClient, format_: str, texts: tuple[str, ...]
) -> None:
    """
    Rule 25: 401, the scheme and realm in a header, one sentence in the body, in either format.
    """
    response = await client.get(USERS, auth=Header(*texts), headers={"Accept": format_})
    (_, members) = tree(response)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == REALM
    assert [name for name, _ in members] == ["code", "message"]
    assert members[0] == ("code", "401")
    assert "Authorization header" in members[1][1]


@in_both_formats
async def test_a_repeated_read_is_refused_with_the_words_that_clients_know(
    client: httpx.AsyncClient, sign: Sign, format_: str
) -> None:
    """
    The same request a second time: 401 and the family's sentence, and nothing else.
    """
    auth = sign()
    first = await client.get(USERS, auth=auth)
    second = await client.get(USERS, auth=auth, headers={"Accept": format_})

    assert first.status_code == 200
    assert second.status_code == 401
    assert second.headers["WWW-Authenticate"] == REALM
    assert tree(second) == ("result", [("code", "401"), ("message", REPLAYED)])


async def test_a_repeated_write_changes_nothing(
    client: httpx.AsyncClient, cast: Cast, sign: Sign, marks_url: str
) -> None:
    """
    Whoever saw a PUT on its way can neither send it again nor send another body with it.
    """
    auth = sign(marks_url, "PUT")
    first = await put(client, marks_url, body(cast, MONDAY), auth)
    second = await put(client, marks_url, body(cast, TUESDAY), auth)
    listed = await Attendance(client, cast.sections["maths"]).listed()

    assert (first.status_code, second.status_code) == (200, 401)
    assert listed.days == [MONDAY]


@pytest.mark.parametrize(
    ("there", "instead", "status"),
    [
        pytest.param("oauth_nonce", "x", 400, id="nonce missing"),
        pytest.param("oauth_version", "oauth_nonce", 400, id="nonce twice"),
        pytest.param('version="1.0"', 'version="2.0"', 400, id="another version"),
        pytest.param('="', "=", 400, id="malformed"),
        pytest.param("14056598", "1405%zz98", 400, id="badly encoded"),
        pytest.param("HMAC-SHA1", "HMAC-MD5", 401, id="another method"),
        pytest.param("HMAC-SHA1", "none", 401, id="no method"),
        pytest.param('signature="', 'signature="x', 401, id="another signature"),
        pytest.param("14056598", "1405659", 401, id="another nonce"),
        pytest.param('key="a', 'key="c', 401, id="another key"),
        pytest.param(str(NOW), str(NOW - 301), 401, id="another time"),
    ],
)
async def test_malformed_is_400_and_wrong_is_401(
    client: httpx.AsyncClient, cast: Cast, there: str, instead: str, status: int
) -> None:
    """
    Rule 25: what cannot be read is 400; what is read and proves nothing is 401.
    """
    text = signed(USERS, oauth_consumer_key=cast.keys["alice"])
    response = await client.get(USERS, auth=Header(text.replace(there, instead)))

    assert response.status_code == status, response.text
    assert ("WWW-Authenticate" in response.headers) == (status == 401)


async def test_credentials_come_in_one_header(client: httpx.AsyncClient, cast: Cast) -> None:
    """
    Rule 18: two Authorization headers are malformed, be they the same.
    """
    text = signed(USERS, oauth_consumer_key=cast.keys["alice"])
    response = await client.get(USERS, auth=Header(text, text))

    assert response.status_code == 400
    assert response.json()["message"] == "The request has more than one Authorization header."


@pytest.mark.parametrize("name", ["oauth_consumer_key", "oauth_signature", "%6Fauth_token"])
async def test_credentials_do_not_come_in_the_query(
    client: httpx.AsyncClient, sign: Sign, name: str
) -> None:
    """
    Rule 18: a protocol parameter in the query is malformed, though it was signed.
    """
    url = f"{USERS}?{name}=x"
    response = await client.get(url, auth=sign(url))

    assert response.status_code == 400
    assert "oauth_" in response.json()["message"]


async def test_a_cookie_opens_nothing(client: httpx.AsyncClient) -> None:
    """
    Whatever cookies a browser sends along, they are no credentials here.
    """
    response = await client.get(USERS, auth=Header(), headers={"Cookie": "session=x"})

    assert response.status_code == 401
    assert "Set-Cookie" not in response.headers


async def test_signed_requests_are_not_redirected(
    client: httpx.AsyncClient, cast: Cast
) -> None:
    """
    A signature is good for one address: another spelling of it is not sent on to that one.
    """
    for path in ("users/", "/users", "Users", f"users/{cast.users['anna']}/"):
        response = await client.get(f"{BASE}/{path}")

        assert response.status_code == 404, path


class NoBook:
    """A book of nonces that cannot be written."""

    def claim(self, timestamp: int, *parts: str, now: float) -> bool:
        raise Unavailable("The book of nonces is full.")


async def test_without_a_book_of_nonces_nobody_is_answered(
    client: httpx.AsyncClient, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    When nonces cannot be written down the answer is 503, to be asked again, also to a read.
    """
    monkeypatch.setattr(door, "_nonces", NoBook())
    response = await client.get("users")

    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0


# ---------------------------------------------------------------- bodies


@pytest.mark.parametrize("name", ["sha1", "sha256"])
@pytest.mark.parametrize("way", ["PLAINTEXT", "HMAC-SHA1", "HMAC-SHA256"])
async def test_a_body_hash_binds_the_body(
    client: httpx.AsyncClient, cast: Cast, sign: Sign, marks_url: str, way: str, name: str
) -> None:
    """
    Where `oauth_body_hash` is sent, another body than that one is refused and changes nothing.
    """
    right = body(cast, MONDAY)
    digest = base64.b64encode(hashlib.new(name, right).digest()).decode()
    answers = []
    for nonce, content in enumerate((body(cast, TUESDAY), b"", right)):
        auth = sign(
            marks_url,
            "PUT",
            oauth_signature_method=way,
            oauth_nonce=str(nonce),
            oauth_body_hash=digest,
        )
        answers.append(await put(client, marks_url, content, auth))
    listed = await Attendance(client, cast.sections["maths"]).listed()

    assert [answer.status_code for answer in answers] == [401, 401, 200]
    assert "oauth_body_hash" in answers[0].json()["message"]
    assert listed.days == [MONDAY]


async def test_a_body_without_a_hash_is_not_signed(
    client: httpx.AsyncClient, cast: Cast, sign: Sign, marks_url: str
) -> None:
    """
    Rule 8: the signature of a JSON or XML request holds for any body; that is what TLS is for.
    """
    auth = sign(marks_url, "PUT")
    response = await put(client, marks_url, body(cast, TUESDAY), auth)

    assert response.status_code == 200


async def test_a_form_brings_neither_credentials_nor_marks(
    client: httpx.AsyncClient, sign: Sign, marks_url: str
) -> None:
    """
    A form is no format of ours: nothing in it is read, neither parameters nor JSON text.
    """
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    credentials = await put(
        client, marks_url, b"oauth_consumer_key=x&oauth_signature=y", Header(), **form
    )
    marks = await put(client, marks_url, b'{"attendances": {}}', sign(marks_url, "PUT"), **form)

    assert credentials.status_code == 401
    assert marks.status_code == 415


# ---------------------------------------------------------------- one reading of the query


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("start={monday}&end={monday}", 200),
        ("st%61rt={monday}", 200),
        ("start={monday}%20", 400),
        ("start=%32026-09-14", 200),
        ("start={monday}%26end=x", 400),
        ("start%3D{monday}", 200),  # a parameter of that odd name, which nobody knows
        ("start={monday};end=x", 400),
        ("start={monday}&start={monday}", 400),
        ("start={monday}&st%61rt={monday}", 400),
        ("start=&end=&enrollment_id=", 200),
        ("start", 200),
        ("x=1&x=2", 200),
        ("enrollment_id={anna}%2C{anna}", 200),
        ("enrollment_id={anna}%00", 400),
        ("enrollment_id={anna}&enrollment_id=", 400),
    ],
)
async def test_what_is_signed_is_what_is_done(
    client: httpx.AsyncClient, cast: Cast, marks_url: str, sign: Sign, query: str, status: int
) -> None:
    """
    Signature and handler read one and the same list of parameters, however they are written.
    """
    filled = query.format(monday=MONDAY, anna=cast.enrollments["anna"])
    response = await client.get(f"{marks_url}?{filled}", auth=sign(f"{marks_url}?{filled}"))

    assert response.status_code == status, response.text


async def test_an_encoded_filter_filters(
    client: httpx.AsyncClient, cast: Cast, marks_url: str, sign: Sign
) -> None:
    """
    A parameter whose name is written in percents is the parameter, for the handler as well.
    """
    anna, ben = cast.enrollments["anna"], cast.enrollments["ben"]
    await Attendance(client, cast.sections["maths"]).put(
        mark(anna, MONDAY, 2), mark(ben, MONDAY, 2)
    )
    url = f"{marks_url}?%65nrollment_id={anna}"
    response = await client.get(url, auth=sign(url))

    assert response.status_code == 200
    assert str(ben) not in response.text


# ---------------------------------------------------------------- as no client sends them

Raw = Callable[..., Any]


@pytest.fixture
def raw(store: Store, door: Door, clock: Clock) -> Raw:
    """Sends a request with whatever bytes; returns the status and the text of the answer."""
    app: Any = build_app(store, door, clock=clock)

    async def raw(
        *headers: tuple[bytes, bytes], path: bytes = b"/v1/users", query: bytes = b""
    ) -> tuple[int, str]:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "https",
            "path": path.decode("latin-1"),
            "raw_path": path,
            "root_path": "",
            "query_string": query,
            "headers": list(headers),
            "client": ("192.0.2.7", 5555),
            "server": ("192.0.2.1", 443),
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(event: dict[str, Any]) -> None:
            sent.append(event)

        await app(scope, receive, send)
        return sent[0]["status"], b"".join(part.get("body", b"") for part in sent[1:]).decode()

    return raw


HOST = (b"host", b"rollbook.test")


async def test_plain_bytes_are_let_in(raw: Raw, cast: Cast) -> None:
    """
    What the tests below send is a good request but for what they spoil.
    """
    text = signed(USERS, oauth_consumer_key=cast.keys["alice"]).encode()

    assert (await raw(HOST, (b"authorization", text)))[0] == 200


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        [b"rollbook.test", b"rollbook.test"],
        [b"rollbook.test", b"evil.test"],
        [b"evil.test"],
        [b""],
        [b"rollbook.test:x"],
        [b"rollbook.test\xff"],
        [b"rollbook.test:" + b"9" * 5000],
        [b"rollbook.test, evil.test"],
    ],
)
async def test_there_is_one_host_and_it_is_ours(
    raw: Raw, cast: Cast, hosts: list[bytes]
) -> None:
    """
    A request without a Host header, with two or with a stranger's is malformed.
    """
    text = signed(USERS, oauth_consumer_key=cast.keys["alice"]).encode()
    headers = [(b"host", host) for host in hosts]
    status, answer = await raw(*headers, (b"authorization", text))

    assert status == 400
    assert "Host" in answer


@pytest.mark.parametrize(
    "text", [b"", b"\xff", b"OAuth \xff", b"OAuth a=\x00", b"OAuth " * 9999]
)
async def test_odd_bytes_in_the_header_are_refused(raw: Raw, text: bytes) -> None:
    """
    Bytes that no client sends are refused as any other nonsense is.
    """
    status, _ = await raw(HOST, (b"authorization", text))

    assert status in (400, 401)


@pytest.mark.parametrize(
    "query",
    [b"%", b"a=%zz", b"a=%ff", b"%00=%00", b"\xc3\xa9", b"&&&", b"=", b"[]{}|^`"],
)
async def test_odd_bytes_in_the_query_are_refused(raw: Raw, cast: Cast, query: bytes) -> None:
    """
    A query that was not signed as it came is refused, and one that cannot be read as well.

    Bytes that are no UTF-8 do not come so far: the server itself refuses them.
    """
    text = signed(USERS, oauth_consumer_key=cast.keys["alice"]).encode()
    status, _ = await raw(HOST, (b"authorization", text), query=query)

    assert status == 200 if query == b"&&&" else status in (400, 401)


@pytest.mark.parametrize("name", [b"x-schoology-run-as", b"x-forwarded-proto", b"accept"])
async def test_odd_bytes_in_other_headers_are_no_fault(
    raw: Raw, cast: Cast, name: bytes
) -> None:
    """
    Whatever the other headers that the door looks at hold, the answer is no fault of ours.
    """
    text = signed(USERS, oauth_consumer_key=cast.keys["alice"]).encode()
    status, _ = await raw(HOST, (b"authorization", text), (name, b"\xff\xc3("))

    assert status < 500


# ---------------------------------------------------------------- acting as somebody else


async def test_the_record_names_both(
    client: httpx.AsyncClient, cast: Cast, sign: Sign, marks_url: str
) -> None:
    """
    What an administrator writes in a teacher's place shows whose key it was and for whom.
    """
    headers = {"X-Schoology-Run-As": str(cast.users["bob"])}
    await put(client, marks_url, body(cast, MONDAY), sign(marks_url, "PUT"), **headers)
    await put(client, marks_url, body(cast, TUESDAY), sign(marks_url, "PUT", oauth_nonce="2"))
    changes = (await client.get(f"{marks_url}/history")).json()["change"]

    assert [(one["changed_by"], one["on_behalf_of"]) for one in changes] == [
        (str(cast.users["alice"]), str(cast.users["bob"])),
        (str(cast.users["alice"]), ""),
    ]


@in_both_formats
async def test_people_of_another_district_are_not_there_to_act_as(
    client: httpx.AsyncClient, cast: Cast, strangers: Cast, format_: str
) -> None:
    """
    To act as somebody of another district is answered with the bytes that nobody's id gets.
    """
    answers = []
    for who in (strangers.users["bob"], 9_999_999):
        headers = {"X-Schoology-Run-As": str(who), "Accept": format_}
        response = await client.get("users", headers=headers)
        answers.append((response.status_code, response.text.replace(str(who), "…")))

    assert answers[0] == answers[1]
    assert answers[0][0] == 404


async def test_acting_as_oneself_is_plain_acting(client: httpx.AsyncClient, cast: Cast) -> None:
    """
    `users/me` follows whom one acts as.
    """
    for name in ("alice", "bob"):
        headers = {"X-Schoology-Run-As": str(cast.users[name])}
        response = await client.get("users/me", headers=headers)

        assert response.headers["Location"] == f"{USERS}/{cast.users[name]}"


# ---------------------------------------------------------------- what is kept of it


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_no_log_holds_a_secret(
    client: httpx.AsyncClient,
    sign: Sign,
    cast: Cast,
    scheme: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """
    A bare secret is neither logged nor said back, accepted or refused.
    """
    caplog.set_level(logging.DEBUG, logger="rollbook")
    url = USERS.replace("https", scheme)
    plain = {"oauth_signature_method": "PLAINTEXT"}
    answers = [
        await client.get(url, auth=sign(url, **plain)),
        await client.get(url, auth=sign(url, **plain)),
        await client.get(url, auth=sign(url, oauth_version="2.0", **plain)),
        await client.get(f"{url}?oauth_x=1", auth=sign(url, **plain)),
    ]

    assert [answer.status_code for answer in answers] == (
        [200, 401, 400, 400] if scheme == "https" else [401, 401, 400, 400]
    )
    assert not any(SECRET in answer.text for answer in answers)
    assert SECRET not in caplog.text


async def test_a_refused_request_leaves_no_nonce(client: httpx.AsyncClient, sign: Sign) -> None:
    """
    Through the whole application: a forged request leaves the true one its nonce.
    """
    forged = await client.get(USERS, auth=sign(secret="x" * 32))
    true = await client.get(USERS, auth=sign())

    assert (forged.status_code, true.status_code) == (401, 200)
