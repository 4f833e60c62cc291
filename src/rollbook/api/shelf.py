"""
Answers that were written before, kept until what they tell of changes.

Most readings of a section's attendance repeat an earlier one, and building the answer costs
three times as much as finding out that nothing changed. What is taken from the shelf was put
there for the very version of the section that the store has now, so nobody is told old news.
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

KEPT_BYTES = 32 << 20  # in each worker: the months of some 2,500 classes

K = TypeVar("K", bound=Hashable)


class Shelf(Generic[K]):
    """Bodies by what was asked for; the ones that were not asked for longest make room."""

    def __init__(self, room: int = KEPT_BYTES) -> None:
        self._room = room
        self._kept: dict[K, tuple[int, bytes]] = {}

    def holds(self, asked: K) -> bool:
        """Say whether there is an answer to that, of whatever version."""
        return asked in self._kept

    def find(self, asked: K, version: int) -> bytes | None:
        """Return the answer that was put there for that version, or None."""
        kept = self._kept.pop(asked, None)
        if kept is None or kept[0] != version:
            self._room += len(kept[1]) if kept else 0
            return None
        self._kept[asked] = kept  # at the end again: a dict remembers the order
        return kept[1]

    def put(self, asked: K, version: int, body: bytes) -> None:
        """Keep an answer."""
        former = self._kept.pop(asked, None)
        self._room += len(former[1]) if former else 0
        self._kept[asked] = (version, body)
        self._room -= len(body)
        while self._room < 0:
            _, oldest = self._kept.pop(next(iter(self._kept)))
            self._room += len(oldest)
