"""
The front door: from what a request shows to the `Actor` behind it.

Every check that needs a secret comes before every check that remembers something, so nobody can
use up a stranger's nonces or learn which keys exist.
"""

import datetime as dt
import functools
import ipaddress
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

import msgspec

from rollbook.auth import oauth1
from rollbook.auth.acquaintances import Acquaintances
from rollbook.auth.credentials import Safe, new_secret
from rollbook.auth.nonces import WINDOW, Nonces
from rollbook.auth.rights import Rights
from rollbook.auth.uses import UsesOfKeys
from rollbook.domain.days import instant
from rollbook.domain.errors import BadRequest, NoSuchThing, NotAllowed, NotAuthenticated
from rollbook.domain.people import Actor, ApiKey, KeyHolder, Role
from rollbook.domain.sentences import Sentence
from rollbook.domain.store import Store

REPLAYED = "Duplicate timestamp/nonce combination, possible replay attack. Request rejected."
_UNKNOWN = "The consumer key or the signature is not right."

_OPENED_MOST = 1024  # secrets that a worker keeps opened, since opening one is slow


class Knock(msgspec.Struct, frozen=True, kw_only=True):
    """What a request shows at the door."""

    method: str
    scheme: str
    host: str
    raw_path: str
    query: oauth1.Pairs
    peer: str  # the address that the connection came from
    authorization: Sequence[str]  # every header of that name
    forwarded_scheme: str | None = None  # what a proxy says of the client
    forwarded_for: str | None = None
    run_as: str | None = None


class Entry(msgspec.Struct, frozen=True):
    """Who came in, and what they claimed: the body may still have to match it."""

    actor: Actor
    claim: oauth1.Claim


class Turnstile(Protocol):
    """Counts visitors, by the address they come from and the key they proved."""

    def enter(self, address: str | None) -> None:
        """Raise `AskedTooOften` when too much from that address failed."""

    def failed(self, address: str | None) -> None:
        """Count a failure; raises `AskedTooOften` when it was one too many."""

    def proved(self, address: str | None, key: str) -> None:
        """Count a request of a key; raises `AskedTooOften` when it was one too many."""


class _Open:
    """Lets everybody through."""

    def enter(self, address: str | None) -> None:
        pass

    def failed(self, address: str | None) -> None:
        pass

    def proved(self, address: str | None, key: str) -> None:
        pass


class Door:
    """Lets people in."""

    def __init__(
        self,
        store: Store,
        safe: Safe,
        nonces: Nonces,
        *,
        allowed_hosts: Collection[str],
        trusted_proxies: Collection[str] = (),
        plaintext_over_http: bool = False,
        turnstile: Turnstile = _Open(),  # noqa: B008 — it has no state
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._store = store
        self._acquaintances = Acquaintances(store)
        self._uses = UsesOfKeys(store.note_use_of_key)
        self.rights = Rights(self._acquaintances.footing)
        self._open = functools.lru_cache(maxsize=_OPENED_MOST)(safe.open)
        self._turnstile = turnstile
        self._nonces = nonces
        self._hosts = frozenset(name.lower().strip("[]") for name in allowed_hosts)
        self._proxies = [ipaddress.ip_network(network) for network in trusted_proxies]
        self._plaintext_over_http = plaintext_over_http
        self._clock = clock
        self._nobodys_key = _key_of_nobody(safe)

    async def admit(self, knock: Knock) -> Entry:
        """
        Return who is asking.

        Raises:
            NotAuthenticated: The credentials are missing, wrong, too old or used before.
            BadRequest: They, or the Host header, are malformed.
            NotAllowed: A key that is no administrator's asks to act as somebody else.
            AskedTooOften: The key asks too often, or too much from that address failed.
        """
        address = self.client_of(knock.peer, knock.forwarded_for)
        self._turnstile.enter(address)
        try:
            entry = await self._recognise(knock)
        except NotAuthenticated:
            self._turnstile.failed(address)
            raise
        self._turnstile.proved(address, entry.claim.consumer_key)
        return entry

    async def _recognise(self, knock: Knock) -> Entry:
        scheme = self.scheme_of(knock.scheme, knock.peer, knock.forwarded_scheme)
        self.require_known_host(knock.host)
        if not knock.authorization:
            raise NotAuthenticated("This request needs an Authorization header (OAuth 1.0a).")
        if len(knock.authorization) > 1:
            raise BadRequest("The request has more than one Authorization header.")
        request = oauth1.Request(knock.method, scheme, knock.host, knock.raw_path, knock.query)
        claim = oauth1.read(knock.authorization[0], request)
        if claim.method == "PLAINTEXT":
            self._require_private(scheme, knock)
        now = self._clock()
        holder = await self._holder(claim, now)
        await self._require_fresh(holder.district.id, claim, now.timestamp())
        self._uses.see(holder.key, now)
        return Entry(await self._actor(holder, knock.run_as), claim)

    def client_is_proxy(self, peer: str) -> bool:
        """Say whether the connection comes from a proxy whose word counts."""
        address = _address(peer)
        return address is not None and any(address in network for network in self._proxies)

    def client_of(self, peer: str, forwarded_for: str | None) -> str | None:
        """
        Return the client's address; None when a proxy whose word counts does not tell it.

        Each proxy adds whom it heard from at the end, so the last one that is no proxy counts:
        what is before it the client may have made up.
        """
        if not self._proxies or not self.client_is_proxy(peer):
            return peer
        for heard in reversed((forwarded_for or "").split(",")):
            address = _address(heard.strip())
            if address is None:
                return None
            if not any(address in network for network in self._proxies):
                return str(address)
        return None

    def scheme_of(self, scheme: str, peer: str, forwarded_scheme: str | None) -> str:
        """Return the client's scheme: what a trusted proxy says, else the connection's."""
        if forwarded_scheme and self.client_is_proxy(peer):
            return "https" if forwarded_scheme.strip().lower() == "https" else "http"
        return scheme

    def require_known_host(self, host: str) -> None:
        """Raise `BadRequest` unless the Host header names one of ours."""
        name, _ = oauth1.read_host(host)
        if name.strip("[]") not in self._hosts and "*" not in self._hosts:
            raise BadRequest(
                Sentence(
                    "The Host header names a host that this server does not answer for "
                    "(setting: allowed_hosts)."
                )
            )

    def _require_private(self, scheme: str, knock: Knock) -> None:
        """Refuse a bare secret that others could read on its way."""
        if scheme == "https" or self._plaintext_over_http:
            return
        address = _address(knock.peer)
        # What a proxy on this machine hands on did not begin its way here.
        if address is not None and address.is_loopback and knock.forwarded_scheme is None:
            return
        raise NotAuthenticated("PLAINTEXT is accepted only over https: sign with HMAC-SHA1.")

    async def _holder(self, claim: oauth1.Claim, now: dt.datetime) -> KeyHolder:
        """Return whose key it is; an unknown key costs the work of a known one."""
        holder = await self._acquaintances.holder(claim.consumer_key)
        key = holder.key if holder else self._nobodys_key
        present = instant(now)
        proven = False
        for sealed in key.live_secrets(present):
            proven |= claim.proves(self._open(sealed, key))
        if holder is None or not (proven and key.is_live(present) and holder.user.active):
            raise NotAuthenticated(_UNKNOWN)
        return holder

    async def _require_fresh(self, district_id: int, claim: oauth1.Claim, now: float) -> None:
        if claim.timestamp is None or claim.nonce is None:
            return
        if abs(now - claim.timestamp) > WINDOW:
            raise NotAuthenticated(
                f"The oauth_timestamp is more than {WINDOW} seconds away from our clock."
            )
        parts = (claim.consumer_key, claim.token, claim.nonce)
        if not await self._nonces.claim(district_id, claim.timestamp, *parts, now=now):
            raise NotAuthenticated(REPLAYED)

    async def _actor(self, holder: KeyHolder, run_as: str | None) -> Actor:
        user = holder.user
        if run_as is not None:
            if user.role is not Role.ADMINISTRATOR:
                raise NotAllowed("Only an administrator's key may act as somebody else.")
            if not (run_as.isascii() and run_as.isdigit() and len(run_as) <= 18):
                raise BadRequest("X-Schoology-Run-As must be a user's id.")
            user = await self._store.user(holder.district.id, int(run_as))
            if not user.active:
                raise NoSuchThing("user", user.id)
        return Actor(
            district=holder.district,
            user=user,
            key_user_id=holder.user.id,
            read_only=holder.key.read_only,
        )


def _key_of_nobody(safe: Safe) -> ApiKey:
    sealed = safe.seal(new_secret(), key="", district_id=0)
    return ApiKey(key="", district_id=0, user_id=0, sealed_secret=sealed)


@functools.lru_cache(1024)
def _address(peer: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the peer's address, an IPv4 one in IPv6's clothes (::ffff:10.0.0.1) without."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return None  # it came through a socket that has none
    return getattr(address, "ipv4_mapped", None) or address
