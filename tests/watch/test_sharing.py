"""Limits that workers hold together: on one machine by a file, on many by the database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import books
from rollbook.domain.errors import AskedTooOften, Unavailable
from rollbook.storage.postgres.limits import LimitTable
from rollbook.storage.postgres.pool import Pool
from rollbook.watch.limits import Told, Turnstile
from rollbook.watch.logins import LoginTurnstile
from rollbook.watch.sharing import Blackboard, Exchange, Sharing

HERE, THERE = "192.0.2.1", "192.0.2.2"
NO_END = float("inf")


@pytest.fixture(params=["a file", "PostgreSQL"])
async def exchange(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Callable[[], Exchange]]:
    """Makes the end that each worker has of what they share."""
    if request.param == "a file":
        board = Blackboard(tmp_path)  # a process opens the file once
        yield lambda: board.exchange
        return
    databases = request.getfixturevalue("databases")
    database = await asyncio.to_thread(databases.new)
    pools = [Pool(database.url, size=2) for _ in range(4)]
    ends = iter(pools)
    yield lambda: LimitTable(next(ends)).exchange
    for pool in pools:
        await pool.close()
    database.close()


def worker(exchange: Exchange, *, every: float = 0.05, **limits: Any) -> Turnstile:
    sharing = Sharing(exchange, every=every)
    turnstile = sharing.teller = Turnstile(news=sharing.news, **limits)
    return turnstile


def reception(exchange: Exchange, *, every: float = 0.05) -> LoginTurnstile:
    """Return what counts tries to log in at a worker."""
    sharing = Sharing(exchange, every=every)
    turnstile = sharing.teller = LoginTurnstile(news=sharing.news)
    return turnstile


class Others:
    """The end of all the others: as long as it is away, nobody can be told anything."""

    def __init__(self, *, away: bool = False) -> None:
        self.away = away
        self.heard: list[Told] = []

    async def __call__(self, told: Told) -> Mapping[str, float]:
        if self.away:
            raise Unavailable("The database cannot be reached.")
        self.heard.append(told)
        return {name: seconds for name, (seconds, _) in told.items()}


def passes(count: int, do: Callable[..., None], *args: str) -> int:
    """Return how many of so many calls were let through."""
    passed = 0
    for _ in range(count):
        try:
            do(*args)
        except AskedTooOften:
            continue
        passed += 1
    return passed


async def test_what_is_told_adds_up(exchange: Callable[[], Exchange]) -> None:
    """
    Seconds of both are added, each name for itself, and run down as time goes by.
    """
    here, there = exchange(), exchange()
    first = await here({"key a": (3.0, NO_END)})
    second = await there({"key a": (2.0, NO_END), "key b": (1.0, NO_END)})
    await asyncio.sleep(0.3)
    third = await here({"key a": (0.0, NO_END)})

    assert first["key a"] == pytest.approx(3, abs=0.01)
    assert 3.5 < second["key a"] <= 5
    assert second["key b"] == pytest.approx(1, abs=0.01)
    assert 2 < third["key a"] <= second["key a"] - 0.25


async def test_what_is_long_full_is_no_credit(exchange: Callable[[], Exchange]) -> None:
    """
    Who asked for nothing in the meantime may not ask for more after it.
    """
    here = exchange()
    await here({"key a": (0.1, NO_END)})
    await asyncio.sleep(0.4)
    left = await here({"key a": (0.2, NO_END)})

    assert left["key a"] == pytest.approx(0.2, abs=0.01)


async def test_who_sweeps_waits_for_nobody(databases: books.ClusterOfDatabases) -> None:
    """
    What another worker writes at that moment is swept the next time.
    """
    database = await asyncio.to_thread(databases.new)
    pool = Pool(database.url, size=1)
    table = LimitTable(pool)
    await table.exchange({"key a": (0.01, NO_END)})
    holder = await asyncpg.connect(database.url)
    await holder.execute("BEGIN; SELECT pg_sleep(0.05); SELECT * FROM limits FOR UPDATE")
    table._until_sweep = 1
    left = await table.exchange({"key b": (1.0, NO_END)})
    await holder.close()
    await pool.close()
    swept = database.sql("SELECT who FROM limits ORDER BY who")
    database.close()

    assert left["key b"] == pytest.approx(1, abs=0.01)
    assert [who for (who,) in swept] == ["key a", "key b"]


async def test_what_has_a_most_does_not_add_up(exchange: Callable[[], Exchange]) -> None:
    """
    Proofs of several workers last as long as that of one.
    """
    told = {"proven x": (100.0, 100.0)}
    found = [await end(told) for end in (exchange(), exchange(), exchange())]

    assert [each["proven x"] for each in found] == [pytest.approx(100, abs=0.01)] * 3


async def test_a_key_has_one_rate_with_all_workers(exchange: Callable[[], Exchange]) -> None:
    """
    What both let through before they heard of each other is made up for; another key is not.
    """
    workers = [worker(exchange(), key_rate=2) for _ in range(2)]  # twenty at once
    at_first = sum(passes(30, each.proved, HERE, "flood") for each in workers)
    await asyncio.sleep(0.4)
    then = sum(passes(30, each.proved, HERE, "flood") for each in workers)

    assert at_first == 40
    assert then == 0
    assert passes(5, workers[0].proved, HERE, "other") == 5


async def test_without_each_other_each_has_a_rate_of_its_own() -> None:
    """
    The guard off: workers that share nothing go on letting through.
    """
    workers = [Turnstile(key_rate=20) for _ in range(2)]
    for each in workers:
        passes(300, each.proved, HERE, "flood")
    await asyncio.sleep(0.4)

    assert sum(passes(30, each.proved, HERE, "flood") for each in workers) > 10


async def test_an_address_is_refused_by_all(exchange: Callable[[], Exchange]) -> None:
    """
    Who failed too often at one worker is stopped at the entrance of the next, once it fails there.
    """
    here, there = (worker(exchange(), failures_per_minute=20) for _ in range(2))
    passes(30, here.failed, HERE)
    await asyncio.sleep(0.4)
    assert passes(1, there.enter, HERE) == 1
    passes(1, there.failed, HERE)
    await asyncio.sleep(0.4)

    assert passes(1, there.enter, HERE) == 0
    assert passes(1, there.enter, THERE) == 1


async def test_a_proof_counts_with_all(exchange: Callable[[], Exchange]) -> None:
    """
    A school whose key was proven at one worker is not locked out at another by its neighbour.
    """
    here, there = (worker(exchange(), failures_per_minute=20) for _ in range(2))
    here.proved(HERE, "key")
    await asyncio.sleep(0.2)
    passes(30, there.failed, HERE)
    await asyncio.sleep(0.4)

    assert passes(3, there.enter, HERE) == 3


async def test_what_nobody_could_be_told_is_told_later() -> None:
    """
    While the others cannot be reached each goes by what it knows; nothing is forgotten.
    """
    others = Others(away=True)
    turnstile = worker(others, every=0.02, key_rate=2, failures_per_minute=20)
    assert passes(3, turnstile.proved, HERE, "key") == 3
    await asyncio.sleep(0.1)
    others.away = False
    await asyncio.sleep(0.1)

    assert others.heard == [
        {"key key": (pytest.approx(1.5), NO_END), f"proven {HERE}": (3600.0, 3600.0)}
    ]


async def test_who_tells_nothing_asks_nothing() -> None:
    """
    A worker without news leaves the database alone, also after it had some.
    """
    asked: list[Awaitable[Any]] = []

    async def exchange(told: Told) -> Mapping[str, float]:
        asked.append(told)  # type: ignore[arg-type]
        return {}

    turnstile = worker(exchange, every=0.02, key_rate=2)
    await asyncio.sleep(0.1)
    assert asked == []
    passes(3, turnstile.proved, HERE, "key")
    await asyncio.sleep(0.2)

    assert len(asked) == 1


async def test_what_is_full_is_forgotten(
    exchange: Callable[[], Exchange], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Addresses that were seen once do not stay.
    """
    for module in ("rollbook.watch.sharing", "rollbook.storage.postgres.limits"):
        monkeypatch.setattr(f"{module}._SWEEP_EVERY", 2)
    end = exchange()
    await end({f"address {number}": (0.01, NO_END) for number in range(50)})
    await asyncio.sleep(0.05)
    await end({"key a": (10.0, NO_END)})
    again = await end({"address 7": (0.01, NO_END), "key a": (0.0, NO_END)})

    assert again["address 7"] == pytest.approx(0.01, abs=0.005)
    assert again["key a"] > 9


# ---------------------------------------------------------------- tries to log in


async def test_a_guess_at_one_worker_counts_at_the_next(
    exchange: Callable[[], Exchange],
) -> None:
    """
    Ten tries at one worker, and the first at another is one too many: what follows is refused.
    """
    here, there = reception(exchange()), reception(exchange())
    passes(10, here.try_login, HERE, "bob")
    await asyncio.sleep(0.2)
    first = passes(1, there.try_login, THERE, "bob")
    await asyncio.sleep(0.2)

    assert first == 1
    assert passes(10, there.try_login, THERE, "bob") == 0


async def test_what_succeeds_is_no_try_with_the_others_either(
    exchange: Callable[[], Exchange],
) -> None:
    """
    A school that comes in, from one address and at two workers, uses up nobody's tries.
    """
    here, there = reception(exchange()), reception(exchange())
    for number in range(200):
        each = (here, there)[number % 2]
        each.try_login(HERE, f"u{number}")
        if number % 50 == 49:
            await asyncio.sleep(0.1)  # told in the middle of it
        each.came_in(HERE, f"u{number}")
    await asyncio.sleep(0.4)
    passes(1, here.try_login, HERE, "stranger")
    await asyncio.sleep(0.2)

    assert passes(300, here.try_login, HERE, "x") == 10
    assert sum(passes(1, here.try_login, HERE, f"v{number}") for number in range(300)) > 230


async def test_who_is_known_at_one_worker_is_known_at_the_next(
    exchange: Callable[[], Exchange],
) -> None:
    """
    Whoever came in from there is not kept out by a stranger's guesses, at any worker.
    """
    here, there = reception(exchange()), reception(exchange())
    here.try_login(HERE, "bob")
    here.came_in(HERE, "bob")
    await asyncio.sleep(0.2)
    passes(30, there.try_login, THERE, "bob")
    at_once = passes(1, there.try_login, HERE, "bob")
    await asyncio.sleep(0.2)

    assert at_once == 0
    assert passes(3, there.try_login, HERE, "bob") == 3
    assert passes(3, there.try_login, THERE, "bob") == 0


async def test_nobody_s_name_is_told() -> None:
    """
    What workers tell each other, and a database keeps, has neither names nor addresses in it.
    """
    others = Others()
    turnstile = reception(others, every=0.02)
    passes(3, turnstile.try_login, HERE, "bob@school.example" + "x" * 400)
    turnstile.came_in(HERE, "anna")
    await asyncio.sleep(0.1)
    (told,) = others.heard

    assert {name.partition(" ")[0] for name in told} == {
        *("login", "login-address", "login-all", "login-known")
    }
    assert not any(word in repr(told) for word in ("bob", "anna", HERE))
    assert max(map(len, told)) < 64


async def test_tries_that_nobody_could_be_told_are_told_later() -> None:
    """
    While the others cannot be reached each goes by what it knows; nothing is forgotten.
    """
    others = Others(away=True)
    turnstile = reception(others, every=0.02)
    assert passes(3, turnstile.try_login, HERE, "bob") == 3
    turnstile.know(THERE, "anna")
    await asyncio.sleep(0.1)
    others.away = False
    await asyncio.sleep(0.1)
    seconds = sorted(
        (name.partition(" ")[0], told) for name, (told, _) in others.heard[0].items()
    )

    assert seconds == [
        ("login", pytest.approx(180)),
        ("login-address", pytest.approx(18)),
        ("login-all", pytest.approx(1.5)),
        ("login-known", 30 * 24 * 3600.0),
    ]
