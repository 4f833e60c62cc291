"""
Catalogue B2 and B6: the way to PostgreSQL is cut or slow, and whoever tries again saves once.

The proxy of `way` cuts lines at the moment that matters: the database has committed, and nobody
has heard of it.
"""

import functools
import itertools
import random
import time
from collections.abc import Iterator

import pytest

from faults import figures
from faults.asking import Answer, Asking
from faults.check import look_at
from faults.elsewhere import ledger_elsewhere
from faults.ground import Ground
from faults.storm import DAYS, Ledger, Roll, Storm
from faults.way import Fate, Way

CUTS = figures.long_or_short(200, 6)
SECONDS = figures.long_or_short(60, 2)  # of each trouble


@pytest.fixture
def database() -> str:
    return "postgresql"


def meets(fate: Fate, statement: str) -> Fate:
    """Return what a save, and nothing else, meets with."""
    return fate if "save_sections(" in statement else Fate.ARRIVES


# ---------------------------------------------------------------- B2: cut before the answer


def save_over_cuts(
    ground: Ground, way: Way, ledger: Ledger, breaks: str = ""
) -> tuple[list[Answer], list[Answer]]:
    """
    Save rolls, each of which is cut off first and then sent again; return what came of both.

    The first is done and not heard of, the second does not arrive, and so on.
    """
    assert ground.postgres
    server = ground.server(url=way.url(ground.postgres.url), breaks=breaks)
    server.start()
    asking = Asking(server.port, ground.key)
    cut, again = [], []
    for number, writer in zip(range(CUTS), itertools.cycle(ground.students), strict=False):
        section, students = ground.students[writer]
        marks = {(day, who): 2 + number % 3 for day in DAYS for who in students}
        roll = Roll(f"{writer}-{number}", section, marks)
        ledger.sent(writer, roll)
        fate = Fate.LOST if number % 2 else Fate.UNHEARD
        way.fate = functools.partial(meets, fate)
        cut.append(asking.put(section, marks, roll.number))
        way.fate = lambda _: Fate.ARRIVES
        again.append(asking.put(section, marks, roll.number))
        if again[-1].status == 200:
            ledger.answered(roll)
    assert server.stop() == 0, server.log()
    return cut, again


def test_a_save_that_nobody_heard_of_is_made_once(ground: Ground, way: Way) -> None:
    """
    Cut between the commit and its answer, or before it: 503, and trying again leaves each mark
    once, with one entry in the record.
    """
    with ledger_elsewhere() as ledger:
        cut, again = save_over_cuts(ground, way, ledger)
        findings = look_at(ground, ledger)
    figures.note(
        "B2",
        "the line is cut at the commit",
        done_and_not_heard_of=way.met[Fate.UNHEARD],
        did_not_arrive=way.met[Fate.LOST],
        refused_503=sum(answer.status == 503 for answer in cut),
        saved_by_trying_again=sum(answer.status == 200 for answer in again),
        double=len(findings.double),
        lost=len(findings.lost),
        half=len(findings.half),
        put_max_s=max(answer.seconds for answer in cut),
    )

    assert (way.met[Fate.UNHEARD], way.met[Fate.LOST]) == (CUTS // 2, CUTS // 2)
    assert {(answer.status, bool(answer.retry_after)) for answer in cut} == {(503, True)}
    assert {answer.status for answer in again} == {200}
    assert findings.all == []


def test_a_store_that_does_not_look_saves_twice(ground: Ground, way: Way) -> None:
    """
    The guard off: whoever does not look at what is there records the same save again.
    """
    with ledger_elsewhere() as ledger:
        save_over_cuts(ground, way, ledger, breaks="looking")
        findings = look_at(ground, ledger)

    assert len(findings.double) == CUTS // 2


# ---------------------------------------------------------------- B6: slow, and with holes


class Stubborn(Storm):
    """A storm whose writers try again, with the same marks, until they are heard."""

    def _put(self, roll: Roll) -> bool:
        while not super()._put(roll):
            if self._over.is_set():
                return False
        return True


def holes(share: float) -> Iterator[Fate]:
    """Yield fates: that share of statements does not arrive, or its answer does not."""
    dice = random.Random(share)
    while True:
        hit = dice.random() < share
        yield dice.choice([Fate.LOST, Fate.UNHEARD]) if hit else Fate.ARRIVES


def storm_on(
    ground: Ground, way: Way, ledger: Ledger, fates: Iterator[Fate], breaks: str = ""
) -> tuple[Storm, int]:
    """Storm on a way that is slow for a while, and then has holes; return what was saved slow."""
    assert ground.postgres
    server = ground.server(url=way.url(ground.postgres.url), breaks=breaks)
    server.start()
    storm = Stubborn(server.port, ground.key, ground.students, ledger)
    with storm:
        way.delay = lambda _: 0.5
        time.sleep(SECONDS)
        saved_slowly = ledger.acknowledged
        way.delay = lambda _: 0.0
        way.fate = lambda _: next(fates)
        time.sleep(SECONDS)
        way.fate = lambda _: Fate.ARRIVES
    assert server.stop() == 0, server.log()
    return storm, saved_slowly


def test_a_bad_way_doubles_nothing(ground: Ground, way: Way) -> None:
    """
    With 500 ms more on each statement, and then one line in twenty statements cut, before or
    after: no save is lost, half or there twice, however often it is tried again.
    """
    with ledger_elsewhere() as ledger:
        storm, saved_slowly = storm_on(ground, way, ledger, holes(0.05))
        findings = look_at(ground, ledger)
    saving = [answer.seconds for answer in storm.saving if answer.status == 200]
    figures.note(
        "B6",
        "500 ms more for each statement, then 5 % of them cut off",
        statements=way.met.total(),
        done_and_not_heard_of=way.met[Fate.UNHEARD],
        did_not_arrive=way.met[Fate.LOST],
        saved_slowly=saved_slowly,
        acknowledged=ledger.acknowledged,
        refused_503=sum(answer.status == 503 for answer in storm.saving),
        double=len(findings.double),
        lost=len(findings.lost),
        half=len(findings.half),
        put_p50_s=figures.share(saving, 0.5),
        put_p99_s=figures.share(saving, 0.99),
    )

    assert findings.all == []
    assert storm.unexpected == []
    assert way.met[Fate.UNHEARD] > 2
    assert ledger.acknowledged > 5 * SECONDS


@figures.only_long
def test_a_bad_way_doubles_what_is_saved_without_a_look(ground: Ground, way: Way) -> None:
    """
    The guard off, in the same storm.
    """
    with ledger_elsewhere() as ledger:
        storm_on(ground, way, ledger, holes(0.05), breaks="looking")
        findings = look_at(ground, ledger)

    assert findings.double != []
