"""`rollbook account`: who may come in at the pages."""

import asyncio
import re

import pytest

from cli.terminal import Terminal, rows
from rollbook.auth.passwords import Passwords
from rollbook.auth.reception import Reception
from rollbook.domain.errors import NotAuthenticated
from rollbook.storage.clock import system_clock
from rollbook.storage.sqlite import SqliteStore

PASSWORD = "blue lamps in the rain"
LINK = re.compile(r"^(https?://[^/]+)/link/(1-[A-Za-z0-9_-]{43})$", re.MULTILINE)


def token_of(said: str, address: str = "http://127.0.0.1:8460") -> str:
    """Return the token of the one link that a command printed."""
    ((begin, token),) = LINK.findall(said)
    assert begin == address
    return str(token)


def at_the_pages(terminal: Terminal, *, link: str = "", login: str = "") -> bool:
    """Set the password with that link, or log in with it; say whether that went."""

    async def come_in() -> bool:
        store = SqliteStore(terminal.database)
        passwords = Passwords()
        reception = Reception(store, passwords, clock=system_clock)
        try:
            if link:
                if await reception.invited(link) is None:
                    return False
                await reception.set_password(link, PASSWORD, None)
            else:
                await reception.log_in(login, PASSWORD, None)
        except NotAuthenticated:
            return False
        finally:
            passwords.close()
            await store.close()
        return True

    return asyncio.run(come_in())


@pytest.fixture
def invited(terminal: Terminal) -> str:
    """Ada's link: she is the first administrator."""
    return token_of(terminal.run("account", "create-admin", "Ada", "B", "--login", "Ada@x.org"))


def test_the_first_administrator_comes_in_by_a_link(terminal: Terminal, invited: str) -> None:
    """
    `account create-admin` makes the person and prints a link that sets their password, once.
    """
    assert at_the_pages(terminal, link=invited)
    assert not at_the_pages(terminal, link=invited)
    assert at_the_pages(terminal, login="ada@x.org")
    assert rows(terminal.run("account", "list")) == [
        ["5000001", "ada@x.org", "Ada", "B", "administrator", "may", "come", "in"]
    ]


def test_a_link_begins_with_the_public_address(terminal: Terminal) -> None:
    """
    A link says where the pages are served, not what somebody asked for.
    """
    terminal.run("user", "create", "Jo", "Doe", "--role", "teacher")
    options = ["--login", "jo", "--public-url", "https://roll.example.org/"]
    said = terminal.run("account", "invite", "5000001", *options)

    assert at_the_pages(terminal, link=token_of(said, "https://roll.example.org"))
    assert at_the_pages(terminal, login="jo")


def test_who_is_disabled_stays_out_until_enabled(terminal: Terminal, invited: str) -> None:
    """
    `account disable` and `enable`, by number or by login in any letters.
    """
    at_the_pages(terminal, link=invited)
    terminal.run("account", "disable", "5000001")
    assert not at_the_pages(terminal, login="ada@x.org")
    assert "disabled" in terminal.run("account", "list")
    assert "enable 5000001" in terminal.refused("account", "reset", "ada@x.org")
    terminal.run("account", "enable", "ADA@x.org")

    assert at_the_pages(terminal, login="ada@x.org")


def test_a_reset_prints_a_link(terminal: Terminal, invited: str) -> None:
    """
    `account reset` gives whoever forgot their password a link to set another.
    """
    at_the_pages(terminal, link=invited)

    assert at_the_pages(terminal, link=token_of(terminal.run("account", "reset", "ada@x.org")))


def test_what_cannot_be_is_refused(terminal: Terminal, invited: str) -> None:
    """
    A taken login, an unknown person, an account that nobody has: each is named, nothing is made.
    """
    at_the_pages(terminal, link=invited)
    before = terminal.run("account", "list")
    refusals = [
        ("ada@x.org", ["create-admin", "Eve", "X", "--login", " ADA@x.org"]),
        ("5000001", ["invite", "5000001", "--login", "ada"]),
        ("user 7", ["invite", "7", "--login", "seven"]),
        ("nobody", ["reset", "nobody"]),
        ("7", ["disable", "7"]),
        ("at most 254", ["invite", "5000001", "--login", "x" * 300]),
    ]
    for word, words in refusals:
        assert word in terminal.refused("account", *words)

    assert terminal.run("account", "list") == before
    assert len(rows(terminal.run("user", "list"))) == 1


def test_an_account_is_of_one_district(terminal: Terminal, invited: str) -> None:
    """
    Another district's account is neither listed nor changed from here.
    """
    terminal.run("district", "create", "Nordhafen", "--time-zone", "UTC")
    here = ["--district", "Nordhafen"]

    assert "yet" in terminal.refused("account", "list", *here)
    for word in ("disable", "reset"):
        assert "Nordhafen" in terminal.refused("account", word, "ada@x.org", *here)
