"""
Taking a roster in: staged, compared, applied.

The files are read into temporary tables, and the many enrollments that are there already are
put aside, before the write lock is asked for: that is nearly all of the time. Then one
transaction compares the rest with what is there and writes the difference, set by set. The rows
of one file are never in memory together.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import apsw
import msgspec

from rollbook.domain.errors import ImportRefused, NoSuchThing
from rollbook.domain.store import (
    RosterCourse,
    RosterEnrollment,
    RosterLimits,
    RosterPart,
    RosterPeriod,
    RosterSchool,
    RosterSection,
    RosterSummary,
    RosterUser,
)
from rollbook.storage.sqlite.changes import take_numbers
from rollbook.storage.sqlite.connection import faults_as_unavailable
from rollbook.storage.sqlite.rows import to_json
from rollbook.storage.sqlite.statements import SQL

Progress = Callable[[str, int], None]

_NAMED_AT_MOST = 100  # references that lead nowhere, in one refusal
_PROGRESS_EVERY = 1000  # rows
_CACHE_KIB = 64 * 1024  # for the file, and as much again for the temporary tables


class _Noun(msgspec.Struct, frozen=True, kw_only=True):
    """The statements that take one noun in; each changes its table and nothing else."""

    of: type[msgspec.Struct]
    words: str
    singular: str  # also the name of its counter
    stage: str
    leave: str  # a sourced_id that is said to leave
    miss: str  # all that a bulk file no longer has leave
    settle: str | None = None  # puts aside what is there already
    resolve: str | None = None
    unresolved: str | None = None
    release: str | None = None
    change: str
    count: str  # of what is staged, and of what is new in it
    add: str
    end: tuple[str, ...] = ()


_SCHOOLS = _Noun(
    of=RosterSchool,
    words="schools",
    singular="school",
    stage=SQL.stage_school,
    leave=SQL.leaving_school,
    miss=SQL.missing_schools,
    change=SQL.change_schools,
    count=SQL.count_staged_schools,
    add=SQL.add_schools,
)
_PERIODS = _Noun(
    of=RosterPeriod,
    words="grading periods",
    singular="period",
    stage=SQL.stage_period,
    leave=SQL.leaving_period,
    miss=SQL.missing_periods,
    change=SQL.change_periods,
    count=SQL.count_staged_periods,
    add=SQL.add_periods,
)
_COURSES = _Noun(
    of=RosterCourse,
    words="courses",
    singular="course",
    stage=SQL.stage_course,
    leave=SQL.leaving_course,
    miss=SQL.missing_courses,
    resolve=SQL.resolve_courses,
    unresolved=SQL.unresolved_courses,
    change=SQL.change_courses,
    count=SQL.count_staged_courses,
    add=SQL.add_courses,
    end=(SQL.end_courses,),
)
_SECTIONS = _Noun(
    of=RosterSection,
    words="sections",
    singular="section",
    stage=SQL.stage_section,
    leave=SQL.leaving_section,
    miss=SQL.missing_sections,
    resolve=SQL.resolve_sections,
    unresolved=SQL.unresolved_sections,
    change=SQL.change_sections,
    count=SQL.count_staged_sections,
    add=SQL.add_sections,
    end=(SQL.end_sections,),
)
_USERS = _Noun(
    of=RosterUser,
    words="users",
    singular="user",
    stage=SQL.stage_user,
    leave=SQL.leaving_user,
    miss=SQL.missing_users,
    resolve=SQL.resolve_users,
    unresolved=SQL.unresolved_users,
    change=SQL.change_users,
    count=SQL.count_staged_users,
    add=SQL.add_users,
    end=(SQL.end_users,),
)
_ENROLLMENTS = _Noun(
    of=RosterEnrollment,
    words="enrollments",
    singular="enrollment",
    stage=SQL.stage_enrollment,
    leave=SQL.leaving_enrollment,
    miss=SQL.missing_enrollments,
    settle=SQL.settle_enrollments,
    resolve=SQL.resolve_enrollments,
    unresolved=SQL.unresolved_enrollments,
    release=SQL.release_enrollments,
    change=SQL.change_enrollments,
    count=SQL.count_staged_enrollments,
    add=SQL.add_enrollments,
    end=(
        SQL.end_enrollments,
        SQL.end_enrollments_of_sections,
        SQL.end_enrollments_of_users,
    ),
)
_NOUNS = (_SCHOOLS, _PERIODS, _COURSES, _SECTIONS, _USERS, _ENROLLMENTS)  # references go back
_BY_TYPE: dict[type, _Noun] = {noun.of: noun for noun in _NOUNS}


def import_roster(
    db: apsw.Connection,
    district_id: int,
    parts: Iterable[RosterPart],
    limits: RosterLimits,
    progress: Progress,
) -> list[RosterSummary]:
    """
    Stage, compare, apply; on a dry run, undo.

    Raises:
        NoSuchThing: There is no such district.
        ImportRefused: Something refers to what is not there, or too many enrollments would end.
        Unavailable: The disk or the lock did not let us; what was staged is gone.
    """
    with faults_as_unavailable(), _staging(db):
        db.execute("BEGIN")  # writes to temporary tables only: nobody waits for it
        with _ending_with(db, "COMMIT"):
            whole = _stage(db, parts, progress)
            roster = _Import(db, district_id, whole, limits)
            roster.prepare()
        db.execute("BEGIN IMMEDIATE")
        with _ending_with(db, "ROLLBACK" if limits.dry_run else "COMMIT"):
            return roster.apply()


@contextlib.contextmanager
def _staging(db: apsw.Connection) -> Iterator[None]:
    """Have the temporary tables, on disk, and room for the trees that are written to."""
    former = db.pragma("cache_size")
    db.execute(SQL.drop_staging)
    db.pragma("temp_store", "file")
    db.pragma("cache_size", -_CACHE_KIB)
    db.pragma("cache_size", -_CACHE_KIB, schema="temp")
    try:
        db.execute(SQL.create_staging)
        yield
    finally:
        db.execute(SQL.drop_staging)
        db.pragma("cache_size", former)


@contextlib.contextmanager
def _ending_with(db: apsw.Connection, last: str) -> Iterator[None]:
    """End the open transaction with *last*, or undo it when something is raised."""
    try:
        yield
        db.execute(last)
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


# ---------------------------------------------------------------- reading


def _stage(
    db: apsw.Connection, parts: Iterable[RosterPart], progress: Progress
) -> dict[type, bool]:
    """Read every part; return which nouns came, and whether as a whole."""
    whole: dict[type, bool] = {}
    for part in parts:
        noun = _BY_TYPE[part.noun]
        try:
            db.executemany(noun.stage, _parameters(noun, part.rows, progress))
        except apsw.ConstraintError:
            raise ImportRefused(f"two {noun.words} have the same sourced_id") from None
        # Only now: what is ended comes out of the same lines as the rows.
        db.executemany(noun.leave, ((sourced_id,) for sourced_id in part.ended))
        whole[part.noun] = part.complete
    return whole


def _parameters(
    noun: _Noun, rows: Iterable[msgspec.Struct], progress: Progress
) -> Iterator[tuple[Any, ...]]:
    seq = 0
    for seq, row in enumerate(rows, 1):
        if seq % _PROGRESS_EVERY == 0:
            progress(noun.words, seq)
        values = msgspec.structs.astuple(row)
        if isinstance(row, RosterSection):
            # No column holds a list: the sourced_ids of its periods go in as JSON.
            values = tuple(
                to_json(value).decode() if isinstance(value, tuple) else value
                for value in values
            )
        yield (seq, *values)
    progress(noun.words, seq)


# ---------------------------------------------------------------- comparing and applying


class _Import:
    """What is staged beside what is there, and the statements that make them equal."""

    def __init__(
        self,
        db: apsw.Connection,
        district_id: int,
        whole: dict[type, bool],
        limits: RosterLimits,
    ) -> None:
        self._db = db
        self._whole = whole
        self._limits = limits
        self._settled: dict[str, int] = {}
        self._imports = 0
        self._bindings: dict[str, Any] = {
            "district_id": district_id,
            "today": limits.today,
            "all_schools": whole.get(RosterSchool, False),
            "all_periods": whole.get(RosterPeriod, False),
            "all_courses": whole.get(RosterCourse, False),
        }

    def prepare(self) -> None:
        """
        Find out who leaves, and put aside what is there already.

        Only an import changes what this looks at, and `apply` sees whether there was one.
        Raises `NoSuchThing` when there is no such district.
        """
        if not self._rows(SQL.district_exists):
            raise NoSuchThing("district", self._bindings["district_id"])
        self._imports = self._number(SQL.imports_so_far)
        for noun in _NOUNS:
            if self._whole.get(noun.of):
                self._change(noun.miss)
        self._change(SQL.enrollments_leave_with_others)
        for noun in _NOUNS:
            self._settled[noun.words] = self._change(noun.settle) if noun.settle else 0

    def apply(self) -> list[RosterSummary]:
        """Take in noun by noun, what is referred to first; raises `ImportRefused`."""
        if self._number(SQL.imports_so_far) != self._imports:
            raise ImportRefused("another import into this district came in between; try again")
        self._change(SQL.count_import)
        active = self._number(SQL.count_active_enrollments)
        summaries = [self._take_in(noun) for noun in _NOUNS]
        self._require_few(ended=summaries[-1].ended, active=active)
        came = {_BY_TYPE[of].words for of in self._whole}
        return [each for each in summaries if each.noun in came or each.ended]

    def _take_in(self, noun: _Noun) -> RosterSummary:
        if noun.resolve:
            self._change(noun.resolve)
        self._require_resolved(noun)
        if noun is _SECTIONS:
            self._give_own_courses()
        ended = self._change(noun.release) if noun.release else 0
        changed = self._change(noun.change)
        staged, added = self._rows(noun.count)[0]
        if added:
            self._bindings["first"] = take_numbers(self._db, noun.singular, added)
            self._change(noun.add)
        ended += sum(self._change(statement) for statement in noun.end)
        unchanged = self._settled[noun.words] + staged - added - changed
        return RosterSummary(noun.words, added, changed, ended, unchanged)

    def _give_own_courses(self) -> None:
        """Put each section without a course under one of its own title."""
        count = self._number(SQL.new_own_courses)
        if count:
            self._bindings["first"] = take_numbers(self._db, "course", count)
            self._change(SQL.number_own_courses)
            self._change(SQL.add_own_courses)
        self._change(SQL.change_own_courses)

    def _require_resolved(self, noun: _Noun) -> None:
        """Raise `ImportRefused`, naming them, when references lead nowhere."""
        if noun.unresolved is None:
            return
        lost = self._rows(noun.unresolved)
        if lost:
            raise ImportRefused(
                f"{len(lost)} references lead to nothing that the files or the district have",
                [
                    f"{noun.singular} {row[0]}: there is no {row[1]} {row[2]}"
                    for row in lost[:_NAMED_AT_MOST]
                ],
            )

    def _require_few(self, *, ended: int, active: int) -> None:
        """Raise `ImportRefused` when more enrollments end than anybody can have meant."""
        if ended > self._limits.end_share * active:
            raise ImportRefused(
                f"{ended} of the {active} active enrollments would end, more than "
                f"{self._limits.end_share:.0%}; if the files are whole and this is meant, "
                "import them with --allow-ending"
            )

    def _rows(self, statement: str) -> list[Any]:
        return self._db.execute(statement, self._bindings).fetchall()

    def _number(self, statement: str) -> int:
        return int(self._rows(statement)[0][0])

    def _change(self, statement: str) -> int:
        """Carry out a statement and return how many rows it touched."""
        self._db.execute(statement, self._bindings)
        return self._db.changes()
