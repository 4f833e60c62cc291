r"""
What the processes say while they run: on stderr, one JSON object a line.

A message is a fixed text; what varies stands beside it in fields. Nothing that a client sent is
ever a message, and of an error only its kind and its place in the code are told, not its text,
which may hold what a client sent: names, comments, credentials. The lines are ASCII, so nothing
in a field can end one or speak to a terminal.
"""

import datetime as dt
import json
import logging
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from rollbook.domain.errors import RollbookError
from rollbook.watch.limits import Bucket

FIELDS: Final = (  # in this order; whatever else is tied to a record is not told
    "request_id",
    "method",
    "route",
    "status",
    "ms",
    "key",
    "reason",
    "exit_code",
    "address",
    "version",
    "workers",
    "setting",
    "left_out",
)
_TEXT_MAX = 500  # characters of a message that is not ours


def begin(process: str, *, level: str = "info", format_: str = "auto") -> None:
    """Let this process, the "main", a "worker" or the "writer", say things from now on."""
    root = logging.getLogger()
    root.handlers = [_handler(process, format_)]
    root.setLevel(level.upper())
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # it tells every address that it asks
    logging.captureWarnings(capture=True)


def _handler(process: str, format_: str) -> logging.Handler:
    handler = logging.StreamHandler(sys.stderr)
    for_people = format_ == "text" or (format_ == "auto" and sys.stderr.isatty())
    handler.setFormatter(Text(process) if for_people else Json(process))
    handler.addFilter(Calm())
    return handler


def of_the_server(level: str) -> dict[str, Any]:
    """Return how the HTTP server shall log: through us, and no line a request."""
    logger = {"handlers": [], "level": level.upper(), "propagate": True}
    return {
        "formatters": {},
        "handlers": {},
        "loggers": {"_granian": logger, "granian.access": {**logger, "propagate": False}},
    }


class Calm(logging.Filter):
    """
    Lets no message fill the disk: of each, 20 lines at once and then one a second.

    The next line of that message says how many were left out. Lines of requests were asked for
    one by one (`log_requests`), and all pass.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._lines = Bucket(1, 20, clock=clock, remembered=256)
        self._left_out: dict[object, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether the line is told."""
        if record.name == "rollbook.requests":
            return True
        if self._lines.take(str(record.msg)):
            self._left_out[record.msg] = self._left_out.get(record.msg, 0) + 1
            return False
        if left_out := self._left_out.pop(record.msg, 0):
            record.left_out = left_out
        return True


class Json(logging.Formatter):
    """One JSON object a line."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return json.dumps(_told(record, self._process))


class Text(logging.Formatter):
    """A line for people who sit before a terminal."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        told = _told(record, self._process)
        time, level, process = told.pop("time"), told.pop("level"), told.pop("process")
        del told["pid"]
        fields = " ".join(f"{name}={json.dumps(value)}" for name, value in told.items())
        return f"{time[11:19]} {level:7} {process:6} {fields.removeprefix('message=')}"


def _told(record: logging.LogRecord, process: str) -> dict[str, Any]:
    at = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")
    return {
        "time": at.replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "process": process,
        "pid": record.process,
        "message": _message(record),
        **{name: getattr(record, name) for name in FIELDS if hasattr(record, name)},
        **dict(_fault(record)),
    }


def _message(record: logging.LogRecord) -> str:
    """Return the message: ours as it stands; of others' the first line, which says what it is."""
    if record.name.split(".")[0] == "rollbook":
        return str(record.msg)
    first, *_ = record.getMessage().splitlines() or [""]
    return f"{record.name}: {first[:_TEXT_MAX]}"


def _fault(record: logging.LogRecord) -> Iterator[tuple[str, Any]]:
    """Yield what kind of error it was, what caused it, and where in the code that was."""
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return
    chain = list(_chain(error))
    yield "error", type(error).__name__
    if isinstance(error, RollbookError | OSError):  # a sentence of ours, or the system's
        yield "text", str(error)[:_TEXT_MAX]
    if chain[1:]:
        yield "because", [type(cause).__name__ for cause in chain[1:]]
    frames = traceback.extract_tb(chain[-1].__traceback__)
    yield "trace", [f"{_place(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, what caused it, what caused that, and so on."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)


def _place(file: str) -> str:
    """Return a file's name as it is told: from the package on, not where that is installed."""
    parts = Path(file).parts
    for above in ("src", "site-packages"):
        if above in parts:
            return "/".join(parts[parts.index(above) + 1 :])
    return "/".join(parts[-2:])
