"""What the store promises of districts, people and keys, and of being there at all."""

import msgspec
import pytest

from cast import MONDAY, TUESDAY, Cast
from contract.classroom import ABSENT, Classroom
from rollbook.domain.errors import AlreadyThere, NoSuchThing
from rollbook.domain.people import ApiKey, Colour, District, Role, StatusLook, User
from rollbook.domain.store import Page, SectionQuery, Store

NOBODY = User(id=0, role=Role.STAFF, name_first="Jo", name_last="Doe")
WHOLE = User(
    id=0,
    role=Role.GUARDIAN,
    name_first="Josefine",
    name_last="de la Cruz",
    sourced_id="jo",
    name_title="Dr.",
    name_first_preferred="Jo",
    name_middle="Q.",
    username="jo@example.org",
    primary_email="jo@example.org",
    active=False,
)


def key_for(cast: Cast, name: str = "alice", **fields: object) -> ApiKey:
    """Return a new key with everything set that can be."""
    key = ApiKey(
        key="c" * 40,
        district_id=cast.district.id,
        user_id=cast.users[name],
        sealed_secret=b"sealed \0 secret",
        former_sealed_secret=b"former",
        former_until="2026-12-01T00:00:00.000Z",
        name="gradebook",
        read_only=True,
        created_at="2026-11-23T08:00:00.000Z",
        expires_at="2027-07-31T23:59:59.999Z",
        revoked_at="2026-11-24T00:00:00.000Z",
    )
    return msgspec.structs.replace(key, **fields)


async def test_the_store_answers(store: Store) -> None:
    """
    A store that can be read says so.
    """
    await store.ping()


async def test_to_try_writing_changes_nothing(store: Store, cast: Cast) -> None:
    """
    A write that is only tried is as durable as any, and leaves no trace in the book.
    """
    maths = cast.sections["maths"]
    before = await store.version(cast.district.id, maths)
    await store.try_writing()

    assert await store.version(cast.district.id, maths) == before


# ---------------------------------------------------------------- districts


async def test_a_new_district_is_listed(store: Store, cast: Cast, strangers: Cast) -> None:
    """
    A district that was created is there as it was made, and has nothing in it.
    """
    made = await store.create_district("Bergdorf", "America/Chicago")

    assert made == District(id=made.id, name="Bergdorf", time_zone="America/Chicago")
    assert await store.districts() == [cast.district, strangers.district, made]
    assert (await store.users(made.id, Page())).items == []
    assert (await store.sections(made.id, SectionQuery())).items == []
    assert await store.keys(made.id) == []


async def test_two_districts_have_two_names(store: Store, cast: Cast) -> None:
    """
    A second district of the same name is refused, and there is none of it.
    """
    before = await store.districts()
    with pytest.raises(AlreadyThere, match="Lindenhof"):
        await store.create_district("Lindenhof", "UTC")

    assert await store.districts() == before


async def test_a_district_can_be_changed_and_changed_back(store: Store, cast: Cast) -> None:
    """
    Name, time zone and switch are stored, and other districts stay as they are.
    """
    new = District(id=cast.district.id, name="Lindenau", time_zone="UTC", powerschool=True)
    others = (await store.districts())[1:]

    assert await store.change_district(new) == new
    assert await store.districts() == [new, *others]
    await store.change_district(cast.district)
    assert await store.districts() == [cast.district, *others]


async def test_a_district_says_how_its_pages_are(
    store: Store, cast: Cast, strangers: Cast
) -> None:
    """
    After how many days marks are locked, and how statuses look, is the district's own.
    """
    looks = (
        StatusLook(status=3, name="Tardy “ü”", colour=Colour.ORANGE),
        StatusLook(status=4, colour=Colour.TEAL),
    )
    new = msgspec.structs.replace(cast.district, lock_days=0, status_looks=looks)

    assert (cast.district.lock_days, cast.district.status_looks) == (None, ())
    assert await store.change_district(new) == new
    assert await store.districts() == [new, strangers.district]
    await store.change_district(cast.district)
    assert await store.districts() == [cast.district, strangers.district]


async def test_a_district_cannot_take_anothers_name(
    store: Store, cast: Cast, strangers: Cast
) -> None:
    """
    A district that is renamed to another one's name is refused, and keeps its own.
    """
    before = await store.districts()
    taken = msgspec.structs.replace(cast.district, name=strangers.district.name)
    with pytest.raises(AlreadyThere, match="Nordhafen"):
        await store.change_district(taken)

    assert await store.districts() == before


async def test_an_unknown_district_cannot_be_changed(store: Store) -> None:
    """
    A district that does not exist is not made by changing it.
    """
    before = await store.districts()
    with pytest.raises(NoSuchThing, match="district 99 "):
        await store.change_district(District(id=99, name="Nowhere"))

    assert await store.districts() == before


# ---------------------------------------------------------------- people


@pytest.mark.parametrize("person", [NOBODY, WHOLE])
async def test_a_new_person_is_as_they_were_given(
    store: Store, cast: Cast, person: User
) -> None:
    """
    A person is stored with every field, under an id of the store's own.
    """
    (school,) = (await store.schools(cast.district.id, Page())).items
    wanted = msgspec.structs.replace(person, school_id=school.id)
    made = await store.create_user(cast.district.id, wanted)

    assert made == msgspec.structs.replace(wanted, id=made.id)
    assert made.id not in {0, *cast.users.values()}
    assert await store.user(cast.district.id, made.id) == made


async def test_two_people_have_two_ids(store: Store, cast: Cast) -> None:
    """
    The same person created twice is two people when the district's own id does not say more.
    """
    one = await store.create_user(cast.district.id, NOBODY)
    other = await store.create_user(cast.district.id, NOBODY)

    assert one.id != other.id


async def test_the_districts_own_id_is_one_person_s(store: Store, cast: Cast) -> None:
    """
    A second person with the same id of the district's own is refused.
    """
    before = await store.users(cast.district.id, Page())
    with pytest.raises(AlreadyThere, match="anna"):
        await store.create_user(
            cast.district.id, msgspec.structs.replace(NOBODY, sourced_id="anna")
        )

    assert await store.users(cast.district.id, Page()) == before


async def test_a_person_is_of_a_district_and_a_school_that_are_there(
    store: Store, cast: Cast
) -> None:
    """
    A person in an unknown district, or of an unknown school, is refused by the name of that.
    """
    with pytest.raises(NoSuchThing, match="district 99 "):
        await store.create_user(99, NOBODY)
    with pytest.raises(NoSuchThing, match="school 99 "):
        await store.create_user(cast.district.id, msgspec.structs.replace(NOBODY, school_id=99))

    assert (await store.users(cast.district.id, Page())).total == len(cast.users)


@pytest.mark.parametrize("person", [NOBODY, WHOLE])
async def test_all_of_a_person_can_be_changed(
    store: Store, cast: Cast, strangers: Cast, person: User
) -> None:
    """
    A person becomes another in every field but the id, and nobody else does.
    """
    (school,) = (await store.schools(cast.district.id, Page())).items
    new = msgspec.structs.replace(person, id=cast.users["bob"], school_id=school.id)
    before = (await store.users(cast.district.id, Page())).items
    version = await store.people_version()

    assert await store.change_user(cast.district.id, new) == new
    assert await store.people_version() != version
    after = (await store.users(cast.district.id, Page())).items
    assert after == [new if user.id == new.id else user for user in before]


async def test_a_person_who_is_changed_is_another_at_the_door(store: Store, cast: Cast) -> None:
    """
    A role that is taken away is gone for the keys of that person.
    """
    alice = await store.user(cast.district.id, cast.users["alice"])
    await store.change_user(cast.district.id, msgspec.structs.replace(alice, role=Role.STAFF))
    holder = await store.key_holder(cast.keys["alice"])

    assert holder is not None
    assert holder.user.role is Role.STAFF


async def test_a_person_cannot_become_what_is_not_there(
    store: Store, cast: Cast, strangers: Cast
) -> None:
    """
    An unknown person, school or another's id of the district's own is refused by its name.
    """
    bob = await store.user(cast.district.id, cast.users["bob"])
    foreign = await store.user(strangers.district.id, strangers.users["bob"])
    (school,) = (await store.schools(strangers.district.id, Page())).items
    before = await store.users(cast.district.id, Page())
    for person, error, words in (
        (msgspec.structs.replace(bob, id=7), NoSuchThing, "user 7 "),
        (msgspec.structs.replace(foreign, school_id=None), NoSuchThing, f"user {foreign.id} "),
        (msgspec.structs.replace(bob, school_id=school.id), NoSuchThing, "school"),
        (msgspec.structs.replace(bob, sourced_id="anna"), AlreadyThere, "anna"),
    ):
        with pytest.raises(error, match=words):
            await store.change_user(cast.district.id, person)

    assert await store.users(cast.district.id, Page()) == before


# ---------------------------------------------------------------- keys


async def test_a_new_key_is_as_it_was_given(store: Store, cast: Cast) -> None:
    """
    A key is stored with every field, and its holder is found by it.
    """
    key = key_for(cast)
    await store.create_key(key)
    holder = await store.key_holder(key.key)

    assert key in await store.keys(cast.district.id)
    assert holder is not None
    assert (holder.key, holder.user.id) == (key, cast.users["alice"])


async def test_keys_go_by_age(store: Store, cast: Cast) -> None:
    """
    A district's keys are listed oldest first.
    """
    late = key_for(cast, key="0" * 40, created_at="2026-11-23T08:00:00.001Z")
    early = key_for(cast, key="f" * 40, created_at="2020-01-01T00:00:00.000Z")
    for key in (late, early):
        await store.create_key(key)
    keys = [key.key for key in await store.keys(cast.district.id)]

    assert (keys[0], keys[-1], len(keys)) == (early.key, late.key, len(cast.keys) + 2)


async def test_a_key_acts_as_somebody_who_is_there(store: Store, cast: Cast) -> None:
    """
    A key for nobody is refused, and there is none of it.
    """
    with pytest.raises(NoSuchThing, match="user 7 "):
        await store.create_key(key_for(cast, user_id=7))

    assert await store.key_holder("c" * 40) is None


async def test_a_key_is_given_out_once(store: Store, cast: Cast, strangers: Cast) -> None:
    """
    A key that exists is not given out again, in this district or in another.
    """
    for taken in (cast.keys["bob"], strangers.keys["bob"]):
        before = await store.key_holder(taken)
        with pytest.raises(AlreadyThere):
            await store.create_key(key_for(cast, key=taken))

        assert await store.key_holder(taken) == before


async def test_a_key_can_be_changed(store: Store, cast: Cast) -> None:
    """
    A key's secrets, name, limits and dates change; whom it acts as and since when do not.
    """
    key = key_for(cast, revoked_at=None)
    await store.create_key(key)
    new = ApiKey(
        key=key.key,
        district_id=key.district_id,
        user_id=cast.users["bob"],
        sealed_secret=b"newer",
        created_at="2030-01-01T00:00:00.000Z",
    )
    others = [other for other in await store.keys(cast.district.id) if other.key != key.key]
    await store.change_key(new)

    assert await store.keys(cast.district.id) == [
        *others,
        msgspec.structs.replace(new, user_id=key.user_id, created_at=key.created_at),
    ]


async def test_a_revoked_key_stays_revoked(store: Store, cast: Cast) -> None:
    """
    Whoever stores what they read before a key was revoked does not bring it back to life.
    """
    key = key_for(cast, revoked_at=None)
    await store.create_key(key)
    revoked = msgspec.structs.replace(key, revoked_at="2026-11-23T09:00:00.000Z")
    await store.change_key(revoked)
    await store.change_key(msgspec.structs.replace(key, name="rotated"))

    assert msgspec.structs.replace(revoked, name="rotated") in await store.keys(key.district_id)


async def test_an_unknown_key_cannot_be_changed(store: Store, cast: Cast) -> None:
    """
    A key that nobody has is not made by changing it.
    """
    with pytest.raises(NoSuchThing, match="key cccc"):
        await store.change_key(key_for(cast))

    assert await store.key_holder("c" * 40) is None


async def test_a_switched_district_keeps_its_attendance(maths: Classroom) -> None:
    """
    The store answers for a district that takes its attendance elsewhere: nothing is lost.
    """
    await maths.save(("anna", MONDAY, ABSENT))
    before = await maths.everything()
    switched = msgspec.structs.replace(maths.cast.district, powerschool=True)
    await maths.store.change_district(switched)

    assert await maths.everything() == before


async def test_the_last_use_of_a_key_is_the_latest_day(store: Store, cast: Cast) -> None:
    """
    A key has no last use, then the day that was noted; an earlier one changes nothing.
    """
    key = key_for(cast)
    await store.create_key(key)
    noted = []
    for day in (None, MONDAY, MONDAY, TUESDAY, MONDAY):
        if day:
            await store.note_use_of_key(cast.district.id, key.key, day)
        found = await store.key_holder(key.key)
        assert found is not None
        noted.append(found.key.last_used_on)

    assert noted == [None, MONDAY, MONDAY, TUESDAY, TUESDAY]
    assert msgspec.structs.replace(key, last_used_on=TUESDAY) in await store.keys(
        cast.district.id
    )


async def test_the_use_of_a_key_is_no_change_of_people(store: Store, cast: Cast) -> None:
    """
    What workers remember of keys and people stays remembered; a key of nobody's is not noted.
    """
    before = await store.people_version()
    await store.note_use_of_key(cast.district.id, cast.keys["bob"], MONDAY)
    await store.note_use_of_key(cast.district.id, "c" * 40, MONDAY)

    assert await store.people_version() == before


async def test_a_key_that_was_used_can_be_changed(store: Store, cast: Cast) -> None:
    """
    Its last use stays what it is, whatever whoever read it before that stores.
    """
    holder = await store.key_holder(cast.keys["bob"])
    assert holder is not None
    await store.note_use_of_key(cast.district.id, holder.key.key, MONDAY)
    before = await store.people_version()
    await store.change_key(msgspec.structs.replace(holder.key, name="renamed"))
    changed = await store.key_holder(holder.key.key)

    assert changed is not None
    assert (changed.key.name, changed.key.last_used_on) == ("renamed", MONDAY)
    assert await store.people_version() != before
