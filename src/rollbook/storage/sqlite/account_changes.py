"""What each write to accounts, sessions and links does, inside somebody else's transaction."""

from contextlib import nullcontext
from typing import Any, TypeAlias

import apsw
import msgspec

from rollbook.domain import acts
from rollbook.domain.accounts import Account, Link, Session
from rollbook.domain.errors import AccountChanged, AlreadyThere, NoSuchThing
from rollbook.domain.people import Instant
from rollbook.domain.record import Author
from rollbook.storage import rows
from rollbook.storage.sqlite.acts import keeping_an_administrator, record
from rollbook.storage.sqlite.statements import SQL


class CreateAccount(msgspec.Struct, frozen=True, tag=True):
    """A new account."""

    account: Account
    by: Author | None = None


class ChangeAccount(msgspec.Struct, frozen=True, tag=True):
    """An account in the place of what it was."""

    old: Account
    new: Account
    ends_sessions: bool
    by: Author | None = None


class OpenSession(msgspec.Struct, frozen=True, tag=True):
    """A new session."""

    session: Session


class TouchSession(msgspec.Struct, frozen=True, tag=True):
    """A session that was used."""

    district_id: int
    digest: bytes
    seen_at: Instant


class CloseSession(msgspec.Struct, frozen=True, tag=True):
    """A session that ends."""

    district_id: int
    digest: bytes


class CloseSessions(msgspec.Struct, frozen=True, tag=True):
    """A person's sessions, which all end."""

    district_id: int
    user_id: int


class CreateLink(msgspec.Struct, frozen=True, tag=True):
    """A new link."""

    link: Link
    by: Author | None = None


class UseLink(msgspec.Struct, frozen=True, tag=True):
    """A link that is used now."""

    district_id: int
    digest: bytes
    now: Instant


class SweepAccounts(msgspec.Struct, frozen=True, tag=True):
    """Sessions and links that are over."""

    district_id: int
    idle_since: Instant
    begun_before: Instant
    now: Instant


AccountCommand: TypeAlias = (
    CreateAccount
    | ChangeAccount
    | OpenSession
    | TouchSession
    | CloseSession
    | CloseSessions
    | CreateLink
    | UseLink
    | SweepAccounts
)


def create_account(db: apsw.Connection, command: CreateAccount, now: Instant) -> None:
    """Store an account; what the constraints would refuse is looked at here, to be told."""
    new = command.account
    if not db.execute(SQL.user, (new.district_id, new.user_id)).fetchone():
        raise NoSuchThing("user", new.user_id)
    if db.execute(SQL.account_of_user, (new.district_id, new.user_id)).fetchone():
        raise AlreadyThere("login of user", new.user_id)
    try:
        db.execute(SQL.create_account, rows.from_account(new))
    except apsw.ConstraintError:
        raise _taken(db, new) from None
    record(db, new.district_id, command.by, acts.account_created(new), now)


def change_account(db: apsw.Connection, command: ChangeAccount, now: Instant) -> None:
    """Change an account; an update that touches no row is the error."""
    old, new = command.old, command.new
    closing = keeping_an_administrator(db, old.district_id, command.by)
    change = rows.from_account_change(old, new)
    try:
        with closing if new.disabled_at else nullcontext():
            touched = db.execute(SQL.change_account, change).fetchone()
    except apsw.ConstraintError:
        raise _taken(db, new) from None
    if touched is None:
        raise AccountChanged(old.login)
    if command.ends_sessions:
        whose = (old.district_id, old.user_id)
        db.execute(SQL.close_sessions, whose)
        db.execute(SQL.drop_links, whose)
    record(db, old.district_id, command.by, acts.account_changed(old, new), now)


def _taken(db: apsw.Connection, new: Account) -> AlreadyThere:
    """Say which of the two that must be nobody else's is."""
    found: Any = db.execute(SQL.account, (new.login,)).fetchone()
    if found and rows.account(found).user_id != new.user_id:
        return AlreadyThere("login", new.login)
    return AlreadyThere("subject", new.subject)


def open_session(db: apsw.Connection, command: OpenSession, _now: Instant) -> None:
    """Store a session."""
    session = command.session
    _require_account(db, session.district_id, session.user_id)
    db.execute(SQL.open_session, rows.from_session(session))


def _require_account(db: apsw.Connection, district_id: int, user_id: int) -> None:
    if not db.execute(SQL.account_of_user, (district_id, user_id)).fetchone():
        raise NoSuchThing("account of user", user_id)


def touch_session(db: apsw.Connection, command: TouchSession, _now: Instant) -> None:
    """Note that a session was used."""
    db.execute(SQL.touch_session, (command.seen_at, command.district_id, command.digest))


def close_session(db: apsw.Connection, command: CloseSession, _now: Instant) -> None:
    """End a session."""
    db.execute(SQL.close_session, (command.district_id, command.digest))


def close_sessions(db: apsw.Connection, command: CloseSessions, _now: Instant) -> None:
    """End a person's sessions."""
    db.execute(SQL.close_sessions, (command.district_id, command.user_id))


def create_link(db: apsw.Connection, command: CreateLink, now: Instant) -> None:
    """Store a link in the place of the person's others for the same."""
    link = command.link
    _require_account(db, link.district_id, link.user_id)
    db.execute(SQL.replace_links, (link.district_id, link.user_id, link.purpose))
    db.execute(SQL.create_link, rows.from_link(link))
    record(db, link.district_id, command.by, acts.link_made(link), now)


def use_link(db: apsw.Connection, command: UseLink, _now: Instant) -> Link:
    """Use a link; an update that touches no row is the error."""
    found: Any = db.execute(
        SQL.use_link, (command.now, command.district_id, command.digest)
    ).fetchone()
    if found is None:
        raise NoSuchThing("link", "like that")
    return rows.link(found)


def sweep_accounts(db: apsw.Connection, command: SweepAccounts, _now: Instant) -> None:
    """Remove what is over."""
    district_id = command.district_id
    db.execute(SQL.sweep_sessions, (district_id, command.idle_since, command.begun_before))
    db.execute(SQL.sweep_links, (district_id, command.now))


# What carries out each command, and what comes back.
COMMANDS: dict[type, tuple[Any, Any]] = {
    CreateAccount: (create_account, None),
    ChangeAccount: (change_account, None),
    OpenSession: (open_session, None),
    TouchSession: (touch_session, None),
    CloseSession: (close_session, None),
    CloseSessions: (close_sessions, None),
    CreateLink: (create_link, None),
    UseLink: (use_link, Link),
    SweepAccounts: (sweep_accounts, None),
}
