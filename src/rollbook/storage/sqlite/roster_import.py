"""Taking a roster in: staged, compared, applied, in one transaction."""

from collections.abc import Callable, Iterable

import apsw

from rollbook.domain.store import RosterLimits, RosterPart, RosterSummary


def import_roster(
    db: apsw.Connection,
    district_id: int,
    parts: Iterable[RosterPart],
    limits: RosterLimits,
    progress: Callable[[str, int], None],
) -> list[RosterSummary]:
    """Stage, compare, apply."""
    raise NotImplementedError
