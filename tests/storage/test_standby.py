"""Long reads go to a real standby, and never miss what was saved before they began."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import pytest

import books
from cast import MONDAY
from clusters import Cluster, binaries
from conftest import Clock, World, settle_both
from contract.classroom import ABSENT, Classroom
from faults.figures import only_long
from live.house import wait_until
from rollbook import upkeep
from rollbook.config import Config
from rollbook.domain.errors import Unavailable
from rollbook.domain.mark_files import MarkSelection
from rollbook.domain.store import HistoryQuery
from rollbook.storage.postgres import PostgresStore, standby
from rollbook.storage.postgres.statements import SQL

pytestmark = pytest.mark.skipif(not binaries(), reason="PostgreSQL is not installed")


class Pair:
    """A primary and its standby, and a database with both districts that is in the two."""

    def __init__(self, primary: Cluster, copy: Cluster, world: World) -> None:
        assert isinstance(world.book, books.Database)
        self.primary, self.copy, self.world = primary, copy, world
        self.name = world.book.name
        self.url = world.book.url
        self.careless_url = f"{self.url}?options=-csynchronous_commit%3Doff"
        self.copys_url = copy.url(world.book.name)

    def pause(self) -> None:
        """Let the standby stand still."""
        self.copy.psql("SELECT pg_wal_replay_pause()")

    def resume(self) -> None:
        """Let it follow again, if it is one still, also where a test broke off without it."""
        if not self.copy.answers():
            self.copy.start()
        self.copy.psql("SELECT CASE WHEN pg_is_in_recovery() THEN pg_wal_replay_resume() END")

    def place(self, cluster: Cluster) -> tuple[int, int]:
        """Return how far its log is, written or replayed."""
        said = cluster.psql(
            "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()"
            " ELSE pg_current_wal_insert_lsn() END"
        )
        high, low = said.split("/")
        return int(high, 16), int(low, 16)

    def caught_up(self) -> None:
        """Wait until the standby has all of it."""
        far = self.place(self.primary)
        wait_until(lambda: self.place(self.copy) >= far, "the standby catches up", seconds=5)

    def in_transaction(self, cluster: Cluster) -> int:
        """Return how many connections to the database are in the middle of something."""
        return int(
            cluster.psql(
                "SELECT count(*) FROM pg_stat_activity"
                f" WHERE datname = '{self.name}' AND state = 'idle in transaction'"
            )
        )

    @contextmanager
    def hanging(self, cluster: Cluster) -> Iterator[None]:
        """Let a cluster take what it is asked and answer nothing."""
        processes = cluster.processes()
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        yield
        for process in processes:
            os.kill(process, signal.SIGCONT)


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    """A primary, and a copy of it made as operators make one."""
    primary = Cluster(durable=False, synchronous_commit="on")
    primary.start()
    world = settle_both(books.ClusterOfDatabases(primary).new())
    copy = Cluster(durable=False, follows=primary)
    copy.start()
    yield Pair(primary, copy, world)
    copy.close()
    primary.close()


@pytest.fixture(autouse=True)
def following(pair: Pair) -> Iterator[None]:
    """Each test leaves a standby that follows."""
    yield
    pair.resume()


@pytest.fixture
async def store(pair: Pair, clock: Clock) -> AsyncIterator[PostgresStore]:
    store = await PostgresStore.open(pair.url, standby=pair.copys_url, clock=clock)
    yield store
    await store.close()


@pytest.fixture
def maths(store: PostgresStore, pair: Pair) -> Classroom:
    return Classroom(store, pair.world.lindenhof, "maths")


async def last_change(maths: Classroom) -> str:
    """Return the comment that the newest change in the history made."""
    page = await maths.store.history(*maths.key, HistoryQuery(limit=10_000))
    return page.changes[-1].change.new_comment


async def exported(maths: Classroom) -> set[str]:
    """Return the comments of an export of the district."""
    sheets = maths.store.export_marks(maths.key[0], MarkSelection())
    return {mark[3] async for sheet in sheets for mark in sheet.marks}


async def save(maths: Classroom, comment: str) -> None:
    await maths.save(("anna", MONDAY, ABSENT, comment))


async def answering(store: PostgresStore, pair: Pair) -> str:
    """Return which of the two answers a long read now, as that one says itself."""

    async def ask(db: Any) -> bool:
        copy: bool = await db.fetchval("SELECT pg_is_in_recovery()")
        return copy

    district_id = pair.world.lindenhof.district.id
    return "standby" if await store._long_reads.read(district_id, ask) else "primary"


# ---------------------------------------------------------------- nothing is missed


async def test_long_reads_are_answered_by_the_standby(
    store: PostgresStore, maths: Classroom, pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    """
    A standby that follows answers history and export, each time with what was saved just before.
    """
    for number in range(20):
        await save(maths, f"word {number}")
        assert await last_change(maths) == f"word {number}"
        assert f"word {number}" in await exported(maths)
        assert await answering(store, pair) == "standby"

    async for _ in store.export_marks(maths.key[0], MarkSelection()):
        assert pair.in_transaction(pair.copy) == 1
        assert pair.in_transaction(pair.primary) == 0
    assert caplog.messages == []


async def test_what_was_saved_is_seen_while_the_standby_stands_still(
    store: PostgresStore, maths: Classroom, pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    """
    Replay is paused: whoever saved reads it from the primary, which is told in the log, once.
    """
    await save(maths, "before")
    assert await answering(store, pair) == "standby"
    pair.pause()
    await save(maths, "own")

    assert await last_change(maths) == "own"
    assert "own" in await exported(maths)
    assert await answering(store, pair) == "primary"
    assert caplog.messages == ["the primary answers instead of the standby"]


async def test_what_another_machine_saved_is_seen_too(
    store: PostgresStore, maths: Classroom, pair: Pair, clock: Clock
) -> None:
    """
    The save went through another process, which this one never heard of.
    """
    assert await answering(store, pair) == "standby"
    pair.pause()
    elsewhere = await PostgresStore.open(pair.url, clock=clock)
    await save(Classroom(elsewhere, pair.world.lindenhof, "maths"), "from elsewhere")
    await elsewhere.close()

    assert await last_change(maths) == "from elsewhere"


async def test_without_the_question_it_would_be_missed(
    maths: Classroom, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    It is the question how far the standby has come that keeps the three tests above right.
    """
    monkeypatch.setattr(standby, "_come_up_to", _never_asked)
    await save(maths, "before")
    pair.caught_up()
    pair.pause()
    await save(maths, "own")

    assert await last_change(maths) == "before"
    assert "own" not in await exported(maths)


async def _never_asked(_db: object, _place: object) -> None:
    pass


async def test_a_standby_that_has_everything_answers_though_it_stands_still(
    store: PostgresStore, maths: Classroom, pair: Pair
) -> None:
    """
    What counts is that nothing is missing, not how the standby fares.
    """
    await save(maths, "last")
    pair.caught_up()
    pair.pause()

    assert await answering(store, pair) == "standby"
    assert await last_change(maths) == "last"


async def test_a_standby_that_is_a_moment_behind_is_waited_for(
    store: PostgresStore, maths: Classroom, pair: Pair
) -> None:
    """
    A read waits as long as a standby usually needs.
    """
    pair.pause()
    await save(maths, "soon")
    reading = asyncio.create_task(answering(store, pair))
    await asyncio.sleep(0.1)
    waited = not reading.done()
    await asyncio.to_thread(pair.resume)

    assert waited
    assert await reading == "standby"


async def test_what_is_not_flushed_yet_is_not_missed(
    maths: Classroom, pair: Pair, clock: Clock
) -> None:
    """
    Where commits do not wait for the disk, a save is acknowledged before any standby can have it.
    """
    store = await PostgresStore.open(pair.careless_url, standby=pair.copys_url, clock=clock)
    careless = Classroom(store, pair.world.lindenhof, "maths")
    for number in range(10):
        await save(careless, f"at once {number}")
        assert await last_change(careless) == f"at once {number}"
    await store.close()


async def test_a_standby_can_be_checked_itself(maths: Classroom, pair: Pair) -> None:
    """
    `rollbook check` with its address reads all of it there, and leaves the primary in peace.
    """
    await save(maths, "checked")
    pair.caught_up()
    config = Config(database=pair.copys_url)
    checked = books.aside(lambda: upkeep.check(config, progress=lambda *_: None))

    assert checked.findings == []
    assert checked.entries > 0


# ---------------------------------------------------------------- a standby that cannot


async def test_one_that_does_not_follow_costs_one_wait(
    store: PostgresStore, maths: Classroom, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    After one wait it is left alone for a while; when that is over and it follows, it answers.
    """
    monkeypatch.setattr(standby, "LEFT_ALONE_FOR", 0.8)
    pair.pause()
    await save(maths, "x")
    begun = time.monotonic()
    first = await answering(store, pair)
    waited = time.monotonic() - begun
    rest = [await answering(store, pair) for _ in range(20)]
    all_of_them = time.monotonic() - begun
    pair.resume()
    await asyncio.sleep(0.9)

    assert {first, *rest} == {"primary"}
    assert standby.COMES_WITHIN <= waited < standby.COMES_WITHIN + 0.4
    assert all_of_them - waited < 0.4
    assert await answering(store, pair) == "standby"


async def test_one_that_is_gone_is_done_without(
    store: PostgresStore,
    maths: Classroom,
    pair: Pair,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """
    Stopped, with connections to it at hand, it is missed by nobody; back again, it answers.
    """
    caplog.set_level("INFO", "rollbook.storage")
    monkeypatch.setattr(standby, "LEFT_ALONE_FOR", 0.0)
    await save(maths, "y")
    assert await answering(store, pair) == "standby"
    pair.copy.stop()
    gone = [await last_change(maths) for _ in range(3)]
    without = await answering(store, pair)
    pair.copy.start()

    assert gone == ["y"] * 3
    assert without == "primary"
    assert await answering(store, pair) == "standby"
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


async def test_one_that_hangs_is_done_without(
    store: PostgresStore, maths: Classroom, pair: Pair
) -> None:
    """
    A machine that takes requests and answers none costs the wait and no more.
    """
    await save(maths, "z")
    assert await answering(store, pair) == "standby"
    with pair.hanging(pair.copy):
        begun = time.monotonic()
        assert await last_change(maths) == "z"
        waited = time.monotonic() - begun

    # What was asked of it is called off, which takes up to a second where nobody answers.
    assert waited < standby.COMES_WITHIN + 1.5


async def test_one_that_fails_in_the_middle(
    store: PostgresStore, maths: Classroom, pair: Pair
) -> None:
    """
    A history is read again on the primary; an export, half of which is told, is refused in words.
    """
    await save(maths, "w")
    sheets = store.export_marks(maths.key[0], MarkSelection())
    await anext(sheets)
    asked = []

    async def cut_off_once(db: Any) -> int:
        asked.append(await db.fetchval("SELECT pg_is_in_recovery()"))
        if asked[-1]:
            pair.copy.kill_backends(database="book%")
        return int(await db.fetchval("SELECT 1"))

    assert await store._long_reads.read(maths.key[0], cut_off_once) == 1
    assert asked == [True, False]
    with pytest.raises(Unavailable, match="Begin again"):
        async for _ in sheets:
            pass


@pytest.mark.parametrize("what", ["nothing", "system", "timeline"])
async def test_only_a_standby_of_this_database_is_believed(pair: Pair, what: str) -> None:
    """
    One of another installation, or on another timeline, is none, however far its log is.
    """
    primary, copy = await asyncpg.connect(pair.url), await asyncpg.connect(pair.copys_url)
    place = dict(await primary.fetchrow(SQL.saved_up_to)) | {what: "2"}
    place.pop("nothing", None)
    pair.caught_up()
    row = await copy.fetchrow(SQL.has_come_up_to, *place.values())
    await primary.close()
    await copy.close()

    assert tuple(row) == (what == "nothing", True)


async def test_the_primary_is_no_standby_of_itself(pair: Pair, clock: Clock) -> None:
    """
    An address that names the primary twice is told at once, without a wait.
    """
    store = await PostgresStore.open(pair.url, standby=pair.url, clock=clock)
    begun = time.monotonic()
    await last_change(Classroom(store, pair.world.lindenhof, "maths"))
    waited = time.monotonic() - begun
    used = store._long_reads._is_used
    await store.close()

    assert not used
    assert waited < standby.COMES_WITHIN


@only_long
async def test_one_that_was_left_behind_by_a_promotion_is_not_believed(
    pair: Pair, clock: Clock
) -> None:
    """
    A standby that follows a former primary has come further by number, and lacks what was saved.
    """
    behind = Cluster(durable=False, follows=pair.primary)
    behind.start()
    promoted = Cluster(durable=False, follows=pair.primary)
    promoted.start()
    promoted.psql("SELECT pg_promote()")
    former = await PostgresStore.open(pair.url, clock=clock)
    for number in range(200):  # the former primary goes on: its log gets longer
        await save(Classroom(former, pair.world.lindenhof, "maths"), f"lost {number}")
    await former.close()
    name = pair.name
    store = await PostgresStore.open(promoted.url(name), standby=behind.url(name), clock=clock)
    maths = Classroom(store, pair.world.lindenhof, "maths")
    await save(maths, "kept")
    seen = await last_change(maths)
    further = pair.place(behind) > pair.place(promoted)
    await store.close()
    promoted.close()
    behind.close()

    assert further
    assert seen == "kept"
