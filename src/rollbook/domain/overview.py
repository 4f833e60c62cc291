"""What administrators look up in their district."""

from collections.abc import Iterable
from typing import Protocol, TypeAlias

import msgspec

from rollbook.domain.acts import Act, ActQuery
from rollbook.domain.people import Instant, User
from rollbook.domain.record import RecordEntry

FOUND_MOST = 50  # people that one search returns

# Where an entry stands in a district's record: when it was written, its section, its number there.
PlaceInTime: TypeAlias = tuple[Instant, int, int]


class RecordQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries of a district's record: every filter that is given must hold."""

    since: Instant = ""
    before: PlaceInTime = ("9999", 0, 0)  # a moment with noughts: whatever was before it
    section_ids: tuple[int, ...] | None = None
    limit: int = 200


def place_in_time(entry: RecordEntry) -> PlaceInTime:
    """Return where an entry stands in its district's record."""
    return entry.at, entry.section_id, entry.number


def newest(entries: Iterable[RecordEntry], limit: int) -> list[RecordEntry]:
    """Return the newest entries, newest first."""
    return sorted(entries, key=place_in_time, reverse=True)[:limit]


class Overview(Protocol):
    """What the house asks of a database for administrators: a part of `domain.store.Store`."""

    async def find_people(self, district_id: int, text: str) -> list[User]:
        """
        Return people of the district by last name, at most `FOUND_MOST`.

        A text is the beginning of a last name, a user name or an address of e-mail, or the whole
        id that the district's own lists have. The letters a to z count the same in either case;
        of others these spellings are found: as typed, all small, each word's first one large.
        Nothing is found with an empty text.
        """

    async def district_record(self, district_id: int, query: RecordQuery) -> list[RecordEntry]:
        """
        Return entries of the record of all sections, or of some, the newest first.

        A section that is not there has none.
        """

    async def acts(self, district_id: int, query: ActQuery) -> list[Act]:
        """Return what administrators did, the newest first."""


def spellings(text: str) -> tuple[str, str, str]:
    """Return how names that begin with a text may be written, the letters A to Z small."""
    others = (text.lower(), text.title())
    first, second, third = (
        _ascii_lower(one)
        for one in (text, *(o if len(o) == len(text) else text for o in others))
    )
    return first, second, third


def _ascii_lower(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)
