"""A section's attendance, rolls and history."""

import re
from collections.abc import Hashable
from typing import ClassVar

from rollbook.api.asking import (
    LIST_LIMIT_MAX,
    Asked,
    Query,
    asked,
    asks_for_news,
    is_known,
    read_body,
    tag_of,
    versions_to_match,
)
from rollbook.api.shelf import Shelf
from rollbook.auth.policy import Action
from rollbook.domain.attendance import mark_id, mark_key
from rollbook.domain.days import day_after, is_day
from rollbook.domain.errors import BadRequest, NoSuchThing
from rollbook.domain.record import Channel
from rollbook.domain.store import HistoryQuery, MarkPage, MarkQuery, RollQuery, Store
from rollbook.operations import attendance as operations
from rollbook.wire import documents, shapes, sheets
from rollbook.wire.http import Request, Response
from rollbook.wire.sheets import read_id

_OFFSET = re.compile("[0-9]{1,7}")
_PLACE = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})")


class SectionAttendance:
    """The marks of one section: `/v1/sections/{section_id}/attendance`."""

    needs: ClassVar = {"GET": Action.SEE_ATTENDANCE, "PUT": Action.TAKE_ROLL}
    kept_here: ClassVar = True  # answers 410 for a district that takes attendance elsewhere

    def __init__(self, store: Store, *, records_max: int, body_max: int) -> None:
        self._store = store
        self._records_max = records_max
        self._body_max = body_max
        self._shelf = Shelf[Hashable]()

    async def on_get(self, req: Request, resp: Response, section_id: int) -> None:
        """List marks other than PRESENT, and the days on which nobody was missing."""
        ask = asked(req)
        key = (ask.actor.district.id, section_id)
        same = (*key, req.query_string, ask.format)
        tag, written = "", None
        if asks_for_news(req) or self._shelf.holds(same):
            version = await self._store.version(*key)
            tag = tag_of(version, ask.format)
            written = self._shelf.find(same, version) if ask.alone and ask.own is None else None
        query = self._query(ask) if written is None else None
        if is_known(req, tag):
            resp.status = 304
        elif query is None:
            resp.answer = written
        else:
            page = await self._store.marks(*key, query)
            tag, links = tag_of(page.version, ask.format), _links(ask, page)
            resp.answer = shapes.listing(page, links)
            # Links speak of the address asked at; who is on a roster may change by itself.
            if ask.alone and links is None and query.enrollment_ids is None:
                resp.answer = documents.write(resp.answer, ask.format)
                self._shelf.put(same, page.version, resp.answer)
        resp.headers["ETag"] = tag

    async def on_put(self, req: Request, resp: Response, section_id: int) -> None:
        """Save marks, each for itself, or with `atomic=1` all or none."""
        ask = asked(req)
        body, format_ = await read_body(req, self._body_max)
        entries = sheets.read_marks(body, format_)
        saved = await operations.save_marks(
            self._store,
            ask.actor.district,
            section_id,
            entries,
            operations.author(ask.actor, Channel.API, ask.request_id),
            atomic=ask.query.flag("atomic"),
            if_version=versions_to_match(req),
        )
        resp.headers["ETag"] = tag_of(saved.version, ask.format)
        resp.answer = shapes.Written(saved.answers)

    def _query(self, ask: Asked) -> MarkQuery:
        query = ask.query
        offset = _offset(query)
        start, end = query.days() if offset is None else (None, query.day("end"))
        return MarkQuery(
            start=start,
            end=end,
            enrollment_ids=_enrollments(ask),
            after=_cursor(query),
            offset=offset or 0,
            limit=query.limit(self._records_max),
        )


def _offset(query: Query) -> int | None:
    """Return `start` where it is no day: some clients add start=0&limit=20 to every call."""
    start = query.text("start")
    return int(start) if start and _OFFSET.fullmatch(start) else None


def _enrollments(ask: Asked) -> tuple[int, ...] | None:
    """Return the enrollments asked for; whoever may see only their own sees no others."""
    wanted = ask.query.ids("enrollment_id")
    if ask.own is None:
        return wanted
    for identifier in wanted or ():
        if identifier not in ask.own:
            raise NoSuchThing("enrollment", identifier)
    return wanted or ask.own


def _cursor(query: Query) -> tuple[str, int] | None:
    last = query.text("start_id")
    if last is None:
        return None
    try:
        return mark_key(read_id(last) or 0)
    except ValueError:
        raise BadRequest("The parameter start_id must be one that a next link gave.") from None


def _links(ask: Asked, page: MarkPage) -> dict[str, str] | None:
    if not page.left_over:
        return None
    last = page.marks[-1]
    changes: dict[str, str | None] = {"start_id": str(mark_id(last.enrollment_id, last.date))}
    if _offset(ask.query) is not None:
        changes["start"] = None  # the offset is behind us: the cursor says where we are
    return {"self": ask.address, "next": ask.link(**changes)}


class SectionHistory:
    """Every change of a section's marks: `/v1/sections/{section_id}/attendance/history`."""

    needs: ClassVar = {"GET": Action.SEE_HISTORY}
    kept_here: ClassVar = True

    def __init__(self, store: Store) -> None:
        self._store = store

    async def on_get(self, req: Request, resp: Response, section_id: int) -> None:
        """List changes, oldest first, with a cursor that no later change disturbs."""
        ask = asked(req)
        first, last = ask.query.days()
        query = HistoryQuery(
            start=first,
            end=last,
            enrollment_ids=ask.query.ids("enrollment_id"),
            after=_place(ask.query),
            limit=ask.query.limit(LIST_LIMIT_MAX),
        )
        page = await self._store.history(ask.actor.district.id, section_id, query)
        links = {"self": ask.address}
        if page.next is not None:
            number, seen = page.next
            links["next"] = ask.link(after=f"{number}.{seen}")
        resp.answer = {
            "change": [shapes.change(recorded) for recorded in page.changes],
            "links": links,
        }


def _place(query: Query) -> tuple[int, int]:
    text = query.text("after")
    if text is None:
        return (0, 0)
    place = _PLACE.fullmatch(text)
    if place is None:
        raise BadRequest("The parameter after must be one that a next link gave.")
    return int(place[1]), int(place[2])


class SectionRolls:
    """The rolls that were taken: `/v1/sections/{section_id}/rolls`."""

    needs: ClassVar = {"GET": Action.SEE_HISTORY}
    kept_here: ClassVar = True

    def __init__(self, store: Store) -> None:
        self._store = store

    async def on_get(self, req: Request, resp: Response, section_id: int) -> None:
        """List rolls by day, each with who took it when and what it adds up to."""
        ask = asked(req)
        first, last = ask.query.days()
        query = RollQuery(start=first, end=last, limit=ask.query.limit(LIST_LIMIT_MAX))
        found = await self._store.rolls(ask.actor.district.id, section_id, query)
        links = {"self": ask.address}
        if len(found.items) < found.total:
            links["next"] = ask.link(start=day_after(found.items[-1].taken.date))
        rolls = map(shapes.roll, found.items)
        resp.answer = shapes.listed("roll", rolls, found.total, links)


class SectionRoll:
    """One day's roll: `/v1/sections/{section_id}/rolls/{date}`."""

    needs: ClassVar = {"GET": Action.SEE_HISTORY, "PUT": Action.TAKE_ROLL}
    kept_here: ClassVar = True

    def __init__(self, store: Store, *, body_max: int) -> None:
        self._store = store
        self._body_max = body_max

    async def on_get(self, req: Request, resp: Response, section_id: int, date: str) -> None:
        """Show the roll of that day; 404 when nobody took it."""
        ask = asked(req)
        query = RollQuery(start=_day(date), end=date)
        found = await self._store.rolls(ask.actor.district.id, section_id, query)
        if not found.items:
            raise NoSuchThing("roll of", date)
        resp.answer = shapes.roll(found.items[0])

    async def on_put(self, req: Request, resp: Response, section_id: int, date: str) -> None:
        """Take the roll: the body names who is not present; everybody else on it is."""
        ask = asked(req)
        body, format_ = await read_body(req, self._body_max)
        sheet = sheets.read_roll(body, format_, _day(date))
        saved, roll = await operations.take_roll(
            self._store,
            ask.actor.district,
            section_id,
            date,
            sheet.exceptions,
            operations.author(ask.actor, Channel.API, ask.request_id),
            replace_excused=sheet.replace_excused,
            if_version=versions_to_match(req),
        )
        resp.headers["ETag"] = tag_of(saved.version, ask.format)
        resp.answer = shapes.RollWritten(shapes.roll(roll), saved.answers)


def _day(text: str) -> str:
    if not is_day(text):
        raise BadRequest("The day in the path must be YYYY-MM-DD.")
    return text
