"""Catalogue A21: told to stop in a storm, whatever is under way is answered."""

import time
from collections.abc import Callable

from faults import figures
from faults.asking import AWAY
from faults.check import Findings, look_at
from faults.elsewhere import ledger_elsewhere
from faults.ground import Ground
from faults.server import Server
from faults.storm import Storm

NewServer = Callable[..., Server]


def restart_in_a_storm(
    ground: Ground, server: Server, times: int, stop: Callable[[], object]
) -> tuple[Storm, int, Findings, list[float]]:
    """Stop it and start it again so often; return what clients saw of it."""
    pauses = []
    server.start()
    with ledger_elsewhere() as ledger:
        storm = Storm(server.port, ground.key, ground.students, ledger)
        with storm:
            for _ in range(times):
                time.sleep(0.6)
                begun = time.monotonic()
                stop()
                server.start()
                pauses.append(time.monotonic() - begun)
            time.sleep(0.3)
        assert server.stop() == 0, server.log()
        return storm, ledger.acknowledged, look_at(ground, ledger), pauses


def cut_off(storm: Storm) -> int:
    """Return how many clients had a connection and got no answer."""
    answers = [*storm.saving, *storm.reading]
    return sum(answer.status == AWAY and answer.sent for answer in answers)


# A connection on which nothing has come in yet is closed. Of sixteen clients that make a new one
# for each request some are just there; that many, when the machine is busy:
JUST_THERE = 4


@figures.on_both
def test_requests_under_way_are_answered_when_it_is_told_to_stop(
    ground: Ground, new_server: NewServer, database: str
) -> None:
    """
    SIGTERM in a storm, again and again: nothing is saved of which its sender does not hear.
    """
    server, times = new_server(), figures.long_or_short(20, 3)
    storm, acknowledged, findings, pauses = restart_in_a_storm(
        ground, server, times, server.stop
    )
    figures.note(
        "A21",
        f"SIGTERM in a storm, {database}",
        times=times,
        acknowledged=acknowledged,
        readings=storm.answers,
        saved_unheard=len(findings.unheard),
        closed_before_a_request=cut_off(storm),
        lost=len(findings.lost),
        half=len(findings.half),
        away_max_s=max(pauses),
    )

    assert findings.all == []
    assert findings.unheard == []
    assert storm.unexpected == []
    assert cut_off(storm) <= JUST_THERE * times
    assert acknowledged > 10 * times


@figures.only_long
def test_killing_it_leaves_requests_without_an_answer(
    ground: Ground, new_server: NewServer
) -> None:
    """
    The guard off: with SIGKILL for SIGTERM, the count of those without an answer is too high.
    """
    server = new_server()
    storm, *_ = restart_in_a_storm(ground, server, 3, server.kill)

    assert cut_off(storm) > JUST_THERE * 3
