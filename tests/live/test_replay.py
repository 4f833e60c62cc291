"""One storm of requests, played against both databases: the answers are the same, to the byte."""

import contextlib
import itertools
import json
import random
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock
from urllib.parse import quote

import httpx
import msgspec
import pytest

from api.talk import JSON, XML, mark, marks_body, written
from books import ClusterOfDatabases, Library
from cast import EXPIRED, MASTER_KEY, READ_ONLY, REVOKED, SECRET, Cast
from clusters import Cluster
from conftest import CORPORA, Clock, World
from rollbook.api import app as application
from rollbook.api.app import Limits, build_app
from rollbook.auth.credentials import Safe
from rollbook.auth.door import Door
from rollbook.auth.nonces import NonceBook
from signing import Signed
from wire.naughty import xml_can_carry
from wire.test_sheets import DATES_BAD, DATES_GOOD, IDS_BAD, STATUSES_BAD

SEED = 4
LENGTH = 500
AT_ONCE = 20  # entries of a body

DAYS = [f"2026-{month:02}-{day:02}" for month in (9, 10, 11) for day in range(1, 29)]
BAD_DAYS = ["2026-02-30", "", "yesterday", "0000-00-00", "9999-12-31", "2027-01-01", "2026-9-1"]
COMMENTS = [
    "",
    "bus",
    " ill\t",
    "“ü” 😀",
    "a\u0301",
    "<&>'\"",
    "x" * 300,
    "\r\n",
    "' OR 1=1 --",
]
WHO = ["alice"] * 20 + ["bob"] * 8 + ["dora", "anna", "ben", "hugo", "ida", "mallory", "nobody"]
WHO += [READ_ONLY, EXPIRED, REVOKED]
ODD_KEYS = ["", "a\0", "\U0001f600", "'", "%", "x" * 5000]


class Asked(msgspec.Struct):
    """One request: who asks for what, in which format."""

    who: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


class Answered(msgspec.Struct):
    """What came back; the numbers of requests are counted instead of drawn."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Storm:
    """Thinks of requests, good and bad, over every route; the same seed gives the same ones."""

    def __init__(self, world: World, seed: int) -> None:
        self._dice = random.Random(seed)
        self._cast = world.lindenhof
        self._sections = [*world.lindenhof.sections.values()] * 10
        self._sections += [world.nordhafen.sections["maths"], 7]
        self._enrollments = [*world.lindenhof.enrollments.values()] * 8
        self._enrollments += [world.nordhafen.enrollments["anna"], 1, 2**63, -1]
        self._users = [*world.lindenhof.users.values(), world.nordhafen.users["anna"], 9]
        self._bodies = [*_corpora()]

    def requests(self, length: int) -> Iterator[Asked]:
        """Yield that many requests."""
        kinds = [self._save] * 6 + [self._take_roll] * 3 + [self._corpus] + [self._many]
        kinds += [self._read] * 9
        for _ in range(length):
            yield self._one_of(kinds)()

    def _one_of(self, choices: list[Any]) -> Any:
        return self._dice.choice(choices)

    def _day(self) -> str:
        return str(self._one_of(BAD_DAYS if self._dice.random() < 0.04 else DAYS[:40]))

    def _asked(self, method: str, path: str, document: Any = None, body: bytes = b"") -> Asked:
        format_ = self._one_of([JSON, XML])
        headers = {"Accept": self._one_of([JSON, XML]), "Content-Type": format_}
        if document is not None:
            body = written(document, format_)
        return Asked(self._one_of(WHO), method, path, headers, body)

    def _entries(self) -> list[dict[str, Any]]:
        return [
            mark(
                self._one_of(self._enrollments),
                self._day(),
                self._one_of([1, 2, 3, 4, "2", "3"] * 4 + [0, 5, "", "late"]),
                self._one_of([None, *COMMENTS]),
            )
            for _ in range(self._dice.randint(0, 12))
        ]

    def _save(self) -> Asked:
        query = "?atomic=1" if self._dice.random() < 0.2 else ""
        path = f"sections/{self._one_of(self._sections)}/attendance{query}"
        asked = self._asked("PUT", path, marks_body(*self._entries()))
        if self._dice.random() < 0.1:
            asked.headers["If-Match"] = f'"{self._dice.randint(0, 9)}-j"'
        return asked

    def _take_roll(self) -> Asked:
        day = self._day()
        exceptions = [{**entry, "date": day} for entry in self._entries()[:4]]
        path = f"sections/{self._one_of(self._sections)}/rolls/{day or 'x'}"
        return self._asked("PUT", path, marks_body(*exceptions))

    def _corpus(self) -> Asked:
        path = f"sections/{self._one_of(self._sections)}/attendance"
        return self._asked("PUT", path, body=self._one_of(self._bodies))

    def _many(self) -> Asked:
        paths = [f"/v1/{self._path()}" for _ in range(self._dice.randint(0, 6))]
        return self._asked("POST", "multiget", {"request": paths})

    def _read(self) -> Asked:
        return self._asked(self._one_of(["GET"] * 12 + ["HEAD", "DELETE"]), self._path())

    def _path(self) -> str:
        section, user = self._one_of(self._sections), self._one_of(self._users)
        page = f"start={self._dice.randint(0, 5)}&limit={self._dice.randint(0, 9)}"
        span = f"start={self._day()}&end={self._day()}"
        course = self._one_of([300_001, 300_002, 300_003, 9])
        people = ",".join(str(self._one_of(self._enrollments)) for _ in range(2))
        return str(
            self._one_of(
                [
                    f"sections/{section}/attendance",
                    f"sections/{section}/attendance?{span}",
                    f"sections/{section}/attendance?enrollment_ids={people}",
                    f"sections/{section}/attendance?enrollment_id={people.split(',')[0]}",
                    f"sections/{section}/attendance/history",
                    f"sections/{section}/attendance/history?limit={self._dice.randint(0, 9)}",
                    f"sections/{section}/rolls",
                    f"sections/{section}/rolls?{span}",
                    f"sections/{section}/enrollments",
                    f"sections/{section}/enrollments?{page}",
                    f"sections/{section}/enrollments/{self._one_of(self._enrollments)}",
                    f"sections/{section}",
                    "sections",
                    f"sections?{page}",
                    "sections?section_school_codes=music,maths",
                    "users",
                    f"users?{page}",
                    f"users/{user}",
                    f"users/{user}/sections",
                    "users/me",
                    "app-user-info",
                    "roles",
                    "schools",
                    f"schools/{self._one_of([1001, 1002, 9])}",
                    "courses",
                    f"courses/{course}",
                    f"courses/{course}/sections",
                    "nowhere",
                ]
            )
        )


def _corpora() -> Iterator[bytes]:
    """Yield bad bodies: a few of ours, and of the corpora what is there."""
    yield from (b"", b"{", b"[]", b"<a>", b"\xff\xfe", b'{"attendances": 1}')
    for folder in ("json-testsuite/test_parsing", "xml-defusedxml/xmltestdata"):
        for file in sorted((CORPORA / folder).glob("*")):
            if file.is_file() and file.stat().st_size < 10_000:
                yield file.read_bytes()


# Text that one database might take and the other not, or not give back as it was.
TEXTS = [
    *COMMENTS,
    *("\0", "a\0b", "\x01", "\x7f", "\x85", "\u2028", "\ufeff", "\ufffe", "\uffff"),
    *("\ud800", "\udc00a", "\U0001f600", "\U0010ffff", "e\u0301" * 50, "\u202eabc", "null"),
    *(
        "\\",
        "\\000",
        "E'\\x00'",
        "$$",
        "%s",
        "{1,2}",
        "NULL",
        "\\N",
        "\t",
        " ",
        "x" * 4096,
        "x" * 70_000,
    ),
]


def values(world: World) -> Iterator[Asked]:
    """Ask with every value of the corpus of bad and odd ones, in bodies, queries and paths."""
    cast = world.lindenhof
    anna, day = cast.enrollments["anna"], "2026-09-14"
    maths = f"sections/{cast.sections['maths']}"
    texts = [*TEXTS, *_naughty_strings()]
    entries = [mark(anna, day, 2, "a\0b")] * AT_ONCE
    entries += [mark(anna, date, 2) for date in (*DATES_GOOD, *DATES_BAD)]
    entries += [mark(given, day, 2) for given in IDS_BAD]
    entries += [mark(anna, day, given) for given in STATUSES_BAD]
    entries += [mark(anna, DAYS[n % 40], 2, text) for n, text in enumerate(texts)]
    in_xml = [each for each in entries if all(map(xml_can_carry, map(str, each.values())))]
    for format_, some in ((JSON, entries), (XML, in_xml)):
        for first in range(0, len(some), AT_ONCE):
            body = written(marks_body(*some[first : first + AT_ONCE]), format_)
            headers = {"Accept": format_, "Content-Type": format_}
            yield Asked("alice", "PUT", f"{maths}/attendance", headers, body)
            yield Asked("alice", "GET", f"{maths}/attendance", {"Accept": format_})
    for given, paths in (
        ((*DATES_GOOD, *DATES_BAD), (f"{maths}/attendance?start=", f"{maths}/rolls/")),
        (IDS_BAD, (f"{maths}/attendance?enrollment_id=", "sections/")),
        (TEXTS, ("sections?section_school_codes=", "users/")),
    ):
        for text, path in itertools.product(given, paths):
            with contextlib.suppress(UnicodeEncodeError):  # no bytes are that
                yield Asked(
                    "alice", "GET", path + quote(text[:1000], safe=""), {"Accept": JSON}
                )
    for key in ODD_KEYS:
        claim = {
            "oauth_consumer_key": key,
            "oauth_signature_method": "PLAINTEXT",
            "oauth_signature": f"{SECRET}&",
        }
        header = ",".join(f'{name}="{quote(text, safe="")}"' for name, text in claim.items())
        yield Asked("nobody", "GET", "users/me", {"Authorization": f"OAuth {header}"})
    yield Asked("alice", "GET", f"{maths}/attendance/history?limit=200", {"Accept": JSON})


def _naughty_strings() -> list[str]:
    """Return the big list of naughty strings, where it is there."""
    found: list[str] = []
    with contextlib.suppress(FileNotFoundError):
        found = json.loads((CORPORA / "blns" / "blns.json").read_bytes())
    return [text for text in found if text]


async def play(world: World, storm: list[Asked], folder: Path) -> list[Answered]:
    """Ask it all of the application on this book, one after the other; return the answers."""
    clock, numbers = Clock(), itertools.count()
    counted = SimpleNamespace(token_hex=lambda size: f"{next(numbers):0{2 * size}x}")
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(mock.patch.object(application, "secrets", counted))
        store = await world.book.open(clock)
        stack.push_async_callback(store.close)
        nonces = NonceBook(folder, now=clock.now.timestamp(), map_bytes=1 << 24)
        stack.callback(nonces.close)
        door = Door(
            store, Safe(MASTER_KEY), nonces, allowed_hosts=("rollbook.test",), clock=clock
        )
        app: Any = build_app(store, door, clock=clock, limits=Limits(body_max=1 << 20))
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="https://rollbook.test/v1/"
        )
        await stack.enter_async_context(client)
        answers = []
        for asked in storm:
            clock.advance(seconds=0.25)
            response = await client.request(
                asked.method,
                asked.path,
                headers=asked.headers,
                content=asked.body,
                auth=_signed(world, asked.who, clock),
            )
            headers = response.headers.multi_items()
            answers.append(Answered(response.status_code, headers, response.content))
    return answers


def _signed(world: World, who: str, clock: Clock) -> Signed | None:
    cast: Cast = world.nordhafen if who == "mallory" else world.lindenhof
    return None if who == "nobody" else Signed(_key(cast, who), SECRET, clock)


def _key(cast: Cast, who: str) -> str:
    return cast.keys["alice" if who == "mallory" else who]


def shuffle(cluster: Cluster, database: str) -> None:
    """
    Put the rows of every table in another order, as years of updates would.

    Freshly settled rows lie in the order of their ids: a query that forgot to say which order it
    wants would get the right one by accident.
    """
    for table in ("users", "courses", "sections", "enrollments", "schools", "api_keys"):
        cluster.psql(
            f"SET session_replication_role = replica;"
            f"CREATE TEMP TABLE shuffled AS SELECT * FROM {table} ORDER BY md5({table}::text);"
            f"DELETE FROM {table}; INSERT INTO {table} SELECT * FROM shuffled; ANALYZE {table}",
            database,
        )


@pytest.fixture
def twin(
    cluster: Cluster, databases: ClusterOfDatabases, settled_in_cluster: World
) -> Iterator[World]:
    """The same districts in PostgreSQL."""
    book = databases.copy(settled_in_cluster.book)
    shuffle(cluster, book.name)
    yield msgspec.structs.replace(settled_in_cluster, book=book)
    book.close()


async def test_both_databases_answer_the_same(
    world: World, twin: World, tmp_path: Path
) -> None:
    """
    Of 500 requests over all routes, good and bad, not one is answered by another byte.
    """
    assert (twin.lindenhof, twin.nordhafen) == (world.lindenhof, world.nordhafen)
    storm = [*Storm(world, SEED).requests(LENGTH)]
    here = await play(world, storm, tmp_path / "here")
    there = await play(twin, storm, tmp_path / "there")

    for asked, ours, theirs in zip(storm, here, there, strict=True):
        assert theirs == ours, asked


async def test_both_databases_take_the_same_values(
    world: World, twin: World, tmp_path: Path
) -> None:
    """
    Every odd value of the domain, in body, query and path, is answered alike, to the byte: what
    PostgreSQL could not store, as NUL in a text, is refused on both.
    """
    asked = [*values(world)]
    here = await play(world, asked, tmp_path / "here")
    there = await play(twin, asked, tmp_path / "there")
    differing = [
        (question, ours, theirs)
        for question, ours, theirs in zip(asked, here, there, strict=True)
        if ours != theirs
    ]

    assert differing == []
    assert {answer.status for answer in here} >= {200, 400, 404}
    assert [answer for answer in here if answer.status >= 500] == []
    with_nul = json.loads(here[0].body)["attendance"]
    assert [each["response_code"] for each in with_nul] == [400] * AT_ONCE


async def test_the_storm_is_the_same_each_time(
    world: World, library: Library, tmp_path: Path
) -> None:
    """
    What differs between two databases is theirs, and not the storm's or the application's.
    """
    storm = [*Storm(world, SEED).requests(LENGTH)]
    copy = msgspec.structs.replace(world, book=library.copy(world.book))

    assert storm == [*Storm(world, SEED).requests(LENGTH)]
    one = await play(copy, storm, tmp_path / "one")
    two = await play(world, storm, tmp_path / "two")
    assert one == two
    assert {answer.status for answer in one} >= {200, 303, 400, 401, 403, 404, 405, 412}
    assert sum(answer.status == 200 for answer in one) > LENGTH / 3
