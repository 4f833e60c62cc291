"""A district whose sections have students enough for every writer of a storm."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec

import books
from cast import TODAY, Cast, settle
from faults.server import Server
from rollbook.domain.people import Role
from rollbook.domain.roster_files import RosterEnrollment, RosterLimits, RosterPart, RosterUser
from rollbook.domain.store import EnrollmentQuery, Page, Store
from rollbook.storage.sqlite import SqliteStore, create

WRITERS, STUDENTS = 8, 25  # students of each writer: two days make 50 marks


class Ground(msgspec.Struct):
    """
    A database for a storm, and who writes what in it.

    Attributes:
        database: The file; on PostgreSQL there is none, but what a server keeps goes beside it.
        key: An administrator's.
        students: By writer: the section, and the enrollments that are this writer's own.
        postgres: The database of PostgreSQL's, when it is there.
    """

    database: Path
    key: str
    students: dict[str, tuple[int, list[int]]]
    postgres: books.Database | None = None

    def server(self, *, url: str = "", **options: Any) -> Server:
        """Return a server for it, not started yet; *url* is another way to the database."""
        if self.postgres:
            options = {"ROLLBOOK_DATABASE": url or self.postgres.url} | options
        return Server(self.database, **options)


async def prepare(database: Path) -> Ground:
    """Settle a district with two sections that eight writers share."""
    create(database)
    store = SqliteStore(database)
    try:
        return await prepare_in(store, database)
    finally:
        await store.close()


def prepare_in_cluster(database: books.Database, folder: Path) -> Ground:
    """Do that in a database of PostgreSQL's."""

    async def settle() -> Ground:
        from rollbook.storage.postgres import PostgresStore

        store = await PostgresStore.open(database.url)
        try:
            return await prepare_in(store, folder / "unused.db")
        finally:
            await store.close()

    return msgspec.structs.replace(asyncio.run(settle()), postgres=database)


async def prepare_in(store: Store, database: Path) -> Ground:
    """Do that in a store that is open."""
    cast = await settle(store, "Lindenhof", key_letter="a")
    names = [f"w{writer}-{n}" for writer in range(WRITERS) for n in range(STUDENTS)]
    sections = ("maths", "music")
    parts = [
        _delta(RosterUser, [RosterUser(n, Role.STUDENT, "school", n, "Storm") for n in names]),
        _delta(
            RosterEnrollment,
            [RosterEnrollment(n, sections[int(n[1]) % 2], n, False) for n in names],
        ),
    ]
    limits = RosterLimits(today=TODAY)
    await store.import_roster(cast.district.id, parts, limits, lambda *_: None)
    students = await _students(store, cast)
    return Ground(database, cast.keys["alice"], students)


def _delta(noun: Any, rows: list[msgspec.Struct]) -> RosterPart:
    return RosterPart(noun=noun, rows=rows, ended=(), complete=False)


async def _students(store: Store, cast: Cast) -> dict[str, tuple[int, list[int]]]:
    found: dict[str, tuple[int, list[int]]] = {}
    for section_id in cast.sections.values():
        query = EnrollmentQuery(page=Page(0, 1000))
        people = await store.enrollments(cast.district.id, section_id, query)
        for person in people.items:
            writer, dash, _ = str(person.enrollment.sourced_id).partition("-")
            if dash and writer.startswith("w"):
                _, own = found.setdefault(writer, (section_id, []))
                own.append(person.enrollment.id)
    return found
