"""
Whom the door knows by sight: keys and their people as they were looked up before.

Looking somebody up takes longer than anything else at the door. What was found is kept until
anything about keys, people, districts or enrollments changes, which one number of the store
tells (`Store.people_version`) and which is asked for at each request: so a key that is revoked
is refused at the next one, in every worker. A store that others write to as well may remember the
number for a quarter of a second; on PostgreSQL a key is refused everywhere after that.
"""

from typing import TypeAlias, TypeVar

from rollbook.domain.people import KeyHolder
from rollbook.domain.rosters import Footing
from rollbook.domain.store import Store

_MOST = 8192  # of each kind; a key and its people take about a kilobyte
_STRANGERS_MOST = 1024  # keys that nobody has: anybody can make them up

K = TypeVar("K")
V = TypeVar("V")
Place: TypeAlias = tuple[int, int, int]  # district, section, user


class Acquaintances:
    """What was looked up, as long as it holds."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._version = -1
        self._holders: dict[str, KeyHolder] = {}
        self._strangers: dict[str, None] = {}
        self._footings: dict[Place, Footing] = {}

    async def holder(self, key: str) -> KeyHolder | None:
        """
        Return whose key it is, None when nobody has it; what is out of date is forgotten.

        Strangers are remembered too, or the time of an answer would tell which keys exist.
        """
        version = await self._store.people_version()
        if version != self._version:
            self._holders.clear()
            self._strangers.clear()
            self._footings.clear()
            self._version = version
        known = self._holders.get(key)
        if known is None and key not in self._strangers:
            # No key has a NUL in it, and PostgreSQL has no such text to look for.
            known = None if "\0" in key else await self._store.key_holder(key)
            if known is None:
                _keep(self._strangers, key, None, _STRANGERS_MOST)
            else:
                _keep(self._holders, key, known)
        return known

    async def footing(self, place: Place) -> Footing:
        """
        Return how a user stands in a section; raises `NoSuchThing`.

        What is out of date was forgotten when the same request's key was looked at.
        """
        known = self._footings.get(place)
        if known is None:
            known = await self._store.footing(*place)
            _keep(self._footings, place, known)
        return known


def _keep(kept: dict[K, V], key: K, value: V, most: int = _MOST) -> None:
    if len(kept) >= most:
        kept.clear()
    kept[key] = value
