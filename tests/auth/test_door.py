"""The front door: who is let in, as whom, and what the refused can learn."""

import asyncio
import datetime as dt
from typing import Any

import apsw
import msgspec
import pytest

from auth.knocks import NOW, URL, knock, signed
from cast import EXPIRED, MASTER_KEY, READ_ONLY, REVOKED, SECRET, Cast
from conftest import Clock, World
from rollbook.auth import oauth1
from rollbook.auth.credentials import Safe
from rollbook.auth.door import REPLAYED, Door
from rollbook.auth.nonces import NonceBook
from rollbook.auth.uses import LATER
from rollbook.domain.days import instant
from rollbook.domain.errors import (
    BadRequest,
    NoSuchThing,
    NotAllowed,
    NotAuthenticated,
    Unavailable,
)
from rollbook.domain.people import Actor
from rollbook.storage.sqlite import SqliteStore

WAYS = ["PLAINTEXT", "HMAC-SHA1", "HMAC-SHA256"]
UNKNOWN = "The consumer key or the signature is not right."
HTTP = URL.replace("https", "http")
STARS = "*" * 40  # no key


@pytest.fixture(autouse=True)
def now(clock: Clock) -> None:
    """It is the moment at which the tests' requests are signed."""
    clock.now = dt.datetime.fromtimestamp(NOW, dt.UTC)


@pytest.fixture
def alice(cast: Cast) -> str:
    """The key of the district's administrator."""
    return cast.keys["alice"]


async def admitted(door: Door, key: str, **changes: Any) -> Actor:
    """Knock with that key, signed as it should be but for the changes."""
    entry = await door.admit(knock(signed(oauth_consumer_key=key, **changes)))
    return entry.actor


async def refusal(door: Door, authorization: str | None, **request: Any) -> str:
    """Return the sentence with which nobody is let in."""
    with pytest.raises(NotAuthenticated) as refused:
        await door.admit(knock(authorization, **request))
    return str(refused.value)


def new_door(store: SqliteStore, nonces: NonceBook, clock: Clock, **settings: Any) -> Door:
    return Door(
        store,
        settings.pop("safe", Safe(MASTER_KEY)),
        nonces,
        **{"allowed_hosts": ("rollbook.test",), "clock": clock, **settings},
    )


# ---------------------------------------------------------------- who comes in


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["alice", "bob", "anna", "ida"])
async def test_a_key_acts_as_its_user(door: Door, cast: Cast, way: str, name: str) -> None:
    """
    Whoever signs with a key's secret is the user whose key it is, in that user's district.
    """
    actor = await admitted(door, cast.keys[name], oauth_signature_method=way)

    assert actor.user.id == actor.key_user_id == cast.users[name]
    assert actor.district.id == cast.district.id
    assert not actor.read_only


async def test_the_entry_holds_what_was_claimed(door: Door, alice: str) -> None:
    """
    The claim goes along, so that the body can be held against it.
    """
    text = signed(oauth_consumer_key=alice, oauth_body_hash="x")
    entry = await door.admit(knock(text))

    assert entry.claim.consumer_key == alice
    assert not entry.claim.covers(b"")


async def test_a_read_only_key_says_so(door: Door, cast: Cast) -> None:
    """
    What a key may not do goes with whoever comes in by it.
    """
    assert (await admitted(door, cast.keys[READ_ONLY])).read_only


async def test_without_credentials_nobody_comes_in(door: Door) -> None:
    """
    Rule 25: a request without an Authorization header is told which it needs.
    """
    assert (
        await refusal(door, None) == "This request needs an Authorization header (OAuth 1.0a)."
    )


async def test_two_headers_are_malformed(door: Door, alice: str) -> None:
    """
    Rule 18: nobody guesses which of two Authorization headers is meant.
    """
    text = signed(oauth_consumer_key=alice)
    twice = msgspec.structs.replace(knock(text), authorization=[text, text])

    with pytest.raises(BadRequest, match="more than one Authorization"):
        await door.admit(twice)


# ---------------------------------------------------------------- who does not


@pytest.mark.parametrize("way", WAYS)
async def test_all_that_is_wrong_with_a_key_sounds_alike(
    door: Door, cast: Cast, world: World, way: str
) -> None:
    """
    Unknown, revoked and expired keys, wrong secrets and users who left: one answer for all.
    """
    db = apsw.Connection(str(world.path))
    db.execute("UPDATE users SET active = 0 WHERE id = ?", (cast.users["ida"],))
    db.close()
    wrong = [
        signed(oauth_consumer_key=STARS, oauth_signature_method=way),
        signed(oauth_consumer_key="é\0" * 99, oauth_signature_method=way),
        signed(
            oauth_consumer_key=cast.keys["alice"], oauth_signature_method=way, secret="x" * 32
        ),
        signed(oauth_consumer_key=cast.keys[REVOKED], oauth_signature_method=way),
        signed(oauth_consumer_key=cast.keys[EXPIRED], oauth_signature_method=way),
        signed(oauth_consumer_key=cast.keys["ida"], oauth_signature_method=way),
    ]

    assert {await refusal(door, text) for text in wrong} == {UNKNOWN}


async def test_a_key_of_nobody_costs_the_work_of_a_known_one(
    door: Door, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Time does not tell which keys exist: each is looked up once, then its secret compared.
    """
    for key in (STARS, cast.keys["alice"], cast.keys[REVOKED], cast.keys[EXPIRED]):
        await refusal(
            door, signed(oauth_consumer_key=key, secret="x" * 32, oauth_nonce=key[:9])
        )
    done: list[str] = []

    def counted(holder: type, name: str) -> None:
        original = getattr(holder, name)

        def call(*given: Any) -> Any:
            done.append(name)
            return original(*given)

        monkeypatch.setattr(holder, name, call)

    counted(Safe, "open")
    counted(SqliteStore, "key_holder")
    counted(oauth1.Claim, "proves")
    for key in (STARS, cast.keys["alice"], cast.keys[REVOKED], cast.keys[EXPIRED]):
        done.clear()
        await refusal(door, signed(oauth_consumer_key=key, secret="x" * 32))

        assert done == ["proves"], key


async def test_revoking_works_at_once(door: Door, store: SqliteStore, alice: str) -> None:
    """
    A key that is revoked between two requests opens no second time.
    """
    holder = await store.key_holder(alice)
    assert holder is not None
    await admitted(door, alice, oauth_nonce="1")
    await store.change_key(
        msgspec.structs.replace(holder.key, revoked_at="2026-11-23T14:38:38.000Z")
    )

    assert await refusal(door, signed(oauth_consumer_key=alice, oauth_nonce="2")) == UNKNOWN


async def test_it_is_noted_when_a_key_was_used(
    door: Door, store: SqliteStore, cast: Cast, alice: str
) -> None:
    """
    The day on which a key came in is noted a moment later; a wrong secret is no use of it.
    """
    await refusal(door, signed(oauth_consumer_key=cast.keys["bob"], secret="x" * 32))
    await admitted(door, alice)
    at_once = await store.key_holder(alice)
    await asyncio.sleep(LATER * 1.5)
    used = {
        key.key: key.last_used_on
        for key in await store.keys(cast.district.id)
        if key.last_used_on
    }

    assert at_once is not None
    assert at_once.key.last_used_on is None
    assert used == {alice: dt.datetime.fromtimestamp(NOW, dt.UTC).date().isoformat()}


async def test_a_key_expires_to_the_second(
    door: Door, store: SqliteStore, alice: str, clock: Clock
) -> None:
    """
    A key is good until the moment at which it expires, and not at that moment.
    """
    holder = await store.key_holder(alice)
    assert holder is not None
    expires_at = instant(clock.now + dt.timedelta(seconds=1))
    await store.change_key(msgspec.structs.replace(holder.key, expires_at=expires_at))
    await admitted(door, alice, oauth_nonce="1")
    clock.advance(seconds=1)

    assert await refusal(door, signed(oauth_consumer_key=alice, oauth_nonce="2")) == UNKNOWN


@pytest.mark.parametrize("way", WAYS)
async def test_after_a_rotation_both_secrets_count_for_a_while(
    door: Door, store: SqliteStore, alice: str, clock: Clock, way: str
) -> None:
    """
    The new secret is good at once and the old one until its end: nobody is locked out between.
    """
    new = "0" * 32
    holder = await store.key_holder(alice)
    assert holder is not None
    await store.change_key(
        msgspec.structs.replace(
            holder.key,
            sealed_secret=Safe(MASTER_KEY).seal(
                new, key=alice, district_id=holder.key.district_id
            ),
            former_sealed_secret=holder.key.sealed_secret,
            former_until=instant(clock.now + dt.timedelta(seconds=10)),
        )
    )
    usual = {"oauth_consumer_key": alice, "oauth_signature_method": way}
    for nonce, secret in enumerate((new, SECRET)):
        await door.admit(knock(signed(secret=secret, oauth_nonce=str(nonce), **usual)))
    assert await refusal(door, signed(secret="1" * 32, **usual)) == UNKNOWN
    clock.advance(seconds=10)

    assert await refusal(door, signed(secret=SECRET, oauth_nonce="3", **usual)) == UNKNOWN
    await door.admit(knock(signed(secret=new, oauth_nonce="3", **usual)))


async def test_another_master_key_is_a_fault_of_ours(
    store: SqliteStore, nonces: NonceBook, clock: Clock, alice: str
) -> None:
    """
    Under a wrong master key nobody is told that the secret is wrong: it may well be right.
    """
    door = new_door(store, nonces, clock, safe=Safe(bytes(32)))

    with pytest.raises(Unavailable, match="master key"):
        await admitted(door, alice)


# ---------------------------------------------------------------- once, and in time


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("skew", "good"),
    [
        (-100_000, False),
        (-301, False),
        (-300, True),
        (-299, True),
        (0, True),
        (299, True),
        (300, True),
        (301, False),
        (100_000, False),
    ],
)
async def test_a_timestamp_may_be_five_minutes_off(
    door: Door, alice: str, way: str, skew: int, good: bool
) -> None:
    """
    Rule 22: the window is 300 seconds, before and after this server's clock.
    """
    text = signed(
        oauth_consumer_key=alice, oauth_timestamp=str(NOW + skew), oauth_signature_method=way
    )
    if good:
        await door.admit(knock(text))
    else:
        assert await refusal(door, text) == (
            "The oauth_timestamp is more than 300 seconds away from our clock."
        )


async def test_requests_may_overtake_each_other(door: Door, alice: str) -> None:
    """
    Rule 22: timestamps need not rise; parallel clients break that all the time.
    """
    for timestamp in (NOW + 5, NOW - 5, NOW):
        await admitted(door, alice, oauth_timestamp=str(timestamp))


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("way", WAYS)
async def test_a_request_counts_once(door: Door, alice: str, way: str, method: str) -> None:
    """
    Rules 20 and 25: the same request a second time is refused with the words that clients know.
    """
    text = signed(method=method, oauth_consumer_key=alice, oauth_signature_method=way)
    await door.admit(knock(text, method=method))

    assert await refusal(door, text, method=method) == REPLAYED
    assert REPLAYED == (
        "Duplicate timestamp/nonce combination, possible replay attack. Request rejected."
    )


async def test_nonces_of_others_do_not_matter(door: Door, cast: Cast) -> None:
    """
    Rule 20: key, token, timestamp and nonce count together, since short nonces coincide.
    """
    for key in (cast.keys["alice"], cast.keys["bob"]):
        await admitted(door, key)
    await admitted(door, cast.keys["alice"], oauth_timestamp=str(NOW + 1))
    await admitted(door, cast.keys["alice"], oauth_token="t")


async def test_plaintext_without_a_timestamp_can_be_repeated(door: Door, alice: str) -> None:
    """
    Rule 17: with neither timestamp nor nonce nothing tells two PLAINTEXT requests apart.
    """
    for _ in range(2):
        await admitted(
            door,
            alice,
            oauth_signature_method="PLAINTEXT",
            oauth_timestamp=None,
            oauth_nonce=None,
        )


async def test_nobody_can_use_up_a_strangers_nonce(door: Door, alice: str) -> None:
    """
    Rule 21: the signature is checked first, so a forged request burns nothing.
    """
    for way in WAYS:
        forged = signed(oauth_consumer_key=alice, oauth_signature_method=way, secret="x" * 32)
        assert await refusal(door, forged) == UNKNOWN

    await admitted(door, alice)


async def test_forged_requests_leave_no_trace(
    door: Door, alice: str, nonces: NonceBook
) -> None:
    """
    Rule 21: whoever has no secret cannot fill the book of nonces.
    """
    before = nonces._env.stat()["entries"]
    for nonce in range(300):
        await refusal(
            door, signed(oauth_consumer_key=alice, oauth_nonce=str(nonce), secret="x" * 32)
        )
        await refusal(door, signed(oauth_consumer_key=STARS, oauth_nonce=str(nonce)))
        await refusal(
            door, signed(oauth_consumer_key=alice, oauth_timestamp="1", oauth_nonce=str(nonce))
        )

    assert nonces._env.stat()["entries"] == before


async def test_a_forger_learns_nothing_of_used_nonces(door: Door, alice: str) -> None:
    """
    Rule 21: a wrong signature is answered alike, whether its nonce was used or is too old.
    """
    await admitted(door, alice)
    used = signed(oauth_consumer_key=alice, secret="x" * 32)
    old = signed(oauth_consumer_key=alice, secret="x" * 32, oauth_timestamp="1")

    assert await refusal(door, used) == await refusal(door, old) == UNKNOWN


class NoBook:
    """A book of nonces that cannot be written."""

    async def claim(self, district_id: int, timestamp: int, *parts: str, now: float) -> bool:
        raise Unavailable("It is full.")


async def test_without_a_book_nobody_comes_in(
    store: SqliteStore, clock: Clock, alice: str
) -> None:
    """
    A request that cannot be told from a repetition is not answered.
    """
    door = Door(store, Safe(MASTER_KEY), NoBook(), allowed_hosts=("*",), clock=clock)

    with pytest.raises(Unavailable):
        await admitted(door, alice)


# ---------------------------------------------------------------- hosts and proxies


@pytest.mark.parametrize(
    "url",
    [
        "https://rollbook.test/v1/users",
        "https://ROLLBOOK.Test/v1/users",
        "https://rollbook.test:443/v1/users",
        "https://rollbook.test:8460/v1/users",
        "https://api.schoology.com/v1/users",
    ],
)
async def test_the_house_answers_to_its_names(door: Door, alice: str, url: str) -> None:
    """
    Rules 1 to 3: every allowed name, with any port and in any case, is one to sign for.
    """
    await door.admit(knock(signed(url, oauth_consumer_key=alice), url))


@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        "rollbook.test.evil.test",
        "evil-rollbook.test",
        "rollbook",
        "rollbook.test.",
        "rollbook.test/",
        "rollbook.test@evil.test",
        "evil.test:80:443",
        "rollbook.test:99999",
        "rollbook.test:" + "9" * 5000,
        "192.0.2.1",
        "[::1]",
        "",
        "*",
    ],
)
async def test_the_house_answers_to_no_other_name(door: Door, alice: str, host: str) -> None:
    """
    Rule 2: a Host header that is not on the list is refused, however it was signed.
    """
    text = signed(oauth_consumer_key=alice)
    asked = msgspec.structs.replace(knock(text), host=host)

    with pytest.raises(BadRequest, match="Host"):
        await door.admit(asked)


async def test_the_host_that_was_sent_is_signed(door: Door, alice: str) -> None:
    """
    Rule 2: one allowed name does not stand for another.
    """
    url = "https://api.schoology.com/v1/users"
    text = signed(url.replace("api.schoology.com", "rollbook.test"), oauth_consumer_key=alice)

    assert await refusal(door, text, url=url) == UNKNOWN


@pytest.mark.parametrize(
    ("allowed", "url"),
    [
        ("*", "https://whatever.test/v1/users"),
        ("RollBook.TEST", "https://rollbook.test/v1/users"),
        ("[::1]", "https://[::1]:8460/v1/users"),
        ("::1", "https://[::1]/v1/users"),
    ],
)
async def test_how_hosts_are_allowed(
    store: SqliteStore, nonces: NonceBook, clock: Clock, alice: str, allowed: str, url: str
) -> None:
    """
    A name may be written in any case, an IPv6 address with or without brackets, and * is all.
    """
    door = new_door(store, nonces, clock, allowed_hosts=(allowed,))

    await door.admit(knock(signed(url, oauth_consumer_key=alice), url))


@pytest.mark.parametrize(
    ("peer", "said", "signed_for"),
    [
        pytest.param("10.1.2.3", "https", "https", id="a proxy of ours, which took https"),
        pytest.param("10.1.2.3", " HTTPS ", "https", id="in other letters"),
        pytest.param("::ffff:10.1.2.3", "https", "https", id="over IPv6"),
        pytest.param("10.1.2.3", "http", "http", id="a proxy of ours, which took http"),
        pytest.param("10.1.2.3", "gopher", "http", id="something else"),
        pytest.param("10.1.2.3", "https, http", "http", id="a chain"),
        pytest.param("10.1.2.3", None, "http", id="a proxy that says nothing"),
        pytest.param("192.0.2.7", "https", "http", id="a stranger"),
        pytest.param("11.0.0.1", "https", "http", id="a neighbour"),
        pytest.param("127.0.0.1", "https", "http", id="this machine, which is on no list"),
        pytest.param("2001:db8::1", "https", "http", id="a stranger with IPv6"),
        pytest.param("", "https", "http", id="nobody can say who"),
        pytest.param("unix:", "https", "http", id="no address"),
    ],
)
async def test_a_proxy_is_believed_when_it_is_ours(
    door: Door, alice: str, peer: str, said: str | None, signed_for: str
) -> None:
    """
    Rule 7: behind a proxy the scheme is the client's, if the proxy is on the list.
    """
    right = signed(URL.replace("https", signed_for), oauth_consumer_key=alice)
    other = signed(
        URL.replace("https", "http" if signed_for == "https" else "https"),
        oauth_consumer_key=alice,
    )
    how: dict[str, Any] = {"url": HTTP, "peer": peer, "forwarded_scheme": said}

    assert await refusal(door, other, **how) == UNKNOWN
    await door.admit(knock(right, **how))


async def test_without_a_list_no_proxy_is_believed(
    store: SqliteStore, nonces: NonceBook, clock: Clock
) -> None:
    """
    Rule 7: who names no proxies has none.
    """
    door = new_door(store, nonces, clock)

    assert not door.client_is_proxy("10.1.2.3")
    assert door.scheme_of("http", "10.1.2.3", "https") == "http"


# ---------------------------------------------------------------- PLAINTEXT

PRIVATE = [
    pytest.param(URL, "192.0.2.7", None, id="https"),
    pytest.param(HTTP, "127.0.0.1", None, id="this machine"),
    pytest.param(HTTP, "127.9.9.9", None, id="this machine by another name"),
    pytest.param(HTTP, "::1", None, id="this machine over IPv6"),
    pytest.param(HTTP, "::ffff:127.0.0.1", None, id="this machine over both"),
    pytest.param(HTTP, "10.1.2.3", "https", id="https at a proxy of ours"),
]
OPEN = [
    pytest.param(HTTP, "192.0.2.7", None, id="http from afar"),
    pytest.param(HTTP, "192.0.2.7", "https", id="http and a lie"),
    pytest.param(HTTP, "10.1.2.3", None, id="http from a proxy of ours"),
    pytest.param(HTTP, "10.1.2.3", "http", id="http at a proxy of ours"),
    pytest.param(HTTP, "127.0.0.1", "http", id="http at a proxy on this machine"),
    pytest.param(HTTP, "127.0.0.1", "https", id="a proxy on this machine that is on no list"),
    pytest.param(HTTP, "2001:db8::1", None, id="http from afar over IPv6"),
    pytest.param(HTTP, "", None, id="nobody can say from where"),
    pytest.param(URL, "10.1.2.3", "http", id="https from a proxy that took http"),
]


@pytest.mark.parametrize(("url", "peer", "said"), PRIVATE)
async def test_plaintext_where_nobody_listens(
    door: Door, alice: str, url: str, peer: str, said: str | None
) -> None:
    """
    PLAINTEXT is accepted over TLS, through a trusted TLS proxy and on this machine.
    """
    text = signed(url, oauth_consumer_key=alice, oauth_signature_method="PLAINTEXT")

    await door.admit(knock(text, url, peer=peer, forwarded_scheme=said))


@pytest.mark.parametrize(("url", "peer", "said"), OPEN)
async def test_plaintext_where_others_listen(
    door: Door,
    alice: str,
    url: str,
    peer: str,
    said: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    PLAINTEXT on an open line is refused before anybody looks whether the secret is right.
    """

    def look(*_: Any) -> bool:
        raise AssertionError("the secret was compared")

    monkeypatch.setattr(oauth1.Claim, "proves", look)
    monkeypatch.setattr(SqliteStore, "key_holder", look)
    text = signed(url, oauth_consumer_key=alice, oauth_signature_method="PLAINTEXT")

    assert await refusal(door, text, url=url, peer=peer, forwarded_scheme=said) == (
        "PLAINTEXT is accepted only over https: sign with HMAC-SHA1."
    )


async def test_plaintext_on_an_open_line_can_be_allowed(
    store: SqliteStore, nonces: NonceBook, clock: Clock, alice: str
) -> None:
    """
    Who runs a closed network may switch that off, for right secrets only.
    """
    door = new_door(store, nonces, clock, plaintext_over_http=True)
    usual = {"oauth_consumer_key": alice, "oauth_signature_method": "PLAINTEXT"}

    await door.admit(knock(signed(HTTP, **usual), HTTP))
    assert await refusal(door, signed(HTTP, secret="x" * 32, **usual), url=HTTP) == UNKNOWN


@pytest.mark.parametrize("way", ["HMAC-SHA1", "HMAC-SHA256"])
async def test_a_digest_may_travel_openly(door: Door, alice: str, way: str) -> None:
    """
    A signature shows nothing of the secret, so it is accepted over http.
    """
    text = signed(HTTP, oauth_consumer_key=alice, oauth_signature_method=way)

    await door.admit(knock(text, HTTP))


# ---------------------------------------------------------------- acting as somebody else


async def run_as(door: Door, key: str, who: str, nonce: str = "1") -> Actor:
    text = signed(oauth_consumer_key=key, oauth_nonce=nonce)
    return (await door.admit(knock(text, run_as=who))).actor


@pytest.mark.parametrize("name", ["bob", "anna", "alice"])
async def test_an_administrator_may_act_as_somebody(door: Door, cast: Cast, name: str) -> None:
    """
    The other's rights count, and it stays known whose key it was.
    """
    actor = await run_as(door, cast.keys["alice"], str(cast.users[name]))

    assert actor.user.id == cast.users[name]
    assert actor.key_user_id == cast.users["alice"]
    assert actor.district.id == cast.district.id


async def test_acting_as_somebody_does_not_widen_a_key(door: Door, cast: Cast) -> None:
    """
    A read-only key stays one, whoever it acts as.
    """
    assert (await run_as(door, cast.keys[READ_ONLY], str(cast.users["bob"]))).read_only


@pytest.mark.parametrize("who", ["alice", "bob", "nobody", "not an id"])
@pytest.mark.parametrize("name", ["bob", "anna", "ida"])
async def test_nobody_else_may_act_as_somebody(
    door: Door, cast: Cast, name: str, who: str
) -> None:
    """
    A key that is no administrator's acts as nobody else, and does not learn who there is.
    """
    identifier = {"nobody": "999", "not an id": "x"}.get(who) or str(cast.users[who])

    with pytest.raises(NotAllowed, match="Only an administrator's key"):
        await run_as(door, cast.keys[name], identifier)


async def test_who_is_not_there_cannot_be_acted_as(
    door: Door, cast: Cast, strangers: Cast, world: World
) -> None:
    """
    Unknown people, those of another district and those who left are all not there.
    """
    db = apsw.Connection(str(world.path))
    db.execute("UPDATE users SET active = 0 WHERE id = ?", (cast.users["ida"],))
    db.close()
    sentences = set()
    for nonce, who in enumerate((999, strangers.users["bob"], cast.users["ida"])):
        with pytest.raises(NoSuchThing) as refused:
            await run_as(door, cast.keys["alice"], f"0{who}", str(nonce))
        sentences.add(str(refused.value).replace(str(who), "…"))

    assert sentences == {"There is no user … here."}


@pytest.mark.parametrize(
    "who",
    ["", " ", "me", "-1", "+1", "1.0", "1 ", "0x1", "1,2", "\uff11", "²", "9" * 19, "1\0"],
)
async def test_what_is_no_id_cannot_be_acted_as(door: Door, alice: str, who: str) -> None:
    """
    X-Schoology-Run-As holds a user's id or is malformed; empty, it is not taken as not sent.
    """
    with pytest.raises(BadRequest, match="X-Schoology-Run-As"):
        await run_as(door, alice, who)
