"""How each status is called, which letter stands for it, and which colour it has."""

from collections.abc import Callable

import msgspec

from rollbook.domain.attendance import Status
from rollbook.domain.people import Colour, District

_COLOURS = {
    Status.PRESENT: Colour.GREEN,
    Status.ABSENT: Colour.RED,
    Status.LATE: Colour.YELLOW,
    Status.EXCUSED: Colour.BLUE,
}


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """A status as a page shows it: never by its colour alone."""

    status: int
    name: str
    letter: str
    colour: str
    keys: str  # the letters that give it at a keyboard, in lower case


def looks(district: District, gettext: Callable[[str], str]) -> dict[int, Look]:
    """Return the look of each status, as the district has it or as the language calls it."""
    own = {look.status: look for look in district.status_looks}
    usual = {
        Status.PRESENT: (gettext("Present"), gettext("P")),
        Status.ABSENT: (gettext("Absent"), gettext("A")),
        Status.LATE: (gettext("Late"), gettext("L")),
        Status.EXCUSED: (gettext("Excused"), gettext("E")),
    }
    found = {}
    for status, (name, letter) in usual.items():
        chosen = own.get(status)
        found[int(status)] = Look(
            status=int(status),
            name=(chosen and chosen.name) or name,
            letter=letter,
            colour=((chosen and chosen.colour) or _COLOURS[status]).value,
            # The letters of the API's words work in every language, beside its own.
            keys=letter.lower()
            if letter.lower() in "pale"
            else letter.lower() + _WORDS[status],
        )
    return found


_WORDS = {Status.PRESENT: "p", Status.ABSENT: "a", Status.LATE: "l", Status.EXCUSED: "e"}
