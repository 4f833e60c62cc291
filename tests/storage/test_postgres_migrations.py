"""Bringing a PostgreSQL database to a new version while an old one still works on it."""

import asyncio
import re
from collections.abc import Iterator

import asyncpg
import pytest

import books
from cast import MONDAY
from conftest import World
from rollbook.domain.attendance import Entry
from rollbook.domain.errors import Unavailable
from rollbook.domain.record import Author, Channel
from rollbook.domain.store import SaveMarks
from rollbook.storage.postgres import PostgresStore, migrations
from rollbook.storage.schema import Migration

NEWEST = migrations.known()[-1].number
ADDING = Migration(
    NEWEST + 1,
    f"{NEWEST + 1:04}_rooms.sql",
    "ALTER TABLE marks ADD COLUMN room text;"
    "CREATE TABLE rooms (district_id integer, id bigint, PRIMARY KEY (district_id, id));",
)
BREAKING = Migration(
    NEWEST + 2,
    f"{NEWEST + 2:04}_no_comments.breaking.sql",
    "ALTER TABLE marks DROP COLUMN comment;",
)
RELEASED_AS_THEY_ARE = 3  # the steps before the rule

# What an older version would stumble over.
MORE_THAN_ADDS = re.compile(
    r"\b(DROP\s+(TABLE|COLUMN|FUNCTION|ROLE)|RENAME|REVOKE|TRUNCATE|SET\s+NOT\s+NULL"
    r"|ALTER\s+(COLUMN\s+)?\w+\s+(SET\s+DATA\s+)?TYPE"
    r"|ADD\s+COLUMN\s+(?:(?!,|;|DEFAULT).)*NOT\s+NULL(?:(?!,|;|DEFAULT).)*[,;])",
    re.IGNORECASE | re.DOTALL,
)


@pytest.fixture
def database(
    databases: books.ClusterOfDatabases, settled_in_cluster: World
) -> Iterator[books.Database]:
    """A database of the test's own with both districts in it."""
    database = databases.copy(settled_in_cluster.book)
    yield database
    database.close()


async def migrate_to(
    database: books.Database, monkeypatch: pytest.MonkeyPatch, *steps: Migration
) -> None:
    """Bring it to the schema of a version that knows these steps besides ours."""
    all_steps = [*migrations.known(), *steps]
    with monkeypatch.context() as later:
        later.setattr(migrations, "known", lambda: all_steps)
        assert [step async for step in migrations.migrate(database.url)] == list(steps)


async def test_the_old_version_goes_on_while_tables_are_added_to(
    database: books.Database, settled_in_cluster: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A server that runs when a later version's steps are run saves on, and starts again too.
    """

    def save(status: int) -> SaveMarks:
        cast = settled_in_cluster.lindenhof
        return SaveMarks(
            district_id=cast.district.id,
            section_id=cast.sections["maths"],
            entries=[Entry(cast.enrollments["anna"], MONDAY, status, "")],
            author=Author(user_id=None, channel=Channel.CLI),
        )

    running = await PostgresStore.open(database.url)
    await running.save_marks(save(2))
    await migrate_to(database, monkeypatch, ADDING)
    again = await PostgresStore.open(database.url)

    assert (await running.save_marks(save(3))).version == 2
    assert (await again.save_marks(save(4))).version == 3
    await running.ping()
    await running.close()
    await again.close()


async def test_a_step_waits_behind_no_long_read(
    database: books.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Everybody else would wait behind the step: it gives up, says so, and can be run again.
    """
    running = await PostgresStore.open(database.url)
    reader = await asyncpg.connect(database.url)
    await reader.execute("BEGIN; SELECT count(*) FROM marks")
    with pytest.raises(Unavailable, match="in use by a long read"):
        async with asyncio.timeout(10):
            await migrate_to(database, monkeypatch, ADDING)
    await running.ping()
    await reader.close()
    await migrate_to(database, monkeypatch, ADDING)
    await running.close()


async def test_the_old_version_refuses_what_it_would_break_on(
    database: books.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A step that takes something away says so in its name, and older servers are not ready.
    """
    running = await PostgresStore.open(database.url)
    await migrate_to(database, monkeypatch, ADDING, BREAKING)

    with pytest.raises(Unavailable, match="later version"):
        await running.ping()
    with pytest.raises(Unavailable, match="later version"):
        await PostgresStore.open(database.url)
    await running.close()


async def test_nothing_is_moved_that_is_not_known(
    database: books.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What copies all there is takes the very schema it knows, and no later one.
    """
    await migrate_to(database, monkeypatch, ADDING)
    db = await asyncpg.connect(database.url)

    with pytest.raises(Unavailable, match="later version"):
        await migrations.require_current(db)
    await db.close()


@pytest.mark.parametrize("step", migrations.known()[RELEASED_AS_THEY_ARE:] or [ADDING])
def test_a_step_adds_or_says_that_it_breaks(step: Migration) -> None:
    """
    No step takes away what the version before it uses, unless its name warns that version.
    """
    script = re.sub(r"--.*", "", step.script)

    assert step.name.endswith(".breaking.sql") or not MORE_THAN_ADDS.search(script)


@pytest.mark.parametrize(
    "script",
    [
        BREAKING.script,
        "ALTER TABLE marks RENAME COLUMN a TO b;",
        "ALTER TABLE marks ALTER COLUMN status TYPE text;",
        "ALTER TABLE marks ADD COLUMN a text NOT NULL;",
        "ALTER TABLE marks ADD COLUMN a text NOT NULL CHECK (a > ''), ADD COLUMN b text;",
    ],
)
def test_what_breaks_is_seen(script: str) -> None:
    """
    The rule finds what older versions would stumble over.
    """
    assert MORE_THAN_ADDS.search(script)
