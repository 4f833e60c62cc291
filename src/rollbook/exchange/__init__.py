"""
The loading dock: files in and out.

```text
archive.py    opens a zip or a folder that somebody sent us, and trusts nothing in it
csv_rows.py   bytes -> rows of a CSV file, each with its line
problems.py   what is wrong with the files, collected until all is read
cells.py      what a line's cells say, and what is wrong with them
manifest.py   what a OneRoster set says of itself
oneroster.py  a OneRoster set -> the parts of a roster
outcome.py    what came of an import, as one process tells another
marks_csv.py  a file of marks -> lines, and marks -> a file
formulas.py   cells that a spreadsheet would run, made text and back
```
"""
