"""When a key was used is noted once a day, and nobody waits for it."""

import asyncio
import datetime as dt

import pytest

from rollbook.auth.uses import Use, UsesOfKeys
from rollbook.domain.errors import Unavailable
from rollbook.domain.people import ApiKey

NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
TODAY = "2026-11-23"
LATER = 0.01  # seconds


def key(letter: str, last_used_on: str | None = None) -> ApiKey:
    return ApiKey(
        key=letter * 40,
        district_id=1,
        user_id=5,
        sealed_secret=b"",
        last_used_on=last_used_on,
    )


class Book:
    """What is noted; it can be closed."""

    def __init__(self) -> None:
        self.noted: list[Use] = []
        self.closed = 0  # for so many tries
        self.uses = UsesOfKeys(self.note, later=LATER)

    async def note(self, district_id: int, key: str, day: str) -> None:
        if self.closed:
            self.closed -= 1
            raise Unavailable("closed")
        self.noted.append((district_id, key, day))

    async def settled(self) -> list[Use]:
        """Return what is noted once there is nothing left to note."""
        await asyncio.sleep(LATER * 5)
        return self.noted


@pytest.fixture
def book() -> Book:
    return Book()


async def test_each_key_is_noted_once_a_day(book: Book) -> None:
    """
    However often a key is used, its day is noted once; on the next day once again.
    """
    for hour in (0, 1, 12, 23):
        for letter in "aab":
            book.uses.see(key(letter), NOON + dt.timedelta(hours=hour))
        await book.settled()

    assert sorted(await book.settled()) == [
        (1, "a" * 40, TODAY),
        (1, "a" * 40, "2026-11-24"),
        (1, "b" * 40, TODAY),
        (1, "b" * 40, "2026-11-24"),
    ]


async def test_nobody_waits_for_it(book: Book) -> None:
    """
    While a request is seen to nothing is written yet.
    """
    book.uses.see(key("a"), NOON)
    await asyncio.sleep(0)

    assert book.noted == []
    assert len(await book.settled()) == 1


async def test_what_is_known_is_not_noted(book: Book) -> None:
    """
    A key of which another worker noted this day, or a later one, is left alone.
    """
    book.uses.see(key("a", TODAY), NOON)
    book.uses.see(key("b", "2026-11-24"), NOON)
    book.uses.see(key("c", "2026-11-22"), NOON)

    assert await book.settled() == [(1, "c" * 40, TODAY)]


async def test_what_could_not_be_noted_is_noted_later(book: Book) -> None:
    """
    A database that is away loses no day.
    """
    book.closed = 2
    book.uses.see(key("a"), NOON)
    book.uses.see(key("b"), NOON)

    assert sorted(await book.settled()) == [(1, "a" * 40, TODAY), (1, "b" * 40, TODAY)]
