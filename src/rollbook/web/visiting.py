"""What a page may rely on once the guard has let a request through: `req.asked`."""

import datetime as dt
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

from babel.support import NullTranslations

from rollbook.domain.days import Day
from rollbook.domain.people import Actor, District, Role
from rollbook.domain.record import Author, Channel
from rollbook.operations import attendance
from rollbook.web import guard, words
from rollbook.web.forms import Form
from rollbook.web.looks import Look, looks
from rollbook.wire.http import Request

if TYPE_CHECKING:
    from rollbook.domain.accounts import Visitor
    from rollbook.web.uploads import Upload


class Visit:
    """
    One request of a page.

    Attributes:
        path: As it was asked for.
        back: Where to come back to, after a login or in another language: with its query.
        request_id: For the record.
        now: The present moment.
        way: How it came; `address`: from where, None when a proxy does not tell.
        language: Of the answer.
        bearer: The cookie that forms are bound to.
        visitor: Who it is; None where nobody has logged in.
        query: What stands after the `?`.
        form: What was filled in; empty but for a POST.
        upload: A form with a file, whose other fields are in `form`.
    """

    def __init__(self, *, path: str, request_id: str, now: dt.datetime) -> None:
        self.path = path
        self.back = path
        self.request_id = request_id
        self.now = now
        self.way = guard.Way("http", "", private=False)
        self.address: str | None = None
        self.language = words.DEFAULT
        self.bearer = ""
        self.visitor: Visitor | None = None
        self.query = Form([])
        self.form = Form([])
        self.upload: Upload | None = None

    @property
    def token(self) -> str:
        """What the forms of the answer have to send back."""
        return guard.token_of(self.bearer)

    # ---- words

    @cached_property
    def words(self) -> NullTranslations:
        """The catalogue of the language."""
        return words.translations(self.language)

    @property
    def gettext(self) -> Callable[[str], str]:
        """What finds the words of a text in the language."""
        return cast("Callable[[str], str]", self.words.gettext)

    @property
    def is_office(self) -> bool:
        """Whether the visitor may do what an office does, at least in one school."""
        return self.actor.user.role is Role.ADMINISTRATOR or self.actor.office_of is not None

    @property
    def places(self) -> list[tuple[str, str]]:
        """Where a visitor may go, and what that is called."""
        role = self.actor.user.role
        found = []
        if role in {Role.TEACHER, Role.ADMINISTRATOR}:
            found.append(("/today", self.gettext("Today")))
        if self.is_office:
            found.append(("/office", self.gettext("School day")))
        if role is Role.ADMINISTRATOR:
            found.append(("/admin", self.gettext("Administration")))
        return found

    @cached_property
    def looks(self) -> dict[int, Look]:
        """How each status is shown in the visitor's district."""
        return looks(self.district, self.gettext)

    # ---- who, and where

    @cached_property
    def actor(self) -> Actor:
        """Who is asking; only behind the guard."""
        assert self.visitor is not None
        user = self.visitor.user
        return Actor(
            district=self.visitor.district,
            user=user,
            key_user_id=user.id,
            office_of=user.school_id if user.role is Role.STAFF else None,
        )

    @property
    def district(self) -> District:
        """The visitor's district."""
        return self.actor.district

    @property
    def author(self) -> Author:
        """Who stands in the record for what is saved."""
        return attendance.author(self.actor, Channel.WEB, self.request_id)

    # ---- when

    @cached_property
    def zone(self) -> ZoneInfo:
        """The district's time zone."""
        return ZoneInfo(self.district.time_zone)

    @cached_property
    def today(self) -> Day:
        """The day that it is in the district."""
        return self.now.astimezone(self.zone).date().isoformat()

    @property
    def time(self) -> str:
        """The time of day in the district, HH:MM."""
        return self.now.astimezone(self.zone).strftime("%H:%M")


def visit(req: Request) -> Visit:
    """Return what a page may rely on."""
    return cast("Visit", req.asked)
