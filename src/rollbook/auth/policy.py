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
    SEE_OWN_DAY = "see their own day"
    KEEP_OWN_ACCOUNT = "look after their own account"
    SEE_STUDENT = "see a student's days"
    SEE_SCHOOL_DAY = "see a school's day"
    EXCUSE = "give an excuse ahead"
    ADMINISTER = "administer the district"


WRITING = frozenset({Action.TAKE_ROLL, Action.EXCUSE, Action.ADMINISTER})


class Reach(enum.Enum):
    """How far a right goes."""

    NONE = "nothing"
    OWN = "what is about their own enrollments"
    ALL = "everything"


_EVERYBODY = dict.fromkeys(Standing, Reach.ALL)
_THE_OFFICE = {Standing.ADMINISTRATOR: Reach.ALL, Standing.OFFICE: Reach.ALL}

_TABLE: dict[Action, dict[Standing, Reach]] = {
    Action.SEE_ATTENDANCE: {
        Standing.ADMINISTRATOR: Reach.ALL,
        Standing.OFFICE: Reach.ALL,
        Standing.TEACHER: Reach.ALL,
        Standing.STUDENT: Reach.OWN,
    },
    Action.TAKE_ROLL: {
        Standing.ADMINISTRATOR: Reach.ALL,
        Standing.OFFICE: Reach.ALL,
        Standing.TEACHER: Reach.ALL,
    },
    Action.SEE_HISTORY: {
        Standing.ADMINISTRATOR: Reach.ALL,
        Standing.OFFICE: Reach.ALL,
        Standing.TEACHER: Reach.ALL,
    },
    Action.SEE_ENROLLMENTS: {
        Standing.ADMINISTRATOR: Reach.ALL,
        Standing.OFFICE: Reach.ALL,
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
    Action.SEE_OWN_DAY: _EVERYBODY,
    Action.KEEP_OWN_ACCOUNT: _EVERYBODY,
    Action.SEE_STUDENT: {
        Standing.ADMINISTRATOR: Reach.ALL,
        Standing.OFFICE: Reach.ALL,
        Standing.TEACHER: Reach.OWN,  # in the sections that they teach
    },
    Action.SEE_SCHOOL_DAY: _THE_OFFICE,
    Action.EXCUSE: _THE_OFFICE,
    Action.ADMINISTER: {Standing.ADMINISTRATOR: Reach.ALL},
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
    if is_office(actor, footing.school_id):
        return Standing.OFFICE
    if footing.teaches:
        return Standing.TEACHER
    return Standing.STUDENT if footing.enrollment_ids else Standing.MEMBER


def is_office(actor: Actor, school_id: int | None) -> bool:
    """Say whether the actor has come in as the office of that school."""
    return school_id is not None and actor.office_of == school_id


def standing_in_school(actor: Actor, school_id: int | None) -> Standing:
    """Return what the actor is to a school of the district, or with None to all of them."""
    if actor.user.role is Role.ADMINISTRATOR:
        return Standing.ADMINISTRATOR
    return Standing.OFFICE if is_office(actor, school_id) else Standing.MEMBER


def standing_to_user(actor: Actor, user_id: int | None) -> Standing:
    """Return what the actor is to a person of the district, or with None to all of them."""
    if actor.user.role is Role.ADMINISTRATOR:
        return Standing.ADMINISTRATOR
    return Standing.SELF if user_id == actor.user.id else Standing.MEMBER
