import asyncio
import contextlib
import multiprocessing
import os
import select
import shutil
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cast import MONDAY, TUESDAY, Cast
from conftest import Clock, World
from contract.classroom import ABSENT, LATE, Classroom
from rollbook.domain.accounts import Account, Link, LinkPurpose, Session
from rollbook.domain.attendance import Entry, Unreadable
from rollbook.domain.errors import RollbookError, RollRefused, Unavailable
from rollbook.domain.people import ApiKey, Role, User
from rollbook.domain.record import Author, Channel
from rollbook.domain.store import SaveMarks, TakeRoll
from rollbook.storage.sqlite import SqliteStore, changes, counter
from rollbook.storage.sqlite.account_changes import (
    ChangeAccount,
    CloseSession,
    CloseSessions,
    CreateAccount,
    CreateLink,
    OpenSession,
    SweepAccounts,
    TouchSession,
    UseLink,
)
from rollbook.storage.sqlite.changes import (
    COMMANDS,
    ChangeDistrict,
    ChangeKey,
    ChangeUser,
    Command,
    CreateDistrict,
    CreateKey,
    CreateUser,
    NoteUseOfKey,
    TryWriting,
)
from rollbook.storage.sqlite.counter import GROUP_MAX, Counter, Line, listen
from rollbook.storage.sqlite.writer import Writer
from storage.counted import Counted
from storage.handing_in import hand_in
from storage.holding import held_by_another
from storage.record_book import first_break, record_of

SPAWN = multiprocessing.get_context("spawn")


class Desk:
    """A counter that serves in a thread of this process, where its commits can be counted."""

    def __init__(self, path: Path, place: Path, clock: Clock) -> None:
        self.place = place
        self.commits = Counted()
        self._writer = Writer(path, clock)
        self._writer.db.set_commit_hook(self._before_commit)
        self._go_on = threading.Event()
        self._go_on.set()
        self._listener = listen(place)
        until, self._line = multiprocessing.Pipe(duplex=False)
        served = Counter(self._writer, self._listener)
        self._thread = threading.Thread(target=served.serve, args=(until,), daemon=True)
        self._until = until
        self._thread.start()

    def _before_commit(self) -> bool:
        self._go_on.wait(10)
        return self.commits()

    @contextlib.contextmanager
    def waiting_for_the_disk(self) -> Iterator[None]:
        """Let no commit end inside."""
        self._go_on.clear()
        try:
            yield
        finally:
            self._go_on.set()

    def stop(self) -> None:
        """Tell it to stop, and wait until it has."""
        self._line.close()
        self._thread.join(10)
        assert not self._thread.is_alive()
        self._until.close()
        self._writer.close()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the counter is."""
    return tmp_path / "counter"


@pytest.fixture
def desk(world: World, place: Path, clock: Clock) -> Iterator[Desk]:
    desk = Desk(world.path, place, clock)
    yield desk
    desk.stop()


@pytest.fixture
async def line(desk: Desk) -> AsyncIterator[Line]:
    """A line to the counter in this process."""
    line = Line(desk.place)
    yield line
    line.close()
    await asyncio.sleep(0)


@pytest.fixture
def maths(store: SqliteStore, world: World) -> Classroom:
    """Maths, as a reader sees it."""
    return Classroom(store, world.lindenhof, "maths")


def saving(maths: Classroom, comment: str = "", **options: Any) -> SaveMarks:
    """Return the command that marks Anna absent."""
    return SaveMarks(
        district_id=maths.key[0],
        section_id=maths.id,
        entries=maths.entries(("anna", MONDAY, ABSENT, comment)),
        author=maths.author("bob"),
        **options,
    )


async def settled(awaitable: Awaitable[Any]) -> Any:
    """Return what comes of it: a result, or the error."""
    try:
        return await asyncio.wait_for(awaitable, 10)
    except RollbookError as error:
        return type(error), error.facts, str(error)


# ---------------------------------------------------------------- the same as without it


def commands(cast: Cast) -> dict[str, Command]:
    """Return commands of every kind, that go well and that are refused."""
    district_id, section_id = cast.district.id, cast.sections["maths"]
    author = Author(
        user_id=cast.users["alice"],
        on_behalf_of=cast.users["bob"],
        channel=Channel.API,
        request_id="request 1",
    )
    anna, hugo = cast.enrollments["anna"], cast.enrollments["hugo"]
    save = SaveMarks(
        district_id=district_id,
        section_id=section_id,
        entries=[
            Entry(anna, MONDAY, ABSENT, "ill"),
            Unreadable("no", 7, MONDAY),
            Unreadable("?"),
        ],
        author=author,
    )
    roll = TakeRoll(
        district_id=district_id,
        section_id=section_id,
        date=TUESDAY,
        exceptions=[Entry(anna, TUESDAY, LATE)],
        author=author,
    )
    person = User(id=0, role=Role.STAFF, name_first="Jo", name_last="Doe", sourced_id="jo")
    key = ApiKey(
        key="c" * 40,
        district_id=district_id,
        user_id=cast.users["anna"],
        sealed_secret=bytes(range(256)),
        former_sealed_secret=b"former",
    )
    change = msgspec.structs.replace
    bob, dora = (
        Account(district_id=district_id, user_id=cast.users[name], login=name)
        for name in ("bob", "dora")
    )
    whose: dict[str, Any] = {"district_id": district_id, "user_id": cast.users["bob"]}
    session = Session(digest=bytes(range(32)), begun_at="", seen_at="", **whose)
    link = Link(digest=b"link", purpose=LinkPurpose.RESET, expires_at="2027", **whose)
    return {
        "save": save,
        "save atomically": change(save, atomic=True),
        "save on a stale version": change(save, if_version=(7, 8)),
        "save in an unknown section": change(save, section_id=7),
        "take a roll": roll,
        "take a roll that is refused": change(roll, exceptions=[Entry(hugo, TUESDAY, LATE)]),
        "create a district": CreateDistrict("Bergdorf", "America/Chicago"),
        "create a district again": CreateDistrict("Lindenhof", "UTC"),
        "change a district": ChangeDistrict(change(cast.district, powerschool=True)),
        "change an unknown district": ChangeDistrict(change(cast.district, id=99)),
        "create a person": CreateUser(district_id, person),
        "create a person again": CreateUser(district_id, change(person, sourced_id="anna")),
        "change a person": ChangeUser(district_id, change(person, id=cast.users["ida"])),
        "change an unknown person": ChangeUser(district_id, person),
        "create an account": CreateAccount(bob),
        "create an account again": CreateAccount(bob),
        "create an account with that login": CreateAccount(change(dora, login="bob")),
        "change an account": ChangeAccount(bob, change(bob, subject="s"), ends_sessions=True),
        "change what is no longer so": ChangeAccount(bob, bob, ends_sessions=False),
        "open a session": OpenSession(session),
        "open a session of nobody": OpenSession(change(session, user_id=7)),
        "touch a session": TouchSession(district_id, session.digest, "2026"),
        "close a session": CloseSession(district_id, session.digest),
        "close sessions": CloseSessions(district_id, cast.users["bob"]),
        "create a link": CreateLink(link),
        "use a link": UseLink(district_id, b"link", "2026"),
        "use a link again": UseLink(district_id, b"link", "2026"),
        "sweep": SweepAccounts(district_id, "2026", "2026", "2026"),
        "create a key": CreateKey(key),
        "create a key again": CreateKey(change(key, key=cast.keys["bob"])),
        "change a key": ChangeKey(change(key, key=cast.keys["bob"])),
        "change an unknown key": ChangeKey(key),
        "note that a key was used": NoteUseOfKey(district_id, cast.keys["bob"], MONDAY),
        "note that of an unknown key": NoteUseOfKey(district_id, key.key, MONDAY),
        "try writing": TryWriting(),
    }


async def test_the_counter_does_what_a_writer_here_does(
    world: World, line: Line, clock: Clock, tmp_path: Path
) -> None:
    """
    Each command comes to the same through the line as in this process: result, error and facts.
    """
    beside = tmp_path / "beside.db"
    shutil.copy(world.path, beside)
    writer = Writer(beside, clock)

    async def here(command: Command) -> Any:
        return writer.one(command)

    asked = commands(world.lindenhof)
    away = {name: await settled(line(command)) for name, command in asked.items()}
    near = {name: await settled(here(command)) for name, command in asked.items()}
    writer.close()

    assert away == near
    assert {type(command) for command in asked.values()} == set(COMMANDS)


async def test_a_refused_roll_comes_back_with_its_answers(world: World, line: Line) -> None:
    """
    Whoever asked for all or nothing learns across the line which entry was refused, and why.
    """
    asked = commands(world.lindenhof)["save atomically"]
    with pytest.raises(RollRefused) as refusal:
        await line(asked)

    assert refusal.value.facts[:2] == (2, 3)
    assert [answer.response_code for answer in refusal.value.answers] == [200, 400, 400]
    assert [answer.message for answer in refusal.value.answers] == [None, "no", "?"]
    assert refusal.value.answers[1].enrollment_id == 7


async def test_a_store_writes_through_the_line(world: World, line: Line, clock: Clock) -> None:
    """
    A store that is given a line has no writer of its own, and reads what was handed in.
    """
    store = SqliteStore(world.path, writing=line, clock=clock)
    maths = Classroom(store, world.lindenhof, "maths")
    await maths.save(("anna", MONDAY, ABSENT, "ill"))
    await maths.take_roll(TUESDAY)
    listed = await maths.listed()
    await store.close()

    assert listed == [("anna", MONDAY, ABSENT, "ill")]
    assert store._writer is None


async def test_what_cannot_be_sent_disturbs_nobody(maths: Classroom, line: Line) -> None:
    """
    A command that fits into no message fails where it was made; the line goes on.
    """
    with pytest.raises(UnicodeEncodeError):
        await line(saving(maths, "\ud800"))

    assert (await line(saving(maths))).version == 1


# ---------------------------------------------------------------- sharing commits


async def test_what_comes_in_meanwhile_shares_a_commit(desk: Desk, maths: Classroom) -> None:
    """
    While one commit waits for the disk, the commands of all lines gather for the next.
    """
    lines = [Line(desk.place) for _ in range(8)]
    await asyncio.gather(*(line(saving(maths)) for line in lines))
    before = desk.commits.number
    with desk.waiting_for_the_disk():
        tasks = [asyncio.create_task(lines[0](saving(maths, "the first")))]
        await asyncio.sleep(0.1)
        for number in range(48):
            command = saving(maths, f"number {number}")
            tasks.append(asyncio.create_task(lines[number % 8](command)))
        await asyncio.sleep(0.1)
    saves = await asyncio.gather(*tasks)
    for line in lines:
        line.close()

    assert sorted(saved.version for saved in saves) == list(range(2, 51))
    assert desk.commits.number - before == 2


async def test_a_commit_is_shared_by_so_many_and_no_more(desk: Desk, maths: Classroom) -> None:
    """
    However many wait, the first of them does not wait for all: a group has an upper bound.
    """
    line = Line(desk.place)
    await line(saving(maths))
    before = desk.commits.number
    with desk.waiting_for_the_disk():
        tasks = [asyncio.create_task(line(saving(maths, "the first")))]
        await asyncio.sleep(0.1)
        tasks += [
            asyncio.create_task(line(saving(maths, f"number {number}")))
            for number in range(GROUP_MAX + 1)
        ]
        await asyncio.sleep(0.1)
    await asyncio.gather(*tasks)
    line.close()

    assert desk.commits.number - before == 3


async def test_whoever_waits_for_a_held_file_waits_once(
    desk: Desk, line: Line, world: World, maths: Classroom
) -> None:
    """
    Who came in while the writer waited for another program is refused with those before it.
    """
    await line(saving(maths))
    desk._writer.db.set_busy_timeout(1000)
    with held_by_another(world.path):
        begun = time.monotonic()
        first = asyncio.create_task(settled(line(saving(maths, "the first"))))
        await asyncio.sleep(0.2)
        later = [settled(line(saving(maths, str(number)))) for number in range(3)]
        outcomes = await asyncio.gather(first, *later)
        took = time.monotonic() - begun

    assert [outcome[0] for outcome in outcomes] == [Unavailable] * 4
    assert 0.8 < took < 1.7
    assert (await line(saving(maths, "after"))).version == 2


# ---------------------------------------------------------------- those who do not behave


async def test_a_worker_that_hangs_up_loses_nobody_else_s_answer(
    desk: Desk, line: Line, maths: Classroom
) -> None:
    """
    A worker that dies before its answer is written does not disturb the others.
    """
    await line(saving(maths))
    dying = Line(desk.place)
    with desk.waiting_for_the_disk():
        task = asyncio.create_task(dying(saving(maths, "of the dying")))
        await asyncio.sleep(0.1)
        dying.close()
        outcome = await settled(task)
        other = asyncio.create_task(line(saving(maths, "of the living")))
        await asyncio.sleep(0.1)

    assert outcome[0] is Unavailable
    assert (await other).version == 3
    assert (await maths.listed())[0][3] == "of the living"


async def test_a_worker_that_takes_no_answers_does_not_stop_the_others(
    desk: Desk, line: Line, maths: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A worker that stands still is hung up on after a while; the others go on being served.
    """
    monkeypatch.setattr(counter, "PATIENCE", 0.2)
    loud = saving(maths, atomic=True)
    loud = msgspec.structs.replace(loud, entries=[Unreadable("x" * 500)] * 5000)
    still = socket.socket(socket.AF_UNIX)
    still.connect(str(desk.place))
    still.sendall(counter._framed(counter._encode((1, loud))))
    saved = await asyncio.wait_for(line(saving(maths)), 5)
    still.close()

    assert saved.version == 1


async def test_a_worker_that_leaves_its_answers_disturbs_nobody(
    desk: Desk, line: Line, maths: Classroom
) -> None:
    """
    A worker that is gone before it read its answer is hung up on; the others are served.
    """
    rude = socket.socket(socket.AF_UNIX)
    rude.connect(str(desk.place))
    rude.sendall(counter._framed(counter._encode((1, saving(maths, "unread")))))
    await asyncio.to_thread(select.select, [rude], [], [], 5)
    rude.close()
    saved = await line(saving(maths, "after it"))

    assert saved.version == 2


async def test_who_calls_first_shares_the_line(desk: Desk, maths: Classroom) -> None:
    """
    Commands that come while the line is being dialled all go over the one that is.
    """
    line = Line(desk.place)
    saves = await asyncio.gather(*(line(saving(maths, str(n))) for n in range(5)))
    line.close()

    assert sorted(saved.version for saved in saves) == [1, 2, 3, 4, 5]


async def test_who_no_longer_waits_is_not_answered(desk: Desk, maths: Classroom) -> None:
    """
    A command whose sender gave up is carried out, and the line goes on being good.
    """
    line = Line(desk.place)
    await line(saving(maths))
    with desk.waiting_for_the_disk():
        task = asyncio.create_task(line(saving(maths, "given up")))
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    again = await line(saving(maths, "given up"))
    line.close()

    assert (again.version, again.changed) == (2, 0)


def test_only_we_may_hand_in(desk: Desk) -> None:
    """
    The place of the counter can be entered by its owner and nobody else.
    """
    assert desk.place.stat().st_mode & 0o777 == 0o600


# ---------------------------------------------------------------- a process of its own


class Office:
    """The writer as a process of its own, as it runs behind a server."""

    def __init__(self, path: Path, place: Path) -> None:
        self._path = path
        self._place = place
        self.start()

    def start(self) -> None:
        """Start it, or start it again."""
        until, self._line = SPAWN.Pipe(duplex=False)
        self.process = SPAWN.Process(target=counter.work, args=(self._path, self._place, until))
        self.process.start()
        until.close()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.join()
        self._line.close()

    def stop(self) -> None:
        """Tell it to stop, and wait until it has."""
        self._line.close()
        self.process.join(30)


@pytest.fixture
def office(world: World, place: Path) -> Iterator[Office]:
    office = Office(world.path, place)
    yield office
    office.kill()


async def until_it_answers(call: Callable[[], Awaitable[Any]]) -> Any:
    """Ask again while the writer is starting."""
    end = time.monotonic() + 30
    while True:
        try:
            return await call()
        except Unavailable:
            assert time.monotonic() < end
            await asyncio.sleep(0.02)


async def test_a_killed_writer_is_told_to_those_who_wait(
    office: Office, place: Path, maths: Classroom
) -> None:
    """
    Who waits for a writer that dies learns that nobody knows; the next command dials again.
    """
    line = Line(place)
    await until_it_answers(lambda: line(saving(maths)))
    office.signal(signal.SIGSTOP)
    waiting = [asyncio.create_task(settled(line(saving(maths, f"w{n}")))) for n in range(3)]
    await asyncio.sleep(0.1)
    office.kill()
    outcomes = await asyncio.wait_for(asyncio.gather(*waiting), 10)
    away = await settled(line(saving(maths)))
    office.start()
    again = await until_it_answers(lambda: line(saving(maths, "again")))
    line.close()

    assert [outcome[0] for outcome in outcomes] == [Unavailable] * 3
    assert away[0] is Unavailable
    assert again.version == 2
    assert [comment for *_, comment in await maths.listed()] == ["again"]


async def test_a_writer_stops_when_its_starter_does(
    office: Office, place: Path, maths: Classroom
) -> None:
    """
    The writer does not mind signals that a service manager sends to all, and leaves when told.
    """
    line = Line(place)
    await until_it_answers(lambda: line(saving(maths)))
    office.signal(signal.SIGTERM)
    office.signal(signal.SIGINT)
    saved = await line(saving(maths, "still here"))
    office.stop()
    line.close()

    assert saved.version == 2
    assert office.process.exitcode == 0


async def test_many_processes_never_find_the_file_locked(
    office: Office, world: World, place: Path, maths: Classroom
) -> None:
    """
    200 queues of ten saves from four processes are all carried out, in one unbroken record.
    """
    line = Line(place)
    await until_it_answers(lambda: line(saving(maths)))
    line.close()
    wanted = [[f"queue {queue}, save {save}" for save in range(10)] for queue in range(200)]
    queues = [[saving(maths, comment) for comment in queue] for queue in wanted]
    with ProcessPoolExecutor(4, SPAWN) as pool:
        handed = [pool.submit(hand_in, place, queues[part::4]) for part in range(4)]
        problems = [problem for future in handed for problem in future.result(60)]
    entries = record_of(world.path, maths.key)
    comments = [entry.changes[0].new_comment for entry in entries[1:]]

    assert problems == []
    assert first_break(entries) is None
    assert sorted(comments) == sorted(comment for queue in wanted for comment in queue)
    assert [comment for *_, comment in await maths.listed()] == comments[-1:]


# ---------------------------------------------------------------- messages


@given(st.lists(st.binary(max_size=40), max_size=8), st.data())
def test_messages_arrive_however_they_are_cut(
    messages: list[bytes], data: st.DataObject
) -> None:
    """
    Bytes that come in pieces of any size are the messages that were sent, in their order.
    """
    sent = b"".join(map(counter._framed, messages))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=6)))
    pieces = [sent[a:b] for a, b in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
    frames = counter._Frames()

    assert [message for piece in pieces for message in frames.feed(piece)] == messages


def test_each_command_says_how_it_is_read_on_the_other_side() -> None:
    """
    Every command that the line may carry has its place in the table of what carries it out.
    """
    assert set(COMMANDS) == set(changes.Command.__args__)
