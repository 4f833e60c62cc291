"""A section's month as a grid, and as a file."""

from typing import ClassVar

from rollbook.auth.policy import Action
from rollbook.domain.attendance import Status
from rollbook.domain.days import from_ordinal, to_ordinal
from rollbook.domain.errors import BadRequest
from rollbook.domain.months import Month
from rollbook.domain.store import Store
from rollbook.operations import looking_back
from rollbook.web import csv, render
from rollbook.web.render import sorted_name
from rollbook.web.visiting import Visit, visit
from rollbook.web.words import N_
from rollbook.wire.http import Request, Response


class MonthPage:
    """A section's month: `/sections/{section_id}/month/{month}`."""

    needs: ClassVar = {"GET": Action.SEE_HISTORY}

    def __init__(self, store: Store) -> None:
        self._store = store

    async def on_get(self, req: Request, resp: Response, section_id: int, month: str) -> None:
        """Show students by days, with totals."""
        here = visit(req)
        found = await _month(self._store, here, section_id, month)
        first = to_ordinal(f"{month}-01")
        resp.body = render.page(
            "month.html",
            here,
            month=found,
            before=from_ordinal(first - 1)[:7] if first > 1 else None,
            after=from_ordinal(first + 31)[:7] if month < "9999-12" else None,
        )


class MonthFile:
    """The same as CSV: `/sections/{section_id}/month/{month}/csv`."""

    needs: ClassVar = {"GET": Action.SEE_HISTORY}

    def __init__(self, store: Store) -> None:
        self._store = store

    async def on_get(self, req: Request, resp: Response, section_id: int, month: str) -> None:
        """Send a line for each student."""
        here = visit(req)
        found = await _month(self._store, here, section_id, month)
        names = [look.name for look in here.looks.values()]
        rows = [[here.gettext("Student"), *found.days, *names]]
        for row in found.rows:
            letters = [here.looks[one.status].letter if one else "" for one in row.values]
            totals = [row.totals[int(status)] for status in Status]
            rows.append([sorted_name(row.person.user), *letters, *map(str, totals)])
        csv.send(resp, f"section-{section_id}-{month}", rows)


async def _month(store: Store, here: Visit, section_id: int, month: str) -> Month:
    try:
        return await looking_back.month(store, here.district, section_id, month)
    except ValueError:
        raise BadRequest(N_("The month in the address must be YYYY-MM.")) from None
