"""
The record of acts: what administrators did, when, and what was so before and after.

An act is written in the transaction of what it tells of, and never again. What was so already is
no act. There is no secret in it: of a key its first characters, of links and passwords nothing.
"""

import enum
from collections.abc import Iterable, Mapping
from typing import TypeAlias

import msgspec

from rollbook.domain.accounts import Account, Link, LinkPurpose
from rollbook.domain.people import ApiKey, District, Instant, User
from rollbook.domain.record import Author
from rollbook.domain.roster_files import RosterSummary

Value: TypeAlias = str | int | bool | None

# Where an act stands in a district's record of them: when it was done, its number.
PlaceOfAct: TypeAlias = tuple[Instant, int]


class What(enum.StrEnum):
    """What can be done; the words are in the record: never rename one."""

    DISTRICT_CREATED = "district created"
    DISTRICT_CHANGED = "district changed"
    PERSON_CREATED = "person created"
    PERSON_CHANGED = "person changed"
    ACCOUNT_CREATED = "account created"
    LOGIN_CHANGED = "login changed"
    ACCOUNT_CLOSED = "account closed"
    ACCOUNT_OPENED = "account opened"
    INVITED = "invitation made"
    RESET = "reset made"
    KEY_CREATED = "key created"
    KEY_ROTATED = "key rotated"
    KEY_REVOKED = "key revoked"
    ROSTER_TAKEN_IN = "roster taken in"


class Turn(msgspec.Struct, frozen=True, array_like=True):
    """One thing that an act turned into another; None: it was not there."""

    field: str
    before: Value
    after: Value


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """What was done, to whom or what."""

    what: What
    person_id: int | None = None  # whom it is about, or as whom a key acts
    thing: str = ""  # a key's first characters, a login
    turns: tuple[Turn, ...] = ()


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """A deed, as it is recorded: who did it, and when."""

    id: int
    at: Instant
    author: Author
    deed: Deed


class ActQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which acts of a district: every filter that is given must hold."""

    since: Instant = ""
    before: PlaceOfAct = ("9999", 0)
    by: int | None = None
    person_id: int | None = None
    limit: int = 50


def name_of_key(key: str) -> str:
    """Return what is told of a key: enough to know it by, not enough to guess the rest."""
    return key[:8]


def district_created(made: District) -> Deed:
    """Tell of a new district."""
    return Deed(what=What.DISTRICT_CREATED, turns=_turns({}, _settings(made)))


def district_changed(old: District, new: District) -> Deed | None:
    """Tell what became of a district's settings; None: they are the same."""
    turns = _turns(_settings(old), _settings(new))
    return Deed(what=What.DISTRICT_CHANGED, turns=turns) if turns else None


def _settings(district: District) -> dict[str, Value]:
    found: dict[str, Value] = {
        "name": district.name,
        "time_zone": district.time_zone,
        "lock_days": district.lock_days,
        "powerschool": district.powerschool,
    }
    for look in district.status_looks:
        found[f"name-{look.status}"] = look.name or None
        found[f"colour-{look.status}"] = look.colour and look.colour.value
    return found


def person_created(made: User) -> Deed:
    """Tell of a new person; who they are is on their page."""
    return Deed(what=What.PERSON_CREATED, person_id=made.id, turns=_turns({}, _standing(made)))


def person_changed(old: User, new: User) -> Deed | None:
    """Tell what became of what somebody may do; None: it is the same."""
    turns = _turns(_standing(old), _standing(new))
    return Deed(what=What.PERSON_CHANGED, person_id=new.id, turns=turns) if turns else None


def _standing(person: User) -> dict[str, Value]:
    return {
        "role": int(person.role),
        "school": person.school_id,
        "active": person.active,
    }


def account_created(made: Account) -> Deed:
    """Tell of a new account."""
    return Deed(what=What.ACCOUNT_CREATED, person_id=made.user_id, thing=made.login)


def account_changed(old: Account, new: Account) -> Deed | None:
    """Tell what became of an account; None: nothing that is told, as a new password."""
    if old.disabled_at is None and new.disabled_at is not None:
        return Deed(what=What.ACCOUNT_CLOSED, person_id=new.user_id, thing=new.login)
    if old.disabled_at is not None and new.disabled_at is None:
        return Deed(what=What.ACCOUNT_OPENED, person_id=new.user_id, thing=new.login)
    turns = _turns({"login": old.login}, {"login": new.login})
    return Deed(what=What.LOGIN_CHANGED, person_id=new.user_id, turns=turns) if turns else None


def link_made(made: Link) -> Deed:
    """Tell of a link that sets a password, and until when it works."""
    what = What.INVITED if made.purpose is LinkPurpose.INVITATION else What.RESET
    turns = _turns({}, {"expires_at": made.expires_at})
    return Deed(what=what, person_id=made.user_id, turns=turns)


def key_created(made: ApiKey) -> Deed:
    """Tell of a new key."""
    allowed: dict[str, Value] = {
        "name": made.name or None,
        "read_only": made.read_only,
        "expires_at": made.expires_at,
    }
    return _of_key(What.KEY_CREATED, made, _turns({}, allowed))


def key_changed(old: ApiKey, new: ApiKey) -> Deed | None:
    """Tell what became of a key; None: it has the secret that it had, and is as good."""
    if old.revoked_at is None and new.revoked_at is not None:
        return _of_key(What.KEY_REVOKED, new, ())
    if old.sealed_secret != new.sealed_secret:
        turns = _turns({}, {"former_until": new.former_until})
        return _of_key(What.KEY_ROTATED, new, turns)
    return None


def _of_key(what: What, key: ApiKey, turns: tuple[Turn, ...]) -> Deed:
    return Deed(what=what, person_id=key.user_id, thing=name_of_key(key.key), turns=turns)


def roster_taken_in(summaries: Iterable[RosterSummary]) -> Deed | None:
    """Tell how much a roster changed; None: nothing."""
    counts: dict[str, Value] = {}
    for one in summaries:
        for how in ("added", "changed", "ended"):
            counts[f"{one.noun} {how}"] = getattr(one, how) or None
    turns = _turns({}, counts)
    return Deed(what=What.ROSTER_TAKEN_IN, turns=turns) if turns else None


def _turns(before: Mapping[str, Value], after: Mapping[str, Value]) -> tuple[Turn, ...]:
    """Return what differs, in the order in which it is told."""
    fields = dict.fromkeys((*after, *before))
    pairs = ((field, before.get(field), after.get(field)) for field in fields)
    return tuple(Turn(*each) for each in pairs if each[1] != each[2])
