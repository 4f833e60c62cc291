"""
The book of used nonces: each (key, token, timestamp, nonce) is good once.

On PostgreSQL the book is a table that all machines share (`storage.postgres.nonces`). Beside a
database in a file it is here: all workers share one LMDB file, whose one write lock makes
claiming a nonce a single step. It is not synced: a nonce costs microseconds and never a wait for
the disk, also for a read. What the kernel holds survives any death of ours, but a power cut may
take nonces with it, or the whole file. So a book belongs to one boot of the machine: at the next
one a new book is begun, which refuses every timestamp from before its own beginning.
"""

import hashlib
import os
import secrets
import shutil
import struct
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import lmdb

from rollbook.domain.errors import Unavailable

WINDOW = 300  # seconds that a timestamp may be away from our clock, either way

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_SALT, _SINCE = b"!salt", b"!since"  # sort before every packed timestamp's "t"
_ENTRY_BYTES = 128  # more than twice what one takes, so that the map never fills up
_RESERVED = 64  # this part of the map has its room on the disk from the start
_SWEEP_EVERY = 1024  # claims between two looks for what is too old
_SWEEP_MOST = 4096  # entries that one look may remove, so that no claim waits long


class Nonces(Protocol):
    """Something that remembers what was used."""

    async def claim(self, district_id: int, timestamp: int, *parts: str, now: float) -> bool:
        """
        Return True the first time, False for a repetition.

        Raises `Unavailable`, also when nobody can know which of the two it is.
        """


class NonceBook:
    """Nonces in an LMDB file that the workers of one machine share."""

    def __init__(self, folder: Path, *, now: float, map_bytes: int = 1 << 30) -> None:
        self._entries_max = map_bytes // _ENTRY_BYTES
        self._until_sweep = _SWEEP_EVERY
        try:
            self._folder = folder / _BOOT_ID.read_text(encoding="ascii").strip()
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # No `writemap`: on a full disk it kills the process instead of failing the call.
            self._env = lmdb.open(str(self._folder), map_size=map_bytes, mode=0o600, sync=False)
            self._salt = self._begin(now, map_bytes // _RESERVED)
        except (OSError, lmdb.Error) as error:
            text = f"The book of nonces {folder} cannot be opened: {error}."
            raise Unavailable(text) from error

    def close(self) -> None:
        """Let go of the file."""
        self._env.close()

    async def claim(self, _district_id: int, timestamp: int, *parts: str, now: float) -> bool:
        """Write the nonce down unless it is there, or so old that it may have been."""
        # Keyed with a salt of ours, so that nobody can search for two that collide.
        digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=12, key=self._salt)
        entry = _packed(timestamp) + digest.digest()
        try:
            self._make_room(now)
            with self._env.begin(write=True) as book:
                since = bytes(book.get(_SINCE) or b"")
                if entry < since:
                    _require_sane_clock(since, now)
                    return False
                return bool(book.put(entry, b"", overwrite=False))
        except lmdb.Error as error:
            raise Unavailable(f"The book of nonces cannot be written ({error}).") from error

    def _begin(self, now: float, reserved: int) -> bytes:
        """Return the book's salt; whoever opens it first writes its beginning."""
        with self._env.begin(write=True) as book:
            salt = book.get(_SALT)
            if salt is None:
                salt = secrets.token_bytes(32)
                book.put(_SALT, salt)
                book.put(_SINCE, _packed(int(now) + 1 if self._former() else 0))
                self._reserve(reserved)
        for former in self._former():
            shutil.rmtree(former, ignore_errors=True)
        return bytes(salt)

    def _former(self) -> list[Path]:
        """Return the books of earlier boots."""
        return [book for book in self._folder.parent.iterdir() if book != self._folder]

    def _reserve(self, size: int) -> None:
        """Take room on the disk: reads claim nonces too, and go on when it is full."""
        with suppress(OSError), (self._folder / "data.mdb").open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, size)

    def _make_room(self, now: float) -> None:
        """Sweep now and then; in a full book at each claim, until there is room again."""
        if self._until_sweep > 0:
            self._until_sweep -= 1
            return
        with self._env.begin(write=True) as book:
            _sweep(book, _packed(max(0, int(now) - WINDOW)))
        if self._env.stat()["entries"] >= self._entries_max:
            raise Unavailable(
                f"The book of nonces is full: about {self._entries_max} requests were dated in "
                f"the last {WINDOW} seconds."
            )
        self._until_sweep = _SWEEP_EVERY


def _packed(timestamp: int) -> bytes:
    return b"t" + struct.pack(">Q", timestamp)


def _sweep(book: lmdb.Transaction, before: bytes) -> None:
    """
    Remove entries that are too old to be sent again.

    From then on the book refuses all that is as old, even if the clock should be set back.
    """
    book.put(_SINCE, max(before, bytes(book.get(_SINCE) or b"")))
    with book.cursor() as cursor:
        found = cursor.set_range(b"t")
        for _ in range(_SWEEP_MOST):
            if not found or bytes(cursor.key()) >= before:
                return
            found = cursor.delete()


def _require_sane_clock(since: bytes, now: float) -> None:
    """Raise `Unavailable` when the book refuses whatever a request could be dated."""
    (moment,) = struct.unpack(">Q", since[1:])
    if moment > now + WINDOW:
        raise Unavailable(
            f"This machine's clock was set back by more than {int(moment - now)} seconds: "
            "until it is that late again, no request can be told from a repetition."
        )
