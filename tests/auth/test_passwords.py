"""Passwords: what a hash costs, and that nobody else pays for it."""

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import argon2
import pytest

from rollbook.auth import passwords as module
from rollbook.auth.passwords import Passwords, common, require_good, require_short
from rollbook.domain.errors import PasswordRefused, TooMuchToDo

CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
GOOD = "blue lamps in the rain"


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    passwords = Passwords(CHEAP)
    yield passwords
    passwords.close()


class Slow(argon2.PasswordHasher):
    """A hasher that stands still, and counts how many stand beside each other."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.now = self.most = 0
        self.nice: set[int] = set()
        self._lock = threading.Lock()

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
            self.nice.add(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        time.sleep(0.01)
        with self._lock:
            self.now -= 1
        return "a hash"


async def test_a_password_is_verified_by_its_hash(passwords: Passwords) -> None:
    """
    The password is it, anything else is not; a hash tells its cost, and no two are the same.
    """
    one, other = await passwords.hash(GOOD), await passwords.hash(GOOD)

    assert one.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert one != other
    assert await passwords.verify(one, GOOD)
    for wrong in ("", GOOD.upper(), GOOD + "\0", GOOD[:-1], GOOD + "x"):
        assert not await passwords.verify(one, wrong)


@pytest.mark.parametrize(
    ("password", "wrong"),
    [
        ("x" * 1023 + "y", "x" * 1023 + "z"),  # nothing is cut off
        ("nul \0 in the middle", "nul \0 in the mittle"),
        ("b" * 72 + "1", "b" * 72 + "2"),
        ("\ud800 alone among us", "\ud801 alone among us"),
        ("😀" * 256, "😀" * 255 + "😁"),
    ],
)
async def test_every_character_of_a_password_counts(
    passwords: Passwords, password: str, wrong: str
) -> None:
    """
    Up to its longest a password is hashed whole, whatever characters are in it.
    """
    made = await passwords.hash(password)

    assert await passwords.verify(made, password)
    assert not await passwords.verify(made, wrong)


async def test_a_password_is_the_same_from_every_keyboard(passwords: Passwords) -> None:
    """
    Whether an accent comes in one character or in two does not depend on who types it.
    """
    made = await passwords.hash("élégance à Zürich")

    assert await passwords.verify(made, "e\u0301le\u0301gance a\u0300 Zu\u0308rich")


@pytest.mark.parametrize("broken", [None, "", "a hash", "$argon2id$v=19$m=8,t=1,p=1$x$y"])
async def test_no_password_fits_what_is_no_hash(
    passwords: Passwords, broken: str | None
) -> None:
    """
    Nobody's hash, or one that cannot be read, is fitted by nothing, not by nothing either.
    """
    for password in ("", GOOD, "a hash"):
        assert not await passwords.verify(broken, password)


async def test_to_know_that_there_is_nobody_costs_a_hash(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Verifying against nobody does the work of a hash of the same cost.
    """
    seen: list[str] = []
    real = argon2.PasswordHasher.verify

    def watched(self: argon2.PasswordHasher, made: str, password: bytes) -> bool:
        seen.append(made)
        return real(self, made, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", watched)
    await passwords.verify(None, GOOD)
    await passwords.verify(await passwords.hash(GOOD), GOOD)

    nobodys, somebodys = map(argon2.extract_parameters, seen)
    assert nobodys == somebodys


def test_what_is_served_costs_what_was_decided() -> None:
    """
    argon2id with 64 MiB, three passes and four lanes: a change of it is a decision.
    """
    hasher = Passwords()._hasher

    assert hasher.type is argon2.Type.ID
    assert (hasher.memory_cost, hasher.time_cost, hasher.parallelism) == (65_536, 3, 4)


async def test_a_hash_of_another_cost_is_outdated(passwords: Passwords) -> None:
    """
    A hash made at another cost is made anew when its password is there; one of today is not.
    """
    made = await passwords.hash(GOOD)
    other = argon2.PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)

    assert not passwords.is_outdated(made)
    assert passwords.is_outdated(other.hash(GOOD))


async def test_few_hashings_go_at_once_and_step_back() -> None:
    """
    Of many who log in together four are seen to at a time, and behind everything else.
    """
    slow = Slow()
    passwords = Passwords(slow)
    await asyncio.gather(*(passwords.hash(GOOD) for _ in range(40)))
    passwords.close()

    assert slow.most == 4
    assert min(slow.nice) > os.getpriority(os.PRIO_PROCESS, 0)


async def test_the_loop_goes_on_while_passwords_are_hashed() -> None:
    """
    A real hash takes long; whoever else is served does not wait for it.
    """
    passwords = Passwords(at_once=1)
    hashing = asyncio.gather(*(passwords.hash(GOOD) for _ in range(2)))
    turns = 0
    while not hashing.done():
        await asyncio.sleep(0.001)
        turns += 1
    passwords.close()

    assert len(await hashing) == 2
    assert turns > 20


async def test_who_would_wait_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Beyond a number of waiting people nobody is let into the queue; then there is room again.
    """
    monkeypatch.setattr(module, "WAITING_MAX", 8)
    passwords = Passwords(Slow(), at_once=1)
    outcomes = await asyncio.gather(
        *(passwords.hash(GOOD) for _ in range(12)), return_exceptions=True
    )

    assert outcomes.count("a hash") == 8
    assert sum(isinstance(outcome, TooMuchToDo) for outcome in outcomes) == 4
    assert await passwords.hash(GOOD) == "a hash"
    passwords.close()


# ---------------------------------------------------------------- which are taken


def test_what_is_guessed_first_is_known_offline() -> None:
    """
    The list is there, in lower case, with what everybody would look for in it.
    """
    assert len(common()) > 19_000
    assert {"password", "qwerty123456", "1q2w3e4r5t6y"} <= common()
    assert all(each == each.lower() for each in common())


@pytest.mark.parametrize("taken", [GOOD, "ungeübte Finger tippen"])
def test_a_good_password_is_taken(taken: str) -> None:
    """
    What is long and nobody's first guess is not refused.
    """
    require_good(taken, "bob")


@pytest.mark.parametrize("password", ["short", "Password1234", "x" * 1025, "bob bob bob bob "])
def test_a_bad_password_is_refused_with_its_reason(password: str) -> None:
    """
    Whoever chose it is told what to do.
    """
    with pytest.raises(PasswordRefused, match="password"):
        require_good(password, "bob bob bob bob")


def test_what_is_too_long_is_refused_before_it_is_looked_at() -> None:
    """
    A megabyte is no password.
    """
    require_short("ü" * 512)
    for long in ("ü" * 513, "x" * 1_000_000):
        with pytest.raises(PasswordRefused):
            require_short(long)


def test_the_list_is_djangos() -> None:
    """
    Where it comes from, and under which licence, stands beside it.
    """
    beside = Path(module.__file__).with_name("common-passwords.md").read_text("utf-8")

    assert "Django" in beside
    assert "Redistributions of source code must retain" in beside
