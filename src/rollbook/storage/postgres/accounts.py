"""The part of `PostgresStore` that knows who comes in at the pages."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import asyncpg

from rollbook.domain import acts
from rollbook.domain.accounts import Account, Link, Session, Visitor
from rollbook.domain.errors import AccountChanged, AlreadyThere, NoSuchThing
from rollbook.domain.people import Instant
from rollbook.domain.record import Author
from rollbook.storage import rows
from rollbook.storage.postgres.acts import keeping_an_administrator, record
from rollbook.storage.postgres.pool import Pool
from rollbook.storage.postgres.statements import SQL


class Accounts(ABC):
    """Accounts, sessions and links, in the database that the rest of the store is in."""

    _pool: Pool

    @abstractmethod
    def _now(self) -> Instant:
        """Return the present moment."""

    async def account(self, login: str) -> Account | None:
        """Find the login's district first: until then nothing of any district is seen."""
        return await self._at_home(SQL.login_home, SQL.account, login)

    async def account_of_subject(self, subject: str) -> Account | None:
        """Find the subject's district first."""
        return await self._at_home(SQL.subject_home, SQL.account_of_subject, subject)

    async def _at_home(self, home: str, statement: str, name: str) -> Account | None:
        async with self._pool.shared() as db:
            district_id = await db.fetchval(home, name)
        return None if district_id is None else await self._found(statement, district_id, name)

    async def account_of_user(self, district_id: int, user_id: int) -> Account | None:
        """Read a person's account."""
        return await self._found(SQL.account_of_user, district_id, user_id)

    async def _found(self, statement: str, district_id: int, name: str | int) -> Account | None:
        async with self._pool.of(district_id) as db:
            found = await db.fetchrow(statement, district_id, name)
        return found and rows.account(found)

    async def accounts(self, district_id: int) -> list[Account]:
        """Read the district's accounts."""
        async with self._pool.of(district_id) as db:
            return [rows.account(row) for row in await db.fetch(SQL.accounts, district_id)]

    async def create_account(self, account: Account, *, by: Author | None = None) -> None:
        """Store an account; its user is looked at here, so that the error can be told."""
        district_id, user_id = account.district_id, account.user_id
        async with self._pool.of(district_id) as db, db.transaction():
            if not await db.fetchval(SQL.user, district_id, user_id):
                raise NoSuchThing("user", user_id)
            if await db.fetchval(SQL.account_of_user, district_id, user_id):
                raise AlreadyThere("login of user", user_id)
            await _settle(db, account)
            try:
                await db.execute(SQL.create_account, *rows.from_account(account))
            except asyncpg.UniqueViolationError:
                raise AlreadyThere("login of user", user_id) from None
            await record(db, district_id, by, acts.account_created(account), self._now())

    async def change_account(
        self,
        old: Account,
        new: Account,
        *,
        ends_sessions: bool = False,
        by: Author | None = None,
    ) -> None:
        """Change an account; an update that touches no row is the error."""
        whose = (old.district_id, old.user_id)
        async with self._pool.of(old.district_id) as db, db.transaction():
            if (old.login, old.subject) != (new.login, new.subject):
                # Somebody else may have made it what it is to be: that login is taken, by itself.
                found = await db.fetchrow(SQL.account_of_user, *whose)
                if found is None or rows.account(found) != old:
                    raise AccountChanged(old.login)
            await _settle(db, new, instead_of=old)
            change = rows.from_account_change(old, new)
            closing = keeping_an_administrator(db, old.district_id, by)
            if new.disabled_at:
                await db.execute(SQL.administer_alone, old.district_id)
            async with closing if new.disabled_at else nullcontext():
                if await db.fetchval(SQL.change_account, *change) is None:
                    raise AccountChanged(old.login)
            if old.login != new.login:
                await db.execute(SQL.drop_login_home, old.login)
            if old.subject not in (None, new.subject):
                await db.execute(SQL.drop_subject_home, old.subject)
            if ends_sessions:
                await db.execute(SQL.close_sessions, *whose)
                await db.execute(SQL.drop_links, *whose)
            deed = acts.account_changed(old, new)
            await record(db, old.district_id, by, deed, self._now())

    async def visitor(self, district_id: int, digest: bytes) -> Visitor | None:
        """Read session, account, user and district in a row."""
        async with self._pool.of(district_id) as db:
            found = await db.fetchrow(SQL.visitor, district_id, digest)
        return found and rows.visitor(found)

    async def open_session(self, session: Session) -> None:
        """Store a session."""
        async with self._with_account(session.district_id, session.user_id) as db:
            await db.execute(SQL.open_session, *rows.from_session(session))

    @asynccontextmanager
    async def _with_account(self, district_id: int, user_id: int) -> AsyncIterator[Any]:
        """Lend a connection in a transaction; raises `NoSuchThing` when there is no account."""
        async with self._pool.of(district_id) as db, db.transaction():
            if not await db.fetchval(SQL.account_of_user, district_id, user_id):
                raise NoSuchThing("account of user", user_id)
            yield db

    async def touch_session(self, district_id: int, digest: bytes, seen_at: Instant) -> None:
        """Note that a session was used."""
        async with self._pool.of(district_id) as db:
            await db.execute(SQL.touch_session, seen_at, district_id, digest)

    async def close_session(self, district_id: int, digest: bytes) -> None:
        """End a session."""
        async with self._pool.of(district_id) as db:
            await db.execute(SQL.close_session, district_id, digest)

    async def close_sessions(self, district_id: int, user_id: int) -> None:
        """End a person's sessions."""
        async with self._pool.of(district_id) as db:
            await db.execute(SQL.close_sessions, district_id, user_id)

    async def create_link(self, link: Link, *, by: Author | None = None) -> None:
        """Store a link in the place of the person's others for the same."""
        async with self._with_account(link.district_id, link.user_id) as db:
            replaced = (link.district_id, link.user_id, link.purpose)
            await db.execute(SQL.replace_links, *replaced)
            await db.execute(SQL.create_link, *rows.from_link(link))
            await record(db, link.district_id, by, acts.link_made(link), self._now())

    async def link(self, district_id: int, digest: bytes) -> Link | None:
        """Read a link."""
        async with self._pool.of(district_id) as db:
            found = await db.fetchrow(SQL.link, district_id, digest)
        return found and rows.link(found)

    async def use_link(self, district_id: int, digest: bytes, now: Instant) -> Link:
        """Use a link; an update that touches no row is the error."""
        async with self._pool.of(district_id) as db:
            found = await db.fetchrow(SQL.use_link, now, district_id, digest)
        if found is None:
            raise NoSuchThing("link", "like that")
        return rows.link(found)

    async def sweep_accounts(
        self, district_id: int, *, idle_since: Instant, begun_before: Instant, now: Instant
    ) -> None:
        """Remove what is over."""
        async with self._pool.of(district_id) as db, db.transaction():
            await db.execute(SQL.sweep_sessions, district_id, idle_since, begun_before)
            await db.execute(SQL.sweep_links, district_id, now)


async def _settle(db: Any, account: Account, *, instead_of: Account | None = None) -> None:
    """Write down where its login and its subject are at home, unless they are there already."""
    login, subject, district_id = account.login, account.subject, account.district_id
    if instead_of is None or login != instead_of.login:
        try:
            await db.execute(SQL.add_login_home, login, district_id)
        except asyncpg.UniqueViolationError:
            raise AlreadyThere("login", login) from None
    if subject is not None and (instead_of is None or subject != instead_of.subject):
        try:
            await db.execute(SQL.add_subject_home, subject, district_id)
        except asyncpg.UniqueViolationError:
            raise AlreadyThere("subject", subject) from None
