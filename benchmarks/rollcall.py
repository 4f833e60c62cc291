"""One roll of every section: sent until each is acknowledged, then looked for in the file."""

import functools
import itertools
import struct
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import apsw
from rich.console import Console

from benchmarks import asking, land
from benchmarks.bulk import SQL
from benchmarks.land import STUDENTS, Land
from benchmarks.measuring import percentile
from benchmarks.results import Second
from benchmarks.sender import Sender
from benchmarks.server import Running
from benchmarks.signing import Signer, spelled
from rollbook.domain.record import GENESIS, chain_hash
from rollbook.storage import rows
from rollbook.storage.sqlite.connection import open_reader

_EVERY = 5  # seconds between two lines of progress
_HEADERS = spelled({"Content-Type": asking.JSON})
_STEP = 50_000  # sections that one statement of the verification looks at
_CHAINED = 997  # every so manieth section's hashes are computed again

Sheet: TypeAlias = tuple[int, bytes]  # a section's number, and the body that saves its roll
_HEAD = struct.Struct("<II")  # of a sheet in the file: the section, and the length of the body


class Rollcall:
    """The roll of one day, everywhere."""

    def __init__(self, where: Land, host: str, day: int, *, whole_rolls: bool) -> None:
        """
        Prepare one.

        Args:
            where: The sections.
            host: The server's.
            day: The number of the day.
            whole_rolls: Save by naming who is not present, rather than all 30.
        """
        self.date = land.school_days(day + 1)[day]
        self.name = "PUT rolls/{date}" if whole_rolls else "PUT attendance"
        self.seconds = 0.0
        self.sender_seconds = 0.0
        self.p50 = self.p99 = 0.0
        self.refused = 0  # rolls that got an answer other than 200, and were given up
        self.answers: Counter[int] = Counter()
        self._where = where
        self._host = host
        self._day = day
        self._whole_rolls = whole_rolls
        item = f'{{"enrollment_id":%d,"date":"{self.date}","status":%d}}'
        items = ",".join([item] * STUDENTS)
        self._all_thirty = f'{{"attendances":{{"attendance":[{items}]}}}}'.encode()
        self._signer = functools.lru_cache(maxsize=None)(self._make_signer)
        self._now = int(time.time())

    def take(
        self, sheets: Path, connections: int, server: Running, out: Console
    ) -> list[Second]:
        """
        Send every sheet, saying every few seconds how far it is; return that course.

        A server that ends ends it too: the verification says what that left undone.
        """
        took: list[float] = []
        lately: list[float] = []
        course: list[Second] = []
        begun = time.perf_counter()
        due = begun + _EVERY

        def answered(_sheet: Sheet, status: int, seconds: float) -> None:
            lately.append(seconds * 1000)
            self.refused += status != 200

        def look_at_the_clock() -> bool:
            nonlocal due
            self._now = int(time.time())
            if time.perf_counter() >= due:
                due += _EVERY
                course.append(self._reading(begun, took, lately))
                self._say(course, sender.counts, out)
            return not server.is_alive()

        sender = Sender[Sheet](self._host, connections, self._request, answered)
        cpu = time.process_time()
        sender.run(_read_sheets(sheets), until=look_at_the_clock)
        self.sender_seconds = time.process_time() - cpu
        self.seconds = time.perf_counter() - begun
        course.append(self._reading(begun, took, lately))
        self._say(course, sender.counts, out)
        self.p50, self.p99 = percentile(took, 50), percentile(took, 99)
        self.answers = sender.counts
        if sender.strange:
            out.print(f"[red]An answer that nobody expects:[/] {sender.strange!r}")
        return course

    def write_sheets(self, sections: Iterable[int], place: Path) -> None:
        """
        Write the body of every roll down, in the order in which they will be sent.

        So that the sender, which shares the machine with the server, only has to sign them.
        """
        with place.open("wb") as file:
            for section in sections:
                body = self._body(section)
                file.write(_HEAD.pack(section, len(body)))
                file.write(body)

    def _request(self, sheet: Sheet) -> bytes:
        """Return the request that saves a section's roll, signed now."""
        section, body = sheet
        sign = self._signer(self._where.district_of(section)).request
        if self._whole_rolls:
            path = f"/v1/sections/{land.section_id(section)}/rolls/{self.date}"
        else:
            path = asking.attendance(section)
        return sign("PUT", path, self._now, headers=_HEADERS, body=body)

    def _make_signer(self, district: int) -> Signer:
        return asking.signer(self._host, district)

    def _body(self, section: int) -> bytes:
        who = land.enrollments(section)
        how = land.statuses(section, self._day)
        if self._whole_rolls:
            items = ",".join(
                f'{{"enrollment_id":{who[n]},"status":{status}}}'
                for n, status in enumerate(how)
                if status != 1
            )
            return f'{{"attendances":{{"attendance":[{items}]}}}}'.encode()
        return self._all_thirty % tuple(
            itertools.chain.from_iterable(zip(who, how, strict=True))
        )

    def _reading(self, begun: float, took: list[float], lately: list[float]) -> Second:
        took += lately
        p50, p99 = percentile(lately, 50), percentile(lately, 99)
        lately.clear()
        return Second(time.perf_counter() - begun, len(took), p50, p99)

    def _say(self, course: list[Second], counts: Counter[int], out: Console) -> None:
        now = course[-1]
        before = course[-2] if len(course) > 1 else Second(0, 0, 0, 0)
        rate = (now.saved - before.saved) / max(now.at - before.at, 1e-9)
        odd = ", ".join(
            f"{status or 'lost'}: {n}" for status, n in counts.items() if status != 200
        )
        out.print(
            f"{now.at:6.0f} s  {now.saved:>9,} of {self._where.sections:,}  {rate:7,.0f}/s  "
            f"p50 {now.p50:.1f} ms  p99 {now.p99:.1f} ms  {odd}",
            highlight=False,
        )


def _read_sheets(place: Path) -> Iterator[Sheet]:
    with place.open("rb", buffering=1 << 20) as file:
        while head := file.read(_HEAD.size):
            section, length = _HEAD.unpack(head)
            yield section, file.read(length)


def next_day(database: Path, where: Land) -> int:
    """Return the number of the first day whose roll was not taken everywhere."""
    db = open_reader(database)
    last = int(db.execute("SELECT coalesce(max(number), 0) FROM record").get)
    there = int(db.execute("SELECT count(*) FROM record WHERE number = ?", (last,)).get)
    db.close()
    return last if there == where.sections else max(0, last - 1)


# ---------------------------------------------------------------- is everything there?

_MARKS = f"""
SELECT coalesce(sum(marks = {STUDENTS} AND right), 0), coalesce(sum(marks), 0)
  FROM (SELECT count(*) AS marks, min(status = expected) AS right
          FROM (SELECT district_id, section_id, status, {land.STATUS_IN_SQL} AS expected
                  FROM (SELECT district_id, section_id, status, {land.CHANCE_IN_SQL} AS chance
                          FROM (SELECT m.*, :day AS day
                                  FROM sections AS s
                                 CROSS JOIN marks AS m
                                    ON m.district_id = s.district_id AND m.section_id = s.id
                                 WHERE s.district_id BETWEEN :first AND :last
                                   AND m.date = :date)))
         GROUP BY district_id, section_id)
"""
_COUNTS = {
    "rolls of the day": "SELECT count(*) FROM rolls WHERE date = :date",
    "rolls": "SELECT count(*) FROM rolls WHERE date <> :date",
    "entries of the record": "SELECT count(*) FROM record WHERE number = :day + 1",
    "sections with an event": """
        SELECT count(*) FROM (SELECT DISTINCT district_id, section_id FROM events
                               WHERE number = :day + 1)""",
    "events": "SELECT count(*) FROM events WHERE number = :day + 1",
}


def verify(database: Path, where: Land, day: int) -> list[str]:
    """
    Return what is not as it was sent, in sentences; nothing when everything is there.

    Every mark has the status that was sent, nobody has one too many, and each section has one
    roll, one entry of the record and one event of the day. The hashes of one section in a thousand
    are computed again.
    """
    db = open_reader(database)
    db.pragma("cache_size", -256 * 1024)
    found = {"day": day, "date": land.school_days(day + 1)[day]}
    complaints = list(_wrong_marks(db, where, found))
    expected = dict.fromkeys(_COUNTS, where.sections) | {"rolls": where.sections * day}
    for what, statement in _COUNTS.items():
        count = int(db.execute(statement, found).get)
        if count != expected[what]:
            complaints.append(f"There are {count:,} {what} instead of {expected[what]:,}.")
    complaints += _broken_chains(db, where)
    db.close()
    return complaints


def _wrong_marks(db: apsw.Connection, where: Land, found: dict[str, object]) -> Iterator[str]:
    districts = max(1, _STEP * where.districts // where.sections)
    right, marks = 0, 0
    for first in range(1, where.districts + 1, districts):
        span = {"first": first, "last": first + districts - 1}
        counted: Any = db.execute(_MARKS, {**found, **span}).fetchone()
        right += counted[0]
        marks += counted[1]
    if right != where.sections:
        yield f"{where.sections - right:,} sections have not the marks that were sent."
    if marks != where.students:
        yield f"There are {marks:,} marks of the day instead of {where.students:,}."


def _broken_chains(db: apsw.Connection, where: Land) -> Iterator[str]:
    for section in range(0, where.sections, _CHAINED):
        number = land.section_id(section)
        before = GENESIS
        key = (where.district_of(section), number, 1, 100)
        for row in db.execute(SQL.record_entries, key):
            entry = rows.record_entry(number, row)
            if chain_hash(before, entry) != entry.hash:
                yield f"The record of section {number} is broken at {entry.number}."
            before = entry.hash
