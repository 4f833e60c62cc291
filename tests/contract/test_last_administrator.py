"""What the store promises a district: somebody who may come in stays its administrator."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import msgspec
import pytest

from cast import TODAY, Cast, let_in
from conftest import Clock, World
from rollbook.domain.accounts import Account
from rollbook.domain.acts import ActQuery
from rollbook.domain.errors import LastAdministrator, RollbookError
from rollbook.domain.people import Role
from rollbook.domain.record import Author, Channel
from rollbook.domain.roster_files import RosterLimits, RosterPart, RosterUser
from rollbook.domain.store import Store

OPERATOR = Author(user_id=None, channel=Channel.CLI)
SOON = "2026-12-01T00:00:00.000Z"

Loses: TypeAlias = Callable[[Store, Cast, str, Author | None], Awaitable[Any]]


async def step_down(store: Store, cast: Cast, who: str, by: Author | None) -> None:
    """Make somebody a teacher."""
    person = await store.user(cast.district.id, cast.users[who])
    new = msgspec.structs.replace(person, role=Role.TEACHER)
    await store.change_user(cast.district.id, new, by=by)


async def leave(store: Store, cast: Cast, who: str, by: Author | None) -> None:
    """Have somebody no longer be active."""
    person = await store.user(cast.district.id, cast.users[who])
    await store.change_user(
        cast.district.id, msgspec.structs.replace(person, active=False), by=by
    )


async def disable(store: Store, cast: Cast, who: str, by: Author | None) -> None:
    """Close somebody's account."""
    old = await store.account_of_user(cast.district.id, cast.users[who])
    assert old is not None
    new = msgspec.structs.replace(old, disabled_at=SOON)
    await store.change_account(old, new, ends_sessions=True, by=by)


async def be_left_out(store: Store, cast: Cast, who: str, by: Author | None) -> None:
    """Take a roster in that says that somebody has left."""
    part = RosterPart(noun=RosterUser, rows=[], ended=[who], complete=False)
    limits = RosterLimits(today=TODAY, end_share=1.0)
    await store.import_roster(cast.district.id, [part], limits, lambda *_: None, by=by)


async def be_a_teacher_in_the_roster(
    store: Store, cast: Cast, who: str, by: Author | None
) -> None:
    """Take a roster in that says that somebody teaches."""
    row = RosterUser(who, Role.TEACHER, "school", who, "Keller")
    part = RosterPart(noun=RosterUser, rows=[row], ended=(), complete=False)
    limits = RosterLimits(today=TODAY, end_share=1.0)
    await store.import_roster(cast.district.id, [part], limits, lambda *_: None, by=by)


WAYS: list[Loses] = [step_down, leave, disable, be_left_out, be_a_teacher_in_the_roster]


@pytest.fixture
def alice(cast: Cast) -> Author:
    return Author(user_id=cast.users["alice"], channel=Channel.WEB)


async def promote(store: Store, cast: Cast, who: str) -> Account:
    """Make somebody an administrator who may come in."""
    person = await store.user(cast.district.id, cast.users[who])
    await store.change_user(
        cast.district.id, msgspec.structs.replace(person, role=Role.ADMINISTRATOR)
    )
    return await let_in(store, cast, who)


async def administrators(store: Store, cast: Cast) -> set[str]:
    """Return who may come in to administer the district."""
    names = {number: name for name, number in cast.users.items()}
    found = set()
    for account in await store.accounts(cast.district.id):
        person = await store.user(cast.district.id, account.user_id)
        if person.role is Role.ADMINISTRATOR and account.state(person) == "active":
            found.add(names[person.id])
    return found


@pytest.mark.parametrize("way", WAYS)
async def test_the_last_one_stays(
    store: Store, cast: Cast, strangers: Cast, alice: Author, way: Loses
) -> None:
    """
    Whatever would take the last one away is refused and changes nothing; with another it is done.
    """
    await let_in(store, strangers, "alice", login="mallory")
    await let_in(store, cast, "alice")
    await let_in(store, cast, "dora", password_hash=None)  # invited, and never came in
    with pytest.raises(LastAdministrator):
        await way(store, cast, "alice", alice)

    assert await administrators(store, cast) == {"alice"}
    assert await store.acts(cast.district.id, ActQuery()) == []
    await promote(store, cast, "bob")
    await way(store, cast, "alice", alice)
    assert await administrators(store, cast) == {"bob"}


@pytest.mark.parametrize("comes_in_by", [{"subject": "s"}, {"password_hash": "h"}])
async def test_whoever_may_come_in_is_one(
    store: Store, cast: Cast, alice: Author, comes_in_by: dict[str, str]
) -> None:
    """
    By sign-on alone, or by a password alone: they are missed, and they are enough.
    """
    await let_in(store, cast, "alice", **({"password_hash": None} | comes_in_by))
    with pytest.raises(LastAdministrator):
        await step_down(store, cast, "alice", alice)
    await promote(store, cast, "bob")
    await step_down(store, cast, "bob", alice)

    assert await administrators(store, cast) == {"alice"}


@pytest.mark.parametrize("way", WAYS)
async def test_the_operator_may(store: Store, cast: Cast, way: Loses) -> None:
    """
    A command may take the last one away: whoever runs it can make another.
    """
    await let_in(store, cast, "alice")
    await way(store, cast, "alice", OPERATOR)

    assert await administrators(store, cast) == set()


async def test_where_nobody_comes_in_nobody_is_missed(
    store: Store, cast: Cast, strangers: Cast, alice: Author
) -> None:
    """
    A district without accounts, which programs alone work with, is bound to nothing; what is left
    of one district says nothing of another.
    """
    await let_in(store, strangers, "alice", login="mallory")
    await step_down(store, cast, "alice", alice)

    assert (await store.user(cast.district.id, cast.users["alice"])).role is Role.TEACHER


@pytest.mark.parametrize("ways", [(step_down, step_down), (disable, disable), (disable, leave)])
async def test_of_two_who_take_each_other_away_one_stays(
    world: World, store: Store, cast: Cast, clock: Clock, ways: tuple[Loses, Loses]
) -> None:
    """
    At the same moment, from two machines: one of them is told that the other is the last.
    """
    for who in ("alice", "bob"):
        await (promote(store, cast, who) if who == "bob" else let_in(store, cast, who))
    accounts = {
        who: await store.account_of_user(cast.district.id, cast.users[who])
        for who in ("alice", "bob")
    }
    people = {
        who: await store.user(cast.district.id, cast.users[who]) for who in ("alice", "bob")
    }
    for _ in range(10):
        refused = at_once(world, clock, cast, ways)

        assert len(refused) == 1, refused
        assert isinstance(refused[0], LastAdministrator)
        (left,) = await administrators(store, cast)
        gone = "bob" if left == "alice" else "alice"
        await store.change_user(cast.district.id, people[gone])
        now = await store.account_of_user(cast.district.id, cast.users[gone])
        assert now is not None
        back = accounts[gone]
        assert back is not None
        await store.change_account(now, back)


def at_once(
    world: World, clock: Clock, cast: Cast, ways: tuple[Loses, Loses]
) -> list[RollbookError]:
    """Have both done in threads of their own, each with its own store; return what was refused."""
    refused: list[RollbookError] = []
    start = threading.Barrier(2)

    async def take_away(way: Loses, whom: str, who: str) -> None:
        store = await world.book.open(clock)
        try:
            await store.ping()
            start.wait()
            by = Author(user_id=cast.users[who], channel=Channel.WEB)
            await way(store, cast, whom, by)
        except RollbookError as error:
            refused.append(error)
        finally:
            await store.close()

    threads = [
        threading.Thread(target=asyncio.run, args=(take_away(way, whom, who),))
        for way, whom, who in zip(ways, ("bob", "alice"), ("alice", "bob"), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refused
