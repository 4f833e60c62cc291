"""Archives: opens the book and the files at both ends of one."""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from rollbook.config import Config
from rollbook.domain.archives import Archive, ArchivedSection
from rollbook.domain.days import Day, instant
from rollbook.domain.errors import BadRequest, Unavailable
from rollbook.domain.people import District
from rollbook.domain.retention import Counts
from rollbook.exchange import parquet
from rollbook.storage import archiving, retention
from rollbook.storage.clock import system_clock
from rollbook.storage.desk import Desk
from rollbook.storage.retention import Pruned
from rollbook.upkeep import at_desk

Progress = Callable[[str, int, int], None]  # what is done, how much of it, of how much


def create(
    config: Config,
    district: District,
    before: Day,
    target: Path,
    *,
    by: str,
    progress: Progress,
) -> Archive:
    """
    Write what lies before a day into a new folder, and read it back before it bears its name.

    Raises:
        BadRequest: There is something at *target* already, or nothing to archive.
        Unavailable: The database or the disk refuses, or pyarrow is not installed.
    """
    with _appearing(target) as folder:
        writer = parquet.ArchiveWriter(folder)

        async def write(desk: Desk) -> None:
            async for section in archiving.archived(
                desk,
                district.id,
                before,
                lambda done, total: progress("archiving", done, total),
            ):
                writer.add(section)

        at_desk(config, write)
        files = writer.close()
        if not writer.counts.sections:
            raise BadRequest(f"Nothing lies before {before}: there is nothing to archive.")
        archive = Archive(
            district_id=district.id,
            district=district.name,
            before=before,
            made_at=instant(system_clock()),
            made_by=by,
            holds=writer.counts,
            files=files,
        )
        parquet.write_page(folder, archive)
        return check(folder, progress)


def read(folder: Path) -> Archive:
    """Return what an archive says of itself, none of it held against its files."""
    return parquet.read_page(folder)


def check(folder: Path, progress: Progress) -> Archive:
    """
    Read a whole archive, hold it against what it says of itself, and return that.

    Raises:
        BadRequest: It is not what was written.
        Unavailable: pyarrow is not installed.
    """
    archive = parquet.read_page(folder)
    parquet.require_whole(folder, archive)
    for done, _ in enumerate(_all_of(archive, folder), 1):
        progress("reading back", done, archive.holds.sections)
    return archive


def detach(config: Config, folder: Path, *, by: str, progress: Progress) -> Pruned:
    """
    Remove from the database what an archive holds, section by section, as a pruning.

    A section that is no longer as it was archived stays, and so does what is on hold.

    Raises:
        BadRequest: The archive is not what was written.
        Unavailable: The file cannot be written now; what was removed stays removed.
    """
    archive = check(folder, progress)
    digests = parquet.digests(folder)

    async def remove(desk: Desk) -> Pruned:
        await archiving.require_its_home(desk, archive)
        return await retention.prune(
            desk,
            archive.district_id,
            archive.before,
            by=by,
            clock=system_clock,
            progress=lambda done, total: progress("removing", done, total),
            may_go=archiving.as_archived(desk, archive.before, digests),
        )

    return at_desk(config, remove, writing=True)


def restore(config: Config, folder: Path, *, by: str, progress: Progress) -> Counts:
    """
    Bring back what an archive holds and the database no longer has: all of it or nothing.

    Raises:
        BadRequest: The archive is not what was written, or not what is missing.
        Unavailable: The file cannot be written now; nothing was changed.
    """
    archive = parquet.read_page(folder)
    parquet.require_whole(folder, archive)

    async def bring_back(desk: Desk) -> Counts:
        return await archiving.restore(
            desk,
            archive,
            _all_of(archive, folder),
            by=by,
            clock=system_clock,
            progress=lambda done, total: progress("restoring", done, total),
        )

    return at_desk(config, bring_back, writing=True)


def _all_of(archive: Archive, folder: Path) -> Iterator[ArchivedSection]:
    """Yield the sections; raise `BadRequest` when there were not as many rows as it says."""
    found = Counts()
    for section in parquet.sections(folder):
        found += section.counts
        yield section
    if found != archive.holds:
        raise BadRequest(f"{folder} does not hold as much as it says: use another copy.")


@contextlib.contextmanager
def _appearing(target: Path) -> Iterator[Path]:
    """Give a new folder, for our eyes only; it becomes *target* when the block ends well."""
    if target.exists():
        raise BadRequest(f"There is something at {target} already: an archive is a new folder.")
    try:
        part = Path(tempfile.mkdtemp(".part", f".{target.name}.", target.parent))
    except OSError as error:
        raise Unavailable(
            f"Nothing can be written to {target.parent}: {error.strerror}."
        ) from error
    try:
        yield part
        parquet.flush(part)
        part.rename(target)
        parquet.flush(target.parent)
    except OSError as error:
        why = error.strerror or error  # pyarrow's have no more than their text
        raise Unavailable(f"{target} could not be written: {why}.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
