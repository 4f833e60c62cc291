"""What is wrong with a set of files: collected while they are read, told at once."""

from collections.abc import Callable

from rollbook.domain.errors import ImportRefused

_AT_MOST = 100


class Problems:
    """
    The faults found so far, the first hundred of them in words; *tell* hears all of them.

    A line names a file, a line, a column, and ids: never anything else that stands in a file,
    since a cell under the wrong name may be a person's, or a password.
    """

    def __init__(self, tell: Callable[[str], object] = lambda _line: None) -> None:
        self._tell = tell
        self._lines: list[str] = []
        self._count = 0

    @property
    def count(self) -> int:
        """How many there are."""
        return self._count

    @property
    def lines(self) -> list[str]:
        """The first of them, and how many more there are."""
        more = self._count - len(self._lines)
        return [*self._lines, f"and {more} more"] if more else self._lines

    def add(self, file: str, line: int, column: str, what: str) -> None:
        """Note one fault."""
        self._count += 1
        place = f"{file}, line {line}" if line else file
        sentence = f"{place}, {column}: {what}" if column else f"{place}: {what}"
        self._tell(sentence)
        if self._count <= _AT_MOST:
            self._lines.append(sentence)

    def refuse_if_any(self) -> None:
        """Raise `ImportRefused` with all of them."""
        if not self._count:
            return
        found = "1 fault was" if self._count == 1 else f"{self._count} faults were"
        raise ImportRefused(f"{found} found in the files", self.lines)
