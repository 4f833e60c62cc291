"""Who goes to the database together, who waits, and who hears what."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from rollbook.domain.errors import NoSuchThing, TooMuchToDo, Unavailable
from rollbook.storage.backlog import Backlog
from rollbook.storage.postgres import gathering
from rollbook.storage.postgres.gathering import Gathered

WAITS = 0.2  # seconds


class Lending:
    """Stands where the pool does: lends nothing, as often as somebody asks."""

    waits = WAITS

    def backlog(self) -> Backlog:
        return Backlog(WAITS / 2)

    @asynccontextmanager
    async def of(self, district_id: int) -> AsyncIterator[int]:
        yield district_id


class Parties:
    """Notes who went together; they are back when `gate` is open."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, list[Any]]] = []
        self.gate = asyncio.Event()
        self.together = Gathered[Any, str](Lending(), self._go)  # type: ignore[arg-type]

    async def _go(self, _: Any, district_id: int, asked: Sequence[Any]) -> list[Any]:
        self.seen.append((district_id, list(asked)))
        await self.gate.wait()
        if "fault" in asked:
            raise Unavailable("broken")
        return [
            NoSuchThing("section", what) if what == "nowhere" else f"{what}!" for what in asked
        ]

    def ask(self, *whats: Any, district: int = 1) -> list[asyncio.Task[str]]:
        return [asyncio.create_task(self.together.ask(district, what)) for what in whats]


@pytest.fixture
async def parties() -> Parties:
    return Parties()


async def _a_moment() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_comes_alone_goes_alone_and_the_next_ones_together(parties: Parties) -> None:
    """
    Nobody waits for company, and whoever comes while a party is under way goes in the next.
    """
    first = parties.ask("a")
    await _a_moment()
    others = parties.ask("b", "c", "d")
    await _a_moment()
    assert parties.seen == [(1, ["a"])]
    parties.gate.set()

    assert await asyncio.gather(*first, *others) == ["a!", "b!", "c!", "d!"]
    assert parties.seen == [(1, ["a"]), (1, ["b", "c", "d"])]


async def test_districts_do_not_wait_for_each_other(parties: Parties) -> None:
    """
    A party is of one district; another district's goes meanwhile.
    """
    asked = parties.ask("a") + parties.ask("b", district=2)
    await _a_moment()
    assert parties.seen == [(1, ["a"]), (2, ["b"])]
    parties.gate.set()

    assert await asyncio.gather(*asked) == ["a!", "b!"]


async def test_a_party_has_a_bound(parties: Parties, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    So many go together and no more; the others follow in the order they came.
    """
    monkeypatch.setattr(gathering, "MOST", 3)
    parties.gate.set()
    await asyncio.gather(*parties.ask(*range(7)))

    assert [asked for _, asked in parties.seen] == [[0, 1, 2], [3, 4, 5], [6]]


async def test_a_refusal_is_ones_own_and_a_fault_everybodys(parties: Parties) -> None:
    """
    What is wrong with one asked thing its asker hears alone; what befell the party all of it.
    """
    parties.gate.set()
    there, nowhere = await asyncio.gather(
        *parties.ask("there", "nowhere"), return_exceptions=True
    )
    faulty = await asyncio.gather(*parties.ask("x", "fault", "y"), return_exceptions=True)
    (after,) = await asyncio.gather(*parties.ask("after"))

    assert (there, type(nowhere)) == ("there!", NoSuchThing)
    assert [type(answer) for answer in faulty] == [Unavailable] * 3
    assert after == "after!"


async def test_who_waits_too_long_is_told_in_time(parties: Parties) -> None:
    """
    While a party stays away others hear that it takes too long, and are not taken along later.
    """
    first = parties.ask("a")
    await _a_moment()
    begun = time.monotonic()
    with pytest.raises(Unavailable, match="nothing was changed"):
        await parties.ask("late")[0]
    waited = time.monotonic() - begun
    parties.gate.set()

    assert await first[0] == "a!"
    assert await parties.ask("b")[0] == "b!"
    assert [asked for _, asked in parties.seen] == [["a"], ["b"]]
    assert WAITS * 0.9 < waited < 10 * WAITS


async def test_who_would_wait_too_long_is_told_at_once(parties: Parties) -> None:
    """
    While a party stays away for long, and somebody waits already, who comes then need not try.
    """
    first = parties.ask("a")
    await _a_moment()
    second = parties.ask("b")
    await asyncio.sleep(WAITS * 0.7)
    begun = time.monotonic()
    with pytest.raises(TooMuchToDo):
        await parties.ask("c")[0]
    waited = time.monotonic() - begun
    parties.gate.set()

    assert await asyncio.gather(*first, *second) == ["a!", "b!"]
    assert waited < WAITS / 4


async def test_nobody_goes_for_who_has_left(parties: Parties) -> None:
    """
    What an asker wanted who gave up before it was begun is not done.
    """
    first = parties.ask("a")
    await _a_moment()
    left, stays = parties.ask("left", "stays")
    await _a_moment()
    left.cancel()
    await _a_moment()
    parties.gate.set()
    await asyncio.gather(*first, stays)

    assert [asked for _, asked in parties.seen] == [["a"], ["stays"]]
