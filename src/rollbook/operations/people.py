"""Changing what somebody is in the district."""

import msgspec

from rollbook.domain.errors import BadRequest
from rollbook.domain.people import Role, User
from rollbook.domain.record import Author
from rollbook.domain.sentences import Sentence
from rollbook.domain.store import Store

# What somebody can be made here; who is a student or a guardian only the roster says.
STAFF = (Role.TEACHER, Role.STAFF, Role.ADMINISTRATOR)


async def change(
    store: Store,
    district_id: int,
    person: User,
    *,
    role: Role,
    school_id: int | None,
    by: Author,
) -> User:
    """
    Store what somebody is, and in which school; None: in none.

    Raises:
        BadRequest: Nobody can be made that here, or this person cannot.
        NoSuchThing: There is no such school.
        LastAdministrator: Nobody else could come in to administer the district.
    """
    if role not in STAFF or person.role not in STAFF:
        raise BadRequest(
            Sentence("Here people are teachers, of the office, or administrators.")
        )
    new = msgspec.structs.replace(person, role=role, school_id=school_id)
    return await store.change_user(district_id, new, by=by)


class Known:
    """The people of a district that something is told of, each looked up once."""

    def __init__(self, store: Store, district_id: int) -> None:
        self._store = store
        self._district_id = district_id
        self._found: dict[int, User] = {}

    async def person(self, user_id: int | None) -> User | None:
        """Return a person; None is nobody. Raises `NoSuchThing`."""
        if user_id is None:
            return None
        if user_id not in self._found:
            self._found[user_id] = await self._store.user(self._district_id, user_id)
        return self._found[user_id]
