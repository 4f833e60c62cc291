"""Changing what somebody is in the district."""

import msgspec

from rollbook.domain.accounts import AccountState
from rollbook.domain.errors import BadRequest
from rollbook.domain.people import Role, User
from rollbook.domain.record import Author
from rollbook.domain.store import Store

# What somebody can be made here; who is a student or a guardian only the roster says.
STAFF = (Role.TEACHER, Role.STAFF, Role.ADMINISTRATOR)


async def is_last_administrator(store: Store, district_id: int, user_id: int) -> bool:
    """Say whether nobody else could come in to administer the district."""
    for account in await store.accounts(district_id):
        if account.user_id == user_id:
            continue
        other = await store.user(district_id, account.user_id)
        state = account.state(other)
        if other.role is Role.ADMINISTRATOR and state is AccountState.ACTIVE:
            return False
    return True


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
    """
    if role not in STAFF or person.role not in STAFF:
        raise BadRequest("Here people are teachers, of the office, or administrators.")
    new = msgspec.structs.replace(person, role=role, school_id=school_id)
    return await store.change_user(district_id, new, by=by)
