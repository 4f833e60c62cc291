import pytest

from cli.terminal import Terminal, rows
from rollbook.cli.common import district_of
from rollbook.domain.people import District


def test_a_district_is_created_and_shown(terminal: Terminal) -> None:
    """
    What `district create` made, `district show` tells: number, name, time zone, where.
    """
    said = terminal.run("district", "create", "Nordhafen")
    shown = terminal.run("district", "show")

    assert said == "Created district 2 “Nordhafen”.\n"
    assert rows(shown) == [
        ["1", "Lindenhof", "Europe/Zurich", "here"],
        ["2", "Nordhafen", "UTC", "here"],
    ]


@pytest.mark.parametrize("name", ["Nordhafen", "2"])
def test_a_district_is_shown_by_name_or_number(terminal: Terminal, name: str) -> None:
    """
    Both the name and the number of a district lead to it, and to it alone.
    """
    terminal.run("district", "create", "Nordhafen")
    shown = terminal.run("district", "show", name)

    assert "Nordhafen" in shown
    assert "Lindenhof" not in shown


def test_a_district_is_switched_to_powerschool_and_back(terminal: Terminal) -> None:
    """
    The switch says where attendance is taken, both ways, and nothing else changes.
    """
    there = terminal.run("district", "set", "Lindenhof", "--powerschool")
    shown = terminal.run("district", "show")
    back = terminal.run("district", "set", "1", "--no-powerschool")

    assert there == (
        "District 1 “Lindenhof”, Europe/Zurich: attendance is taken in PowerSchool.\n"
    )
    assert "in PowerSchool" in shown
    assert back == "District 1 “Lindenhof”, Europe/Zurich: attendance is taken here.\n"


def test_a_district_is_renamed_and_moved(terminal: Terminal) -> None:
    """
    A new name and a new time zone are stored, and the switch stays as it was.
    """
    terminal.run("district", "set", "Lindenhof", "--powerschool")
    said = terminal.run("district", "set", 1, "--name", "Lindenau", "--time-zone", "UTC")

    assert said == "District 1 “Lindenau”, UTC: attendance is taken in PowerSchool.\n"
    assert "Lindenhof" not in terminal.run("district", "show")


def test_what_is_in_a_name_is_printed_as_it_is(terminal: Terminal) -> None:
    """
    A name that looks like markup is a name like any other.
    """
    terminal.run("district", "create", "[/b] [red]:smile: Müller")

    assert "[/b] [red]:smile: Müller" in terminal.run("district", "show")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["create", "Lindenhof"], "There is already a district “Lindenhof”."),
        (["create", "Berg", "--time-zone", "Europe/Zug"], "no time zone Europe/Zug"),
        (["create", "Berg\x1b[31m"], "a character in name that no text can have"),
        (["create", "Berg\udcff"], "a character in name that no text can have"),
        (["show", "Berg"], "There is no district Berg; there are: 1 “Lindenhof”."),
        (["set", "Berg", "--powerschool"], "There is no district Berg; there are: 1"),
        (["set", "Lindenhof"], "Say what to change: --name, --time-zone, --powerschool."),
        (["set", "Lindenhof", "--time-zone", "Zug"], "no time zone Zug"),
    ],
)
def test_what_cannot_be_done_is_said(terminal: Terminal, words: list[str], says: str) -> None:
    """
    A refusal says what is wrong and what there is, and changes nothing.
    """
    before = terminal.run("district", "show")

    assert says in terminal.refused("district", *words)
    assert terminal.run("district", "show") == before


def test_a_house_without_districts_says_how_to_make_one(empty: Terminal) -> None:
    """
    Before there is a district, the refusal names the command that makes one.
    """
    empty.run("migrate")

    assert "rollbook district create NAME" in empty.refused("district", "show")
    assert "rollbook district create NAME" in empty.refused("user", "list")


def test_a_districts_number_is_before_anothers_name() -> None:
    """
    A district that calls itself "2" does not get what is meant for the one with that number.
    """
    districts = [District(id=1, name="2"), District(id=2, name="Nordhafen")]

    assert district_of(districts, "2").id == 2
    assert district_of(districts, "Nordhafen").id == 2
