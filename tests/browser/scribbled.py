"""
A district on which somebody has scribbled: whatever bears a text there bears one that was
collected, or made up, because it is taken for something else than text.

There are as many schools, sections, students, teachers with accounts, keys and comments as there
are strings, so that every page that shows many of them shows every string, once at least.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from cast import MONDAY, TODAY, Cast
from rollbook.domain.accounts import Account
from rollbook.domain.attendance import Entry, Status
from rollbook.domain.days import Day, from_ordinal, to_ordinal
from rollbook.domain.people import ApiKey, Role, StatusLook
from rollbook.domain.record import Author, Channel
from rollbook.domain.roster_files import (
    RosterCourse,
    RosterEnrollment,
    RosterLimits,
    RosterPart,
    RosterSchool,
    RosterSection,
    RosterUser,
)
from rollbook.domain.store import EnrollmentQuery, Page, SaveMarks, Store
from wire.naughty import strings, xml_can_carry

# Each gets out of a place where our templates or scripts put a text, and says so when it runs.
BREAKOUTS = [
    "</title><script>ran = 1; alert(1)</script>",
    "<script>ran = 1; alert(1)</script>",
    "<img src=x onerror='ran = 1; alert(1)'>",
    "<svg/onload=alert(ran=1)>",
    '" autofocus onfocus="ran = 1; alert(1)" x="',
    "' autofocus onfocus='ran = 1; alert(1)' x='",
    '"><script>ran = 1; alert(1)</script>',
    "</option></select><script>ran = 1; alert(1)</script>",
    "</q></p></li></ol></form><script>ran = 1; alert(1)</script>",
    "--><script>ran = 1; alert(1)</script><!--",
    "</noscript><script>ran = 1; alert(1)</script>",
    "javascript:alert(ran=1)",
    "<a href='javascript:alert(ran=1)' id=state autofocus onfocus=alert(ran=1)>x</a>",
    "<iframe srcdoc='<script>top.ran = 1</script>'></iframe>",
    "<details open ontoggle=alert(ran=1)>",
    "<base href='//elsewhere.example/'>",
    "<meta http-equiv=refresh content='0;url=//elsewhere.example/'>",
    "<link rel=stylesheet href='//elsewhere.example/x.css'>",
    "<style>@import '//elsewhere.example/x.css';</style>",
    "<form action='//elsewhere.example/'><button>",
    "<input name=token form=sheet value=none>",
    "&lt;script&gt;alert(1)&lt;/script&gt; &amp;amp; &#60;b&#62;",
    "{{ 7 * 7 }}{% raw %}{{ visit.token }}%(name)s%s{0}{name}",
    "${alert(ran=1)}`${alert(ran=1)}`",
]

LOOKS = [
    "<img src=x onerror=alert(ran=1)>",
    '" onfocus=alert(ran=1) autofocus x="',
    "</style><svg onload=alert(ran=1)>",
    "'><b id=sums>&lt;%(x)s",
]
HOME = '"><script>ran = 1; alert(1)</script>&amp;'
ACCOUNTS = 97  # with those of the cast as many as a page has


class Scribbles(msgspec.Struct, kw_only=True):
    """Where each text stands: the number of what bears it, by the place of the text."""

    texts: list[str]
    school: int | None
    section: int  # with a student for each text
    students: list[int]
    enrollments: list[int]
    teachers: list[int]

    def name(self, place: int) -> str:
        """Return the preferred name of the student at a place: another text than the last name."""
        return self.texts[place * 7 % len(self.texts)]

    def sorted_name(self, place: int) -> str:
        """Return a student's name as lists have it."""
        return f"{self.texts[place]}, {self.name(place)}"

    def comment(self, place: int) -> str:
        """Return what was said of that student on Monday."""
        return self.texts[place * 11 % len(self.texts)]


def texts() -> list[str]:
    """Return all of them, as far as a mark or a name may be one; skipped without the corpus."""
    found = (text.strip() for text in (*BREAKOUTS, *strings()) if xml_can_carry(text))
    return list(dict.fromkeys(text for text in found if text))


async def scribble(store: Store, cast: Cast) -> Scribbles:
    """Fill the cast's district."""
    found = texts()
    limits = RosterLimits(today=TODAY)
    await store.import_roster(cast.district.id, _roster(found), limits, lambda *_: None)
    users = (await store.users(cast.district.id, Page(0, 10_000))).items
    numbers = {str(user.sourced_id): user.id for user in users}
    section = cast.sections["maths"]
    everybody = EnrollmentQuery(page=Page(0, 10_000))
    people = (await store.enrollments(cast.district.id, section, everybody)).items
    places = {str(one.enrollment.sourced_id): one.enrollment.id for one in people}
    here = Scribbles(
        texts=found,
        school=next(user.school_id for user in users if user.sourced_id == "bob"),
        section=section,
        students=[numbers[f"student {place}"] for place in range(len(found))],
        enrollments=[places[f"student {place}"] for place in range(len(found))],
        teachers=[numbers[f"teacher {place}"] for place in range(len(found))],
    )
    await _mark(store, cast, here)
    await _let_in(store, cast, here)
    looks = tuple(
        StatusLook(status=int(status), name=name)
        for status, name in zip(Status, LOOKS, strict=True)
    )
    changed = msgspec.structs.replace(cast.district, name=HOME, status_looks=looks)
    await store.change_district(changed, by=_teacher(here))
    return here


def _roster(found: Sequence[str]) -> Iterable[RosterPart]:
    rows: dict[type, list[msgspec.Struct]] = {
        noun: []
        for noun in (RosterSchool, RosterCourse, RosterSection, RosterUser, RosterEnrollment)
    }
    for place, text in enumerate(found):
        other = found[place * 7 % len(found)]
        number = str(place)
        rows[RosterSchool].append(RosterSchool(f"school {number}", text))
        rows[RosterCourse].append(RosterCourse(f"course {number}", text, text, text, "school"))
        rows[RosterSection].append(
            RosterSection(number, f"course {number}", "school", other, text, ())
        )
        rows[RosterUser] += [
            RosterUser(
                f"student {number}", Role.STUDENT, "school", "-", text, text, other, text, text
            ),
            RosterUser(
                f"teacher {number}", Role.TEACHER, f"school {number}", text, other, "", "", text
            ),
        ]
        rows[RosterEnrollment] += [
            RosterEnrollment(f"student {number}", "maths", f"student {number}", False),
            RosterEnrollment(f"ben in {number}", number, "ben", False),
            RosterEnrollment(f"bob in {number}", number, "bob", True),
        ]
    for noun, ones in rows.items():
        yield RosterPart(noun=noun, rows=ones, ended=(), complete=False)


async def say(
    store: Store, cast: Cast, here: Scribbles, day: Day, status: Status, by: int
) -> None:
    """Have somebody give each student a mark, with the comment that is theirs."""
    entries = [
        Entry(who, day, status, here.comment(place))
        for place, who in enumerate(here.enrollments)
    ]
    await _save(store, cast, here, entries, by)


async def _save(
    store: Store, cast: Cast, here: Scribbles, entries: list[Entry], by: int
) -> None:
    author = Author(user_id=by, channel=Channel.WEB)
    key: dict[str, Any] = {"district_id": cast.district.id, "section_id": here.section}
    done = await store.save_marks(SaveMarks(**key, entries=entries, author=author))
    assert {answer.response_code for answer in done.answers} == {200}


async def _mark(store: Store, cast: Cast, here: Scribbles) -> None:
    """Mark everybody on Monday, and the first student on every day of autumn with every text."""
    await say(store, cast, here, MONDAY, Status.ABSENT, here.teachers[0])
    first = to_ordinal(MONDAY) + 7
    for begin in range(0, len(here.texts), 100):
        entries = [
            Entry(here.enrollments[0], from_ordinal(first + place), Status.LATE, text)
            for place, text in enumerate(here.texts[begin : begin + 100])
        ]
        await _save(store, cast, here, entries, here.teachers[1])


async def _let_in(store: Store, cast: Cast, here: Scribbles) -> None:
    """Give teachers accounts, and everybody of them a key."""
    for place, text in enumerate(here.texts):
        whose: dict[str, Any] = {
            "district_id": cast.district.id,
            "user_id": here.teachers[place],
            "created_at": "2026-08-01T08:00:00.000Z",
        }
        if place < ACCOUNTS:
            await store.create_account(Account(login=text, **whose), by=_teacher(here))
        key = ApiKey(key=f"c{place:039x}", sealed_secret=b"none", name=text, **whose)
        await store.create_key(key, by=_teacher(here))


def _teacher(here: Scribbles) -> Author:
    return Author(user_id=here.teachers[0], channel=Channel.WEB)
