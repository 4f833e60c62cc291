"""What the processes say: a line is one JSON object, and holds nothing of a client's."""

import json
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from rollbook.domain.errors import Unavailable
from rollbook.watch import logs

NASTY = 'a\r\nb\x1b[31mc\u2028d\u2029e\x85f\x00g"h\\i\x0bj\x0c\ud800ü'
CANARY = "Canary McSecret"


class Said:
    """Everything that was said so far."""

    def __init__(self, captured: pytest.CaptureFixture[str]) -> None:
        self._captured = captured
        self._text = ""

    @property
    def text(self) -> str:
        self._text += self._captured.readouterr().err
        return self._text

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Iterator[Said]:
    """What goes to stderr; logging is put back afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield Said(capsys)
    root.handlers = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def test_a_line_is_an_object(said: Said) -> None:
    """
    It says when, how important, which process, what, and in fields what varies.
    """
    logs.begin("writer")
    logging.getLogger("rollbook").warning("the writer died", extra={"exit_code": -9})
    (line,) = said.lines()

    assert line.pop("time").endswith("Z")
    assert line.pop("pid") > 1
    assert line == {
        "level": "warning",
        "process": "writer",
        "message": "the writer died",
        "exit_code": -9,
    }


@pytest.mark.parametrize("format_", ["json", "text"])
def test_nothing_in_a_field_ends_a_line(said: Said, format_: str) -> None:
    """
    Whatever a field holds, it is one line of ASCII without a control character.
    """
    logs.begin("worker", format_=format_)
    logging.getLogger("rollbook").error("fault", extra={"request_id": NASTY})
    logging.getLogger("elsewhere").error("%s", NASTY)
    first, second = said.text.splitlines()

    assert said.text.isascii()
    assert all(character.isprintable() for character in first + second)
    if format_ == "json":
        assert json.loads(first)["request_id"] == NASTY


def slip(text: str) -> None:
    """Make a slip that has a text in it."""
    try:
        os.environ[text]
    except KeyError as inner:
        raise ValueError(text) from inner


def test_of_an_error_only_kind_and_place_are_told(said: Said) -> None:
    """
    An error's text may hold what a client sent; its kind and the lines of code do not.
    """
    logs.begin("worker")
    try:
        slip(CANARY)
    except ValueError:
        logging.getLogger("rollbook.api").exception("fault")
    (line,) = said.lines()

    assert CANARY not in said.text
    assert (line["error"], line["because"]) == ("ValueError", ["KeyError"])
    assert line["trace"][0].startswith("watch/test_logs.py:")
    assert line["trace"][0].endswith(" slip")


def test_our_own_sentences_are_told(said: Said) -> None:
    """
    What the house says of its own troubles is there to be read.
    """
    logs.begin("worker")
    fault = Unavailable("The store cannot do this now (disk full); try again.")
    logging.getLogger("rollbook.api").error("unavailable", exc_info=fault)

    assert said.lines()[0]["text"] == "The store cannot do this now (disk full); try again."


def test_fields_nobody_thought_of_are_not_told(said: Said) -> None:
    """
    What is tied to a record by mistake stays out.
    """
    logs.begin("worker")
    logging.getLogger("rollbook").error("fault", extra={"comment": CANARY, "status": 503})

    assert CANARY not in said.text
    assert said.lines()[0]["status"] == 503


def test_others_are_told_by_their_first_line(said: Said) -> None:
    """
    A library's message says whose it is; what follows its first line, such as values, is cut.
    """
    logs.begin("worker")
    logging.getLogger("asyncio").error("Task exception was never retrieved\n%s", CANARY)
    logging.getLogger("asyncio").error("x" * 10_000)
    first, second = said.lines()

    assert first["message"] == "asyncio: Task exception was never retrieved"
    assert len(second["message"]) < 600


def test_a_storm_of_one_message_does_not_fill_the_disk() -> None:
    """
    Twenty lines of it, then one a second that says how many were left out; other messages, and
    the lines of requests, are not affected.
    """
    now = [0.0]
    calm = logs.Calm(clock=lambda: now[0])

    def told(message: str, name: str = "rollbook.api") -> logging.LogRecord | None:
        record = logging.LogRecord(name, logging.ERROR, "", 0, message, None, None)
        return record if calm.filter(record) else None

    storm = [told("unavailable") for _ in range(1000)]
    other = told("fault")
    requests = [told("request", "rollbook.requests") for _ in range(1000)]
    now[0] = 1.5
    after = told("unavailable")

    assert sum(record is not None for record in storm) == 20
    assert other
    assert all(requests)
    assert after
    assert vars(after)["left_out"] == 980
    assert "left_out" not in vars(other)


def test_warnings_are_lines_too(said: Said) -> None:
    """
    What Python warns of does not fall out of the log.
    """
    logs.begin("worker")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("old ways", stacklevel=1)
        logging.captureWarnings(capture=False)

    assert "old ways" in said.lines()[0]["message"]


def test_the_level_is_the_least_that_is_told(said: Said) -> None:
    """
    What is less important is not said.
    """
    logs.begin("worker", level="error")
    logging.getLogger("rollbook").warning("a thing")
    logging.getLogger("rollbook").error("a thing that matters")

    assert [line["message"] for line in said.lines()] == ["a thing that matters"]


def test_a_terminal_gets_lines_for_people(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Without a setting, people get sentences and programs get JSON.
    """
    logs.begin("main")
    logging.getLogger("rollbook").info("begun", extra={"workers": 2})
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    logs.begin("main")
    logging.getLogger("rollbook").info("begun", extra={"workers": 2})
    program, people = said.text.splitlines()

    assert json.loads(program)["workers"] == 2
    assert people.endswith('info    main   "begun" workers=2')
