"""The office's day: missing rolls, who is away and why, and excuses ahead."""

from typing import ClassVar

from rollbook.auth.policy import Action
from rollbook.auth.rights import Rights
from rollbook.domain.attendance import Status, why_not_comment
from rollbook.domain.days import Day
from rollbook.domain.errors import BadRequest
from rollbook.domain.excuses import DAYS_MAX
from rollbook.domain.office import Away, SchoolDay, by_period, by_school
from rollbook.domain.people import Role
from rollbook.domain.record import Recorded
from rollbook.domain.school_days import DayQuery
from rollbook.domain.store import Page, Store
from rollbook.operations import excuses, looking_back
from rollbook.web import render
from rollbook.web.forms import comment_of
from rollbook.web.visiting import Visit, visit
from rollbook.web.words import N_
from rollbook.wire.http import Request, Response

SHOWN = 100  # lines of each list, unless all are asked for

_SCHOOLS = Page(limit=10_000)


class Office:
    """A school's day: `/office`."""

    needs: ClassVar = {"GET": Action.SEE_SCHOOL_DAY}

    def __init__(self, store: Store) -> None:
        self._store = store

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show which rolls are missing, then who is away; of several schools, how many."""
        here = visit(req)
        day = here.query.day("day") or here.today
        schools = (await self._store.schools(here.district.id, _SCHOOLS)).items
        school_id = here.actor.office_of or here.query.id("school")
        if school_id is None and len(schools) == 1:
            school_id = schools[0].id
        query = DayQuery(date=day, school_id=school_id)
        found = by_school(await self._store.day(here.district.id, query), day)
        shown = found.get(school_id, SchoolDay())
        most = None if here.query.has("all") else SHOWN
        resp.body = render.page(
            "office.html",
            here,
            day=day,
            school_id=school_id,
            schools=[one for one in schools if here.actor.office_of in (None, one.id)],
            overview=found if school_id is None else {},
            shown=shown,
            most=most,
            periods=by_period(shown.missing[:most]),
            before=await self._words_before(here, day, shown.away[:most]),
        )

    async def _words_before(
        self, here: Visit, day: Day, absent: list[Away]
    ) -> dict[int, Recorded]:
        """Return what a teacher said of those whom somebody else excused afterwards."""
        excused: dict[int, list[int]] = {}
        for one in absent:
            for missed in one.missed:
                if missed.mark.status == Status.EXCUSED and missed.day.taken:
                    place = excused.setdefault(missed.day.section.id, [])
                    place.append(missed.mark.enrollment_id)
        found: dict[int, Recorded] = {}
        for section_id, places in excused.items():
            found |= await looking_back.teachers_words(
                self._store, here.district, day, section_id, tuple(places)
            )
        return found


class Excuse:
    """Excuses a student for days: `/students/{user_id}/excuse`."""

    needs: ClassVar = {"GET": Action.EXCUSE, "POST": Action.EXCUSE}

    def __init__(self, store: Store, rights: Rights) -> None:
        self._store = store
        self._rights = rights

    async def on_get(self, req: Request, resp: Response, user_id: int) -> None:
        """Ask for the days and the reason."""
        await self._show(visit(req), resp, user_id, {})

    async def on_post(self, req: Request, resp: Response, user_id: int) -> None:
        """Give the excuse, or take it back, and say what that changed."""
        here = visit(req)
        await self._student(here, user_id)
        first, last, reason, problems = _read(here)
        if problems:
            resp.status = 400
            await self._show(here, resp, user_id, problems)
            return
        withdrawn = here.form.has("withdraw")
        if withdrawn:
            done = await excuses.withdraw(
                self._store, here.district, user_id, first, last, here.author
            )
        else:
            done = await excuses.excuse(
                self._store, here.district, user_id, first, last, reason, here.author
            )
        told = f"first={first}&last={last}&done={done.marks}{'&withdrawn' if withdrawn else ''}"
        resp.go_to(f"/students/{user_id}/excuse?{told}")

    async def _student(self, here: Visit, user_id: int) -> object:
        """Return the student; raises `NotAllowed` for one of another school."""
        user = await self._store.user(here.district.id, user_id)
        self._rights.require_school(here.actor, Action.EXCUSE, user.school_id)
        if user.role is not Role.STUDENT:
            raise BadRequest(N_("Only students are excused."))
        return user

    async def _show(
        self, here: Visit, resp: Response, user_id: int, problems: dict[str, str]
    ) -> None:
        user = await self._student(here, user_id)
        given = here.form if here.form.pairs else here.query
        first = given.text("first") or here.today
        resp.body = render.page(
            "excuse.html",
            here,
            user=user,
            first=first,
            last=given.text("last") or first,
            reason=given.text("reason"),
            problems=problems,
            done=here.query.text("done"),
            withdrawn=here.query.has("withdrawn"),
        )


def _read(here: Visit) -> tuple[Day, Day, str, dict[str, str]]:
    """Return the days and the reason, and what is wrong with which field."""
    problems: dict[str, str] = {}
    first = _day(here, "first", problems)
    last = _day(here, "last", problems)
    if not problems and not 0 < excuses.count_days(first, last) <= DAYS_MAX:
        problems["last"] = N_("The last day must be the first one or within a year after it.")
    reason = comment_of(here.form.text("reason"))
    if why := why_not_comment(reason):
        problems["reason"] = why
    return first, last, reason, problems


def _day(here: Visit, name: str, problems: dict[str, str]) -> Day:
    try:
        day = here.form.day(name)
    except BadRequest:
        day = None
    if day is None:
        problems[name] = N_("This must be a day.")
    return day or ""
