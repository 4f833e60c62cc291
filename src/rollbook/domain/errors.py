"""
Everything that can be refused, and why.

```text
RollbookError
├── INVALID          BadRequest · BadBody · RollRefused · ImportRefused · PasswordRefused
├── UNAUTHENTICATED  NotAuthenticated
├── FORBIDDEN        NotAllowed · LastAdministrator
├── NOT_FOUND        NoSuchThing
├── CONFLICT         AlreadyThere
├── GONE             TakenElsewhere
├── STALE            ChangedMeanwhile · AccountChanged
├── NOT_ACCEPTABLE   CannotAnswerIn
├── TOO_LARGE        BodyTooLarge
├── UNSUPPORTED      CannotRead
├── TOO_OFTEN        AskedTooOften
└── UNAVAILABLE      Unavailable · TooMuchToDo · ProviderAway
```

An error is a class with a `kind`, which one table in `api` turns into an HTTP status, and a
`sentence` for people into which its arguments are set. Nothing else is in it, so an error can
cross a process boundary as its name and its arguments (`facts`, `revive`).

Pages tell it in other languages: a first argument is a text of ours, which has its translation
(with something filled in it is a `domain.sentences.Sentence`), the others are names and numbers.
"""

import enum
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, TypeAlias

from rollbook.domain.sentences import Sentence

# What can be missing, or be there already: the word for it.
Thing: TypeAlias = Literal[
    "account of user",
    "course",
    "district",
    "enrollment",
    "hold that is on with the number",
    "key",
    "link",
    "login",
    "login of user",
    "method",
    "person with the district's id",
    "readable path",
    "roll of",
    "school",
    "section",
    "student",
    "subject",
    "user",
]


class Kind(enum.Enum):
    """What sort of refusal it is; `api` gives each an HTTP status."""

    INVALID = enum.auto()
    UNAUTHENTICATED = enum.auto()
    FORBIDDEN = enum.auto()
    NOT_FOUND = enum.auto()
    NOT_ACCEPTABLE = enum.auto()
    CONFLICT = enum.auto()
    GONE = enum.auto()
    STALE = enum.auto()
    TOO_LARGE = enum.auto()
    UNSUPPORTED = enum.auto()
    TOO_OFTEN = enum.auto()
    UNAVAILABLE = enum.auto()


class RollbookError(Exception):
    """What was asked cannot be done; the text says what is wrong and where."""

    kind: ClassVar[Kind]
    sentence: ClassVar[str]
    begins_with_words: ClassVar[bool] = True  # the first argument is a text of ours, no name

    def __init__(self, *facts: Any) -> None:
        super().__init__(*facts)
        self.facts = facts

    def __str__(self) -> str:
        return self.sentence.format(*self.facts)


class BadRequest(RollbookError):
    """A header, a parameter or an argument is wrong: say which, and how."""

    kind = Kind.INVALID
    sentence = "{0}"


class BadBody(RollbookError):
    """The body is not well-formed, or not of the document's shape."""

    kind = Kind.INVALID
    sentence = "{0}"


class RollRefused(RollbookError):
    """All or nothing was asked for, and one entry at least was refused; nothing was saved."""

    kind = Kind.INVALID
    sentence = "nothing was saved: {0} of {1} entries were refused"

    def __init__(self, refused: int, total: int, answers: Sequence[Any] = ()) -> None:
        super().__init__(refused, total, answers)
        self.answers = answers


class ImportRefused(RollbookError):
    """A roster was not taken in: `problems` has a line for each thing found."""

    kind = Kind.INVALID
    sentence = "the import was refused and changed nothing: {0}"

    def __init__(self, reason: Sentence, problems: Sequence[Sentence] = ()) -> None:
        super().__init__(reason, problems)
        self.problems = problems


class TooManyEnd(ImportRefused):
    """A roster was not taken in, since more enrollments would end than anybody can have meant."""

    def __init__(self, reason: Sentence, *, ended: int = 0, active: int = 0) -> None:
        super().__init__(reason)
        self.ended = ended
        self.active = active


class PasswordRefused(RollbookError):
    """A password is not taken: the sentence says why (`domain.accounts.WhyNot`)."""

    kind = Kind.INVALID
    sentence = "{0}"


class NotAuthenticated(RollbookError):
    """Nobody we know, as far as the credentials can show."""

    kind = Kind.UNAUTHENTICATED
    sentence = "{0}"


class NotAllowed(RollbookError):
    """Somebody we know asks for what is not theirs."""

    kind = Kind.FORBIDDEN
    sentence = "{0}"


class LastAdministrator(RollbookError):
    """A district would be left with nobody who may come in to administer it."""

    kind = Kind.FORBIDDEN
    sentence = (
        "This is the last administrator who may come in; nobody could administer the district "
        "then. Make somebody else an administrator first."
    )


class NoSuchThing(RollbookError):
    """It does not exist, or belongs to another district: the two must look alike."""

    kind = Kind.NOT_FOUND
    sentence = "There is no {0} {1} here."

    def __init__(self, thing: Thing, name: object) -> None:
        super().__init__(thing, name)


class AlreadyThere(RollbookError):
    """Something with that name exists already."""

    kind = Kind.CONFLICT
    sentence = "There is already a {0} {1}."

    def __init__(self, thing: Thing, name: object) -> None:
        super().__init__(thing, name)


class TakenElsewhere(RollbookError):
    """The district keeps its attendance in PowerSchool."""

    kind = Kind.GONE
    sentence = (
        "This district has installed the PowerSchool SIS Attendance App for its courses: "
        "its attendance is taken there, not here."
    )


class ChangedMeanwhile(RollbookError):
    """`If-Match` named a state of the section that is no longer the present one."""

    kind = Kind.STALE
    sentence = (
        "Somebody else changed the attendance of section {0} since you read it; nothing was "
        "saved. Read it again and repeat your change."
    )


class AccountChanged(RollbookError):
    """An account is no longer as it was read."""

    kind = Kind.STALE
    sentence = (
        "Somebody else changed the account {0} since you read it; nothing was changed. "
        "Look at it again and repeat your change."
    )
    begins_with_words = False


class CannotAnswerIn(RollbookError):
    """The `Accept` header leaves nothing that we speak."""

    kind = Kind.NOT_ACCEPTABLE
    sentence = (
        "The answer can be application/json or text/xml; the Accept header allows neither."
    )


class BodyTooLarge(RollbookError):
    """More bytes, or more entries, than one request may carry."""

    kind = Kind.TOO_LARGE
    sentence = "{0}"


class CannotRead(RollbookError):
    """The body is in a format or an encoding that we do not read."""

    kind = Kind.UNSUPPORTED
    sentence = "{0}"


class AskedTooOften(RollbookError):
    """Somebody asks more often than they may: `retry_after` seconds from now they may again."""

    kind = Kind.TOO_OFTEN
    sentence = "{0}; wait {1} s before the next request."

    @property
    def retry_after(self) -> int:
        """Seconds to wait."""
        return int(self.facts[1])


class TooMuchToDo(RollbookError):
    """The server is busy, and refuses before it begins rather than make everybody wait."""

    kind = Kind.UNAVAILABLE
    sentence = "The server has too much to do right now; nothing was done. Try again."


class Unavailable(RollbookError):
    """A fault of ours. What became of a write is not known; to send it again is harmless."""

    kind = Kind.UNAVAILABLE
    sentence = "{0}"


class ProviderAway(RollbookError):
    """A provider of accounts cannot be reached, or gives no answer that can be used."""

    kind = Kind.UNAVAILABLE
    sentence = "{0}"


def revive(name: str, facts: Sequence[Any]) -> RollbookError:
    """Return the error whose class is *name*, as it was raised in another process."""
    return _by_name[name](*facts)


_by_name = {cls.__name__: cls for cls in RollbookError.__subclasses__()}
