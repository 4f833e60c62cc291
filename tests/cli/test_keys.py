import asyncio
import datetime as dt
import re
from pathlib import Path

import httpx
import pytest

from cli.terminal import Terminal, rows
from rollbook.api.app import build_app
from rollbook.auth.credentials import Safe, load_master_key
from rollbook.auth.door import Door
from rollbook.auth.nonces import NonceBook
from rollbook.domain.people import ApiKey
from rollbook.storage.sqlite import SqliteStore
from signing import Signed

USER = 5000001


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@pytest.fixture
def terminal(terminal: Terminal) -> Terminal:
    """A terminal with a district and its administrator."""
    terminal.run("user", "create", "Jo", "Doe")
    return terminal


def shown(said: str) -> tuple[str, str]:
    """Return the key and the secret that a command showed."""
    found = re.match(r"key     ([0-9a-f]{40})\nsecret  ([0-9a-f]{32})\nKeep the secret", said)
    assert found is not None
    return found[1], found[2]


def keys(terminal: Terminal) -> list[ApiKey]:
    """Return the keys as they are stored."""

    async def read() -> list[ApiKey]:
        store = SqliteStore(terminal.database)
        found = await store.keys(1)
        await store.close()
        return found

    return asyncio.run(read())


def knock(terminal: Terminal, key: str, secret: str) -> int:
    """Ask the real application with that key, and return the status it answers with."""

    async def ask() -> int:
        store = SqliteStore(terminal.database)
        nonces = NonceBook(
            Path(f"{terminal.database}-nonces"), now=now().timestamp(), map_bytes=1 << 24
        )
        safe = Safe(load_master_key(terminal.master_key))
        door = Door(store, safe, nonces, allowed_hosts=("rollbook.test",), clock=now)
        app = build_app(store, door, clock=now)
        transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(
            transport=transport,
            base_url="https://rollbook.test/v1/",
            auth=Signed(key, secret, now),
        ) as client:
            response = await client.get("users")
        nonces.close()
        await store.close()
        return response.status_code

    return asyncio.run(ask())


def test_a_new_key_opens_the_door(terminal: Terminal) -> None:
    """
    The key and the secret that are shown let a program in; another secret does not.
    """
    key, secret = shown(terminal.run("key", "create", USER))

    assert knock(terminal, key, secret) == 200
    assert knock(terminal, key, "0" * 32) == 401


def test_a_secret_is_shown_once(terminal: Terminal) -> None:
    """
    No list shows a secret again, and the database does not have it in readable form.
    """
    key, secret = shown(terminal.run("key", "create", USER))
    listed = terminal.run("key", "list")

    assert key in listed
    assert secret not in listed
    assert secret.encode() not in terminal.database.read_bytes()
    assert terminal.master_key.stat().st_mode & 0o777 == 0o600


def test_a_key_is_what_was_asked_for(terminal: Terminal) -> None:
    """
    Name, limits and last day are stored, and the list tells them.
    """
    words = ["--name", "grade [/] book", "--read-only", "--expires", "2999-07-31"]
    key, _ = shown(terminal.run("key", "create", USER, *words))
    (stored,) = keys(terminal)
    (row,) = rows(terminal.run("key", "list"))

    assert (stored.key, stored.user_id, stored.name) == (key, USER, "grade [/] book")
    assert (stored.read_only, stored.expires_at) == (True, "2999-07-31T23:59:59.999Z")
    made = f"{now():%Y-%m-%d}"
    assert row == [key, str(USER), "grade", "[/]", "book", "read", made, "—", "live"]


def test_the_list_says_when_a_key_was_last_used(terminal: Terminal) -> None:
    """
    Once a key was used the list has the day.
    """
    key, _ = shown(terminal.run("key", "create", USER))

    async def use() -> None:
        store = SqliteStore(terminal.database)
        await store.note_use_of_key(1, key, "2026-11-23")
        await store.close()

    asyncio.run(use())
    (row,) = rows(terminal.run("key", "list"))

    assert row[-2:] == ["2026-11-23", "live"]


def test_an_expired_key_opens_nothing(terminal: Terminal) -> None:
    """
    After its last day a key is refused at the door, and the list says so.
    """
    key, secret = shown(terminal.run("key", "create", USER, "--expires", "2020-02-29"))

    assert knock(terminal, key, secret) == 401
    assert "expired 2020-02-29" in terminal.run("key", "list")


def test_a_rotated_key_has_two_secrets_for_a_while(terminal: Terminal) -> None:
    """
    After a rotation the new secret opens the door, and the old one does until its time is up.
    """
    key, old = shown(terminal.run("key", "create", USER))
    said = terminal.run("key", "rotate", key)
    same, new = shown(said)

    assert (same == key, new == old) == (True, False)
    assert f"The old secret is good until {now() + dt.timedelta(hours=24):%Y-%m-%dT}" in said
    assert (knock(terminal, key, new), knock(terminal, key, old)) == (200, 200)


def test_a_key_can_be_rotated_at_once(terminal: Terminal) -> None:
    """
    Without grace the old secret is good for nothing any more.
    """
    key, old = shown(terminal.run("key", "create", USER))
    _, new = shown(terminal.run("key", "rotate", key, "--grace-hours", 0))

    assert (knock(terminal, key, new), knock(terminal, key, old)) == (200, 401)


def test_a_revoked_key_opens_nothing_for_ever(terminal: Terminal) -> None:
    """
    A key that is taken back is refused at once, stays so, and no rotation brings it back.
    """
    key, secret = shown(terminal.run("key", "create", USER))
    said = terminal.run("key", "revoke", key)
    again = terminal.run("key", "revoke", key)
    says = terminal.refused("key", "rotate", key)

    assert said == again
    assert said.startswith(f"Key {key} is revoked since {now():%Y-}")
    assert "create a new one" in says
    assert knock(terminal, key, secret) == 401
    assert "revoked" in terminal.run("key", "list")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["create", "77"], "There is no user 77 here."),
        (
            ["create", USER, "--expires", "2027-02-29"],
            "2027-02-29 is no day; write it as 2027-",
        ),
        (["create", USER, "--district", "Berg"], "There is no district Berg"),
        (["list"], "“Lindenhof” has no keys yet; make one with: rollbook key create"),
        (["rotate", "0" * 40], f"There is no key {'0' * 40} here."),
        (["revoke", "0" * 40], f"There is no key {'0' * 40} here."),
    ],
)
def test_what_cannot_be_done_is_said(
    terminal: Terminal, words: list[str | int], says: str
) -> None:
    """
    A refusal says what is not there, and gives no key out.
    """
    assert says in terminal.refused("key", *words)
    assert keys(terminal) == []


def test_a_key_of_another_district_is_not_there(terminal: Terminal) -> None:
    """
    Nobody's key can be changed through another district.
    """
    key, secret = shown(terminal.run("key", "create", USER))
    terminal.run("district", "create", "Nordhafen")
    for command in ("rotate", "revoke"):
        says = terminal.refused("key", command, key, "--district", "Nordhafen")
        assert says == f"There is no key {key} here."

    assert knock(terminal, key, secret) == 200


def test_a_lost_master_key_is_told(terminal: Terminal) -> None:
    """
    A file that is no master key is refused by its name before a secret is made with it.
    """
    terminal.master_key.parent.mkdir()
    terminal.master_key.write_text("not a key")

    assert str(terminal.master_key) in terminal.refused("key", "create", USER)
    assert keys(terminal) == []
