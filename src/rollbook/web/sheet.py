"""The sheet: a section's roll of a day, to be taken and corrected."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

import msgspec

from rollbook.auth.policy import Action
from rollbook.domain.attendance import Status, why_not_comment
from rollbook.domain.days import Day, from_ordinal, is_day, to_ordinal
from rollbook.domain.errors import BadRequest, NotAllowed
from rollbook.domain.record import Recorded
from rollbook.domain.sheets import (
    Conflict,
    Line,
    Sheet,
    Value,
    Wish,
    is_locked,
    meets,
    taking_along,
)
from rollbook.domain.store import Store
from rollbook.operations import sheets as operations
from rollbook.operations.attendance import require_kept_here
from rollbook.web import render
from rollbook.web.forms import Form, comment_of
from rollbook.web.visiting import Visit, visit
from rollbook.web.words import N_
from rollbook.wire.http import Request, Response
from rollbook.wire.sheets import read_id


class SheetOfToday:
    """Where a section's roll is taken: `/sections/{section_id}/roll`."""

    needs: ClassVar = {"GET": Action.TAKE_ROLL}

    async def on_get(self, req: Request, resp: Response, section_id: int) -> None:
        """Go to the sheet of today, or of the day that was chosen."""
        here = visit(req)
        resp.go_to(f"/sections/{section_id}/roll/{here.query.day('day') or here.today}")


class SheetPage:
    """A section's sheet of a day: `/sections/{section_id}/roll/{day}`."""

    needs: ClassVar = {"GET": Action.TAKE_ROLL, "POST": Action.TAKE_ROLL}

    def __init__(self, store: Store) -> None:
        self._store = store

    async def on_get(self, req: Request, resp: Response, section_id: int, day: str) -> None:
        """Show the roll of that day in the order of names."""
        here = visit(req)
        sheet = await self._open(here, section_id, day)
        resp.body = _page(here, sheet, saved=here.query.has("saved"))

    async def on_post(self, req: Request, resp: Response, section_id: int, day: str) -> None:
        """Save the lines that nobody else changed; show those again that somebody did."""
        here = visit(req)
        _require_day(day)
        require_kept_here(here.district)
        if _locked(here, day):
            raise NotAllowed(N_("This roll is locked: ask the school's office to change it."))
        wishes, problems = read_wishes(here.form)
        if problems:
            resp.status = 400
            sheet = await self._open(here, section_id, day)
            resp.body = _page(here, sheet, wishes=wishes, problems=problems)
            return
        done = await operations.save_sheet(
            self._store, here.district, section_id, day, wishes, here.author
        )
        if not done.conflicts and not done.refused:
            resp.go_to(f"{here.path}?saved")
            return
        resp.status = 409
        others = {
            conflict.enrollment_id: await self._other(here, section_id, day, conflict)
            for conflict in done.conflicts
        }
        sheet = await self._open(here, section_id, day)
        resp.body = _page(
            here, sheet, others=others, refused=len(done.refused), saved=done.saved is not None
        )

    async def _open(self, here: Visit, section_id: int, day: str) -> Sheet:
        _require_day(day)
        return await operations.open_sheet(self._store, here.district, section_id, day)

    async def _other(
        self, here: Visit, section_id: int, day: Day, conflict: Conflict
    ) -> "OthersWord":
        change = await operations.last_change(
            self._store, here.district, section_id, day, conflict.enrollment_id
        )
        return OthersWord(conflict, change, await self._name(here, change))

    async def _name(self, here: Visit, change: Recorded | None) -> str:
        acting = change.author.acting if change else None
        if acting is None:
            return ""
        return (await self._store.user(here.district.id, acting)).display_name


class OthersWord(msgspec.Struct, frozen=True):
    """A line in conflict, and who gave it the value that it has now."""

    conflict: Conflict
    change: Recorded | None
    name: str  # empty: the operator, at the command line


def _require_day(text: str) -> None:
    if not is_day(text):
        raise BadRequest(N_("The day in the address must be YYYY-MM-DD."))


def read_wishes(form: Form) -> tuple[list[Wish], dict[int, str]]:
    """
    Return the lines of a sheet that was filled in, and what is wrong with comments, by line.

    Raises:
        BadRequest: It is no sheet of ours.
    """
    wishes: list[Wish] = []
    problems: dict[int, str] = {}
    for who in _lines(form):
        seen, own = _value(form, "seen-", who), _value(form, "own-", who)
        wanted = _value(form, "", who)
        if form.has(f"own-status-{who}"):
            wanted = taking_along(wanted, own, seen, ticked=form.has(f"theirs-{who}"))
        if why := why_not_comment(wanted.comment):
            problems[who] = why
        wishes.append(Wish(enrollment_id=who, wanted=wanted, seen=seen))
    return wishes, problems


def _value(form: Form, prefix: str, who: int) -> Value:
    """Return one of the values that a line has fields for."""
    status = form.text(f"{prefix}status-{who}", "1")
    return Value(_status(status), comment_of(form.text(f"{prefix}comment-{who}")))


def _lines(form: Form) -> list[int]:
    prefix = "status-"
    named = [name.removeprefix(prefix) for name, _ in form.pairs if name.startswith(prefix)]
    found = [who for name in named if (who := read_id(name)) is not None]
    if len(found) < len(named):
        raise BadRequest(N_("A line of the sheet is about nobody."))
    return list(dict.fromkeys(found))


def _status(text: str) -> int:
    if text not in {"1", "2", "3", "4"}:
        raise BadRequest(N_("A line of the sheet has no status."))
    return int(text)


# ---------------------------------------------------------------- showing it


def _locked(here: Visit, day: Day) -> bool:
    """Say whether this visitor may not change that day: the office and administrators may."""
    return not here.is_office and is_locked(day, here.today, here.district.lock_days)


def _page(
    here: Visit,
    sheet: Sheet,
    *,
    others: Mapping[int, OthersWord] = MappingProxyType({}),
    refused: int = 0,
    wishes: Sequence[Wish] = (),
    problems: Mapping[int, str] = MappingProxyType({}),
    saved: bool = False,
) -> bytes:
    """Return the page: who is excused already first, then everybody in the order of names."""
    ahead = [] if sheet.taken else [line for line in sheet.lines if _excused(line)]
    rest = [line for line in sheet.lines if line not in ahead]
    number = to_ordinal(sheet.day)
    return render.page(
        "sheet.html",
        here,
        sheet=sheet,
        groups=[group for group in ((True, ahead), (False, rest)) if group[1]],
        typed={wish.enrollment_id: wish for wish in wishes},
        counts=_counts(sheet),
        others=others,
        refused=refused,
        problems=problems,
        saved=saved,
        locked=_locked(here, sheet.day),
        meets=meets(sheet.section, sheet.day),
        before=from_ordinal(number - 1) if number > 1 else None,
        after=from_ordinal(number + 1) if sheet.day < "9999-12-31" else None,
    )


def _excused(line: Line) -> bool:
    return line.value.status == Status.EXCUSED


def _counts(sheet: Sheet) -> dict[int, int]:
    given: list[Any] = [line.value.status for line in sheet.lines]
    return {int(status): given.count(status) for status in Status}
