"""A student's year: a calendar, totals by section, every change of every mark; and as a file."""

from typing import ClassVar

from rollbook.auth.policy import Action
from rollbook.auth.rights import Rights
from rollbook.domain.errors import BadRequest
from rollbook.domain.months import Year, days_of_month, most_telling, sum_up
from rollbook.domain.people import User
from rollbook.domain.school_years import school_year, year_of
from rollbook.domain.store import Store
from rollbook.operations import looking_back
from rollbook.web import csv, render
from rollbook.web.visiting import Visit, visit
from rollbook.web.words import N_
from rollbook.wire.http import Request, Response


class Records:
    """Students' years, as far as whoever asks may see them."""

    def __init__(self, store: Store, rights: Rights) -> None:
        self.store = store
        self._rights = rights

    async def year(self, here: Visit, user_id: int, text: str) -> tuple[User, Year]:
        """
        Return a student and their year: all of it, or what is in a teacher's own sections.

        Raises:
            BadRequest: There is no such year.
            NoSuchThing: There is no such person.
            NotAllowed: They are neither of the visitor's school nor in their sections.
        """
        begins = _year(text)
        found = await looking_back.year(self.store, here.district, user_id, begins)
        taught = await self.store.teaching(here.district.id, here.actor.user.id)
        sections = {section.id for section in taught}
        theirs = [place for place in found.places if place.section.id in sections]
        whole = self._rights.reach_student(here.actor, found.user, teaches=bool(theirs))
        return found.user, sum_up(*school_year(begins), found.places if whole else theirs)


def _year(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) == 4 and 1 < int(text) < 9999):
        raise BadRequest(N_("The year in the address must be four digits."))
    return int(text)


class StudentOfToday:
    """Where a student's year is: `/students/{user_id}`."""

    needs: ClassVar = {"GET": Action.SEE_OWN_DAY}

    async def on_get(self, req: Request, resp: Response, user_id: int) -> None:
        """Go to the school year of today."""
        resp.go_to(f"/students/{user_id}/{year_of(visit(req).today)}")


class StudentPage:
    """A student's year: `/students/{user_id}/{year}`."""

    needs: ClassVar = {"GET": Action.SEE_STUDENT}

    def __init__(self, records: Records) -> None:
        self._records = records

    async def on_get(self, req: Request, resp: Response, user_id: int, year: str) -> None:
        """Show the calendar, the totals and the changes."""
        here = visit(req)
        user, found = await self._records.year(here, user_id, year)
        changes = await looking_back.changes(self._records.store, here.district, found)
        telling = {
            day: most_telling(value.status for _, value in values)
            for day, values in found.days.items()
        }
        resp.body = render.page(
            "student.html",
            here,
            user=user,
            year=found,
            begins=int(year),
            months=[(month, days_of_month(month)) for month in found.months()],
            telling=telling,
            changes=changes,
        )


class StudentFile:
    """The same as CSV: `/students/{user_id}/{year}/csv`."""

    needs: ClassVar = {"GET": Action.SEE_STUDENT}

    def __init__(self, records: Records) -> None:
        self._records = records

    async def on_get(self, req: Request, resp: Response, user_id: int, year: str) -> None:
        """Send a line for each mark."""
        here = visit(req)
        _, found = await self._records.year(here, user_id, year)
        head = [N_("Day"), N_("Course"), N_("Section"), N_("Status"), N_("Comment")]
        rows = [[here.gettext(word) for word in head]]
        for day, values in sorted(found.days.items()):
            for place, value in values:
                section, status = place.section, here.looks[value.status].name
                rows.append([day, section.course_title, section.title, status, value.comment])
        csv.send(resp, f"student-{user_id}-{year}", rows)
