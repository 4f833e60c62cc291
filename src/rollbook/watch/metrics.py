"""
What Rollbook counts, where it counts it, and the text in which Prometheus reads it.

`docs/monitoring.md` says what each figure means to whoever runs a server.
"""

import contextlib
import os
import platform
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rollbook import __version__
from rollbook.watch.figures import Figure, Labels, Sheet, read_all

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SIZES = (1, 2, 4, 8, 16, 32, 64)
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})

REQUESTS = Figure(
    "rollbook_requests_total",
    "counter",
    "Requests that were answered.",
    ("method", "route", "status"),
)
LATENCY = Figure(
    "rollbook_request_seconds",
    "histogram",
    "Seconds from a request's head to the end of its answer.",
    ("route",),
    _SECONDS,
)
IN_PROGRESS = Figure(
    "rollbook_requests_in_progress", "gauge", "Requests being worked on.", ("process",)
)
LATE = Figure(
    "rollbook_worker_late_seconds",
    "gauge",
    "How long what is due at a worker waits for its turn.",
    ("process",),
)
LIMITED = Figure(
    "rollbook_limited_total", "counter", "Requests refused with 429, by limit.", ("limit",)
)
SHED = Figure(
    "rollbook_shed_total",
    "counter",
    "Requests refused with 503 because there was too much to do, by what was full.",
    ("reason",),
)
COMMITS = Figure(
    "rollbook_commits_total", "counter", "Commits of the writer, done or failed.", ("outcome",)
)
COMMIT_SECONDS = Figure(
    "rollbook_commit_seconds", "histogram", "Seconds that a commit took.", (), _SECONDS
)
GROUP = Figure(
    "rollbook_commit_commands", "histogram", "Writes that shared a commit.", (), _SIZES
)
QUEUE = Figure(
    "rollbook_writer_queue", "gauge", "Writes that waited when the last commit was done.", ()
)
STARTS = Figure(
    "rollbook_starts_total", "counter", "Processes that were started, by kind.", ("kind",)
)
BUILD = Figure(
    "rollbook_build_info", "gauge", "The version that is running.", ("version", "python")
)
FILES = Figure(
    "rollbook_file_bytes",
    "gauge",
    "What each of the server's files takes on the disk.",
    ("file",),
)
MEMORY = Figure(
    "rollbook_process_resident_bytes", "gauge", "Memory of each process.", ("process",)
)
PID = Figure("rollbook_process_id", "gauge", "The number of the process.", ("process",))

FIGURES = {
    figure.name: figure
    for figure in (
        REQUESTS,
        LATENCY,
        IN_PROGRESS,
        LATE,
        LIMITED,
        SHED,
        COMMITS,
        COMMIT_SECONDS,
        GROUP,
        QUEUE,
        STARTS,
        PID,
    )
}


def open_sheet(room: Path, kind: str) -> Sheet:
    """Return the sheet of this process, a "worker" or the "writer"."""
    sheet = Sheet(room, kind, FIGURES.values())
    sheet.numbers[sheet.slot(STARTS, kind)] += 1
    sheet.numbers[sheet.slot(PID, sheet.name)] = os.getpid()
    return sheet


class Requests:
    """Counts a worker's requests."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._numbers = sheet.numbers
        self._known: dict[tuple[str, str | None, int], tuple[int, int]] = {}
        self._in_progress = sheet.slot(IN_PROGRESS, sheet.name)
        self._late = sheet.slot(LATE, sheet.name)

    def feel(self, in_progress: int, late: float) -> None:
        """Write down how many are being worked on, and by how many seconds that is late."""
        self._numbers[self._in_progress] = in_progress
        self._numbers[self._late] = late

    def done(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count one: *route* is a template of ours, None where there is none."""
        numbers = self._numbers
        try:
            count, latency = self._known[method, route, status]
        except KeyError:
            count, latency = self._slots(method, route, status)
        numbers[count] += 1.0
        numbers[latency] += seconds
        numbers[latency + 1 + bisect_left(_SECONDS, seconds)] += 1.0

    def _slots(self, method: str, route: str | None, status: int) -> tuple[int, int]:
        path = route or "none"
        found = (
            self._sheet.slot(REQUESTS, method_name(method), path, str(status)),
            self._sheet.slot(LATENCY, path),
        )
        if method in _METHODS:  # a client can make methods up without end
            self._known[method, route, status] = found
        return found

    def limited(self, limit: str) -> None:
        """Count a request that was refused with 429."""
        self._numbers[self._sheet.slot(LIMITED, limit)] += 1

    def shed(self, reason: str) -> None:
        """Count a request that was refused with 503, for that there was too much to do."""
        self._numbers[self._sheet.slot(SHED, reason)] += 1


def method_name(method: str) -> str:
    """Return a method as it is told: one that a client made up is none of ours."""
    return method if method in _METHODS else "other"


class Commits:
    """Counts the writer's commits."""

    def __init__(self, sheet: Sheet) -> None:
        self._numbers = sheet.numbers
        self._done = sheet.slot(COMMITS, "done")
        self._failed = sheet.slot(COMMITS, "failed")
        self._seconds = sheet.slot(COMMIT_SECONDS)
        self._group = sheet.slot(GROUP)
        self._queue = sheet.slot(QUEUE)

    def __call__(self, commands: int, waiting: int, seconds: float, failed: bool) -> None:
        """Count one commit: how many it carried, how many wait, how long it took."""
        numbers = self._numbers
        numbers[self._failed if failed else self._done] += 1
        numbers[self._seconds] += seconds
        numbers[self._seconds + 1 + bisect_left(_SECONDS, seconds)] += 1
        numbers[self._group] += commands
        numbers[self._group + 1 + bisect_left(_SIZES, commands)] += 1
        numbers[self._queue] = waiting


# ---------------------------------------------------------------- telling

TOLD = (BUILD, FILES, MEMORY)  # which nobody counts: they are looked up


class Metrics:
    """All figures as text: what the sheets say, and what is found out when somebody asks."""

    def __init__(
        self, room: Path | None = None, files: Mapping[str, Path] | None = None
    ) -> None:
        """Tell the sheets in *room*, and the sizes of *files*, which have a name each."""
        self._room = room
        self._files = files or {}

    def text(self) -> bytes:
        """Return them as Prometheus reads them."""
        found = read_all(self._room, FIGURES) if self._room else {}
        pids = found.pop(PID.name, {})
        version = (__version__, platform.python_version())
        lines = [
            *_told(BUILD, {version: [1]}),
            *_told(FILES, {(name,): [_size(path)] for name, path in self._files.items()}),
            *_told(MEMORY, _memory(pids)),
        ]
        for name, by_labels in found.items():
            lines += _told(FIGURES[name], by_labels)
        return ("\n".join(lines) + "\n").encode()


def _size(path: Path) -> int:
    """Return what a file, or all files in a folder, take: blocks, not a sparse file's length."""
    size = 0
    with contextlib.suppress(OSError):
        inside = path.rglob("*") if path.is_dir() else [path]
        for file in inside:
            size += file.stat().st_blocks * 512
    return size


def _memory(pids: Mapping[Labels, list[float]]) -> dict[Labels, list[float]]:
    """Return what each process has in memory, bytes."""
    found: dict[Labels, list[float]] = {}
    page = os.sysconf("SC_PAGE_SIZE")
    for labels, (pid,) in pids.items():
        with contextlib.suppress(OSError):  # it died, and its place is not taken yet
            resident = Path(f"/proc/{int(pid)}/statm").read_text(encoding="ascii").split()[1]
            found[labels] = [int(resident) * page]
    return found


def _told(figure: Figure, by_labels: Mapping[Labels, Sequence[float]]) -> Iterator[str]:
    if by_labels:
        yield f"# HELP {figure.name} {figure.about}"
        yield f"# TYPE {figure.name} {figure.kind}"
    for values, numbers in sorted(by_labels.items()):
        labels = dict(zip(figure.labels, values, strict=True))
        if figure.kind != "histogram":
            yield _line(figure.name, labels, numbers[0])
            continue
        total = 0.0
        for bound, count in zip((*figure.bounds, float("inf")), numbers[1:], strict=True):
            total += count
            yield _line(f"{figure.name}_bucket", {**labels, "le": _number(bound)}, total)
        yield _line(f"{figure.name}_sum", labels, numbers[0])
        yield _line(f"{figure.name}_count", labels, total)


def _line(name: str, labels: Mapping[str, str], value: float) -> str:
    inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{inside}}} {_number(value)}" if inside else f"{name} {_number(value)}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _number(value: float) -> str:
    if value == float("inf"):
        return "+Inf"
    return str(int(value)) if value == int(value) else repr(value)
