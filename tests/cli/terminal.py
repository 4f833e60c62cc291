"""A terminal at which an operator types commands."""

from pathlib import Path

from click.testing import CliRunner, Result

from rollbook.cli import main


class Terminal:
    """Runs commands against one database, as an operator does whose settings are in place."""

    def __init__(self, folder: Path, *, address: str = "") -> None:
        """Sit down at it; the database is a file in *folder*, or at that address."""
        self.database = folder / "rollbook.db"
        self.master_key = folder / "keys" / "master.key"
        self._environment = {
            "ROLLBOOK_DATABASE": address or str(self.database),
            "ROLLBOOK_MASTER_KEY_FILE": str(self.master_key),
            "ROLLBOOK_CONFIG": "",
        }

    def types(self, *words: str | int | Path) -> Result:
        """Run a command, whatever comes of it."""
        return CliRunner().invoke(main, [str(word) for word in words], env=self._environment)

    def run(self, *words: str | int | Path) -> str:
        """Run a command that does what it is asked, and return what it says."""
        result = self.types(*words)
        assert result.exit_code == 0, result.output
        assert result.stderr == ""
        return result.stdout

    def refused(self, *words: str | int | Path) -> str:
        """Run a command that refuses with exit code 1 and no traceback; return its sentence."""
        result = self.types(*words)
        assert result.exit_code == 1, result.output
        assert isinstance(result.exception, SystemExit), result.exc_info
        assert result.stderr.startswith("Error: ")
        assert result.stderr.count("\n") == 1
        return result.stderr.removeprefix("Error: ").strip()


def rows(table: str) -> list[list[str]]:
    """Return the words of each row of a printed table, without its head."""
    lines = [line.split() for line in table.splitlines() if line.strip()]
    head = next(number for number, words in enumerate(lines) if set("".join(words)) == {"─"})
    return lines[head + 1 :]
