"""
When each key was last used, to the day.

Nobody who asks waits for it to be noted. A worker remembers which keys it saw today; the first
time that it sees one it notes that, a little later and beside the requests. So a key is noted once
a day by each worker, and what another one has noted before writes nothing.
"""

import asyncio
import contextlib
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from rollbook.domain.days import Day
from rollbook.domain.errors import RollbookError
from rollbook.domain.people import ApiKey

LATER = 1.0  # seconds, after which those that came meanwhile are noted too
_SEEN_MOST = 65_536  # keys that a worker remembers: beyond that it notes some of them again

Use: TypeAlias = tuple[int, str, Day]  # of a district's key, on a day
Note: TypeAlias = Callable[[int, str, Day], Awaitable[None]]


class UsesOfKeys:
    """Remembers which keys were used today, and has it noted."""

    def __init__(self, note: Note, *, later: float = LATER) -> None:
        """Have *note* called for each, *later* seconds after it was seen."""
        self._note = note
        self._later = later
        self._today = dt.date.min
        self._seen: set[str] = set()
        self._to_note: set[Use] = set()
        self._task: asyncio.Task[None] | None = None

    def see(self, key: ApiKey, now: dt.datetime) -> None:
        """Remember that a key was used; nothing is waited for."""
        today = now.date()
        if today != self._today or len(self._seen) >= _SEEN_MOST:
            self._today = today
            self._seen.clear()
        if key.key in self._seen:
            return
        self._seen.add(key.key)
        if (key.last_used_on or "") < (day := today.isoformat()):
            self._to_note.add((key.district_id, key.key, day))
            if self._task is None:
                self._task = asyncio.get_running_loop().create_task(self._note_them())

    async def _note_them(self) -> None:
        """Note them one after the other; when that cannot be done, try again later."""
        try:
            while self._to_note:
                await asyncio.sleep(self._later)
                with contextlib.suppress(RollbookError):
                    await self._note_all()
        finally:
            self._task = None

    async def _note_all(self) -> None:
        while self._to_note:
            use = next(iter(self._to_note))
            await self._note(*use)
            self._to_note.discard(use)
