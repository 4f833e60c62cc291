"""A storm that goes on while something is the matter with the disk, and after."""

import time
from contextlib import AbstractContextManager

import msgspec

from faults import figures
from faults.asking import Answer
from faults.check import Findings, check
from faults.elsewhere import ledger_elsewhere
from faults.ground import Ground
from faults.server import Server
from faults.storm import Storm


class Weathered(msgspec.Struct):
    """What clients saw from the trouble's beginning to its end, and after."""

    saving: list[Answer]  # answered in the trouble
    reading: list[Answer]
    begun: float
    recovery: float  # seconds from its end to a roll that was saved
    findings: Findings
    unexpected: list[str]
    acknowledged: int

    @property
    def refused(self) -> list[Answer]:
        """Savings that were told to try again."""
        return [answer for answer in self.saving if answer.status == 503]

    @property
    def acked(self) -> int:
        """How many savings were sent and acknowledged in the trouble."""
        return sum(a.status == 200 and a.begun > self.begun for a in self.saving)

    @property
    def unread(self) -> list[int]:
        """What readings came to that were not answered."""
        return [answer.status for answer in self.reading if answer.status != 200]

    def figures(self) -> dict[str, float]:
        """Return what is always reported."""
        waits = [answer.seconds for answer in self.saving]
        return {
            "acknowledged": self.acknowledged,
            "lost": len(self.findings.lost),
            "phantom": len(self.findings.phantom),
            "half": len(self.findings.half),
            "refused_503": len(self.refused),
            "acknowledged_in_it": self.acked,
            "unread": len(self.unread),
            "put_p50_s": figures.share(waits, 0.5),
            "put_p99_s": figures.share(waits, 0.99),
            "put_max_s": max(waits, default=0.0),
            "recovery_s": self.recovery,
        }


def weather(
    ground: Ground, server: Server, trouble: AbstractContextManager[object], seconds: float
) -> Weathered:
    """Storm, bring the trouble about for so long, end it, wait until it saves again; check."""
    with ledger_elsewhere() as ledger:
        storm = Storm(server.port, ground.key, ground.students, ledger)
        with storm:
            time.sleep(0.5)
            with trouble:
                begun = time.monotonic()
                time.sleep(seconds)
                ended = time.monotonic()
            recovery = _saves_again(storm, since=time.monotonic()) - ended
            time.sleep(0.3)
        assert server.stop() == 0, server.log()
        findings = check(ground.database, ledger)
        return Weathered(
            saving=_within(storm.saving, begun, ended),
            reading=_within(storm.reading, begun, ended),
            begun=begun,
            recovery=recovery,
            findings=findings,
            unexpected=storm.unexpected,
            acknowledged=ledger.acknowledged,
        )


def _within(answers: list[Answer], begun: float, ended: float) -> list[Answer]:
    return [answer for answer in answers if begun < answer.begun + answer.seconds < ended]


def _saves_again(storm: Storm, since: float) -> float:
    """Return when a roll that was sent after the trouble was acknowledged."""
    while time.monotonic() < since + 30:
        for answer in reversed(storm.saving[-200:]):
            if answer.status == 200 and answer.begun > since:
                return answer.begun + answer.seconds
        time.sleep(0.02)
    raise AssertionError("it saved nothing within 30 s after the trouble")
