"""Reading and writing a section's attendance."""

from collections.abc import Sequence

from rollbook.domain.attendance import Entry, Unreadable
from rollbook.domain.days import Day
from rollbook.domain.errors import TakenElsewhere
from rollbook.domain.people import Actor, District
from rollbook.domain.record import Author, Channel
from rollbook.domain.store import Roll, RollQuery, Saved, SaveMarks, Store, TakeRoll


def require_kept_here(district: District) -> None:
    """Raise `TakenElsewhere` when the district takes its attendance in PowerSchool."""
    if district.powerschool:
        raise TakenElsewhere


def author(actor: Actor, channel: Channel, request_id: str) -> Author:
    """Return who is to stand in the record for what *actor* writes."""
    acts_for = actor.user.id if actor.user.id != actor.key_user_id else None
    return Author(
        user_id=actor.key_user_id, on_behalf_of=acts_for, channel=channel, request_id=request_id
    )


async def save_marks(
    store: Store,
    district: District,
    section_id: int,
    entries: Sequence[Entry | Unreadable],
    by: Author,
    *,
    atomic: bool = False,
    if_version: tuple[int, ...] | None = None,
    takes_roll: bool = True,
) -> Saved:
    """
    Save marks, each for itself, or with *atomic* all or none.

    Marks of a day say that its roll was taken, unless *takes_roll* is False.

    Raises:
        ChangedMeanwhile: The section is in none of the states *if_version* names.
        RollRefused: *atomic*, and an entry was refused.
    """
    require_kept_here(district)
    command = SaveMarks(
        district_id=district.id,
        section_id=section_id,
        entries=entries,
        author=by,
        atomic=atomic,
        if_version=if_version,
        takes_roll=takes_roll,
    )
    return await store.save_marks(command)


async def take_roll(
    store: Store,
    district: District,
    section_id: int,
    date: Day,
    exceptions: Sequence[Entry | Unreadable],
    by: Author,
    *,
    replace_excused: bool = False,
    if_version: tuple[int, ...] | None = None,
) -> tuple[Saved, Roll]:
    """
    Take a day's roll: the exceptions as given, everybody else on it as present; all or none.

    Raises:
        ChangedMeanwhile: The section is in none of the states *if_version* names.
        RollRefused: An exception was refused.
    """
    require_kept_here(district)
    command = TakeRoll(
        district_id=district.id,
        section_id=section_id,
        date=date,
        exceptions=exceptions,
        author=by,
        replace_excused=replace_excused,
        if_version=if_version,
    )
    saved = await store.take_roll(command)
    query = RollQuery(start=date, end=date)
    rolls = await store.rolls(district.id, section_id, query)
    return saved, rolls.items[0]
