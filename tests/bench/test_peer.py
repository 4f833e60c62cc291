"""The peer of the measurements does the work that it is measured by."""

import json
from pathlib import Path

import httpx
import pytest

from benchmarks import asking, bulk, land, server
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


def answered(host: str, request: bytes) -> httpx.Response:
    """Send a request that was spelled out, as a client would."""
    head, _, body = request.partition(b"\r\n\r\n")
    line, *headers = head.decode().split("\r\n")
    method, target, _ = line.split(" ")
    pairs = [tuple(header.split(": ", 1)) for header in headers]
    return httpx.request(
        method,
        f"http://{host}{target}",
        headers=pairs,  # type: ignore[arg-type]
        content=body,
        timeout=20,
    )


def test_the_peer_answers_as_rollbook_does(data: Ground, tmp_path: Path) -> None:
    """
    The same requests read the same month before and after the same roll was saved.
    """
    from benchmarks.peers.django_drf import filling

    filling.fill(data.database, tmp_path / "peer.db")
    found = []
    with (
        server.django(tmp_path / "peer.db") as peer,
        server.rollbook(data.database, data.master_key) as ours,
    ):
        for host in (peer.host, ours.host):
            before = answered(host, next(asking.readings(data, host)))
            saved = answered(host, next(asking.savings(data, host, 1)))
            reading = asking.readings(data, host)
            after = [answered(host, next(reading)).json() for _ in range(2)]
            codes = [answer["response_code"] for answer in saved.json()["attendance"]]
            found.append((before.json(), codes, after, len(before.content)))

    assert found[0] == found[1]
    assert found[0][1] == [200] * land.STUDENTS
    assert len(json.dumps(found[0][0])) > 5000
