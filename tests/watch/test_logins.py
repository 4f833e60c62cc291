"""Tries to log in: who may try how often, and who is never kept out by others."""

import itertools
from collections.abc import Sequence

import pytest

from rollbook.domain.errors import AskedTooOften
from rollbook.watch.logins import LoginTurnstile

HOME, AWAY = "192.0.2.7", "198.51.100.7"
LONG = 24 * 60 * 60.0


class Seconds:
    """A clock that stands still until it is told to move."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
def noted() -> list[str]:
    return []


@pytest.fixture
def turnstile(clock: Seconds, noted: list[str]) -> LoginTurnstile:
    return LoginTurnstile(clock=clock, note=noted.append)


def let_through(turnstile: LoginTurnstile, tries: Sequence[tuple[str | None, str]]) -> int:
    """Return how many of these tries, which all fail, were let through."""
    through = 0
    for address, login in tries:
        try:
            turnstile.try_login(address, login)
        except AskedTooOften:
            continue
        through += 1
    return through


def addresses(count: int) -> list[str]:
    """Return addresses that are each somebody else's."""
    return [f"198.51.{number // 250}.{number % 250}" for number in range(count)]


def test_of_a_thousand_tries_at_one_name_ten_get_through(
    turnstile: LoginTurnstile, noted: list[str]
) -> None:
    """
    From one address or from a hundred: a name is tried ten times, then once a minute.
    """
    tries = [(address, "bob") for address in addresses(100)] * 10

    assert let_through(turnstile, tries) == 10
    assert noted == ["login"] * 990


def test_of_a_thousand_names_from_one_address_250_get_through(
    turnstile: LoginTurnstile, noted: list[str]
) -> None:
    """
    One password is not tried at everybody; a school's morning is not in its way.
    """
    assert let_through(turnstile, [(HOME, f"u{number}") for number in range(1000)]) == 250
    assert set(noted) == {"login address"}


def test_from_everywhere_at_everybody_500_get_through(
    turnstile: LoginTurnstile, noted: list[str]
) -> None:
    """
    However many addresses somebody has, all together are limited.
    """
    tries = [(address, f"u{number}") for number, address in enumerate(addresses(1000))]

    assert let_through(turnstile, tries) == 500
    assert set(noted) == {"login all"}


def test_what_was_used_up_fills_again(turnstile: LoginTurnstile, clock: Seconds) -> None:
    """
    Nobody is locked out for good: after the time that the refusal tells there is another try.
    """
    assert let_through(turnstile, [(HOME, "bob")] * 20) == 10
    with pytest.raises(AskedTooOften) as refusal:
        turnstile.try_login(AWAY, "bob")
    clock.now += refusal.value.retry_after

    assert let_through(turnstile, [(HOME, "bob")] * 20) == 1
    clock.now += LONG
    assert let_through(turnstile, [(HOME, "bob")] * 20) == 10


@pytest.mark.parametrize(
    ("attack", "stranger"),
    [
        ([(AWAY, "bob")] * 20, (AWAY, "bob")),
        ([(HOME, f"u{number}") for number in range(300)], (HOME, "dora")),
        ([(each, f"u{each}") for each in addresses(600)], (AWAY, "dora")),
    ],
    ids=["at the name", "from the address", "from everywhere"],
)
def test_who_comes_from_where_they_always_do_comes_in(
    turnstile: LoginTurnstile, attack: list[tuple[str | None, str]], stranger: tuple[str, str]
) -> None:
    """
    Whoever came in from a place lately can try there, whatever strangers have used up.
    """
    turnstile.try_login(HOME, "bob")
    turnstile.came_in(HOME, "bob")
    let_through(turnstile, attack)

    turnstile.try_login(HOME, "bob")
    with pytest.raises(AskedTooOften):
        turnstile.try_login(*stranger)


def test_a_known_place_has_its_limit_too(turnstile: LoginTurnstile) -> None:
    """
    From a colleague's machine a name is not tried without end.
    """
    turnstile.came_in(HOME, "bob")

    assert let_through(turnstile, [(HOME, "bob")] * 1000) == 10


def test_a_place_is_forgotten_after_a_month(turnstile: LoginTurnstile, clock: Seconds) -> None:
    """
    Where somebody came in a month ago they are a stranger again.
    """
    turnstile.came_in(HOME, "bob")
    clock.now += 30 * LONG
    let_through(turnstile, [(AWAY, "bob")] * 20)

    with pytest.raises(AskedTooOften):
        turnstile.try_login(HOME, "bob")


def test_who_comes_in_uses_nothing_up(turnstile: LoginTurnstile) -> None:
    """
    A thousand teachers behind one address come in, one after the other, and again.
    """
    for number in itertools.chain(range(1000), range(1000)):
        turnstile.try_login(HOME, f"u{number}")
        turnstile.came_in(HOME, f"u{number}")

    assert let_through(turnstile, [(HOME, f"v{number}") for number in range(1000)]) == 250


def test_a_refused_try_uses_nothing_up(turnstile: LoginTurnstile) -> None:
    """
    What one limit refuses does not count against the others.
    """
    let_through(turnstile, [(HOME, "bob")] * 1000)

    assert let_through(turnstile, [(HOME, f"u{number}") for number in range(1000)]) == 240


def test_ipv6_clients_are_counted_by_their_network(turnstile: LoginTurnstile) -> None:
    """
    A whole /64 is one client: it has more addresses than there are tries.
    """
    tries: list[tuple[str | None, str]] = [
        (f"2001:db8::{number:x}", f"u{number}") for number in range(1000)
    ]

    assert let_through(turnstile, tries) == 250
    assert let_through(turnstile, [(None, f"u{number}") for number in range(1000)]) == 250


def test_memory_is_bounded(turnstile: LoginTurnstile, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Of the places where people came in the oldest are forgotten.
    """
    for name in "abcd":
        turnstile.came_in(HOME, name)
    known = list(turnstile._known)
    turnstile._known.clear()
    monkeypatch.setattr("rollbook.watch.logins.REMEMBERED", 3)
    for name in "abcd":
        turnstile.came_in(HOME, name)

    assert list(turnstile._known) == known[1:]
