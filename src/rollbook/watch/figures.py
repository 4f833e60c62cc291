"""
Figures that several processes count, and that any one of them can tell.

Each process counts on a sheet of its own, in a folder that all of them share: a file of numbers
and of what they are called, mapped into memory. To count is to add to a number in memory; to tell
is to read every sheet. A sheet is held by a lock: when a process dies the one that takes its place
goes on counting where it stopped, so no count ever falls.
"""

import fcntl
import itertools
import mmap
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Literal, TypeAlias

import msgspec

Labels: TypeAlias = tuple[str, ...]

# Of a sheet: numbers, and then bytes of names. What has no room is counted nowhere.
_NUMBERS_MAX, _NAMES_MAX = 4096, 256 * 1024
_SPARE = 64  # numbers at the end that nobody reads, wider than any figure
_BYTES = 8  # of a number
_SIZE = _NUMBERS_MAX * _BYTES + _NAMES_MAX
_SUFFIX = ".sheet"


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
            file = (room / f"{self.name}{_SUFFIX}").open("a+b")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.close()
            else:
                break
        self._file = file
        memory = memoryview(_memory_of(file))
        self.numbers = memory[: _NUMBERS_MAX * _BYTES].cast("d")
        self._names = memory[_NUMBERS_MAX * _BYTES :]
        self._slots: dict[tuple[str, Labels], int] = {}
        self._next = 0
        self._named = 0  # bytes
        self._go_on()

    def _go_on(self) -> None:
        """Take over what the process before us counted; its gauges went with it."""
        for name, labels in _lines(self._names):
            figure = self._figures[name]
            self._slots[name, labels] = self._next
            if figure.kind == "gauge":
                self.numbers[self._next] = 0.0
            self._next += figure.width
            self._named += len(_line(name, labels))

    def slot(self, figure: Figure, *labels: str) -> int:
        """Return where that is counted: the first of its numbers."""
        found = self._slots.get((figure.name, labels))
        if found is None:
            found = self._slots[figure.name, labels] = self._new(figure, labels)
        return found

    def _new(self, figure: Figure, labels: Labels) -> int:
        line = _line(figure.name, labels)
        end = self._named + len(line)
        if self._next + figure.width > _NUMBERS_MAX - _SPARE or end >= _NAMES_MAX:
            return _NUMBERS_MAX - _SPARE
        self._names[self._named : end] = line
        self._named = end
        slot = self._next
        self._next += figure.width
        return slot

    def close(self) -> None:
        """Let another process take the sheet."""
        if self._file.closed:
            return
        fcntl.flock(self._file, fcntl.LOCK_UN)  # what is mapped keeps the file open
        self._file.close()


def _memory_of(file: IO[bytes]) -> mmap.mmap:
    """
    Return the file in memory.

    Its room on the disk is taken first: to write to a page that has none kills the process. On
    a full disk it is memory of our own, and nobody else is told.
    """
    try:
        os.posix_fallocate(file.fileno(), 0, _SIZE)
        return mmap.mmap(file.fileno(), _SIZE)
    except OSError:
        return mmap.mmap(-1, _SIZE)


def read_all(room: Path, figures: Mapping[str, Figure]) -> dict[str, dict[Labels, list[float]]]:
    """Return, by figure and labels, the numbers of all sheets together."""
    found: dict[str, dict[Labels, list[float]]] = {name: {} for name in figures}
    for sheet in sorted(room.glob(f"*{_SUFFIX}")):
        memory = memoryview(sheet.read_bytes())
        numbers = memory[: _NUMBERS_MAX * _BYTES].cast("d")
        slot = 0
        for name, labels in _lines(memory[_NUMBERS_MAX * _BYTES :]):
            width = figures[name].width
            here = numbers[slot : slot + width]
            total = found[name].setdefault(labels, [0.0] * width)
            found[name][labels] = [a + b for a, b in zip(total, here, strict=True)]
            slot += width
    return found


def _line(name: str, labels: Labels) -> bytes:
    return msgspec.json.encode((name, labels)) + b"\n"


_read_line = msgspec.json.Decoder(tuple[str, Labels]).decode


def _lines(names: memoryview) -> list[tuple[str, Labels]]:
    written = bytes(names).partition(b"\0")[0]
    whole, _, _half = written.rpartition(b"\n")  # a line may be being written this moment
    return [_read_line(line) for line in whole.splitlines()]
