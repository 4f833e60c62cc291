"""What a district has set: its name, its day, how statuses look, where attendance is taken."""

from typing import ClassVar

from rollbook.auth.policy import Action
from rollbook.domain.attendance import Status, why_not_comment
from rollbook.domain.errors import AlreadyThere, BadRequest
from rollbook.domain.people import Colour, District, StatusLook
from rollbook.domain.store import Store
from rollbook.operations import districts
from rollbook.web import render
from rollbook.web.forms import Form
from rollbook.web.visiting import Visit, visit
from rollbook.web.words import N_
from rollbook.wire.http import Request, Response


class Administration:
    """Where administration begins: `/admin`."""

    needs: ClassVar = {"GET": Action.ADMINISTER}

    async def on_get(self, _req: Request, resp: Response) -> None:
        """Go to the settings."""
        resp.go_to("/admin/settings")


class Settings:
    """A district's settings: `/admin/settings`."""

    needs: ClassVar = {"GET": Action.ADMINISTER, "POST": Action.ADMINISTER}

    def __init__(self, store: Store) -> None:
        self._store = store

    async def on_get(self, req: Request, resp: Response) -> None:
        """Show what is set."""
        _show(visit(req), resp, {})

    async def on_post(self, req: Request, resp: Response) -> None:
        """Store it, or show what is wrong beside the field."""
        here = visit(req)
        problems: dict[str, str] = {}
        lock_days = _lock_days(here, problems)
        looks = _looks(here, problems)
        powerschool = _powerschool(here, problems)
        if here.form.text("time_zone") not in districts.zones():
            problems["time_zone"] = N_("There is no such time zone.")
        if not 0 < len(here.form.text("name").strip()) <= districts.NAME_MAX:
            problems["name"] = N_("The district needs a name of at most 200 characters.")
        if not problems:
            try:
                await districts.change(
                    self._store,
                    here.district,
                    name=here.form.text("name"),
                    time_zone=here.form.text("time_zone"),
                    lock_days=lock_days,
                    status_looks=looks,
                    powerschool=powerschool,
                    by=here.author,
                )
            except AlreadyThere:
                problems["name"] = N_("Another district has this name.")
        if problems:
            resp.status = 400
            _show(here, resp, problems)
        else:
            resp.go_to("/admin/settings?saved")


def _lock_days(here: Visit, problems: dict[str, str]) -> int | None:
    text = here.form.text("lock_days").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text[:6]) <= districts.LOCK_MAX):
        problems["lock_days"] = N_("This must be a number of days, 0 to 3660, or nothing.")
        return None
    return int(text)


def _looks(here: Visit, problems: dict[str, str]) -> list[StatusLook]:
    found = []
    for status in Status:
        name = here.form.text(f"name-{status}").strip()
        if len(name) > districts.LOOK_MAX or why_not_comment(name):
            problems[f"name-{status}"] = N_("A status has a name of at most 40 characters.")
        try:
            colour = Colour(text) if (text := here.form.text(f"colour-{status}")) else None
        except ValueError:
            raise BadRequest(N_("There is no such colour.")) from None
        found.append(StatusLook(status=int(status), name=name, colour=colour))
    return found


def _powerschool(here: Visit, problems: dict[str, str]) -> bool:
    """Return the switch; what stops attendance here has to be meant."""
    wanted = here.form.has("powerschool")
    if wanted and not here.district.powerschool and not here.form.has("meant"):
        problems["powerschool"] = N_(
            "Say that this is meant: nobody can take a roll here then."
        )
    return wanted


def _show(here: Visit, resp: Response, problems: dict[str, str]) -> None:
    """Show what was typed when something is wrong with it, else what is set."""
    shown = here.form if problems else _as_form(here.district)
    resp.body = render.page(
        "settings.html",
        here,
        shown=shown,
        zones=districts.zones(),
        colours=[colour.value for colour in Colour],
        problems=problems,
        saved=here.query.has("saved"),
    )


def _as_form(district: District) -> Form:
    """Return what is set as it stands in the form."""
    pairs = [("name", district.name), ("time_zone", district.time_zone)]
    if district.lock_days is not None:
        pairs.append(("lock_days", str(district.lock_days)))
    if district.powerschool:
        pairs.append(("powerschool", "on"))
    for look in district.status_looks:
        pairs.append((f"name-{look.status}", look.name))
        pairs.append((f"colour-{look.status}", look.colour.value if look.colour else ""))
    return Form(pairs)
