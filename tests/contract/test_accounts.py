"""What the store promises of accounts, of sessions, and of links that work once."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace as change

from cast import Cast, let_in
from rollbook.domain.accounts import Account, Link, LinkPurpose, Session
from rollbook.domain.errors import AccountChanged, AlreadyThere, NoSuchThing
from rollbook.domain.store import Store

EARLY, NOW, LATER = (f"2026-11-23T0{hour}:00:00.000Z" for hour in (7, 8, 9))
TAKERS = 20


@pytest.fixture
async def bob(store: Store, cast: Cast) -> Account:
    """Bob's account; he has come in, and has a link."""
    return await let_in(store, cast, "bob", subject="provider bob")


@pytest.fixture
async def bobs_namesake(store: Store, strangers: Cast) -> Account:
    """The account of the other district's Bob, who has come in too."""
    return await let_in(store, strangers, "bob", login="their bob", subject="provider 2")


def session(account: Account, digest: bytes = b"a session", **fields: Any) -> Session:
    whose: dict[str, Any] = {"district_id": account.district_id, "user_id": account.user_id}
    given = {"digest": digest, "begun_at": NOW, "seen_at": NOW}
    return Session(**whose, **(given | fields))


def link(account: Account, digest: bytes = b"a link", **fields: Any) -> Link:
    whose: dict[str, Any] = {"district_id": account.district_id, "user_id": account.user_id}
    given = {"digest": digest, "purpose": LinkPurpose.RESET, "expires_at": LATER}
    return Link(**whose, **(given | fields))


async def comes_in(store: Store, account: Account, digest: bytes = b"session bob") -> bool:
    """Say whether a session is somebody's."""
    return await store.visitor(account.district_id, digest) is not None


# ---------------------------------------------------------------- accounts


async def test_an_account_is_found_by_all_its_names(store: Store, bob: Account) -> None:
    """
    An account is there as it was given: by login, by subject, by its person, in the list.
    """
    assert await store.account("bob") == bob
    assert await store.account_of_subject("provider bob") == bob
    assert await store.account_of_user(bob.district_id, bob.user_id) == bob
    assert await store.accounts(bob.district_id) == [bob]


async def test_nobody_is_found_where_nobody_is(store: Store, cast: Cast, bob: Account) -> None:
    """
    A login in other letters, a part of one, an unknown subject, a person without: no account.
    """
    for login in ("BOB", "bo", "bob ", "provider bob", "", "%", "their bob"):
        assert await store.account(login) is None
    for subject in ("", "bob", "provider"):
        assert await store.account_of_subject(subject) is None
    assert await store.account_of_user(cast.district.id, cast.users["dora"]) is None


async def test_accounts_go_by_login(
    store: Store, cast: Cast, bob: Account, bobs_namesake: Account
) -> None:
    """
    A district's accounts are its own, in the order of their logins.
    """
    await let_in(store, cast, "dora", login="Zoë")
    await let_in(store, cast, "alice", login="admin")

    assert [each.login for each in await store.accounts(cast.district.id)] == [
        *("Zoë", "admin", "bob")
    ]


async def test_a_login_is_one_persons_in_the_whole_installation(
    store: Store, cast: Cast, strangers: Cast, bob: Account
) -> None:
    """
    A login or a subject that somebody has is refused, here and in another district.
    """
    for place, who in ((cast, "dora"), (strangers, "bob")):
        with pytest.raises(AlreadyThere, match="login bob"):
            await let_in(store, place, who, login="bob")
        with pytest.raises(AlreadyThere, match="subject provider bob"):
            await let_in(store, place, who, login="new", subject="provider bob")
        assert await store.account_of_user(place.district.id, place.users[who]) in (None, bob)
    assert await store.account("new") is None


async def test_a_person_has_one_account(store: Store, cast: Cast, bob: Account) -> None:
    """
    A second account of the same person is refused, and the login is free for others.
    """
    with pytest.raises(AlreadyThere, match=f"login of user {bob.user_id}"):
        await let_in(store, cast, "bob", login="robert")
    await let_in(store, cast, "dora", login="robert")

    assert await store.account_of_user(bob.district_id, bob.user_id) == bob


async def test_an_account_is_of_somebody_who_is_there(
    store: Store, cast: Cast, strangers: Cast
) -> None:
    """
    For a person of another district there is no account, as for one who does not exist.
    """
    for user_id in (strangers.users["bob"], 7):
        with pytest.raises(NoSuchThing, match=f"user {user_id} "):
            await store.create_account(
                Account(district_id=cast.district.id, user_id=user_id, login="x")
            )
    assert await store.account("x") is None


async def test_all_of_an_account_can_be_changed(store: Store, bob: Account) -> None:
    """
    After a change the account is the new one, and what it was called before is free.
    """
    new = change(bob, login="robert", password_hash=None, subject="other", disabled_at=NOW)
    await store.change_account(bob, new)

    assert await store.account("robert") == new
    assert await store.account_of_subject("other") == new
    assert await store.account("bob") is None
    assert await store.account_of_subject("provider bob") is None
    await store.change_account(new, bob)
    assert await store.accounts(bob.district_id) == [bob]


async def test_a_change_leaves_no_login_behind(store: Store, cast: Cast, bob: Account) -> None:
    """
    A login and a subject that were given up can be another's.
    """
    await store.change_account(bob, change(bob, login="robert", subject=None))
    dora = await let_in(store, cast, "dora", login="bob", subject="provider bob")

    assert await store.account("bob") == await store.account_of_subject("provider bob") == dora


async def test_a_login_is_not_taken_away_from_its_owner(
    store: Store, bob: Account, bobs_namesake: Account
) -> None:
    """
    An account cannot be given a login or a subject that is somebody's.
    """
    for field, taken in (("login", "their bob"), ("subject", "provider 2")):
        with pytest.raises(AlreadyThere, match=f"{field} {taken}"):
            await store.change_account(bob, change(bob, **{field: taken}))

    assert await store.accounts(bob.district_id) == [bob]
    assert await store.accounts(bobs_namesake.district_id) == [bobs_namesake]


@pytest.mark.parametrize(
    "read",
    [{"login": "robert"}, {"password_hash": None}, {"subject": None}, {"disabled_at": NOW}],
)
async def test_a_change_of_something_else_is_refused(
    store: Store, bob: Account, read: dict[str, Any]
) -> None:
    """
    Whoever read another state of the account than there is changes nothing, sessions neither.
    """
    old = change(bob, **read)
    with pytest.raises(AccountChanged, match=old.login):
        await store.change_account(old, change(old, password_hash="new"), ends_sessions=True)

    assert await store.account("bob") == bob
    assert await comes_in(store, bob)


@pytest.mark.parametrize("field", ["login", "subject"])
async def test_of_two_who_change_the_same_to_the_same_one_is_told(
    store: Store, bob: Account, field: str
) -> None:
    """
    The second one hears that the account has changed, not that its own name is taken.
    """
    new = change(bob, **{field: "robert"})
    await store.change_account(bob, new)
    with pytest.raises(AccountChanged):
        await store.change_account(bob, new)

    assert await store.account_of_user(bob.district_id, bob.user_id) == new


async def test_an_account_of_another_district_is_not_changed(
    store: Store, bob: Account, bobs_namesake: Account
) -> None:
    """
    An account that another district's is said to be is none that could be changed.
    """
    mistaken = change(bobs_namesake, district_id=bob.district_id)
    with pytest.raises(AccountChanged):
        await store.change_account(mistaken, change(mistaken, password_hash="new"))

    assert await store.account("their bob") == bobs_namesake


async def test_of_many_who_change_what_they_read_one_does(store: Store, bob: Account) -> None:
    """
    Of many changes of the same state one is done, whole.
    """
    new = [change(bob, password_hash=f"hash {number}") for number in range(TAKERS)]
    outcomes = await asyncio.gather(
        *(store.change_account(bob, each) for each in new), return_exceptions=True
    )

    assert outcomes.count(None) == 1
    assert sum(isinstance(outcome, AccountChanged) for outcome in outcomes) == TAKERS - 1
    assert await store.account("bob") == new[outcomes.index(None)]


async def test_of_many_who_want_a_login_one_has_it(store: Store, cast: Cast) -> None:
    """
    Of many people who are given the same login at once, one is.
    """
    people = [name for name in cast.users if name != "bob"]
    outcomes = await asyncio.gather(
        *(let_in(store, cast, name, login="admin") for name in people), return_exceptions=True
    )
    (admin,) = await store.accounts(cast.district.id)

    assert [outcome for outcome in outcomes if isinstance(outcome, Account)] == [admin]
    assert sum(isinstance(outcome, AlreadyThere) for outcome in outcomes) == len(people) - 1


# ---------------------------------------------------------------- sessions


async def test_a_session_says_who_is_there(store: Store, cast: Cast, bob: Account) -> None:
    """
    A session leads to itself, the account, the person and the district as they are now.
    """
    opened = session(bob, bytes(range(32)))
    await store.open_session(opened)
    renamed = change(cast.district, name="Lindenau", lock_days=3)
    await store.change_district(renamed)
    visitor = await store.visitor(bob.district_id, opened.digest)

    assert visitor is not None
    assert (visitor.session, visitor.account, visitor.district) == (opened, bob, renamed)
    assert visitor.user == await store.user(bob.district_id, bob.user_id)


async def test_a_session_that_nobody_began_is_nobodys(
    store: Store, bob: Account, bobs_namesake: Account
) -> None:
    """
    A digest that is unknown, or another district's, leads to nobody.
    """
    await store.open_session(session(bob))
    for digest in (b"", b"session", b"session bo", b"a session\0"):
        assert not await comes_in(store, bob, digest)

    assert await comes_in(store, bob, b"a session")
    assert not await comes_in(store, bobs_namesake, b"a session")


async def test_who_may_not_come_in_is_not_there(store: Store, bob: Account) -> None:
    """
    With the account disabled, or the person no longer active, the session is nobody's.
    """
    disabled = change(bob, disabled_at=NOW)
    await store.change_account(bob, disabled)
    assert not await comes_in(store, bob)
    await store.change_account(disabled, bob)
    assert await comes_in(store, bob)

    person = await store.user(bob.district_id, bob.user_id)
    await store.change_user(bob.district_id, change(person, active=False))
    assert not await comes_in(store, bob)


async def test_a_session_remembers_when_it_was_used(store: Store, bob: Account) -> None:
    """
    A session that was touched was seen then; one that is not there is not made by it.
    """
    await store.touch_session(bob.district_id, b"session bob", LATER)
    await store.touch_session(bob.district_id, b"none", LATER)
    visitor = await store.visitor(bob.district_id, b"session bob")

    assert visitor is not None
    assert (visitor.session.begun_at, visitor.session.seen_at) == (NOW, LATER)
    assert not await comes_in(store, bob, b"none")


async def test_a_session_that_was_closed_is_over(store: Store, bob: Account) -> None:
    """
    Closing ends one session and leaves the person's others; to close it again is harmless.
    """
    await store.open_session(session(bob))
    for _ in range(2):
        await store.close_session(bob.district_id, b"session bob")

    assert not await comes_in(store, bob)
    assert await comes_in(store, bob, b"a session")


async def test_all_sessions_of_a_person_can_be_closed(
    store: Store, cast: Cast, bob: Account
) -> None:
    """
    Closing a person's sessions ends every one of theirs, and nobody else's.
    """
    dora = await let_in(store, cast, "dora")
    await store.open_session(session(bob))
    await store.close_sessions(bob.district_id, bob.user_id)

    assert not await comes_in(store, bob)
    assert not await comes_in(store, bob, b"a session")
    assert await comes_in(store, dora, b"session dora")


async def test_a_change_can_end_whatever_was_begun(
    store: Store, cast: Cast, bob: Account
) -> None:
    """
    A change that ends sessions ends the person's links too; one that does not ends nothing.
    """
    await let_in(store, cast, "dora")
    key = (bob.district_id, b"link bob")
    new = change(bob, password_hash="new")
    await store.change_account(bob, new)
    assert await comes_in(store, bob)
    assert await store.link(*key) is not None

    await store.change_account(new, bob, ends_sessions=True)
    assert not await comes_in(store, bob)
    assert await store.link(*key) is None
    assert await comes_in(store, bob, b"session dora")
    assert await store.link(bob.district_id, b"link dora") is not None


async def test_sessions_are_of_one_district(
    store: Store, bob: Account, bobs_namesake: Account
) -> None:
    """
    Whatever ends sessions and links in one district leaves the other one's.
    """
    here = bob.district_id
    await store.close_session(here, b"session of nobody")
    await store.close_sessions(here, bobs_namesake.user_id)
    await store.sweep_accounts(here, idle_since=LATER, begun_before=LATER, now=LATER)
    await store.touch_session(here, b"session bob", LATER)
    visitor = await store.visitor(bobs_namesake.district_id, b"session bob")

    assert not await comes_in(store, bob)
    assert visitor is not None
    assert visitor.session.seen_at == NOW
    assert await store.link(bobs_namesake.district_id, b"link bob") is not None


@pytest.mark.parametrize("district", ["ours", "theirs"])
async def test_who_has_no_account_has_no_session(
    store: Store, cast: Cast, bobs_namesake: Account, district: str
) -> None:
    """
    Neither a session nor a link is made for somebody without an account in that district.
    """
    user_id = cast.users["dora"] if district == "ours" else bobs_namesake.user_id
    nobody = Account(district_id=cast.district.id, user_id=user_id, login="x")
    with pytest.raises(NoSuchThing, match=f"account of user {user_id} "):
        await store.open_session(session(nobody))
    with pytest.raises(NoSuchThing, match=f"account of user {user_id} "):
        await store.create_link(link(nobody))

    assert await store.link(cast.district.id, b"a link") is None


# ---------------------------------------------------------------- links


async def test_a_link_is_used_once(store: Store, bob: Account) -> None:
    """
    A link works until it is used, and then tells when that was.
    """
    made = link(bob, purpose=LinkPurpose.INVITATION)
    await store.create_link(made)
    key = (bob.district_id, made.digest)
    used = change(made, used_at=NOW)

    assert await store.link(*key) == made
    assert await store.use_link(*key, NOW) == used
    assert await store.link(*key) == used
    with pytest.raises(NoSuchThing, match="link"):
        await store.use_link(*key, NOW)
    assert await store.link(*key) == used


async def test_of_many_who_use_a_link_one_does(store: Store, bob: Account) -> None:
    """
    However many come with the same link at once, it works for one of them.
    """
    tries = [store.use_link(bob.district_id, b"link bob", NOW) for _ in range(TAKERS)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)

    assert sum(isinstance(outcome, Link) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, NoSuchThing) for outcome in outcomes) == TAKERS - 1


async def test_a_link_has_its_time(store: Store, bob: Account) -> None:
    """
    From the moment on at which it expires a link does not work.
    """
    with pytest.raises(NoSuchThing):
        await store.use_link(bob.district_id, b"link bob", LATER)

    left = await store.link(bob.district_id, b"link bob")
    assert left is not None
    assert left.used_at is None


async def test_a_new_link_takes_the_place_of_the_old(
    store: Store, cast: Cast, bob: Account
) -> None:
    """
    Of a person's links for a purpose the last one works; the other one's stay, and others'.
    """
    await let_in(store, cast, "dora")
    invitation = link(bob, b"invitation", purpose=LinkPurpose.INVITATION)
    await store.create_link(invitation)
    await store.create_link(link(bob))
    with pytest.raises(NoSuchThing):
        await store.use_link(bob.district_id, b"link bob", NOW)

    assert await store.link(bob.district_id, b"invitation") == invitation
    assert (await store.use_link(bob.district_id, b"a link", NOW)).user_id == bob.user_id
    assert (await store.use_link(bob.district_id, b"link dora", NOW)).used_at == NOW


async def test_a_link_of_another_district_is_none(
    store: Store, bob: Account, bobs_namesake: Account
) -> None:
    """
    A link is there, and works, in its own district only.
    """
    await store.create_link(link(bobs_namesake))
    key = (bob.district_id, b"a link")
    with pytest.raises(NoSuchThing):
        await store.use_link(*key, NOW)

    assert await store.link(*key) is None
    assert await store.link(bobs_namesake.district_id, b"a link") == link(bobs_namesake)


# ---------------------------------------------------------------- order


async def test_what_is_over_is_swept_away(store: Store, bob: Account) -> None:
    """
    Sessions that nobody used, or that began too early, and expired links go; the others stay.
    """
    for name, begun, seen in (
        (b"idle", NOW, EARLY),
        (b"old", EARLY, LATER),
        (b"in use", NOW, NOW),
    ):
        await store.open_session(session(bob, name, begun_at=begun, seen_at=seen))
    await store.create_link(link(bob, expires_at=NOW))
    here = bob.district_id
    await store.sweep_accounts(here, idle_since=NOW, begun_before=NOW, now=EARLY)
    assert await store.link(here, b"a link") is not None
    await store.sweep_accounts(here, idle_since=NOW, begun_before=NOW, now=NOW)

    assert [await comes_in(store, bob, name) for name in (b"idle", b"old")] == [False, False]
    assert await comes_in(store, bob, b"in use")
    assert await store.link(here, b"a link") is None
