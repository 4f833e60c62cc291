import string
from collections.abc import Iterator
from contextlib import contextmanager

import apsw
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.domain.attendance import Change
from rollbook.domain.people import ApiKey, Role, User
from rollbook.domain.record import Author, Channel, RecordEntry
from rollbook.storage import rows
from rollbook.storage.sqlite import migrations
from rollbook.storage.sqlite.statements import SQL

TEXT = st.text(st.characters(exclude_categories=["Cs"]))  # no lone surrogates: they are no text
IDS = st.integers(1, (1 << 63) - 1)
INSTANTS = st.just("2026-11-23T08:00:00.000Z")
KEYS = st.text(string.hexdigits, min_size=40, max_size=40)
USERS = st.builds(
    User,
    id=IDS,
    role=st.sampled_from(Role),
    name_first=TEXT,
    name_last=TEXT,
    sourced_id=st.none() | TEXT,
    school_id=st.none() | IDS,
    name_title=TEXT,
    name_first_preferred=TEXT,
    name_middle=TEXT,
    username=TEXT,
    primary_email=TEXT,
    active=st.booleans(),
)
API_KEYS = st.builds(
    ApiKey,
    key=KEYS,
    district_id=IDS,
    user_id=IDS,
    sealed_secret=st.binary(),
    former_sealed_secret=st.none() | st.binary(),
    former_until=st.none() | INSTANTS,
    name=TEXT,
    read_only=st.booleans(),
    created_at=INSTANTS,
    expires_at=st.none() | INSTANTS,
    revoked_at=st.none() | INSTANTS,
)
DAYS = st.dates().map(str)
STATUSES = st.integers(1, 4)
ENTRIES = st.builds(
    RecordEntry,
    section_id=IDS,
    number=IDS,
    at=INSTANTS,
    author=st.builds(
        Author,
        user_id=st.none() | IDS,
        on_behalf_of=st.none() | IDS,
        channel=st.sampled_from(Channel),
        request_id=TEXT,
    ),
    dates=st.lists(DAYS).map(tuple),
    changes=st.lists(
        st.builds(Change, IDS, DAYS, st.none() | STATUSES, STATUSES, TEXT, TEXT)
    ).map(tuple),
    hash=st.binary(min_size=32, max_size=32),
)


@pytest.fixture(scope="module")
def db() -> apsw.Connection:
    """Every table, empty; nothing has to refer to anything."""
    db = apsw.Connection(":memory:")
    for _ in migrations.migrate(db):
        pass
    return db


@contextmanager
def undone(db: apsw.Connection) -> Iterator[None]:
    """Take back whatever is written inside."""
    db.execute("BEGIN")
    try:
        yield
    finally:
        db.execute("ROLLBACK")


@given(USERS, IDS)
def test_a_person_comes_back_as_stored(
    db: apsw.Connection, person: User, district_id: int
) -> None:
    """
    Every field of a person survives the table, whatever is in it.
    """
    with undone(db):
        db.execute(SQL.create_user, rows.from_user(district_id, person))
        ((*row,),) = db.execute(SQL.user, (district_id, person.id)).fetchall()

    assert rows.user(row) == person


@given(API_KEYS)
def test_a_key_comes_back_as_stored(db: apsw.Connection, key: ApiKey) -> None:
    """
    Every field of a key survives the table, its sealed secrets byte by byte.
    """
    with undone(db):
        db.execute(SQL.create_key, rows.from_api_key(key))
        ((*row,),) = db.execute(SQL.keys, (key.district_id,)).fetchall()

    assert rows.api_key(row) == key


@given(ENTRIES, IDS)
def test_an_entry_of_the_record_comes_back_as_stored(
    db: apsw.Connection, entry: RecordEntry, district_id: int
) -> None:
    """
    Every field of a record's entry survives the table, so its hash can be checked for ever.
    """
    with undone(db):
        db.execute(SQL.add_to_record, rows.from_record_entry(district_id, entry))
        span = (district_id, entry.section_id, entry.number, 1)
        ((*row,),) = db.execute(SQL.record_entries, span).fetchall()

    assert rows.record_entry(entry.section_id, row) == entry


@given(API_KEYS, USERS)
def test_a_key_comes_with_its_holder(db: apsw.Connection, key: ApiKey, person: User) -> None:
    """
    A key, its person and its district are read with each column where it belongs.
    """
    person = msgspec.structs.replace(person, id=key.user_id)
    with undone(db):
        district = (key.district_id, "Lindenhof", "Europe/Zurich", "2026-11-23T08:00:00.000Z")
        db.execute(SQL.create_district, district)
        db.execute(SQL.create_user, rows.from_user(key.district_id, person))
        db.execute(SQL.create_key, rows.from_api_key(key))
        read = rows.api_key(*db.execute(SQL.key, (key.key,)))
        holder = rows.user(*db.execute(SQL.user, (read.district_id, read.user_id)))
        home = rows.district(*db.execute(SQL.district, (read.district_id,)))

    assert (read, holder) == (key, person)
    assert (home.id, home.name) == (key.district_id, "Lindenhof")
    assert (home.time_zone, home.powerschool) == ("Europe/Zurich", False)
