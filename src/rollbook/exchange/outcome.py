"""What came of an import of a roster, as one process tells another."""

import msgspec

from rollbook.domain.roster_files import RosterSummary


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """
    What an import did, or on a dry run would do; or why it did nothing.

    Attributes:
        summaries: What it did to each noun; empty when it was refused.
        refused: Why it was.
        problems: A line for each thing that is wrong with the files.
        ended: Enrollments that would end, of those that are `active`; 0 unless they are more
            than an import may end without being told that it is meant.
    """

    summaries: list[RosterSummary] = []
    refused: str = ""
    problems: list[str] = []
    ended: int = 0
    active: int = 0
