"""
Write docs/settings.md and docs/cli.md from what the code says; `make docs` runs this.

`tests/test_docs.py` holds that both are as this would write them.
"""

from pathlib import Path

import click

from rollbook.cli import main
from rollbook.config import SETTINGS, Setting

HERE = Path(__file__).parent

_SETTINGS = """# Settings

<!-- written by `make docs` from src/rollbook/config.py -->

A setting is given, strongest first,

1. as an option of the command: `rollbook serve --port 8460`;
2. in the environment: `ROLLBOOK_PORT=8460`;
3. in a TOML file that `--config` or `ROLLBOOK_CONFIG` names: `port = 8460`;
4. or it has its default.

A value that is none of its kind, and a name in the file that there is not, stop the command
with a sentence that names it. Lists are given with commas, in the file also as a TOML list.
"""

_CLI = """# Commands

<!-- written by `make docs` from the commands' own help -->

Every option of the table in [settings.md](settings.md) can also be given by environment
variable or file. A command that refuses says why and what to do, and ends with exit code 1.
"""


def settings() -> str:
    """Return docs/settings.md."""
    return "\n".join([_SETTINGS, *map(_setting, SETTINGS)])


def _setting(setting: Setting) -> str:
    default = ",".join(setting.default) if setting.is_list else setting.default
    shown = {True: "on", False: "off", "": "empty"}.get(default, f"`{default}`")
    names = f"`{setting.option}` · `{setting.variable}` · default: {shown}"
    return f"## `{setting.name}`\n\n{names}\n\n{setting.help}\n"


def cli() -> str:
    """Return docs/cli.md."""
    return "\n".join([_CLI, *_commands(main, "rollbook")])


def _commands(command: click.Command, name: str) -> list[str]:
    context = click.Context(
        command, info_name=name, terminal_width=80, help_option_names=["-h", "--help"]
    )
    parts = [f"## `{name}`\n\n```text\n{command.get_help(context)}\n```\n"]
    if isinstance(command, click.Group):
        for inner in sorted(command.commands):
            parts += _commands(command.commands[inner], f"{name} {inner}")
    return parts


if __name__ == "__main__":
    (HERE / "settings.md").write_text(settings(), encoding="utf-8")
    (HERE / "cli.md").write_text(cli(), encoding="utf-8")
