"""
Cells that a spreadsheet would run: made text on the way out, made what they were on the way in.

A cell that begins as a formula does gets a quote before it, which spreadsheets read as "this is
text". So does what comes after a semicolon, a tab, a bar or a line end within a cell: a
spreadsheet of another language separates cells by one of them, takes our commas for text and our
quotes for nothing, and begins a cell there. So that nothing is lost on the way back, whatever
looks as if it had got a quote loses it: text that begins with quotes and then as a formula does
gets one more.
"""

import re

# The full-width signs count too: some spreadsheets take them for the others. Whether one of these
# matches does not change with another quote at its place: that is what makes the two ways inverse.
_FORMULA = "['\"\\s]*[=+\\-@\uff1d\uff0b\uff0d\uff20]"
_AT_THE_START = f"\\A{{}}(?={_FORMULA}|'*[\t\r\n])"
_WITHIN = f"(?<=[;|\t\r\n]){{}}(?={_FORMULA})"
_PLACES = f"{_AT_THE_START}|{_WITHIN}"
_BARE = re.compile(_PLACES.format("", ""))
_QUOTED = re.compile(_PLACES.format("'", "'"))


def neutral(text: str) -> str:
    """Return a text as a cell that no spreadsheet runs."""
    return _BARE.sub("'", text)


def meant(cell: str) -> str:
    """Return the text that a cell stands for; the inverse of `neutral`."""
    return _QUOTED.sub("", cell) if "'" in cell else cell
