"""
Who may ask how often.

A key's requests are counted only once its signature is proven, so nobody can use up a
stranger's share. Failures are counted by address; an address that failed too often is refused
before anything is looked up, unless somebody has proven a key from there lately: one rogue
program in a school does not lock out the school's own.

Each worker counts for itself, so a client with connections to all of them may do up to that
many times what is set. Memory is bounded: what was seen first is forgotten first.
"""

import ipaddress
import time
from collections.abc import Callable
from typing import Final

from rollbook.domain.errors import AskedTooOften

REMEMBERED: Final = 65_536  # keys or addresses
_TRUSTED_FOR = 3600.0  # seconds after the last proof from an address


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
        self._each = 1 / rate
        self._depth = burst / rate
        self._clock = clock
        self._remembered = remembered
        self._full_at: dict[str, float] = {}

    def take(self, who: str) -> float:
        """Take one; return 0, or in how many seconds there will be one again."""
        now = self._clock()
        full_at = self._full_at.get(who)
        if full_at is None:
            if len(self._full_at) >= self._remembered:
                del self._full_at[next(iter(self._full_at))]
            full_at = now
        elif full_at < now:
            full_at = now
        full_at += self._each
        wait = full_at - now - self._depth
        if wait > _A_HAIR:
            return wait
        self._full_at[who] = full_at
        return 0.0

    def wait(self, who: str) -> float:
        """Return what `take` would, taking nothing."""
        full_at = self._full_at.get(who)
        if full_at is None:
            return 0.0
        wait = full_at + self._each - self._clock() - self._depth
        return wait if wait > _A_HAIR else 0.0


_A_HAIR = 1e-9  # seconds: what adding up floats may be off by


class Turnstile:
    """Counts visitors, by the address they come from and the key they proved."""

    def __init__(
        self,
        *,
        key_rate: int = 0,
        failures_per_minute: int = 0,
        note: Callable[[str], object] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Prepare it; 0 is no limit.

        Args:
            key_rate: Requests a second of one key; ten times as many at once.
            failures_per_minute: Refused signatures of one address, as many at once.
            note: Told which limit refused: "key" or "address".
            clock: Seconds.
        """
        self._keys = Bucket(key_rate, key_rate * 10, clock=clock) if key_rate else None
        per_minute = failures_per_minute
        self._failures = (
            Bucket(per_minute / 60, per_minute, clock=clock) if per_minute else None
        )
        self._proven: dict[str, float] = {}  # address: when somebody last proved a key there
        self._note = note
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
            wait = self._failures.take(network_of(address))
            if wait:
                self._refuse("address", wait)

    def proved(self, address: str | None, key: str) -> None:
        """Count a request of a key; raises `AskedTooOften` when it was one too many."""
        if self._failures is not None and address is not None:
            network = network_of(address)
            if network not in self._proven and len(self._proven) >= REMEMBERED:
                del self._proven[next(iter(self._proven))]
            self._proven[network] = self._clock()
        if self._keys is not None:
            wait = self._keys.take(key)
            if wait:
                self._refuse("key", wait)

    def _refuse(self, limit: str, wait: float) -> None:
        self._note(limit)
        raise AskedTooOften(_WHAT[limit], max(1, -int(-wait // 1)))


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
