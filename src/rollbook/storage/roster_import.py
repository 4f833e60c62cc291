"""
Taking a roster in: what is staged, compared with what is there, and applied set by set.

Both databases do it with the same statements in the same order; how lines get into the staging
tables, and which transaction all this is in, each knows for itself.
"""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import msgspec

from rollbook.domain.errors import ImportRefused, NoSuchThing, TooManyEnd
from rollbook.domain.roster_files import (
    RosterCourse,
    RosterEnrollment,
    RosterLimits,
    RosterPeriod,
    RosterSchool,
    RosterSection,
    RosterSummary,
    RosterUser,
)
from rollbook.domain.sentences import Sentence
from rollbook.storage.rows import to_json

Progress = Callable[[str, int], None]

_NAMED_AT_MOST = 100  # references that lead nowhere, in one refusal
_PROGRESS_EVERY = 1000  # rows

_NAMES = {  # what refusals call a noun
    str(name): name
    for name in (
        Sentence("school"),
        Sentence("schools"),
        Sentence("grading period"),
        Sentence("grading periods"),
        Sentence("course"),
        Sentence("courses"),
        Sentence("section"),
        Sentence("sections"),
        Sentence("user"),
        Sentence("users"),
        Sentence("enrollment"),
        Sentence("enrollments"),
    )
}


class Noun(msgspec.Struct, frozen=True, kw_only=True):
    """The statements that take one noun in; each changes its table and nothing else."""

    of: type[msgspec.Struct]
    words: str
    singular: str  # also the name of its counter
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


def nouns(SQL: Any) -> tuple[Noun, ...]:  # noqa: N803 — what the statements are called anywhere
    """Return every noun with the statements of a dialect, what is referred to first."""
    return (
        Noun(
            of=RosterSchool,
            words="schools",
            singular="school",
            leave=SQL.leaving_school,
            miss=SQL.missing_schools,
            change=SQL.change_schools,
            count=SQL.count_staged_schools,
            add=SQL.add_schools,
        ),
        Noun(
            of=RosterPeriod,
            words="grading periods",
            singular="period",
            leave=SQL.leaving_period,
            miss=SQL.missing_periods,
            change=SQL.change_periods,
            count=SQL.count_staged_periods,
            add=SQL.add_periods,
        ),
        Noun(
            of=RosterCourse,
            words="courses",
            singular="course",
            leave=SQL.leaving_course,
            miss=SQL.missing_courses,
            resolve=SQL.resolve_courses,
            unresolved=SQL.unresolved_courses,
            change=SQL.change_courses,
            count=SQL.count_staged_courses,
            add=SQL.add_courses,
            end=(SQL.end_courses,),
        ),
        Noun(
            of=RosterSection,
            words="sections",
            singular="section",
            leave=SQL.leaving_section,
            miss=SQL.missing_sections,
            resolve=SQL.resolve_sections,
            unresolved=SQL.unresolved_sections,
            change=SQL.change_sections,
            count=SQL.count_staged_sections,
            add=SQL.add_sections,
            end=(SQL.end_sections,),
        ),
        *_people(SQL),
    )


def _people(SQL: Any) -> tuple[Noun, Noun]:  # noqa: N803
    users = Noun(
        of=RosterUser,
        words="users",
        singular="user",
        leave=SQL.leaving_user,
        miss=SQL.missing_users,
        resolve=SQL.resolve_users,
        unresolved=SQL.unresolved_users,
        change=SQL.change_users,
        count=SQL.count_staged_users,
        add=SQL.add_users,
        end=(SQL.end_users,),
    )
    enrollments = Noun(
        of=RosterEnrollment,
        words="enrollments",
        singular="enrollment",
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
    return users, enrollments


def lines(
    noun: Noun, district_id: int, rows: Iterator[msgspec.Struct], progress: Progress
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a file as the staging table has them: district and number first."""
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
        yield (district_id, seq, *values)
    progress(noun.words, seq)


def two_alike(noun: Noun) -> ImportRefused:
    """Return the refusal of a file that names something twice."""
    same = Sentence("two {nouns} have the same sourced_id", nouns=_NAMES[noun.words])
    return ImportRefused(same)


def _leads_nowhere(noun: Noun, sourced_id: str, missing: str, missing_id: str) -> Sentence:
    return Sentence(
        "{noun} {sourced_id}: there is no {missing} {missing_id}",
        noun=_NAMES[noun.singular],
        sourced_id=sourced_id,
        missing=_NAMES[missing],
        missing_id=missing_id,
    )


class Desk(Protocol):
    """A database with the roster staged in it."""

    async def rows(self, statement: str, bindings: dict[str, Any]) -> list[Any]:
        """Return what a statement finds."""

    async def change(self, statement: str, bindings: dict[str, Any]) -> int:
        """Carry out a statement and return how many rows it touched."""

    async def take_numbers(self, noun: str, count: int) -> int:
        """Give out *count* ids in a row and return the first."""


class RosterImport:
    """What is staged beside what is there, and the statements that make them equal."""

    def __init__(
        self,
        desk: Desk,
        SQL: Any,  # noqa: N803
        district_id: int,
        whole: dict[type, bool],
        limits: RosterLimits,
    ) -> None:
        """
        Prepare it.

        Args:
            desk: Where it is staged.
            SQL: The statements of the desk's dialect.
            district_id: Whose roster it is.
            whole: The nouns that came, and whether as a whole.
            limits: What it may do.
        """
        self._desk = desk
        self._sql = SQL
        self._nouns = nouns(SQL)
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

    async def prepare(self) -> None:
        """
        Find out who leaves, and put aside what is there already.

        Only an import changes what this looks at, and `apply` sees whether there was one.
        Raises `NoSuchThing` when there is no such district.
        """
        if not await self._rows(self._sql.district_exists):
            raise NoSuchThing("district", self._bindings["district_id"])
        self._imports = await self._number(self._sql.imports_so_far)
        for noun in self._nouns:
            if self._whole.get(noun.of):
                await self._change(noun.miss)
        await self._change(self._sql.enrollments_leave_with_others)
        for noun in self._nouns:
            self._settled[noun.words] = await self._change(noun.settle) if noun.settle else 0

    async def apply(self) -> list[RosterSummary]:
        """Take in noun by noun, what is referred to first; raises `ImportRefused`."""
        # Counted first: of two imports into one district the second waits here for the first.
        await self._change(self._sql.count_import)
        if await self._number(self._sql.imports_so_far) != self._imports + 1:
            raise ImportRefused(
                Sentence("another import into this district came in between; try again")
            )
        active = await self._number(self._sql.count_active_enrollments)
        summaries = [await self._take_in(noun) for noun in self._nouns]
        self._require_few(ended=summaries[-1].ended, active=active)
        came = {noun.words for noun in self._nouns if noun.of in self._whole}
        return [each for each in summaries if each.noun in came or each.ended]

    async def _take_in(self, noun: Noun) -> RosterSummary:
        if noun.resolve:
            await self._change(noun.resolve)
        await self._require_resolved(noun)
        if noun.of is RosterSection:
            await self._give_own_courses()
        ended = await self._change(noun.release) if noun.release else 0
        changed = await self._change(noun.change)
        staged, added = (await self._rows(noun.count))[0]
        if added:
            await self._number_from(noun.singular, added)
            await self._change(noun.add)
        for statement in noun.end:
            ended += await self._change(statement)
        unchanged = self._settled[noun.words] + staged - added - changed
        return RosterSummary(noun.words, added, changed, ended, unchanged)

    async def _give_own_courses(self) -> None:
        """Put each section without a course under one of its own title."""
        count = await self._number(self._sql.new_own_courses)
        if count:
            await self._number_from("course", count)
            await self._change(self._sql.number_own_courses)
            await self._change(self._sql.add_own_courses)
        await self._change(self._sql.change_own_courses)

    async def _number_from(self, noun: str, count: int) -> None:
        self._bindings["first"] = await self._desk.take_numbers(noun, count)

    async def _require_resolved(self, noun: Noun) -> None:
        """Raise `ImportRefused`, naming them, when references lead nowhere."""
        if noun.unresolved is None:
            return
        lost = await self._rows(noun.unresolved)
        if lost:
            raise ImportRefused(
                Sentence(
                    "{count} references lead to nothing that the files or the district have",
                    count=len(lost),
                ),
                [_leads_nowhere(noun, *row[:3]) for row in lost[:_NAMED_AT_MOST]],
            )

    def _require_few(self, *, ended: int, active: int) -> None:
        """Raise `ImportRefused` when more enrollments end than anybody can have meant."""
        if ended > self._limits.end_share * active:
            raise TooManyEnd(
                Sentence(
                    "{ended} of the {active} active enrollments would end, more than {share}; if "
                    "the files are whole and this is meant, import them with --allow-ending",
                    ended=ended,
                    active=active,
                    share=format(self._limits.end_share, ".0%"),
                ),
                ended=ended,
                active=active,
            )

    async def _rows(self, statement: str) -> list[Any]:
        return await self._desk.rows(statement, self._bindings)

    async def _number(self, statement: str) -> int:
        return int((await self._rows(statement))[0][0])

    async def _change(self, statement: str) -> int:
        return await self._desk.change(statement, self._bindings)
