"""Answers that were written before."""

from rollbook.api.shelf import Shelf


def test_an_answer_is_kept_for_its_version() -> None:
    """
    What was put there for one state of a section is found for that state and for no other.
    """
    shelf = Shelf[str]()
    shelf.put("maths", 7, b"old")

    assert (shelf.holds("maths"), shelf.holds("music")) == (True, False)
    assert shelf.find("music", 7) is None
    assert shelf.find("maths", 7) == b"old"
    assert shelf.find("maths", 8) is None
    assert shelf.find("maths", 7) is None  # it was thrown away when it was found to be old


def test_what_was_not_asked_for_longest_makes_room() -> None:
    """
    The shelf holds so many bytes and no more, and keeps what is asked for.
    """
    shelf = Shelf[int](room=30)
    for number in range(3):
        shelf.put(number, 1, bytes(10))
    shelf.find(0, 1)
    shelf.put(3, 1, bytes(10))

    assert [number for number in range(4) if shelf.find(number, 1)] == [0, 2, 3]


def test_room_is_given_back() -> None:
    """
    An answer that is replaced, or that is old, takes no room any more.
    """
    shelf = Shelf[int](room=20)
    for version in range(50):
        shelf.put(1, version, bytes(10))
        shelf.put(2, version, bytes(10))
        shelf.find(2, version + 1)

    assert shelf.find(1, 49) == bytes(10)
    shelf.put(2, 49, bytes(10))
    assert shelf.find(1, 49) == bytes(10)
