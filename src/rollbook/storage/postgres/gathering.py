"""
What several requests ask at the same moment goes to the database together.

A trip there costs more than what is asked on it: the driver, two processes that wake each other,
for a save a commit and a wait for the disk. So while a party is under way, whoever else asks the
same kind of thing waits at the door, and they all go when it is back. Nobody waits for company:
whoever comes alone goes alone, at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from rollbook.domain.errors import Unavailable
from rollbook.storage.postgres.pool import Pool

MOST = 64  # who go together

A = TypeVar("A")
R = TypeVar("R")


class Gathered(Generic[A, R]):
    """One kind of asking. A party is of one district, as connections are."""

    def __init__(
        self,
        pool: Pool,
        go: Callable[[Any, int, Sequence[A]], Awaitable[Sequence[R | Exception]]],
    ) -> None:
        """
        Prepare it.

        Args:
            pool: Lends the connection; as long as for one, somebody may wait to be taken along.
            go: Asks for all of them on a connection of a district, and returns an answer to
                each, in their order: an exception is one asker's own.
        """
        self._pool = pool
        self._go = go
        self._doors: dict[int, _Door[A, R]] = {}  # by district; of each a party is under way
        self._at_work: set[asyncio.Task[None]] = set()

    async def ask(self, district_id: int, what: A) -> R:
        """
        Return the answer.

        Raises:
            TooMuchToDo: As it goes this would not be taken along in time.
            Unavailable: It was not.
        """
        door = self._doors.get(district_id)
        if door is None:
            door = self._doors[district_id] = _Door(self._pool)
            task = asyncio.create_task(self._work(district_id, door))
            self._at_work.add(task)
            task.add_done_callback(self._at_work.discard)
        return await door.wait(what)

    async def _work(self, district_id: int, door: "_Door[A, R]") -> None:
        """Go with who waits, and again with who came meanwhile, until nobody does."""
        while door.waiting:
            party: list[_Asker[A, R]] = []
            answers: Sequence[R | Exception] = ()
            try:
                async with self._pool.of(district_id) as db:
                    party = door.party()  # only now: who comes while there is none comes along
                    if party:
                        answers = await self._go(db, district_id, [who.what for who in party])
            except Exception as fault:  # noqa: BLE001 — it is raised again, where it was asked
                party = party or door.party()
                answers = [fault] * len(party)
            for asker, answer in zip(party, answers, strict=True):
                asker.hear(answer)
        del self._doors[district_id]


class _Door(Generic[A, R]):
    """Where those of one district wait for the next party."""

    def __init__(self, pool: Pool) -> None:
        self.waiting: list[_Asker[A, R]] = []
        self._waits = pool.waits
        self._backlog = pool.backlog()

    async def wait(self, what: A) -> R:
        """Wait to be taken along, and for the answer."""
        self._backlog.add()
        asker = _Asker[A, R](what, self._waits)
        self.waiting.append(asker)
        return await asker.answer

    def party(self) -> "list[_Asker[A, R]]":
        """Return those who go now; who has left meanwhile does not."""
        called = self.waiting[:MOST]
        del self.waiting[:MOST]
        self._backlog.settle(len(called))
        return [asker for asker in called if asker.is_there()]


class _Asker(Generic[A, R]):
    """One who asks: they wait for a party, go with it, and hear the answer, unless they leave."""

    def __init__(self, what: A, waits: float) -> None:
        loop = asyncio.get_running_loop()
        self.what = what
        self.answer: asyncio.Future[R] = loop.create_future()
        self._until = loop.call_later(waits, self.hear, Unavailable(_TOO_LATE))

    def is_there(self) -> bool:
        """Say whether to take them along; from now on they wait for their party's return."""
        self._until.cancel()
        return not self.answer.done()

    def hear(self, answer: R | Exception) -> None:
        """Take the answer."""
        if self.answer.done():
            return
        if isinstance(answer, Exception):
            self.answer.set_exception(answer)
        else:
            self.answer.set_result(answer)


_TOO_LATE = "The database is too slow now; nothing was changed."
