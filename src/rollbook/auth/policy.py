"""Who may do what: one table."""

import enum

from rollbook.domain.people import Actor, Role
from rollbook.domain.rosters import Footing, Standing


class Action(enum.Enum):
    """What a route does; every route names one for each of its methods."""

    SEE_ATTENDANCE = "see attendance"
    TAKE_ROLL = "take the roll"
    SEE_HISTORY = "see the history of marks"
    SEE_ENROLLMENTS = "see who is enrolled"
    SEE_CATALOGUE = "see schools, courses and sections"
    SEE_PEOPLE = "see the people of the district"
    SEE_PERSON = "see a person"
    ASK_MANY = "ask several things at once"


WRITING = frozenset({Action.TAKE_ROLL})


class Reach(enum.Enum):
    """How far a right goes."""

    NONE = "nothing"
    OWN = "what is about their own enrollments"
    ALL = "everything"


_EVERYBODY = dict.fromkeys(Standing, Reach.ALL)

_TABLE: dict[Action, dict[Standing, Reach]] = {
    Action.SEE_ATTENDANCE: {
        Standing.ADMINISTRATOR: Reach.ALL,
        Standing.TEACHER: Reach.ALL,
        Standing.STUDENT: Reach.OWN,
    },
    Action.TAKE_ROLL: {
        Standing.ADMINISTRATOR: Reach.ALL,
        Standing.TEACHER: Reach.ALL,
    },
    Action.SEE_HISTORY: {
        Standing.ADMINISTRATOR: Reach.ALL,
        Standing.TEACHER: Reach.ALL,
    },
    Action.SEE_ENROLLMENTS: {
        Standing.ADMINISTRATOR: Reach.ALL,
        Standing.TEACHER: Reach.ALL,
        Standing.STUDENT: Reach.OWN,
    },
    Action.SEE_CATALOGUE: _EVERYBODY,
    Action.SEE_PEOPLE: {Standing.ADMINISTRATOR: Reach.ALL},
    Action.SEE_PERSON: {
        Standing.ADMINISTRATOR: Reach.ALL,
        Standing.SELF: Reach.ALL,
    },
    Action.ASK_MANY: _EVERYBODY,  # each thing asked for is decided for itself
}


def reach(actor: Actor, action: Action, standing: Standing) -> Reach:
    """Return how far *actor*, standing so to the thing, may go with *action*."""
    if actor.read_only and action in WRITING:
        return Reach.NONE
    return _TABLE[action].get(standing, Reach.NONE)


def standing_in_section(actor: Actor, footing: Footing) -> Standing:
    """Return what the actor is to a section in which they stand so."""
    if actor.user.role is Role.ADMINISTRATOR:
        return Standing.ADMINISTRATOR
    if footing.teaches:
        return Standing.TEACHER
    return Standing.STUDENT if footing.enrollment_ids else Standing.MEMBER


def standing_to_user(actor: Actor, user_id: int | None) -> Standing:
    """Return what the actor is to a person of the district, or with None to all of them."""
    if actor.user.role is Role.ADMINISTRATOR:
        return Standing.ADMINISTRATOR
    return Standing.SELF if user_id == actor.user.id else Standing.MEMBER
