"""
The letterbox: what comes in and goes out as JSON or XML, in one place.

```text
http.py      a request, its answer, the table of routes
formats.py   which format a request has and which its answer gets
json.py      bytes <-> documents
xml.py       the same, so that both say the same
sheets.py    a document of marks -> entries, each readable or with its reason
shapes.py    what each answer looks like
```
"""
