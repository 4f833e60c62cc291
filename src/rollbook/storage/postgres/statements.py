"""The statements as PostgreSQL understands them."""

from types import SimpleNamespace

from rollbook.storage.queries import numbered, statements

_ALL = {name: numbered(text) for name, text in statements("postgres").items()}

SQL = SimpleNamespace(**{name: text for name, (text, _) in _ALL.items()})
PARAMETERS = dict(_ALL.values())  # the names of a statement's parameters, by its text
