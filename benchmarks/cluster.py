"""
A PostgreSQL of the measurements' own, as Debian's packages set one up, and its pgbench.

It waits for the disk at every commit. It is the one that the tests use too, and like theirs it is
gone at the end.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_TESTS = Path(__file__).resolve().parent.parent / "tests"
if str(_TESTS) not in sys.path:
    sys.path.append(str(_TESTS))  # nobody has to set PYTHONPATH to measure

from clusters import Cluster, binaries  # noqa: E402

__all__ = ["PLACE", "Cluster", "binaries", "require_postgresql", "started"]

PLACE = Path("/var/tmp")  # on a disk, where /tmp may be memory


def require_postgresql() -> Path:
    """Return where its programs are; raises `SystemExit` saying what to do without any."""
    found = binaries()
    if found is None:
        raise SystemExit("These measurements need PostgreSQL: apt-get install postgresql")
    return found


@contextmanager
def started(**settings: Any) -> Iterator[Cluster]:
    """Lend a cluster that runs, with nothing in it; *settings* are further ones."""
    require_postgresql()
    durable: dict[str, Any] = {
        "fsync": "on",
        "synchronous_commit": "on",
        "max_connections": 100,
    }
    cluster = Cluster(place=PLACE, **durable, **settings)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.close()
