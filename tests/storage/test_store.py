from collections.abc import Awaitable, Callable
from typing import Any

import apsw
import pytest

from cast import Cast
from conftest import World
from rollbook.domain.errors import Unavailable
from rollbook.domain.store import (
    EnrollmentQuery,
    HistoryQuery,
    MarkQuery,
    Page,
    RollQuery,
    SectionQuery,
)
from rollbook.storage.sqlite import SqliteStore

READS: dict[str, Callable[[SqliteStore, Cast, int], Awaitable[Any]]] = {
    "ping": lambda store, cast, section: store.ping(),
    "key_holder": lambda store, cast, section: store.key_holder(cast.keys["bob"]),
    "footing": lambda store, cast, section: store.footing(1, section, cast.users["bob"]),
    "version": lambda store, cast, section: store.version(1, section),
    "marks": lambda store, cast, section: store.marks(1, section, MarkQuery()),
    "rolls": lambda store, cast, section: store.rolls(1, section, RollQuery()),
    "history": lambda store, cast, section: store.history(1, section, HistoryQuery()),
    "users": lambda store, cast, section: store.users(1, Page()),
    "user": lambda store, cast, section: store.user(1, cast.users["bob"]),
    "sections": lambda store, cast, section: store.sections(1, SectionQuery()),
    "enrollments": lambda store, cast, section: store.enrollments(
        1, section, EnrollmentQuery()
    ),
    "districts": lambda store, cast, section: store.districts(),
    "keys": lambda store, cast, section: store.keys(1),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
async def test_a_damaged_file_is_no_empty_one(
    world: World, read: Callable[[SqliteStore, Cast, int], Awaitable[Any]]
) -> None:
    """
    Whatever is read from a file that broke, the answer is `Unavailable`: never "not there".
    """
    store = SqliteStore(world.path)
    with world.path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (world.path.stat().st_size - 4096))
    with pytest.raises(Unavailable, match="malformed"):
        await read(store, world.lindenhof, world.lindenhof.sections["maths"])
    await store.close()


async def test_a_store_sees_what_others_wrote(world: World) -> None:
    """
    What another connection has committed is in the next answer, and nothing before that.
    """
    store = SqliteStore(world.path)
    db = apsw.Connection(str(world.path))
    db.execute("BEGIN IMMEDIATE")
    db.execute("UPDATE districts SET name = 'Lindenau' WHERE id = 1")
    before = (await store.districts())[0].name
    db.execute("COMMIT")
    after = (await store.districts())[0].name
    db.close()
    await store.close()

    assert (before, after) == ("Lindenhof", "Lindenau")
