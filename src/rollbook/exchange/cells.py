"""What a line's cells say, and what is wrong with them."""

import re

import msgspec

from rollbook.domain.days import Day, is_day
from rollbook.domain.sentences import Sentence
from rollbook.exchange.problems import Problems

NO_ID = Sentence("is no id: empty, longer than 255 characters, or not all printable")
EMPTY = Sentence("is empty")
NO_DAY = Sentence("is not a day of the calendar, written YYYY-MM-DD")

_LONGEST_ID = 255
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff]+")  # some cannot be written in XML


class Line(msgspec.Struct):
    """Where a row stands, to tell what is wrong with it."""

    file: str
    number: int
    problems: Problems

    def wrong(self, column: str, what: Sentence) -> None:
        """Note a fault: when all is read, the import is refused."""
        self.problems.add(self.file, self.number, column, what)

    def title(self, column: str, cell: str) -> str:
        """Return a text that must not be empty."""
        if not cell:
            self.wrong(column, EMPTY)
        return text(cell)

    def day(self, column: str, cell: str) -> Day | None:
        """Return a day; None where none is given."""
        if cell and not is_day(cell):
            self.wrong(column, NO_DAY)
        return cell or None


def is_id(cell: str) -> bool:
    """Say whether a cell can be the id of something, and can be shown."""
    return 0 < len(cell) <= _LONGEST_ID and cell.isprintable()


def text(cell: str) -> str:
    """Return a cell as one line of text."""
    return _CONTROLS.sub(" ", cell)


def listed(cell: str) -> tuple[str, ...]:
    """Return the ids of a cell that holds several, each once."""
    return tuple(dict.fromkeys(each.strip() for each in cell.split(",") if each.strip()))
