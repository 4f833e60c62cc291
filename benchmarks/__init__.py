"""
What docs/performance.md says, measured again by anyone.

```text
land.py         who is where and was how there, by arithmetic
bulk.py         fills a database with what the service would have written
bulk_postgres.py        the same by COPY, and the peers' tables
ground.py       the data set of the measurements, and copies of it
signing.py      requests as bytes, signed            asking.py   what is asked
load.py         wrk, with replay.lua                 sender.py   who knows what became of each
server.py       the servers that are measured        peers/      what they are measured beside
constant.py floors.py   what nothing could beat
pgbench/ cluster.py     the same on PostgreSQL, in a cluster of their own
measuring.py    one thing, some runs, the middle one        kinds.py  which things
__main__.py     make bench        growth.py  make growth, make growth-postgres
postgres.py     make bench-postgres                 on_postgres.py  make bench-peers
nation.py rollcall.py   make nation
roster.py       a large roster, taken in twice
results.py report.py plots.py   what came of it, as JSON, Markdown and SVG
```
"""
