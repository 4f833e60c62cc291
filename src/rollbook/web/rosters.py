"""
Rosters that were sent in and wait: read through, to be taken in, or taken in.

All of it is in files of a private folder, which every worker of the server sees: each person has
one roster there at most, for an hour. Another machine's server has a folder of its own.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import time
from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import msgspec

from rollbook.domain.errors import RollbookError
from rollbook.exchange.outcome import Outcome, naming
from rollbook.web.uploads import Upload

log = logging.getLogger("rollbook.web")

KEPT_FOR = 3600  # seconds
_INTERRUPTED_AFTER = 900  # seconds: more than any import is let run


class TakeIn(Protocol):
    """What reads a roster and takes it in, in a process of its own."""

    async def __call__(
        self, district_id: int, path: Path, *, by: int, dry_run: bool, allow_ending: bool
    ) -> Outcome:
        """Return what came of it; by whom it is done is recorded. Raises `Unavailable`."""


class Stage(StrEnum):
    """How far a roster is."""

    READING = "reading"
    READ = "read"
    APPLYING = "applying"
    APPLIED = "applied"
    INTERRUPTED = "interrupted"


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A roster that somebody sent in, and what came of it so far."""

    id: str
    name: str = ""  # what the file is called where it comes from
    stage: Stage
    since: float
    outcome: Outcome | None = None  # None: not known yet, or nobody could find out


class Rosters:
    """The rosters that wait on this machine."""

    def __init__(self, folder: Path, take_in: TakeIn) -> None:
        """Keep them in *folder*, which is made when the first one comes."""
        self._folder = folder
        self._take_in = take_in
        self._one_at_a_time = asyncio.Semaphore()  # of this worker's
        self._work: set[asyncio.Task[None]] = set()

    def _state(self, person: tuple[int, int]) -> Path:
        district_id, user_id = person
        return self._folder / f"{district_id}-{user_id}.json"

    def _file(self, waiting_id: str, *, taken: bool = False) -> Path:
        return self._folder / f"{waiting_id}.{'taken' if taken else 'zip'}"

    def of(self, person: tuple[int, int]) -> Waiting | None:
        """Return the roster that a person, by district and number, sent in last."""
        self._sweep()
        try:
            found = msgspec.json.decode(self._state(person).read_bytes(), type=Waiting)
        except FileNotFoundError:
            return None
        under_way = found.stage in {Stage.READING, Stage.APPLYING}
        if under_way and time.time() - found.since > _INTERRUPTED_AFTER:
            return msgspec.structs.replace(found, stage=Stage.INTERRUPTED)
        return found

    async def receive(self, person: tuple[int, int], upload: Upload) -> Waiting | None:
        """Keep a file in the place of the one before and have it read; None: there is none."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._sweep()
        waiting = Waiting(
            id=secrets.token_hex(16), name=upload.name, stage=Stage.READING, since=time.time()
        )
        path = self._file(waiting.id)
        try:
            size = await upload.save(path)
        except BaseException:
            _remove(path)
            raise
        if not size:
            _remove(path)
            return None
        self.drop(person)
        self._note(person, waiting)
        self._begin(self._run(person, waiting, path, allow_ending=False))
        return waiting

    def apply(self, person: tuple[int, int], waiting: Waiting, *, allow_ending: bool) -> bool:
        """Begin to take a roster in that was read; False: somebody has begun, or it has gone."""
        path = self._file(waiting.id, taken=True)
        try:
            self._file(waiting.id).rename(path)  # of two who try, one can
        except FileNotFoundError:
            return False
        begun = msgspec.structs.replace(waiting, stage=Stage.APPLYING, since=time.time())
        self._note(person, begun)
        self._begin(self._run(person, begun, path, allow_ending=allow_ending))
        return True

    def drop(self, person: tuple[int, int]) -> None:
        """Forget a person's roster."""
        if waiting := self.of(person):
            _remove(self._file(waiting.id))
            _remove(self._state(person))

    async def _run(
        self, person: tuple[int, int], waiting: Waiting, path: Path, *, allow_ending: bool
    ) -> None:
        """Read a roster or take it in, and note what came of it."""
        district_id, user_id = person
        dry_run = waiting.stage is Stage.READING
        done = Stage.READ if dry_run else Stage.APPLIED
        outcome = None
        try:
            async with self._one_at_a_time:
                outcome = await self._take_in(
                    district_id, path, by=user_id, dry_run=dry_run, allow_ending=allow_ending
                )
            if waiting.name:
                outcome = naming(outcome, path.name, waiting.name)
        except RollbookError:
            log.exception("a roster could not be taken in")
        finally:
            if not dry_run or outcome is None or outcome.refused:
                _remove(path)
        now = self.of(person)
        if now is not None and now.id == waiting.id:  # and no other was sent in meanwhile
            self._note(person, msgspec.structs.replace(waiting, stage=done, outcome=outcome))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    def _note(self, person: tuple[int, int], waiting: Waiting) -> None:
        path = self._state(person)
        new = path.with_suffix(f".{secrets.token_hex(8)}")
        new.write_bytes(msgspec.json.encode(waiting))
        new.replace(path)

    def _sweep(self) -> None:
        """Remove what has waited for too long."""
        with contextlib.suppress(FileNotFoundError), os.scandir(self._folder) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):
                    if time.time() - entry.stat().st_mtime > KEPT_FOR:
                        Path(entry.path).unlink()


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
