"""Two servers on one PostgreSQL behind the proxies of `deploy/several/`."""

import http.client
import ssl
import threading
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

import books
from conftest import World
from faults import figures
from faults.asking import Answer, Asking
from faults.server import free_port
from live.house import House, wait_until
from live.test_proxies import DEPLOY, caddy, nginx, running

SAVERS = 4
SETTINGS = tomllib.loads((DEPLOY / "several" / "rollbook.toml").read_text())


class Two(msgspec.Struct):
    """Both, and where they are reached."""

    proxy: str
    port: int
    machines: list[House]


class Through(Asking):
    """Asks by https, whoever vouches for the certificate."""

    def _line(self, port: int) -> http.client.HTTPConnection:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=context)


@pytest.fixture(
    params=[
        pytest.param((nginx, "nginx.conf"), id="nginx"),
        pytest.param((caddy, "Caddyfile"), id="caddy", marks=figures.only_long),
    ]
)
def two(
    request: pytest.FixtureRequest,
    databases: books.ClusterOfDatabases,
    settled_in_cluster: World,
    certificate: tuple[Path, Path],
    tmp_path: Path,
) -> Iterator[Two]:
    """Each proxy in turn, with two servers behind it."""
    kind, file = request.param
    database = databases.copy(settled_in_cluster.book)
    ports = free_port(), free_port()
    machines = []
    for name in ("api1", "api2"):
        (tmp_path / name).mkdir()
        house = House(
            tmp_path / name / "unused.db",
            settled_in_cluster.lindenhof,
            trusted_proxies="127.0.0.1/32",
            public_url=f"https://127.0.0.1:{ports[0]}",
            workers="1",
            # nginx does without: it asks the other one when somebody has hung up
            drain_time=str(SETTINGS["drain_time"] if kind is caddy else 0),
        )
        house.environ |= {
            "ROLLBOOK_DATABASE": database.url,
        }
        house.start()
        machines.append(house)
    upstreams = {
        f"api{number}:8460": f"127.0.0.1:{house.port}"
        for number, house in enumerate(machines, 1)
    }
    try:
        with running(
            kind, ports, certificate, tmp_path / "proxy", upstreams, f"several/{file}"
        ):
            yield Two(kind.__name__, ports[0], machines)
    finally:
        for house in machines:
            if house.process is not None and house.process.poll() is None:
                house.kill()


def saves_during(two: Two, happening: Callable[[], None]) -> list[Answer]:
    """Return what became of the saves that were sent while something happened."""
    cast = two.machines[0].cast
    over = threading.Event()
    answers: list[Answer] = []

    def save() -> None:
        asking, status = Through(two.port, cast.keys["alice"]), 1
        while not over.is_set():
            mark = {("2026-09-14", cast.enrollments["anna"]): status}
            answers.append(asking.put(cast.sections["maths"], mark))
            status = status % 4 + 1

    savers = [threading.Thread(target=save) for _ in range(SAVERS)]
    for saver in savers:
        saver.start()
    try:
        happening()
    finally:
        over.set()
        for saver in savers:
            saver.join(timeout=40)
    return answers


def counted(answers: list[Answer]) -> Counter[tuple[int, bytes]]:
    return Counter((each.status, b"" if each.status == 200 else each.body) for each in answers)


def test_one_after_the_other_is_restarted_and_no_save_is_refused(two: Two) -> None:
    """
    Who is in hand is answered, and whoever comes meanwhile is answered by the other one.
    """

    def restart_both() -> None:
        for _ in range(figures.long_or_short(3, 1)):
            for house in two.machines:
                time.sleep(0.3)
                assert house.stop() == 0
                house.start()
                time.sleep(3)  # until the proxy has seen it

    answers = saves_during(two, restart_both)

    assert {answer.status for answer in answers} == {200}, counted(answers)
    assert len(answers) > 20


def test_one_that_is_killed_is_gone_round(two: Two) -> None:
    """
    What it had in hand may be refused, and saving goes on with the other one. With none left the
    proxy says so, and goes on by itself when one is back.
    """
    died_at = []

    def kill_one() -> None:
        time.sleep(0.5)
        two.machines[0].kill()
        died_at.append(time.monotonic())
        time.sleep(4)

    answers = saves_during(two, kill_one)
    refused = [answer for answer in answers if answer.status != 200]
    later = {answer.status for answer in answers if answer.begun > died_at[0] + 2.5}

    assert len(refused) <= 2 * SAVERS, counted(answers)
    assert later == {200}, counted(answers)

    cast = two.machines[0].cast
    asking = Through(two.port, cast.keys["alice"])
    two.machines[1].kill()
    assert asking.get(cast.sections["maths"]).status in {502, 503}
    two.machines[1].start()
    wait_until(lambda: asking.get(cast.sections["maths"]).status == 200, "it answers again", 12)
