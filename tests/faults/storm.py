"""
A storm of rolls: writers that keep a ledger of what they sent and what was acknowledged.

Each writer has students of its own, so what a mark may be afterwards is known: the last roll that
was acknowledged, or one sent later that nobody answered. Each roll's marks bear its number as
their comment, so a half one can be seen.
"""

import http.client
import itertools
import json
import os
import random
import secrets
import threading
import time
from pathlib import Path

import msgspec

from cast import SECRET

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
        self, port: int, key: str, students: dict[str, tuple[int, list[int]]], ledger: Ledger
    ) -> None:
        """
        Prepare one; it goes on as long as the block that it is the context of.

        Args:
            port: Where the server is, also after it was started again.
            key: An administrator's.
            students: By writer: the section, and the enrollments that are this writer's own.
            ledger: Where it is written down.
        """
        self._port = port
        self._key = key
        self._ledger = ledger
        self._over = threading.Event()
        self.unexpected: list[str] = []
        self.answers = 0
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

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(timeout=30)
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
        items = [
            {"enrollment_id": who, "date": day, "status": status, "comment": roll.number}
            for (day, who), status in roll.marks.items()
        ]
        body = json.dumps({"attendances": {"attendance": items}})
        status, answer = self._ask("PUT", roll.section_id, body)
        if status != 200:
            self._expect(status)
            return False
        codes = [entry["response_code"] for entry in json.loads(answer)["attendance"]]
        if codes != [200] * len(items):
            self.unexpected.append(f"{roll.number}: {codes}")
        return True

    def _read(self, section: int) -> None:
        while not self._over.is_set():
            status, answer = self._ask("GET", section, None)
            if status == 200:
                json.loads(answer)
                self.answers += 1
            else:
                self._expect(status)

    def _expect(self, status: int) -> None:
        """A server that is being killed may be away, or say 503, and nothing else."""
        if status not in (0, 503):
            self.unexpected.append(f"status {status}")

    def _ask(self, method: str, section: int, body: str | None) -> tuple[int, bytes]:
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            path = f"/v1/sections/{section}/attendance"
            line.request(method, path, body, self._headers())
            answer = line.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            time.sleep(0.02)
            return 0, b""
        finally:
            line.close()

    def _headers(self) -> dict[str, str]:
        claim = {
            "oauth_consumer_key": self._key,
            "oauth_nonce": secrets.token_hex(8),
            "oauth_timestamp": str(int(time.time())),
            "oauth_signature_method": "PLAINTEXT",
            "oauth_signature": f"{SECRET}%26",
        }
        header = ", ".join(f'{name}="{value}"' for name, value in claim.items())
        return {"Authorization": f"OAuth {header}", "Content-Type": "application/json"}
