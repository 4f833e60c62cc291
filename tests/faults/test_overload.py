"""
Five times more saves than the writer can do: it does as many as ever, and refuses the rest.

The writer takes 20 ms for each, so what it can do is known: 50 a second.
"""

import asyncio
import time
from collections.abc import Iterator

import msgspec
import pytest

from api.talk import mark, marks_body
from cast import FRIDAY_BEFORE
from conftest import World
from live.house import JSON, House, read_replies, spelled

CAPACITY = 50  # saves a second
SECONDS = 8
WAIT_MAX = 2.0  # as the setting has it


class Outcome(msgspec.Struct):
    """One save: when it was sent, what came back, how long that took."""

    at: float
    status: int
    retry_after: str | None
    took: float


@pytest.fixture(params=["a quick disk"])
def slow_house(world: World, request: pytest.FixtureRequest) -> Iterator[House]:
    house = House(world.path, world.lindenhof, test_breaks=request.param)
    house.start()
    yield house
    house.kill()


def saves(house: House, count: int) -> list[bytes]:
    """Return signed requests: to sign them takes longer than to send them."""
    entry = mark(house.cast.enrollments["anna"], FRIDAY_BEFORE, 2)
    body = msgspec.json.encode(marks_body(entry))
    return [
        spelled(
            "PUT",
            house.maths,
            {
                "Host": f"127.0.0.1:{house.port}",
                "Authorization": house.authorization("PUT", house.maths),
                "Content-Type": JSON,
                "Content-Length": str(len(body)),
                "Connection": "close",
            },
            body,
        )
        for _ in range(count)
    ]


async def send(house: House, save: bytes, begun: float) -> Outcome:
    at = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(save)
    (reply,) = read_replies(await reader.read())
    writer.close()
    took = time.monotonic() - at
    return Outcome(at - begun, reply.status, reply.headers["Retry-After"], took)


async def storm(house: House, requests: list[bytes], rate: float) -> list[Outcome]:
    """Send them at that rate, whether or not the earlier ones were answered."""
    begun = time.monotonic()
    sent = []
    for number, save in enumerate(requests):
        await asyncio.sleep(begun + number / rate - time.monotonic())
        sent.append(asyncio.create_task(send(house, save, begun)))
    return await asyncio.gather(*sent)


def report(outcomes: list[Outcome]) -> tuple[float, float, set[int]]:
    """Return the goodput, the 99th percentile of what was admitted, and the statuses."""
    took = sorted(outcome.took for outcome in outcomes if outcome.status == 200)
    end = max(outcome.at + outcome.took for outcome in outcomes)
    return len(took) / end, took[len(took) * 99 // 100], {each.status for each in outcomes}


def test_overload_is_refused_early(slow_house: House) -> None:
    """
    Goodput stays at 80 % of what the writer can do or more, who is admitted waits little longer
    than the setting says, everybody else gets 503 with `Retry-After` at once; and a moment after
    the storm it is as if nothing had been.
    """
    asyncio.run(storm(slow_house, saves(slow_house, 2 * CAPACITY), CAPACITY))
    flood = saves(slow_house, 5 * CAPACITY * SECONDS)
    outcomes = asyncio.run(storm(slow_house, flood, 5 * CAPACITY))
    goodput, slowest, statuses = report(outcomes)
    refused = [outcome for outcome in outcomes if outcome.status == 503]
    time.sleep(WAIT_MAX)
    (after,) = asyncio.run(storm(slow_house, saves(slow_house, 1), 1))
    print(
        f"\n  goodput {goodput:.0f}/s of {CAPACITY}/s, p99 {slowest:.2f} s, "
        f"{len(refused)} of {len(outcomes)} refused, "
        f"slowest refusal {max(each.took for each in refused):.2f} s"
    )

    assert statuses == {200, 503}
    assert goodput >= 0.8 * CAPACITY
    assert slowest < 2 * WAIT_MAX
    assert all(int(outcome.retry_after or 0) > 0 for outcome in refused)
    assert sorted(each.took for each in refused)[len(refused) * 9 // 10] < 0.5
    assert (after.status, after.took < 1) == (200, True)


@pytest.mark.parametrize("slow_house", ["a quick disk, shedding"], indirect=True)
def test_without_shedding_everybody_waits(slow_house: House) -> None:
    """
    The guard turned off: nobody is refused, and what comes last waits several times longer.
    """
    flood = saves(slow_house, 5 * CAPACITY * SECONDS // 2)
    outcomes = asyncio.run(storm(slow_house, flood, 5 * CAPACITY))
    _, slowest, statuses = report(outcomes)

    assert statuses == {200}
    assert slowest > 4 * WAIT_MAX
