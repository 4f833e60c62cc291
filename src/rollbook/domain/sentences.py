"""
Sentences about what somebody sent in, kept so that they can be told in any language.

A sentence is its text in English, wherever one is written, printed or compared. Beside that it
knows what it was made of: a text with named blanks, and the facts that fill them in.
"""

from collections.abc import Callable
from typing import Self, TypeAlias

import msgspec

Fact: TypeAlias = "str | int | Parts"


class Parts(msgspec.Struct, frozen=True):
    """
    What a sentence is made of, as one process tells another.

    Attributes:
        text: The sentence in English, with blanks such as `{file}`.
        facts: What stands in the blanks. A text stays as it is in any language; what has words
            of its own comes in parts too.
    """

    text: str
    facts: dict[str, Fact] = {}

    def told(self, translate: Callable[[str], str] = str) -> str:
        """Return the sentence, in the language that *translate* brings its texts into."""
        facts = {
            name: fact.told(translate) if isinstance(fact, Parts) else fact
            for name, fact in self.facts.items()
        }
        return translate(self.text).format(**facts)

    def naming(self, thing: str, name: str) -> "Parts":
        """Return the same sentence with another name for a *thing* that it tells of."""
        facts: dict[str, Fact] = {}
        for blank, fact in self.facts.items():
            same = fact.naming(thing, name) if isinstance(fact, Parts) else fact
            facts[blank] = name if same == thing else same
        return Parts(self.text, facts)


class Sentence(str):
    """A sentence in English that knows its `parts`; `make words` collects its text."""

    __slots__ = ("parts",)
    parts: Parts

    def __new__(cls, text: str, /, **facts: str | int) -> Self:
        """Fill in the blanks of *text*; a fact that is a sentence will be translated too."""
        parts = Parts(text, {name: _fact(fact) for name, fact in facts.items()})
        sentence = super().__new__(cls, parts.told())
        sentence.parts = parts
        return sentence


NOTHING = Parts("{text}", {"text": ""})  # to say


def parts_of(text: str) -> Parts:
    """Return what a text is made of; one that is no `Sentence` is told as it is."""
    return text.parts if isinstance(text, Sentence) else Parts("{text}", {"text": text})


def _fact(fact: str | int) -> Fact:
    return fact.parts if isinstance(fact, Sentence) else fact
