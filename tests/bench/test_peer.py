"""The peer of the measurements does the work that it is measured by."""

import json
from pathlib import Path

import pytest

from bench.requests import ROLLS, exchange
from benchmarks import bulk, land, server
from benchmarks.ground import Ground
from benchmarks.land import Land
from rollbook.auth.credentials import Safe, load_master_key

pytest.importorskip(
    "rest_framework", reason="the peer needs Django REST framework, which make bench installs"
)

SECTION = 1


@pytest.fixture
def data(tmp_path: Path) -> Ground:
    """Two sections and their rolls of two months."""
    ground = Ground(tmp_path / "rollbook.db", tmp_path / "master.key", Land(sections=2))
    with bulk.quickly(ground.database) as db:
        for _ in bulk.settle(db, ground.where, Safe(load_master_key(ground.master_key))):
            pass
        bulk.take_rolls(db, ground.where, land.school_days(45))
    return ground


def test_the_peer_answers_as_rollbook_does(data: Ground, tmp_path: Path) -> None:
    """
    The same requests read the same months before and after the same rolls were saved.
    """
    from benchmarks.peers.django_drf import filling

    filling.fill(data.database, tmp_path / "peer.db")
    with (
        server.django(tmp_path / "peer.db") as peer,
        server.rollbook(data.database, data.master_key) as ours,
    ):
        found = [exchange(data, running.host) for running in (peer, ours)]

    assert found[0] == found[1]
    assert found[0][1] == [200] * land.STUDENTS * ROLLS
    assert found[0][0] != found[0][2]  # what was saved is read
    assert len(json.dumps(found[0][0][0])) > 5000
