"""
The store of a district that grows: PostgreSQL, shared by any number of processes and machines.

```text
pool.py           connections, each working for one district at a time
migrations.py     brings the tables up to date, as their owner
standby.py        long reads on a copy that follows, if nothing is missing there
store.py          PostgresStore: what the house asks for
gathering.py      what several requests ask at the same moment goes together
reading.py        a row that must be there, a record, a history, a choice of sections
sections.py       sections as saves see them: read, judged, written, or read again
changes.py        what each write does
mark_files.py     marks from files and into them
desk.py           where the book is looked after, as whoever logs in
checking.py       what its keys promise, and the record
roster_import.py  a roster, staged and compared in the database
nonces.py         which nonces were used, on whichever machine
limits.py         who asked too often, of all machines together
```

Copies are made with PostgreSQL's own tools: see docs/decisions/0014-postgresql.md.
"""

from rollbook.storage.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
