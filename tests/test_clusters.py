"""The tests' own PostgreSQL: it comes up, it crashes when told to, and nothing of it stays."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clusters import Cluster, Mode, binaries, runs
from live.house import wait_until

pytestmark = pytest.mark.skipif(not binaries(), reason="PostgreSQL is not installed")


@pytest.fixture(scope="module")
def crashing() -> Iterator[Cluster]:
    """A cluster that waits for the disk, with a table of one row in its database `a`."""
    cluster = Cluster(max_connections=20)
    cluster.start()
    cluster.new_database("a")
    cluster.psql("CREATE TABLE kept AS SELECT 1 AS one", "a")
    yield cluster
    cluster.close()


@pytest.mark.parametrize("mode", ["smart", "fast", "immediate", "kill"])
def test_it_comes_back_with_what_was_committed(crashing: Cluster, mode: Mode) -> None:
    """
    However it is stopped, no process of it is left, and what was committed is there again.
    """
    before = crashing.processes()
    crashing.stop(mode)

    assert not crashing.answers()
    assert not [pid for pid in before if runs(pid)]
    crashing.start()
    assert crashing.psql("SELECT * FROM kept", "a") == "1"
    assert crashing.psql("SHOW max_connections") == "20"


def test_a_setting_that_is_none_is_told(crashing: Cluster) -> None:
    """
    A server that does not start says why, and the next start is with the settings of before.
    """
    with pytest.raises(RuntimeError, match="work_mem"):
        crashing.restart(work_mem="rubbish")
    crashing.start()

    with pytest.raises(RuntimeError, match='column "nonsense" does not exist'):
        crashing.psql("SELECT nonsense")


def test_connections_are_cut_off(crashing: Cluster) -> None:
    """
    Those of one database are, and whoever was in it is told.
    """
    sleeper = crashing._begin(
        "psql", "-h", str(crashing.folder), "-p", str(crashing.port), "-U", "postgres",
        "-d", "a", "-c", "SELECT pg_sleep(60)", stderr=subprocess.PIPE,
    )  # fmt: skip
    wait_until(lambda: crashing.backends("a"), "somebody is in")

    assert crashing.kill_backends("b") == 0
    assert crashing.kill_backends("a") == 1
    assert b"terminating connection" in sleeper.communicate()[1]


def test_nothing_is_left_of_it_when_its_owner_is_killed() -> None:
    """
    Also a run of the tests that dies leaves no server behind, and no folder.
    """
    program = (
        "from clusters import Cluster; import os, time\n"
        "cluster = Cluster(durable=False); cluster.start()\n"
        "print(cluster.folder, cluster.pid, flush=True); time.sleep(60)"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", program], cwd=Path(__file__).parent, stdout=subprocess.PIPE
    )
    assert owner.stdout
    folder, pid = owner.stdout.readline().decode().split()
    assert Path(folder).exists()
    assert runs(int(pid))
    os.kill(owner.pid, signal.SIGKILL)
    owner.communicate()

    wait_until(lambda: not Path(folder).exists(), "the folder has gone")
    assert not runs(int(pid))
