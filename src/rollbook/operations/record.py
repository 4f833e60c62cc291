"""The district's record: every save of marks in every section, the newest first."""

from collections.abc import AsyncIterator

import msgspec

from rollbook.domain.attendance import Change, Status
from rollbook.domain.overview import PlaceInTime, RecordQuery, place_in_time
from rollbook.domain.people import District, Instant, User
from rollbook.domain.record import RecordEntry
from rollbook.domain.rosters import Section
from rollbook.domain.store import EVERYBODY, Store
from rollbook.operations.attendance import require_kept_here
from rollbook.operations.people import Known

SHOWN = 50  # saves on a page
LOOKED_AT = 2_000  # entries for one page, at most; who looks for the rare goes on from there
_AT_ONCE = 200

_NEVER = "0001-01-01"  # a day without marks


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which saves: every filter that is given must hold."""

    since: Instant = ""
    before: PlaceInTime | None = None
    section_id: int | None = None
    by: int | None = None  # whose key or login it was, or for whom
    student_id: int | None = None


class Saving(msgspec.Struct, frozen=True, kw_only=True):
    """A save, as it is told: who, where, which marks."""

    entry: RecordEntry
    section: Section
    author: User | None  # None: the operator, at the command line
    on_behalf_of: User | None
    changes: list[tuple[User, Change]]  # but for first marks that are PRESENT
    present: int  # how many those are


class Leaf(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the record; `next` continues it, None when this is the end."""

    saves: list[Saving]
    next: PlaceInTime | None


async def leaf(store: Store, district: District, wanted: Wanted) -> Leaf:
    """Return a page; raises `NoSuchThing` for a section or a student that is not there."""
    require_kept_here(district)
    sections, own = await _where(store, district.id, wanted)
    found: list[RecordEntry] = []
    last: PlaceInTime | None = None
    looked_at = 0
    async for entry in _entries(store, district.id, wanted, sections):
        if looked_at == LOOKED_AT or len(found) == SHOWN:
            return Leaf(saves=await _told(store, district.id, found, own), next=last)
        looked_at += 1
        last = place_in_time(entry)
        if _is_wanted(entry, wanted.by, own):
            found.append(entry)
    return Leaf(saves=await _told(store, district.id, found, own), next=None)


async def _where(
    store: Store, district_id: int, wanted: Wanted
) -> tuple[tuple[int, ...] | None, frozenset[int] | None]:
    """Return which sections, and whose places in them; None: all."""
    sections: tuple[int, ...] | None = None
    if wanted.section_id is not None:
        sections = ((await store.section(district_id, wanted.section_id)).id,)
    if wanted.student_id is None:
        return sections, None
    student = await store.student(district_id, wanted.student_id, _NEVER, _NEVER)
    places = {place.enrollment.id: place.section.id for place in student.places}
    if sections is None:
        sections = tuple(sorted(set(places.values())))
    return sections, frozenset(places)


async def _entries(
    store: Store, district_id: int, wanted: Wanted, sections: tuple[int, ...] | None
) -> AsyncIterator[RecordEntry]:
    query = RecordQuery(since=wanted.since, section_ids=sections, limit=_AT_ONCE)
    if wanted.before:
        query = msgspec.structs.replace(query, before=wanted.before)
    while True:
        entries = await store.district_record(district_id, query)
        for entry in entries:
            yield entry
        if len(entries) < query.limit:
            return
        query = msgspec.structs.replace(query, before=place_in_time(entries[-1]))


def _is_wanted(entry: RecordEntry, by: int | None, own: frozenset[int] | None) -> bool:
    if by is not None and by not in {entry.author.user_id, entry.author.on_behalf_of}:
        return False
    return own is None or any(change.enrollment_id in own for change in entry.changes)


async def _told(
    store: Store, district_id: int, entries: list[RecordEntry], own: frozenset[int] | None
) -> list[Saving]:
    people = Known(store, district_id)
    sections: dict[int, tuple[Section, dict[int, User]]] = {}
    told = []
    for entry in entries:
        key = (district_id, entry.section_id)
        if entry.section_id not in sections:
            listed = await store.enrollments(*key, EVERYBODY)
            names = {one.enrollment.id: one.user for one in listed.items}
            sections[entry.section_id] = (await store.section(*key), names)
        section, names = sections[entry.section_id]
        changes = [
            change for change in entry.changes if own is None or change.enrollment_id in own
        ]
        telling = [change for change in changes if not _is_plain(change)]
        told.append(
            Saving(
                entry=entry,
                section=section,
                author=await people.person(entry.author.user_id),
                on_behalf_of=await people.person(entry.author.on_behalf_of),
                changes=[(names[change.enrollment_id], change) for change in telling],
                present=len(changes) - len(telling),
            )
        )
    return told


def _is_plain(change: Change) -> bool:
    """Say whether this is a first mark that says PRESENT and no more."""
    return (
        change.old_status is None
        and change.new_status == Status.PRESENT
        and not change.new_comment
    )
