"""The district's record, to look something up in: every save of marks, the newest first."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import ClassVar
from urllib.parse import urlencode

from rollbook.auth.policy import Action
from rollbook.domain.days import Day, day_after, instant
from rollbook.domain.errors import BadRequest
from rollbook.domain.overview import PlaceInTime
from rollbook.domain.people import Instant, User
from rollbook.domain.store import Store
from rollbook.operations import record as operations
from rollbook.web import render
from rollbook.web.visiting import Visit, visit
from rollbook.web.words import N_
from rollbook.wire.http import Request, Response

INSTANT = r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z)"
NUMBER = r"([0-9]{1,18})"

_PLACE = re.compile(f"{INSTANT}/{NUMBER}/{NUMBER}")


class Record:
    """The district's record: `/admin/record`."""

    needs: ClassVar = {"GET": Action.ADMINISTER}

    def __init__(self, store: Store) -> None:
        self._store = store

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show a page of it, as the filters say."""
        here = visit(req)
        wanted = _wanted(here)
        leaf = await operations.leaf(self._store, here.district, wanted)
        shown = filters(here, "first", "last", "section", "by", "student")
        resp.body = render.page(
            "record.html",
            here,
            saves=leaf.saves,
            further=further(here, shown, leaf.next),
            back_to=leaf.next[0] if leaf.next else "",
            shown=shown,
            by=await named(self._store, here, wanted.by),
            student=await named(self._store, here, wanted.student_id),
        )


def filters(here: Visit, *names: str) -> dict[str, str]:
    """Return the filters of those names that are given, as they were typed."""
    given = ((name, here.query.text(name)) for name in names)
    return {name: text for name, text in given if text}


def further(here: Visit, shown: Mapping[str, str], place: Iterable[object] | None) -> str:
    """Return where the page goes on, with the same filters; nothing at the end."""
    if place is None:
        return ""
    before = "/".join(str(part) for part in place)
    return f"{here.path}?{urlencode({**shown, 'before': before})}"


def place_before(here: Visit, pattern: re.Pattern[str]) -> re.Match[str] | None:
    """Return where the page before ended, as *pattern* reads it; None at the beginning."""
    text = here.query.text("before")
    if not text:
        return None
    read = pattern.fullmatch(text)
    if read is None:
        raise BadRequest(N_("This address of a page is not one of ours."))
    return read


async def named(store: Store, here: Visit, user_id: int | None) -> User | None:
    """Return whom a filter names by their number; raises `NoSuchThing`."""
    return None if user_id is None else await store.user(here.district.id, user_id)


def _wanted(here: Visit) -> operations.Wanted:
    """Return what the filters say."""
    since, until = changed_between(here)
    return operations.Wanted(
        since=since,
        before=_place(here) or ((until, 0, 0) if until else None),
        section_id=here.query.id("section"),
        by=here.query.id("by"),
        student_id=here.query.id("student"),
    )


def changed_between(here: Visit) -> tuple[Instant, Instant | None]:
    """Return when the days begin and are over on which something was changed, as filters say."""
    first, last = here.query.day("first"), here.query.day("last")
    try:
        since = _begin_of(here, first) if first else ""
        return since, _begin_of(here, day_after(last)) if last else None
    except (OverflowError, ValueError):  # at the end of what days there are
        raise BadRequest(N_("A field that must be a day is none.")) from None


def _begin_of(here: Visit, day: Day) -> Instant:
    begin = dt.datetime.combine(dt.date.fromisoformat(day), dt.time(), here.zone)
    return instant(begin.astimezone(dt.UTC))


def _place(here: Visit) -> PlaceInTime | None:
    read = place_before(here, _PLACE)
    return read and (read[1], int(read[2]), int(read[3]))
