"""What must be true of a database after a storm, whatever was done to the server in it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import apsw
import msgspec

import books
from faults.ground import Ground
from faults.storm import Ledger, Roll
from rollbook.domain.record import GENESIS, chain_hash
from rollbook.storage import rows
from rollbook.storage.queries import numbered
from rollbook.storage.sqlite.statements import SQL


class Findings(msgspec.Struct, kw_only=True):
    """What was found wrong, each list empty when all is well, but for `unheard`."""

    lost: list[str] = msgspec.field(default_factory=list)  # acknowledged and not there
    phantom: list[str] = msgspec.field(default_factory=list)  # there and never sent
    half: list[str] = msgspec.field(default_factory=list)  # a roll of which a part is there
    double: list[str] = msgspec.field(default_factory=list)  # recorded more than once
    record: list[str] = msgspec.field(default_factory=list)  # marks and record disagree
    file: list[str] = msgspec.field(default_factory=list)  # SQLite's own checks
    unheard: list[str] = msgspec.field(default_factory=list)  # saved, not acknowledged: allowed

    @property
    def all(self) -> list[str]:
        """Everything, for the message of an assertion."""
        parts = (self.lost, self.phantom, self.half, self.double, self.record, self.file)
        return [found for part in parts for found in part]


class _Questions:
    """A database of PostgreSQL's, asked in the words of the check."""

    def __init__(self, database: books.Database) -> None:
        self._database = database

    def execute(self, statement: str, parameters: Sequence[Any] = (), /) -> books.Rows:
        return self._database.sql(numbered(statement)[0], *parameters)


def look_at(ground: Ground, ledger: Ledger) -> Findings:
    """Return what is wrong in either database after what *ledger* says was done."""
    if ground.postgres:
        return hold_against(_Questions(ground.postgres), ledger)
    return check(ground.database, ledger)


def check(database: Path, ledger: Ledger) -> Findings:
    """Return what is wrong in the file *database*."""
    db = apsw.Connection(str(database))
    findings = hold_against(db, ledger)
    findings.file += [
        str(row) for row in db.execute("PRAGMA integrity_check") if row != ("ok",)
    ]
    findings.file += [str(row) for row in db.execute("PRAGMA foreign_key_check")]
    db.close()
    return findings


class Asked(Protocol):
    """A database of either kind that can be asked."""

    def execute(self, statement: str, parameters: Sequence[Any] = ..., /) -> Iterable[Any]:
        """Return what a statement finds."""


def hold_against(db: Asked, ledger: Ledger) -> Findings:
    """Return what is wrong with marks, rolls, record and events, whatever database has them."""
    findings = Findings()
    marks = {
        (day, who): (status, comment)
        for day, who, status, comment in db.execute(
            "SELECT date, enrollment_id, status, comment FROM marks"
        )
    }
    for rolls in ledger.rolls.values():
        _check_writer(rolls, marks, findings)
    _check_record(db, ledger, marks, findings)
    return findings


Marks = dict[tuple[str, int], tuple[int, str]]


def _check_writer(rolls: list[Roll], marks: Marks, findings: Findings) -> None:
    """Hold each of a writer's marks against the last roll that it must, or may, come from."""
    may_be: dict[tuple[str, int], list[tuple[int, str] | None]] = defaultdict(lambda: [None])
    for roll in rolls:
        for key, status in roll.marks.items():
            value = (status, roll.number)
            may_be[key] = [value] if roll.acknowledged else [*may_be[key], value]
    for key, allowed in may_be.items():
        if marks.get(key) not in allowed:
            findings.lost.append(f"{key} is {marks.get(key)}, should be one of {allowed}")


def _check_record(db: Asked, ledger: Ledger, marks: Marks, findings: Findings) -> None:
    sent = {roll.number: roll for rolls in ledger.rolls.values() for roll in rolls}
    state: dict[tuple[str, int], tuple[int, str]] = {}
    seen: set[str] = set()
    for district_id, section_id in list(db.execute("SELECT district_id, id FROM sections")):
        previous = GENESIS
        span = (district_id, section_id, 1, 1_000_000)
        for row in db.execute(SQL.record_entries, span):
            entry = rows.record_entry(section_id, row)
            if entry.hash != chain_hash(previous, entry):
                findings.record.append(
                    f"section {section_id}: entry {entry.number} is not linked"
                )
            previous = entry.hash
            numbers = {change.new_comment for change in entry.changes}
            if len(numbers) != 1 or not numbers <= set(sent):
                findings.phantom.append(f"an entry holds {numbers}")
                continue
            (number,) = numbers
            if number in seen:
                findings.double.append(f"{number} is in the record again")
            seen.add(number)
            if {(c.date, c.enrollment_id) for c in entry.changes} != set(sent[number].marks):
                findings.half.append(f"{number}: only a part is in the record")
            for change in entry.changes:
                key = (change.date, change.enrollment_id)
                former = state.get(key, (None, ""))
                if former != (change.old_status, change.old_comment):
                    findings.record.append(f"{number}: {key} was {former} before")
                state[key] = (change.new_status, change.new_comment)
    if state != marks:
        findings.half.append("the marks are not what the record says they became")
    findings.lost += [
        f"{number} is not in the record"
        for number, roll in sent.items()
        if roll.acknowledged and number not in seen
    ]
    findings.unheard += [number for number in seen if not sent[number].acknowledged]
    taken = set(db.execute("SELECT section_id, date FROM rolls"))
    due = {(sent[n].section_id, day) for n in seen for day, _ in sent[n].marks}
    if taken != due:
        findings.half.append(f"rolls that were taken: {taken}, should be {due}")
    ((entries,),) = db.execute("SELECT count(*) FROM record")
    ((events,),) = db.execute(
        "SELECT count(*) FROM events JOIN record USING (district_id, section_id, number)"
    )
    if entries != events:
        findings.half.append(f"{entries} entries of the record have {events} events")
