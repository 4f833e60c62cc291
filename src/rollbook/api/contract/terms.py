"""What the table of routes is made of."""

from typing import Any

import msgspec


class Parameter(msgspec.Struct, frozen=True):
    """What may be asked in the query or in a header."""

    name: str
    about: str
    schema: dict[str, Any]
    example: Any = None  # when one is worth showing
    where: str = "query"


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one route; what all signed requests have in common is not repeated here."""

    route: str  # as PUT /v1/sections/{section_id}/attendance
    name: str  # the operationId
    summary: str
    about: str = ""
    asks: tuple[Parameter, ...] = ()
    sends: type | None = None  # the shape of the body
    answers: type | None = None  # the shape of a 200; None: it is a 303 to somewhere else
    media_type: str = ""  # of the answer, when it is not in both formats
    versioned: bool = False  # answers with an ETag
    refuses: tuple[int, ...] = ()  # besides what every signed request may be refused for
    public: bool = False  # needs no signature

    @property
    def method(self) -> str:
        """The method, in capitals."""
        return self.route.partition(" ")[0]

    @property
    def path(self) -> str:
        """The path, with the names of its parts in braces."""
        return self.route.partition(" ")[2]


class Group(msgspec.Struct, frozen=True):
    """Operations that belong together."""

    name: str
    about: str
    operations: tuple[Operation, ...]
