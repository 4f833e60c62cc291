"""API keys."""

import datetime as dt

import click

from rollbook.auth.credentials import Safe, new_consumer_key, new_secret
from rollbook.cli.common import (
    OPERATOR,
    Refusal,
    district_option,
    find_district,
    number,
    out,
    table,
    with_store,
    with_store_and_safe,
)
from rollbook.domain.days import instant, is_day
from rollbook.domain.people import ApiKey
from rollbook.domain.store import Store
from rollbook.operations import keys as operations


@click.group()
def key() -> None:
    """API keys, which programs act with: create, list, rotate and revoke them."""


@key.command(no_args_is_help=True)
@click.argument("user_id", type=number)
@click.option("--name", default="", help="What it is for.")
@click.option("--read-only", is_flag=True, help="It may never write.")
@click.option("--expires", help="Its last day, YYYY-MM-DD (UTC).")
@district_option
@with_store_and_safe
async def create(
    store: Store,
    safe: Safe,
    user_id: int,
    name: str,
    expires: str | None,
    district: str | None,
    *,
    read_only: bool,
) -> None:
    """Create a key that acts as USER_ID; its secret is shown once, now."""
    place = await find_district(store, district)
    made = await operations.create_key(
        store,
        place.id,
        user_id,
        key=new_consumer_key(),
        secret=new_secret(),
        seal=safe.seal,
        now=_now(),
        by=OPERATOR,
        terms=operations.Terms(
            name=name,
            read_only=read_only,
            expires_at=_end_of(expires) if expires else None,
        ),
    )
    _show_once(made)


@key.command("list")
@district_option
@with_store
async def list_(store: Store, district: str | None) -> None:
    """List a district's keys, and when each was last used; secrets are never shown again."""
    place = await find_district(store, district)
    found = await store.keys(place.id)
    if not found:
        raise Refusal(f"“{place.name}” has no keys yet; make one with: rollbook key create")
    shown = table("key", "user", "for", "may", "created", "last used", "state")
    for one in found:
        may = "read" if one.read_only else "write"
        created = one.created_at[:10]
        used = one.last_used_on or "—"
        shown.line(one.key, str(one.user_id), one.name, may, created, used, _state(one))
    out.print(shown)


@key.command(no_args_is_help=True)
@click.argument("consumer_key")
@click.option(
    "--grace-hours",
    type=click.IntRange(0, 24 * 30),
    default=24,
    show_default=True,
    help="How long the old secret stays good.",
)
@district_option
@with_store_and_safe
async def rotate(
    store: Store, safe: Safe, consumer_key: str, grace_hours: int, district: str | None
) -> None:
    """Give a key a new secret; the old one stays good for a while."""
    place = await find_district(store, district)
    made = await operations.rotate_key(
        store,
        place.id,
        consumer_key,
        secret=new_secret(),
        seal=safe.seal,
        now=_now(),
        grace=dt.timedelta(hours=grace_hours),
        by=OPERATOR,
    )
    _show_once(made)
    click.echo(f"The old secret is good until {made.key.former_until}.")


@key.command(no_args_is_help=True)
@click.argument("consumer_key")
@district_option
@with_store
async def revoke(store: Store, consumer_key: str, district: str | None) -> None:
    """Take a key back, at once and for good."""
    place = await find_district(store, district)
    gone = await operations.revoke_key(store, place.id, consumer_key, now=_now(), by=OPERATOR)
    click.echo(f"Key {gone.key} is revoked since {gone.revoked_at}.")


def _show_once(made: operations.NewSecret) -> None:
    click.echo(f"key     {made.key.key}")
    click.echo(f"secret  {made.secret}")
    click.echo("Keep the secret now: it cannot be shown again.")


def _state(one: ApiKey) -> str:
    if one.revoked_at:
        return f"revoked {one.revoked_at[:10]}"
    if not one.is_live(instant(_now())):
        return f"expired {(one.expires_at or '')[:10]}"
    return "live"


def _end_of(day: str) -> str:
    if not is_day(day):
        raise Refusal(f"{day} is no day; write it as 2027-06-30.")
    return operations.end_of(day)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
