"""`SqliteStore`: what the house asks of a database, on one SQLite file."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from rollbook.domain.attendance import answers_to, tally
from rollbook.domain.days import Day, instant
from rollbook.domain.errors import NoSuchThing, Thing
from rollbook.domain.people import ApiKey, District, KeyHolder, School, User
from rollbook.domain.record import Author, Recorded
from rollbook.domain.roster_files import RosterLimits, RosterPart, RosterSummary
from rollbook.domain.rosters import Course, Footing, Person, Section
from rollbook.domain.store import (
    EnrollmentQuery,
    HistoryPage,
    HistoryQuery,
    Listed,
    MarkPage,
    MarkQuery,
    Page,
    Roll,
    RollQuery,
    Saved,
    SaveMarks,
    SectionQuery,
    TakeRoll,
)
from rollbook.storage import rows, selection
from rollbook.storage.clock import Clock, system_clock
from rollbook.storage.sqlite import changes, migrations, roster_import
from rollbook.storage.sqlite.accounts import Accounts
from rollbook.storage.sqlite.connection import (
    FAULTS,
    moment,
    open_reader,
    open_writer,
    unavailable,
)
from rollbook.storage.sqlite.mark_files import FilesOfMarks
from rollbook.storage.sqlite.overview import Lookups
from rollbook.storage.sqlite.school_days import DaysOfSchool
from rollbook.storage.sqlite.statements import SQL
from rollbook.storage.sqlite.writer import Writer

_FIRST, _LAST = "0000-00-00", "9999-99-99"  # before and after every day, as text
_READ_AHEAD = 50  # entries of the record read at a time


def create(path: Path) -> None:
    """Create the file where it is missing, and bring its tables up to date."""
    db = open_writer(path, create=True)
    for _ in migrations.migrate(db):
        pass
    db.close()


class Writing(Protocol):
    """Whatever carries commands to the writer: a call, or a line to another process."""

    async def __call__(self, command: changes.Command) -> Any:
        """Return the command's result; raises its error."""


class SqliteStore(FilesOfMarks, Accounts, DaysOfSchool, Lookups):
    """
    A district's book in one file.

    Reads go inline on a connection of this process: they take microseconds, less than handing
    them to a thread would. Writes go to *writing*; without one, to a writer in this process.
    """

    def __init__(
        self, path: Path, *, writing: Writing | None = None, clock: Clock = system_clock
    ) -> None:
        self._path = path
        self._clock = clock
        self._db = open_reader(path)
        migrations.require_current(self._db)
        self._writer: Writer | None = None
        self._write: Writing = writing or self._write_here

    async def close(self) -> None:
        """Let go of the file."""
        self._db.close()
        if self._writer:
            self._writer.close()

    async def ping(self) -> None:
        """Read something."""
        self._rows("SELECT 1 FROM counters", ())
        migrations.require_current(self._db)

    async def try_writing(self) -> None:
        """Commit nothing, through the writer and onto the disk."""
        await self._write(changes.TryWriting())

    async def _write_here(self, command: changes.Command) -> Any:
        return self._own_writer().one(command)

    def _own_writer(self) -> Writer:
        if self._writer is None:
            self._writer = Writer(self._path, self._clock)
        return self._writer

    def _rows(self, statement: str, parameters: Sequence[Any]) -> list[Any]:
        try:
            return self._db.execute(statement, parameters).fetchall()
        except FAULTS as fault:
            raise unavailable(fault) from fault

    def _row(self, noun: Thing, identifier: int, statement: str, *parameters: Any) -> Any:
        """Return the one row; none is `NoSuchThing`."""
        found = self._rows(statement, parameters)
        if not found:
            raise NoSuchThing(noun, identifier)
        return found[0]

    # ---- the front door

    async def key_holder(self, key: str) -> KeyHolder | None:
        """Read a key, its user and its district: three look-ups are quicker than a join."""
        found = self._rows(SQL.key, (key,))
        if not found:
            return None
        known = rows.api_key(found[0])
        user = await self.user(known.district_id, known.user_id)
        (district,) = self._rows(SQL.district, (known.district_id,))
        return KeyHolder(known, user, rows.district(district))

    async def people_version(self) -> int:
        """Read the counter that triggers raise at every change of them."""
        ((version,),) = self._rows(SQL.people_version, ())
        return int(version)

    async def footing(self, district_id: int, section_id: int, user_id: int) -> Footing:
        """Read the section's school and the user's enrollments in it."""
        statement, key = SQL.school_of_section, (district_id, section_id)
        (school_id,) = self._row("section", section_id, statement, *key)
        own = self._rows(SQL.places_of_user, (district_id, user_id, section_id))
        return rows.footing(school_id, own)

    # ---- attendance

    async def version(self, district_id: int, section_id: int) -> int:
        """Read the number of the record's last entry."""
        return int(
            self._row("section", section_id, SQL.section_version, district_id, section_id)[0]
        )

    async def marks(self, district_id: int, section_id: int, query: MarkQuery) -> MarkPage:
        """Read the marks, the days and the version from one moment."""
        key = (district_id, section_id)
        first, last = query.start or _FIRST, query.end or _LAST
        statement = SQL.marks_of_every_status if query.present else SQL.marks_not_present
        with moment(self._db):
            version = await self.version(*key)
            found = self._rows(statement, (*key, first, last))
            days = self._rows(SQL.taken_days, (*key, first, last))
            seats = [] if query.enrollment_ids is None else self._rows(SQL.seats, key)
        if query.enrollment_ids is not None:
            wanted = selection.require_all(query.enrollment_ids, seats)
            found = [row for row in found if row[0] in wanted]
        return selection.mark_page(version, found, [day for (day,) in days], query)

    async def save_marks(self, command: SaveMarks) -> Saved:
        """Hand the command to the writer."""
        done: changes.MarksSaved = await self._write(command)
        answers = answers_to(command.entries, done.refused)
        return Saved(answers, done.version, done.changed)

    async def take_roll(self, command: TakeRoll) -> Saved:
        """Hand the command to the writer."""
        saved: Saved = await self._write(command)
        return saved

    async def rolls(self, district_id: int, section_id: int, query: RollQuery) -> Listed[Roll]:
        """Read the rolls and count each from the marks of its day."""
        key = (district_id, section_id)
        span = (query.start or _FIRST, query.end or _LAST)
        with moment(self._db):
            await self.version(*key)
            ((total,),) = self._rows(SQL.count_rolls, (*key, *span))
            found = self._rows(SQL.rolls, (*key, *span, query.limit))
            taken = [rows.roll_taken(row) for row in found]
            if not taken:
                return Listed([], total)
            seats = [rows.seat(row) for row in self._rows(SQL.seats, key)]
            marked = (*key, taken[0].date, taken[-1].date)
            statuses: dict[str, dict[int, int]] = {}
            for day, who, status in self._rows(SQL.statuses_in_range, marked):
                statuses.setdefault(day, {})[who] = status
        items = [
            Roll(roll, tally(roll.date, seats, statuses.get(roll.date, {}))) for roll in taken
        ]
        return Listed(items, total)

    async def history(
        self, district_id: int, section_id: int, query: HistoryQuery
    ) -> HistoryPage:
        """Read the record entry by entry until the page is full."""
        found: list[Recorded] = []
        last = query.after
        with moment(self._db):
            await self.version(district_id, section_id)
            if query.enrollment_ids is not None:
                seats = self._rows(SQL.seats, (district_id, section_id))
                selection.require_all(query.enrollment_ids, seats)
            for place, change in self._record(district_id, section_id, query.after):
                if not selection.is_wanted(change, query):
                    continue
                if len(found) == query.limit:
                    return HistoryPage(found, last)
                found.append(change)
                last = place
        return HistoryPage(found, None)

    def _record(
        self, district_id: int, section_id: int, after: tuple[int, int]
    ) -> Iterator[tuple[tuple[int, int], Recorded]]:
        """Yield each change after a place in the record, with its own place."""
        number = after[0]
        while True:
            span = (district_id, section_id, max(number, 1), _READ_AHEAD)
            entries = self._rows(SQL.record_entries, span)
            for row in entries:
                yield from rows.changes_after(rows.record_entry(section_id, row), after)
            if len(entries) < _READ_AHEAD:
                return
            number = entries[-1][0] + 1

    # ---- the roster

    async def schools(self, district_id: int, page: Page) -> Listed[School]:
        """Read a page of the schools."""
        return self._list(SQL.schools, SQL.count_schools, rows.school, district_id, page)

    async def school(self, district_id: int, school_id: int) -> School:
        """Read one school."""
        return rows.school(self._row("school", school_id, SQL.school, district_id, school_id))

    async def users(self, district_id: int, page: Page) -> Listed[User]:
        """Read a page of the people."""
        return self._list(SQL.users, SQL.count_users, rows.user, district_id, page)

    async def user(self, district_id: int, user_id: int) -> User:
        """Read one person."""
        return rows.user(self._row("user", user_id, SQL.user, district_id, user_id))

    async def courses(self, district_id: int, page: Page) -> Listed[Course]:
        """Read a page of the courses."""
        return self._list(SQL.courses, SQL.count_courses, rows.course, district_id, page)

    async def course(self, district_id: int, course_id: int) -> Course:
        """Read one course."""
        return rows.course(self._row("course", course_id, SQL.course, district_id, course_id))

    async def sections(self, district_id: int, query: SectionQuery) -> Listed[Section]:
        """Find the ids that every filter lets through, then read the page's sections."""
        with moment(self._db):
            ids = self._section_ids(district_id, query)
            page = ids[query.page.offset : query.page.offset + query.page.limit]
            items = [await self.section(district_id, section_id) for section_id in page]
        return Listed(items, len(ids))

    def _section_ids(self, district_id: int, query: SectionQuery) -> list[int]:
        kept: list[set[int]] = []
        if query.course_id is not None:
            self._row("course", query.course_id, SQL.course, district_id, query.course_id)
            kept.append(self._ids(SQL.sections_of_course, district_id, query.course_id))
        if query.user_id is not None:
            self._row("user", query.user_id, SQL.user, district_id, query.user_id)
            kept.append(self._ids(SQL.sections_of_user, district_id, query.user_id))
        if query.school_codes is not None:
            codes = (
                self._ids(SQL.section_of_school_code, district_id, code)
                for code in query.school_codes
            )
            kept.append(set().union(*codes))
        if not kept:
            kept.append(self._ids(SQL.section_ids, district_id))
        return sorted(set.intersection(*kept))

    def _ids(self, statement: str, *parameters: Any) -> set[int]:
        return {row[0] for row in self._rows(statement, parameters)}

    async def section(self, district_id: int, section_id: int) -> Section:
        """Read one section with its course's title."""
        return rows.section(
            self._row("section", section_id, SQL.section, district_id, section_id)
        )

    async def enrollments(
        self, district_id: int, section_id: int, query: EnrollmentQuery
    ) -> Listed[Person]:
        """Read the whole class, which is small, and keep what the filters let through."""
        with moment(self._db):
            await self.section(district_id, section_id)
            found = [rows.person(row) for row in self._class(district_id, section_id)]
        kept = selection.people(found, query)
        page = kept[query.page.offset : query.page.offset + query.page.limit]
        return Listed(page, len(kept))

    async def enrollment(self, district_id: int, section_id: int, enrollment_id: int) -> Person:
        """Read one enrollment of the class."""
        await self.section(district_id, section_id)
        for row in self._class(district_id, section_id):
            if row[0] == enrollment_id:
                return rows.person(row)
        raise NoSuchThing("enrollment", enrollment_id)

    def _class(self, district_id: int, section_id: int) -> list[Any]:
        return self._rows(SQL.enrollments, (district_id, section_id))

    def _list(
        self,
        statement: str,
        counting: str,
        read: Callable[[rows.Row], Any],
        district_id: int,
        page: Page,
    ) -> Listed[Any]:
        with moment(self._db):
            found = self._rows(statement, (district_id, page.limit, page.offset))
            ((total,),) = self._rows(counting, (district_id,))
        return Listed([read(row) for row in found], total)

    # ---- administration

    async def districts(self) -> list[District]:
        """Read every district."""
        return [rows.district(row) for row in self._rows(SQL.districts, ())]

    async def create_district(
        self, name: str, time_zone: str, *, by: Author | None = None
    ) -> District:
        """Hand the command to the writer."""
        district: District = await self._write(changes.CreateDistrict(name, time_zone, by))
        return district

    async def change_district(
        self, district: District, *, by: Author | None = None
    ) -> District:
        """Hand the command to the writer."""
        changed: District = await self._write(changes.ChangeDistrict(district, by))
        return changed

    async def create_user(
        self, district_id: int, user: User, *, by: Author | None = None
    ) -> User:
        """Hand the command to the writer."""
        created: User = await self._write(changes.CreateUser(district_id, user, by))
        return created

    async def change_user(
        self, district_id: int, user: User, *, by: Author | None = None
    ) -> User:
        """Hand the command to the writer."""
        changed: User = await self._write(changes.ChangeUser(district_id, user, by))
        return changed

    async def keys(self, district_id: int) -> list[ApiKey]:
        """Read the district's keys."""
        return [rows.api_key(row) for row in self._rows(SQL.keys, (district_id,))]

    async def create_key(self, key: ApiKey, *, by: Author | None = None) -> None:
        """Hand the command to the writer."""
        await self._write(changes.CreateKey(key, by))

    async def change_key(self, key: ApiKey, *, by: Author | None = None) -> None:
        """Hand the command to the writer."""
        await self._write(changes.ChangeKey(key, by))

    async def note_use_of_key(self, district_id: int, key: str, day: Day) -> None:
        """Hand the command to the writer."""
        await self._write(changes.NoteUseOfKey(district_id, key, day))

    async def import_roster(
        self,
        district_id: int,
        parts: Iterable[RosterPart],
        limits: RosterLimits,
        progress: Callable[[str, int], None],
        *,
        by: Author | None = None,
    ) -> list[RosterSummary]:
        """Take the roster in with this process's own writer: it is one long transaction."""
        db, now = self._own_writer().db, instant(self._clock())
        return await roster_import.import_roster(
            db, district_id, parts, limits, progress, by, now
        )
