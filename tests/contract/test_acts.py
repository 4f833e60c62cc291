"""What the store promises of the record of acts: what administrators did."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import apsw
import msgspec
import pytest

from cast import TODAY, Cast
from conftest import Clock
from rollbook.domain.accounts import Account, Link, LinkPurpose
from rollbook.domain.acts import Act, ActQuery, Deed, Turn, What
from rollbook.domain.days import instant
from rollbook.domain.errors import RollbookError
from rollbook.domain.people import ApiKey, Colour, Role, StatusLook, User
from rollbook.domain.record import Author, Channel
from rollbook.domain.roster_files import RosterLimits, RosterPart, RosterSchool
from rollbook.domain.store import Page, Store

OPERATOR = Author(user_id=None, channel=Channel.CLI)
SOON = "2026-12-01T00:00:00.000Z"
SECRET = "of-nobody-elses-business"

Do: TypeAlias = Callable[[Store, Cast, Author | None], Awaitable[Any]]


def account(cast: Cast, **fields: Any) -> Account:
    """Return Dora's account."""
    made = Account(
        district_id=cast.district.id,
        user_id=cast.users["dora"],
        login="dora",
        password_hash=SECRET,
        created_at="2026-11-23T08:00:00.000Z",
    )
    return msgspec.structs.replace(made, **fields)


def link(cast: Cast, purpose: LinkPurpose) -> Link:
    return Link(
        digest=SECRET.encode(),
        district_id=cast.district.id,
        user_id=cast.users["dora"],
        purpose=purpose,
        expires_at=SOON,
    )


def key(cast: Cast, **fields: Any) -> ApiKey:
    """Return a key that acts as Bob."""
    made = ApiKey(
        key="c0ffee" * 6 + "abcd",
        district_id=cast.district.id,
        user_id=cast.users["bob"],
        sealed_secret=SECRET.encode(),
        name="gradebook",
        created_at="2026-11-23T08:00:00.000Z",
    )
    return msgspec.structs.replace(made, **fields)


async def create_district(store: Store, _cast: Cast, by: Author | None) -> None:
    await store.create_district("Westend", "Europe/Berlin", by=by)


async def change_district(store: Store, cast: Cast, by: Author | None) -> None:
    looks = (StatusLook(status=3, name="Tardy", colour=Colour.PINK),)
    new = msgspec.structs.replace(cast.district, lock_days=7, status_looks=looks)
    await store.change_district(new, by=by)


async def create_person(store: Store, cast: Cast, by: Author | None) -> None:
    person = User(id=0, role=Role.TEACHER, name_first="Jo", name_last="Doe")
    await store.create_user(cast.district.id, person, by=by)


async def change_person(store: Store, cast: Cast, by: Author | None) -> None:
    bob = await store.user(cast.district.id, cast.users["bob"])
    new = msgspec.structs.replace(bob, role=Role.ADMINISTRATOR, name_first="Robert")
    await store.change_user(cast.district.id, new, by=by)


async def create_account(store: Store, cast: Cast, by: Author | None) -> None:
    await store.create_account(account(cast), by=by)


async def close_account(store: Store, cast: Cast, by: Author | None) -> None:
    closed = account(cast, disabled_at=SOON)
    await store.change_account(account(cast), closed, ends_sessions=True, by=by)


async def open_account(store: Store, cast: Cast, by: Author | None) -> None:
    await store.change_account(account(cast, disabled_at=SOON), account(cast), by=by)


async def change_login(store: Store, cast: Cast, by: Author | None) -> None:
    await store.change_account(account(cast), account(cast, login="theodora"), by=by)


async def invite(store: Store, cast: Cast, by: Author | None) -> None:
    await store.create_link(link(cast, LinkPurpose.INVITATION), by=by)


async def reset(store: Store, cast: Cast, by: Author | None) -> None:
    made = link(cast, LinkPurpose.RESET)
    await store.create_link(msgspec.structs.replace(made, digest=b"another"), by=by)


async def create_key(store: Store, cast: Cast, by: Author | None) -> None:
    await store.create_key(key(cast), by=by)


async def rotate_key(store: Store, cast: Cast, by: Author | None) -> None:
    new = key(cast, sealed_secret=b"new", former_sealed_secret=b"", former_until=SOON)
    await store.change_key(new, by=by)


async def revoke_key(store: Store, cast: Cast, by: Author | None) -> None:
    await store.change_key(key(cast, sealed_secret=b"new", revoked_at=SOON), by=by)


async def take_roster_in(store: Store, cast: Cast, by: Author | None) -> None:
    rows = [RosterSchool("new", "A new school")]
    part = RosterPart(noun=RosterSchool, rows=rows, ended=(), complete=False)
    limits = RosterLimits(today=TODAY)
    await store.import_roster(cast.district.id, [part], limits, lambda *_: None, by=by)


# In the order in which they can be done, with what is to be written of each.
DEEDS: list[tuple[Do, What, tuple[Turn, ...]]] = [
    (
        change_district,
        What.DISTRICT_CHANGED,
        (
            Turn("lock_days", None, 7),
            Turn("name-3", None, "Tardy"),
            Turn("colour-3", None, "pink"),
        ),
    ),
    (create_person, What.PERSON_CREATED, (Turn("role", None, 2), Turn("active", None, True))),
    (change_person, What.PERSON_CHANGED, (Turn("role", 2, 1),)),
    (create_account, What.ACCOUNT_CREATED, ()),
    (close_account, What.ACCOUNT_CLOSED, ()),
    (open_account, What.ACCOUNT_OPENED, ()),
    (invite, What.INVITED, (Turn("expires_at", None, SOON),)),
    (reset, What.RESET, (Turn("expires_at", None, SOON),)),
    (change_login, What.LOGIN_CHANGED, (Turn("login", "dora", "theodora"),)),
    (
        create_key,
        What.KEY_CREATED,
        (Turn("name", None, "gradebook"), Turn("read_only", None, False)),
    ),
    (rotate_key, What.KEY_ROTATED, (Turn("former_until", None, SOON),)),
    (revoke_key, What.KEY_REVOKED, ()),
    (take_roster_in, What.ROSTER_TAKEN_IN, (Turn("schools added", None, 1),)),
]


async def acts(store: Store, cast: Cast, **query: Any) -> list[Act]:
    """Return what administrators of the district did."""
    return await store.acts(cast.district.id, ActQuery(**query))


@pytest.fixture
def alice(cast: Cast) -> Author:
    """Who does it."""
    return Author(user_id=cast.users["alice"], channel=Channel.WEB, request_id="request 1")


async def test_each_act_is_recorded(
    store: Store, cast: Cast, alice: Author, clock: Clock
) -> None:
    """
    Who, when, what, to whom, from what to what: and no secret.
    """
    for do, _, _ in DEEDS:
        clock.advance(minutes=1)
        await do(store, cast, alice)
    done = (await acts(store, cast))[::-1]

    assert [(act.deed.what, act.deed.turns) for act in done] == [each[1:] for each in DEEDS]
    assert {act.author for act in done} == {alice}
    assert done[-1].at == instant(clock.now)
    assert len({act.at for act in done}) == len(DEEDS)
    assert done[2].deed.person_id == cast.users["bob"]
    assert done[3].deed.thing == "dora"
    assert {act.deed.thing for act in done[9:12]} == {"c0ffeec0"}
    assert not any(
        word in repr(done) for word in (SECRET, SECRET.encode().hex(), "c0ffeec0ffee")
    )


async def test_what_nobody_does_is_no_act(store: Store, cast: Cast) -> None:
    """
    What is changed by nobody who administers, as a password that is set, is not recorded.
    """
    for do, _, _ in DEEDS:
        await do(store, cast, None)

    assert await acts(store, cast) == []


async def test_what_was_so_already_is_no_act(store: Store, cast: Cast, alice: Author) -> None:
    """
    Done again, each is recorded once, or refused; so is a roster that is only rehearsed.
    """
    for do in (change_district, change_person, create_account, create_key, revoke_key):
        await do(store, cast, alice)
        before = await acts(store, cast)
        try:
            await do(store, cast, alice)
        except RollbookError:
            assert do in {create_account, create_key}

        assert await acts(store, cast) == before
    part = RosterPart(
        noun=RosterSchool, rows=[RosterSchool("new", "New")], ended=(), complete=False
    )
    limits = RosterLimits(today=TODAY, dry_run=True)
    await store.import_roster(cast.district.id, [part], limits, lambda *_: None, by=alice)

    assert await acts(store, cast) == before


async def test_the_operator_is_nobody_by_number(store: Store, cast: Cast) -> None:
    """
    What a command does stands there as the operator's; a new district begins with it.
    """
    made = await store.create_district("Bergdorf", "America/Chicago", by=OPERATOR)
    (act,) = await store.acts(made.id, ActQuery())

    assert act.author == OPERATOR
    assert act.deed == Deed(
        what=What.DISTRICT_CREATED,
        turns=(
            Turn("name", None, "Bergdorf"),
            Turn("time_zone", None, "America/Chicago"),
            Turn("powerschool", None, False),
        ),
    )


async def test_what_is_looked_for(
    store: Store, cast: Cast, strangers: Cast, alice: Author, clock: Clock
) -> None:
    """
    By time, by who did it, by whom it is about; the newest first, and on from a place.
    """
    for do, by in (
        (change_district, alice),
        (change_person, OPERATOR),
        (create_key, alice),
        (create_account, alice),
    ):
        await do(store, cast, by)
        clock.advance(hours=1)
    newest = await acts(store, cast)
    account_, key_, person, settings = newest
    bob = cast.users["bob"]

    assert await acts(store, cast, limit=2) == [account_, key_]
    assert await acts(store, cast, before=(key_.at, key_.id)) == [person, settings]
    assert await acts(store, cast, before=(key_.at, 0)) == [person, settings]
    assert await acts(store, cast, since=key_.at) == [account_, key_]
    assert await acts(store, cast, by=alice.user_id) == [account_, key_, settings]
    assert await acts(store, cast, person_id=bob) == [key_, person]
    assert await acts(store, cast, person_id=bob, by=alice.user_id) == [key_]
    assert await acts(store, cast, person_id=alice.user_id) == []
    assert await store.acts(strangers.district.id, ActQuery()) == []


async def test_acts_go_by_time(store: Store, cast: Cast, alice: Author, clock: Clock) -> None:
    """
    Also when they were written down in another order: machines' clocks differ.
    """
    for do, minutes in ((create_account, 3), (create_key, -2), (create_person, 1)):
        clock.advance(minutes=minutes)
        await do(store, cast, alice)
    done = [act.deed.what for act in await acts(store, cast)]

    assert done == [What.ACCOUNT_CREATED, What.PERSON_CREATED, What.KEY_CREATED]


async def everything(store: Store, cast: Cast) -> list[Any]:
    """Return all that a deed may change."""
    number, all_ = cast.district.id, Page(0, 1000)
    return [
        await store.districts(),
        await store.users(number, all_),
        await store.schools(number, all_),
        await store.accounts(number),
        [await store.link(number, digest) for digest in (SECRET.encode(), b"another")],
        await store.keys(number),
        await acts(store, cast),
    ]


async def test_an_act_that_cannot_be_recorded_is_not_done(
    store: Store, cast: Cast, alice: Author
) -> None:
    """
    What is done and that it was done are one: neither is there without the other.
    """
    broken = msgspec.structs.replace(alice, channel="by the chimney")
    for do in (create_district, *(do for do, _, _ in DEEDS)):
        before = await everything(store, cast)
        with pytest.raises((RollbookError, apsw.ConstraintError)):
            await do(store, cast, broken)

        assert await everything(store, cast) == before
        await do(store, cast, alice)


async def test_what_was_before_is_what_was_before(
    store: Store, cast: Cast, alice: Author
) -> None:
    """
    Of several who change a district at once each is told from what to what it went with them.
    """
    names = [f"Name {number}" for number in range(20)]
    await asyncio.gather(
        *(
            store.change_district(msgspec.structs.replace(cast.district, name=name), by=alice)
            for name in names
        )
    )
    told = {}
    for act in await acts(store, cast):
        (turn,) = act.deed.turns
        told[turn.before] = turn.after
    way: list[Any] = [cast.district.name]
    while way[-1] in told:
        way.append(told[way[-1]])

    assert sorted(way[1:]) == sorted(names)
