"""Marks from files, and into them."""

from collections.abc import AsyncIterator

from rollbook.domain.mark_files import (
    MarkLines,
    MarkSelection,
    MarksSummary,
    Progress,
    SectionMarks,
)
from rollbook.domain.people import District
from rollbook.domain.record import Author, Channel
from rollbook.domain.store import Store
from rollbook.operations.attendance import require_kept_here


async def import_marks(
    store: Store,
    district: District,
    lines: MarkLines,
    progress: Progress,
    *,
    request_id: str,
    dry_run: bool = False,
) -> MarksSummary:
    """
    Save a file's marks in the operator's name.

    Raises:
        TakenElsewhere: The district keeps its attendance in PowerSchool.
    """
    require_kept_here(district)
    author = Author(user_id=None, channel=Channel.IMPORT, request_id=request_id)
    return await store.import_marks(district.id, lines, author, progress, dry_run=dry_run)


def export_marks(
    store: Store, district: District, selection: MarkSelection
) -> AsyncIterator[SectionMarks]:
    """Yield the marks that a selection names, section by section, from one moment."""
    return store.export_marks(district.id, selection)
