"""What PostgreSQL itself holds: who sees what, who may do what, and who waits for whom."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import msgspec
import pytest

import books
from cast import MONDAY, TODAY, TUESDAY, Cast, let_in
from clusters import Cluster
from conftest import Clock, World
from faults.way import Fate, Way
from rollbook.domain.acts import ActQuery
from rollbook.domain.attendance import Entry, judge
from rollbook.domain.errors import TooMuchToDo, Unavailable
from rollbook.domain.record import GENESIS, Author, Channel, chain_hash
from rollbook.domain.roster_files import RosterLimits, RosterPart, RosterUser
from rollbook.domain.rosters import Seat
from rollbook.domain.store import (
    HistoryQuery,
    MarkQuery,
    Page,
    Saved,
    SaveMarks,
    SectionQuery,
)
from rollbook.storage import rows
from rollbook.storage.postgres import PostgresStore, migrations
from rollbook.storage.postgres.pool import ROLE, Pool
from rollbook.storage.postgres.sections import Rosters, Sections
from rollbook.storage.postgres.statements import SQL
from storage.test_queries import FOLDER, used

OPERATOR = Author(user_id=None, channel=Channel.CLI)
SEVERAL_IN_ONE = {"create_blocks"}


@pytest.fixture
def database(databases: books.ClusterOfDatabases, settled_in_cluster: World) -> books.Database:
    """A database of the test's own with both districts in it."""
    return databases.copy(settled_in_cluster.book)


@pytest.fixture
async def store(database: books.Database) -> AsyncIterator[PostgresStore]:
    store = await PostgresStore.open(database.url, clock=Clock(), size=20)
    yield store
    await store.close()


@pytest.fixture
async def pool(database: books.Database) -> AsyncIterator[Pool]:
    pool = Pool(database.url, size=2, waits=0.2)
    yield pool
    await pool.close()


def save(cast: Cast, names: list[str], comment: str) -> SaveMarks:
    return SaveMarks(
        district_id=cast.district.id,
        section_id=cast.sections["maths"],
        entries=[Entry(cast.enrollments[name], MONDAY, 2, comment) for name in names],
        author=OPERATOR,
    )


# ---------------------------------------------------------------- districts apart

OF_DISTRICTS = (
    *("schools", "periods", "courses", "sections", "users", "enrollments", "marks"),
    *("rolls", "record", "events", "api_keys", "holds", "prunings", "anchors"),
    *("nonce_books", "nonces", "imports", "accounts", "sessions", "links"),
    *("restorations", "acts"),
)
OF_AN_IMPORT = {
    f"{kind}_{noun}"
    for kind in ("staged", "leaving")
    for noun in ("schools", "periods", "courses", "sections", "users", "enrollments")
}
HOMES = ("key_homes", "login_homes", "subject_homes")


async def test_a_forgotten_where_shows_no_other_district(
    store: PostgresStore, pool: Pool, settled_in_cluster: World
) -> None:
    """
    Whoever works for one district finds its rows alone, though the statement names none.
    """
    ours, theirs = settled_in_cluster.lindenhof, settled_in_cluster.nordhafen
    for cast in (ours, theirs):
        await store.save_marks(save(cast, ["anna", "ben"], "x"))
        await let_in(store, cast, "bob", login=f"bob of {cast.district.name}")
        renamed = msgspec.structs.replace(cast.district, name=f"{cast.district.name} 2")
        await store.change_district(renamed, by=OPERATOR)
    filled = set()
    for table in OF_DISTRICTS:
        for cast in (ours, theirs):
            async with pool.of(cast.district.id) as db:
                seen = await db.fetch(f"SELECT DISTINCT district_id FROM {table}")
            assert {row[0] for row in seen} <= {cast.district.id}
            filled |= {table} if seen else set()

    # There are no holds, prunings, anchors, restorations and nonces yet.
    assert len(filled) == len(OF_DISTRICTS) - 5


async def test_who_works_for_nobody_sees_nothing(pool: Pool) -> None:
    """
    A connection that never said which district it works for finds no rows at all.
    """
    async with pool.shared() as db:
        assert await db.fetchval("SELECT count(*) FROM users") == 0


async def test_without_its_policy_a_table_shows_everything(
    database: books.Database, pool: Pool, settled_in_cluster: World
) -> None:
    """
    It is the policy that hides: the two tests above can fail.
    """
    database.sql("ALTER TABLE users DISABLE ROW LEVEL SECURITY")
    async with pool.of(settled_in_cluster.lindenhof.district.id) as db:
        seen = await db.fetch("SELECT DISTINCT district_id FROM users")

    assert len(seen) == 2


async def test_nothing_is_written_into_another_district(
    pool: Pool, settled_in_cluster: World
) -> None:
    """
    A row of another district is refused also when it is written.
    """
    ours, theirs = settled_in_cluster.lindenhof, settled_in_cluster.nordhafen
    with pytest.raises(Unavailable):
        async with pool.of(ours.district.id) as db:
            await db.execute(
                "INSERT INTO schools (district_id, id, title) VALUES ($1, 1, 'x')",
                theirs.district.id,
            )


def test_every_table_of_a_district_has_its_policy(database: books.Database) -> None:
    """
    A new table with a district's rows is not forgotten.
    """
    guarded = database.sql(
        "SELECT tablename FROM pg_policies JOIN pg_class ON relname = tablename "
        "WHERE relrowsecurity"
    )
    tables = database.sql(
        "SELECT table_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND column_name = 'district_id'"
    )

    assert {name for (name,) in guarded} == set(OF_DISTRICTS)
    assert {name for (name,) in tables} == {*OF_DISTRICTS, *OF_AN_IMPORT, *HOMES}


def test_nothing_of_an_import_is_left_behind(database: books.Database) -> None:
    """
    What has no policy has no rows once the import is done.
    """
    assert database.sql("SELECT * FROM imports")
    for table in sorted(OF_AN_IMPORT):
        assert database.sql(f"SELECT * FROM {table}") == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record SET at = 'never'",
        "DELETE FROM record",
        "UPDATE acts SET at = 'never'",
        "DELETE FROM acts",
        "DELETE FROM marks",
        "TRUNCATE rolls",
        "ALTER TABLE record ADD COLUMN x integer",
        "DROP TABLE record",
        "ALTER TABLE marks DISABLE ROW LEVEL SECURITY",
        "DELETE FROM migrations",
        "CREATE TABLE mine (x integer)",
    ],
)
async def test_the_application_cannot(
    statement: str, pool: Pool, settled_in_cluster: World
) -> None:
    """
    It adds to the record, and changes neither what is in it nor the shape of a table.
    """
    async with pool.of(settled_in_cluster.lindenhof.district.id) as db:
        assert await db.fetchval("SELECT current_user") == ROLE
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await db.execute(statement)


# ---------------------------------------------------------------- statements


async def test_every_statement_can_be_prepared(database: books.Database) -> None:
    """
    Tables, columns and grammar are right in each statement.
    """
    db = await asyncpg.connect(database.url)
    try:
        citus = (FOLDER / "sql" / "postgres" / "citus.sql").read_text(encoding="utf-8")
        named = {
            name
            for name in set(used("postgres")) & vars(SQL).keys() - SEVERAL_IN_ONE
            if f"-- name: {name}\n" not in citus  # tried where there is Citus
        }
        for name in named:
            await db.prepare(getattr(SQL, name))
    finally:
        await db.close()

    assert len(named) > 80


async def test_a_page_of_acts_reads_no_more_than_it_shows(
    database: books.Database, settled_in_cluster: World
) -> None:
    """
    However many there are, the newest are found at the end of their index.
    """
    district_id = settled_in_cluster.lindenhof.district.id
    database.sql(
        "INSERT INTO acts (district_id, at, channel, request_id, what, thing, turns) "
        "SELECT CAST(? AS integer), lpad(CAST(n AS text), 9, '0'), 'web', '', "
        "'key created', '', '[]' FROM generate_series(1, 5000) AS n",
        district_id,
    )
    database.sql("ANALYZE acts")
    store = await PostgresStore.open(database.url, clock=Clock(), size=1)
    found = await store.acts(district_id, ActQuery(limit=50))
    await store._pool._idle[0].execute("SELECT pg_stat_force_next_flush()")
    ((read,),) = database.sql(
        "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'acts_by_time'"
    )
    await store.close()

    assert len(found) == 50
    assert 50 <= read < 500


async def test_a_long_list_of_sections_takes_no_more_trips(
    database: books.Database, settled_in_cluster: World
) -> None:
    """
    Than one of a single section does.
    """
    district_id = settled_in_cluster.lindenhof.district.id
    store = await PostgresStore.open(database.url, clock=Clock(), size=1)
    await store.sections(district_id, SectionQuery())
    (db,) = store._pool._idle
    asked: list[str] = []
    db.add_query_logger(lambda told: asked.append(told.query))
    trips = []
    for limit in (1, 100):
        asked.clear()
        listed = await store.sections(district_id, SectionQuery(page=Page(0, limit)))
        await asyncio.sleep(0.01)  # it is told a little later
        trips.append(len(asked))
    await store.close()

    assert len(listed.items) == listed.total > 1
    assert trips[0] == trips[1] > 0


# ---------------------------------------------------------------- side by side


async def test_opposite_orders_never_wait_for_each_other(
    store: PostgresStore, database: books.Database, settled_in_cluster: World
) -> None:
    """
    Two hundred saves of the same marks, half in the opposite order: no deadlock, all recorded.
    """
    cast = settled_in_cluster.lindenhof
    names = ["anna", "ben", "cleo"]
    orders = (names, names[::-1])
    saved = await asyncio.gather(
        *(store.save_marks(save(cast, orders[n % 2], f"x{n}")) for n in range(200))
    )
    key = (cast.district.id, cast.sections["maths"])
    history = await store.history(*key, HistoryQuery(limit=1000))
    ((deadlocks,),) = database.sql(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    )

    assert sorted(each.version for each in saved) == list(range(1, 201))
    assert len(history.changes) == 600
    assert deadlocks == 0


async def test_two_workers_in_the_same_sections(
    store: PostgresStore, pool: Pool, database: books.Database, settled_in_cluster: World
) -> None:
    """
    Two workers gather saves of two sections, in opposite orders: each is recorded once, each entry
    bears the hash of the one before, and none waited for somebody who waited for them.
    """
    cast = settled_in_cluster.lindenhof
    sections = [cast.sections["maths"], cast.sections["music"]]
    whom = {
        sections[0]: cast.enrollments["anna"],
        sections[1]: cast.enrollments["anna in music"],
    }
    other = await PostgresStore.open(database.url, clock=Clock())
    saves = [
        worker.save_marks(
            SaveMarks(
                district_id=cast.district.id,
                section_id=section,
                entries=[Entry(whom[section], MONDAY, 2, f"{n} {order}")],
                author=OPERATOR,
            )
        )
        for n in range(40)
        for worker, order in ((store, 1), (other, -1))
        for section in sections[::order]
    ]
    saved = await asyncio.gather(*saves)
    await other.close()
    ((deadlocks,),) = database.sql(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    )

    assert all(answer.response_code == 200 for each in saved for answer in each.answers)
    assert deadlocks == 0
    for section in sections:
        async with pool.of(cast.district.id) as db:
            found = await db.fetch(SQL.record_entries, cast.district.id, section, 1, 1000)
        entries = [rows.record_entry(section, row) for row in found]
        assert [entry.number for entry in entries] == list(range(1, 81))
        hashes = [GENESIS] + [entry.hash for entry in entries]
        assert all(
            entry.hash == chain_hash(before, msgspec.structs.replace(entry, hash=b""))
            for before, entry in zip(hashes, entries, strict=False)
        )


async def test_what_the_database_will_not_take_fails_alone(
    store: PostgresStore, settled_in_cluster: World
) -> None:
    """
    Of saves that go together one is of text that PostgreSQL refuses: the others are saved.
    """
    cast = settled_in_cluster.lindenhof
    good = save(cast, ["anna"], "good")
    author = Author(user_id=None, channel=Channel.CLI, request_id="\0")
    bad = msgspec.structs.replace(save(cast, ["ben"], "bad"), author=author)
    first, refused, last = await asyncio.gather(
        store.save_marks(good),
        store.save_marks(bad),
        store.save_marks(save(cast, ["cleo"], "good")),
        return_exceptions=True,
    )
    page = await store.marks(cast.district.id, good.section_id, MarkQuery())

    assert isinstance(refused, Unavailable)
    assert isinstance(first, Saved)
    assert isinstance(last, Saved)
    assert (first.version, last.version) == (1, 2)
    assert [mark.comment for mark in page.marks] == ["good", "good"]


async def test_saves_that_come_together_share_a_commit(
    store: PostgresStore, database: books.Database, settled_in_cluster: World
) -> None:
    """
    Fifty saves at once take a few transactions, not fifty.
    """
    cast = settled_in_cluster.lindenhof
    await store.save_marks(save(cast, ["anna"], "first"))
    ((before,),) = database.sql("SELECT pg_current_xact_id()::text::bigint")
    await asyncio.gather(*(store.save_marks(save(cast, ["anna"], f"{n}")) for n in range(50)))
    ((after,),) = database.sql("SELECT pg_current_xact_id()::text::bigint")

    assert await store.version(cast.district.id, cast.sections["maths"]) == 51
    assert after - before < 10


async def test_a_section_that_is_locked_holds_up_the_others_once(
    database: books.Database, settled_in_cluster: World
) -> None:
    """
    Somebody keeps a mark of one section locked: saves of it are refused, however many there are,
    after one wait together and one more alone, and a save of another section that came with them
    is saved.
    """
    cast = settled_in_cluster.lindenhof
    store = await PostgresStore.open(database.url, clock=Clock(), waits=1)
    await store.save_marks(save(cast, ["anna"], "first"))
    holder = await asyncpg.connect(database.url)
    await holder.execute("BEGIN; SELECT * FROM marks FOR UPDATE")
    begun = time.monotonic()
    elsewhere = msgspec.structs.replace(
        save(cast, ["anna in music"], "free"), section_id=cast.sections["music"]
    )
    *refused, saved = await asyncio.gather(
        store.save_marks(save(cast, ["ben"], "goes alone, at once")),
        *(store.save_marks(save(cast, ["anna"], f"{n}")) for n in range(10)),
        store.save_marks(elsewhere),
        return_exceptions=True,
    )
    waited = time.monotonic() - begun
    await holder.close()
    await store.close()

    assert isinstance(saved, Saved)
    assert [type(answer) for answer in refused[1:]] == [Unavailable] * 10
    assert 2 < waited < 5


async def test_a_roster_waits_for_whoever_administers(
    database: books.Database, settled_in_cluster: World
) -> None:
    """
    Who may administer the district is not counted while somebody else may be ending that.
    """
    cast = settled_in_cluster.lindenhof
    store = await PostgresStore.open(database.url, clock=Clock(), waits=0.2)
    part = RosterPart(noun=RosterUser, rows=[], ended=["bob"], complete=False)
    taken_in = (
        cast.district.id,
        [part],
        RosterLimits(today=TODAY, end_share=1.0),
        lambda *_: None,
    )
    holder = await asyncpg.connect(database.url)
    await holder.execute("BEGIN")
    await holder.execute(SQL.administer_alone, cast.district.id)
    with pytest.raises(Unavailable):
        await store.import_roster(*taken_in)
    await holder.close()
    summaries = await store.import_roster(*taken_in)
    await store.close()

    assert sum(summary.ended for summary in summaries) > 0


async def test_an_older_roster_is_not_remembered_as_a_newer_one() -> None:
    """
    While a roster is read, a save beside it may meet with the next version of all rosters.
    """
    rosters = Rosters()
    old, new = (Seat(number, False, 1, None, None) for number in (1, 2))

    class Slow:
        async def fetch(self, *_: Any) -> list[Any]:
            await rosters.seats(None, 1, {8: [new]}, people=3)
            return [(7, old.enrollment_id, False, 1, None, None)]

    await rosters.seats(None, 1, {7: [old]}, people=1)
    found = await rosters.seats(Slow(), 1, {7: []}, people=2)

    assert [seat.enrollment_id for seat in found[7]] == [1]
    assert rosters.unknown(1, [7, 8]) == [7]


async def test_who_is_beaten_in_one_section_wrote_nothing_of_it(
    store: PostgresStore, pool: Pool, database: books.Database, settled_in_cluster: World
) -> None:
    """
    Of saves of two sections that go together those of the other one are written, whole: entries,
    marks, rolls and events.
    """
    cast = settled_in_cluster.lindenhof
    district_id, maths, music = cast.district.id, cast.sections["maths"], cast.sections["music"]
    wanted = {maths: ("anna", "ben"), music: ("anna in music",) * 2}
    now = "2026-11-23T08:00:00.000Z"
    async with pool.of(district_id) as db:
        days = {section_id: {MONDAY, TUESDAY} for section_id in wanted}
        sections = await Sections.read(db, Rosters(), district_id, days)
        for section_id, names in wanted.items():
            section = sections[section_id]
            for name, day in zip(names, (MONDAY, TUESDAY), strict=True):
                entry = Entry(cast.enrollments[name], day, 2, "late")
                judgement = judge([entry], section.markable, section.current)
                section.accept(judgement, OPERATOR, now)
        await store.save_marks(save(cast, ["cleo"], "first"))
        beaten = await sections.write(now)
    written = {
        table: database.sql(
            f"SELECT section_id, count(*) FROM {table} GROUP BY section_id ORDER BY section_id"
        )
        for table in ("record", "marks", "rolls", "events")
    }

    assert beaten == {maths}
    assert written == {table: [(maths, 1), (music, 2)] for table in written}


async def test_a_roster_that_changes_under_a_save_is_read_again(
    store: PostgresStore, pool: Pool, settled_in_cluster: World
) -> None:
    """
    What was judged by one roster is not written when there is another.
    """
    cast = settled_in_cluster.lindenhof
    key = (cast.district.id, cast.sections["maths"])
    command = save(cast, ["anna"], "x")
    async with pool.of(cast.district.id) as db:
        sections = await Sections.read(db, Rosters(), key[0], {key[1]: {MONDAY}})
        section = sections[key[1]]
        judgement = judge(command.entries, section.markable, section.current)
        section.accept(judgement, OPERATOR, "2026-11-23T08:00:00.000Z")
        await store.change_user(key[0], await store.user(key[0], cast.users["bob"]))
        beaten = await sections.write("2026-11-23T08:00:00.000Z")

    assert beaten == {key[1]}
    assert await store.version(*key) == 0


async def test_the_version_before_saves_beside_this_one(
    store: PostgresStore, database: books.Database, settled_in_cluster: World
) -> None:
    """
    While machines are brought to this version one after the other, the former one still saves.
    """
    cast = settled_in_cluster.lindenhof
    await store.save_marks(save(cast, ["anna"], "first"))
    ((written,),) = database.sql(
        "SELECT save_section(?, ?, (SELECT next FROM counters WHERE noun = 'change of people'), 2,"
        " ARRAY[DATE '2026-11-23'], ARRAY[CAST(? AS bigint)], ARRAY[CAST(3 AS smallint)],"
        " ARRAY['second'], ARRAY[DATE '2026-11-23'], '2026-11-23T08:00:00.000Z', NULL, NULL, NULL,"
        " 'cli', 'r', '[]', '[]', '')",
        *(cast.district.id, cast.sections["maths"], cast.enrollments["anna"]),
    )
    saved = await store.save_marks(save(cast, ["anna"], "third"))

    assert (written, saved.version) == (True, 3)


async def test_all_connections_in_use_is_told_in_time(pool: Pool) -> None:
    """
    Whoever finds no free connection hears so within the time that is set, and nothing hangs.
    """
    async with pool.shared(), pool.shared():
        begun = time.monotonic()
        with pytest.raises(Unavailable, match="in use"):
            async with pool.shared():
                pass
        waited = time.monotonic() - begun
    async with pool.shared() as db:
        assert await db.fetchval("SELECT 1") == 1

    assert 0.15 < waited < 2


async def test_connections_are_had_in_turn(pool: Pool) -> None:
    """
    Who has waited longest is next: whoever comes just as one is free does not get before them.
    """
    order = []

    async def use(name: str) -> None:
        async with pool.shared():
            order.append(name)

    async with pool.shared():
        async with pool.shared():
            first = asyncio.create_task(use("first"))
            await asyncio.sleep(0)
        await use("newcomer")
        await first

    assert order == ["first", "newcomer"]


async def test_who_would_wait_too_long_is_told_at_once(pool: Pool) -> None:
    """
    When no connection has come free for so long that a turn would come too late, the next hears
    so at once.
    """

    async def wait() -> float:
        begun = time.monotonic()
        with pytest.raises(Unavailable, match="in use"):
            async with pool.shared():
                pass
        return time.monotonic() - begun

    async with pool.shared(), pool.shared():
        early = asyncio.create_task(wait())
        await asyncio.sleep(0.15)
        with pytest.raises(TooMuchToDo):
            async with pool.shared():
                pass
        assert not early.done()
        assert 0.15 < await early < 2
    async with pool.shared() as db:
        assert await db.fetchval("SELECT 1") == 1


async def test_a_statement_that_was_called_off_is_over(pool: Pool) -> None:
    """
    Whoever gives up leaves nothing under way, neither here nor in the database.
    """
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1), pool.shared() as db:
            await db.execute("SELECT pg_sleep(20)")
    async with pool.shared() as db:
        asleep = await db.fetchval(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep%'"
        )

    assert asleep == 0


async def test_a_line_that_fell_silent_is_not_used_again(
    database: books.Database, cluster: Cluster
) -> None:
    """
    Whoever gave up on it leaves it, and the next one does not wait for an answer that is not
    coming.
    """
    with Way(cluster.port) as way:
        pool = Pool(way.url(database.url), size=1)
        async with pool.shared():
            way.fate = lambda _: Fate.SILENT
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1), pool.shared() as db:
                await db.fetchval("SELECT 1")
        way.fate = lambda _: Fate.ARRIVES
        async with asyncio.timeout(5), pool.shared() as db:
            assert await db.fetchval("SELECT 2") == 2
        await pool.close()


async def test_a_connection_that_was_cut_is_replaced(
    store: PostgresStore, database: books.Database, settled_in_cluster: World
) -> None:
    """
    Idle connections that the server closed are not handed out again.
    """
    cast = settled_in_cluster.lindenhof
    key = (cast.district.id, cast.sections["maths"])
    assert await store.version(*key) == 0
    database.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await asyncio.sleep(0.1)

    assert await store.version(*key) == 0


@pytest.mark.parametrize("moment", ["before", "within", "after"])
async def test_a_pool_that_closed_lends_nothing(
    pool: Pool, database: books.Database, moment: str
) -> None:
    """
    Whoever asks before it closes and is still connecting, works with a connection, or comes when
    it has closed, leaves none behind.
    """

    async def ask() -> None:
        async with pool.shared() as db:
            await db.execute("SELECT pg_sleep(0.2)")

    task = asyncio.create_task(ask())
    await asyncio.sleep({"before": 0.002, "within": 0.2, "after": 0.6}[moment])
    await pool.close()
    if moment == "after":
        with pytest.raises(Unavailable, match="this process stops"):
            await ask()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0.1)
    left = database.sql(
        "SELECT query FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    assert left == []


async def test_a_database_that_said_goodbye_is_asked_nothing(
    database: books.Database, cluster: Cluster
) -> None:
    """
    It ended a connection and the line is not down yet: whoever asks is told, and the next one
    gets another connection.
    """
    with Way(cluster.port) as way:
        way.holds = 20.0
        pool = Pool(way.url(database.url), size=1)
        async with pool.shared() as db:
            ended = db.get_server_pid()
        database.sql(f"SELECT pg_terminate_backend({ended})")
        await asyncio.sleep(0.1)
        with pytest.raises(Unavailable, match="cannot be reached"):
            async with pool.shared() as db:
                await db.fetchval("SELECT 1")
        async with asyncio.timeout(5), pool.shared() as db:
            assert await db.fetchval("SELECT 2") == 2
        await pool.close()


# ---------------------------------------------------------------- migrations


async def _steps(url: str, **how: Any) -> list[str]:
    return [step.name async for step in migrations.migrate(url, **how)]


async def test_two_that_migrate_at_once_do_it_once(databases: books.ClusterOfDatabases) -> None:
    """
    The second one waits, and finds that there is nothing left to do.
    """
    url = databases._cluster.new_database("two_at_once")
    first, second = await asyncio.gather(_steps(url), _steps(url))

    assert sorted(first + second) == [step.name for step in migrations.known()]


async def test_a_rehearsal_leaves_nothing(databases: books.ClusterOfDatabases) -> None:
    """
    What was rehearsed can be refused by the database, and is not there afterwards.
    """
    url = databases._cluster.new_database("rehearsed")

    assert await _steps(url, rehearse=True) == [step.name for step in migrations.known()]
    with pytest.raises(Unavailable, match="rollbook migrate"):
        await PostgresStore.open(url)


async def test_a_later_versions_database_is_refused(database: books.Database) -> None:
    """
    An older Rollbook does not touch what a newer one made.
    """
    database.sql("INSERT INTO migrations (number, name) VALUES (999, 'later.breaking.sql')")
    with pytest.raises(Unavailable, match="later version"):
        await PostgresStore.open(database.url)
