"""
The second half of docs/operations.md, typed on machines of our own, and what happens to them then.

`test_several.py` starts this in namespaces of its own, in a folder with `dist/` in it; what it
found goes to standard output as JSON.
"""

import asyncio
import itertools
import json
import re
import ssl
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any

import cast
from conftest import REPOSITORY
from deploy.machines import DISKS, Machine, prepare
from deploy.test_operations import PAGE, typed
from faults.asking import Answer, Asking
from faults.check import hold_against
from faults.elsewhere import ledger_elsewhere
from faults.ground import Ground, prepare_in
from faults.storm import Ledger, Storm
from rollbook.storage.postgres import PostgresStore
from rollbook.storage.queries import numbered

NAME = "attendance.example.org"
# Caddy would fetch a certificate, and nobody here gives it one: it gets the one that nginx has.
OWN_CERTIFICATE = (
    f"install -o caddy -m 0600 /etc/ssl/rollbook/*.pem /var/lib/caddy/; sed -i"
    f" 's|^{NAME} {{|&\\n\\ttls /var/lib/caddy/fullchain.pem /var/lib/caddy/key.pem|'"
    " /etc/caddy/Caddyfile"
)
PATRONICTL = "patronictl --config-file /etc/patroni/config.yml"
_LINES = re.MULTILINE | re.DOTALL
BLOCK = re.compile(r"^```sh ([a-z0-9 ]+)\n(.*?)^```$", _LINES)


KINDS = {"or", "earnest", "upgrade", "back", "minor"}  # blocks that are not typed in their turn


class Network:
    """The five machines, and the page that is typed on them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        tools = Path(tempfile.mkdtemp())
        tools.chmod(0o755)
        (tools / "python3").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        (tools / "apt-get").write_text("#!/bin/sh\n")
        for tool in ("python3", "apt-get"):
            (tools / tool).chmod(0o755)
        prepare(tools)
        self._machines = {
            name: Machine(name, tools) for name in ("web", "api1", "api2", "db1", "db2")
        }
        for machine in self._machines.values():
            machine.types(f"cp -r {REPOSITORY}/deploy/several {folder}/dist /root/")

    def __getitem__(self, name: str) -> Machine:
        return self._machines[name]

    def follow(self, heading: str, kind: str = "", moment: str = "") -> None:
        """Type a chapter's blocks of a kind, each on the machines that it names."""
        for words, block in BLOCK.findall(chapter(heading)):
            kinds = [word for word in words.split() if word not in self._machines]
            for name in words.split():
                if name in self._machines and kinds == ([kind] if kind else []):
                    say(f"{heading}: {name}")
                    text = re.sub("2026-11-26 10:59:59[+]00", moment, typed(block))
                    text = text.replace("caddy validate", f"{OWN_CERTIFICATE}\ncaddy validate")
                    self._machines[name].types(text)

    def keep_logs(self) -> None:
        """Leave what all services said in the folder."""
        place = self._folder / "logs"
        place.mkdir()
        for machine in self._machines.values():
            machine.keep_logs(place)

    def primary(self) -> Machine:
        """Return the machine that takes saves now."""
        for name in ("db1", "db2"):
            asked = f"curl -sf -o /dev/null http://{name}:8008/primary && echo yes || true"
            if "yes" in self._machines["web"].types(asked):
                return self._machines[name]
        raise AssertionError("there is no primary")

    def until_in_step(self) -> None:
        """Wait until there is a standby that may take over."""
        for _ in range(240):
            if "Sync Standby" in self._list():
                return
            time.sleep(0.5)
        raise AssertionError(self._list())

    def standby(self) -> Machine:
        """Return the machine that would take over now."""
        (name,) = {"db1", "db2"} - {self.primary().name}
        return self._machines[name]

    def until_primary(self, name: str) -> None:
        """Have this one be the primary, with a standby in step."""
        self.until_in_step()
        now = self.primary()
        if now.name != name:
            now.types(f"{PATRONICTL} switchover rollbook --candidate {name} --force")
            self.until_in_step()

    def _list(self) -> str:
        try:
            return self.primary().types(f"{PATRONICTL} list")
        except AssertionError as error:
            return str(error)


def chapter(heading: str) -> str:
    """Return what stands under a heading of the page."""
    _, found, rest = PAGE.partition(f"\n## {heading}\n")
    assert found, heading
    return rest.partition("\n## ")[0]


def say(what: str) -> None:
    print(f"{time.strftime('%X')} {what}", file=sys.stderr, flush=True)


# ---------------------------------------------------------------- saving in a storm


class Front(Asking):
    """Asks as clients do: by https, at the name."""

    def __init__(self, key: str) -> None:
        super().__init__(443, key, patience=35)  # Rollbook waits 30 at most for its database
        self._trusting = ssl.create_default_context()
        self._trusting.check_hostname = False
        self._trusting.verify_mode = ssl.CERT_NONE

    def _line(self, port: int) -> HTTPConnection:
        time.sleep(0.1)  # the machines share the cores with us
        return HTTPSConnection(NAME, timeout=self._patience, context=self._trusting)


class Asked:
    """The database that is the primary, asked as the check of a storm asks."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def execute(self, statement: str, parameters: Sequence[Any] = (), /) -> Any:
        async def ask() -> list[tuple[Any, ...]]:
            from rollbook.storage.postgres.hosts import Hosts
            from rollbook.storage.postgres.pool import teach_days

            db = await Hosts(address(self._network, "postgres", "superuser")).connect()
            try:
                await teach_days(db)
                rows = await db.fetch(numbered(statement)[0], *parameters)
                return [tuple(row) for row in rows]
            finally:
                await db.close()

        return asyncio.run(ask())


def address(network: Network, user: str, password: str) -> str:
    """Return where the database is, for a user whose password has that name."""
    word = network["db1"].types(f". ./passwords; echo ${password}").strip()
    return (
        f"postgresql://{user}:{word}@db1,db2/rollbook"
        "?target_session_attrs=primary&sslmode=require"
    )


def settle(network: Network, folder: Path) -> Ground:
    """Put a district with students enough into the database, keys sealed as the machines do."""
    cast.MASTER_KEY = bytes.fromhex((DISKS / "api1/etc/rollbook/master.key").read_text())

    async def put() -> Ground:
        store = await PostgresStore.open(address(network, "rollbook", "service"))
        try:
            return await prepare_in(store, folder / "unused.db")
        finally:
            await store.close()

    return asyncio.run(put())


class Weather:
    """One storm through the front, and what was heard during each thing that was done in it."""

    def __init__(self, ground: Ground, ledger: Ledger) -> None:
        self._ledger = ledger
        self.storm = Storm(443, ground.key, ground.students, ledger)
        self.storm._asking = Front(ground.key)
        self.heard: dict[str, Any] = {}

    @contextmanager
    def during(self, name: str) -> Iterator[None]:
        """Note what becomes of saves while the block runs, until one is acknowledged after it."""
        say(name)
        begun = time.monotonic()
        yield
        before, done = self._ledger.acknowledged, time.monotonic()
        while self._ledger.acknowledged < before + 20:
            assert time.monotonic() < done + 180, "nobody saves any more"
            time.sleep(0.01)
        saves = [save for save in self.storm.saving if _ended(save) > begun]
        reads = [read for read in self.storm.reading if _ended(read) > begun]
        ends = [begun, *sorted(_ended(save) for save in saves if save.status == 200)]
        self.heard[name] = {
            "took_s": round(time.monotonic() - begun, 1),
            "longest_without_a_save_s": round(
                max(later - end for end, later in itertools.pairwise(ends)), 2
            ),
            "saves": _counted(saves),
            "reads": _counted(reads),
        }
        say(json.dumps(self.heard[name]))


def _ended(answer: Answer) -> float:
    return answer.begun + answer.seconds


def _counted(answers: list[Answer]) -> dict[int, int]:
    return dict(sorted(Counter(answer.status for answer in answers).items()))


# ---------------------------------------------------------------- what is tried


def build(network: Network) -> None:
    """Type the page up to a service that runs, with copies of it."""
    for heading in ("Passwords", "PostgreSQL, twice"):
        network.follow(heading)
    certificate = (
        "install -d /etc/ssl/rollbook; openssl req -x509 -newkey rsa:2048 -nodes -days 2"
        f" -subj /CN={NAME} -addext subjectAltName=DNS:{NAME}"
        " -keyout /etc/ssl/rollbook/key.pem -out /etc/ssl/rollbook/fullchain.pem 2>&1;"
        " cp /etc/ssl/rollbook/fullchain.pem /usr/local/share/ca-certificates/own.crt;"
        " cat /etc/ssl/rollbook/fullchain.pem >> /etc/ssl/certs/ca-certificates.crt"
    )
    network["web"].types(certificate)
    commands = "".join(re.findall(r"^```sh\n(.*?)^```$", chapter("Install"), _LINES))
    say("Install: api1, api2")
    with ThreadPoolExecutor() as both:
        for done in [both.submit(network[n].types, typed(commands)) for n in ("api1", "api2")]:
            done.result()
    network.follow("Rollbook, twice")
    network.follow("In front")
    network.follow("Backups of PostgreSQL")


def drill(network: Network, weather: Weather) -> None:
    """Do what happens to machines, and what is done to them."""
    with weather.storm:
        with weather.during("nothing"):
            time.sleep(5)
        network.until_in_step()
        with weather.during("a new version, machine by machine"):
            network.follow("A new version, without a pause", "upgrade")
        with weather.during("a pooler is put in between"):
            network.follow("A pooler, if there are many")
        with weather.during("a pooler"):
            time.sleep(5)
        lose_api1(network, weather, "nginx")
        lose_databases(network, weather)
        with weather.during("Caddy takes nginx's place"):
            network["web"].types("systemctl disable --now nginx")
            network.follow("In front", "or")
            time.sleep(5)
        with weather.during("the version before, machine by machine, through Caddy"):
            network.follow("A new version, without a pause", "back")
        lose_api1(network, weather, "Caddy")
        network.until_primary("db1")
        with weather.during("PostgreSQL is mended, machine by machine"):
            network.follow("A new version, without a pause", "minor")
        # Last: who was being answered at that moment waits for long.
        with weather.during("web loses its power, and has it again"):
            network["web"].power_off()
            time.sleep(5)
            network["web"].start()


def lose_api1(network: Network, weather: Weather, proxy: str) -> None:
    """Have one of the two with Rollbook die, and come back."""
    with weather.during(f"api1 loses its power, behind {proxy}"):
        network["api1"].power_off()
        time.sleep(5)
    with weather.during(f"api1 comes back, behind {proxy}"):
        network["api1"].start()
        time.sleep(5)


def lose_databases(network: Network, weather: Weather) -> None:
    """Have one of the two with PostgreSQL go, in each way that there is, and come back."""
    for name, go, come in (
        ("the primary loses its power", Machine.power_off, Machine.start),
        ("the primary loses its network", Machine.unplug, Machine.plug),
        ("the primary stands still", Machine.freeze, Machine.thaw),
        ("the standby loses its power", Machine.power_off, Machine.start),
    ):
        network.until_in_step()
        victim = network.primary() if "primary" in name else network.standby()
        with weather.during(name):
            go(victim)
            time.sleep(30)
        with weather.during(f"it is back: {name}"):
            come(victim)
            time.sleep(5)  # at first it knows nothing of what was
            network.until_in_step()


def go_back(network: Network) -> dict[str, Any]:
    """Have somebody type a bad command, and go back to the moment before it."""
    time.sleep(1)
    asked = Asked(network)
    counting = "SELECT (SELECT count(*) FROM marks), (SELECT count(*) FROM record)"
    ((marks, entries),) = asked.execute(counting)
    moment = network["db1"].types("date --utc '+%F %T+00'").strip()
    time.sleep(1)
    run_sql = "runuser --user postgres -- psql rollbook --command"
    network.primary().types(f"{run_sql} 'DELETE FROM marks'")
    ((left, _),) = asked.execute(counting)
    network.primary().types(f"{run_sql} 'SELECT pg_switch_wal()'")
    time.sleep(2)
    begun = time.monotonic()
    network.follow("Backups of PostgreSQL", "earnest", moment=moment)
    took = time.monotonic() - begun
    ((again, entries_again),) = asked.execute(counting)
    return {
        "marks": [marks, left, again],
        "entries": [entries, entries_again],
        "took_s": round(took, 1),
    }


def main(folder: Path) -> None:
    """Build it all, and try it out."""
    network = Network(folder)
    try:
        found = try_out(network, folder)
    except BaseException:
        network.keep_logs()
        raise
    print(json.dumps(found, indent=1))


def try_out(network: Network, folder: Path) -> dict[str, Any]:
    """Return what was found."""
    build(network)
    ground = settle(network, folder)
    with ledger_elsewhere() as ledger:
        weather = Weather(ground, ledger)
        drill(network, weather)
        say("looking")
        findings = hold_against(Asked(network), ledger)
        found = {
            "heard": weather.heard,
            "acknowledged": ledger.acknowledged,
            "wrong": findings.all,
            "unheard": len(findings.unheard),
            "unexpected": Counter(weather.storm.unexpected).most_common(10),
        }
    say(json.dumps(found))
    network.until_primary("db1")
    found["went_back"] = go_back(network)
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
