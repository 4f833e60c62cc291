"""
What the house asks of a database.

`Store` is the whole of it: `storage` keeps it on SQLite, and one contract suite says what it
promises. Three rules hold for every method:

- A district's id comes first and nothing of another district is ever seen or touched: what
  belongs to another one raises `NoSuchThing`, exactly as what does not exist.
- A write is one transaction: when the call returns it is durable, when it raises nothing of it
  was done. The exception is `Unavailable`: then nobody knows, and repeating it is harmless.
- Days are ISO text, moments UTC text with milliseconds (`domain.days`).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, Protocol, TypeVar

import msgspec

from rollbook.domain.accounts import AccountBook
from rollbook.domain.attendance import Answer, Entry, Mark, RollTaken, Tally, Unreadable
from rollbook.domain.days import Day
from rollbook.domain.mark_files import MarkFiles
from rollbook.domain.overview import Overview
from rollbook.domain.people import ApiKey, District, KeyHolder, School, User
from rollbook.domain.record import Author, Recorded
from rollbook.domain.roster_files import RosterLimits, RosterPart, RosterSummary
from rollbook.domain.rosters import Course, EnrollmentStatus, Footing, Person, Section
from rollbook.domain.school_days import SchoolDays

T = TypeVar("T")

# ---------------------------------------------------------------- questions


class Page(msgspec.Struct, frozen=True):
    """Which part of a list: skip `offset` items, return at most `limit`."""

    offset: int = 0
    limit: int = 20


class Listed(msgspec.Struct, Generic[T], frozen=True):
    """A part of a list, and how long the whole is."""

    items: list[T]
    total: int


class MarkQuery(msgspec.Struct, frozen=True, kw_only=True):
    """
    Which marks of a section: filters are inclusive, and None leaves one open.

    Records go by day and enrollment, an order that no change of a mark disturbs, so `after`
    (the last key of the page before) neither skips nor repeats one.
    """

    start: Day | None = None
    end: Day | None = None
    enrollment_ids: tuple[int, ...] | None = None
    after: tuple[Day, int] | None = None
    present: bool = False  # list the PRESENT ones too: they may have comments
    offset: int = 0
    limit: int = 10_000


class MarkPage(msgspec.Struct, frozen=True):
    """Marks, PRESENT ones if asked for, the days on which the roll was taken, and the sums."""

    version: int  # of the section's attendance: see `Store.version`
    marks: list[Mark]  # by day, then enrollment
    dates: list[Day]  # taken days in the part that this page covers
    totals: dict[int, int]  # status -> how many the filters select, over all pages
    left_over: bool  # there are records after these


class HistoryQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which changes of a section: by the marks' days and enrollments, oldest first."""

    start: Day | None = None
    end: Day | None = None
    enrollment_ids: tuple[int, ...] | None = None
    after: tuple[int, int] = (0, 0)  # number of the entry, how many of its changes were seen
    limit: int = 200


class HistoryPage(msgspec.Struct, frozen=True):
    """A part of a section's record; `next` continues it, None when this is the end."""

    changes: list[Recorded]
    next: tuple[int, int] | None


class RollQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which rolls of a section."""

    start: Day | None = None
    end: Day | None = None
    limit: int = 200


class SectionQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which sections: every filter that is given must hold."""

    course_id: int | None = None
    user_id: int | None = None  # active enrollments of that user
    school_codes: tuple[str, ...] | None = None
    page: Page = Page()


class EnrollmentQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which enrollments of a section."""

    ids: tuple[int, ...] | None = None
    user_ids: tuple[int, ...] | None = None
    statuses: tuple[EnrollmentStatus, ...] | None = None
    page: Page = Page()


EVERYBODY = EnrollmentQuery(page=Page(limit=1_000_000))  # of a class, whatever their status


# ---------------------------------------------------------------- commands


class SaveMarks(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Save marks of a section: each entry for itself, or with `atomic` all or none."""

    district_id: int
    section_id: int
    entries: Sequence[Entry | Unreadable]
    author: Author
    atomic: bool = False
    if_version: tuple[int, ...] | None = None  # refuse unless the version is one of these
    takes_roll: bool = True  # False: a mark given ahead does not say that the roll was taken


class TakeRoll(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Take a day's roll: the exceptions as given, everybody else on it present; all or none."""

    district_id: int
    section_id: int
    date: Day
    exceptions: Sequence[Entry | Unreadable]
    author: Author
    replace_excused: bool = False
    if_version: tuple[int, ...] | None = None


class Saved(msgspec.Struct, frozen=True):
    """What a save did: an answer for each entry, and the section's version after it."""

    answers: list[Answer]
    version: int
    changed: int  # how many changes went into the record


class Roll(msgspec.Struct, frozen=True):
    """A roll that was taken, and what it adds up to."""

    taken: RollTaken
    tally: Tally


# ---------------------------------------------------------------- the store


class Store(MarkFiles, AccountBook, SchoolDays, Overview, Protocol):
    """A database with districts in it."""

    async def close(self) -> None:
        """Let go of files and connections; the store cannot be used after it."""

    async def ping(self) -> None:
        """Return when the database answers; raises `Unavailable`, also for another schema."""

    async def try_writing(self) -> None:
        """Change nothing, durably: return when a write would be; raises `Unavailable`."""

    # ---- the front door

    async def key_holder(self, key: str) -> KeyHolder | None:
        """Return who a consumer key belongs to, live or not; None when nobody has it."""

    async def people_version(self) -> int:
        """
        Return a number that is another one as soon as `key_holder` or `footing` might be.

        Whatever changes keys, people, districts or enrollments raises it in its transaction. What
        this store changed is in it at once; what another process changed may be in it only a
        quarter of a second later, so nothing that is written may go by it.
        """

    async def footing(self, district_id: int, section_id: int, user_id: int) -> Footing:
        """Return how a user stands in a section; raises `NoSuchThing`."""

    # ---- attendance

    async def version(self, district_id: int, section_id: int) -> int:
        """Return how many times the section's attendance was saved; 0 when never."""

    async def marks(self, district_id: int, section_id: int, query: MarkQuery) -> MarkPage:
        """Return marks other than PRESENT, from one moment; raises `NoSuchThing`."""

    async def save_marks(self, command: SaveMarks) -> Saved:
        """
        Save marks, with their record, the rolls they take and their event.

        A save that changes nothing writes nothing. Raises `ChangedMeanwhile`, `RollRefused`
        (with `atomic`), `NoSuchThing`.
        """

    async def take_roll(self, command: TakeRoll) -> Saved:
        """Take a whole roll; raises `ChangedMeanwhile`, `RollRefused`, `NoSuchThing`."""

    async def rolls(self, district_id: int, section_id: int, query: RollQuery) -> Listed[Roll]:
        """Return the rolls that were taken, by day; raises `NoSuchThing`."""

    async def history(
        self, district_id: int, section_id: int, query: HistoryQuery
    ) -> HistoryPage:
        """Return the changes of a section's marks, oldest first; raises `NoSuchThing`."""

    # ---- the roster

    async def schools(self, district_id: int, page: Page) -> Listed[School]:
        """Return the district's schools by id."""

    async def school(self, district_id: int, school_id: int) -> School:
        """Return one school; raises `NoSuchThing`."""

    async def users(self, district_id: int, page: Page) -> Listed[User]:
        """Return the district's people by id."""

    async def user(self, district_id: int, user_id: int) -> User:
        """Return one person; raises `NoSuchThing`."""

    async def courses(self, district_id: int, page: Page) -> Listed[Course]:
        """Return the district's courses by id."""

    async def course(self, district_id: int, course_id: int) -> Course:
        """Return one course; raises `NoSuchThing`."""

    async def sections(self, district_id: int, query: SectionQuery) -> Listed[Section]:
        """Return sections by id; an unknown course or user raises `NoSuchThing`."""

    async def section(self, district_id: int, section_id: int) -> Section:
        """Return one section; raises `NoSuchThing`."""

    async def enrollments(
        self, district_id: int, section_id: int, query: EnrollmentQuery
    ) -> Listed[Person]:
        """Return who is enrolled, by enrollment id; raises `NoSuchThing`."""

    async def enrollment(self, district_id: int, section_id: int, enrollment_id: int) -> Person:
        """Return one enrollment with its user; raises `NoSuchThing`."""

    # ---- administration

    async def districts(self) -> list[District]:
        """Return every district by id."""

    # What is done *by* somebody is written into the record of acts, in the same transaction.

    async def create_district(
        self, name: str, time_zone: str, *, by: Author | None = None
    ) -> District:
        """Create a district; raises `AlreadyThere` when one has that name."""

    async def change_district(
        self, district: District, *, by: Author | None = None
    ) -> District:
        """Store a district as it is set now; raises `NoSuchThing`, `AlreadyThere`."""

    async def create_user(
        self, district_id: int, user: User, *, by: Author | None = None
    ) -> User:
        """
        Create a person and return them with their id (the one given is not looked at).

        Raises `NoSuchThing` for the district or school, `AlreadyThere` for the sourced_id.
        """

    async def change_user(
        self, district_id: int, user: User, *, by: Author | None = None
    ) -> User:
        """
        Store a person.

        Raises `NoSuchThing` (for the school too), `AlreadyThere`, and `LastAdministrator` when
        nobody who may come in would be left to administer the district, unless it is the
        operator who does it.
        """

    async def keys(self, district_id: int) -> list[ApiKey]:
        """Return the district's keys, oldest first."""

    async def create_key(self, key: ApiKey, *, by: Author | None = None) -> None:
        """
        Store a key.

        Raises `NoSuchThing` when its user is not of its district, `AlreadyThere` when somebody
        has it.
        """

    async def change_key(self, key: ApiKey, *, by: Author | None = None) -> None:
        """Store a key's secrets and dates; one that is revoked stays so. Raises `NoSuchThing`."""

    async def note_use_of_key(self, district_id: int, key: str, day: Day) -> None:
        """
        Note that a key was used on a day: the latest one is kept.

        To repeat it is harmless, and writes nothing. It does not raise `people_version`.
        """

    async def import_roster(
        self,
        district_id: int,
        parts: Iterable[RosterPart],
        limits: RosterLimits,
        progress: Callable[[str, int], None],
        *,
        by: Author | None = None,
    ) -> list[RosterSummary]:
        """
        Take a whole roster in, or nothing of it.

        Nobody and nothing is deleted: who has left is ended, and every mark stays. *progress*
        is called with the noun and the rows read so far. Raises `ImportRefused` when more
        enrollments would end than `limits` allows, `LastAdministrator` as `change_user` does, and
        lets through what reading *parts* raises.
        """
