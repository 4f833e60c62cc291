"""Every route of the pages, with what fills its path and what its form may be sent with."""

from typing import TypeAlias
from urllib.parse import urlencode

import httpx
import msgspec

from cast import MONDAY, TODAY, TUESDAY, Cast
from rollbook.auth.reception import Reception
from rollbook.domain.people import Role
from rollbook.domain.roster_files import (
    RosterEnrollment,
    RosterLimits,
    RosterPart,
    RosterSchool,
    RosterUser,
)
from rollbook.domain.store import Page, Store
from rollbook.web import assets
from rollbook.web.app import Pages
from web.browsing import ADDRESS, Browser

Route: TypeAlias = tuple[str, str]  # method, path

_BOUNDARY = "a-line-of-no-file"
URLENCODED = "application/x-www-form-urlencoded"

# What each form needs in order to do something; people and days are the cast's.
FORMS: dict[str, dict[str, str]] = {
    "/login": {"login": "nobody", "password": "no password of anybody"},
    "/logout": {},
    "/password": {"current": "x", "password": "seven green apples", "again": "seven pears"},
    "/language": {"language": "es"},
    "/link/{token}": {"password": "seven green apples", "again": "seven green pears"},
    "/admin/settings": {"name": "Another name", "time_zone": "UTC"},
    "/admin/keys": {"name": "a program"},
    "/admin/keys/{key}": {},
    "/admin/people/{teacher}": {"change": "", "role": "2", "school": ""},
    "/admin/roster": {},
    "/admin/roster/apply": {"roster": "none"},
    "/students/{user}/excuse": {"first": TUESDAY, "last": TUESDAY, "reason": "dentist"},
    "/sections/{section}/roll/{day}": {"status-{place}": "2"},
}


def routes_of(pages: Pages) -> set[Route]:
    """Return every route that the pages have, as the tests write it."""
    return {
        (method, _named(route.template))
        for route in pages.routes.all
        for method in route.handlers
    }


def _named(template: str) -> str:
    named = template.replace("_id}", "}")
    return named.replace("people/{user}", "people/{teacher}")


async def with_neighbours(store: Store, cast: Cast) -> Cast:
    """
    Return the cast and more: Carla also teaches Maths, Otto is the office of another school, and
    Gus is somebody's guardian.
    """
    rows = {
        RosterSchool: [RosterSchool("elsewhere", "Another school")],
        RosterUser: [
            RosterUser("carla", Role.TEACHER, "school", "Carla", "Keller"),
            RosterUser("otto", Role.STAFF, "elsewhere", "Otto", "Keller"),
            RosterUser("gus", Role.GUARDIAN, "school", "Gus", "Keller"),
        ],
        RosterEnrollment: [RosterEnrollment("carla in maths", "maths", "carla", True)],
    }
    parts = [
        RosterPart(noun=noun, rows=tuple(found), ended=(), complete=False)  # type: ignore[arg-type]
        for noun, found in rows.items()
    ]
    await store.import_roster(
        cast.district.id, parts, RosterLimits(today=TODAY), lambda *_: None
    )
    users = (await store.users(cast.district.id, Page(limit=200))).items
    return msgspec.structs.replace(cast, users={str(one.sourced_id): one.id for one in users})


async def places(cast: Cast, reception: Reception) -> dict[str, str]:
    """Return what fills each name in a path: things of that district."""
    login = f"dora-{cast.district.id}"
    return {
        "section": str(cast.sections["maths"]),
        "user": str(cast.users["ben"]),
        "place": str(cast.enrollments["ben"]),
        "teacher": str(cast.users["dora"]),
        "key": cast.keys["alice"],
        "token": await reception.invite(cast.district.id, cast.users["dora"], login),
        "name": assets.address("rollbook.css").rpartition("/")[2],
        "year": "2026",
        "month": "2026-09",
        "day": MONDAY,
    }


async def token_of(browser: Browser) -> str:
    """Return what this browser's forms bear."""
    page = await browser.get("/login")
    return page.forms["/language"]["token"]


def form_of(template: str, ids: dict[str, str]) -> dict[str, str]:
    """Return what a form needs in order to do something."""
    return {name.format(**ids): value for name, value in FORMS[template].items()}


async def ask(
    browser: Browser,
    route: Route,
    ids: dict[str, str],
    token: str,
    fields: dict[str, str] | None = None,
    headers: dict[str, str | None] | None = None,
) -> httpx.Response:
    """Ask for a route; a form is sent with *fields*, or with what it needs."""
    method, template = route
    path = template.format(**ids)
    if method == "GET":
        return await browser.client.get(path, headers=told(headers or {}))
    form = {"token": token} | (form_of(template, ids) if fields is None else fields)
    if template == "/admin/roster":
        kind, content = f"multipart/form-data; boundary={_BOUNDARY}", _parts(form)
    else:
        kind, content = URLENCODED, urlencode(form).encode()
    sent: dict[str, str | None] = {"origin": ADDRESS, "sec_fetch_site": "same-origin"}
    sent["content_type"] = kind
    return await browser.client.post(
        path, content=content, headers=told(sent | (headers or {}))
    )


def told(headers: dict[str, str | None]) -> dict[str, str]:
    """Return headers as they are sent; None: without that one."""
    return {
        name.replace("_", "-"): value for name, value in headers.items() if value is not None
    }


def _parts(form: dict[str, str]) -> bytes:
    lines = [
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in form.items()
    ]
    return "".join([*lines, f"--{_BOUNDARY}--\r\n"]).encode()
