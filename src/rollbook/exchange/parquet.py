"""
Archives as Parquet files: a table a file, and a page that says what they are.

Rows come and go section by section, so neither writing nor reading holds more than some thousand
of them. pyarrow is large and few need it: it comes with the extra `archive`.
"""

import contextlib
import hashlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from rollbook.domain.archives import (
    ENROLLMENTS,
    FORM,
    MARKS,
    RECORD,
    ROLLS,
    SECTIONS,
    TABLES,
    Archive,
    ArchivedFile,
    ArchivedSection,
    Rows,
    Table,
)
from rollbook.domain.errors import BadRequest, Unavailable
from rollbook.domain.retention import Counts

PAGE = "archive.json"

_AT_A_TIME = 50_000  # rows that are written as one group
_ENTRIES_AT_A_TIME = 5_000  # of the record, which has long ones
_READ_AT_A_TIME = 10_000


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise Unavailable(
            "Archives are Parquet files, which need pyarrow: pip install 'rollbook[archive]'."
        ) from error
    return pa, pq


def _type(pa: Any, kind: str) -> Any:
    return {
        "number": pa.int64(),
        "small": pa.int8(),
        "text": pa.string(),
        "day": pa.date32(),
        "bytes": pa.binary(32),
    }[kind]


# ---------------------------------------------------------------- writing


class _Sheet:
    """One table on its way into its file."""

    def __init__(self, folder: Path, table: Table) -> None:
        self._pa, pq = _pyarrow()
        self._table = table
        self._types = [_type(self._pa, kind) for kind in table.types.values()]
        self._schema = self._pa.schema(zip(table.columns, self._types, strict=True))
        self.path = folder / f"{table.name}.parquet"
        self._writer = pq.ParquetWriter(self.path, self._schema, compression="zstd")
        self._most = _ENTRIES_AT_A_TIME if table is RECORD else _AT_A_TIME
        self._waiting: Rows = []
        self.rows = 0

    def add(self, section_id: int, rows: Rows) -> None:
        self._waiting += [(section_id, *row) for row in rows]
        if len(self._waiting) >= self._most:
            self._write()

    def _write(self) -> None:
        columns = zip(*self._waiting, strict=True)
        arrays = [
            self._array(list(values), its_type)
            for values, its_type in zip(columns, self._types, strict=True)
        ]
        self._writer.write_table(self._pa.table(arrays, schema=self._schema))
        self.rows += len(self._waiting)
        self._waiting = []

    def _array(self, values: list[Any], its_type: Any) -> Any:
        if its_type == self._pa.date32():
            return self._pa.array(values, self._pa.string()).cast(its_type)
        return self._pa.array(values, its_type)

    def close(self) -> None:
        if self._waiting:
            self._write()
        self._writer.close()


class ArchiveWriter:
    """Writes an archive into a folder that is there and empty."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sheets = {table.name: _Sheet(folder, table) for table in TABLES}
        self.counts = Counts()

    def add(self, section: ArchivedSection) -> None:
        """Write a section; they come in the order of their ids."""
        counts = section.counts
        own = (
            *section.about,
            *(counts.marks, counts.rolls, counts.entries),
            *(section.number, section.hash, section.digest()),
        )
        for table, rows in (
            (SECTIONS, [own]),
            (ENROLLMENTS, section.enrollments),
            (MARKS, section.marks),
            (ROLLS, section.rolls),
            (RECORD, section.entries),
        ):
            self._sheets[table.name].add(section.id, rows)
        self.counts += counts

    def close(self) -> dict[str, ArchivedFile]:
        """End every file, flush it to the disk, and return what they are now."""
        found = {}
        for sheet in self._sheets.values():
            sheet.close()
            flush(sheet.path)
            found[sheet.path.name] = ArchivedFile(
                rows=sheet.rows, bytes=sheet.path.stat().st_size, sha256=_sha256(sheet.path)
            )
        return found


def write_page(folder: Path, archive: Archive) -> None:
    """Write what the archive is, at its end."""
    page = folder / PAGE
    page.write_bytes(msgspec.json.format(msgspec.json.encode(archive), indent=2) + b"\n")
    flush(page)


def flush(path: Path) -> None:
    """Let a file, or the names in a folder, be on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ---------------------------------------------------------------- reading


def read_page(folder: Path) -> Archive:
    """
    Return what an archive says of itself.

    Raises:
        BadRequest: There is no archive, or one that a later version made.
    """
    try:
        said = (folder / PAGE).read_bytes()
        archive = msgspec.json.decode(said, type=Archive)
    except OSError as error:
        raise BadRequest(f"There is no archive in {folder}: {error.strerror}.") from error
    except msgspec.MsgspecError as error:
        raise BadRequest(f"{folder / PAGE} is not of an archive: {error}.") from error
    if archive.form != FORM:
        raise BadRequest(
            f"{folder} is an archive of form {archive.form}; this version reads {FORM}."
        )
    return archive


def require_whole(folder: Path, archive: Archive) -> None:
    """Raise `BadRequest` unless each file is, byte for byte, the one that was written."""
    for table in TABLES:
        name = f"{table.name}.parquet"
        said = archive.files.get(name)
        try:
            whole = said is not None and _sha256(folder / name) == said.sha256
        except OSError as error:
            raise BadRequest(f"{folder / name} cannot be read: {error.strerror}.") from error
        if not whole:
            raise BadRequest(
                f"{folder / name} is not the file that was archived: use another copy."
            )


def digests(folder: Path) -> dict[int, bytes]:
    """Return the digest of each section in an archive."""
    place = SECTIONS.columns.index("digest")
    return {row[0]: row[place] for row in _rows(folder, SECTIONS)}


def sections(folder: Path) -> Iterator[ArchivedSection]:
    """
    Yield each section of an archive, held against its digest.

    Raises:
        BadRequest: A section is not what it was.
    """
    groups = {
        table.name: _Groups(_rows(folder, table))
        for table in (ENROLLMENTS, MARKS, ROLLS, RECORD)
    }
    with _faults_as_bad():
        for row in _rows(folder, SECTIONS):
            section = ArchivedSection(
                id=row[0],
                about=row[1:-6],
                number=row[-3],
                hash=row[-2],
                enrollments=groups["enrollments"].of(row[0]),
                marks=groups["marks"].of(row[0]),
                rolls=groups["rolls"].of(row[0]),
                entries=groups["record"].of(row[0]),
            )
            if section.digest() != row[-1]:
                raise BadRequest(f"Section {section.id} in {folder} is not what was archived.")
            yield section


class _Groups:
    """Rows that come in the order of their sections, handed out by section."""

    def __init__(self, rows: Iterator[Any]) -> None:
        self._groups = itertools.groupby(rows, key=lambda row: row[0])
        self._next = next(self._groups, None)

    def of(self, section_id: int) -> Rows:
        if self._next is None or self._next[0] != section_id:
            return []
        rows = [row[1:] for row in self._next[1]]
        self._next = next(self._groups, None)
        return rows


def _rows(folder: Path, table: Table) -> Iterator[Any]:
    pa, pq = _pyarrow()
    with pq.ParquetFile(folder / f"{table.name}.parquet") as file:
        for batch in file.iter_batches(_READ_AT_A_TIME, columns=list(table.columns)):
            columns = [
                (column.cast(pa.string()) if kind == "day" else column).to_pylist()
                for column, kind in zip(batch.columns, table.types.values(), strict=True)
            ]
            yield from zip(*columns, strict=True)


@contextlib.contextmanager
def _faults_as_bad() -> Iterator[None]:
    pa, _ = _pyarrow()
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise BadRequest(f"The archive cannot be read: {error}.") from error
