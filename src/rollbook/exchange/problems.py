"""What is wrong with a set of files: collected while they are read, told at once."""

from rollbook.domain.errors import ImportRefused

_AT_MOST = 100


class Problems:
    """
    The faults found so far, the first hundred of them in words.

    A line names a file, a line, a column, and ids: never anything else that stands in a file,
    since a cell under the wrong name may be a person's, or a password.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._count = 0

    def add(self, file: str, line: int, column: str, what: str) -> None:
        """Note one fault."""
        self._count += 1
        if self._count <= _AT_MOST:
            place = f"{file}, line {line}" if line else file
            self._lines.append(f"{place}, {column}: {what}" if column else f"{place}: {what}")

    def refuse_if_any(self) -> None:
        """Raise `ImportRefused` with all of them."""
        if not self._count:
            return
        more = self._count - len(self._lines)
        lines = [*self._lines, f"and {more} more"] if more else self._lines
        found = "1 fault was" if self._count == 1 else f"{self._count} faults were"
        raise ImportRefused(f"{found} found in the files", lines)
