"""Where the book is looked after: what `checking` and `retention` need of a database."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeAlias

Key: TypeAlias = tuple[int, int]  # district, section


class Desk(Protocol):
    """One connection, and what each database does there in its own way."""

    sql: Any  # the statements, as the database understands them
    broken: type[Exception]  # raised when a constraint would not hold
    has_anchors: bool  # False for a file from before there were any
    entry_id: tuple[str, ...]  # the column, if any, by which an entry bears its event's id

    async def rows(self, statement: str, *parameters: Any) -> list[Any]:
        """Run a statement and return its rows."""

    async def work_for(self, district_id: int) -> None:
        """See the rows of that district, where connections see one at a time."""

    def moment(self) -> AbstractAsyncContextManager[None]:
        """Let every read inside see one and the same state of the book."""

    def transaction(self) -> AbstractAsyncContextManager[None]:
        """Do all inside or nothing, while nobody else is in one of these."""

    async def require_owner(self) -> None:
        """Raise `Unavailable` when this login may not take out of the record or bring back."""

    async def prepare_to_remove(self) -> None:
        """Let what is removed be gone for good; raises `Unavailable` when this login may not."""

    async def insert(self, table: str, columns: Sequence[str], rows: list[Any]) -> None:
        """Write rows into a table."""

    async def remove_events(self, key: Key, number: int, entries: int) -> None:
        """Remove the events of the section's *entries* entries up to that number."""
