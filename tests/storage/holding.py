"""Another program that keeps the file to itself, or reads one state of it for long."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

EXCLUSIVE = "BEGIN EXCLUSIVE"
READING = "BEGIN; SELECT count(*) FROM marks"

_HOLDER = """
import sys, apsw
db = apsw.Connection(sys.argv[1])
db.set_busy_timeout(5000)
db.execute(sys.argv[2]).fetchall()
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held_by_another(path: Path, how: str = EXCLUSIVE) -> Iterator[None]:
    """Let another process hold the file for as long as the block runs."""
    command = [sys.executable, "-c", _HOLDER, str(path), how]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        try:
            yield
        finally:
            holder.stdin.close()
