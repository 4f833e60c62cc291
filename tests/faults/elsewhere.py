"""A place for ledgers that is not on the server's disk."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from faults.storm import Ledger


@contextlib.contextmanager
def ledger_elsewhere() -> Iterator[Ledger]:
    """Keep a ledger on a disk that is not the server's, where there is one."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        ledger = Ledger(Path(folder) / "ledger")
        try:
            yield ledger
        finally:
            ledger.close()
