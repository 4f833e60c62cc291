"""Keys, secrets at rest, and the file that opens them."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from rollbook.auth.credentials import Safe, load_master_key, new_consumer_key, new_secret
from rollbook.domain.errors import Unavailable
from rollbook.domain.people import ApiKey

MASTER, OTHER_MASTER = bytes(range(32)), bytes(range(1, 33))
SECRET = "0123456789abcdef0123456789abcdef"
HEX = set("0123456789abcdef")


def sealed_key(key: str = "k1", district_id: int = 1) -> ApiKey:
    sealed = Safe(MASTER).seal(SECRET, key=key, district_id=district_id)
    return ApiKey(key=key, district_id=district_id, user_id=1, sealed_secret=sealed)


# ---------------------------------------------------------------- new keys


def test_keys_and_secrets_are_long_random_hex() -> None:
    """
    A key has 40 and a secret 32 hex digits, and no two are alike.
    """
    keys, secrets = [new_consumer_key() for _ in range(50)], [new_secret() for _ in range(50)]

    assert {len(key) for key in keys} == {40}
    assert {len(secret) for secret in secrets} == {32}
    assert set("".join(keys + secrets)) <= HEX
    assert len({*keys, *secrets}) == 100


# ---------------------------------------------------------------- at rest


def test_what_was_sealed_opens_again() -> None:
    """
    A secret comes out of the safe as it went in, also in another process's safe.
    """
    key = sealed_key()

    assert Safe(MASTER).open(key.sealed_secret, key) == SECRET


def test_a_sealed_secret_shows_nothing() -> None:
    """
    Neither the secret nor the sameness of two secrets can be seen in what is stored.
    """
    first, second = sealed_key().sealed_secret, sealed_key().sealed_secret

    assert SECRET.encode() not in first
    assert first != second


def test_another_master_key_opens_nothing() -> None:
    """
    Under a wrong master key a secret cannot be had, and the refusal says what is wrong.
    """
    key = sealed_key()

    with pytest.raises(Unavailable, match="the master key is not the one"):
        Safe(OTHER_MASTER).open(key.sealed_secret, key)


@pytest.mark.parametrize("row", [{"key": "k2"}, {"district_id": 2}])
def test_a_secret_moved_to_another_row_does_not_open(row: dict[str, str | int]) -> None:
    """
    Whoever can write to the database cannot give one key the secret of another.
    """
    key = sealed_key()
    other = msgspec.structs.replace(key, **row)

    with pytest.raises(Unavailable):
        Safe(MASTER).open(key.sealed_secret, other)


@pytest.mark.parametrize("place", [0, 12, -1])
def test_a_changed_secret_does_not_open(place: int) -> None:
    """
    One flipped bit anywhere in what is stored is noticed.
    """
    key = sealed_key()
    changed = bytearray(key.sealed_secret)
    changed[place] ^= 1

    with pytest.raises(Unavailable):
        Safe(MASTER).open(bytes(changed), key)


@pytest.mark.parametrize("length", [0, 5, 12, 27])
def test_a_cut_secret_does_not_open(length: int) -> None:
    """
    What is too short to be a sealed secret is refused as any other damage is.
    """
    key = sealed_key()

    with pytest.raises(Unavailable):
        Safe(MASTER).open(key.sealed_secret[:length], key)


# ---------------------------------------------------------------- the master key's file


def test_a_missing_master_key_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    """
    The first start makes the file and its folder, readable by nobody else, with nothing beside.
    """
    path = tmp_path / "config" / "master.key"
    key = load_master_key(path)

    assert len(key) == 32
    assert load_master_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


RACER = """
import sys
from pathlib import Path
from rollbook.auth.credentials import load_master_key
sys.stdin.readline()
print(load_master_key(Path(sys.argv[1])).hex())
"""


def test_processes_that_start_together_agree_on_the_master_key(tmp_path: Path) -> None:
    """
    When several processes find the file missing at once, one makes it and all use it.
    """
    path = tmp_path / "master.key"
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            text=True,
        )
        for _ in range(8)
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    answers = {racer.communicate(timeout=60)[0].strip() for racer in racers}

    assert answers == {path.read_text().strip()}
    assert list(tmp_path.iterdir()) == [path]


def test_whoever_comes_second_takes_the_key_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A file that appears while we make ours is used, and ours is thrown away.
    """
    path = tmp_path / "master.key"
    link = Path.hardlink_to

    def link_second(draft: Path, target: Path) -> None:
        path.write_text(OTHER_MASTER.hex())
        link(draft, target)

    monkeypatch.setattr(Path, "hardlink_to", link_second)

    assert load_master_key(path) == OTHER_MASTER
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "text", [MASTER.hex(), MASTER.hex().upper() + "\n", f" {MASTER.hex()}\n"]
)
def test_a_master_key_from_elsewhere_is_read(tmp_path: Path, text: str) -> None:
    """
    A key that an operator put there counts in either case, with or without a newline.
    """
    path = tmp_path / "master.key"
    path.write_text(text)

    assert load_master_key(path) == MASTER


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"00" * 31,
        b"00" * 33,
        b"0g" * 32,
        b"00 " * 32,
        bytes(range(32)),
        "\N{ARABIC-INDIC DIGIT ZERO}".encode() * 64,
        b"\xff" * 64,
    ],
)
def test_a_master_key_that_is_none_stops_the_start(tmp_path: Path, content: bytes) -> None:
    """
    A file that does not hold 64 hex digits is named, its content is not told, and it stays.
    """
    path = tmp_path / "master.key"
    path.write_bytes(content)

    with pytest.raises(Unavailable) as refusal:
        load_master_key(path)

    assert str(refusal.value) == f"The master key {path} must be 64 hex digits."
    assert path.read_bytes() == content


def test_a_master_key_that_cannot_be_reached_stops_the_start(tmp_path: Path) -> None:
    """
    A path that cannot be read or made is named with the reason.
    """
    (tmp_path / "file").touch()

    with pytest.raises(Unavailable, match=r"file/master\.key cannot be used: .*exists.*file'"):
        load_master_key(tmp_path / "file" / "master.key")
    with pytest.raises(Unavailable, match=r"cannot be used: .*Is a directory"):
        load_master_key(tmp_path)
