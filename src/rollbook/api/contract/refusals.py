"""What a request can be refused for, each with the very words of one such refusal."""

import msgspec

from rollbook.api.contract.examples import SECTION
from rollbook.domain import errors


class Refusal(msgspec.Struct, frozen=True):
    """One status."""

    name: str  # in the document's components
    about: str
    example: errors.RollbookError


REFUSALS: dict[int, Refusal] = {
    400: Refusal(
        "BadRequest",
        "A header, a parameter or the body is wrong; nothing was saved.",
        errors.BadRequest("The parameter start must be a day, YYYY-MM-DD."),
    ),
    401: Refusal(
        "NotAuthenticated",
        "The credentials are missing, wrong, too old or were used before.",
        errors.NotAuthenticated("The consumer key or the signature is not right."),
    ),
    403: Refusal(
        "NotAllowed",
        "The user that the key acts as may not do this.",
        errors.NotAllowed(f"You may not take the roll in section {SECTION}."),
    ),
    404: Refusal(
        "NotFound",
        "It does not exist, or belongs to another district: the two look alike.",
        errors.NoSuchThing("section", SECTION),
    ),
    406: Refusal(
        "NotAcceptable",
        "The `Accept` header leaves neither JSON nor XML.",
        errors.CannotAnswerIn(),
    ),
    410: Refusal(
        "TakenElsewhere",
        "The district keeps its attendance in PowerSchool.",
        errors.TakenElsewhere(),
    ),
    412: Refusal(
        "ChangedMeanwhile",
        "`If-Match` names a state that is no longer the present one; nothing was saved.",
        errors.ChangedMeanwhile(SECTION),
    ),
    413: Refusal(
        "TooLarge",
        "The body has more bytes, or more entries, than one request may carry.",
        errors.BodyTooLarge("The body has 5001 entries; at most 5000 are taken."),
    ),
    415: Refusal(
        "NotReadable",
        "The body is neither JSON nor XML in UTF-8, or it is compressed.",
        errors.CannotRead("The body must be in UTF-8."),
    ),
    429: Refusal(
        "AskedTooOften",
        "The key, or the address, asks more often than it may: wait as long as `Retry-After` "
        "says. A district that sets no limit has none, but for refused signatures.",
        errors.AskedTooOften("This key asks more often than it may", 1),
    ),
    503: Refusal(
        "Unavailable",
        "A fault of the server's. What became of a write is not known; to send it again is "
        "harmless.",
        errors.Unavailable("The writer is starting; try again."),
    ),
}
