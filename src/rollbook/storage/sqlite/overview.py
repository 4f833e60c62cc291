"""The part of `SqliteStore` that administrators look things up in."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import apsw

from rollbook.domain.acts import Act, ActQuery
from rollbook.domain.overview import FOUND_MOST, RecordQuery, newest, spellings
from rollbook.domain.people import User
from rollbook.domain.record import RecordEntry
from rollbook.storage import act_rows, rows
from rollbook.storage.sqlite.connection import moment
from rollbook.storage.sqlite.statements import SQL


class Lookups(ABC):
    """People and changes, on the file that the rest of the store is on."""

    _db: apsw.Connection

    @abstractmethod
    def _rows(self, statement: str, parameters: Sequence[Any]) -> list[Any]:
        """Return what a statement finds."""

    async def find_people(self, district_id: int, text: str) -> list[User]:
        """Read through everybody: tens of milliseconds in the largest district."""
        if not text:
            return []
        key = (district_id, len(text), *spellings(text), text, FOUND_MOST)
        return [rows.user(row) for row in self._rows(SQL.find_people, key)]

    async def district_record(self, district_id: int, query: RecordQuery) -> list[RecordEntry]:
        """Read them by time, or section by section."""
        place = (query.since, *query.before, query.limit)
        if query.section_ids is None:
            found = self._rows(SQL.district_record, (district_id, *place))
        else:
            with moment(self._db):
                found = [
                    row
                    for section_id in query.section_ids
                    for row in self._rows(SQL.section_record, (district_id, section_id, *place))
                ]
        return newest((rows.record_entry(row[0], row[1:]) for row in found), query.limit)

    async def acts(self, district_id: int, query: ActQuery) -> list[Act]:
        """Read them by time."""
        found = self._rows(SQL.acts, act_rows.from_query(district_id, query))
        return [act_rows.act(row) for row in found]
