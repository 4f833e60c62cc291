"""
What requests hold, and the answers that are put together from other shapes.

The server reads bodies with a more patient eye (`wire/sheets.py`), so that one bad entry does
not spoil the others; what it takes without a complaint is written down here.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from rollbook.api.multiget import PATHS_MAX
from rollbook.domain.attendance import COMMENT_MAX, ENTRIES_MAX
from rollbook.wire import shapes

_Id: TypeAlias = (
    Annotated[int, Meta(ge=1, le=(1 << 63) - 1)]
    | Annotated[str, Meta(pattern="^[1-9][0-9]{0,17}$")]
)
_Status = Literal[1, 2, 3, 4, "1", "2", "3", "4"]
_Comment = Annotated[str, Meta(max_length=COMMENT_MAX)]
_Path = Annotated[str, Meta(pattern="^/v1/")]

# ---------------------------------------------------------------- what is sent


class NewMark(msgspec.Struct, frozen=True):
    """A mark to save."""

    enrollment_id: _Id
    date: str
    status: _Status
    comment: _Comment | UnsetType | None = UNSET


class NewMarks(msgspec.Struct, frozen=True):
    """The list inside a body of marks."""

    attendance: (
        Annotated[Sequence[NewMark], Meta(min_length=1, max_length=ENTRIES_MAX)] | NewMark
    )


class Marks(msgspec.Struct, frozen=True):
    """The body of `PUT sections/{id}/attendance`."""

    attendances: NewMarks


class RollException(msgspec.Struct, frozen=True):
    """Somebody who was not simply present."""

    enrollment_id: _Id
    status: _Status
    date: str | UnsetType = UNSET
    comment: _Comment | UnsetType | None = UNSET


class Exceptions(msgspec.Struct, frozen=True):
    """The list inside a body of a roll."""

    attendance: Annotated[Sequence[RollException], Meta(max_length=ENTRIES_MAX)] | RollException


class WholeRoll(msgspec.Struct, frozen=True):
    """The body of `PUT sections/{id}/rolls/{date}`; an empty object when all were present."""

    attendances: Exceptions | UnsetType = UNSET
    replace_excused: bool | UnsetType = UNSET


class Questions(msgspec.Struct, frozen=True):
    """The body of `POST multiget`."""

    request: Annotated[Sequence[_Path], Meta(min_length=1, max_length=PATHS_MAX)] | _Path


# ---------------------------------------------------------------- what comes back


class PathAnswer(msgspec.Struct, frozen=True):
    """What one path of a `multiget` came to."""

    location: str
    response_code: int
    body: Any


class PathAnswers(msgspec.Struct, frozen=True):
    """What `POST multiget` returns."""

    response: list[PathAnswer]


class History(msgspec.Struct, frozen=True):
    """Changes of marks, oldest first."""

    change: list[shapes.ChangeShape]
    links: shapes.Links


def _list_of(name: str, shape: type, what: str) -> type[msgspec.Struct]:
    """Return the shape of one part of a list, under the singular name as the family has it."""
    items: Any = Annotated[list[shape], Meta(description=what)]  # type: ignore[valid-type]
    return msgspec.defstruct(
        f"{name.capitalize()}List",
        [(name, items), ("total", str), ("links", shapes.Links)],
        namespace={"__doc__": f"A part of a list: {what[0].lower()}{what[1:]}"},
        frozen=True,
    )


RollList = _list_of("roll", shapes.RollShape, "The rolls that were taken, by day.")
UserList = _list_of("user", shapes.UserShape, "The people.")
RoleList = _list_of("role", shapes.RoleShape, "The roles.")
SchoolList = _list_of("school", shapes.SchoolShape, "The schools.")
CourseList = _list_of("course", shapes.CourseShape, "The courses.")
SectionList = _list_of("section", shapes.SectionShape, "The sections.")
EnrollmentList = _list_of("enrollment", shapes.EnrollmentShape, "The enrollments.")
