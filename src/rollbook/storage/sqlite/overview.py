"""The part of `SqliteStore` that administrators look things up in."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from rollbook.domain.overview import FOUND_MOST, spellings
from rollbook.domain.people import User
from rollbook.storage import rows
from rollbook.storage.sqlite.statements import SQL


class Lookups(ABC):
    """People by what is known of them, on the file that the rest of the store is on."""

    @abstractmethod
    def _rows(self, statement: str, parameters: Sequence[Any]) -> list[Any]:
        """Return what a statement finds."""

    async def find_people(self, district_id: int, text: str) -> list[User]:
        """Read through everybody: tens of milliseconds in the largest district."""
        if not text:
            return []
        key = (district_id, len(text), *spellings(text), text, FOUND_MOST)
        return [rows.user(row) for row in self._rows(SQL.find_people, key)]
