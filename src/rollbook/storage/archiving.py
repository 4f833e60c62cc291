"""What a pruning removes of a book: read section by section, and brought back."""

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from rollbook.domain.archives import (
    MARKS,
    RECORD,
    ROLLS,
    Archive,
    ArchivedSection,
    Table,
    digest,
)
from rollbook.domain.days import Day, instant
from rollbook.domain.errors import BadRequest
from rollbook.domain.retention import Anchor, Counts, Statement
from rollbook.storage.checking import anchor_of
from rollbook.storage.clock import Clock
from rollbook.storage.desk import Desk, Key
from rollbook.storage.retention import (
    MayGo,
    Old,
    Progress,
    is_held,
    last_entry,
    old_of,
    prunings,
    say_in_the_record,
    sections_of,
)


async def archived(
    desk: Desk, district_id: int, before: Day, progress: Progress
) -> AsyncIterator[ArchivedSection]:
    """
    Yield what a pruning of the days before one would remove, a section in a moment.

    Raises `BadRequest` when entries and events do not belong together.
    """
    await desk.work_for(district_id)
    async for key in sections_of(desk, district_id, progress):
        async with desk.moment():
            old = await old_of(desk, key, before)
            if old is None or await is_held(desk, key):
                continue
            ((*about,),) = await desk.rows(desk.sql.about_section, *key)
            places = await desk.rows(desk.sql.places_in_section, *key)
            section = ArchivedSection(
                id=key[1],
                about=tuple(about),
                number=old.number,
                hash=old.hash,
                enrollments=[tuple(place) for place in places],
                **await _old_rows(desk, key, before, old.number),
            )
        if any(event_id is None for *_, event_id in section.entries):
            raise BadRequest(
                f"An entry of section {section.id} has no event with the same id, so it could "
                "not come back as it was: see what `rollbook check` says."
            )
        yield section


async def _old_rows(desk: Desk, key: Key, before: Day, number: int) -> dict[str, Any]:
    entries = await desk.rows(desk.sql.entries_up_to, *key, number)
    marks = await desk.rows(desk.sql.old_marks, *key, before)
    rolls = await desk.rows(desk.sql.old_rolls, *key, before)
    return {
        "marks": [tuple(row) for row in marks],
        "rolls": [tuple(row) for row in rolls],
        "entries": [tuple(row) for row in entries],
    }


def as_archived(desk: Desk, before: Day, digests: Mapping[int, bytes]) -> MayGo:
    """Let a pruning remove only what is in an archive as it is now."""

    async def may_go(key: Key, old: Old) -> bool:
        now = await _old_rows(desk, key, before, old.number)
        return digests.get(key[1]) == digest(old.number, old.hash, **now)

    return may_go


# ---------------------------------------------------------------- coming back


async def restore(
    desk: Desk,
    archive: Archive,
    sections: Iterable[ArchivedSection],
    *,
    by: str,
    clock: Clock,
    progress: Progress,
) -> Counts:
    """
    Bring back what was removed, all of it in one transaction; return how much that was.

    Args:
        desk: Where the book is written to.
        archive: What the archive says of itself.
        sections: What is in it, in the order of their ids; what is raised here undoes everything.
        by: The operator's name on the machine.
        clock: Tells when it was.
        progress: Told how many sections are done.

    Raises:
        BadRequest: Nothing of it is gone, something is there again, or has to come back after
            another archive; nothing was changed.
        Unavailable: This login may not, or nothing can be written now; nothing was changed.
    """
    await desk.require_owner()
    await require_its_home(desk, archive)
    restored = Counts()
    async with desk.transaction():
        if any(each.ended_at is None for each in await prunings(desk, archive.district_id)):
            raise BadRequest(
                "A pruning was interrupted: run it again first, so that it is clear what it took."
            )
        for section in sections:
            key = (archive.district_id, section.id)
            at = instant(clock())
            anchor = await _said_to_come_back(desk, key, section, archive, at)
            if anchor is None:
                continue
            await _bring_back(desk, key, section)
            own = (*key, anchor.pruning_id)
            await desk.rows(desk.sql.add_restoration, *own, at, by)
            restored += section.counts
            progress(restored.sections, archive.holds.sections)
        if not restored.sections:
            raise BadRequest(
                "Nothing of the archive was removed, or all of it came back already: there is "
                "nothing to restore."
            )
    return restored


async def require_its_home(desk: Desk, archive: Archive) -> None:
    """Turn the desk to the archive's district; raises `BadRequest` when it is not there."""
    await desk.work_for(archive.district_id)
    if not await desk.rows(desk.sql.district, archive.district_id):
        raise BadRequest(
            f"The archive is of district {archive.district_id}, {archive.district}, which is not "
            "in this database."
        )


async def _said_to_come_back(
    desk: Desk, key: Key, section: ArchivedSection, archive: Archive, at: str
) -> Anchor | None:
    """
    Add the entry that says what comes back; return where the record began until now.

    None, and no entry, when the section has it all: it was not removed, or is back already.

    It is the first thing written: with it in its place, nobody saves in the section meanwhile.
    """
    while True:
        last = await last_entry(desk, key)
        anchor = _gone_with(section, await anchor_of(desk, key), archive)
        if anchor is None:
            return None
        statement = Statement(
            anchor.pruning_id, anchor.before, anchor.number, brought_back=True
        )
        if await say_in_the_record(desk, key, last, statement, at):
            return anchor


def _gone_with(
    section: ArchivedSection, anchor: Anchor | None, archive: Archive
) -> Anchor | None:
    """
    Return the anchor that was left when what is archived was removed; None when it is there.

    Anchors follow one another by day: one of an earlier day has left it where it was.
    """
    if anchor is None or anchor.before < archive.before:
        return None
    here = (anchor.before, anchor.number, anchor.hash)
    if here != (archive.before, section.number, section.hash):
        raise BadRequest(
            f"The record of section {section.id} begins after entry {anchor.number}, removed with "
            f"the days before {anchor.before}; the archive ends with entry {section.number} and "
            f"the days before {archive.before}. What was removed last comes back first."
        )
    return anchor


async def _bring_back(desk: Desk, key: Key, section: ArchivedSection) -> None:
    entries = [
        (*key, *entry[:-1], *entry[-1:] * len(desk.entry_id)) for entry in section.entries
    ]
    events = [(*key, entry[0], entry[-1]) for entry in section.entries]
    try:
        await desk.insert("marks", _columns(MARKS), [(*key, *row) for row in section.marks])
        await desk.insert("rolls", _columns(ROLLS), [(*key, *row) for row in section.rolls])
        await desk.insert("record", (*_columns(RECORD)[:-1], *desk.entry_id), entries)
        await desk.insert("events", ("district_id", "section_id", "number", "id"), events)
    except desk.broken as error:
        raise BadRequest(
            f"Section {section.id} has something again, or no longer, that the archive would "
            f"bring back ({error}): marks or rolls of its old days were saved since."
        ) from error


def _columns(table: Table) -> tuple[str, ...]:
    return ("district_id", *table.columns)
