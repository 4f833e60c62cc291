"""Accounts, with which people come in at the pages."""

import datetime as dt
from typing import TYPE_CHECKING

import click

from rollbook.cli.common import (
    OPERATOR,
    Refusal,
    district_option,
    find_district,
    number,
    out,
    table,
    with_store,
    with_store_and_address,
)
from rollbook.domain.accounts import Account, AccountState, as_login
from rollbook.domain.errors import AlreadyThere
from rollbook.domain.people import District, Role, User
from rollbook.domain.store import Store

if TYPE_CHECKING:
    from rollbook.auth.reception import Reception


@click.group()
def account() -> None:
    """Accounts, with which people come in at the pages: invite, reset, disable and list them."""


login_option = click.option(
    "--login", required=True, help="What they log in with: an address of e-mail, or a name."
)


@account.command("create-admin", no_args_is_help=True)
@click.argument("first_name")
@click.argument("last_name")
@login_option
@district_option
@with_store_and_address
async def create_admin(
    store: Store,
    address: str,
    first_name: str,
    last_name: str,
    login: str,
    district: str | None,
) -> None:
    """
    Create an administrator and invite them: a district's first person at the pages.

    Everybody else can be invited by them.
    """
    place = await find_district(store, district)
    if await store.account(as_login(login)):
        raise AlreadyThere("login", as_login(login))
    person = User(id=0, role=Role.ADMINISTRATOR, name_first=first_name, name_last=last_name)
    made = await store.create_user(place.id, person, by=OPERATOR)
    token = await _reception(store).invite(place.id, made.id, login, by=OPERATOR)
    click.echo(f"Created user {made.id}, {made.display_name}, administrator of “{place.name}”.")
    _show_link(address, token, "a week")


@account.command(no_args_is_help=True)
@click.argument("user", type=number)
@login_option
@district_option
@with_store_and_address
async def invite(
    store: Store, address: str, user: int, login: str, district: str | None
) -> None:
    """
    Give the person with the number USER a login, and print the link that sets their password.

    Invited again before that, they get another link, and the one before works no longer.
    """
    place = await find_district(store, district)
    token = await _reception(store).invite(place.id, user, login, by=OPERATOR)
    _show_link(address, token, "a week")


@account.command(no_args_is_help=True)
@click.argument("user")
@district_option
@with_store_and_address
async def reset(store: Store, address: str, user: str, district: str | None) -> None:
    """Print a link that sets a new password for USER, a number or a login."""
    place = await find_district(store, district)
    found = await _find(store, place, user)
    if found.disabled_at is not None:
        raise Refusal(
            f"The account {found.login} is disabled; let it in again first, with: "
            f"rollbook account enable {found.user_id}"
        )
    token = await _reception(store).reset(place.id, found.user_id, by=OPERATOR)
    _show_link(address, token, "an hour")


@account.command(no_args_is_help=True)
@click.argument("user")
@district_option
@with_store
async def disable(store: Store, user: str, district: str | None) -> None:
    """Let USER, a number or a login, in no more: at once, wherever they are logged in."""
    place = await find_district(store, district)
    found = await _find(store, place, user)
    gone = await _reception(store).disable(place.id, found.user_id, by=OPERATOR)
    click.echo(f"The account {gone.login} is disabled since {gone.disabled_at}.")


@account.command(no_args_is_help=True)
@click.argument("user")
@district_option
@with_store
async def enable(store: Store, user: str, district: str | None) -> None:
    """Let USER, a number or a login, in again, with the password that they had."""
    place = await find_district(store, district)
    found = await _find(store, place, user)
    back = await _reception(store).enable(place.id, found.user_id, by=OPERATOR)
    click.echo(f"The account {back.login} may come in.")


@account.command("list")
@district_option
@with_store
async def list_(store: Store, district: str | None) -> None:
    """List the accounts of a district."""
    place = await find_district(store, district)
    found = await store.accounts(place.id)
    if not found:
        raise Refusal(
            f"Nobody of “{place.name}” has an account yet; begin with: "
            "rollbook account create-admin"
        )
    shown = table("user", "login", "name", "role", "state")
    for one in found:
        person = await store.user(place.id, one.user_id)
        shown.line(
            str(person.id),
            one.login,
            person.display_name,
            person.role.name.lower(),
            _state(one, person),
        )
    out.print(shown)


def _state(one: Account, person: User) -> str:
    match one.state(person):
        case AccountState.DISABLED:
            return f"disabled {str(one.disabled_at)[:10]}"
        case AccountState.LEFT:
            return "has left"
        case AccountState.ACTIVE:
            return "may come in"
        case AccountState.INVITED:
            return "invited"


async def _find(store: Store, place: District, who: str) -> Account:
    """Return the account of a person, by their number or their login."""
    found = None
    if who.isascii() and who.isdigit() and len(who) <= 18:
        found = await store.account_of_user(place.id, int(who))
    found = found or await store.account(as_login(who))
    if found is None or found.district_id != place.id:
        raise Refusal(f"Nobody of “{place.name}” has the account {who}.")
    return found


def _reception(store: Store) -> "Reception":
    from rollbook.auth.passwords import Passwords
    from rollbook.auth.reception import Reception

    return Reception(store, Passwords(), clock=lambda: dt.datetime.now(dt.UTC))


def _show_link(address: str, token: str, lasts: str) -> None:
    click.echo(f"{address}/link/{token}")
    click.echo(f"The link sets a password, once, within {lasts}. Send it to nobody else.")
