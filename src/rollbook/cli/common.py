"""What the commands share: settings as options, a store that is open, errors as sentences."""

import asyncio
import functools
import re
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click
from rich import box
from rich.console import Console
from rich.table import Table

from rollbook import config as configuration
from rollbook.config import SETTINGS, Config
from rollbook.domain.errors import BadRequest, RollbookError
from rollbook.domain.people import District
from rollbook.domain.record import Author, Channel
from rollbook.domain.store import Store

T = TypeVar("T")

OPERATOR = Author(user_id=None, channel=Channel.CLI)  # who does what a command does

# Into a pipe or a file a table is as wide as it needs to be. A name in brackets is no markup.
_WIDTH = None if sys.stdout.isatty() else 500
out = Console(highlight=False, markup=False, emoji=False, width=_WIDTH)
err = Console(stderr=True, highlight=False, markup=False, emoji=False)

_NO_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def plain(text: str) -> str:
    """Return what somebody wrote without what it could do to a terminal."""
    return _NO_TEXT.sub("\ufffd", text)


def number(text: str) -> int:
    """Read what can be the number of something here."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise click.BadParameter(f"{text} is the number of nothing here.")
    return int(text)


class Sheet(Table):
    """A table of what people and rosters wrote."""

    def line(self, *cells: str) -> None:
        """Add a row of cells, as they were written."""
        self.add_row(*map(plain, cells))


def table(*columns: str, title: str = "") -> Sheet:
    """Return a table for *out*: the first column stays whole, the others are folded."""
    made = Sheet(
        title=plain(title) or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False
    )
    for number, column in enumerate(columns):
        made.add_column(column, overflow="fold", no_wrap=number == 0)
    return made


class Refusal(click.ClickException):
    """A `RollbookError` at the command line: its sentence, and exit code 1."""


def settings(*names: str) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """
    Give a command options for those settings, and the `Config` they lead to as `config`.

    An option that is not given leaves the setting to the environment, the file, the default.
    """
    table = {setting.name: setting for setting in SETTINGS}

    def decorate(command: Callable[..., T]) -> Callable[..., T]:
        @functools.wraps(command)
        def with_config(*args: Any, config_file: Path | None, **given: Any) -> T:
            options = {name: given.pop(name) for name in names}
            with refusals_as_sentences():
                _require_text(given)
                config = configuration.load(options, file=config_file)
                return command(*args, config=config, **given)

        decorated: Callable[..., T] = with_config
        for name in reversed(names):
            decorated = _option(table[name])(decorated)
        return click.option(
            "--config",
            "config_file",
            type=click.Path(path_type=Path, dir_okay=False),
            help="A TOML file with settings. [env: ROLLBOOK_CONFIG]",
        )(decorated)

    return decorate


def _option(setting: configuration.Setting) -> Callable[[Any], Any]:
    shown = ",".join(setting.default) if setting.is_list else setting.default
    default = f"; default: {shown}" if shown not in ("", False) else ""
    return click.option(
        setting.option,
        setting.name,
        type=int if setting.type is int else str,
        is_flag=setting.type is bool,
        default=None,
        flag_value="true" if setting.type is bool else None,
        help=f"{setting.help} [env: {setting.variable}{default}]",
    )


def _require_text(given: Mapping[str, Any]) -> None:
    """Raise `BadRequest` for a word that is no UTF-8, or that would move the cursor."""
    for name, value in given.items():
        if isinstance(value, str) and plain(value) != value:
            words = name.replace("_", " ")
            raise BadRequest(f"There is a character in {words} that no text can have.")


class refusals_as_sentences:  # noqa: N801 — reads as a phrase: with refusals_as_sentences()
    """Whatever the house refuses inside ends the command with its sentence."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, RollbookError):
            raise Refusal(str(error)) from error


def with_store(command: Callable[..., Awaitable[T]]) -> Callable[..., T]:
    """Run an asynchronous command with the store open; it gets the store first."""
    return _with_store(command)


def with_store_to_read(command: Callable[..., Awaitable[T]]) -> Callable[..., T]:
    """The same for one that reads for long: a standby may answer it."""
    return _with_store(command, "read_database")


def with_store_and_safe(command: Callable[..., Awaitable[T]]) -> Callable[..., T]:
    """The same, and it gets the safe for secrets second."""

    def open_safe(config: Config) -> object:
        from rollbook import wiring

        return wiring.open_safe(config)

    return _with_store(command, "master_key_file", second=open_safe)


def with_store_and_address(command: Callable[..., Awaitable[T]]) -> Callable[..., T]:
    """The same, and it gets the address that links begin with second."""
    return _with_store(command, "public_url", second=_address)


def _address(config: Config) -> str:
    return config.public_url.rstrip("/") or f"http://{config.host}:{config.port}"


def _with_store(
    command: Callable[..., Awaitable[T]],
    *names: str,
    second: Callable[[Config], object] | None = None,
) -> Callable[..., T]:
    @functools.wraps(command)
    def run(*args: Any, config: Config, **given: Any) -> T:
        from rollbook import wiring

        async def inside() -> T:
            async with wiring.opened_store(config) as store:
                first = (store, second(config)) if second else (store,)
                return await command(*first, *args, **given)

        return asyncio.run(inside())

    return settings("database", *names)(run)


async def find_district(store: Store, name: str | None) -> District:
    """Return the district of that name or number; with None, the only one there is."""
    return district_of(await store.districts(), name)


def district_of(districts: list[District], name: str | None) -> District:
    """Return the one of that name or number; with None, the only one there is."""
    if name is None and len(districts) == 1:
        return districts[0]
    by_number = {str(district.id): district for district in districts}
    by_name = {district.name: district for district in districts}
    # A district may call itself by another one's number: that is still the other one.
    if name is not None and (found := by_number.get(name) or by_name.get(name)):
        return found
    known = ", ".join(f"{district.id} “{district.name}”" for district in districts)
    wanted = f"There is no district {name}" if name else "Say which district, with --district"
    hint = f"there are: {known}" if known else "make one with: rollbook district create NAME"
    raise Refusal(f"{wanted}; {hint}.")


def district_option(command: Callable[..., T]) -> Callable[..., T]:
    """Give a command the option --district."""
    return click.option(
        "--district", help="The district, by name or number; not needed where there is one."
    )(command)
