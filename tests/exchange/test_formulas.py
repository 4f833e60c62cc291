"""Cells that a spreadsheet would run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.spreadsheet import FORMULAS, live_cells
from rollbook.exchange.csv_rows import row_of
from rollbook.exchange.formulas import meant, neutral
from wire.naughty import strings

PLAIN = [
    "",
    "a;b",
    "a; b|c\n1",
    "two\nlines",
    "sick",
    "'twas late",
    "a=b",
    "1-1",
    "''",
    "9:40",
    "mother@home.example",
    "(=1)",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_would_run_is_text(text: str) -> None:
    """
    Whichever way a spreadsheet separates cells, none of them begins as a formula does.
    """
    assert live_cells(row_of(["a", neutral(text), "b"])) == []


def test_as_they_are_written_a_spreadsheet_runs_them() -> None:
    """
    But for those that begin with a quote of their own, and one that needs no help.
    """
    asleep = [text for text in FORMULAS if not live_cells(row_of(["a", text, "b"]))]

    assert [text for text in asleep if "'" not in text] == ['",=1+1,"']


@pytest.mark.parametrize("text", ["=1+1", " @A1", "'=1+1", "\uff1d1+1", "-2+3"])
def test_what_begins_as_a_formula_begins_with_a_quote(text: str) -> None:
    """
    That is what spreadsheets read as text.
    """
    assert neutral(text) == f"'{text}"


def test_what_begins_as_a_formula_within_a_cell_gets_a_quote_there() -> None:
    """
    After what may separate cells, and nowhere else.
    """
    assert neutral("late;=1+1;b") == "late;'=1+1;b"
    assert neutral("a\n=1;-2") == "a\n'=1;'-2"


@pytest.mark.parametrize("text", PLAIN)
def test_other_text_leaves_as_it_is(text: str) -> None:
    """
    Nothing is put before a text that no spreadsheet would run.
    """
    assert neutral(text) == text


@given(st.text(st.sampled_from("'\"=+-@;|\t\r\n a\u00a0\uff1d") | st.characters(), max_size=8))
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
    foreign = [text for text in FORMULAS if "'" not in text]
    assert [meant(text) for text in foreign] == foreign
    assert meant("'=1+1") == "=1+1"
