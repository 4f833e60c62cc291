"""Acts to rows, and back."""

import msgspec

from rollbook.domain.acts import Act, ActQuery, Deed, Turn, What
from rollbook.domain.people import Instant
from rollbook.domain.record import Author, Channel
from rollbook.storage.rows import Row, to_json

_turns = msgspec.json.Decoder(tuple[Turn, ...]).decode


def act(row: Row) -> Act:
    """Read the nine columns of the statement `acts`."""
    return Act(
        id=row[0],
        at=row[1],
        author=Author(user_id=row[2], channel=Channel(row[3]), request_id=row[4]),
        deed=Deed(what=What(row[5]), person_id=row[6], thing=row[7], turns=_turns(row[8])),
    )


def from_deed(district_id: int, by: Author, deed: Deed, now: Instant) -> Row:
    """Return the parameters of the statement `add_act`."""
    return (
        district_id,
        now,
        by.user_id,
        by.channel,
        by.request_id,
        deed.what,
        deed.person_id,
        deed.thing,
        to_json(deed.turns).decode(),
    )


def from_query(district_id: int, query: ActQuery) -> Row:
    """Return the parameters of the statement `acts`."""
    place = (query.since, *query.before)
    return (district_id, *place, query.by, query.person_id, query.limit)
