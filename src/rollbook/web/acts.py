"""The record of acts: what administrators did, the newest first, in the words of the pages."""

import re
from collections.abc import Mapping
from typing import ClassVar

import msgspec

from rollbook.auth.policy import Action
from rollbook.domain.acts import ActQuery, Deed, PlaceOfAct, Value, What
from rollbook.domain.people import Role, School
from rollbook.domain.store import Store
from rollbook.operations import acts as operations
from rollbook.web import render
from rollbook.web.people import school_titles
from rollbook.web.record import (
    INSTANT,
    NUMBER,
    changed_between,
    filters,
    further,
    named,
    place_before,
)
from rollbook.web.visiting import Visit, visit
from rollbook.web.words import N_
from rollbook.wire.http import Request, Response

_PLACE = re.compile(f"{INSTANT}/{NUMBER}")

WHAT = {
    What.DISTRICT_CREATED: N_("District created"),
    What.DISTRICT_CHANGED: N_("Settings changed"),
    What.PERSON_CREATED: N_("Person created"),
    What.PERSON_CHANGED: N_("Role or school changed"),
    What.ACCOUNT_CREATED: N_("Account created"),
    What.LOGIN_CHANGED: N_("Login changed"),
    What.ACCOUNT_CLOSED: N_("Account disabled"),
    What.ACCOUNT_OPENED: N_("Let in again"),
    What.INVITED: N_("Link for an invitation made"),
    What.RESET: N_("Link for a new password made"),
    What.KEY_CREATED: N_("API key created"),
    What.KEY_ROTATED: N_("New secret for an API key"),
    What.KEY_REVOKED: N_("API key revoked"),
    What.ROSTER_TAKEN_IN: N_("Roster taken in"),
}
FIELDS = {
    "name": N_("Name"),
    "time_zone": N_("Time zone"),
    "lock_days": N_("Teachers may change marks for how many days"),
    "powerschool": N_("The district has the PowerSchool SIS Attendance App"),
    "role": N_("Role"),
    "school": N_("School"),
    "active": N_("In the roster"),
    "login": N_("What they log in with"),
    "read_only": N_("It may only read"),
    "expires_at": N_("Good until"),
    "former_until": N_("Old secret good until"),
}
_OF_A_STATUS = {"name": N_("Own name"), "colour": N_("Colour")}
_NOUNS = {
    "schools": N_("schools"),
    "grading periods": N_("grading periods"),
    "courses": N_("courses"),
    "sections": N_("sections"),
    "users": N_("people"),
    "enrollments": N_("enrollments"),
}
_ROLES = {
    Role.ADMINISTRATOR: N_("administrator"),
    Role.TEACHER: N_("teacher"),
    Role.STUDENT: N_("student"),
    Role.GUARDIAN: N_("guardian"),
    Role.STAFF: N_("office"),
}
_HOW = {"added": N_("added"), "changed": N_("changed"), "ended": N_("ended")}
_NOTHING = "—"


class Line(msgspec.Struct, frozen=True):
    """One thing that an act turned into another, in words."""

    field: str
    before: str  # empty where there was nothing
    after: str


class Acts:
    """What administrators of the district did: `/admin/record/acts`."""

    needs: ClassVar = {"GET": Action.ADMINISTER}

    def __init__(self, store: Store) -> None:
        self._store = store

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show a page of it, as the filters say."""
        here = visit(req)
        wanted = _wanted(here)
        leaf = await operations.leaf(self._store, here.district.id, wanted)
        shown = filters(here, "first", "last", "by", "person")
        schools = await school_titles(self._store, here)
        resp.body = render.page(
            "acts.html",
            here,
            acts=[(told, lines(here, told.act.deed, schools)) for told in leaf.acts],
            what=WHAT,
            further=further(here, shown, leaf.next),
            shown=shown,
            by=await named(self._store, here, wanted.by),
            person=await named(self._store, here, wanted.person_id),
        )


def _wanted(here: Visit) -> ActQuery:
    """Return what the filters say; days are those on which something was done."""
    since, until = changed_between(here)
    place = _place(here) or ((until, 0) if until else None)
    query = ActQuery(since=since, by=here.query.id("by"), person_id=here.query.id("person"))
    return msgspec.structs.replace(query, before=place) if place else query


def _place(here: Visit) -> PlaceOfAct | None:
    read = place_before(here, _PLACE)
    return read and (read[1], int(read[2]))


def lines(here: Visit, deed: Deed, schools: Mapping[int, School]) -> list[Line]:
    """Return what a deed turned into what, in words."""
    return [
        Line(
            _field(here, turn.field),
            "" if turn.before is None else _value(here, turn.field, turn.before, schools),
            _value(here, turn.field, turn.after, schools),
        )
        for turn in deed.turns
    ]


def _field(here: Visit, field: str) -> str:
    if field in FIELDS:
        return here.gettext(FIELDS[field])
    noun, _, how = field.rpartition(" ")
    if noun in _NOUNS:
        return f"{here.gettext(_NOUNS[noun])}: {here.gettext(_HOW[how])}"
    which, _, status = field.partition("-")
    return f"{here.gettext(_OF_A_STATUS[which])}: {here.looks[int(status)].name}"


def _value(here: Visit, field: str, value: Value, schools: Mapping[int, School]) -> str:
    text = str(value)
    if value is None:
        text = _NOTHING
    elif isinstance(value, bool):
        text = here.gettext(N_("yes")) if value else here.gettext(N_("no"))
    elif field == "role":
        text = here.gettext(_ROLES[Role(int(value))])
    elif field == "school" and value in schools:
        text = schools[int(value)].title
    elif field.endswith(("_at", "_until")):
        text = render.clock(here, text)
    elif field.startswith("colour-"):
        text = here.gettext(text)
    return text
