"""Today: the sections that a teacher meets, in the order of their hours."""

from typing import ClassVar

from rollbook.auth.policy import Action
from rollbook.domain.office import by_hour
from rollbook.domain.school_days import DayQuery
from rollbook.domain.sheets import meets
from rollbook.domain.store import Store
from rollbook.web import render
from rollbook.web.visiting import visit
from rollbook.wire.http import Request, Response


class Today:
    """A teacher's day: `/today`."""

    needs: ClassVar = {"GET": Action.SEE_OWN_DAY}

    def __init__(self, store: Store) -> None:
        self._store = store

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show what meets today, and whether its roll was taken; the rest below."""
        here = visit(req)
        day = here.query.day("day") or here.today
        query = DayQuery(date=day, teacher_id=here.actor.user.id)
        found = sorted(await self._store.day(here.district.id, query), key=by_hour)
        resp.body = render.page(
            "today.html",
            here,
            day=day,
            meeting=[one for one in found if meets(one.section, day)],
            others=[one for one in found if not meets(one.section, day)],
        )
