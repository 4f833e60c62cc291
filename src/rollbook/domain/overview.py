"""What administrators look up in their district."""

from typing import Protocol

from rollbook.domain.people import User

FOUND_MOST = 50  # people that one search returns


class Overview(Protocol):
    """What the house asks of a database for administrators: a part of `domain.store.Store`."""

    async def find_people(self, district_id: int, text: str) -> list[User]:
        """
        Return people of the district by last name, at most `FOUND_MOST`.

        A text is the beginning of a last name, a user name or an address of e-mail, or the whole
        id that the district's own lists have. The letters a to z count the same in either case;
        of others these spellings are found: as typed, all small, each word's first one large.
        Nothing is found with an empty text.
        """


def spellings(text: str) -> tuple[str, str, str]:
    """Return how names that begin with a text may be written, the letters A to Z small."""
    others = (text.lower(), text.title())
    first, second, third = (
        _ascii_lower(one)
        for one in (text, *(o if len(o) == len(text) else text for o in others))
    )
    return first, second, third


def _ascii_lower(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)
