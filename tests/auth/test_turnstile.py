"""What is counted at the door, and when: never at somebody else's cost."""

import datetime as dt
from typing import Any

import pytest
from msgspec.structs import replace

from auth.knocks import NOW, knock, signed
from cast import MASTER_KEY, Cast
from conftest import Clock
from rollbook.auth.credentials import Safe
from rollbook.auth.door import Door
from rollbook.auth.nonces import NonceBook
from rollbook.domain.errors import AskedTooOften, NotAuthenticated
from rollbook.storage.sqlite import SqliteStore
from rollbook.watch.limits import Turnstile

PROXY, CLIENT, OTHER = "10.0.0.1", "192.0.2.7", "192.0.2.8"


@pytest.fixture
def limited(store: SqliteStore, nonces: NonceBook, clock: Clock) -> Door:
    """A door at which a key may ask ten times, and an address may fail three times."""
    clock.now = dt.datetime.fromtimestamp(NOW, dt.UTC)
    return Door(
        store,
        Safe(MASTER_KEY),
        nonces,
        allowed_hosts=("rollbook.test",),
        trusted_proxies=("10.0.0.0/8",),
        turnstile=Turnstile(key_rate=1, failures_per_minute=3, clock=lambda: 0.0),
        clock=clock,
    )


class Visitor:
    """Knocks, each time with another nonce, and notes what it came to."""

    def __init__(self, door: Door, key: str) -> None:
        self._door = door
        self._key = key
        self._number = 0

    async def knock(self, *, forwarded_for: str | None = None, **changes: Any) -> str:
        self._number += 1
        peer = changes.pop("peer", CLIENT)
        claimed = {"oauth_nonce": f"{self._key[:4]}{self._number}", **changes}
        shown = knock(signed(oauth_consumer_key=self._key, **claimed), peer=peer)
        return await came_to(self._door, replace(shown, forwarded_for=forwarded_for))


async def came_to(door: Door, shown: Any) -> str:
    try:
        await door.admit(shown)
    except NotAuthenticated:
        return "failed"
    except AskedTooOften:
        return "limited"
    return "in"


async def test_a_key_may_ask_so_often(limited: Door, cast: Cast) -> None:
    """
    After its ten, a key is told to wait; another key of the same district is not.
    """
    alice, bob = (Visitor(limited, cast.keys[name]) for name in ("alice", "bob"))
    answers = [await alice.knock() for _ in range(12)]

    assert answers == ["in"] * 10 + ["limited"] * 2
    assert await bob.knock() == "in"


async def test_nobody_uses_up_a_strangers_share(limited: Door, cast: Cast) -> None:
    """
    Neither by wrong signatures in the key's name, nor by a right one that was overheard.
    """
    alice = Visitor(limited, cast.keys["alice"])
    overheard = knock(signed(oauth_consumer_key=cast.keys["alice"]), peer=CLIENT)
    await limited.admit(overheard)
    forged = knock(signed(oauth_consumer_key=cast.keys["alice"], secret="wrong"), peer=OTHER)
    for number in range(20):
        shown = overheard if number % 2 else forged
        assert await came_to(limited, replace(shown, peer=f"192.0.2.{100 + number}")) == (
            "failed"
        )

    assert [await alice.knock() for _ in range(10)] == ["in"] * 9 + ["limited"]


async def test_a_scanner_is_stopped_at_the_entrance(
    limited: Door, cast: Cast, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Its first failures are told 401, then nothing is looked up for it any more, whatever key it
    tries; others are not touched.
    """
    looked_up: list[str] = []
    key_holder = store.key_holder

    async def looking(key: str) -> Any:
        looked_up.append(key)
        return await key_holder(key)

    monkeypatch.setattr(store, "key_holder", looking)
    answers = [await Visitor(limited, f"{number:040x}").knock() for number in range(20)]
    right = await Visitor(limited, cast.keys["alice"]).knock()
    elsewhere = await Visitor(limited, cast.keys["alice"]).knock(peer=OTHER)

    assert answers == ["failed"] * 3 + ["limited"] * 17
    assert len(looked_up) == 4
    assert (right, elsewhere) == ("limited", "in")


async def test_a_known_and_an_unknown_key_sound_alike(limited: Door, cast: Cast) -> None:
    """
    Who is limited learns nothing of which keys there are.
    """
    known = [
        await Visitor(limited, cast.keys["bob"]).knock(oauth_signature="no") for _ in range(6)
    ]
    unknown = [
        await Visitor(limited, "f" * 40).knock(oauth_signature="no", peer=OTHER)
        for _ in range(6)
    ]

    assert known == unknown == ["failed"] * 3 + ["limited"] * 3


async def test_a_scanner_does_not_lock_out_its_neighbour(limited: Door, cast: Cast) -> None:
    """
    Where somebody has proven a key lately, keys are still looked at: a school has one address.
    """
    alice = Visitor(limited, cast.keys["alice"])
    first = await alice.knock()
    scanned = [await Visitor(limited, f"{number:040x}").knock() for number in range(6)]

    assert first == "in"
    assert scanned == ["failed"] * 3 + ["limited"] * 3
    assert await alice.knock() == "in"


async def test_behind_a_proxy_the_client_is_counted(limited: Door, cast: Cast) -> None:
    """
    By what the trusted proxy says, which a client cannot make up; without that, not at all.
    """
    guesses = [
        await Visitor(limited, f"{number:040x}").knock(
            peer=PROXY, forwarded_for=f"198.51.100.{number}, {CLIENT}"
        )
        for number in range(5)
    ]
    other = await Visitor(limited, cast.keys["bob"]).knock(peer=PROXY, forwarded_for=OTHER)
    silent = [
        await Visitor(limited, f"{number + 50:040x}").knock(peer=PROXY) for number in range(5)
    ]

    assert guesses == ["failed"] * 3 + ["limited"] * 2
    assert other == "in"
    assert silent == ["failed"] * 5


@pytest.mark.parametrize(
    ("peer", "said", "client"),
    [
        (CLIENT, None, CLIENT),
        (CLIENT, OTHER, CLIENT),  # no proxy of ours: what it says does not count
        (PROXY, OTHER, OTHER),
        (PROXY, f"1.2.3.4, {OTHER}", OTHER),
        (PROXY, f"{OTHER}, 10.0.0.2", OTHER),
        (PROXY, f"1.2.3.4,{OTHER} , 10.0.0.2,10.0.0.3", OTHER),
        (PROXY, "2001:db8::1", "2001:db8::1"),
        (PROXY, "10.0.0.2", None),
        (PROXY, "", None),
        (PROXY, None, None),
        (PROXY, "unknown", None),
        (PROXY, f"{OTHER}, unknown", None),
        ("", None, ""),
    ],
)
def test_whose_address_it_is(
    limited: Door, peer: str, said: str | None, client: str | None
) -> None:
    """
    The last that is no proxy of ours, heard by one that is.
    """
    assert limited.client_of(peer, said) == client


async def test_without_limits_nothing_is_limited(door: Door, clock: Clock) -> None:
    """
    Who sets none has none.
    """
    clock.now = dt.datetime.fromtimestamp(NOW, dt.UTC)
    visitor = Visitor(door, "f" * 40)

    assert {await visitor.knock() for _ in range(50)} == {"failed"}
