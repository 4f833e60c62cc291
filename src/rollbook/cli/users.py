"""People."""

import click

from rollbook.cli.common import (
    OPERATOR,
    Refusal,
    district_option,
    find_district,
    out,
    table,
    with_store,
)
from rollbook.domain.people import Role, User
from rollbook.domain.store import Page, Store

_PAGE = 1000  # people read at a time

ROLES = {role.name.lower(): role for role in Role}


@click.group()
def user() -> None:
    """People of a district: create and list them."""


@user.command()
@click.argument("first_name")
@click.argument("last_name")
@click.option(
    "--role",
    type=click.Choice(list(ROLES)),
    default="administrator",
    show_default=True,
    help="What they are in the district.",
)
@click.option("--username", default="", help="The name they log in with.")
@click.option("--email", default="", help="Their address.")
@click.option("--school-uid", help="The district's own id of the person.")
@district_option
@with_store
async def create(
    store: Store,
    first_name: str,
    last_name: str,
    role: str,
    username: str,
    email: str,
    school_uid: str | None,
    district: str | None,
) -> None:
    """Create a person; most people come from a roster (rollbook import) instead."""
    place = await find_district(store, district)
    person = User(
        id=0,
        role=ROLES[role],
        name_first=first_name,
        name_last=last_name,
        username=username,
        primary_email=email,
        sourced_id=school_uid,
    )
    made = await store.create_user(place.id, person, by=OPERATOR)
    click.echo(f"Created user {made.id}, {made.display_name}, {role} of “{place.name}”.")


@user.command("list")
@click.option("--role", type=click.Choice(list(ROLES)), help="Only those.")
@district_option
@with_store
async def list_(store: Store, role: str | None, district: str | None) -> None:
    """List the people of a district."""
    place = await find_district(store, district)
    shown = table("user", "role", "name", "username", "school uid")
    offset = 0
    while True:
        found = await store.users(place.id, Page(offset, _PAGE))
        for person in found.items:
            if role is None or person.role is ROLES[role]:
                shown.line(
                    str(person.id),
                    person.role.name.lower(),
                    person.display_name,
                    person.username,
                    person.sourced_id or "",
                )
        offset += _PAGE
        if offset >= found.total:
            break
    if not shown.row_count:
        raise Refusal(f"There is nobody of that kind in “{place.name}” yet.")
    out.print(shown)
