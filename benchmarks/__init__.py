"""
What docs/performance.md says, measured again by anyone.

```text
land.py         who is where and was how there, by arithmetic
bulk.py         fills a database with what the service would have written
ground.py       the data set of the measurements, and copies of it
signing.py      requests as bytes, signed            asking.py   what is asked
load.py         wrk, with replay.lua                 sender.py   who knows what became of each
server.py       the servers that are measured        peers/      what they are measured beside
constant.py floors.py   what nothing could beat
measuring.py    one thing, some runs, the middle one
__main__.py     make bench        growth.py  make growth
nation.py rollcall.py   make nation
roster.py       a large roster, taken in twice
results.py report.py plots.py   what came of it, as JSON, Markdown and SVG
```
"""
