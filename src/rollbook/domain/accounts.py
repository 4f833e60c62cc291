"""
Who comes in at the pages: accounts, the sessions they begin, links that work once.

An account is a person's way in: a login with a password, or a subject of the district's own
provider of identities, or both. What a browser and a link bear is a token of 256 random bits;
of it only a digest is kept. A token names its district, so that nothing has to be looked up to
know where its session is; a login and a subject are each unique in the whole installation.
"""

import datetime as dt
import enum
import re
import unicodedata
from collections.abc import Container
from typing import Protocol

import msgspec

from rollbook.domain.people import District, Instant, User
from rollbook.domain.record import Author

IDLE = dt.timedelta(minutes=30)  # a session that nobody used for so long has ended
WHOLE = dt.timedelta(hours=12)  # and every session after so long

LOGIN_MAX = 254  # characters: the longest address of e-mail
PASSWORD_MIN = 12  # characters
PASSWORD_MAX = 1024  # bytes: more would only be work for us
_DIFFERENT_MIN = 5  # characters
_AROUND_WORDS = re.compile(r"^[\W\d_]+|[\W\d_]+$")


class AccountState(enum.StrEnum):
    """Whether somebody may come in, and if not, why."""

    INVITED = "invited"  # they have not chosen a password yet
    ACTIVE = "active"
    DISABLED = "disabled"
    LEFT = "left"  # the person is no longer active in the district


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A person's way in."""

    district_id: int
    user_id: int
    login: str  # as `as_login` writes it, unique in the installation
    password_hash: str | None = None  # None: no password was set yet, or none is wanted
    subject: str | None = None  # whom a provider of identities says this is, and which provider
    created_at: Instant = ""
    disabled_at: Instant | None = None

    def state(self, owner: User) -> AccountState:
        """Return whether *owner*, whose account it is, may come in with it."""
        if self.disabled_at is not None:
            return AccountState.DISABLED
        if not owner.active:
            return AccountState.LEFT
        proven = self.password_hash or self.subject
        return AccountState.ACTIVE if proven else AccountState.INVITED


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who came in, in one browser."""

    digest: bytes
    district_id: int
    user_id: int
    begun_at: Instant
    seen_at: Instant  # to the minute


class Visitor(msgspec.Struct, frozen=True):
    """A session, whose it is, and their district: all that a page needs to know of them."""

    session: Session
    account: Account
    user: User
    district: District


class LinkPurpose(enum.StrEnum):
    """What a link is for."""

    INVITATION = "invitation"
    RESET = "reset"

    @property
    def lifetime(self) -> dt.timedelta:
        """How long such a link works."""
        return dt.timedelta(days=7) if self is LinkPurpose.INVITATION else dt.timedelta(hours=1)


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A link with which a password can be set, once."""

    digest: bytes
    district_id: int
    user_id: int
    purpose: LinkPurpose
    expires_at: Instant
    used_at: Instant | None = None

    def works(self, now: Instant) -> bool:
        """Say whether the link can be used at that moment."""
        return self.used_at is None and now < self.expires_at


class WhyNot(enum.StrEnum):
    """Why a password is not taken: the sentence for whoever chose it."""

    SHORT = f"The password must have {PASSWORD_MIN} characters or more."
    LONG = f"The password must not have more than {PASSWORD_MAX} bytes."
    COMMON = "This password is one of those that are guessed first: choose another."
    LOGIN = "The password must not be the name that you log in with."


class SignOnRefused(enum.StrEnum):
    """Why somebody does not come in by their district's accounts: the sentence for them."""

    NOT_BEGUN = "This sign-on was begun in another browser, or too long ago: begin again."
    DECLINED = "The district's account did not let you in: begin again, or use your password."
    NOT_BELIEVED = (
        "What the district's accounts said of you could not be believed: begin again, and tell "
        "whoever runs Rollbook if that does not help."
    )
    NOBODY = (
        "Nobody is waiting here for this account of the district: use your password if you have "
        "one, or ask the office to invite you with the address of e-mail of that account."
    )
    AWAY = (
        "The district's accounts cannot be reached at the moment: try again in a while, or use "
        "your password."
    )


def normal(text: str) -> str:
    """Return a text in the one of its Unicode spellings that is compared and counted (NFC)."""
    return unicodedata.normalize("NFC", text)


def as_login(text: str) -> str:
    """Return a login as it is kept: however it was typed, it is the same one."""
    return normal(normal(text.strip()).casefold())


def is_too_long(password: str) -> bool:
    """Say whether a text is longer than any password can be."""
    return len(password.encode("utf-8", "surrogatepass")) > PASSWORD_MAX


def why_not_password(password: str, login: str, common: Container[str]) -> WhyNot | None:
    """
    Return why a password is not taken; None when it is.

    Args:
        password: As it was typed.
        login: Whose it is to be.
        common: Passwords that are guessed first, in lower case.
    """
    if is_too_long(password):
        return WhyNot.LONG
    password = normal(password)
    if len(password) < PASSWORD_MIN:
        return WhyNot.SHORT
    text = password.casefold()
    unit = _repeated(text)
    core = _AROUND_WORDS.sub("", unit)  # a common password with a year after it is still one
    own = as_login(login)
    if {unit, core} & {own, own.partition("@")[0]}:
        return WhyNot.LOGIN
    if len(set(text)) < _DIFFERENT_MIN or any(it in common for it in (text, unit, core)):
        return WhyNot.COMMON
    return None


def _repeated(text: str) -> str:
    """Return what a text is the repetition of: itself, unless it repeats something shorter."""
    return text[: (text + text).find(text, 1)]


class AccountBook(Protocol):
    """
    What the house asks of a database about accounts: a part of `domain.store.Store`.

    What is done *by* somebody is written into the record of acts, in the same transaction.
    """

    async def account(self, login: str) -> Account | None:
        """Return whose login that is (as `as_login` writes it), disabled or not."""

    async def account_of_subject(self, subject: str) -> Account | None:
        """Return whom a provider of identities means, disabled or not."""

    async def account_of_user(self, district_id: int, user_id: int) -> Account | None:
        """Return a person's account, disabled or not; None when they have none."""

    async def accounts(self, district_id: int) -> list[Account]:
        """Return the district's accounts, by login."""

    async def create_account(self, account: Account, *, by: Author | None = None) -> None:
        """
        Store an account.

        Raises `NoSuchThing` when its user is not of its district, `AlreadyThere` when the user
        has one, or somebody has the login or the subject.
        """

    async def change_account(
        self,
        old: Account,
        new: Account,
        *,
        ends_sessions: bool = False,
        by: Author | None = None,
    ) -> None:
        """
        Put *new* in the place of *old*, the same person's: login, password, subject, disabled.

        With *ends_sessions* every session and every link of the person ends with it. Raises
        `AccountChanged` when the account is no longer as *old* says, `AlreadyThere` when
        somebody has the login or the subject, and `LastAdministrator` when nobody who may come in
        would be left to administer the district, unless it is the operator who does it.
        """

    # ---- sessions

    async def visitor(self, district_id: int, digest: bytes) -> Visitor | None:
        """
        Return whose session that is, in one reading.

        None when there is no such session, the account is disabled or the user not active.
        Whether it has ended is not looked at.
        """

    async def open_session(self, session: Session) -> None:
        """Store a session; raises `NoSuchThing` when its user has no account."""

    async def touch_session(self, district_id: int, digest: bytes, seen_at: Instant) -> None:
        """Note that a session was used; nothing happens when there is none."""

    async def close_session(self, district_id: int, digest: bytes) -> None:
        """End a session; nothing happens when there is none."""

    async def close_sessions(self, district_id: int, user_id: int) -> None:
        """End all of a person's sessions."""

    # ---- links

    async def create_link(self, link: Link, *, by: Author | None = None) -> None:
        """
        Store a link; one for the same purpose that the person had before works no longer.

        Raises `NoSuchThing` when its user has no account.
        """

    async def link(self, district_id: int, digest: bytes) -> Link | None:
        """Return a link as it is, used or not; None when there is no such link."""

    async def use_link(self, district_id: int, digest: bytes, now: Instant) -> Link:
        """
        Use a link that works, and return it; of two who try, one has it.

        Raises `NoSuchThing` when there is none, it was used, or its time is over.
        """

    # ---- order

    async def sweep_accounts(
        self, district_id: int, *, idle_since: Instant, begun_before: Instant, now: Instant
    ) -> None:
        """Remove sessions not seen since then or begun before then, and links that are over."""
