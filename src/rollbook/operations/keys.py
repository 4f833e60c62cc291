"""Giving out API keys, and taking them back."""

import datetime as dt
from typing import Protocol

import msgspec

from rollbook.domain.days import Day, instant
from rollbook.domain.errors import BadRequest, NoSuchThing
from rollbook.domain.people import ApiKey, Instant
from rollbook.domain.record import Author
from rollbook.domain.sentences import Sentence
from rollbook.domain.store import Store


class Seal(Protocol):
    """What encrypts a secret, bound to its key and district: `auth.credentials.Safe`."""

    def __call__(self, secret: str, *, key: str, district_id: int) -> bytes:
        """Return the secret as it is stored."""


class NewSecret(msgspec.Struct, frozen=True):
    """A key and its secret, which nobody can show a second time."""

    key: ApiKey
    secret: str


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a key is for, and how far it goes."""

    name: str = ""
    read_only: bool = False
    expires_at: Instant | None = None


def end_of(day: Day) -> Instant:
    """Return the last moment, in UTC, of a key's last day."""
    return f"{day}T23:59:59.999Z"


async def create_key(
    store: Store,
    district_id: int,
    user_id: int,
    *,
    key: str,
    secret: str,
    seal: Seal,
    now: dt.datetime,
    by: Author,
    terms: Terms,
) -> NewSecret:
    """Give a user a key; raises `NoSuchThing` when there is no such user."""
    made = ApiKey(
        key=key,
        district_id=district_id,
        user_id=user_id,
        sealed_secret=seal(secret, key=key, district_id=district_id),
        name=terms.name,
        read_only=terms.read_only,
        created_at=instant(now),
        expires_at=terms.expires_at,
    )
    await store.create_key(made, by=by)
    return NewSecret(made, secret)


async def rotate_key(
    store: Store,
    district_id: int,
    key: str,
    *,
    secret: str,
    seal: Seal,
    now: dt.datetime,
    grace: dt.timedelta,
    by: Author,
) -> NewSecret:
    """
    Give a key a new secret; the old one stays good for *grace*.

    Raises:
        NoSuchThing: The district has no such key.
        BadRequest: It is revoked or has expired: no secret makes it good again.
    """
    old = await _key(store, district_id, key)
    if not old.is_live(instant(now)):
        raise BadRequest(
            Sentence(
                "The key {key} is revoked or has expired; create a new one instead.", key=key
            )
        )
    new = msgspec.structs.replace(
        old,
        sealed_secret=seal(secret, key=key, district_id=district_id),
        former_sealed_secret=old.sealed_secret,
        former_until=instant(now + grace),
    )
    await store.change_key(new, by=by)
    return NewSecret(new, secret)


async def revoke_key(
    store: Store, district_id: int, key: str, *, now: dt.datetime, by: Author
) -> ApiKey:
    """Take a key back, at once and for good; raises `NoSuchThing`."""
    old = await _key(store, district_id, key)
    if old.revoked_at is not None:
        return old
    new = msgspec.structs.replace(old, revoked_at=instant(now))
    await store.change_key(new, by=by)
    return new


async def _key(store: Store, district_id: int, key: str) -> ApiKey:
    for found in await store.keys(district_id):
        if found.key == key:
            return found
    raise NoSuchThing("key", key)
