"""
The named statements of `storage/sql`.

A statement begins with `-- name: its_name` and ends before the next. `SQL.its_name` is its
text; a misspelt name fails when it is first used, and `tests/storage` looks each one up.
"""

import re
from importlib import resources
from types import SimpleNamespace

_NAMED = re.compile(r"^-- name: (\w+)\n(.*?)(?=^-- name: |\Z)", re.MULTILINE | re.DOTALL)


def statements(dialect: str) -> dict[str, str]:
    """Return every statement that *dialect* uses, by name: the common ones and its own."""
    folder = resources.files("rollbook.storage") / "sql"
    found: dict[str, str] = {}
    for place in (folder, folder / dialect):
        for file in sorted(place.iterdir(), key=lambda entry: entry.name):
            if file.name.endswith(".sql"):
                found.update(_read(file.read_text(encoding="utf-8")))
    return found


def _read(text: str) -> dict[str, str]:
    return {name: body.strip() for name, body in _NAMED.findall(text)}


def load(dialect: str) -> SimpleNamespace:
    """Return the statements of a dialect as attributes."""
    return SimpleNamespace(**statements(dialect))
