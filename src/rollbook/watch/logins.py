"""
Who may try to log in how often.

A try counts against the login, the address and all of us together, and is given back when it
succeeds. Whoever came in from an address lately has a share of their own there: strangers who
use up all the others lock nobody out who comes from where they always do, and what they used up
fills again, so nobody stays locked out.

Each worker goes by what it knows, and is told by the others once a second (`watch.sharing`). What
is remembered and told of a login or an address is a digest: nobody's name is in it. Memory is
bounded.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from rollbook.domain.errors import AskedTooOften
from rollbook.domain.sentences import Sentence
from rollbook.watch.limits import REMEMBERED, Bucket, Told, network_of

_MINUTE: Final = 60.0
_KNOWN_FOR: Final = 30 * 24 * 60 * _MINUTE  # seconds after somebody came in from an address
_KNOWN: Final = "login-known"
_WONDERED_MOST: Final = (
    1_000  # places a second, of which a worker asks whether others know them
)
_NO_END = float("inf")

_LIMITS = {  # how a bucket's limit is called, by how the bucket is
    "login-place": "login",
    "login": "login",
    "login-address": "login address",
    "login-all": "login all",
}
_WHAT = {
    "login": Sentence("There were too many tries to log in with this name"),
    "login address": Sentence("There were too many tries to log in from this address"),
    "login all": Sentence("There are too many tries to log in right now"),
}


class LoginTurnstile:
    """Counts tries to log in."""

    def __init__(
        self,
        *,
        note: Callable[[str], object] = lambda _: None,
        news: Callable[[], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Prepare it.

        Args:
            note: Told which limit refused.
            news: Called when there is something to `tell` other workers; None if there are none.
            clock: Seconds.
        """
        self._buckets = {
            "login-place": Bucket(1 / _MINUTE, 10, clock=clock),  # where somebody is known
            "login": Bucket(1 / _MINUTE, 10, clock=clock),
            # A whole school comes in from one address, and most of it at eight o'clock.
            "login-address": Bucket(10 / _MINUTE, 250, clock=clock),
            "login-all": Bucket(120 / _MINUTE, 500, clock=clock),
        }
        self._known: dict[str, float] = {}  # place: when somebody last came in there
        self._untold: set[str] = set()  # those of them that only we know
        self._wondered: set[str] = set()  # places that others may know
        self._note = note
        self._news = news
        self._clock = clock

    def try_login(self, address: str | None, login: str) -> None:
        """Count a try; raises `AskedTooOften` when it is one too many."""
        taken: list[tuple[str, str]] = []
        for name, who in self._shares(address, login):
            wait = self._buckets[name].take(who)
            if wait:
                for share in taken:
                    self._give_back(*share)
                self._refuse(_LIMITS[name], wait)
            taken.append((name, who))
            self._tell_of(name, who, 1)

    def came_in(self, address: str | None, login: str) -> None:
        """Give back a try that succeeded, and remember that they come in from there."""
        for share in self._shares(address, login):
            self._give_back(*share)
        self.know(address, login)

    def _give_back(self, name: str, who: str) -> None:
        self._buckets[name].give_back(who)
        self._tell_of(name, who, -1)

    def _tell_of(self, name: str, who: str, count: int) -> None:
        if self._news is not None:
            bucket = self._buckets[name]
            bucket.keep_to_tell(who, count * bucket.each)
            self._news()

    def know(self, address: str | None, login: str) -> None:
        """Remember that somebody with that login has proven there who they are."""
        place = _place(address, login)
        self._keep_known(place, self._clock())
        if self._news is not None:
            self._untold.add(place)
            self._news()

    def _keep_known(self, place: str, since: float) -> None:
        self._known.pop(place, None)
        self._known[place] = since  # at the end: a dict remembers the order
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]

    def _shares(self, address: str | None, login: str) -> Iterator[tuple[str, str]]:
        """Yield what a try counts against: the bucket's name, and whose share of it."""
        place = _place(address, login)
        since = self._known.get(place)
        if since is not None and self._clock() - since < _KNOWN_FOR:
            yield "login-place", place
            return
        self._wonder(place)
        yield "login", _digest(login)
        yield "login-address", _digest(_network(address))
        yield "login-all", ""

    def _wonder(self, place: str) -> None:
        """Ask the others for somebody who may be known to them: also who is refused for now."""
        if self._news is not None and len(self._wondered) < _WONDERED_MOST:
            self._wondered.add(place)
            self._news()

    def _refuse(self, limit: str, wait: float) -> None:
        self._note(limit)
        raise AskedTooOften(_WHAT[limit], max(1, -int(-wait // 1)))

    # ---- other workers

    def tell(self) -> Told:
        """Return, once, what others have to know, by what it is of; and ask whom they know."""
        told: Told = {f"{_KNOWN} {place}": (0.0, _NO_END) for place in self._wondered}
        for name, bucket in self._buckets.items():
            for who, seconds in bucket.tell().items():
                if seconds:  # a try that succeeded came to nothing
                    told[f"{name} {who}"] = (seconds, _NO_END)
        told |= {f"{_KNOWN} {place}": (_KNOWN_FOR, _KNOWN_FOR) for place in self._untold}
        self._wondered.clear()
        self._untold.clear()
        return told

    def learn(self, left: Mapping[str, float]) -> None:
        """Hear of those it told of how many seconds are left, all workers together."""
        for told, seconds in left.items():
            name, _, who = told.partition(" ")
            if name in self._buckets:
                self._buckets[name].learn(who, seconds)
            elif seconds > 0:
                since = self._clock() + seconds - _KNOWN_FOR
                self._keep_known(who, max(since, self._known.get(who, since)))

    def keep_to_tell(self, told: Told) -> None:
        """Nobody could be told: it is for the next time."""
        for what, (seconds, _) in told.items():
            name, _, who = what.partition(" ")
            if name in self._buckets:
                self._buckets[name].keep_to_tell(who, seconds)
            elif seconds:
                self._untold.add(who)


def _network(address: str | None) -> str:
    return "" if address is None else network_of(address)


def _place(address: str | None, login: str) -> str:
    return _digest(f"{_network(address)} {login}")


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
