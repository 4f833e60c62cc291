"""A body of marks, and the answers."""

import datetime as dt
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Mark(BaseModel):
    """One mark, in the order of the API."""

    model_config = ConfigDict(from_attributes=True)

    enrollment_id: int
    date: dt.date
    status: Annotated[int, Field(ge=1, le=4)]
    comment: Annotated[str, Field(max_length=2000)] = ""


class Marks(BaseModel):
    """The list inside the body."""

    attendance: list[Mark]


class Sheet(BaseModel):
    """The body of a roll."""

    attendances: Marks


class OfStatus(BaseModel):
    """The marks of one status on one day."""

    status_code: int
    attendances: Marks


class Statuses(BaseModel):
    """The statuses that somebody had on one day."""

    status: list[OfStatus]


class Day(BaseModel):
    """A day whose roll was taken."""

    date: dt.date
    statuses: Statuses


class Total(BaseModel):
    """How often a status was given."""

    status: int
    count: int


class Totals(BaseModel):
    """All of them."""

    total: list[Total]


class Month(BaseModel):
    """What a reading answers."""

    date: list[Day]
    totals: Totals


class Done(BaseModel):
    """What became of one mark."""

    id: str
    response_code: int = 200


class Saved(BaseModel):
    """What a save answers."""

    attendance: list[Done]
