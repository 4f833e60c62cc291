"""The statements in SQLite's dialect, by name."""

from rollbook.storage import queries

SQL = queries.load("sqlite")
