"""Changing what a district has set."""

import functools
import zoneinfo
from collections.abc import Sequence

import msgspec

from rollbook.domain.errors import BadRequest
from rollbook.domain.people import District, StatusLook
from rollbook.domain.record import Author
from rollbook.domain.sentences import Sentence
from rollbook.domain.store import Store

NAME_MAX = 200  # characters
LOOK_MAX = 40  # characters of a status' name
LOCK_MAX = 3660  # days


@functools.cache
def zones() -> tuple[str, ...]:
    """Return the names of all time zones, in their order."""
    return tuple(sorted(zoneinfo.available_timezones()))


def require_zone(name: str) -> None:
    """Raise `BadRequest` when there is no such time zone."""
    if name not in zones():
        raise BadRequest(
            Sentence(
                "There is no time zone {name}; they are named as America/Chicago is.", name=name
            )
        )


async def change(
    store: Store,
    district: District,
    *,
    name: str,
    time_zone: str,
    lock_days: int | None,
    status_looks: Sequence[StatusLook],
    powerschool: bool,
    by: Author,
) -> District:
    """
    Store what a district has set.

    Raises:
        BadRequest: The name is none, or there is no such time zone.
        AlreadyThere: Another district has the name.
    """
    name = name.strip()
    if not 0 < len(name) <= NAME_MAX:
        raise BadRequest(
            Sentence("A district's name has 1 to {most} characters.", most=NAME_MAX)
        )
    require_zone(time_zone)
    new = msgspec.structs.replace(
        district,
        name=name,
        time_zone=time_zone,
        lock_days=lock_days,
        status_looks=tuple(look for look in status_looks if look.name or look.colour),
        powerschool=powerschool,
    )
    return await store.change_district(new, by=by)
