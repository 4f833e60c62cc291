"""Districts."""

import click
import msgspec

from rollbook.cli.common import OPERATOR, Refusal, find_district, out, table, with_store
from rollbook.domain.people import District
from rollbook.domain.store import Store
from rollbook.operations.districts import require_zone


@click.group()
def district() -> None:
    """Districts: create, show and change them."""


@district.command()
@click.argument("name")
@click.option("--time-zone", default="UTC", show_default=True, help="As in America/Chicago.")
@with_store
async def create(store: Store, name: str, time_zone: str) -> None:
    """Create the district NAME."""
    require_zone(time_zone)
    made = await store.create_district(name, time_zone, by=OPERATOR)
    click.echo(f"Created district {made.id} “{made.name}”.")


@district.command()
@click.argument("name", required=False)
@with_store
async def show(store: Store, name: str | None) -> None:
    """Show the district NAME (or number), or all of them."""
    found = [await find_district(store, name)] if name else await store.districts()
    if not found:
        raise Refusal("There is no district yet; make one with: rollbook district create NAME")
    shown = table("number", "name", "time zone", "attendance is taken")
    for one in found:
        shown.line(str(one.id), one.name, one.time_zone, _where(one))
    out.print(shown)


@district.command("set")
@click.argument("name")
@click.option("--name", "new_name", help="A new name.")
@click.option("--time-zone", help="As in America/Chicago.")
@click.option(
    "--powerschool/--no-powerschool",
    default=None,
    help="Whether the district has the PowerSchool SIS Attendance App: the attendance of its "
    "sections then answers 410 Gone. Nothing is lost: switched back, all is there.",
)
@with_store
async def set_(
    store: Store,
    name: str,
    new_name: str | None,
    time_zone: str | None,
    *,
    powerschool: bool | None,
) -> None:
    """Change the district NAME (or number)."""
    old = await find_district(store, name)
    if time_zone:
        require_zone(time_zone)
    changes = {"name": new_name, "time_zone": time_zone, "powerschool": powerschool}
    given = {key: value for key, value in changes.items() if value is not None}
    if not given:
        raise Refusal("Say what to change: --name, --time-zone, --powerschool.")
    new = await store.change_district(msgspec.structs.replace(old, **given), by=OPERATOR)
    click.echo(
        f"District {new.id} “{new.name}”, {new.time_zone}: attendance is taken {_where(new)}."
    )


def _where(one: District) -> str:
    return "in PowerSchool" if one.powerschool else "here"
