"""
The reception: from a login and a password to a session, and from a session to who it is.

A token of 256 random bits is all that a browser or a link bears. It is made anew whenever
somebody comes in, so nobody can prepare one for them, and only its SHA-256 is stored. Before it
stands the number of its district, which is no secret: that is where it is looked for.

What is wrong with a login is never told: an unknown name, a wrong password, a disabled account
are answered with the same words after the same work.
"""

import contextlib
import datetime as dt
import hashlib
import re
import secrets
from collections.abc import Callable
from typing import Protocol

import msgspec

from rollbook.auth.passwords import Passwords, require_good, require_short
from rollbook.domain.accounts import (
    IDLE,
    LOGIN_MAX,
    WHOLE,
    Account,
    Link,
    LinkPurpose,
    Session,
    SignOnRefused,
    Visitor,
    as_login,
)
from rollbook.domain.days import instant
from rollbook.domain.errors import (
    AccountChanged,
    AlreadyThere,
    BadRequest,
    NoSuchThing,
    NotAuthenticated,
    Unavailable,
)
from rollbook.domain.record import Author
from rollbook.domain.sentences import Sentence
from rollbook.domain.store import Store

_UNKNOWN = Sentence("The name or the password is not right.")
_TOUCHED_EVERY = dt.timedelta(minutes=1)
_SWEPT_EVERY = dt.timedelta(hours=1)

_TOKEN = re.compile(r"([1-9][0-9]{0,8})-[A-Za-z0-9_-]{43}")
_NO_LOGIN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class LoginTurnstile(Protocol):
    """Counts tries to log in."""

    def try_login(self, address: str | None, login: str) -> None:
        """Count a try; raises `AskedTooOften` when it is one too many."""

    def came_in(self, address: str | None, login: str) -> None:
        """Give back a try that succeeded."""

    def know(self, address: str | None, login: str) -> None:
        """Remember that somebody with that login has proven there who they are."""


class _Open:
    """Lets everybody through."""

    def try_login(self, address: str | None, login: str) -> None:
        pass

    def came_in(self, address: str | None, login: str) -> None:
        pass

    def know(self, address: str | None, login: str) -> None:
        pass


class Reception:
    """Lets people in at the pages."""

    def __init__(
        self,
        store: Store,
        passwords: Passwords,
        *,
        turnstile: LoginTurnstile = _Open(),  # noqa: B008 — it has no state
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._turnstile = turnstile
        self._clock = clock
        self._swept: dict[int, dt.datetime] = {}  # when which district's sessions were

    def _now(self, *, before: dt.timedelta = dt.timedelta(0)) -> str:
        return instant(self._clock() - before)

    # ---- sessions

    async def log_in(self, login: str, password: str, address: str | None) -> str:
        """
        Return the token of a new session.

        Raises:
            NotAuthenticated: Login and password are nobody's who may come in.
            PasswordRefused: The password is longer than any can be.
            AskedTooOften: There were too many tries with that login, or from that address.
            TooMuchToDo: More people log in at once than can be seen to.
        """
        require_short(password)
        login = _as_tried(login)
        self._turnstile.try_login(address, login)
        account = await self._store.account(login)
        password_hash = None if account is None else account.password_hash
        proven = await self._passwords.verify(password_hash, password)
        if account is None or not proven or not await self._may_come_in(account):
            raise NotAuthenticated(_UNKNOWN)
        self._turnstile.came_in(address, login)
        return await self.let_in(await self._renewed(account, password))

    async def _may_come_in(self, account: Account) -> bool:
        if account.disabled_at is not None:
            return False
        return (await self._store.user(account.district_id, account.user_id)).active

    async def _renewed(self, account: Account, password: str) -> Account:
        """Hash the password anew when hashes cost something else now; it stays the same one."""
        if not self._passwords.is_outdated(str(account.password_hash)):
            return account
        password_hash = await self._passwords.hash(password)
        new = msgspec.structs.replace(account, password_hash=password_hash)
        try:
            await self._store.change_account(account, new)
        except AccountChanged:
            raise NotAuthenticated(_UNKNOWN) from None
        return new

    async def sign_on(self, subject: str, email: str | None) -> str:
        """
        Return the token of a new session for somebody of whom a provider says who they are.

        The first time they are found by their address, as the login of an account that was
        invited and has no password; from then on by their subject.

        Args:
            subject: Who they are, and at which provider.
            email: Their address, if the provider has verified it.

        Raises `NotAuthenticated` when nobody may come in so.
        """
        account = await self._store.account_of_subject(subject)
        if account is None and email is not None:
            account = await self._known_from_now_on(subject, _as_tried(email))
        if account is None or not await self._may_come_in(account):
            raise NotAuthenticated(SignOnRefused.NOBODY)
        return await self.let_in(account)

    async def _known_from_now_on(self, subject: str, login: str) -> Account | None:
        """Note whom a subject means, if an invitation waits for that login; it is used then."""
        account = await self._store.account(login)
        if account is None or account.password_hash or account.subject:
            return None
        if not await self._may_come_in(account):
            return None
        new = msgspec.structs.replace(account, subject=subject)
        try:
            await self._store.change_account(account, new, ends_sessions=True)
        except (AccountChanged, AlreadyThere):  # somebody did the same at the same moment
            return await self._store.account_of_subject(subject)
        return new

    async def let_in(self, account: Account) -> str:
        """
        Return the token of a new session, for somebody who has proven to be the account's owner.

        Raises `NotAuthenticated` when the account has changed since they did.
        """
        token = _new_token(account.district_id)
        now = self._now()
        await self._store.open_session(
            Session(
                digest=_digest(token),
                district_id=account.district_id,
                user_id=account.user_id,
                begun_at=now,
                seen_at=now,
            )
        )
        # A change of the password ends all sessions: this one too, if it came between.
        if await self._store.account(account.login) != account:
            await self.log_out(token)
            raise NotAuthenticated(_UNKNOWN)
        await self._sweep(account.district_id)
        return token

    async def _sweep(self, district_id: int) -> None:
        """Remove what is over, now and then."""
        now = self._clock()
        last = self._swept.get(district_id)
        if last is None or now - last >= _SWEPT_EVERY:
            self._swept[district_id] = now
            await self._store.sweep_accounts(
                district_id,
                idle_since=self._now(before=IDLE),
                begun_before=self._now(before=WHOLE),
                now=self._now(),
            )

    async def recognise(self, token: str) -> Visitor | None:
        """Return whose session that is; None when there is none, or it has ended."""
        district_id = _district_of(token)
        if district_id is None:
            return None
        digest = _digest(token)
        visitor = await self._store.visitor(district_id, digest)
        if visitor is None:
            return None
        session = visitor.session
        if session.seen_at <= self._now(before=IDLE):
            return None
        if session.begun_at <= self._now(before=WHOLE):
            return None
        if session.seen_at <= self._now(before=_TOUCHED_EVERY):
            with contextlib.suppress(Unavailable):  # pages can be read while nothing is written
                await self._store.touch_session(district_id, digest, self._now())
        return visitor

    async def log_out(self, token: str) -> None:
        """End a session, here and everywhere."""
        district_id = _district_of(token)
        if district_id is not None:
            await self._store.close_session(district_id, _digest(token))

    # ---- accounts

    async def invite(
        self, district_id: int, user_id: int, login: str, *, by: Author | None = None
    ) -> str:
        """
        Return the token of a link with which somebody sets their first password.

        Invited again before that, they get another link, and the login that is given now.
        Raises `NoSuchThing`, `AlreadyThere` when the login is somebody's or the user has a
        password or is disabled, `BadRequest` when the login cannot be one.
        """
        login = _as_new_login(login)
        account = await self._store.account_of_user(district_id, user_id)
        if account is None:
            account = Account(
                district_id=district_id, user_id=user_id, login=login, created_at=self._now()
            )
            await self._store.create_account(account, by=by)
        elif account.password_hash is not None or account.disabled_at is not None:
            raise AlreadyThere("login of user", user_id)
        elif account.login != login:
            await self._store.change_account(
                account, msgspec.structs.replace(account, login=login), by=by
            )
        return await self._link(account, LinkPurpose.INVITATION, by)

    async def reset(self, district_id: int, user_id: int, *, by: Author | None = None) -> str:
        """Return the token of a link that sets a new password; raises `NoSuchThing`."""
        account = await self._account(district_id, user_id)
        return await self._link(account, LinkPurpose.RESET, by)

    async def _account(self, district_id: int, user_id: int) -> Account:
        account = await self._store.account_of_user(district_id, user_id)
        if account is None:
            raise NoSuchThing("account of user", user_id)
        return account

    async def _link(self, account: Account, purpose: LinkPurpose, by: Author | None) -> str:
        token = _new_token(account.district_id)
        await self._store.create_link(
            Link(
                digest=_digest(token),
                district_id=account.district_id,
                user_id=account.user_id,
                purpose=purpose,
                expires_at=self._now(before=-purpose.lifetime),
            ),
            by=by,
        )
        return token

    async def invited(self, token: str) -> Account | None:
        """Return whose password a link sets; None when it does not work, or no longer."""
        district_id = _district_of(token)
        if district_id is None:
            return None
        link = await self._store.link(district_id, _digest(token))
        if link is None or not link.works(self._now()):
            return None
        account = await self._store.account_of_user(district_id, link.user_id)
        return account if account and await self._may_come_in(account) else None

    async def set_password(self, token: str, password: str, address: str | None) -> Account:
        """
        Use a link to set a password, and return whose; all of their sessions end.

        Whoever kept them from coming in with wrong tries keeps them no longer.

        Raises:
            NoSuchThing: The link does not work, or no longer.
            PasswordRefused: The password is not taken; the link works still.
        """
        account = await self.invited(token)
        if account is None:
            raise NoSuchThing("link", "like that")
        require_good(password, account.login)
        password_hash = await self._passwords.hash(password)
        await self._store.use_link(account.district_id, _digest(token), self._now())
        self._turnstile.know(address, account.login)
        return await self._change_password(account, password_hash)

    async def change_password(
        self, visitor: Visitor, password: str, new: str, address: str | None
    ) -> str:
        """
        Change a visitor's own password: all of their sessions end, and a new one begins.

        Returns its token. Raises `NotAuthenticated` when the old password is another,
        `PasswordRefused`, `AskedTooOften`.
        """
        require_short(password)
        account = visitor.account
        self._turnstile.try_login(address, account.login)
        if not await self._passwords.verify(account.password_hash, password):
            raise NotAuthenticated(Sentence("The password that you have now is another one."))
        self._turnstile.came_in(address, account.login)
        require_good(new, account.login)
        changed = await self._change_password(account, await self._passwords.hash(new))
        return await self.let_in(changed)

    async def _change_password(self, account: Account, password_hash: str) -> Account:
        new = msgspec.structs.replace(account, password_hash=password_hash)
        await self._store.change_account(account, new, ends_sessions=True)
        return new

    async def disable(
        self, district_id: int, user_id: int, *, by: Author | None = None
    ) -> Account:
        """Let somebody in no more, from now on; raises `NoSuchThing`."""
        account = await self._account(district_id, user_id)
        new = msgspec.structs.replace(account, disabled_at=account.disabled_at or self._now())
        await self._store.change_account(account, new, ends_sessions=True, by=by)
        return new

    async def enable(
        self, district_id: int, user_id: int, *, by: Author | None = None
    ) -> Account:
        """Let somebody in again, with the password that they had; raises `NoSuchThing`."""
        account = await self._account(district_id, user_id)
        new = msgspec.structs.replace(account, disabled_at=None)
        await self._store.change_account(account, new, by=by)
        return new


def _new_token(district_id: int) -> str:
    return f"{district_id}-{secrets.token_urlsafe(32)}"


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _district_of(token: str) -> int | None:
    """Return which district's a token is; None for what can be no token."""
    read = _TOKEN.fullmatch(token)
    return int(read[1]) if read else None


def _as_tried(text: str) -> str:
    """Return a login as it is kept; of what can be none, one that nobody has."""
    login = as_login(text[:LOGIN_MAX])
    return "" if _NO_LOGIN.search(login) else login


def _as_new_login(text: str) -> str:
    """Return a login as it is kept; raises `BadRequest` for what can be none."""
    login = as_login(text)
    if not 0 < len(login) <= LOGIN_MAX or _NO_LOGIN.search(login):
        raise BadRequest(
            f"A login is a name or an address of e-mail, of at most {LOGIN_MAX} characters."
        )
    return login
