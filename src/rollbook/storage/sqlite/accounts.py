"""The part of `SqliteStore` that knows who comes in at the pages."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from rollbook.domain.accounts import Account, Link, Session, Visitor
from rollbook.domain.people import Instant
from rollbook.domain.record import Author
from rollbook.storage import rows
from rollbook.storage.sqlite import account_changes as changes
from rollbook.storage.sqlite.statements import SQL


class Accounts(ABC):
    """Accounts, sessions and links, on the file that the rest of the store is on."""

    _write: Callable[[Any], Awaitable[Any]]

    @abstractmethod
    def _rows(self, statement: str, parameters: Sequence[Any]) -> list[Any]:
        """Return what a statement finds."""

    async def account(self, login: str) -> Account | None:
        """Read whose login that is."""
        return self._account(SQL.account, login)

    async def account_of_subject(self, subject: str) -> Account | None:
        """Read whose subject that is."""
        return self._account(SQL.account_of_subject, subject)

    async def account_of_user(self, district_id: int, user_id: int) -> Account | None:
        """Read a person's account."""
        return self._account(SQL.account_of_user, district_id, user_id)

    def _account(self, statement: str, *parameters: Any) -> Account | None:
        found = self._rows(statement, parameters)
        return rows.account(found[0]) if found else None

    async def accounts(self, district_id: int) -> list[Account]:
        """Read the district's accounts."""
        return [rows.account(row) for row in self._rows(SQL.accounts, (district_id,))]

    async def create_account(self, account: Account, *, by: Author | None = None) -> None:
        """Hand the command to the writer."""
        await self._write(changes.CreateAccount(account, by))

    async def change_account(
        self,
        old: Account,
        new: Account,
        *,
        ends_sessions: bool = False,
        by: Author | None = None,
    ) -> None:
        """Hand the command to the writer."""
        await self._write(changes.ChangeAccount(old, new, ends_sessions, by))

    async def visitor(self, district_id: int, digest: bytes) -> Visitor | None:
        """Read session, account, user and district in a row."""
        found = self._rows(SQL.visitor, (district_id, digest))
        return rows.visitor(found[0]) if found else None

    async def open_session(self, session: Session) -> None:
        """Hand the command to the writer."""
        await self._write(changes.OpenSession(session))

    async def touch_session(self, district_id: int, digest: bytes, seen_at: Instant) -> None:
        """Hand the command to the writer."""
        await self._write(changes.TouchSession(district_id, digest, seen_at))

    async def close_session(self, district_id: int, digest: bytes) -> None:
        """Hand the command to the writer."""
        await self._write(changes.CloseSession(district_id, digest))

    async def close_sessions(self, district_id: int, user_id: int) -> None:
        """Hand the command to the writer."""
        await self._write(changes.CloseSessions(district_id, user_id))

    async def create_link(self, link: Link, *, by: Author | None = None) -> None:
        """Hand the command to the writer."""
        await self._write(changes.CreateLink(link, by))

    async def link(self, district_id: int, digest: bytes) -> Link | None:
        """Read a link."""
        found = self._rows(SQL.link, (district_id, digest))
        return rows.link(found[0]) if found else None

    async def use_link(self, district_id: int, digest: bytes, now: Instant) -> Link:
        """Hand the command to the writer."""
        used: Link = await self._write(changes.UseLink(district_id, digest, now))
        return used

    async def sweep_accounts(
        self, district_id: int, *, idle_since: Instant, begun_before: Instant, now: Instant
    ) -> None:
        """Hand the command to the writer."""
        await self._write(changes.SweepAccounts(district_id, idle_since, begun_before, now))
