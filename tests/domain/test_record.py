import hashlib
import json

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st

from rollbook.domain.attendance import Change
from rollbook.domain.record import (
    GENESIS,
    Author,
    Channel,
    Link,
    RecordEntry,
    chain_hash,
    end_of,
    head,
)

DAYS = st.sampled_from(["2026-09-14", "2026-09-15"])
IDS = st.integers(1, 3)
COMMENTS = st.text('aé😀"\\', max_size=3)
CHANGES = st.builds(
    Change, IDS, DAYS, st.none() | st.integers(1, 4), st.integers(1, 4), COMMENTS, COMMENTS
)
AUTHORS = st.builds(
    Author,
    user_id=st.none() | IDS,
    on_behalf_of=st.none() | IDS,
    channel=st.sampled_from(Channel),
    request_id=COMMENTS,
)
ENTRIES = st.builds(
    RecordEntry,
    section_id=IDS,
    number=IDS,
    at=st.sampled_from(["2026-11-23T08:00:00.000Z", "2026-11-23T08:00:00.001Z"]),
    author=AUTHORS,
    dates=st.lists(DAYS, max_size=2).map(tuple),
    changes=st.lists(CHANGES, max_size=2).map(tuple),
)
HASHES = st.binary(min_size=32, max_size=32)


@given(ENTRIES, ENTRIES)
def test_entries_that_differ_have_different_hashes(
    one: RecordEntry, other: RecordEntry
) -> None:
    """
    Two entries have the same hash only when they say the same.
    """
    assert (chain_hash(GENESIS, one) == chain_hash(GENESIS, other)) == (one == other)


@given(ENTRIES, ENTRIES, st.sampled_from(["section_id", "number", "at", "dates", "changes"]))
def test_any_field_changed_is_another_hash(
    entry: RecordEntry, other: RecordEntry, field: str
) -> None:
    """
    Whichever one field of an entry is changed, its hash changes.
    """
    assume(getattr(entry, field) != getattr(other, field))
    forged = msgspec.structs.replace(entry, **{field: getattr(other, field)})

    assert chain_hash(GENESIS, forged) != chain_hash(GENESIS, entry)


@given(ENTRIES, AUTHORS, st.sampled_from(["user_id", "on_behalf_of", "channel", "request_id"]))
def test_anything_of_the_author_changed_is_another_hash(
    entry: RecordEntry, other: Author, field: str
) -> None:
    """
    Whoever wrote, for whom, through which door and in which request is part of the hash.
    """
    assume(getattr(entry.author, field) != getattr(other, field))
    author = msgspec.structs.replace(entry.author, **{field: getattr(other, field)})
    forged = msgspec.structs.replace(entry, author=author)

    assert chain_hash(GENESIS, forged) != chain_hash(GENESIS, entry)


@given(ENTRIES, CHANGES, st.sampled_from(Change.__struct_fields__))
def test_anything_of_a_change_changed_is_another_hash(
    entry: RecordEntry, other: Change, field: str
) -> None:
    """
    No field of any change can be rewritten without the hash showing it.
    """
    assume(entry.changes)
    assume(getattr(entry.changes[-1], field) != getattr(other, field))
    change = msgspec.structs.replace(entry.changes[-1], **{field: getattr(other, field)})
    forged = msgspec.structs.replace(entry, changes=(*entry.changes[:-1], change))

    assert chain_hash(GENESIS, forged) != chain_hash(GENESIS, entry)


@given(ENTRIES, HASHES, HASHES)
def test_another_predecessor_is_another_hash(
    entry: RecordEntry, previous: bytes, other: bytes
) -> None:
    """
    The same entry after another one has another hash, so none can be removed or moved.
    """
    assert (chain_hash(previous, entry) == chain_hash(other, entry)) == (previous == other)


@given(ENTRIES, HASHES)
def test_an_entry_s_own_hash_is_not_in_its_hash(entry: RecordEntry, own: bytes) -> None:
    """
    An entry can be checked as it was read, with the hash it was stored with.
    """
    stored = msgspec.structs.replace(entry, hash=own)

    assert chain_hash(GENESIS, stored) == chain_hash(GENESIS, entry)


def test_the_hash_of_an_entry_is_the_same_for_ever() -> None:
    """
    A record that was written by any version can be checked by every later one, and by anybody.
    """
    entry = RecordEntry(
        section_id=400001,
        number=7,
        at="2026-11-23T08:00:00.000Z",
        author=Author(user_id=5000001, channel=Channel.API, request_id="r"),
        dates=("2026-09-14",),
        changes=(Change(60000001, "2026-09-14", None, 2, "", "ill, “at home”"),),
    )
    content = [
        400001,
        7,
        "2026-11-23T08:00:00.000Z",
        5000001,
        None,
        "api",
        "r",
        ["2026-09-14"],
        [[60000001, "2026-09-14", None, 2, "", "ill, “at home”"]],
    ]
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))

    assert chain_hash(GENESIS, entry) == hashlib.sha256(bytes(32) + text.encode()).digest()


def test_whoever_is_acted_for_is_who_acts() -> None:
    """
    What an administrator writes as somebody else stands there in that person's name.
    """
    own = Author(user_id=1, channel=Channel.API)
    for_another = Author(user_id=1, on_behalf_of=2, channel=Channel.API)
    operator = Author(user_id=None, channel=Channel.CLI)

    assert (own.acting, for_another.acting, operator.acting) == (1, 2, None)


def test_a_head_is_what_is_written_down_about_it() -> None:
    """
    Whoever has a list of the last entries can compute a head with nothing but SHA-256.
    """
    links = [Link(1, 400001, 3, b"a" * 32), Link(2, 400002, 1, b"b" * 32)]
    place = "00000000000000010000000000061a810000000000000003" + "61" * 32
    other = "00000000000000020000000000061a820000000000000001" + "62" * 32
    written = b"rollbook head 1\n2026-11-24\n" + bytes.fromhex(place + other)
    found = head("2026-11-24", links)

    assert found.hash == hashlib.sha256(written).hexdigest()
    assert (found.sections, found.entries) == (2, 4)
    assert str(found) == f"2026-11-24:{found.hash}"


def test_a_day_ends_when_the_next_begins() -> None:
    """
    Entries of a day's last millisecond are of it, those of the next midnight are not.
    """
    assert "2026-11-30T23:59:59.999Z" < end_of("2026-11-30") == "2026-12-01T00:00:00.000Z"
