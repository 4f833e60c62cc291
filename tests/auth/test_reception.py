"""The reception: who comes in with what, for how long, and what ends it."""

import asyncio
import hashlib
import re
from collections.abc import Iterator

import argon2
import pytest
from msgspec.structs import replace as change

from cast import Cast
from conftest import Clock
from rollbook.auth.passwords import Passwords
from rollbook.auth.reception import Reception
from rollbook.domain.accounts import Account
from rollbook.domain.errors import (
    AccountChanged,
    AlreadyThere,
    AskedTooOften,
    BadRequest,
    NoSuchThing,
    NotAuthenticated,
    PasswordRefused,
)
from rollbook.domain.people import Role, User
from rollbook.storage.sqlite import SqliteStore
from rollbook.watch.logins import LoginTurnstile

HOME, AWAY = "192.0.2.7", "198.51.100.7"
LOGIN, PASSWORD, NEW = (
    "bob@lindenhof.example",
    "blue lamps in the rain",
    "green lamps in the fog",
)
CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    passwords = Passwords(CHEAP)
    yield passwords
    passwords.close()


@pytest.fixture
def reception(store: SqliteStore, passwords: Passwords, clock: Clock) -> Reception:
    turnstile = LoginTurnstile(clock=lambda: clock().timestamp())
    return Reception(store, passwords, turnstile=turnstile, clock=clock)


@pytest.fixture
async def bob(reception: Reception, cast: Cast) -> int:
    """Bob, who has set his password."""
    link = await reception.invite(cast.district.id, cast.users["bob"], LOGIN)
    await reception.set_password(link, PASSWORD, HOME)
    return cast.users["bob"]


async def is_in(reception: Reception, token: str) -> bool:
    return await reception.recognise(token) is not None


async def comes_in(reception: Reception, password: str, login: str = LOGIN) -> bool:
    """Say whether somebody is let in with that."""
    try:
        await reception.log_in(login, password, HOME)
    except NotAuthenticated:
        return False
    return True


# ---------------------------------------------------------------- coming in


async def test_who_knows_login_and_password_comes_in(
    reception: Reception, cast: Cast, bob: int
) -> None:
    """
    The session leads to the person, their account and their district.
    """
    token = await reception.log_in(f" {LOGIN.upper()} ", PASSWORD, HOME)
    visitor = await reception.recognise(token)

    assert visitor is not None
    assert (visitor.user.id, visitor.district) == (bob, cast.district)
    assert visitor.account.login == LOGIN


@pytest.mark.parametrize(
    ("login", "password"),
    [
        (LOGIN, PASSWORD.upper()),
        (LOGIN, PASSWORD + " "),
        (LOGIN, ""),
        (LOGIN, "x" * 1024),
        ("bob", PASSWORD),
        ("dora@lindenhof.example", PASSWORD),
        ("", PASSWORD),
        ("", ""),
        ("x" * 1_000_000, PASSWORD),
        (f"{LOGIN}\0", PASSWORD),
        ("\ud800", PASSWORD),
        ("' OR 1=1 --", PASSWORD),
        ("%", PASSWORD),
    ],
)
async def test_whoever_does_not_is_told_one_thing(
    reception: Reception, bob: int, login: str, password: str
) -> None:
    """
    A wrong password and an unknown login are refused in the same words.
    """
    with pytest.raises(NotAuthenticated, match=r"^The name or the password is not right\.$"):
        await reception.log_in(login, password, HOME)


async def test_what_is_too_long_is_no_password(reception: Reception, bob: int) -> None:
    """
    More than 1,024 bytes are refused before anything is counted or looked up.
    """
    for _ in range(20):
        with pytest.raises(PasswordRefused):
            await reception.log_in(LOGIN, "x" * 1025, HOME)

    assert await comes_in(reception, PASSWORD)


async def test_an_unknown_login_costs_what_a_known_one_does(
    reception: Reception, passwords: Passwords, bob: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    One hash is verified for each try, whoever it is for.
    """
    costs: list[str] = []
    real = argon2.PasswordHasher.verify

    def watched(self: argon2.PasswordHasher, made: str, password: bytes) -> bool:
        costs.append(made.split("$")[3])
        return real(self, made, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", watched)
    for login in (LOGIN, "nobody"):
        assert not await comes_in(reception, "wrong", login)

    assert costs == ["m=8,t=1,p=1"] * 2


async def test_who_has_no_password_yet_does_not_come_in(
    reception: Reception, cast: Cast
) -> None:
    """
    An account that was only invited is let in with nothing.
    """
    await reception.invite(cast.district.id, cast.users["bob"], LOGIN)

    for password in ("", PASSWORD):
        assert not await comes_in(reception, password)


async def test_each_time_there_is_another_token(reception: Reception, bob: int) -> None:
    """
    256 random bits, new each time; nothing that was there before becomes a session.
    """
    tokens = {await reception.log_in(LOGIN, PASSWORD, HOME) for _ in range(3)}

    assert len(tokens) == 3
    for token in tokens:
        assert re.fullmatch(r"1-[A-Za-z0-9_-]{43}", token)
        assert await is_in(reception, token)


async def test_only_a_digest_is_kept(
    reception: Reception, store: SqliteStore, bob: int
) -> None:
    """
    Neither token nor password stands in the database.
    """
    token = await reception.log_in(LOGIN, PASSWORD, HOME)
    link = await reception.reset(1, bob)
    await store.close()
    found = b"".join(file.read_bytes() for file in store._path.parent.glob("*.db*"))

    assert hashlib.sha256(token.encode()).digest() in found
    for secret in (token, token[2:], link[2:], PASSWORD):
        assert secret.encode() not in found


@pytest.mark.parametrize(
    "token",
    [
        "",
        "1",
        "1-",
        "0-" + "A" * 43,
        "1-" + "A" * 43,
        "01-" + "A" * 43,
        "9999999999-" + "A" * 43,
        "１-" + "A" * 43,
        "1-" + "A" * 43 + "\n",
        "1-" + "\ud800" * 43,
        "x" * 1_000_000,
    ],
)
async def test_what_is_no_token_is_nobodys(reception: Reception, bob: int, token: str) -> None:
    """
    A cookie that we did not give is nobody's, and no fault.
    """
    assert await reception.recognise(token) is None
    assert await reception.invited(token) is None
    await reception.log_out(token)
    with pytest.raises(NoSuchThing):
        await reception.set_password(token, NEW, HOME)


async def test_a_token_of_another_district_is_nobodys(
    reception: Reception, strangers: Cast, bob: int
) -> None:
    """
    The number before a token is part of it: with another one it opens nothing.
    """
    token = await reception.log_in(LOGIN, PASSWORD, HOME)

    assert not await is_in(reception, f"{strangers.district.id}-{token[2:]}")


# ---------------------------------------------------------------- staying in


async def test_a_session_that_is_used_lasts(
    reception: Reception, clock: Clock, bob: int
) -> None:
    """
    Used every twenty minutes a session lasts twelve hours, and no longer.
    """
    token = await reception.log_in(LOGIN, PASSWORD, HOME)
    for _ in range(12 * 3 - 1):
        clock.advance(minutes=20)
        assert await is_in(reception, token)
    clock.advance(minutes=20)

    assert not await is_in(reception, token)


async def test_a_session_that_nobody_uses_ends(
    reception: Reception, clock: Clock, bob: int
) -> None:
    """
    After half an hour without a request nobody is there.
    """
    token = await reception.log_in(LOGIN, PASSWORD, HOME)
    clock.advance(minutes=29, seconds=59)
    assert await is_in(reception, token)
    clock.advance(minutes=30)

    assert not await is_in(reception, token)


async def test_a_session_is_written_at_most_once_a_minute(
    reception: Reception,
    store: SqliteStore,
    clock: Clock,
    bob: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    That a session is in use is noted by the minute: pages do not wait for the disk.
    """
    token = await reception.log_in(LOGIN, PASSWORD, HOME)
    writes = []
    real = store.touch_session

    async def counted(district_id: int, digest: bytes, seen_at: str) -> None:
        writes.append(seen_at)
        await real(district_id, digest, seen_at)

    monkeypatch.setattr(store, "touch_session", counted)
    for _ in range(180):
        clock.advance(seconds=1)
        await reception.recognise(token)

    assert len(writes) == 3


async def test_who_logs_out_is_out(reception: Reception, bob: int) -> None:
    """
    The session that is logged out of is over for whoever has its token; others are not.
    """
    token, other = [await reception.log_in(LOGIN, PASSWORD, HOME) for _ in range(2)]
    await reception.log_out(token)

    assert not await is_in(reception, token)
    assert await is_in(reception, other)


async def test_who_is_disabled_is_out_at_once(
    reception: Reception, cast: Cast, bob: int
) -> None:
    """
    Disabling ends what was begun and lets nobody in; enabling lets in again, to a new session.
    """
    token = await reception.log_in(LOGIN, PASSWORD, HOME)
    link = await reception.reset(cast.district.id, bob)
    await reception.disable(cast.district.id, bob)

    assert not await is_in(reception, token)
    assert not await comes_in(reception, PASSWORD)
    assert await reception.invited(link) is None
    await reception.enable(cast.district.id, bob)
    assert not await is_in(reception, token)
    assert await comes_in(reception, PASSWORD)


async def test_who_is_no_longer_active_is_out_at_once(
    reception: Reception, store: SqliteStore, cast: Cast, bob: int
) -> None:
    """
    Whoever has left the district does not come in, and is no longer there.
    """
    token = await reception.log_in(LOGIN, PASSWORD, HOME)
    person = await store.user(cast.district.id, bob)
    await store.change_user(cast.district.id, change(person, active=False))

    assert not await is_in(reception, token)
    assert not await comes_in(reception, PASSWORD)


async def test_a_role_counts_from_the_next_request_on(
    reception: Reception, store: SqliteStore, cast: Cast, bob: int
) -> None:
    """
    What a person may do is read each time, not remembered with the session.
    """
    token = await reception.log_in(LOGIN, PASSWORD, HOME)
    person = await store.user(cast.district.id, bob)
    await store.change_user(cast.district.id, change(person, role=Role.STAFF))
    visitor = await reception.recognise(token)

    assert visitor is not None
    assert visitor.user.role is Role.STAFF


async def test_what_is_over_is_swept_away(
    reception: Reception, store: SqliteStore, cast: Cast, clock: Clock, bob: int
) -> None:
    """
    Sessions that have ended do not pile up: coming in sweeps them, once an hour.
    """
    token = await reception.log_in(LOGIN, PASSWORD, HOME)
    digest = hashlib.sha256(token.encode()).digest()
    clock.advance(minutes=45)
    await reception.log_in(LOGIN, PASSWORD, HOME)
    assert await store.visitor(cast.district.id, digest) is not None
    clock.advance(minutes=15)
    await reception.log_in(LOGIN, PASSWORD, HOME)

    assert await store.visitor(cast.district.id, digest) is None


# ---------------------------------------------------------------- passwords


async def test_a_new_password_ends_everything_that_was_begun(
    reception: Reception, cast: Cast, bob: int
) -> None:
    """
    With a password set by link, sessions and links of before are over, and so is the old one.
    """
    token = await reception.log_in(LOGIN, PASSWORD, HOME)
    link = await reception.reset(cast.district.id, bob)
    account = await reception.set_password(link, NEW, AWAY)

    assert account.login == LOGIN
    assert not await is_in(reception, token)
    assert not await comes_in(reception, PASSWORD)
    assert await comes_in(reception, NEW)


async def test_who_changes_their_password_stays_in(reception: Reception, bob: int) -> None:
    """
    Changing it ends all sessions, and begins one for whoever changed it.
    """
    token, other = [await reception.log_in(LOGIN, PASSWORD, HOME) for _ in range(2)]
    visitor = await reception.recognise(token)
    assert visitor is not None
    new = await reception.change_password(visitor, PASSWORD, NEW, HOME)

    assert [await is_in(reception, each) for each in (token, other, new)] == [
        *(False, False, True)
    ]
    assert await comes_in(reception, NEW)
    with pytest.raises(AccountChanged):  # what was read before it
        await reception.change_password(
            change(visitor, account=change(visitor.account)), PASSWORD, NEW + "!", HOME
        )


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("wrong", NEW, NotAuthenticated),
        ("x" * 1025, NEW, PasswordRefused),
        (PASSWORD, "short", PasswordRefused),
        (PASSWORD, LOGIN, PasswordRefused),
        (PASSWORD, "Password12345", PasswordRefused),
    ],
)
async def test_a_password_is_not_changed_without_the_old_or_to_a_bad_one(
    reception: Reception, bob: int, old: str, new: str, error: type[Exception]
) -> None:
    """
    Who sits at an open page does not own the account; and nothing ends when nothing changes.
    """
    token = await reception.log_in(LOGIN, PASSWORD, HOME)
    visitor = await reception.recognise(token)
    assert visitor is not None
    with pytest.raises(error):
        await reception.change_password(visitor, old, new, HOME)

    assert await is_in(reception, token)
    assert await comes_in(reception, PASSWORD)


async def test_an_old_hash_is_made_anew_when_its_password_is_there(
    reception: Reception, store: SqliteStore, clock: Clock, cast: Cast, bob: int
) -> None:
    """
    When hashes are to cost more, each is renewed at the next login; nobody is put out by that.
    """
    dearer = Passwords(argon2.PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    later = Reception(store, dearer, clock=clock)
    token = await reception.log_in(LOGIN, PASSWORD, HOME)
    assert not await comes_in(later, "wrong")
    assert "$m=8,t=1,p=1$" in str((await store.accounts(cast.district.id))[0].password_hash)
    new = await later.log_in(LOGIN, PASSWORD, HOME)
    dearer.close()

    assert "$m=16,t=2,p=1$" in str((await store.accounts(cast.district.id))[0].password_hash)
    assert await is_in(later, token)
    assert await is_in(later, new)


async def test_a_password_that_is_changed_meanwhile_lets_nobody_in(
    reception: Reception,
    passwords: Passwords,
    cast: Cast,
    bob: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    A login that was proven with the old password is none once the new one is set.
    """
    link = await reception.reset(cast.district.id, bob)
    real = passwords.verify

    async def slowly(made: str | None, password: str) -> bool:
        proven = await real(made, password)
        await reception.set_password(link, NEW, HOME)
        return proven

    monkeypatch.setattr(passwords, "verify", slowly)
    assert not await comes_in(reception, PASSWORD)
    monkeypatch.undo()

    assert await comes_in(reception, NEW)


# ---------------------------------------------------------------- links


async def test_an_invitation_sets_a_first_password_once(
    reception: Reception, cast: Cast
) -> None:
    """
    The link leads to the account until it was used; a password that is refused uses nothing up.
    """
    link = await reception.invite(cast.district.id, cast.users["dora"], " Dora ")
    with pytest.raises(PasswordRefused):
        await reception.set_password(link, "dora", HOME)
    account = await reception.invited(link)
    assert account is not None
    assert (account.login, account.user_id) == ("dora", cast.users["dora"])
    await reception.set_password(link, PASSWORD, HOME)

    assert await comes_in(reception, PASSWORD, "DORA")
    assert await reception.invited(link) is None
    with pytest.raises(NoSuchThing):
        await reception.set_password(link, NEW, HOME)


async def test_of_many_who_have_a_link_one_sets_the_password(
    reception: Reception, cast: Cast, bob: int
) -> None:
    """
    A link that was copied works for one: the others are refused, and their password is none.
    """
    link = await reception.reset(cast.district.id, bob)
    chosen = [f"green lamps in fog {number}" for number in range(5)]
    outcomes = await asyncio.gather(
        *(reception.set_password(link, each, HOME) for each in chosen), return_exceptions=True
    )
    good = [not isinstance(outcome, BaseException) for outcome in outcomes]

    assert good.count(True) == 1
    assert [await comes_in(reception, each) for each in chosen] == good


@pytest.mark.parametrize(("invitation", "minutes"), [(True, 7 * 24 * 60), (False, 60)])
async def test_a_link_ends_by_itself(
    reception: Reception, cast: Cast, clock: Clock, bob: int, invitation: bool, minutes: int
) -> None:
    """
    An invitation works for a week, a new password's link for an hour.
    """
    link = (
        await reception.invite(cast.district.id, cast.users["dora"], "dora")
        if invitation
        else await reception.reset(cast.district.id, bob)
    )
    clock.advance(minutes=minutes - 1)
    assert await reception.invited(link) is not None
    clock.advance(minutes=1)

    assert await reception.invited(link) is None
    with pytest.raises(NoSuchThing):
        await reception.set_password(link, NEW, HOME)


async def test_who_is_invited_again_has_another_link(reception: Reception, cast: Cast) -> None:
    """
    The last invitation counts, with the login that it names; of the ones before none works.
    """
    first = await reception.invite(cast.district.id, cast.users["dora"], "dora")
    second = await reception.invite(cast.district.id, cast.users["dora"], "dora@x.example")

    assert await reception.invited(first) is None
    account = await reception.invited(second)
    assert account is not None
    assert account.login == "dora@x.example"


async def test_who_has_a_password_is_not_invited(
    reception: Reception, cast: Cast, strangers: Cast, bob: int
) -> None:
    """
    An invitation takes over nobody's account or login, and needs a person and a name.
    """
    with pytest.raises(AlreadyThere):
        await reception.invite(cast.district.id, bob, "robert")
    with pytest.raises(AlreadyThere):
        await reception.invite(cast.district.id, cast.users["dora"], LOGIN)
    with pytest.raises(NoSuchThing):
        await reception.invite(cast.district.id, strangers.users["bob"], "robert")
    for login in ("", " ", "a\0b", "\ud800", "x" * 255):
        with pytest.raises(BadRequest):
            await reception.invite(cast.district.id, cast.users["dora"], login)
    assert await comes_in(reception, PASSWORD)


async def test_only_who_has_an_account_gets_a_link(reception: Reception, bob: int) -> None:
    """
    For a number of nobody's there is no link.
    """
    for number in (7, -1):
        with pytest.raises(NoSuchThing):
            await reception.reset(1, number)


# ---------------------------------------------------------------- too often


async def test_guessing_is_stopped_and_its_victim_is_not(
    reception: Reception, cast: Cast, clock: Clock, bob: int
) -> None:
    """
    A thousand guesses at a name get ten through; its owner comes in from where they always do,
    and with a link from anywhere.
    """
    tried = 0
    for number in range(1000):
        try:
            await reception.log_in(LOGIN, f"guess {number}", AWAY)
        except NotAuthenticated:
            tried += 1
        except AskedTooOften:
            continue

    assert tried == 10
    assert await comes_in(reception, PASSWORD)
    link = await reception.reset(cast.district.id, bob)
    await reception.set_password(link, NEW, "203.0.113.9")
    assert await reception.log_in(LOGIN, NEW, "203.0.113.9")
    with pytest.raises(AskedTooOften):
        await reception.log_in(LOGIN, NEW, AWAY)
    clock.advance(minutes=1)
    assert await reception.log_in(LOGIN, NEW, AWAY)


async def test_guesses_at_once_are_counted_before_they_are_answered(
    reception: Reception, bob: int
) -> None:
    """
    Whoever sends all guesses together has no more of them than one after the other.
    """
    outcomes = await asyncio.gather(
        *(reception.log_in(LOGIN, f"guess {number}", AWAY) for number in range(100)),
        return_exceptions=True,
    )

    assert sum(isinstance(outcome, NotAuthenticated) for outcome in outcomes) == 10
    assert sum(isinstance(outcome, AskedTooOften) for outcome in outcomes) == 90


async def test_a_schools_morning_comes_in(
    reception: Reception, store: SqliteStore, cast: Cast, bob: int
) -> None:
    """
    200 people come in at once from one address, each for themselves: nobody is turned away.
    """
    password_hash = (await store.accounts(cast.district.id))[0].password_hash
    teacher = User(id=0, role=Role.TEACHER, name_first="Jo", name_last="Doe")
    for number in range(200):
        person = await store.create_user(cast.district.id, teacher)
        account = Account(
            district_id=cast.district.id,
            user_id=person.id,
            login=f"jo {number}",
            password_hash=password_hash,
        )
        await store.create_account(account)
    tokens = await asyncio.gather(
        *(reception.log_in(f"jo {number}", PASSWORD, HOME) for number in range(200))
    )

    assert len(set(tokens)) == 200


async def test_a_password_is_not_guessed_at_an_open_page(
    reception: Reception, bob: int
) -> None:
    """
    Asked for the old password, a page that was left open allows ten tries.
    """
    visitor = await reception.recognise(await reception.log_in(LOGIN, PASSWORD, HOME))
    assert visitor is not None
    refusals = []
    for number in range(20):
        with pytest.raises((NotAuthenticated, AskedTooOften)) as refusal:
            await reception.change_password(visitor, f"guess {number}", NEW, HOME)
        refusals.append(refusal.type)

    assert refusals == [NotAuthenticated] * 10 + [AskedTooOften] * 10
