"""A PostgreSQL of the tests' own: in a temporary folder, on a free port, gone at the end."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import quote

DEBIAN = Path("/usr/lib/postgresql")
OWNER = "postgres"  # PostgreSQL refuses to run as root; Debian's packages make this account
MEMORY = Path("/dev/shm")  # where there is no disk to wait for
PATIENCE = 60  # seconds; a start after a crash replays the log first

Mode: TypeAlias = Literal["smart", "fast", "immediate", "kill"]
_SIGNALS = {
    "smart": signal.SIGTERM,
    "fast": signal.SIGINT,
    "immediate": signal.SIGQUIT,
    "kill": signal.SIGKILL,
}
_CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# Whoever holds its standard input holds the cluster: when that is gone, even killed, so is this.
_WATCHMAN = """
read -r _
exec 2>/dev/null
read -r postmaster < "$0/data/postmaster.pid" && kill -QUIT "$postmaster" && sleep 1
rm -rf "$0"
"""


def binaries() -> Path | None:
    """Return the folder of the newest PostgreSQL that Debian's packages installed, if any."""
    found = {
        int(folder.parent.name): folder
        for folder in DEBIAN.glob("*/bin")
        if (folder / "postgres").exists() and (folder / "initdb").exists()
    }
    return found[max(found)] if found else None


class Cluster:
    """
    A private cluster. Anybody on this machine may come in over the loopback, as any role.

    Args:
        durable: Wait for the disk. Without it everything is quicker, and a loss of power would
            lose it all: for tests whose subject is something else.
        place: Where its folder goes; otherwise with the other temporary ones.
        follows: Be a standby of that one, which runs: its copy, and then all that it writes.
        settings: What `start` sets when it is not told otherwise.
    """

    def __init__(
        self,
        *,
        durable: bool = True,
        place: Path | None = None,
        follows: "Cluster | None" = None,
        **settings: Any,
    ) -> None:
        found = binaries()
        assert found, "PostgreSQL is not installed: apt-get install postgresql"
        self._binaries = found
        self._settings = {**({} if durable else _CARELESS), **settings}
        self._postmaster: subprocess.Popen[bytes] | None = None
        if place is None and not durable and os.access(MEMORY, os.W_OK):
            place = MEMORY
        self.folder = Path(tempfile.mkdtemp(prefix="rollbook-cluster-", dir=place))
        self.data = self.folder / "data"
        self.port = _free_port()
        if os.geteuid() == 0:
            shutil.chown(self.folder, OWNER, OWNER)
        self._watchman = subprocess.Popen(
            ["/bin/sh", "-c", _WATCHMAN, self.folder],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        if follows:
            self._run(
                "pg_basebackup", "--no-sync", "--checkpoint=fast", "--write-recovery-conf",
                f"--dbname={follows.url()}", f"--pgdata={self.data}",
            )  # fmt: skip
        else:
            self._run(
                "initdb", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8",
                "--auth=trust", f"--username={OWNER}", f"--pgdata={self.data}",
            )  # fmt: skip

    @property
    def pid(self) -> int:
        """The postmaster's process id; there is one while the cluster runs."""
        assert self._postmaster, "the cluster does not run"
        return self._postmaster.pid

    def start(self, **settings: Any) -> None:
        """Start it with these settings besides those of before, and wait until it answers."""
        assert not self._postmaster, "the cluster runs already"
        ours = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self.folder,
            "log_line_prefix": "%m [%p] %q%u@%d ",
        }
        all_of_them = ours | self._settings | settings
        given = [f"--{name}={value}" for name, value in all_of_them.items()]
        with (self.folder / "log").open("ab") as log:
            self._postmaster = self._begin(
                "postgres", "-D", str(self.data), *given, stdout=log, stderr=log
            )
        for _ in self._wait("start"):
            if self._postmaster.poll() is not None:
                self._postmaster = None
                raise RuntimeError(f"PostgreSQL does not start:\n{self.log()[-2000:]}")
            if self.answers():
                break
        self._settings |= settings

    def answers(self) -> bool:
        """Return whether it lets anybody in now."""
        asked = self._begin(
            "pg_isready", "-q", "-t", "5", "-h", str(self.folder), "-p", str(self.port)
        )
        return asked.wait() == 0

    def stop(self, mode: Mode = "fast") -> None:
        """
        Stop it, and wait until every process of it has gone.

        Args:
            mode: `smart` waits for everybody to leave, `fast` cuts them off and writes everything
                down, `immediate` leaves as in a crash, `kill` is one: SIGKILL to every process.
        """
        assert self._postmaster, "the cluster does not run"
        processes = self.processes()
        for process in processes if mode == "kill" else processes[:1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, _SIGNALS[mode])
        for _ in self._wait("stop"):
            if not any(runs(process) for process in processes):
                break
        self._postmaster.wait()
        self._postmaster = None

    def restart(self, mode: Mode = "fast", **settings: Any) -> None:
        """Stop it in this mode, and start it again."""
        self.stop(mode)
        self.start(**settings)

    def processes(self) -> list[int]:
        """Return the ids of its processes, the postmaster's first."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text("ascii")
        return [self.pid, *map(int, children.split())]

    def backends(self, database: str = "%", role: str = "%") -> list[int]:
        """Return the process ids of the connections to these databases, by these roles."""
        answer = self.psql(
            f"SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            f" AND backend_type = 'client backend'"
            f" AND datname LIKE '{database}' AND usename LIKE '{role}'"
        )
        return [int(line) for line in answer.split()]

    def kill_backends(self, database: str = "%", role: str = "%") -> int:
        """Cut connections off as an administrator would; return how many there were."""
        pids = ",".join(map(str, self.backends(database, role)))
        if pids:
            self.psql(f"SELECT pg_terminate_backend(pid) FROM unnest(ARRAY[{pids}]) AS pid")
        return len(pids.split(",")) if pids else 0

    def url(self, database: str = "postgres", user: str = OWNER) -> str:
        """Return the address of a database of it."""
        return f"postgresql://{quote(user)}@127.0.0.1:{self.port}/{quote(database)}"

    def new_database(self, name: str, template: str | None = None) -> str:
        """Make a database, as a copy of another or an empty one, and return its address."""
        copied = f' TEMPLATE "{template}" STRATEGY file_copy' if template else ""
        self.psql(f'CREATE DATABASE "{name}"{copied}')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is in it, if it is there."""
        self.psql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def psql(self, sql: str, database: str = "postgres", user: str = OWNER) -> str:
        """
        Run statements; return what they answer: a row a line, its fields parted by `|`.

        Raises:
            RuntimeError: One failed; the message is the database's.
        """
        return self._run(
            "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder),
            "-p", str(self.port), "-U", user, "-d", database, "-c", sql,
        )  # fmt: skip

    def log(self) -> str:
        """Return what it has logged so far."""
        file = self.folder / "log"
        return file.read_text("utf-8", "replace") if file.exists() else ""

    def close(self) -> None:
        """Stop it and remove every trace."""
        if self._postmaster:
            self.stop("immediate")
        self._watchman.communicate()
        self._watchman.wait()

    def _begin(self, program: str, *arguments: str, **more: Any) -> subprocess.Popen[bytes]:
        """Start a program of PostgreSQL's as its owner, in a session of its own."""
        if os.geteuid() == 0:
            more |= {"user": OWNER, "group": OWNER, "extra_groups": ()}
        command: Sequence[str | Path] = [self._binaries / program, *arguments]
        # The database speaks English whatever the terminal does: tests read what it says.
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "HOME": str(self.folder)}
        return subprocess.Popen(
            command, env=environment, cwd=self.folder, start_new_session=True, **more
        )

    def _run(self, program: str, *arguments: str) -> str:
        """Run a program of PostgreSQL's to its end, and return what it wrote."""
        process = self._begin(
            program, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        out, err = process.communicate()
        if process.returncode != 0:
            raise RuntimeError(f"{program}: {err.decode('utf-8', 'replace').strip()}")
        return out.decode("utf-8").rstrip("\n")

    def _wait(self, doing: str) -> Iterator[None]:
        """Come round every moment; give up, showing the log, when it takes too long."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            yield
            time.sleep(0.01)
        raise RuntimeError(
            f"PostgreSQL did not {doing} in {PATIENCE} seconds:\n{self.log()[-2000:]}"
        )


def _free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def runs(pid: int) -> bool:
    """Return whether there is such a process, and not just the memory of one."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
