"""The sections that the contract is tried in."""

import msgspec
import pytest

import books
from cast import TODAY, Cast
from contract.classroom import Classroom
from rollbook.domain.roster_files import RosterLimits, RosterPart, RosterSection
from rollbook.domain.store import SectionQuery, Store


@pytest.fixture(params=books.KINDS)
def database(request: pytest.FixtureRequest) -> str:
    """Which database the test is on: every test here is on each, unless it says why not."""
    return str(request.param)


@pytest.fixture
def maths(store: Store, cast: Cast) -> Classroom:
    """Bob's class in Lindenhof."""
    return Classroom(store, cast, "maths")


@pytest.fixture
def music(store: Store, cast: Cast) -> Classroom:
    """Dora's class in Lindenhof, where Anna is too."""
    return Classroom(store, cast, "music")


@pytest.fixture
def their_maths(store: Store, strangers: Cast) -> Classroom:
    """The class in Nordhafen whose ids of its own are the same as those of Bob's."""
    return Classroom(store, strangers, "maths")


@pytest.fixture
async def empty_room(store: Store, cast: Cast) -> Classroom:
    """A class of Lindenhof that nobody is in."""
    section = RosterSection("empty", "music", "school", "Silence 1", "1", ())
    part = RosterPart(noun=RosterSection, rows=[section], ended=(), complete=False)
    limits = RosterLimits(today=TODAY)
    await store.import_roster(cast.district.id, [part], limits, lambda *_: None)
    query = SectionQuery(school_codes=("empty",))
    (made,) = (await store.sections(cast.district.id, query)).items
    sections = {**cast.sections, "empty": made.id}
    return Classroom(store, msgspec.structs.replace(cast, sections=sections), "empty")
