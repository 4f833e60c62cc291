"""What came of an import of a roster, as one process tells another."""

from collections.abc import Sequence

import msgspec

from rollbook.domain.roster_files import RosterSummary
from rollbook.domain.sentences import NOTHING, Parts, parts_of


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """
    What an import did, or on a dry run would do; or why it did nothing.

    Attributes:
        summaries: What it did to each noun; empty when it was refused.
        refused: Why it was, in English.
        problems: A line for each thing that is wrong with the files, in English.
        ended: Enrollments that would end, of those that are `active`; 0 unless they are more
            than an import may end without being told that it is meant.
        refused_parts: What `refused` is made of, to tell it in other languages.
        problems_parts: The same of each of `problems`.
    """

    summaries: list[RosterSummary] = []
    refused: str = ""
    problems: list[str] = []
    ended: int = 0
    active: int = 0
    refused_parts: Parts = NOTHING
    problems_parts: list[Parts] = []


def naming(outcome: Outcome, file: str, name: str) -> Outcome:
    """Return an outcome that calls the file which was read as whoever sent it does."""
    refused = outcome.refused_parts.naming(file, name)
    problems = [parts.naming(file, name) for parts in outcome.problems_parts]
    return msgspec.structs.replace(
        outcome,
        refused=refused.told(),
        problems=[parts.told() for parts in problems],
        refused_parts=refused,
        problems_parts=problems,
    )


def refusal(why: str, problems: Sequence[str] = ()) -> Outcome:
    """Return the outcome of an import that was refused."""
    return Outcome(
        refused=str(why),
        problems=[str(line) for line in problems],
        refused_parts=parts_of(why),
        problems_parts=[parts_of(line) for line in problems],
    )
