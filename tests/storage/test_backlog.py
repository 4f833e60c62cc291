"""How long a command would wait, told before it is handed in."""

import pytest

from rollbook.domain.errors import TooMuchToDo
from rollbook.storage.backlog import Backlog


class Desk:
    """A backlog, its clock, and a count of what it refused."""

    def __init__(self, wait_max: float = 2) -> None:
        self.now = 0.0
        self.refused = 0
        self.backlog = Backlog(wait_max, refused=self._refuse, clock=lambda: self.now)

    def _refuse(self) -> None:
        self.refused += 1

    def add(self, count: int) -> int:
        """Hand in commands until one is refused; return how many were not."""
        for number in range(count):
            try:
                self.backlog.add()
            except TooMuchToDo:
                return number
        return count

    def settle(self, count: int, seconds: float) -> None:
        self.now += seconds
        self.backlog.settle(count)


def test_a_sudden_crowd_is_let_in() -> None:
    """
    As long as nobody knows how fast the writer is, all are handed in.
    """
    desk = Desk()
    desk.add(1)
    first = desk.add(1999)
    desk.settle(1, 0.01)  # the first had the commit to itself

    assert (first, desk.add(1)) == (1999, 1)


def test_what_would_wait_too_long_is_refused() -> None:
    """
    At 100 a second, 200 wait for two seconds: more are refused, and counted.
    """
    desk = Desk()
    desk.add(1)
    for _ in range(20):
        desk.add(10)
        desk.settle(10, 0.1)

    assert desk.add(1000) == pytest.approx(200, abs=1)
    assert desk.refused == 1


def test_there_is_room_again_as_soon_as_some_are_answered() -> None:
    """
    It recovers at the pace of the writer, and at once when all are answered.
    """
    desk = Desk()
    desk.add(1)
    for _ in range(20):
        desk.add(10)
        desk.settle(10, 0.1)
    desk.add(1000)
    desk.settle(50, 0.5)
    some = desk.add(1000)
    desk.settle(201, 2)

    assert some == pytest.approx(50, abs=2)
    assert desk.add(5) == 5


def test_a_writer_that_stands_still_gets_no_more() -> None:
    """
    Without any answer for two seconds nothing is handed in, however few wait.
    """
    desk = Desk()
    desk.add(3)
    desk.now += 2.5

    assert desk.add(1) == 0


def test_a_writer_that_is_not_busy_has_no_pace() -> None:
    """
    One save a second is no sign of a writer that can do no more.
    """
    desk = Desk()
    for _ in range(100):
        desk.add(1)
        desk.settle(1, 0.9)

    assert desk.add(1000) == 1000


def test_a_pace_outlasts_a_lull_but_not_for_long() -> None:
    """
    What a busy time has taught is still known in the next one; a minute later it is not.
    """
    desk = Desk()
    desk.add(1)
    for _ in range(20):
        desk.add(10)
        desk.settle(10, 0.1)
    desk.settle(1, 0.1)
    desk.now += 30
    soon = desk.add(1000)
    desk.settle(soon, 0.1)
    desk.now += 61

    assert soon == pytest.approx(200, abs=5)
    assert desk.add(1000) == 1000


def test_a_very_slow_writer_is_soon_known() -> None:
    """
    Of one that takes half a second for each, nobody waits for 64 answers.
    """
    desk = Desk()
    desk.add(10)
    desk.settle(1, 0.5)

    assert desk.add(10) == 0


def test_a_writer_that_grew_slow_is_noticed() -> None:
    """
    What was long ago counts less and less.
    """
    desk = Desk()
    desk.add(1)
    for _ in range(1000):
        desk.add(10)
        desk.settle(10, 0.001)
    for _ in range(200):
        desk.add(10)
        desk.settle(10, 0.1)

    assert desk.add(1000) < 300


def test_a_line_that_broke_has_nothing_waiting() -> None:
    """
    After the writer was away, the first command is handed in.
    """
    desk = Desk()
    desk.add(10)
    desk.now += 10
    desk.backlog.clear()

    assert desk.add(1) == 1
