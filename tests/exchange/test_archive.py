"""Zips and folders that somebody sent us: what is read, and what is refused."""

import io
import os
import random
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from rollbook.domain.errors import ImportRefused
from rollbook.exchange.archive import ArchiveLimits, open_files

USERS = b"sourcedId\nanna\n"
SMALL = ArchiveLimits(ratio_from=1000, unpacked_bytes=100_000)


def zipped(path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    """Write an archive; an entry is its name, or all that is said of it, and its content."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


def entry(name: str, *, mode: int = 0) -> zipfile.ZipInfo:
    """Describe an entry with a mode, as whoever packs on Unix does."""
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def patched(path: Path, offset: int, form: str, value: int, *, whole: bool = True) -> Path:
    """Change a field of the only entry: in the list of entries, and if *whole* before it."""
    data = bytearray(path.read_bytes())
    listed = data.index(b"PK\x01\x02")
    struct.pack_into(form, data, listed + offset, value)
    if whole:  # the header before the content has the same fields, two bytes earlier
        struct.pack_into(form, data, offset - 2, value)
    path.write_bytes(data)
    return path


FLAGS, METHOD, PACKED_SIZE, SIZE = 8, 10, 20, 24  # offsets in the list of entries


def content(path: Path, name: str = "users.csv", limits: ArchiveLimits | None = None) -> bytes:
    with open_files(path, limits or ArchiveLimits()) as files, files.open(name) as file:
        return file.read()


def refusal(path: Path, name: str = "users.csv", limits: ArchiveLimits | None = None) -> str:
    """Return why an archive, or its file, is refused."""
    with pytest.raises(ImportRefused) as refused:
        content(path, name, limits)
    return str(refused.value)


# ---------------------------------------------------------------- what is read


@pytest.mark.parametrize(
    "names",
    [
        ["users.csv", "orgs.csv"],
        ["Users.CSV"],
        ["export/users.csv"],
        ["export\\users.csv"],
        ["./users.csv"],
        ["users.csv", "deeper/users.csv", "even/deeper/users.csv"],
        ["export/users.csv", "export/old/users.csv", "readme.txt"],
        ["users.csv", "__MACOSX/._users.csv", "__MACOSX/users.csv"],
        ["export/", "export/users.csv"],
    ],
)
def test_files_are_found(tmp_path: Path, names: list[str]) -> None:
    """
    They are at the archive's top or in its one folder, in upper or lower case.
    """
    assert content(zipped(tmp_path / "a.zip", *((name, USERS) for name in names))) == USERS


def test_a_folder_is_read_too(tmp_path: Path) -> None:
    """
    A folder of CSV files is as good as an archive; what else is in it does not matter.
    """
    (tmp_path / "USERS.csv").write_bytes(USERS)
    (tmp_path / "notes.txt").write_bytes(b"")
    (tmp_path / "old").mkdir()

    assert content(tmp_path) == USERS


def test_it_says_what_is_there(tmp_path: Path) -> None:
    """
    Whether a file is in the set can be asked without opening it.
    """
    with open_files(zipped(tmp_path / "a.zip", ("users.csv", USERS))) as files:
        assert "Users.csv" in files
        assert "orgs.csv" not in files


def test_it_says_how_much_was_read(tmp_path: Path) -> None:
    """
    From nothing to all of it, over all files.
    """
    path = zipped(tmp_path / "a.zip", ("users.csv", USERS), ("orgs.csv", USERS))
    with open_files(path) as files:
        before = files.share_read
        with files.open("users.csv") as file:
            file.read()
        half = files.share_read
        with files.open("orgs.csv") as file:
            file.read()

        assert (before, half, files.share_read) == (0.0, 0.5, 1.0)


def test_nothing_to_read_is_all_read(tmp_path: Path) -> None:
    """
    An empty folder is no reason to divide by zero.
    """
    with open_files(tmp_path) as files:
        assert files.share_read == 1.0


def test_what_goes_wrong_with_the_reader_is_not_the_archive(tmp_path: Path) -> None:
    """
    An error of whoever reads comes through as it is.
    """
    path = zipped(tmp_path / "a.zip", ("users.csv", USERS))
    with (
        pytest.raises(ValueError, match="mine"),
        open_files(path) as files,
        files.open("users.csv"),
    ):
        raise ValueError("mine")


# ---------------------------------------------------------------- what an archive names


@pytest.mark.parametrize(
    "name",
    [
        "../users.csv",
        "export/../../users.csv",
        "..\\users.csv",
        "/users.csv",
        "\\users.csv",
        "C:/users.csv",
        "c:users.csv",
        "users.csv\0.txt",
    ],
)
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    """
    Nothing is written anywhere, and still: whoever packs such a name means harm.
    """
    odd = entry("x")
    odd.filename = odd.orig_filename = name
    path = zipped(tmp_path / "a.zip", ("users.csv", USERS), (odd, USERS))

    assert "leads out of it" in refusal(path)
    assert [file.name for file in tmp_path.iterdir()] == ["a.zip"]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_are_refused(tmp_path: Path, kind: int) -> None:
    """
    An entry is a file or a folder.
    """
    path = zipped(tmp_path / "a.zip", (entry("users.csv", mode=kind | 0o777), b"/etc/passwd"))

    assert "is a link" in refusal(path)


def test_files_with_modes_are_read(tmp_path: Path) -> None:
    """
    What is packed on Unix says that it is an ordinary file.
    """
    path = zipped(tmp_path / "a.zip", (entry("users.csv", mode=stat.S_IFREG | 0o644), USERS))

    assert content(path) == USERS


@pytest.mark.parametrize("second", ["users.csv", "USERS.csv", "./users.csv"])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_same_name_twice_is_refused(tmp_path: Path, second: str) -> None:
    """
    Two programs might not agree on which of the two counts.
    """
    path = zipped(tmp_path / "a.zip", ("users.csv", USERS), (second, USERS))

    assert "is there twice" in refusal(path)


def test_two_sets_in_one_archive_are_refused(tmp_path: Path) -> None:
    """
    Nobody can say which of two folders is meant.
    """
    path = zipped(tmp_path / "a.zip", ("a/users.csv", USERS), ("b/users.csv", USERS))

    assert "several folders" in refusal(path)


def test_another_name_before_the_content_is_refused(tmp_path: Path) -> None:
    """
    The list of entries and the header before the content agree.
    """
    path = zipped(tmp_path / "a.zip", ("users.csv", USERS))
    path.write_bytes(path.read_bytes().replace(b"users.csv", b"other.csv", 1))

    assert "cannot be read" in refusal(path)


def test_names_are_shown_without_control_characters(tmp_path: Path) -> None:
    """
    A message does not move the reader's cursor.
    """
    path = zipped(tmp_path / "a.zip", ("../\x1b[2Jusers.csv", USERS))

    assert "../\\x1b[2Jusers.csv" in refusal(path)


# ---------------------------------------------------------------- what an archive says


@pytest.mark.parametrize("flag", [0x1, 0x40, 0x41])
def test_encrypted_files_are_refused(tmp_path: Path, flag: int) -> None:
    """
    Nobody could have given us the password.
    """
    path = patched(zipped(tmp_path / "a.zip", ("users.csv", USERS)), FLAGS, "<H", flag)

    assert "is encrypted" in refusal(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused(tmp_path: Path, method: int) -> None:
    """
    The standard knows two.
    """
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        archive.writestr("users.csv", USERS)

    assert "packed by method" in refusal(tmp_path / "a.zip")


@pytest.mark.parametrize("method", [1, 6, 9, 93, 99])
def test_ways_of_packing_that_nobody_here_knows_are_refused(
    tmp_path: Path, method: int
) -> None:
    """
    They are named by their number.
    """
    path = patched(zipped(tmp_path / "a.zip", ("users.csv", USERS)), METHOD, "<H", method)

    assert f"method {method}" in refusal(path)


@pytest.mark.parametrize("size", [0, 1, len(USERS) - 1, len(USERS) + 1, 99_000, 2**32 - 1])
@pytest.mark.parametrize("whole", [True, False])
def test_a_size_that_is_a_lie_is_refused(tmp_path: Path, size: int, whole: bool) -> None:
    """
    A file is as long as the archive says, whether one place says it or both.
    """
    path = zipped(tmp_path / "a.zip", ("users.csv", USERS))

    assert refusal(patched(path, SIZE, "<I", size, whole=whole))


@pytest.mark.parametrize("size", [0, 3, 2**31])
def test_a_packed_size_that_is_a_lie_is_refused(tmp_path: Path, size: int) -> None:
    """
    So is one that ends before or after its content.
    """
    path = zipped(tmp_path / "a.zip", ("users.csv", random.Random(1).randbytes(5000)))

    assert refusal(patched(path, PACKED_SIZE, "<I", size))


def test_entries_that_share_their_content_are_refused(tmp_path: Path) -> None:
    """
    A megabyte that a hundred entries point to would unpack to a hundred.
    """
    path = zipped(tmp_path / "a.zip", ("users.csv", USERS))
    data = path.read_bytes()
    listed, last = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    both = data[listed:last] + data[listed:last].replace(b"users.csv", b"other.csv")
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 2, 2, len(both), listed, 0)
    path.write_bytes(data[:listed] + both + end)

    assert "not as long as" in refusal(path)


def test_content_that_was_changed_is_refused(tmp_path: Path) -> None:
    """
    The checksum is looked at.
    """
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("users.csv", USERS)
    path.write_bytes(path.read_bytes().replace(b"anna", b"otto"))

    assert "cannot be read" in refusal(path)


def test_the_zip64_lie_is_refused(tmp_path: Path) -> None:
    """
    A list of entries of 2 to the 64 bytes is not waited for.
    """
    huge = 2**64 - 1
    end = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 1, 1, huge, 0)
    locator = struct.pack("<IIQI", 0x07064B50, 0, 0, 1)
    last = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    (tmp_path / "a.zip").write_bytes(end + locator + last)

    assert "cannot be read" in refusal(tmp_path / "a.zip")


def test_a_list_of_entries_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    """
    It is refused by its length, before anybody counts what is in it.
    """
    path = zipped(tmp_path / "a.zip", *((f"{n}.csv", b"") for n in range(100)))

    assert "too long" in refusal(path, limits=ArchiveLimits(directory_bytes=1000))


def test_twenty_thousand_entries_are_refused(tmp_path: Path) -> None:
    """
    A set has a dozen files.
    """
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(20_000):
            archive.writestr(f"{number}.csv", b"")

    assert "20000 files" in refusal(path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        b"PK\x05\x06" + bytes(18),
        b"PK\x05\x06" + b"\xff" * 18,
        b"not a zip",
        b"PK\x03\x04" + bytes(100),
    ],
)
def test_what_is_no_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    """
    A stump of an archive, an empty one, or something else altogether.
    """
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises((ImportRefused, KeyError)) as refused:
        content(tmp_path / "a.zip")

    assert refused.type is ImportRefused or data.startswith(b"PK\x05\x06\0")


def test_an_archive_with_any_byte_changed_is_read_or_refused(tmp_path: Path) -> None:
    """
    Whatever a broken disk or an attacker makes of it, it is one of the two.
    """
    path = zipped(tmp_path / "a.zip", ("users.csv", USERS), ("orgs.csv", USERS))
    whole, dice = path.read_bytes(), random.Random(7)
    outcomes: set[bool | None] = set()
    for place in range(len(whole)):
        for value in (0, 255, whole[place] ^ 1 << dice.randrange(8)):
            path.write_bytes(whole[:place] + bytes([value]) + whole[place + 1 :])
            try:
                with open_files(path, SMALL) as files:
                    if "users.csv" in files:
                        with files.open("users.csv") as file:
                            outcomes.add(file.read() == USERS)
            except ImportRefused:
                outcomes.add(None)

    assert outcomes == {True, None}


# ---------------------------------------------------------------- bombs


def test_a_bomb_is_refused_by_what_it_says(tmp_path: Path) -> None:
    """
    A hundred megabytes in a hundred kilobytes are not unpacked.
    """
    path = zipped(tmp_path / "a.zip", ("users.csv", bytes(100 * 2**20)))

    assert "more than" in refusal(path)


def test_a_bomb_in_many_files_is_refused(tmp_path: Path) -> None:
    """
    What counts is the sum of them.
    """
    bomb = bytes(2**20)
    path = zipped(tmp_path / "a.zip", *((f"{n}.csv", bomb) for n in range(100)))

    assert "more than" in refusal(path, "1.csv")


def test_what_is_read_twice_counts_twice(tmp_path: Path) -> None:
    """
    The limit is on the bytes that were really unpacked, whatever the archive said.
    """
    path = zipped(tmp_path / "a.zip", ("users.csv", random.Random(1).randbytes(900)))
    times = SMALL.most(path.stat().st_size) // 900
    with open_files(path, SMALL) as files:
        for _ in range(times):
            with files.open("users.csv") as file:
                assert len(file.read()) == 900
        with files.open("users.csv") as file, pytest.raises(ImportRefused, match="more than"):
            file.read()


def test_a_folder_may_be_too_large(tmp_path: Path) -> None:
    """
    The limit on bytes holds for folders as well.
    """
    (tmp_path / "users.csv").write_bytes(bytes(2000))

    assert "more than 1000" in refusal(tmp_path, limits=ArchiveLimits(unpacked_bytes=1000))


# ---------------------------------------------------------------- folders and other places


def _link(place: Path) -> None:
    place.symlink_to("/etc/passwd")


def _pipe(place: Path) -> None:
    os.mkfifo(place)


def _folder(place: Path) -> None:
    place.mkdir()


@pytest.mark.parametrize("make", [_link, _pipe, _folder])
def test_a_folder_holds_ordinary_files(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """
    A link could lead to what the sender may not read; a pipe would never end.
    """
    make(tmp_path / "users.csv")

    assert "is a link" in refusal(tmp_path)


def test_a_file_that_becomes_a_link_is_refused(tmp_path: Path) -> None:
    """
    It is looked at again in the moment in which it is opened.
    """
    (tmp_path / "users.csv").write_bytes(USERS)
    with open_files(tmp_path) as files:
        (tmp_path / "users.csv").unlink()
        _link(tmp_path / "users.csv")
        with pytest.raises(ImportRefused, match="cannot be read"), files.open("users.csv"):
            pass


def test_a_file_that_grows_is_refused(tmp_path: Path) -> None:
    """
    Somebody is still writing to it.
    """
    (tmp_path / "users.csv").write_bytes(USERS)
    with open_files(tmp_path) as files:
        (tmp_path / "users.csv").write_bytes(USERS * 2)
        with pytest.raises(ImportRefused, match="bytes long"), files.open("users.csv") as file:
            file.read()


def test_the_same_name_twice_in_a_folder_is_refused(tmp_path: Path) -> None:
    """
    Names count in either case, so these two are one.
    """
    (tmp_path / "users.csv").write_bytes(USERS)
    (tmp_path / "Users.csv").write_bytes(USERS)

    assert "is there twice" in refusal(tmp_path)


def test_a_place_where_nothing_is_is_refused(tmp_path: Path) -> None:
    """
    The sentence names it.
    """
    assert "nothing.zip is neither" in refusal(tmp_path / "nothing.zip")


def test_reading_is_all_that_an_open_file_is_for(tmp_path: Path) -> None:
    """
    It is a stream of bytes: no writing, no seeking.
    """
    path = zipped(tmp_path / "a.zip", ("users.csv", USERS))
    with open_files(path) as files, files.open("users.csv") as file:
        assert file.readable()
        assert not file.writable()
        with pytest.raises(io.UnsupportedOperation):
            file.seek(0)
