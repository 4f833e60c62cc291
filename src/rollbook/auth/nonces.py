"""
The book of used nonces: each (key, token, timestamp, nonce) is good once.

All workers share one LMDB file, whose one write lock makes claiming a nonce a single step. It is
not synced: a nonce costs microseconds and never a wait for the disk, also for a read. What the
kernel holds survives any death of ours; after a power cut some nonces may be gone, so the book
remembers which boot of the machine it belongs to and, when that changes, refuses every timestamp
from before it was opened again.
"""

import hashlib
import secrets
import struct
from pathlib import Path
from typing import Protocol

import lmdb

from rollbook.domain.errors import Unavailable

WINDOW = 300  # seconds that a timestamp may be away from our clock, either way

_SALT, _BOOT, _SINCE = b"!salt", b"!boot", b"!since"  # sort before every packed timestamp's "t"
_SWEEP_EVERY = 1024  # claims between two looks for what is too old
_SWEEP_MOST = 4096  # entries that one look may remove, so that no claim waits long


class Nonces(Protocol):
    """Something that remembers what was used."""

    def claim(self, timestamp: int, *parts: str, now: float) -> bool:
        """Return True the first time, False for a repetition; raises `Unavailable`."""


class NonceBook:
    """Nonces in an LMDB file that the workers of one machine share."""

    def __init__(self, folder: Path, *, now: float, map_bytes: int = 1 << 30) -> None:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._env = lmdb.open(
                str(folder), map_size=map_bytes, sync=False, writemap=True, map_async=True
            )
            self._salt, self._since = self._begin(now)
        except (OSError, lmdb.Error) as error:
            raise Unavailable(f"The book of nonces {folder} cannot be opened: {error}.") from error
        self._until_sweep = _SWEEP_EVERY

    def close(self) -> None:
        """Let go of the file."""
        self._env.close()

    def claim(self, timestamp: int, *parts: str, now: float) -> bool:
        """Write the nonce down unless it is there; one from before a power cut counts as used."""
        if timestamp < self._since:
            return False
        # Keyed with a salt of ours, so that nobody can search for two that collide.
        digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=12, key=self._salt)
        entry = _packed(timestamp) + digest.digest()
        try:
            with self._env.begin(write=True) as book:
                fresh: bool = book.put(entry, b"", overwrite=False)
                self._until_sweep -= 1
                if self._until_sweep <= 0:
                    self._until_sweep = _SWEEP_EVERY
                    _sweep(book, _packed(max(0, int(now) - 2 * WINDOW)))
        except lmdb.Error as error:
            raise Unavailable(f"The book of nonces cannot be written ({error}).") from error
        return fresh

    def _begin(self, now: float) -> tuple[bytes, int]:
        boot = Path("/proc/sys/kernel/random/boot_id").read_bytes().strip()
        with self._env.begin(write=True) as book:
            salt = book.get(_SALT)
            if salt is None:
                salt = secrets.token_bytes(32)
                book.put(_SALT, salt)
                book.put(_BOOT, boot)
                book.put(_SINCE, b"0")
            elif book.get(_BOOT) != boot:
                book.put(_BOOT, boot)
                book.put(_SINCE, b"%d" % (int(now) + 1))
            return bytes(salt), int(book.get(_SINCE))


def _packed(timestamp: int) -> bytes:
    return b"t" + struct.pack(">Q", timestamp)


def _sweep(book: lmdb.Transaction, before: bytes) -> None:
    """Remove entries whose timestamp no request could carry any more."""
    with book.cursor() as cursor:
        found = cursor.set_range(b"t")
        for _ in range(_SWEEP_MOST):
            if not found or cursor.key() >= before:
                return
            found = cursor.delete()
