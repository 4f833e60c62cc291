"""
Who may ask how often.

A key's requests are counted only once its signature is proven, so nobody can use up a
stranger's share. Failures are counted by address; an address that failed too often is refused
before anything is looked up, unless somebody has proven a key from there lately: one rogue
program in a school does not lock out the school's own.

Each worker counts for itself and is told by the others once a second (`watch.sharing`): a client
with connections to all of them may do that many times what is set at first, and then waits until
that is made up for. Memory is bounded: what was seen first is forgotten first.
"""

import ipaddress
import time
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from rollbook.domain.errors import AskedTooOften

REMEMBERED: Final = 65_536  # keys or addresses
_TRUSTED_FOR = 3600.0  # seconds after the last proof from an address
_PROVEN_FOR = 60.0  # seconds in which another proof from there is no news

# What workers tell each other, by what it is of: seconds to add, and the most that may come of it.
Told: TypeAlias = dict[str, tuple[float, float]]
_NO_END = float("inf")


class Bucket:
    """
    Something each may do *rate* times a second, and up to *burst* times at once.

    Instead of what is left in each one's bucket, the moment is kept when it will be full again.
    """

    def __init__(
        self,
        rate: float,
        burst: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        remembered: int = REMEMBERED,
    ) -> None:
        self.each = 1 / rate  # seconds until one that was taken is there again
        self._depth = burst / rate
        self._clock = clock
        self._remembered = remembered
        self._full_at: dict[str, float] = {}
        self._untold: dict[str, float] = {}  # seconds that only we know of

    def take(self, who: str) -> float:
        """Take one; return 0, or in how many seconds there will be one again."""
        now = self._clock()
        full_at = max(self._full_at.get(who, now), now) + self.each
        wait = full_at - now - self._depth
        if wait > _A_HAIR:
            return wait
        _keep(self._full_at, who, full_at, self._remembered)
        return 0.0

    def wait(self, who: str) -> float:
        """Return what `take` would, taking nothing."""
        full_at = self._full_at.get(who)
        if full_at is None:
            return 0.0
        wait = full_at + self.each - self._clock() - self._depth
        return wait if wait > _A_HAIR else 0.0

    def keep_to_tell(self, who: str, seconds: float | None = None) -> None:
        """Others have to know that one was taken, or of so many seconds."""
        untold = self._untold.get(who, 0.0) + (self.each if seconds is None else seconds)
        _keep(self._untold, who, untold, self._remembered)

    def tell(self) -> dict[str, float]:
        """Return, once, the seconds that nobody else knows of."""
        told, self._untold = self._untold, {}
        return told

    def learn(self, who: str, seconds: float) -> None:
        """With what all of them took it is full in so many seconds, not counting the untold."""
        full_at = self._clock() + seconds + self._untold.get(who, 0.0)
        _keep(self._full_at, who, full_at, self._remembered)

    def give_back(self, who: str) -> None:
        """Put back what was taken: it did not count after all."""
        if who in self._full_at:
            self._full_at[who] -= self.each


_A_HAIR = 1e-9  # seconds: what adding up floats may be off by


def _keep(kept: dict[str, float], who: str, what: float, most: int = REMEMBERED) -> None:
    if who not in kept and len(kept) >= most:
        del kept[next(iter(kept))]
    kept[who] = what


class Turnstile:
    """Counts visitors, by the address they come from and the key they proved."""

    def __init__(
        self,
        *,
        key_rate: int = 0,
        failures_per_minute: int = 0,
        note: Callable[[str], object] = lambda _: None,
        news: Callable[[], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Prepare it; 0 is no limit.

        Args:
            key_rate: Requests a second of one key; ten times as many at once.
            failures_per_minute: Refused signatures of one address, as many at once.
            note: Told which limit refused: "key" or "address".
            news: Called when there is something to `tell` other workers; None if there are none.
            clock: Seconds.
        """
        self._keys = Bucket(key_rate, key_rate * 10, clock=clock) if key_rate else None
        per_minute = failures_per_minute
        self._failures = (
            Bucket(per_minute / 60, per_minute, clock=clock) if per_minute else None
        )
        both = {"key": self._keys, "address": self._failures}
        self._buckets = {limit: bucket for limit, bucket in both.items() if bucket}
        self._proven: dict[str, float] = {}  # address: when somebody last proved a key there
        self._untold: set[str] = set()  # those of them that only we know
        self._note = note
        self._news = news
        self._clock = clock

    def enter(self, address: str | None) -> None:
        """Raise `AskedTooOften` when too much from that address failed."""
        if self._failures is None or address is None:
            return
        network = network_of(address)
        wait = self._failures.wait(network)
        if wait and not self._is_trusted(network):
            self._refuse("address", wait)

    def _is_trusted(self, network: str) -> bool:
        since = self._proven.get(network)
        return since is not None and self._clock() - since < _TRUSTED_FOR

    def failed(self, address: str | None) -> None:
        """Count a failure; raises `AskedTooOften` when it was one too many."""
        if self._failures is not None and address is not None:
            self._take("address", self._failures, network_of(address))

    def proved(self, address: str | None, key: str) -> None:
        """Count a request of a key; raises `AskedTooOften` when it was one too many."""
        if self._failures is not None and address is not None:
            self._trust(network_of(address))
        if self._keys is not None:
            self._take("key", self._keys, key)

    def _take(self, limit: str, bucket: Bucket, who: str) -> None:
        wait = bucket.take(who)
        if wait:
            self._refuse(limit, wait)
        if self._news is not None:
            bucket.keep_to_tell(who)
            self._news()

    def _trust(self, network: str) -> None:
        now = self._clock()
        if now - self._proven.get(network, -_NO_END) < _PROVEN_FOR:
            return
        _keep(self._proven, network, now)
        if self._news is not None:
            self._untold.add(network)
            self._news()

    def _refuse(self, limit: str, wait: float) -> None:
        self._note(limit)
        raise AskedTooOften(_WHAT[limit], max(1, -int(-wait // 1)))

    # ---- other workers

    def tell(self) -> Told:
        """Return, once, what others have to know, by what it is of; and ask whom they trust."""
        told: Told = {}
        for limit, bucket in self._buckets.items():
            for who, seconds in bucket.tell().items():
                told[f"{limit} {who}"] = (seconds, _NO_END)
                if limit == "address":
                    told[f"proven {who}"] = (0.0, _NO_END)
        for network in self._untold:
            told[f"proven {network}"] = (_TRUSTED_FOR, _TRUSTED_FOR)
        self._untold.clear()
        return told

    def learn(self, left: Mapping[str, float]) -> None:
        """Hear of those it told of how many seconds are left, all workers together."""
        for name, seconds in left.items():
            what, _, who = name.partition(" ")
            if what in self._buckets:
                self._buckets[what].learn(who, seconds)
            elif seconds > 0:
                since = self._clock() + seconds - _TRUSTED_FOR
                _keep(self._proven, who, max(since, self._proven.get(who, since)))

    def keep_to_tell(self, told: Told) -> None:
        """Nobody could be told: it is for the next time."""
        for name, (seconds, _) in told.items():
            what, _, who = name.partition(" ")
            if what in self._buckets:
                self._buckets[what].keep_to_tell(who, seconds)
            elif seconds > 0:
                self._untold.add(who)


_WHAT = {
    "key": "This key asks more often than it may",
    "address": "Too many requests from this address were refused",
}


def network_of(address: str) -> str:
    """Return what an address is counted as: IPv6 clients have a whole /64 each to choose from."""
    if ":" not in address:
        return address
    try:
        network = ipaddress.ip_network(f"{address.partition('%')[0]}/64", strict=False)
    except ValueError:
        return address
    return str(network)
