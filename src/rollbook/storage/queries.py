"""
The named statements of `storage/sql`.

A statement begins with `-- name: its_name` and ends before the next. `SQL.its_name` is its
text; a misspelt name fails when it is first used, and `tests/storage` looks each one up.
Parameters are named, `:district_id`, and bound by position in the order of their first
appearance; PostgreSQL gets them as `$1`, `$2` in that order.
"""

import re
from importlib import resources
from types import SimpleNamespace

_NAMED = re.compile(r"^-- name: (\w+)\n(.*?)(?=^-- name: |\Z)", re.MULTILINE | re.DOTALL)
_PARAMETER = re.compile(r"(?<!:):([a-z]\w*)")
_COMMENT = re.compile(r"--[^\n]*")


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


def numbered(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a statement with `$1`, `$2` … and no comments, and what its parameters are called."""
    names: list[str] = []

    def number(parameter: re.Match[str]) -> str:
        name = parameter[1]
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return _PARAMETER.sub(number, _COMMENT.sub("", text)).strip(), tuple(names)


def load(dialect: str) -> SimpleNamespace:
    """Return the statements of a dialect as attributes."""
    return SimpleNamespace(**statements(dialect))
