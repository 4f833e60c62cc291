"""
A storm of rolls: writers that keep a ledger of what they sent and what was acknowledged.

Each writer has students of its own, so what a mark may be afterwards is known: the last roll that
was acknowledged, or one sent later that nobody answered. Each roll's marks bear its number as
their comment, so a half one can be seen.
"""

import itertools
import os
import random
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from faults.asking import AWAY, Answer, Asking

DAYS = ("2026-09-14", "2026-09-15")


class Roll(msgspec.Struct):
    """One PUT: the line before it, and the line after."""

    number: str  # also the comment of its marks
    section_id: int
    marks: dict[tuple[str, int], int]  # (day, enrollment) -> status
    acknowledged: bool = False


class Ledger:
    """What was sent and what was answered, on a disk that is not the server's."""

    def __init__(self, place: Path) -> None:
        self.rolls: dict[str, list[Roll]] = {}  # by writer, in the order they were sent
        self._file = place.open("w")
        self._lock = threading.Lock()

    def sent(self, writer: str, roll: Roll) -> None:
        with self._lock:
            self.rolls.setdefault(writer, []).append(roll)
            self._line("sent", roll)

    def answered(self, roll: Roll) -> None:
        with self._lock:
            roll.acknowledged = True
            self._line("acknowledged", roll)

    def _line(self, what: str, roll: Roll) -> None:
        self._file.write(f"{what} {roll.number} {roll.section_id} {sorted(roll.marks)}\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()

    @property
    def acknowledged(self) -> int:
        """How many rolls were acknowledged."""
        return sum(roll.acknowledged for rolls in self.rolls.values() for roll in rolls)


class Storm:
    """Writers and readers, each a thread with a connection of its own."""

    def __init__(
        self,
        port: int | Sequence[int],
        key: str,
        students: dict[str, tuple[int, list[int]]],
        ledger: Ledger,
    ) -> None:
        """
        Prepare one; it goes on as long as the block that it is the context of.

        Args:
            port: Where the server is, also after it was started again; or several, all one.
            key: An administrator's.
            students: By writer: the section, and the enrollments that are this writer's own.
            ledger: Where it is written down.
        """
        self._asking = Asking(port, key)
        self._ledger = ledger
        self._over = threading.Event()
        self.unexpected: list[str] = []
        self.saving: list[Answer] = []
        self.reading: list[Answer] = []
        writers = [
            threading.Thread(target=self._write, args=(name, section, enrollments))
            for name, (section, enrollments) in students.items()
        ]
        sections = sorted({section for section, _ in students.values()})
        readers = [
            threading.Thread(target=self._read, args=(sections[number % len(sections)],))
            for number in range(len(students))
        ]
        self._threads = [*writers, *readers]

    @property
    def answers(self) -> int:
        """How many readings were answered."""
        return sum(answer.status == 200 for answer in self.reading)

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(timeout=40)
            assert not thread.is_alive()

    def _write(self, name: str, section: int, enrollments: list[int]) -> None:
        rng = random.Random(name)
        keys = list(itertools.product(DAYS, enrollments))
        for count in itertools.count(1):
            if self._over.is_set():
                return
            chosen = rng.sample(keys, rng.randint(1, len(keys)))
            marks = {key: rng.randint(1, 4) for key in chosen}
            roll = Roll(f"{name}-{count:06}", section, marks)
            self._ledger.sent(name, roll)
            if self._put(roll):
                self._ledger.answered(roll)

    def _put(self, roll: Roll) -> bool:
        answer = self._asking.put(roll.section_id, roll.marks, roll.number)
        self.saving.append(answer)
        if answer.status != 200:
            self._expect(answer)
            return False
        codes = [entry["response_code"] for entry in answer.document["attendance"]]
        if codes != [200] * len(roll.marks):
            self.unexpected.append(f"{roll.number}: {codes}")
        return True

    def _read(self, section: int) -> None:
        while not self._over.is_set():
            answer = self._asking.get(section)
            self.reading.append(answer)
            if answer.status == 200:
                assert answer.document
                answer.body = b""
            else:
                self._expect(answer)

    def _expect(self, answer: Answer) -> None:
        """A server that is being killed may be away, or say 503, and nothing else."""
        if answer.status == AWAY:
            time.sleep(0.02)
        elif answer.status != 503 or not answer.retry_after:
            self.unexpected.append(f"status {answer.status} {answer.body[:200]!r}")
