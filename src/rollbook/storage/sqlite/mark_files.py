"""The part of `SqliteStore` that takes marks in from files, and brings them out."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from pathlib import Path

import apsw

from rollbook.domain.mark_files import (
    MarkLines,
    MarkSelection,
    MarksSummary,
    Progress,
    SectionMarks,
)
from rollbook.domain.record import Author
from rollbook.storage.sqlite import marks_export, marks_import
from rollbook.storage.sqlite.writer import Writer


class FilesOfMarks(ABC):
    """Marks from files and into them, on the file that the rest of the store is on."""

    _path: Path
    _db: apsw.Connection

    @abstractmethod
    def _own_writer(self) -> Writer:
        """Return this process's own writer."""

    async def import_marks(
        self,
        district_id: int,
        lines: MarkLines,
        author: Author,
        progress: Progress,
        *,
        dry_run: bool = False,
    ) -> MarksSummary:
        """Take the marks in with this process's own writer, some thousand to a commit."""
        return await marks_import.import_marks(
            self._db, self._own_writer(), district_id, lines, author, progress, dry_run=dry_run
        )

    async def export_marks(
        self, district_id: int, selection: MarkSelection
    ) -> AsyncIterator[SectionMarks]:
        """Read them on a connection of their own."""
        for sheet in marks_export.export_marks(self._path, district_id, selection):
            yield sheet
