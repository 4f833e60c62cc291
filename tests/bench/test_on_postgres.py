"""What is measured on PostgreSQL: pgbench does what it is said to do, and the peers their work."""

import json
from pathlib import Path

import pytest

from bench.requests import ROLLS, exchange
from benchmarks import land, on_postgres, pgbench, server
from benchmarks.land import Land
from benchmarks.on_postgres import Database
from clusters import Cluster

WHERE = Land(sections=3)


@pytest.fixture
def data(cluster: Cluster, tmp_path: Path) -> Database:
    """A database with the rolls of 60 days; it goes with the cluster."""
    return on_postgres.filled(cluster, f"data_{tmp_path.name}", WHERE, tmp_path)


def test_the_floor_of_a_save_is_thirty_marks_of_one_roll(
    cluster: Cluster, data: Database
) -> None:
    """
    A transaction of pgbench's changes the 30 marks of a section's day, and no other table.
    """
    name = data.url.rpartition("/")[2]
    seen = "SELECT count(*) FROM marks WHERE comment <> ''"
    assert cluster.psql(seen, name) == "0"

    row = pgbench.run(data.url, "roll", WHERE, clients=2, seconds=1)

    groups = cluster.psql(
        "SELECT DISTINCT count(*) FROM marks WHERE comment <> '' GROUP BY section_id, date",
        name,
    )
    assert row.rate > 0
    assert row.wrong == 0
    assert 0 < row.p50 <= row.p99
    assert groups == str(land.STUDENTS)
    assert cluster.psql("SELECT count(*) FROM marks", name) == str(data.marks)


def test_the_floor_of_a_reading_is_a_month(cluster: Cluster, data: Database) -> None:
    """
    What pgbench reads is about a tenth of a section's marks of 30 school days, each time.
    """
    name = data.url.rpartition("/")[2]
    read = "SELECT idx_scan, idx_tup_fetch FROM pg_stat_user_indexes"
    read += " WHERE indexrelname = 'marks_not_present'"
    row = pgbench.run(data.url, "month", WHERE, clients=2, seconds=1)
    scans, tuples = map(int, cluster.psql(read, name).split("|"))

    assert row.wrong == 0
    assert row.rate > 0
    assert 60 < tuples / scans < 120


def test_a_script_that_fails_is_told(cluster: Cluster) -> None:
    """
    A database without the tables is no floor.
    """
    url = cluster.new_database("without_tables")

    with pytest.raises(RuntimeError, match='relation "marks" does not exist'):
        pgbench.run(url, "roll", WHERE, clients=1, seconds=1)


@pytest.mark.parametrize("peer", ["django", "fastapi"])
def test_each_peer_answers_as_rollbook_does(
    cluster: Cluster, data: Database, peer: str
) -> None:
    """
    The same requests read the same months before and after the same rolls were saved.
    """
    needed = {"django": ("rest_framework", "psycopg"), "fastapi": ("fastapi", "sqlalchemy")}
    for package in needed[peer]:
        pytest.importorskip(package, reason="a peer needs what make bench-peers installs")
    cluster.drop_database(f"peer_{peer}")
    serve = {"django": server.django, "fastapi": server.fastapi}[peer]
    with (
        serve(on_postgres.filled_peer(cluster, peer, WHERE)) as theirs,
        server.rollbook(data.url, data.master_key) as ours,
    ):
        found = [exchange(data, running.host) for running in (theirs, ours)]

    assert found[0] == found[1]
    assert found[0][1] == [200] * land.STUDENTS * ROLLS
    assert found[0][0] != found[0][2]  # what was saved is read
    assert len(json.dumps(found[0][0][0])) > 5000
