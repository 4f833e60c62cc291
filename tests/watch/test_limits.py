"""Who may ask how often."""

import pytest

from rollbook.domain.errors import AskedTooOften
from rollbook.watch.limits import Bucket, Turnstile, network_of

HERE, THERE = "192.0.2.1", "192.0.2.2"


class Seconds:
    """A clock that is told what time it is."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


def test_a_bucket_gives_what_is_in_it_and_then_its_rate(clock: Seconds) -> None:
    """
    The burst at once, then one each time the rate has made one, for hours on end.
    """
    bucket = Bucket(2, 5, clock=clock)
    burst = [bucket.take("ada") for _ in range(6)]
    given = 0
    for _ in range(10_000):
        clock.now += 0.1
        given += bucket.take("ada") == 0

    assert burst == [0, 0, 0, 0, 0, pytest.approx(0.5)]
    assert given == pytest.approx(2000, abs=1)


def test_what_was_refused_costs_nothing(clock: Seconds) -> None:
    """
    Who keeps asking while the bucket is empty does not wait the longer for it.
    """
    bucket = Bucket(1, 1, clock=clock)
    bucket.take("ada")
    for _ in range(100):
        bucket.take("ada")
    clock.now += 1

    assert bucket.take("ada") == 0


def test_a_bucket_holds_no_more_than_its_burst(clock: Seconds) -> None:
    """
    What was not used for a year is not there for it.
    """
    bucket = Bucket(2, 5, clock=clock)
    bucket.take("ada")
    clock.now += 1e7

    assert [bucket.take("ada") == 0 for _ in range(7)] == [True] * 5 + [False] * 2


def test_each_has_a_bucket(clock: Seconds) -> None:
    """
    One who took all took it from nobody else; `wait` takes nothing.
    """
    bucket = Bucket(1, 1, clock=clock)
    bucket.take("ada")

    assert bucket.wait("ada") > 0
    assert [bucket.wait("bob"), bucket.wait("bob"), bucket.take("bob")] == [0, 0, 0]


def test_memory_is_bounded(clock: Seconds) -> None:
    """
    However many come by, so many are remembered: the first ones are forgotten.
    """
    bucket = Bucket(1, 1, clock=clock, remembered=10)
    for number in range(1000):
        bucket.take(str(number))

    assert len(bucket._full_at) == 10
    assert bucket.take("999") > 0
    assert bucket.take("1") == 0


# ---------------------------------------------------------------- the turnstile


def refusals(count: int, do: object, *args: object) -> int:
    """Return how many of so many calls were refused."""
    refused = 0
    for _ in range(count):
        try:
            do(*args)  # type: ignore[operator]
        except AskedTooOften:
            refused += 1
    return refused


def test_without_limits_everybody_passes() -> None:
    """
    0 is no limit.
    """
    turnstile = Turnstile()

    assert refusals(10_000, turnstile.failed, HERE) == 0
    assert refusals(10_000, turnstile.proved, HERE, "key") == 0
    turnstile.enter(HERE)


def test_a_key_has_its_rate(clock: Seconds) -> None:
    """
    Ten seconds' worth at once, then 429 with the seconds to wait; another key is not touched.
    """
    noted: list[str] = []
    turnstile = Turnstile(key_rate=5, note=noted.append, clock=clock)

    assert refusals(60, turnstile.proved, HERE, "flood") == 10
    assert refusals(50, turnstile.proved, HERE, "calm") == 0
    with pytest.raises(AskedTooOften, match="This key asks more often") as caught:
        turnstile.proved(HERE, "flood")
    assert caught.value.retry_after == 1
    assert noted == ["key"] * 11


def test_an_address_that_fails_is_not_listened_to(clock: Seconds) -> None:
    """
    After so many failures it is refused at the entrance, until time has passed.
    """
    turnstile = Turnstile(failures_per_minute=6, clock=clock)
    failed = refusals(8, turnstile.failed, HERE)
    entered = [refusals(1, turnstile.enter, address) for address in (HERE, THERE)]
    clock.now += 10.5

    assert failed == 2
    assert entered == [1, 0]
    assert refusals(1, turnstile.enter, HERE) == 0


def test_who_proved_a_key_is_listened_to(clock: Seconds) -> None:
    """
    A rogue program beside a good one, behind one address, does not lock it out; but its own
    failures are told 429 all the same, and an hour later the place is no longer trusted.
    """
    turnstile = Turnstile(failures_per_minute=6, clock=clock)
    turnstile.proved(HERE, "good")
    refusals(100, turnstile.failed, HERE)

    assert refusals(1, turnstile.enter, HERE) == 0
    assert refusals(1, turnstile.failed, HERE) == 1
    clock.now += 3601
    refusals(100, turnstile.failed, HERE)
    assert refusals(1, turnstile.enter, HERE) == 1


def test_nobody_is_refused_whose_address_is_not_known(clock: Seconds) -> None:
    """
    Behind a proxy that does not say who is asking, all would be one.
    """
    turnstile = Turnstile(failures_per_minute=1, clock=clock)

    assert refusals(100, turnstile.failed, None) == 0
    assert refusals(100, turnstile.enter, None) == 0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("a:b", "a:b"),
        ("", ""),
    ],
)
def test_an_ipv6_client_is_its_network(address: str, network: str) -> None:
    """
    Whoever has one IPv6 address has 2^64 of them.
    """
    assert network_of(address) == network
