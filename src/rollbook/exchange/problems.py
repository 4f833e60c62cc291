"""What is wrong with a set of files: collected while they are read, told at once."""

from collections.abc import Callable

from rollbook.domain.errors import ImportRefused
from rollbook.domain.sentences import Sentence

_AT_MOST = 100


class Problems:
    """
    The faults found so far, the first hundred of them in words; *tell* hears all of them.

    A line names a file, a line, a column, and ids: never anything else that stands in a file,
    since a cell under the wrong name may be a person's, or a password.
    """

    def __init__(self, tell: Callable[[str], object] = lambda _line: None) -> None:
        self._tell = tell
        self._lines: list[Sentence] = []
        self._count = 0

    @property
    def count(self) -> int:
        """How many there are."""
        return self._count

    @property
    def lines(self) -> list[Sentence]:
        """The first of them, and how many more there are."""
        more = self._count - len(self._lines)
        return [*self._lines, Sentence("and {count} more", count=more)] if more else self._lines

    def add(self, file: str, line: int, column: str, what: str) -> None:
        """Note one fault."""
        self._count += 1
        sentence = placed(file, line, column, what)
        self._tell(sentence)
        if self._count <= _AT_MOST:
            self._lines.append(sentence)

    def refuse_if_any(self) -> None:
        """Raise `ImportRefused` with all of them."""
        if not self._count:
            return
        one = Sentence("1 fault was found in the files")
        several = Sentence("{count} faults were found in the files", count=self._count)
        raise ImportRefused(one if self._count == 1 else several, self.lines)


def placed(file: str, line: int, column: str, what: str) -> Sentence:
    """Return what is wrong, after where it is: *line* 0 and *column* "" are nowhere."""
    if not line and not column:
        return Sentence("{file}: {what}", file=file, what=what)
    if not line:
        return Sentence("{file}, {column}: {what}", file=file, column=column, what=what)
    if not column:
        return Sentence("{file}, line {line}: {what}", file=file, line=line, what=what)
    return Sentence(
        "{file}, line {line}, {column}: {what}", file=file, line=line, column=column, what=what
    )
