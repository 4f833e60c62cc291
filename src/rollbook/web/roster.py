"""The roster: sent in as a file, looked at, and taken in."""

from typing import ClassVar
from urllib.parse import quote

from rollbook.auth.policy import Action
from rollbook.exchange.outcome import Outcome
from rollbook.web import render
from rollbook.web.rosters import Rosters, Stage
from rollbook.web.uploads import FILE_MAX
from rollbook.web.visiting import Visit, visit
from rollbook.web.words import N_
from rollbook.wire.http import Request, Response


class Roster:
    """Sends a roster in, and shows what it would change: `/admin/roster`."""

    needs: ClassVar = {"GET": Action.ADMINISTER, "POST": Action.ADMINISTER}
    takes_file = True

    def __init__(self, rosters: Rosters) -> None:
        self._rosters = rosters

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show how far the visitor's roster is."""
        show(visit(req), resp, self._rosters)

    async def on_post(self, req: Request, resp: Response) -> None:
        """Keep the file and have it read; nothing is changed by that."""
        here = visit(req)
        assert here.upload is not None
        waiting = await self._rosters.receive(person(here), here.upload)
        if waiting is None:
            resp.status = 400
            problem = N_("Choose a file first; an empty one has no roster in it.")
            show(here, resp, self._rosters, problems={"file": problem})
            return
        resp.go_to(f"/admin/roster?roster={waiting.id}")


class TakeRosterIn:
    """Takes a roster in that was looked at, or drops it: `/admin/roster/apply`."""

    needs: ClassVar = {"POST": Action.ADMINISTER}

    def __init__(self, rosters: Rosters) -> None:
        self._rosters = rosters

    async def on_post(self, req: Request, resp: Response) -> None:
        """Do it, if that very roster is still waiting; what ends many places has to be meant."""
        here = visit(req)
        waiting = self._rosters.of(person(here))
        asked = here.form.text("roster")
        meant = here.form.has("meant")
        if waiting is not None and waiting.id == asked and waiting.stage is Stage.READ:
            outcome = waiting.outcome or Outcome()
            if here.form.has("drop"):
                self._rosters.drop(person(here))
                resp.go_to("/admin/roster?dropped")
                return
            if outcome.ended and not meant:
                resp.status = 400
                problem = N_("Say that this is meant: more than a tenth would end.")
                show(here, resp, self._rosters, problems={"meant": problem})
                return
            if waiting.outcome is not None and not outcome.refused:
                self._rosters.apply(person(here), waiting, allow_ending=meant)
        resp.go_to(f"/admin/roster?roster={quote(asked[:32])}")


def person(here: Visit) -> tuple[int, int]:
    """Return whose roster it is: only who sent it in sees it."""
    return here.district.id, here.actor.user.id


def show(
    here: Visit, resp: Response, rosters: Rosters, problems: dict[str, str] | None = None
) -> None:
    """Show the visitor's roster, and say so when the one that was meant has gone."""
    waiting = rosters.of(person(here))
    outcome = (waiting and waiting.outcome) or Outcome()
    asked = (here.form if here.form.pairs else here.query).text("roster")
    resp.body = render.page(
        "roster.html",
        here,
        waiting=waiting,
        gone=bool(asked) and (waiting is None or waiting.id != asked),
        under_way=waiting is not None and waiting.stage in {Stage.READING, Stage.APPLYING},
        refused=outcome.refused_parts.told(here.gettext),
        faults=[parts.told(here.gettext) for parts in outcome.problems_parts],
        most=FILE_MAX >> 20,
        problems=problems or {},
        dropped=here.query.has("dropped"),
    )
