"""
Keys, their secrets, and how secrets rest.

An HMAC needs the secret back, so it is stored encrypted (AES-256-GCM) under a master key that
lives in a file outside the database: whoever takes only the database has no usable secret. What
a secret belongs to is bound into its encryption, so it cannot be moved to another key's row.
"""

import os
import re
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rollbook.domain.errors import Unavailable
from rollbook.domain.people import ApiKey

_MASTER_KEY = re.compile(rb"[0-9A-Fa-f]{64}")
_NONCE_BYTES = 12


def new_consumer_key() -> str:
    """Return 40 random hex digits."""
    return secrets.token_hex(20)


def new_secret() -> str:
    """
    Return 32 random hex digits, 128 bits.

    Hex, because clients differ in how they encode a secret, and agree on unreserved characters.
    """
    return secrets.token_hex(16)


class Safe:
    """Seals secrets and opens them again, under one master key."""

    def __init__(self, master_key: bytes) -> None:
        self._cipher = AESGCM(master_key)

    def seal(self, secret: str, *, key: str, district_id: int) -> bytes:
        """Return the secret encrypted, bound to its consumer key and district."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        bound = _bound_to(key, district_id)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), bound)

    def open(self, sealed: bytes, key: ApiKey) -> str:
        """
        Return the secret.

        Raises:
            Unavailable: It was sealed under another master key, or moved from another row.
        """
        nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        bound = _bound_to(key.key, key.district_id)
        try:
            return self._cipher.decrypt(nonce, text, bound).decode()
        except (InvalidTag, ValueError):  # the latter: it is too short to be one of ours
            raise Unavailable(
                "A stored secret cannot be opened: the master key is not the one that it was "
                "sealed with."
            ) from None


def _bound_to(key: str, district_id: int) -> bytes:
    return f"rollbook api secret {district_id} {key}".encode()


def load_master_key(path: Path) -> bytes:
    """
    Return the master key in the file at *path*; a missing file is made, readable by its owner.

    Raises:
        Unavailable: The file cannot be read or made, or does not hold 64 hex digits.
    """
    try:
        if not path.exists():
            _make(path)
        text = path.read_bytes().strip()
    except OSError as error:
        raise Unavailable(f"The master key {path} cannot be used: {error}.") from error
    if not _MASTER_KEY.fullmatch(text):
        raise Unavailable(f"The master key {path} must be 64 hex digits.")
    return bytes.fromhex(text.decode())


def load_client_secret(path: Path) -> str:
    """Return what we prove with who we are to a provider; raises `Unavailable`."""
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise Unavailable(f"The client secret {path} cannot be read: {error}.") from error
    if not secret:
        raise Unavailable(f"The client secret {path} is empty.")
    return secret


def _make(path: Path) -> None:
    """Write a new key, whole or not at all; whoever comes first decides what it is."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        _write_through(draft, secrets.token_hex(32) + "\n")
        path.hardlink_to(draft)
    except FileExistsError:
        pass  # somebody else was first: theirs counts
    finally:
        draft.unlink(missing_ok=True)
    _sync(path.parent)


def _write_through(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Make the names in a folder durable: what a lost key has sealed, nothing opens again."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
