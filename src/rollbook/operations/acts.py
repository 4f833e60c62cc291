"""What administrators did, as it is told: the newest first, with names for numbers."""

import msgspec

from rollbook.domain.acts import Act, ActQuery, PlaceOfAct
from rollbook.domain.people import User
from rollbook.domain.store import Store
from rollbook.operations.people import Known

SHOWN = 50  # acts on a page


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An act, who did it, and whom it is about."""

    act: Act
    author: User | None  # None: the operator, at the command line
    person: User | None


class Leaf(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the record of acts; `next` continues it, None when this is the end."""

    acts: list[Told]
    next: PlaceOfAct | None


async def leaf(store: Store, district_id: int, query: ActQuery) -> Leaf:
    """Return a page of those acts."""
    wanted = msgspec.structs.replace(query, limit=SHOWN + 1)
    found = await store.acts(district_id, wanted)
    shown = found[:SHOWN]
    people = Known(store, district_id)
    told = [
        Told(
            act=act,
            author=await people.person(act.author.user_id),
            person=await people.person(act.deed.person_id),
        )
        for act in shown
    ]
    place = (shown[-1].at, shown[-1].id) if len(found) > SHOWN else None
    return Leaf(acts=told, next=place)
