"""What commands do that administrators could do too stands in the record of acts."""

import asyncio

from cli.terminal import Terminal
from rollbook.domain.acts import Act, ActQuery, What
from rollbook.domain.record import Author, Channel
from rollbook.storage.sqlite import SqliteStore

USER = 5000001
OPERATOR = Author(user_id=None, channel=Channel.CLI)


def acts(terminal: Terminal) -> list[Act]:
    """Return what was done, the oldest first."""

    async def read() -> list[Act]:
        store = SqliteStore(terminal.database)
        found = await store.acts(1, ActQuery())
        await store.close()
        return found[::-1]

    return asyncio.run(read())


def test_what_a_command_does_is_the_operators(terminal: Terminal) -> None:
    """
    Each command leaves its line; what was shown once, as a secret or a link, is not in it.
    """
    login = ("--login", "ada@x.org")
    said = [
        terminal.run("user", "create", "Jo", "Doe"),
        terminal.run("account", "create-admin", "Ada", "Byron", *login),
        terminal.run("account", "invite", USER, "--login", "jo"),
        terminal.run("account", "reset", "jo"),
        terminal.run("account", "disable", "jo"),
        terminal.run("account", "enable", "jo"),
        terminal.run("key", "create", USER),
    ]
    key = said[-1].split()[1]
    said.append(terminal.run("key", "rotate", key))
    said.append(terminal.run("key", "revoke", key))
    terminal.run("district", "set", "Lindenhof", "--time-zone", "Europe/Berlin")
    done = acts(terminal)

    assert [act.deed.what for act in done] == [
        What.DISTRICT_CREATED,
        What.PERSON_CREATED,
        What.PERSON_CREATED,
        What.ACCOUNT_CREATED,
        What.INVITED,
        What.ACCOUNT_CREATED,
        What.INVITED,
        What.RESET,
        What.ACCOUNT_CLOSED,
        What.ACCOUNT_OPENED,
        What.KEY_CREATED,
        What.KEY_ROTATED,
        What.KEY_REVOKED,
        What.DISTRICT_CHANGED,
    ]
    assert {act.author for act in done} == {OPERATOR}
    told = repr(done)
    shown_once = {
        word.rpartition("/")[2]
        for line in said
        for word in line.split()
        if "/link/" in word or len(word) in {32, 40}
    }
    assert len(shown_once) == 6
    assert not any(word in told for word in shown_once)
