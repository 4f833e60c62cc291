"""
Figures that several processes count, and that any one of them can tell.

Each process counts on a sheet of its own, in a folder that all of them share: a file of numbers,
mapped into memory, and a file that names them line by line. To count is to add to a number in
memory; to tell is to read every sheet. A sheet is held by a lock: when a process dies the one
that takes its place goes on counting where it stopped, so no count ever falls.
"""

import fcntl
import itertools
import mmap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

Labels: TypeAlias = tuple[str, ...]

_NUMBERS_MAX = 8192  # of a sheet; what is counted beyond is counted nowhere
_BYTES = 8  # of a number


class Figure(msgspec.Struct, frozen=True):
    """One thing that is counted or measured."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    about: str
    labels: Labels = ()
    bounds: tuple[float, ...] = ()  # of a histogram, rising

    @property
    def width(self) -> int:
        """How many numbers it takes: a histogram has a sum, and a count up to each bound."""
        return len(self.bounds) + 2 if self.kind == "histogram" else 1


class Sheet:
    """What this process counts: `numbers[slot]`, where `slot` says which."""

    def __init__(self, room: Path, who: str, figures: Iterable[Figure]) -> None:
        """Take a sheet that nobody holds, or a new one; *who* is what sheets are called."""
        self._figures = {figure.name: figure for figure in figures}
        for number in itertools.count(1):
            self.name = f"{who}-{number}"
            file = (room / f"{self.name}.names").open("a+b")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.close()
            else:
                break
        self._names = file
        self._slots: dict[tuple[str, Labels], int] = {}
        with (room / f"{self.name}.numbers").open("a+b") as numbers:
            numbers.truncate(_NUMBERS_MAX * _BYTES)
            self.numbers = memoryview(mmap.mmap(numbers.fileno(), 0)).cast("d")
        self._next = 0
        self._go_on()

    def _go_on(self) -> None:
        """Take over what the process before us counted; its gauges went with it."""
        self._names.seek(0)
        for name, labels in _lines(self._names.read()):
            figure = self._figures[name]
            self._slots[name, labels] = self._next
            if figure.kind == "gauge":
                self.numbers[self._next] = 0.0
            self._next += figure.width

    def slot(self, figure: Figure, *labels: str) -> int:
        """Return where that is counted: the first of its numbers."""
        found = self._slots.get((figure.name, labels))
        if found is None:
            found = self._slots[figure.name, labels] = self._new(figure, labels)
        return found

    def _new(self, figure: Figure, labels: Labels) -> int:
        if self._next + figure.width > _NUMBERS_MAX - _SPARE:
            return _NUMBERS_MAX - _SPARE
        slot = self._next
        self._next += figure.width
        self._names.write(msgspec.json.encode((figure.name, labels)) + b"\n")
        self._names.flush()
        return slot

    def close(self) -> None:
        """Let another process take the sheet."""
        self._names.close()


_SPARE = 64  # numbers at the end that nobody reads, wider than any figure


def read_all(room: Path, figures: Mapping[str, Figure]) -> dict[str, dict[Labels, list[float]]]:
    """Return, by figure and labels, the numbers of all sheets together."""
    found: dict[str, dict[Labels, list[float]]] = {name: {} for name in figures}
    for names in sorted(room.glob("*.names")):
        numbers = memoryview(names.with_suffix(".numbers").read_bytes()).cast("d")
        slot = 0
        for name, labels in _lines(names.read_bytes()):
            width = figures[name].width
            here = numbers[slot : slot + width]
            total = found[name].setdefault(labels, [0.0] * width)
            found[name][labels] = [a + b for a, b in zip(total, here, strict=True)]
            slot += width
    return found


_read_line = msgspec.json.Decoder(tuple[str, Labels]).decode


def _lines(text: bytes) -> list[tuple[str, Labels]]:
    whole, _, _half = text.rpartition(b"\n")  # a line may be being written this moment
    return [_read_line(line) for line in whole.splitlines()]
