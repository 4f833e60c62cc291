"""Sentences that can be told in any language."""

import msgspec

from rollbook.domain.sentences import Parts, Sentence, parts_of

WORDS = {
    "{file}, line {line}: {what}": "{what} ({file}, línea {line})",
    "there is no {id}": "no hay {id}",
    "there": "allí",
}


def in_spanish(text: str) -> str:
    """Return a text in another language, where the order of the blanks is another."""
    return WORDS.get(text, text)


def test_a_sentence_is_its_text_in_english() -> None:
    """
    Whoever prints, compares or joins it has the English sentence, its blanks filled in.
    """
    what = Sentence("there is no {id}", id="{file}")
    sentence = Sentence("{file}, line {line}: {what}", file="a.csv", line=3, what=what)

    assert sentence == "a.csv, line 3: there is no {file}"
    assert type(str(sentence)) is str


def test_its_parts_are_told_in_another_language_and_another_process() -> None:
    """
    A fact that is a sentence is translated, any other stays, whatever it looks like.
    """
    what = Sentence("there is no {id}", id="there")
    sentence = Sentence("{file}, line {line}: {what}", file="{what}", line=3, what=what)
    sent = msgspec.json.decode(msgspec.json.encode(sentence.parts), type=Parts)

    assert sent == sentence.parts
    assert sent.told() == sentence
    assert sent.told(in_spanish) == "no hay there ({what}, línea 3)"


def test_a_text_that_is_no_sentence_is_told_as_it_is() -> None:
    """
    It has no parts, and nothing in it is taken for a blank.
    """
    assert parts_of("line {3}").told(in_spanish) == "line {3}"
