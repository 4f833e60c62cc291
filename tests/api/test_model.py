"""
Whatever is asked in whatever order, the service does what a dictionary would.

`ROLLBOOK_MODEL_ROUNDS=5000` makes it a long test: a hundred thousand steps, not a thousand.
"""

import asyncio
import os
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from api.talk import JSON, XML, Attendance, Listing, mark
from books import Library
from cast import FRIDAY_BEFORE, MASTER_KEY, MONDAY, NEXT_MONDAY, SECRET, TUESDAY, WEDNESDAY
from conftest import Clock, World
from rollbook.api.app import build_app
from rollbook.auth.credentials import Safe
from rollbook.auth.door import Door
from rollbook.auth.nonces import NonceBook
from signing import Signed

ROUNDS = int(os.environ.get("ROLLBOOK_MODEL_ROUNDS", "60"))
STEPS = 20

PRESENT, EXCUSED = 1, 4
STUDENTS = ("anna", "ben", "cleo", "finn", "greta")  # in the order of their enrollments
NOT_MARKABLE = ("hugo", "bob in maths", "anna in music", "a stranger", "nobody")
DAYS = (FRIDAY_BEFORE, MONDAY, TUESDAY, WEDNESDAY, NEXT_MONDAY)

Key: TypeAlias = tuple[str, str]  # a day and a name
Value: TypeAlias = tuple[int, str]  # a status and a comment


class Book:
    """What the service promises, in the plainest words."""

    def __init__(self) -> None:
        self.marks: dict[Key, Value] = {}
        self.taken: set[str] = set()
        self.history: list[tuple[Key, int, int, str, str]] = []
        self.version = 0

    def save(self, entries: list[dict[str, Any]], *, whole: bool, days: set[str]) -> list[int]:
        """Save entries, of *whole* all or none; *days* are taken in any case."""
        codes = [_code(entry) for entry in entries]
        if whole and set(codes) - {200}:
            return codes
        good = [entry for entry, code in zip(entries, codes, strict=True) if code == 200]
        before, steps = dict(self.marks), []
        for entry in good:
            key = entry["date"], entry["who"]
            old_status, old_comment = self.marks.get(key, (0, ""))
            comment = old_comment if entry["comment"] is None else entry["comment"]
            new = entry["status"], comment
            if (old_status, old_comment) != new:
                steps.append((key, old_status, new[0], old_comment, comment))
            self.marks[key] = new
        changes = [step for step in steps if before.get(step[0]) != self.marks[step[0]]]
        days = days | {entry["date"] for entry in good}
        if changes or days - self.taken:
            self.version += 1
        self.taken |= days
        self.history += changes
        return codes

    def selected(
        self, start: str | None, end: str | None, names: list[str] | None
    ) -> tuple[list[tuple[Key, Value]], list[str]]:
        """Return the records and the days that filters select, by day and enrollment."""
        inside = [day for day in DAYS if (start or "") <= day <= (end or "9999")]
        records = [
            ((day, who), self.marks[day, who])
            for day in inside
            for who in STUDENTS
            if self.marks.get((day, who), (PRESENT, ""))[0] != PRESENT
            and (names is None or who in names)
        ]
        return records, [day for day in inside if day in self.taken]


def _code(entry: dict[str, Any]) -> int:
    if entry["status"] not in (1, 2, 3, 4) or entry["date"] not in DAYS:
        return 400
    return 200 if entry["who"] in STUDENTS else 404


def is_on_roll(who: str, day: str) -> bool:
    if who == "finn":
        return day <= FRIDAY_BEFORE
    return who != "greta" or day >= NEXT_MONDAY


entries_ = st.fixed_dictionaries(
    {
        "who": st.sampled_from(STUDENTS) | st.sampled_from(STUDENTS + NOT_MARKABLE),
        "date": st.sampled_from(DAYS) | st.sampled_from((*DAYS, "2026-09-31")),
        "status": st.sampled_from((1, 2, 3, 4)) | st.sampled_from((1, 2, 3, 4, 5)),
        "comment": st.sampled_from((None, None, "", "bus", " <ill> & “tired”\n")),
    }
)
bodies = st.lists(entries_, min_size=1, max_size=6)
formats = st.sampled_from((JSON, XML))
maybe_day = st.none() | st.sampled_from(DAYS)
maybe_names = st.none() | st.lists(
    st.sampled_from(STUDENTS), min_size=1, max_size=3, unique=True
)


class Classroom(RuleBasedStateMachine):
    """The service and the book, side by side."""

    service: "Service"

    def __init__(self) -> None:
        super().__init__()
        self.book = Book()
        self.tags: dict[str, str] = {}  # the tag of each format, as last seen
        self.service.begin()

    def teardown(self) -> None:
        self.service.end()

    @rule(entries=bodies, atomic=st.booleans(), format_=formats)
    def save_marks(self, entries: list[dict[str, Any]], atomic: bool, format_: str) -> None:
        self._save(entries, atomic=atomic, format_=format_)

    def _save(self, entries: list[dict[str, Any]], *, atomic: bool, format_: str) -> None:
        maths = self.service.maths(format_)
        sent = [
            mark(self.service.id_of(e["who"]), e["date"], e["status"], e["comment"])
            for e in entries
        ]
        response = self.service.run(maths.put(*sent, atomic=int(atomic)))
        codes = self.book.save(entries, whole=atomic, days=set())
        refused = atomic and set(codes) != {200}

        assert response.status_code == (400 if refused else 200)
        assert _codes(response) == codes
        if not refused:
            self._see(response, format_)

    @rule(
        day=st.sampled_from(DAYS),
        exceptions=st.lists(entries_, max_size=3),
        replace=st.booleans(),
        format_=formats,
    )
    def take_roll(
        self, day: str, exceptions: list[dict[str, Any]], replace: bool, format_: str
    ) -> None:
        maths = self.service.maths(format_)
        named = [{**entry, "date": day} for entry in exceptions]
        sent = [
            mark(self.service.id_of(e["who"]), day, e["status"], e["comment"]) for e in named
        ]
        others = [
            {"who": who, "date": day, "status": PRESENT, "comment": None}
            for who in STUDENTS
            if who not in {entry["who"] for entry in named}
            and is_on_roll(who, day)
            and (replace or self.book.marks.get((day, who), (0, ""))[0] != EXCUSED)
        ]
        switch = "true" if replace else "false"
        response = self.service.run(maths.take_roll(day, *sent, replace_excused=switch))
        codes = self.book.save([*named, *others], whole=True, days={day})

        assert response.status_code == (200 if set(codes) <= {200} else 400)
        assert _codes(response) == codes
        if response.status_code == 200:
            self._see(response, format_)

    @rule(start=maybe_day, end=maybe_day, names=maybe_names, format_=formats)
    def list_marks(
        self, start: str | None, end: str | None, names: list[str] | None, format_: str
    ) -> None:
        query = self._query(start, end, names)
        response = self.service.run(self.service.maths(format_).get(**query))
        if start and end and start > end:
            assert response.status_code == 400
            return
        assert response.status_code == 200
        self._see(response, format_)
        listing = Listing(response)
        records, days = self.book.selected(start, end, names)

        assert listing.records == self._shown(records)
        assert listing.days == days
        assert listing.totals == _totals(records)
        assert not listing.links

    @rule(limit=st.integers(1, 5), end=maybe_day, names=maybe_names, format_=formats)
    def turn_pages(
        self, limit: int, end: str | None, names: list[str] | None, format_: str
    ) -> None:
        records, days = self.book.selected(None, end, names)
        pages = list(self._pages(limit, self._query(None, end, names), format_))
        cut = [records[at : at + limit] for at in range(0, len(records), limit)] or [[]]

        assert [page.records for page in pages] == [self._shown(part) for part in cut]
        assert all(page.totals == _totals(records) for page in pages)
        seen = [day for page in pages for day in page.days]
        assert list(dict.fromkeys(seen)) == days
        assert seen == sorted(seen)

    @rule(limit=st.integers(1, 3), changes=st.lists(bodies, min_size=1, max_size=3))
    def turn_pages_while_somebody_writes(
        self, limit: int, changes: list[list[dict[str, Any]]]
    ) -> None:
        before = dict(self.book.marks)
        taken = set(self.book.taken)
        seen: list[tuple[str, ...]] = []
        days: list[str] = []
        touched: set[Key] = set()
        waiting = list(changes)
        for page in self._pages(limit, {}, JSON):
            seen += page.records
            days += page.days
            if waiting:
                body = waiting.pop()
                self._save(body, atomic=False, format_=JSON)
                touched |= {(entry["date"], entry["who"]) for entry in body}
        keys = [(date, who) for who, date, _, _ in seen]
        unmoved = [
            (key, value)
            for key, value in before.items()
            if key not in touched and value[0] != PRESENT
        ]

        assert len(set(keys)) == len(keys)
        assert set(self._shown(unmoved)) <= set(seen)
        assert days == sorted(days)
        assert taken <= set(days)

    @rule()
    def read_history(self) -> None:
        path = f"{self.service.maths(JSON).path}/history?limit=3"
        found = []
        while path:
            page = self.service.run(self.service.maths(JSON).get(path)).json()
            found += page["change"]
            path = page["links"].get("next", "")

        names = ("old_status", "new_status", "old_comment", "new_comment")
        assert [
            (one["date"], one["enrollment_id"], *(one[name] for name in names)) for one in found
        ] == [(day, self.service.id_of(who), *rest) for (day, who), *rest in self.book.history]

    @rule()
    def read_rolls(self) -> None:
        maths = self.service.maths(JSON)
        rolls = self.service.run(maths.get(f"{maths.section}/rolls")).json()["roll"]

        assert [roll["date"] for roll in rolls] == sorted(self.book.taken)
        for roll in rolls:
            day = roll["date"]
            given = {who: self.book.marks.get((day, who), (0, ""))[0] for who in STUDENTS}
            statuses = list(given.values())
            on_roll = [who for who in STUDENTS if is_on_roll(who, day)]
            sums = [roll[name] for name in ("present", "absent", "late", "excused")]
            assert sums == [statuses.count(code) for code in (1, 2, 3, 4)]
            assert roll["on_roll"] == len(on_roll)
            assert roll["not_marked"] == sum(not given[who] for who in on_roll)

    @rule(entries=bodies, format_=formats)
    def save_over_an_old_state(self, entries: list[dict[str, Any]], format_: str) -> None:
        if self.book.version:
            maths = self.service.maths(format_)
            maths.headers["If-Match"] = f'"{self.book.version - 1}-j"'
            sent = [mark(self.service.id_of(e["who"]), e["date"], e["status"]) for e in entries]

            assert self.service.run(maths.put(*sent)).status_code == 412

    @invariant()
    def know_the_present_state(self) -> None:
        for format_, tag in self.tags.items():
            maths = self.service.maths(format_)
            maths.headers["If-None-Match"] = tag
            response = self.service.run(maths.get())
            same = tag.split("-")[0].strip('"') == str(self.book.version)
            assert response.status_code == (304 if same else 200)

    def _pages(self, limit: int, query: dict[str, str], format_: str) -> Iterator[Listing]:
        maths = self.service.maths(format_)
        path, query = maths.path, {**query, "limit": str(limit)}
        while path:
            response = self.service.run(maths.get(path, **query))
            assert response.status_code == 200
            page = Listing(response)
            yield page
            path, query = page.links.get("next", ""), {}

    def _query(
        self, start: str | None, end: str | None, names: list[str] | None
    ) -> dict[str, str]:
        ids = ",".join(str(self.service.id_of(name)) for name in names or ())
        return {"start": start or "", "end": end or "", "enrollment_id": ids}

    def _shown(self, records: list[tuple[Key, Value]]) -> list[tuple[str, ...]]:
        """Return records as a listing shows them: by day, status and enrollment."""
        flat = [
            (day, status, self.service.id_of(who), comment)
            for (day, who), (status, comment) in records
        ]
        return [(str(who), day, str(code), text) for day, code, who, text in sorted(flat)]

    def _see(self, response: httpx.Response, format_: str) -> None:
        letter = "x" if format_ == XML else "j"
        self.tags[format_] = response.headers["ETag"]
        assert response.headers["ETag"] == f'"{self.book.version}-{letter}"'


def _codes(response: httpx.Response) -> list[int]:
    if response.headers["Content-Type"] == JSON:
        return [answer["response_code"] for answer in response.json().get("attendance", [])]
    parts = response.text.split("<response_code>")[1:]
    return [int(part.partition("<")[0]) for part in parts]


def _totals(records: list[tuple[Key, Value]]) -> dict[int, int]:
    statuses = [status for _, (status, _) in records]
    return {code: statuses.count(code) for code in sorted(set(statuses))}


# ---------------------------------------------------------------- the service


class Service:
    """The real application on a fresh copy of the settled book."""

    def __init__(self, world: World, library: Library, folder: Path) -> None:
        self._world = world
        self._library = library
        self._clock = Clock()
        self._runner = asyncio.Runner()
        self._nonces = NonceBook(
            folder / "nonces", now=self._clock.now.timestamp(), map_bytes=1 << 26
        )

    def close(self) -> None:
        self._runner.close()
        self._nonces.close()

    def begin(self) -> None:
        """Begin with a book in which nothing was taken, and an application that saw no other."""
        self._book = self._library.copy(self._world.book)
        self._store = self.run(self._book.open(self._clock))
        door = Door(
            self._store,
            Safe(MASTER_KEY),
            self._nonces,
            allowed_hosts=("rollbook.test",),
            clock=self._clock,
        )
        app: Any = build_app(self._store, door, clock=self._clock)
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="https://rollbook.test/v1/",
            auth=Signed(self._world.lindenhof.keys["alice"], SECRET, self._clock),
        )

    def end(self) -> None:
        """Remove the book."""
        self.run(self._client.aclose())
        self.run(self._store.close())
        self._book.close()

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(coroutine)

    def maths(self, format_: str) -> Attendance:
        return Attendance(self._client, self._world.lindenhof.sections["maths"], format_)

    def id_of(self, name: str) -> int:
        if name == "a stranger":
            return self._world.nordhafen.enrollments["anna"]
        return 1 if name == "nobody" else self._world.lindenhof.enrollments[name]


@pytest.fixture
def service(world: World, library: Library, tmp_path: Path) -> Iterator[Service]:
    service = Service(world, library, tmp_path)
    yield service
    service.close()


def test_the_service_does_what_the_book_says(service: Service) -> None:
    """
    Saves, rolls, listings with filters, pages and history agree with a dictionary at each step.
    """
    profile = settings(
        max_examples=ROUNDS,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    lesson = type("Lesson", (Classroom,), {"service": service})

    run_state_machine_as_test(lesson, settings=profile)
