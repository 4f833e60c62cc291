"""
Opening a zip or a folder that somebody sent us, and trusting nothing in it.

Nothing is ever unpacked to disk: a file is read as a stream, so a name can lead nowhere. What
is left are archives that lie about themselves or swell, and therefore the one size that counts
is the number of bytes that we counted while reading.
"""

import contextlib
import functools
import io
import operator
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec

from rollbook.domain.errors import ImportRefused
from rollbook.domain.sentences import Sentence

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class ArchiveLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How big an archive may be; the largest districts stay ten times below it."""

    entries: int = 1000
    directory_bytes: int = 4 * 2**20  # the list of entries, which zipfile reads in one piece
    unpacked_bytes: int = 4 * 2**30
    ratio: int = 200  # unpacked bytes for each byte on disk; CSV reaches 30
    ratio_from: int = 16 * 2**20  # unpacked bytes that no ratio makes dangerous

    def most(self, on_disk: int) -> int:
        """Return how many bytes an archive of a size may unpack to."""
        return min(self.unpacked_bytes, max(self.ratio * on_disk, self.ratio_from))


_LIMITS = ArchiveLimits()
_BUFFER = 256 * 1024
_METHODS = (
    zipfile.ZIP_STORED,
    zipfile.ZIP_DEFLATED,
)  # the two that the format's standard allows
_ENCRYPTED = 0x1 | 0x40  # bits of an entry's flags
_HEADER = 30  # bytes before an entry's name and content
_KINDS = (0, stat.S_IFREG, stat.S_IFDIR)  # 0: whoever packed it had no kinds of files

# Whatever zipfile lets out over archives that are damaged, or made to damage.
_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    OverflowError,
    RuntimeError,  # also NotImplementedError
    ValueError,  # also UnicodeDecodeError
)
_TOO_LONG = Sentence("its list of files is too long")
_NO_ZIP = Sentence("File is not a zip file")
_WORDED = {str(each): each for each in (_TOO_LONG, _NO_ZIP)}  # the faults that are not rare


class _File(msgspec.Struct, frozen=True):
    """A file as its folder or archive names it, how long it says it is, and how to open it."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]


class Files:
    """The CSV files of one set: by name, in upper or lower case."""

    def __init__(self, files: dict[str, _File], most: int) -> None:
        self._files = files
        self._most = most
        self._size = sum(file.size for file in files.values())
        self._taken = 0
        if self._size > most:
            raise ImportRefused(
                Sentence(
                    "the files are {size} bytes long, more than {most}",
                    size=self._size,
                    most=most,
                )
            )

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._files

    @property
    def share_read(self) -> float:
        """How much of the whole was read so far, from 0 to 1; for a progress bar."""
        return min(self._taken / self._size, 1.0) if self._size else 1.0

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open a file to read; what is wrong with it comes out as `ImportRefused`."""
        file = self._files[name.lower()]
        with _told_of(file.name):
            inside = file.open()
        with inside, io.BufferedReader(_Counted(file, inside, self._take), _BUFFER) as counted:
            yield counted

    def _take(self, count: int) -> None:
        self._taken += count
        if self._taken > self._most:
            raise ImportRefused(
                Sentence("the files unpack to more than {most} bytes", most=self._most)
            )


class _Counted(io.RawIOBase):
    """The bytes of a file, counted as they come; the end must be where it was said to be."""

    def __init__(self, file: _File, inside: IO[bytes], take: Callable[[int], None]) -> None:
        self._file = file
        self._inside = inside
        self._take = take
        self._length = 0

    def readable(self) -> bool:
        """Say yes: this is all that it is for."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Read on; raises `ImportRefused`."""
        with _told_of(self._file.name):
            count: int = self._inside.readinto(buffer)  # type: ignore[attr-defined]
        self._take(count)
        self._length += count
        if not count and self._length != self._file.size:
            raise ImportRefused(
                Sentence(
                    "{file} is {length} bytes long, not the {size} that it is said to be",
                    file=self._file.name,
                    length=self._length,
                    size=self._file.size,
                )
            )
        return count


@contextlib.contextmanager
def open_files(path: Path, limits: ArchiveLimits = _LIMITS) -> Iterator[Files]:
    """
    Open a zip archive, or a folder of files.

    Raises:
        ImportRefused: It is neither, cannot be read, or holds what no honest set holds.
    """
    with contextlib.ExitStack() as stack:
        if path.is_dir():
            yield Files(_in_folder(path), limits.unpacked_bytes)
        elif path.is_file():
            with _told_of(path.name):
                disk = stack.enter_context(_Careful(io.FileIO(path), limits.directory_bytes))
                archive = stack.enter_context(zipfile.ZipFile(disk))
            yield Files(_in_archive(archive, limits), limits.most(path.stat().st_size))
        else:
            raise ImportRefused(
                Sentence("{file} is neither a folder nor a zip archive", file=_shown(str(path)))
            )


@contextlib.contextmanager
def _told_of(name: str) -> Iterator[None]:
    """Turn what goes wrong with a file into a sentence about it."""
    try:
        yield
    except _FAULTS as fault:
        found = _shown(str(fault))
        why = _WORDED.get(found, found)
        raise ImportRefused(
            Sentence("{file} cannot be read: {why}", file=_shown(name), why=why)
        ) from fault


def _shown(text: str) -> str:
    """Return text from outside so that it can be shown: no control characters, not endless."""
    shown = text[:200]
    return shown if shown.isprintable() else shown.encode("unicode_escape").decode()


# ---------------------------------------------------------------- a folder


def _in_folder(folder: Path) -> dict[str, _File]:
    found: dict[str, _File] = {}
    with _told_of(folder.name):
        for place in sorted(folder.iterdir()):
            if place.suffix.lower() != ".csv":
                continue
            about = place.lstat()
            # A link could lead to a file that we may read and whoever sent it may not.
            if not stat.S_ISREG(about.st_mode):
                raise ImportRefused(
                    Sentence("{file} is a link, or no ordinary file", file=_shown(place.name))
                )
            file = _File(place.name, about.st_size, functools.partial(_open_plain, place))
            _add_once(found, place.name, file)
    return found


def _open_plain(place: Path) -> IO[bytes]:
    # Asked again by the one call that opens it: it may have become a link since.
    return os.fdopen(os.open(place, os.O_RDONLY | os.O_NOFOLLOW), "rb", buffering=0)


# ---------------------------------------------------------------- an archive


class _Careful(io.BufferedReader):
    """A file that refuses to be read in pieces of any size that its content asks for."""

    def __init__(self, file: io.FileIO, most: int) -> None:
        super().__init__(file)
        self._most = most

    def read(self, size: int | None = -1, /) -> bytes:
        """Read on; raises `BadZipFile`."""
        if size is not None and size > self._most:
            raise zipfile.BadZipFile(_TOO_LONG)
        return super().read(size)


def _in_archive(archive: zipfile.ZipFile, limits: ArchiveLimits) -> dict[str, _File]:
    """Return the CSV files at the archive's top, or else of its one folder."""
    entries = archive.infolist()
    if len(entries) > limits.entries:
        raise ImportRefused(
            Sentence(
                "the archive holds {count} files, more than {most}",
                count=len(entries),
                most=limits.entries,
            )
        )
    _require_apart(entries, archive.start_dir)
    places: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        place = _place(entry)
        if not entry.is_dir():
            _require_readable(entry, place)
            _add_once(places, place, entry)
    found: dict[str, dict[str, _File]] = {}
    for place, entry in places.items():
        folder, _, name = place.rpartition("/")
        # Macs add such a shadow to each file.
        if name.endswith(".csv") and "/" not in folder and folder != "__macosx":
            opening = functools.partial(archive.open, entry)
            found.setdefault(folder, {})[name] = _File(name, entry.file_size, opening)
    if "" not in found and len(found) > 1:
        raise ImportRefused(
            Sentence("the archive has CSV files in several folders, and none at its top")
        )
    return found.get("") or next(iter(found.values()), {})


def _require_apart(entries: list[zipfile.ZipInfo], end: int) -> None:
    """Raise `ImportRefused` when entries share bytes, as the best of bombs do."""
    in_order = sorted(entries, key=operator.attrgetter("header_offset"))
    following = [*(entry.header_offset for entry in in_order[1:]), end]
    for entry, limit in zip(in_order, following, strict=False):
        if entry.header_offset + _HEADER + entry.compress_size > limit:
            raise ImportRefused(
                Sentence(
                    "{file} is not as long as the archive says", file=_shown(entry.filename)
                )
            )


def _place(entry: zipfile.ZipInfo) -> str:
    """Return where an entry belongs, in one spelling; raises `ImportRefused`."""
    name = entry.orig_filename.replace("\\", "/")
    steps = name.split("/")
    if name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in steps or "\0" in name:
        raise ImportRefused(
            Sentence(
                "the archive has an entry that leads out of it: {file}",
                file=_shown(entry.orig_filename),
            )
        )
    return "/".join(step for step in steps if step not in {"", "."})


def _require_readable(entry: zipfile.ZipInfo, place: str) -> None:
    """Raise `ImportRefused` for links and devices, encryption, and odd ways of packing."""
    if stat.S_IFMT(entry.external_attr >> 16) not in _KINDS:
        raise ImportRefused(
            Sentence("{file} in the archive is a link, or no ordinary file", file=_shown(place))
        )
    if entry.flag_bits & _ENCRYPTED:
        raise ImportRefused(Sentence("{file} in the archive is encrypted", file=_shown(place)))
    if entry.compress_type not in _METHODS:
        raise ImportRefused(
            Sentence(
                "{file} in the archive is packed by method {method}; "
                "only “stored” and “deflate” are read",
                file=_shown(place),
                method=entry.compress_type,
            )
        )


def _add_once(found: dict[str, Any], name: str, thing: Any) -> None:
    if name.lower() in found:
        raise ImportRefused(Sentence("the file {file} is there twice", file=_shown(name)))
    found[name.lower()] = thing
