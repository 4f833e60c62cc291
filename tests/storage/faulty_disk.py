"""A disk that can be told to fail: SQLite's own way to the file, with a switch in it."""

from collections.abc import Iterator
from contextlib import contextmanager

import apsw


class FaultyDisk(apsw.VFS):
    """Does what the system's disk does; while `failing` is set, nothing is made durable."""

    def __init__(self) -> None:
        self.failing = False
        self._real = apsw.vfs_names()[0]
        super().__init__("faulty disk", self._real, makedefault=True)

    def xOpen(  # noqa: N802 — SQLite's name
        self, name: apsw.URIFilename | str | None, flags: list[int]
    ) -> apsw.VFSFile:
        return _File(self, self._real, name, flags)


class _File(apsw.VFSFile):
    def __init__(
        self,
        disk: FaultyDisk,
        real: str,
        name: apsw.URIFilename | str | None,
        flags: list[int],
    ) -> None:
        self._disk = disk
        super().__init__(real, name, flags)

    def xSync(self, flags: int) -> None:  # noqa: N802 — SQLite's name
        if self._disk.failing:
            raise apsw.IOError("fdatasync: input/output error")
        super().xSync(flags)


@contextmanager
def faulty_disk() -> Iterator[FaultyDisk]:
    """Have every file that is opened inside on a disk that can be told to fail."""
    disk = FaultyDisk()
    try:
        yield disk
    finally:
        disk.unregister()
