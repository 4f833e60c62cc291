"""
Passwords: which are taken, and how they rest.

argon2id makes each guess cost 64 MiB and the time of a blink, for us as for whoever stole the
database. So hashing has threads of its own, few of them, which let everything else go first: the
event loop goes on, and many logins at once wait for each other instead of taking all memory.
"""

import asyncio
import functools
import gzip
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from typing import Any, TypeVar

import argon2

from rollbook.domain.accounts import WhyNot, is_too_long, normal, why_not_password
from rollbook.domain.errors import PasswordRefused, TooMuchToDo

T = TypeVar("T")

AT_ONCE = 4  # hashings: of 64 MiB each
WAITING_MAX = 256  # more than these would wait longer than anybody does

_NICE = 10  # how far the hashing threads step back behind the event loop's

# RFC 9106, the second recommended option.
_ARGON2ID = argon2.PasswordHasher(
    time_cost=3, memory_cost=65_536, parallelism=4, hash_len=32, salt_len=16
)


class Passwords:
    """Hashes passwords and verifies them."""

    def __init__(
        self, hasher: argon2.PasswordHasher = _ARGON2ID, *, at_once: int = AT_ONCE
    ) -> None:
        """
        Prepare it.

        Args:
            hasher: What a hash costs.
            at_once: How many may be made at the same time.
        """
        self._hasher = hasher
        self._nobodys = _hash_of_nobody(hasher)
        self._threads = ThreadPoolExecutor(at_once, "passwords", _step_back)
        self._waiting = 0

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        """Return the hash of a password, with all that it takes to verify it."""
        return await self._aside(self._hasher.hash, _bytes(password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Say whether that is the password; None is nobody's, and costs as much to find out."""
        return await self._aside(self._verify, password_hash, _bytes(password))

    def _verify(self, password_hash: str | None, password: bytes) -> bool:
        try:
            self._hasher.verify(password_hash or self._nobodys, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
        return password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Say whether a hash cost less, or more, than one that is made now."""
        return self._hasher.check_needs_rehash(password_hash)

    async def _aside(self, work: Callable[..., T], *given: Any) -> T:
        if self._waiting >= WAITING_MAX:
            raise TooMuchToDo
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, work, *given)
        finally:
            self._waiting -= 1


def require_good(password: str, login: str) -> None:
    """Raise `PasswordRefused` when the password is not taken for that login."""
    reason = why_not_password(password, login, common())
    if reason is not None:
        raise PasswordRefused(reason)


def require_short(password: str) -> None:
    """Raise `PasswordRefused` for what is longer than any password can be."""
    if is_too_long(password):
        raise PasswordRefused(WhyNot.LONG)


@functools.cache
def common() -> frozenset[str]:
    """Return the passwords that are guessed first, in lower case."""
    file = resources.files("rollbook.auth") / "common-passwords.txt.gz"
    return frozenset(gzip.decompress(file.read_bytes()).decode().split())


def _bytes(password: str) -> bytes:
    """Return what is hashed: the same bytes however a keyboard spelt the characters."""
    return normal(password).encode("utf-8", "surrogatepass")


def _step_back() -> None:
    thread = threading.get_native_id()  # of which Linux keeps the priority by itself
    own = os.getpriority(os.PRIO_PROCESS, thread)
    os.setpriority(os.PRIO_PROCESS, thread, min(own + _NICE, 19))


def _hash_of_nobody(hasher: argon2.PasswordHasher) -> str:
    """Return what costs as much to verify as a hash of *hasher*, and is no password's."""
    salt, digest = "A" * 22, "A" * 43
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${digest}"
