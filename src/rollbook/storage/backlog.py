"""
How long what is handed in now would have to wait: for the writer, or for a free connection.

A worker sees how many of its own commands wait and how fast they come to their turn. From the two
it tells, before another is handed in, whether its turn would come in time; one that would not is
refused at once, while the client still has the time to do something about it.
"""

import time
from collections.abc import Callable

from rollbook.domain.errors import TooMuchToDo

# From so many answers, or so many seconds, a pace can be told: one commit may carry as many.
_ENOUGH, _LONG_ENOUGH = 64, 0.5
_FADING = 512  # answers after which what was before counts half
_STALE = 60.0  # seconds without any command after which a pace is forgotten


class Backlog:
    """The commands of one worker that wait."""

    def __init__(
        self,
        wait_max: float,
        *,
        refused: Callable[[], object] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare it: *wait_max* is in seconds; *refused* is called for each that is."""
        self._wait_max = wait_max
        self._refused = refused
        self._clock = clock
        self._waiting = 0
        self._since = 0.0  # when the last answers came, or the first command after a lull
        self._answers = 0.0  # while more waited, and the seconds that they took
        self._seconds = 0.0

    def add(self) -> None:
        """Count a command that is about to be handed in; raises `TooMuchToDo` instead."""
        if not self._waiting:
            now = self._clock()
            if now - self._since > _STALE:
                self._answers = self._seconds = 0.0
            self._since = now
        elif self.wait() > self._wait_max:
            self._refused()
            raise TooMuchToDo
        self._waiting += 1

    def settle(self, answers: int) -> None:
        """Count commands that were answered together."""
        now = self._clock()
        self._waiting -= answers
        if self._waiting:  # otherwise the writer was quicker than they came
            if self._answers > _FADING:
                self._answers /= 2
                self._seconds /= 2
            self._answers += answers
            self._seconds += now - self._since
        self._since = now

    def leave(self) -> None:
        """Count one that waits no longer, and was not answered."""
        self._waiting -= 1

    def clear(self) -> None:
        """Forget all that waits: nobody will answer it."""
        self._waiting = 0

    def wait(self) -> float:
        """
        Return for how many seconds a command would wait that is handed in now.

        Not less than the time without any answer: a writer that stands still has no pace.
        """
        silence = self._clock() - self._since
        if self._answers < _ENOUGH and self._seconds < _LONG_ENOUGH:
            return silence
        return max(silence, self._waiting * self._seconds / self._answers)
