"""
The embedded store: one SQLite file, any number of readers, one writer at a time.

```text
connection.py   opens the file as it must be opened
mounts.py       which disk the file is on
migrations.py   brings its tables up to date
store.py        SqliteStore: what the house asks for; reads on its own connection
changes.py      what one write does inside a transaction
writer.py       Writer: many writes, one commit
porter.py       carries the log over into the file meanwhile
counter.py      the writer as a process of its own, and the line to it
rows.py         row <-> domain type
selection.py    which page of what was read
```
"""

from rollbook.storage.sqlite.store import SqliteStore, create

__all__ = ["SqliteStore", "create"]
