import asyncio

import pytest

from cli.terminal import Terminal, rows
from rollbook.domain.people import Role, User
from rollbook.domain.store import Page
from rollbook.storage.sqlite import SqliteStore


def people(terminal: Terminal) -> list[User]:
    """Return everybody in the first district."""

    async def read() -> list[User]:
        store = SqliteStore(terminal.database)
        found = await store.users(1, Page(0, 1000))
        await store.close()
        return found.items

    return asyncio.run(read())


def test_a_person_is_created_with_all_that_was_said(terminal: Terminal) -> None:
    """
    `user create` stores names, role, login name, address and the district's own id.
    """
    options = ["--username", "jd", "--email", "jo@example.org", "--school-uid", "7"]
    said = terminal.run("user", "create", "Jo", "Doe", "--role", "teacher", *options)
    (person,) = people(terminal)

    assert said == f"Created user {person.id}, Jo Doe, teacher of “Lindenhof”.\n"
    assert person == User(
        id=person.id,
        role=Role.TEACHER,
        name_first="Jo",
        name_last="Doe",
        username="jd",
        primary_email="jo@example.org",
        sourced_id="7",
    )


def test_the_first_person_is_an_administrator(terminal: Terminal) -> None:
    """
    Nothing else said, a person is an administrator without an id of the district's own.
    """
    terminal.run("user", "create", "Jo", "Doe")
    terminal.run("user", "create", "Jo", "Doe")

    assert {(one.role, one.sourced_id) for one in people(terminal)} == {
        (Role.ADMINISTRATOR, None)
    }
    assert len(people(terminal)) == 2


def test_people_are_listed(terminal: Terminal) -> None:
    """
    `user list` shows everybody, or those of one role.
    """
    terminal.run("user", "create", "Jo", "Doe", "--role", "teacher", "--username", "jd")
    terminal.run("user", "create", "Ann", "Roe", "--role", "student", "--school-uid", "s-7")
    everybody = terminal.run("user", "list")
    students = terminal.run("user", "list", "--role", "student")

    assert "Jo Doe" in everybody
    assert "Ann Roe" in everybody
    assert rows(students) == [["5000002", "student", "Ann", "Roe", "s-7"]]
    assert "Jo Doe" not in students


def test_more_people_than_are_read_at_once_are_listed(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    However many people there are, nobody is left out.
    """
    monkeypatch.setattr("rollbook.cli.users._PAGE", 2)
    for number in range(5):
        terminal.run("user", "create", f"No{number}", "Doe")
    listed = terminal.run("user", "list")

    assert [f"No{number}" in listed for number in range(5)] == [True] * 5


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ["create", "Jo", "Doe", "--school-uid", "7"],
            "already a person with the district's id 7",
        ),
        (["create", "Jo", "Doe", "--district", "Berg"], "no district Berg; there are: 1"),
        (["create", "Jo", "Doe\udcff"], "a character in last name"),
        (["list", "--role", "guardian"], "There is nobody of that kind in “Lindenhof” yet."),
    ],
)
def test_what_cannot_be_done_is_said(terminal: Terminal, words: list[str], says: str) -> None:
    """
    A refusal says what is wrong, and nobody is created.
    """
    terminal.run("user", "create", "Ann", "Roe", "--school-uid", "7")

    assert says in terminal.refused("user", *words)
    assert len(people(terminal)) == 1


def test_the_district_must_be_said_where_there_are_several(terminal: Terminal) -> None:
    """
    With one district it need not be named; with two the refusal lists them.
    """
    terminal.run("district", "create", "Nordhafen")
    says = terminal.refused("user", "create", "Jo", "Doe")

    assert "--district" in says
    assert "1 “Lindenhof”, 2 “Nordhafen”" in says
    assert "“Nordhafen”" in terminal.run(
        "user", "create", "Jo", "Doe", "--district", "Nordhafen"
    )
