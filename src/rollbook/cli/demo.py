"""The demonstration."""

import asyncio
import datetime as dt
import shutil
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import click
import msgspec
from rich.progress import BarColumn, Progress, TextColumn

from rollbook import config as configuration
from rollbook.cli.common import OPERATOR, err, refusals_as_sentences
from rollbook.config import Config
from rollbook.domain.accounts import Account
from rollbook.domain.days import instant
from rollbook.domain.store import Store

if TYPE_CHECKING:
    from rollbook.demo import DemoDistrict
    from rollbook.operations.keys import NewSecret

DATABASE, MASTER_KEY, SHOWN = "rollbook.db", "keys/master.key", "shown.json"
# Of everybody, at a server that only this machine reaches.
PASSWORD = "rollbook-demo"  # noqa: S105
_ROLLS = 5000  # about as many as the district has, for the progress bar


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default="demo-data",
    show_default=True,
    help="Where the district is kept.",
)
@click.option(
    "--port", type=int, default=8460, show_default=True, help="The port to listen at."
)
@click.option("--fresh", is_flag=True, help="Begin with a new district.")
def demo(folder: Path, port: int, *, fresh: bool) -> None:
    """
    Start a server with a believable district in it, and say what to type.

    The district has three schools and a semester of rolls that ends today. It is made at the
    first start, in some seconds, and kept for the next.
    """
    from rollbook import wiring

    if fresh:
        shutil.rmtree(folder, ignore_errors=True)
    with refusals_as_sentences():
        shown = _district(folder)
        config = _config(folder, port)
        wiring.serve(config, ready=lambda: _welcome(shown, config, folder))


def _config(folder: Path, port: int) -> Config:
    options = {
        "database": str(folder / DATABASE),
        "master_key_file": str(folder / MASTER_KEY),
        "port": port,
        "host": "127.0.0.1",
        "log_level": "warning",  # the welcome is what is to be read
    }
    return configuration.load(options, environ={})


def _district(folder: Path) -> dict[str, str]:
    """Return what is to be told of the district, made first when it is not there whole."""
    note = folder / SHOWN
    if note.exists():
        shown = msgspec.json.decode(note.read_bytes(), type=dict[str, str])
        if "password" in shown:
            return shown
    shutil.rmtree(folder, ignore_errors=True)  # a start that was broken off, or an older demo
    folder.mkdir(parents=True)
    with Progress(
        TextColumn("Making a district: {task.description}"), BarColumn(), console=err
    ) as bar:
        task = bar.add_task("people and classes", total=_ROLLS)

        def show(noun: str, count: int) -> None:
            if noun == "rolls":
                bar.update(task, description=noun, completed=min(count, _ROLLS))

        shown = asyncio.run(_make(folder, show))
        bar.update(task, completed=_ROLLS)
    note.write_bytes(msgspec.json.encode(shown))
    return shown


async def _make(folder: Path, show: Callable[[str, int], None]) -> dict[str, str]:
    from rollbook import wiring
    from rollbook.auth.credentials import new_consumer_key, new_secret
    from rollbook.demo import fill
    from rollbook.operations import keys

    now = dt.datetime.now(dt.UTC)
    made = await fill(folder / DATABASE, now, show)
    config = _config(folder, 0)
    safe = wiring.open_safe(config)
    async with wiring.opened_store(config) as store:
        given = await keys.create_key(
            store,
            made.district.id,
            made.administrator.id,
            key=new_consumer_key(),
            secret=new_secret(),
            seal=safe.seal,
            now=now,
            by=OPERATOR,
            terms=keys.Terms(name="Demo"),
        )
        await _let_in(store, made, now)
    return _values(made, given)


async def _let_in(store: Store, made: "DemoDistrict", now: dt.datetime) -> None:
    """Give a teacher, their office and the administrator accounts with the one password."""
    from rollbook.auth.passwords import Passwords

    password_hash = await Passwords().hash(PASSWORD)
    for login, person in (
        ("teacher", made.teacher),
        ("office", made.office),
        ("admin", made.administrator),
    ):
        account = Account(
            district_id=made.district.id,
            user_id=person.id,
            login=login,
            password_hash=password_hash,
            created_at=instant(now),
        )
        await store.create_account(account)


def _values(made: "DemoDistrict", given: "NewSecret") -> dict[str, str]:
    """Return what the welcome is filled in with."""
    last = dt.date.fromisoformat(made.last_day)
    return {
        "district": made.district.name,
        "schools": str(made.schools),
        "sections": str(made.sections),
        "students": str(made.students),
        "rolls": str(made.rolls),
        "marks": str(made.marks),
        "administrator": made.administrator.display_name,
        "office": made.office.display_name,
        "teacher": made.teacher.display_name,
        "password": PASSWORD,
        "section": str(made.section_id),
        "enrollment": str(made.enrollment_id),
        "last_day": made.last_day,
        "first_day": (last - dt.timedelta(days=13)).isoformat(),
        "key": given.key.key,
        "secret": given.secret,
    }


def _welcome(shown: dict[str, str], config: Config, folder: Path) -> None:
    """Print where to look and what to type."""
    address = f"http://{config.host}:{config.port}"
    again = f"rollbook demo --fresh --folder {folder}"
    text = resources.files("rollbook.demo").joinpath("welcome.txt").read_text(encoding="utf-8")
    places = {
        "pages": f"{address}/",
        "base": f"{address}/v1",
        "docs": f"{address}/docs",
        "again": again,
    }
    click.echo(Template(text).substitute(shown, **places))
