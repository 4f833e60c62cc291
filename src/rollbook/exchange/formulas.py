"""
Cells that a spreadsheet would run: made text on the way out, made what they were on the way in.

A cell that begins as a formula does gets a quote before it, which spreadsheets read as "this is
text". So that nothing is lost on the way back, whatever looks as if it had got one loses it: text
that begins with quotes and then as a formula does gets one more.
"""

import re

# The full-width signs count too: some spreadsheets take them for the others. Whether this
# matches does not change with another quote before it: that is what makes the two ways inverse.
_STARTS_A_FORMULA = re.compile("['\\s]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|'*[\t\r\n]").match


def neutral(text: str) -> str:
    """Return a text as a cell that no spreadsheet runs."""
    return f"'{text}" if _STARTS_A_FORMULA(text) else text


def meant(cell: str) -> str:
    """Return the text that a cell stands for; the inverse of `neutral`."""
    return cell[1:] if cell.startswith("'") and _STARTS_A_FORMULA(cell) else cell
