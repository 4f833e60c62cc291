"""The documents say what the code does."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from rollbook.cli import main
from rollbook.config import SETTINGS, Setting
from rollbook.watch.figures import Figure
from rollbook.watch.logs import FIELDS
from rollbook.watch.metrics import FIGURES, PID, TOLD

DOCS = Path(__file__).resolve().parent.parent / "docs"


def text_of(name: str) -> str:
    """Return a document's text."""
    return (DOCS / name).read_text(encoding="utf-8")


def commands(command: click.Command, name: str) -> Iterator[str]:
    """Yield a command's name, and those of every command in it."""
    yield name
    if isinstance(command, click.Group):
        for inner, one in command.commands.items():
            yield from commands(one, f"{name} {inner}")


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_in_its_document(setting: Setting) -> None:
    """
    Each setting is told with its option, its variable and what it is for.
    """
    document = text_of("settings.md")

    assert f"`{setting.name}`" in document
    assert f"`{setting.option}`" in document
    assert f"`{setting.variable}`" in document
    assert setting.help in document


@pytest.mark.parametrize("command", list(commands(main, "rollbook")))
def test_every_command_is_in_its_document(command: str) -> None:
    """
    Each command, and each command in a command, has its place.
    """
    assert f"## `{command}`" in text_of("cli.md")


@pytest.mark.parametrize("figure", [*FIGURES.values(), *TOLD], ids=lambda figure: figure.name)
def test_every_figure_is_explained(figure: Figure) -> None:
    """
    Whoever looks at a figure finds out what it is, and what its labels are.
    """
    if figure is PID:  # only for the memory of each process
        return
    labels = f" `{{{','.join(figure.labels)}}}`" if figure.labels else ""

    assert f"| `{figure.name}`{labels} |" in text_of("monitoring.md")


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_of_the_log_is_explained(field: str) -> None:
    """
    The page names each field that a line may have.
    """
    assert f"`{field}`" in text_of("monitoring.md")


@pytest.mark.parametrize("name", ["settings", "cli"])
def test_a_document_is_as_it_would_be_written_now(name: str) -> None:
    """
    What is written from the code was written after its last change: `make docs` does it.
    """
    # In a process of its own: the commands' help is affected by who asked for it before.
    code = f"import generate; print(generate.{name}(), end='')"
    environment = {
        "PYTHONPATH": f"{DOCS}:{DOCS.parent / 'src'}",
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    written = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, check=True
    )

    assert text_of(f"{name}.md") == written.stdout.decode()
