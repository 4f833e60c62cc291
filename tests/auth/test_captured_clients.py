"""
What real clients put on the wire, judged by the real application.

Eight requests are as the PHP SDK and the Python clients of this API family sent them, byte for
byte; two are headers that the Python clients put together and other programs copy from them.
"""

import datetime as dt
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import apsw
import httpx
import msgspec
import pytest

from auth.knocks import signature
from cast import MASTER_KEY, MONDAY, Cast
from conftest import Clock, World, corpus
from rollbook.api.app import build_app
from rollbook.auth.credentials import Safe
from rollbook.auth.door import REPLAYED, Door, Knock
from rollbook.auth.nonces import NonceBook
from rollbook.auth.oauth1 import read_query
from rollbook.domain.errors import BadRequest, NotAuthenticated
from rollbook.domain.people import ApiKey
from rollbook.storage.sqlite import SqliteStore

KEY = "ck0123456789abcdef"
SECRET = "s3cr+t/=&x"
CAPTURED_AT = 1_795_444_718
HOST = "127.0.0.1:18099"  # where the clients sent them to
SECTION = 7  # whose attendance they asked for

PARAMETER = re.compile(r'(\w+)="([^"]*)"')


class Captured(msgspec.Struct, frozen=True):
    """A request as it was captured."""

    method: str
    target: str
    headers: list[tuple[str, str]]

    @property
    def host(self) -> str:
        return dict(self.headers).get("Host", HOST)

    @property
    def authorization(self) -> str:
        return dict(self.headers)["Authorization"]

    @property
    def url(self) -> str:
        return f"http://{self.host}{self.target}"

    @property
    def is_plaintext(self) -> bool:
        return "PLAINTEXT" in self.authorization

    def with_authorization(self, text: str) -> "Captured":
        headers = [pair for pair in self.headers if pair[0] != "Authorization"]
        return msgspec.structs.replace(self, headers=[*headers, ("Authorization", text)])


def requests() -> list[Captured]:
    """Return all ten."""
    text = (corpus("oauth1-vectors") / "captured-real-clients.json").read_bytes()
    return msgspec.convert(json.loads(text), list[Captured])


@pytest.fixture(params=range(10))
def captured(request: pytest.FixtureRequest) -> Captured:
    """Each of the ten in turn."""
    found = requests()
    assert len(found) == 10
    return found[int(request.param)]


@pytest.fixture(autouse=True)
def now(clock: Clock) -> None:
    """It is a second after the requests were made."""
    clock.now = dt.datetime.fromtimestamp(CAPTURED_AT + 1, dt.UTC)


@pytest.fixture(autouse=True)
def section(world: World, cast: Cast) -> None:
    """Maths is section 7."""
    db = apsw.Connection(str(world.path))
    maths = cast.sections["maths"]
    db.execute("UPDATE sections SET id = ? WHERE id = ?", (SECTION, maths))
    db.execute("UPDATE enrollments SET section_id = ? WHERE section_id = ?", (SECTION, maths))
    db.close()


@pytest.fixture(autouse=True)
async def key(store: SqliteStore, cast: Cast) -> None:
    """The key that the requests were made with is Alice's."""
    sealed = Safe(MASTER_KEY).seal(SECRET, key=KEY, district_id=cast.district.id)
    await store.create_key(
        ApiKey(
            key=KEY,
            district_id=cast.district.id,
            user_id=cast.users["alice"],
            sealed_secret=sealed,
            created_at="2026-08-01T00:00:00.000Z",
        )
    )


@pytest.fixture
def front_door(store: SqliteStore, nonces: NonceBook, clock: Clock) -> Door:
    """A door with the addresses that the clients knew."""
    return Door(
        store,
        Safe(MASTER_KEY),
        nonces,
        allowed_hosts=("127.0.0.1", "api.schoology.com"),
        trusted_proxies=("10.0.0.0/8",),
        clock=clock,
    )


Send = Callable[..., Any]


@pytest.fixture
def send(store: SqliteStore, front_door: Door, cast: Cast, clock: Clock) -> Send:
    """Sends a captured request to the application, with a body where one belongs."""
    app = build_app(store, front_door, clock=clock)

    @asynccontextmanager
    async def client(peer: str) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(app, client=(peer, 5555))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as found:
            yield found

    async def send(
        captured: Captured, *, peer: str = "127.0.0.1", **headers: str
    ) -> httpx.Response:
        mark = {"enrollment_id": cast.enrollments["anna"], "date": MONDAY, "status": 2}
        body = json.dumps({"attendances": {"attendance": [mark]}})
        kept = [pair for pair in captured.headers if pair[0] != "Content-Length"]
        async with client(peer) as opened:
            return await opened.request(
                captured.method,
                captured.target,
                headers=[*kept, *headers.items()],
                content=body if captured.method == "PUT" else None,
            )

    return send


async def test_every_client_is_let_in(send: Send, captured: Captured) -> None:
    """
    Each captured request, as it was sent, is answered with what it asked for.
    """
    response = await send(captured)

    assert response.status_code == 200, response.text
    if captured.method == "PUT":
        (answer,) = response.json()["attendance"]
        assert answer["response_code"] == 200
    elif captured.target.startswith("/v1/users"):
        assert response.json()["total"] == "10"
    else:
        assert response.json()["totals"] == {"total": []}


async def test_every_client_is_let_in_once(send: Send, captured: Captured) -> None:
    """
    Sent again, each captured request is refused with the words that clients know.
    """
    await send(captured)
    again = await send(captured)

    assert again.status_code == 401
    assert again.json()["message"] == REPLAYED
    assert again.headers["WWW-Authenticate"] == 'OAuth realm="Schoology API"'


async def test_every_client_is_late_after_five_minutes(
    send: Send, captured: Captured, clock: Clock
) -> None:
    """
    Who finds a captured request later than that can do nothing with it.
    """
    clock.advance(seconds=300)
    response = await send(captured)

    assert response.status_code == 401
    assert "oauth_timestamp" in response.json()["message"]


async def test_bare_secrets_need_a_private_line(send: Send, captured: Captured) -> None:
    """
    From another machine PLAINTEXT is refused over http and taken over https, digests anyway.
    """
    afar = await send(captured, peer="192.0.2.7")
    assert (afar.status_code == 401) == captured.is_plaintext

    if captured.is_plaintext:
        behind_tls = await send(captured, peer="10.0.0.1", **{"X-Forwarded-Proto": "https"})
        assert behind_tls.status_code == 200


def knock(captured: Captured) -> Knock:
    path, _, query = captured.target.partition("?")
    return Knock(
        method=captured.method,
        scheme="http",
        host=captured.host,
        raw_path=path,
        query=read_query(query),
        peer="127.0.0.1",
        authorization=[captured.authorization],
    )


async def is_admitted(door: Door, captured: Captured) -> bool:
    try:
        await door.admit(knock(captured))
    except (BadRequest, NotAuthenticated):
        return False
    return True


def spoilt(text: str, start: int = 0, end: int | None = None) -> list[str]:
    """Return the text with one character changed, for every place between the two."""
    places = range(start, len(text) if end is None else end)
    return [
        text[:place] + ("y" if text[place] in "xX" else "x") + text[place + 1 :]
        for place in places
    ]


async def test_one_changed_character_in_the_header_keeps_every_client_out(
    front_door: Door, captured: Captured
) -> None:
    """
    Wherever in its header: in one of PLAINTEXT, wherever in the key and the secret.
    """
    text = captured.authorization
    changed = spoilt(text)
    if captured.is_plaintext:  # nothing but the secret vouches for the rest
        key, secret = text.index(KEY), text.index('"', text.index("oauth_signature=")) + 1
        changed = spoilt(text, key, key + len(KEY)) + spoilt(text, secret, len(text) - 1)
    elif 'realm="' in text:  # which is not signed
        realm = text.index('realm="') + len('realm="')
        changed = [one for one in changed if one[:realm] == text[:realm]]

    admitted = [
        one
        for one in changed
        if await is_admitted(front_door, captured.with_authorization(one))
    ]

    assert admitted == []
    assert len(changed) > 20
    assert await is_admitted(front_door, captured)


async def test_one_changed_character_in_the_address_keeps_all_that_sign_out(
    front_door: Door, captured: Captured
) -> None:
    """
    Who signs, signs method, host, path and query; PLAINTEXT vouches for nothing but itself.
    """
    changed = [
        *(msgspec.structs.replace(captured, target=one) for one in spoilt(captured.target, 1)),
        *(msgspec.structs.replace(captured, method=one) for one in spoilt(captured.method)),
        msgspec.structs.replace(captured, headers=[("Authorization", captured.authorization)])
        if captured.host != HOST
        else msgspec.structs.replace(
            captured, headers=[*captured.headers, ("Host", "api.schoology.com")]
        ),
    ]
    admitted = [one for one in changed if await is_admitted(front_door, one)]

    assert bool(admitted) == captured.is_plaintext
    assert await is_admitted(front_door, captured) != captured.is_plaintext


def signed_again(captured: Captured, timestamp: str, nonce: str) -> Captured:
    """Return the request as the same client would have sent it at another time."""
    text = captured.authorization
    fresh = {"oauth_timestamp": timestamp, "oauth_nonce": nonce}
    for name, value in fresh.items():
        text = re.sub(f'{name}="[^"]*"', f'{name}="{value}"', text)
    if not captured.is_plaintext:
        given = [pair for pair in PARAMETER.findall(text) if pair[0] != "oauth_signature"]
        made = signature(captured.url, captured.method, given, secret=SECRET)
        text = re.sub(
            'oauth_signature="[^"]*"', f'oauth_signature="{quote(made, safe="")}"', text
        )
    return captured.with_authorization(text)


async def test_every_client_is_let_in_at_any_time(
    send: Send, captured: Captured, clock: Clock
) -> None:
    """
    Signed anew in each client's own way, its requests go on being accepted.
    """
    for day in range(1, 4):
        clock.advance(days=1)
        before = dict(PARAMETER.findall(captured.authorization))["oauth_timestamp"]
        seconds = str(CAPTURED_AT + day * 86_400)
        timestamp = before.replace(str(CAPTURED_AT), seconds)  # one sends a fraction, too
        response = await send(signed_again(captured, timestamp, f"6b044fee7c{day:03}"))

        assert response.status_code == 200, response.text


def test_signing_again_at_the_same_time_gives_the_same_request(captured: Captured) -> None:
    """
    What the test above signs with is what the clients sign with.
    """
    given = dict(PARAMETER.findall(captured.authorization))
    again = signed_again(captured, given["oauth_timestamp"], given["oauth_nonce"])

    assert again.authorization == captured.authorization
