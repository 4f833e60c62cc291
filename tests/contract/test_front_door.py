"""What the store promises the front door: `Store.key_holder`, `Store.footing`."""

import asyncio

import msgspec
import pytest

from cast import EXPIRED, MASTER_KEY, MONDAY, READ_ONLY, REVOKED, SECRET, TODAY, Cast
from contract.classroom import ABSENT, Classroom
from rollbook.auth.credentials import Safe
from rollbook.domain.errors import NoSuchThing
from rollbook.domain.roster_files import RosterEnrollment, RosterLimits, RosterPart, RosterUser
from rollbook.domain.rosters import Footing
from rollbook.domain.store import Store


@pytest.mark.parametrize("name", ["alice", "bob", "anna"])
async def test_a_key_leads_to_its_holder(store: Store, cast: Cast, name: str) -> None:
    """
    A consumer key leads to the key, the person it acts as and their district.
    """
    holder = await store.key_holder(cast.keys[name])

    assert holder is not None
    assert holder.key in await store.keys(cast.district.id)
    assert holder.key.key == cast.keys[name]
    assert holder.user == await store.user(cast.district.id, cast.users[name])
    assert holder.district == cast.district
    assert Safe(MASTER_KEY).open(holder.key.sealed_secret, holder.key) == SECRET


@pytest.mark.parametrize("odd", [READ_ONLY, EXPIRED, REVOKED])
async def test_a_key_that_is_no_longer_live_still_has_its_holder(
    store: Store, cast: Cast, odd: str
) -> None:
    """
    Expired, revoked and read-only keys are told as they are: the door decides about them.
    """
    holder = await store.key_holder(cast.keys[odd])

    assert holder is not None
    assert holder.key.read_only is (odd == READ_ONLY)
    assert (holder.key.expires_at is not None) is (odd == EXPIRED)
    assert (holder.key.revoked_at is not None) is (odd == REVOKED)


@pytest.mark.parametrize("key", ["", "a", "a" * 40, "' OR 1=1 --"])
async def test_an_unknown_key_has_no_holder(store: Store, key: str) -> None:
    """
    Of a key that nobody has, the store says nothing but that.
    """
    assert await store.key_holder(key) is None


@pytest.mark.parametrize(
    ("user", "teaches", "own"),
    [
        ("bob", True, []),
        ("anna", False, ["anna"]),
        ("finn", False, ["finn"]),
        ("greta", False, ["greta"]),
        ("hugo", False, []),
        ("dora", False, []),
        ("alice", False, []),
    ],
)
async def test_how_somebody_stands_in_a_section(
    maths: Classroom, user: str, teaches: bool, own: list[str]
) -> None:
    """
    Who teaches a section is told, and which places on its roll are one's own and were ever real.
    """
    footing = await maths.store.footing(*maths.key, maths.cast.users[user])

    section = await maths.store.section(*maths.key)
    assert section.school_id is not None
    assert footing == Footing(teaches, tuple(map(maths.place, own)), section.school_id)


async def test_each_hears_how_they_stand_themselves(maths: Classroom) -> None:
    """
    Of many who ask at once, also of a section that is not there, each gets their own answer.
    """
    district, section = maths.key
    users = [maths.cast.users[name] for name in ("bob", "anna", "dora", "ben")] * 20
    asked = [(section, user) for user in users] + [(999_999_999, users[0])]
    together = await asyncio.gather(
        *(maths.store.footing(district, *each) for each in asked), return_exceptions=True
    )

    assert isinstance(together.pop(), NoSuchThing)
    assert together == [await maths.store.footing(*maths.key, user) for user in users]


async def test_a_teacher_who_left_teaches_no_longer(maths: Classroom) -> None:
    """
    When a teacher's place has ended, nothing of it remains.
    """
    part = RosterPart(noun=RosterEnrollment, rows=[], ended=["bob in maths"], complete=False)
    limits = RosterLimits(today=TODAY, end_share=1.0)
    await maths.store.import_roster(maths.key[0], [part], limits, lambda *_: None)
    footing = await maths.store.footing(*maths.key, maths.cast.users["bob"])

    assert (footing.teaches, footing.enrollment_ids) == (False, ())


async def test_nobody_stands_in_an_unknown_section(store: Store, cast: Cast) -> None:
    """
    In a section that does not exist nobody has a footing, not even an administrator.
    """
    with pytest.raises(NoSuchThing, match="section 7 "):
        await store.footing(cast.district.id, 7, cast.users["alice"])


async def test_a_change_of_people_can_be_told(maths: Classroom) -> None:
    """
    Keys, people, districts and enrollments that change raise one number; marks do not.
    """
    store, district = maths.store, maths.cast.district
    seen = [await store.people_version()]

    async def is_another() -> bool:
        seen.append(await store.people_version())
        return seen[-1] > seen[-2]

    holder = await store.key_holder(maths.cast.keys["bob"])
    assert holder is not None
    await store.change_key(msgspec.structs.replace(holder.key, name="another"))
    assert await is_another()
    await store.create_key(msgspec.structs.replace(holder.key, key="f" * 40))
    assert await is_another()
    await store.change_district(msgspec.structs.replace(district, powerschool=True))
    assert await is_another()
    limits = RosterLimits(today=TODAY, end_share=1.0)
    for noun, left in ((RosterUser, "bob"), (RosterEnrollment, "anna")):
        part = RosterPart(noun=noun, rows=[], ended=[left], complete=False)
        await store.import_roster(district.id, [part], limits, lambda *_: None)
        assert await is_another(), noun
    await maths.save(("anna", MONDAY, ABSENT))
    assert not await is_another()
