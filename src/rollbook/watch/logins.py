"""
Who may try to log in how often.

A try counts against the login, the address and all of us together, and is given back when it
succeeds. Whoever came in from an address lately has a share of their own there: strangers who
use up all the others lock nobody out who comes from where they always do, and what they used up
fills again, so nobody stays locked out.

Each worker counts for itself, and forgets when it stops. Memory is bounded.
"""

import time
from collections.abc import Callable, Iterator
from typing import Final

from rollbook.domain.errors import AskedTooOften
from rollbook.watch.limits import REMEMBERED, Bucket, network_of

_MINUTE: Final = 60.0
_KNOWN_FOR: Final = 30 * 24 * 60 * _MINUTE  # seconds after somebody came in from an address

_WHAT = {
    "login": "There were too many tries to log in with this name",
    "login address": "There were too many tries to log in from this address",
    "login all": "There are too many tries to log in right now",
}


class LoginTurnstile:
    """Counts tries to log in."""

    def __init__(
        self,
        *,
        note: Callable[[str], object] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Prepare it.

        Args:
            note: Told which limit refused.
            clock: Seconds.
        """
        self._known_places = Bucket(1 / _MINUTE, 10, clock=clock)
        self._logins = Bucket(1 / _MINUTE, 10, clock=clock)
        # A whole school comes in from one address, and most of it at eight o'clock.
        self._addresses = Bucket(10 / _MINUTE, 250, clock=clock)
        self._all = Bucket(120 / _MINUTE, 500, clock=clock)
        self._known: dict[str, float] = {}  # place: when somebody last came in there
        self._note = note
        self._clock = clock

    def try_login(self, address: str | None, login: str) -> None:
        """Count a try; raises `AskedTooOften` when it is one too many."""
        taken: list[tuple[Bucket, str]] = []
        for limit, bucket, who in self._shares(address, login):
            wait = bucket.take(who)
            if wait:
                for other, its_who in taken:
                    other.give_back(its_who)
                self._refuse(limit, wait)
            taken.append((bucket, who))

    def came_in(self, address: str | None, login: str) -> None:
        """Give back a try that succeeded, and remember that they come in from there."""
        for _, bucket, who in self._shares(address, login):
            bucket.give_back(who)
        self.know(address, login)

    def know(self, address: str | None, login: str) -> None:
        """Remember that somebody with that login has proven there who they are."""
        place = _place(address, login)
        self._known.pop(place, None)
        self._known[place] = self._clock()  # at the end: a dict remembers the order
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]

    def _shares(self, address: str | None, login: str) -> Iterator[tuple[str, Bucket, str]]:
        """Yield what a try counts against: the limit's name, its bucket, whose share."""
        place = _place(address, login)
        since = self._known.get(place)
        if since is not None and self._clock() - since < _KNOWN_FOR:
            yield "login", self._known_places, place
            return
        yield "login", self._logins, login
        yield "login address", self._addresses, _network(address)
        yield "login all", self._all, ""

    def _refuse(self, limit: str, wait: float) -> None:
        self._note(limit)
        raise AskedTooOften(_WHAT[limit], max(1, -int(-wait // 1)))


def _network(address: str | None) -> str:
    return "" if address is None else network_of(address)


def _place(address: str | None, login: str) -> str:
    return f"{_network(address)} {login}"
