"""Two instances on one PostgreSQL: what holds over both, and a rolling restart of them (A21)."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import books
from clusters import Cluster, binaries
from faults import figures
from faults.asking import Answer, Asking, body_of, headers_of, path_of
from faults.check import Findings, look_at
from faults.elsewhere import ledger_elsewhere
from faults.ground import prepare_in_cluster
from faults.server import Server
from faults.storm import DAYS, Storm


class Machines:
    """A database, and instances of the server on it that know nothing else of each other."""

    def __init__(self, database: books.Database, folder: Path) -> None:
        self.database = database
        self.ground = prepare_in_cluster(database, folder)
        self.servers: list[Server] = []

    def start(self, count: int = 2, **options: str) -> None:
        """Start so many instances."""
        for _ in range(count):
            server = Server(self.ground.database, **options)  # type: ignore[arg-type]
            server.environ["ROLLBOOK_DATABASE"] = self.database.url
            self.servers.append(server)
            server.start()

    @property
    def ports(self) -> list[int]:
        """Where they are."""
        return [server.port for server in self.servers]

    @property
    def asking(self) -> Asking:
        """Somebody who asks them."""
        return Asking(self.ports, self.ground.key, patience=20)

    def close(self) -> None:
        """Kill what is left of them."""
        for server in self.servers:
            if server.process is not None and server.process.poll() is None:
                server.kill()


@pytest.fixture
def machines(databases: books.ClusterOfDatabases, tmp_path: Path) -> Iterator[Machines]:
    """A district in a database of the test's own; no instance runs yet."""
    machines = Machines(databases.new(), tmp_path)
    yield machines
    machines.close()


# ---------------------------------------------------------------- A21


def restart_each(
    machines: Machines, times: int, end: Callable[[Server], object]
) -> tuple[Storm, int, Findings]:
    """End one instance and start it again, then the other, in a storm that goes to both."""
    with ledger_elsewhere() as ledger:
        storm = Storm(machines.ports, machines.ground.key, machines.ground.students, ledger)
        with storm:
            for number in range(times):
                time.sleep(0.5)
                server = machines.servers[number % len(machines.servers)]
                end(server)
                server.start()
            time.sleep(0.3)
        return storm, ledger.acknowledged, look_at(machines.ground, ledger)


def failures(storm: Storm) -> list[tuple[int, bytes]]:
    """Return every answer that is none."""
    answers = [*storm.saving, *storm.reading]
    return [(answer.status, answer.body) for answer in answers if answer.status != 200]


def test_a_rolling_restart_loses_no_request(machines: Machines) -> None:
    """
    SIGTERM to one, a start, SIGTERM to the other: every request is answered with 200.
    """
    times = figures.long_or_short(20, 2)
    machines.start()
    storm, acknowledged, findings = restart_each(machines, times, Server.stop)
    failed = failures(storm)
    figures.note(
        "A21",
        "rolling restart of two instances in a storm",
        times=times,
        acknowledged=acknowledged,
        readings=storm.answers,
        failures=len(failed),
        lost=len(findings.lost),
        half=len(findings.half),
        unheard=len(findings.unheard),
    )

    assert failed == []
    assert findings.all == []
    assert findings.unheard == []
    assert storm.unexpected == []
    assert acknowledged > 10 * times


@figures.only_long
def test_killing_them_one_after_the_other_does(machines: Machines) -> None:
    """
    The guard off: with SIGKILL for SIGTERM some requests fail.
    """
    machines.start()
    storm, _, findings = restart_each(machines, 4, Server.kill)

    assert failures(storm) != []
    assert findings.lost == []


# ---------------------------------------------------------------- F5


def put_everywhere(
    machines: Machines, section: int, body: bytes, all_headers: Sequence[dict[str, str]]
) -> list[Answer]:
    """Send a save with each of these headers to every instance, all at once."""
    asking, path = machines.asking, path_of(section)

    def send(each: tuple[int, dict[str, str]]) -> Answer:
        port, headers = each
        return asking.send(port, "PUT", path, body, headers)

    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(send, [(p, h) for h in all_headers for p in machines.ports]))


def statuses(answers: Sequence[Answer]) -> Counter[int]:
    return Counter(answer.status for answer in answers)


def save_of(machines: Machines) -> tuple[int, bytes]:
    """Return a section, and a body that saves one student's mark in it."""
    section, (student, *_) = machines.ground.students["w0"]
    return section, body_of([((DAYS[0], student), 2)], "once")


def entries(machines: Machines) -> int:
    ((count,),) = machines.database.sql("SELECT count(*) FROM record")
    return int(count)


def test_a_signed_request_is_good_once_on_all_machines(machines: Machines) -> None:
    """
    A hundred times at once over two instances, and again after both were killed: one 200. The
    same save signed anew is fine, and changes nothing.
    """
    machines.start()
    section, body = save_of(machines)
    headers = headers_of(machines.ground.key)
    at_once = put_everywhere(machines, section, body, [headers] * 50)
    for server in machines.servers:
        server.kill()
        server.start()
    later = put_everywhere(machines, section, body, [headers] * 2)
    anew = put_everywhere(
        machines, section, body, [headers_of(machines.ground.key) for _ in range(4)]
    )

    assert statuses(at_once) == {200: 1, 401: 99}
    assert statuses(later) == {401: 4}
    assert statuses(anew) == {200: 4, 401: 4}
    assert entries(machines) == 1


@figures.only_long
def test_without_the_nonces_it_is_good_again(machines: Machines) -> None:
    """
    The guard off: whoever takes every nonce for a new one lets all of them in.
    """
    machines.start(breaks="replay")
    section, body = save_of(machines)
    headers = headers_of(machines.ground.key)

    assert statuses(put_everywhere(machines, section, body, [headers] * 5)) == {200: 10}


def test_after_a_crash_of_the_database_it_is_not_good_again(tmp_path: Path) -> None:
    """
    The used nonces are gone then: what is dated before it is not taken; what is signed anew is.
    """
    if not binaries():
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    cluster = Cluster(durable=False)
    machines = None
    try:
        cluster.start()
        machines = Machines(books.ClusterOfDatabases(cluster).new(), tmp_path)
        machines.start()
        section, body = save_of(machines)
        used = headers_of(machines.ground.key)
        assert statuses(put_everywhere(machines, section, body, [used])) == {200: 1, 401: 1}
        cluster.restart("kill")
        again = put_everywhere(machines, section, body, [used] * 10)
        deadline = time.monotonic() + 20
        while machines.asking.get(section).status != 200:
            assert time.monotonic() < deadline, "nobody is let in any more"
            time.sleep(0.2)
        later = put_everywhere(machines, section, body, [used])
    finally:
        if machines:
            machines.close()
        cluster.close()

    assert set(statuses(again)) <= {401, 503}
    assert set(statuses(later)) <= {401, 503}


def test_of_those_who_saw_the_same_one_saves(machines: Machines) -> None:
    """
    If-Match holds over both instances: of six saves one is taken, and the record has no other.
    """
    machines.start()
    section, body = save_of(machines)
    expected = {"If-Match": '"0-j"'}
    all_headers = [headers_of(machines.ground.key) | expected for _ in range(6)]
    answers = put_everywhere(machines, section, body, all_headers)

    # Each is sent to both: to one of them it is a repetition.
    assert statuses(answers) == {200: 1, 412: 5, 401: 6}
    assert entries(machines) == 1


# ---------------------------------------------------------------- B10


def flood(machines: Machines, seconds: float) -> tuple[list[Answer], list[Answer]]:
    """Read as often as it goes with one key; return what came early, and later."""
    asking, (section, _) = machines.asking, machines.ground.students["w0"]
    begun = time.monotonic()

    def read(_: int) -> list[Answer]:
        found = []
        while time.monotonic() < begun + seconds:
            found.append(asking.get(section))
        return found

    with ThreadPoolExecutor(4) as pool:
        answers = [answer for found in pool.map(read, range(4)) for answer in found]
    early = [answer for answer in answers if answer.begun < begun + 2]
    return early, [answer for answer in answers if answer.begun >= begun + 2]


@figures.only_long  # its times are those of a machine to itself
def test_a_key_has_one_rate_on_all_machines(machines: Machines) -> None:
    """
    What four workers of two instances let through in the first moment is made up for by all.
    """
    machines.start(ROLLBOOK_KEY_RATE="1")
    early, later = flood(machines, 5)

    assert statuses(early)[200] >= 20
    assert statuses(later).keys() == {429}
