import inspect
import re

import pytest

from rollbook.domain import errors
from rollbook.domain.errors import ImportRefused, Kind, RollbookError, RollRefused, revive
from rollbook.domain.sentences import Sentence

CLASSES = RollbookError.__subclasses__()
PLACEHOLDER = re.compile(r"\{\d\}")


def example_of(cls: type[RollbookError]) -> RollbookError:
    """Return an error of that class as it might be raised."""
    if cls is RollRefused:
        return RollRefused(1, 3, ["the answers"])
    if cls is ImportRefused:
        return ImportRefused(Sentence("two users are alike"), [Sentence("line 7")])
    facts = range(len(PLACEHOLDER.findall(cls.sentence)))
    return cls(*(f"fact {number}" for number in facts))


def tree() -> dict[str, list[str]]:
    """Return the classes under each kind, as the module's docstring draws them."""
    drawn = re.findall(r"[├└]── ([A-Z_]+) +(.+)", inspect.getdoc(errors) or "")
    return {kind: names.split(" · ") for kind, names in drawn}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_an_error_survives_the_way_to_another_process(cls: type[RollbookError]) -> None:
    """
    An error comes back from its name and its facts with the same class, facts and sentence.
    """
    raised = example_of(cls)
    revived = revive(type(raised).__name__, raised.facts)

    assert type(revived) is cls
    assert revived.facts == raised.facts
    assert str(revived) == str(raised)
    assert vars(revived) == vars(raised)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_an_error_is_a_sentence(cls: type[RollbookError]) -> None:
    """
    An error's text has its facts in it, and no placeholder left.
    """
    raised = example_of(cls)
    shown = [fact for fact in raised.facts if isinstance(fact, str)]

    assert str(raised)
    assert not PLACEHOLDER.search(str(raised))
    assert all(fact in str(raised) for fact in shown)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_an_error_is_in_the_tree_under_its_kind(cls: type[RollbookError]) -> None:
    """
    Whoever reads the module's docstring sees every error under the kind that it has.
    """
    assert cls.__name__ in tree()[cls.kind.name]


def test_the_tree_draws_nothing_else() -> None:
    """
    Every kind is in the tree, and every name in it is an error's.
    """
    names = sorted(name for under in tree().values() for name in under)

    assert set(tree()) == {kind.name for kind in Kind}
    assert names == sorted(cls.__name__ for cls in CLASSES)
