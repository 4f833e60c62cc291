"""Commands that look after the house itself, and what all commands have in common."""

import subprocess
import sys
from pathlib import Path

import apsw
import click
import pytest

from cli.terminal import Terminal
from rollbook import __version__
from rollbook.cli import main
from rollbook.config import SETTINGS
from rollbook.storage.sqlite.migrations import known

STEPS = [step.name for step in known()]


def commands(group: click.Group, *before: str) -> list[tuple[str, ...]]:
    """Return the words of every command that does something."""
    found: list[tuple[str, ...]] = []
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found += commands(command, *before, name)
        else:
            found.append((*before, name))
    return found


assert isinstance(main, click.Group)
COMMANDS = commands(main)

NEED_A_DATABASE: list[tuple[str, ...]] = [
    ("district", "create", "Lindenhof"),
    ("district", "show"),
    ("district", "set", "Lindenhof", "--powerschool"),
    ("user", "create", "Jo", "Doe"),
    ("user", "list"),
    ("key", "create", "1"),
    ("key", "list"),
    ("key", "rotate", "k"),
    ("key", "revoke", "k"),
    ("roll", "1", "2026-09-14"),
    ("history", "1"),
    ("check",),
    ("head",),
    ("backup", "nowhere.db"),
    ("prune", "--before", "2020-01-01"),
    ("hold", "list"),
]


# ---------------------------------------------------------------- migrate


def test_a_database_is_made_once(empty: Terminal) -> None:
    """
    `migrate` makes the database and says which steps it ran; the second time there are none.
    """
    first = empty.run("migrate")
    second = empty.run("migrate")

    assert first == "".join(f"ran {step}\n" for step in STEPS)
    assert second == f"{empty.database} is up to date.\n"


def test_a_rehearsal_changes_nothing(empty: Terminal) -> None:
    """
    A rehearsal says what would be run, and the run after it still has all of it to do.
    """
    rehearsed = empty.run("migrate", "--rehearse")
    refused = empty.refused("district", "show")
    nothing = not empty.database.exists()
    ran = empty.run("migrate")

    assert rehearsed == "".join(f"rehearsed {step}\n" for step in STEPS)
    assert "rollbook migrate" in refused
    assert nothing
    assert ran == "".join(f"ran {step}\n" for step in STEPS)


def test_a_database_of_a_later_version_is_refused(empty: Terminal) -> None:
    """
    A file that a later version wrote is left alone, and what to do is said.
    """
    empty.run("migrate")
    db = apsw.Connection(str(empty.database))
    db.pragma("user_version", 99)
    db.close()

    assert "Install that version or a later one." in empty.refused("migrate")
    assert "Install that version or a later one." in empty.refused("district", "show")


# ---------------------------------------------------------------- completion


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_learns_to_complete_words(empty: Terminal, shell: str) -> None:
    """
    The script that is printed asks `rollbook` itself what a word may become.
    """
    script = empty.run("completion", shell)

    assert "_ROLLBOOK_COMPLETE" in script
    assert "rollbook" in script


def test_a_completed_word_is_a_command(empty: Terminal) -> None:
    """
    What the script asks for is answered with the commands that begin so.
    """
    code = "from rollbook.cli import main; main(prog_name='rollbook')"
    asked = {
        "_ROLLBOOK_COMPLETE": "bash_complete",
        "COMP_WORDS": "rollbook dist",
        "COMP_CWORD": "1",
        "PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src"),
    }
    answered = subprocess.run(
        [sys.executable, "-c", code], env=asked, capture_output=True, text=True, check=False
    )

    assert answered.stdout == "plain,district\n"


# ---------------------------------------------------------------- what all have in common


@pytest.mark.parametrize("words", NEED_A_DATABASE, ids=" ".join)
def test_without_a_database_it_is_said_how_to_make_one(
    empty: Terminal, words: tuple[str, ...]
) -> None:
    """
    A command that finds no database names the file it looked for, and `rollbook migrate`.
    """
    says = empty.refused(*words)

    assert str(empty.database) in says
    assert "rollbook migrate" in says
    assert not empty.database.exists()


@pytest.mark.parametrize("words", NEED_A_DATABASE, ids=" ".join)
def test_a_file_that_is_no_database_is_named(empty: Terminal, words: tuple[str, ...]) -> None:
    """
    A command that finds something else in its place says which file it is, and leaves it.
    """
    empty.database.write_text("Dear diary, " * 100)

    assert str(empty.database) in empty.refused(*words)
    assert empty.database.read_text() == "Dear diary, " * 100


@pytest.mark.parametrize("words", [("district", "show"), ("migrate",), ("key", "list")])
def test_a_wrong_setting_is_a_sentence(
    empty: Terminal, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """
    A settings file with a name in it that there is not stops every command, by that name.
    """
    file = tmp_path / "rollbook.toml"
    file.write_text("prot = 1")

    assert "There is no setting prot" in empty.refused(*words, "--config", str(file))


def test_an_option_counts_more_than_the_environment(empty: Terminal, tmp_path: Path) -> None:
    """
    The database that is named on the command line is the one that is used.
    """
    other = tmp_path / "other.db"
    empty.run("migrate", "--database", str(other))

    assert other.exists()
    assert not empty.database.exists()


@pytest.mark.parametrize("number", ["-1", "9" * 19, "seven", "٧", "7.0", ""])
@pytest.mark.parametrize("words", [("roll", "{}", "2026-09-14"), ("history", "{}")])
def test_a_number_that_is_no_id_is_refused(
    terminal: Terminal, words: tuple[str, ...], number: str
) -> None:
    """
    What can be nobody's number is refused as a wrong word on the command line is.
    """
    result = terminal.types(*(word.replace("{}", number) for word in words))

    assert result.exit_code == 2
    assert "SECTION_ID" in result.stderr or "No such option" in result.stderr


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(empty: Terminal, words: tuple[str, ...]) -> None:
    """
    Each command says what it does, and each of its options what it is for.
    """
    said = " ".join(empty.run(*words, "--help").split())
    command: click.Command = main
    for word in words:
        assert isinstance(command, click.Group)
        command = command.commands[word]

    paragraph = (command.help or "").strip().partition("\n\n")[0]
    assert " ".join(paragraph.split()) in said
    assert paragraph
    assert all(option.help for option in command.params if isinstance(option, click.Option))


def test_every_setting_is_an_option_of_serve(empty: Terminal) -> None:
    """
    Whatever can be set can be set when the server is started, and its variable is told there.
    """
    said = empty.run("serve", "--help")

    assert all(setting.option in said for setting in SETTINGS)
    assert all(setting.variable in said.replace("\n", "") for setting in SETTINGS)


def test_the_version_is_told(empty: Terminal) -> None:
    """
    `rollbook --version` says which one it is.
    """
    assert empty.run("--version") == f"rollbook, version {__version__}\n"
