"""The real server and the commands on PostgreSQL."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import books
from cli.terminal import Terminal
from clusters import Cluster
from conftest import REPOSITORY, World
from live.house import House, wait_until


@pytest.fixture
def database(databases: books.ClusterOfDatabases, settled_in_cluster: World) -> books.Database:
    """A database of the test's own with both districts in it."""
    return databases.copy(settled_in_cluster.book)


@pytest.fixture
def house(
    database: books.Database, settled_in_cluster: World, tmp_path: Path
) -> Iterator[House]:
    """A server on that database."""
    house = House(tmp_path / "unused.db", settled_in_cluster.lindenhof)
    house.environ["ROLLBOOK_DATABASE"] = database.url
    house.start()
    yield house
    if house.process is not None and house.process.poll() is None:
        house.kill()


def put(house: House, status: int) -> list[int]:
    """Save Anna's mark of a day and return the answers' codes."""
    mark = {"date": "2026-09-14", "enrollment_id": house.cast.enrollments["anna"]}
    body = {"attendances": {"attendance": [{**mark, "status": status}]}}
    with house.client() as client:
        answer = client.put(house.maths, json=body)
    assert answer.status_code == 200, answer.text
    return [each["response_code"] for each in answer.json()["attendance"]]


def test_one_setting_puts_the_service_on_postgresql(house: House) -> None:
    """
    What is saved by one worker is read by all; the server stops in peace, and has no writer.
    """
    assert put(house, 2) == [200]
    with house.client() as client:
        seen = [client.get(house.maths).text for _ in range(10)]
        ready = client.get("/health/ready")

    assert len(set(seen)) == 1
    assert "2026-09-14" in seen[0]
    assert ready.status_code == 200
    assert len(house.processes()["worker"]) == 2
    assert house.processes()["writer"] == []
    assert house.stop() == 0, house.log()


def test_a_database_that_restarts_is_used_again(house: House, cluster: Cluster) -> None:
    """
    Connections that were cut answer 503 at most, and saving goes on by itself.
    """
    put(house, 2)
    assert cluster.kill_backends(role="%") > 0

    def saves_again() -> bool:
        with house.client() as client:
            return client.get(house.maths).status_code == 200

    wait_until(saves_again, "a worker reads again", seconds=5)
    wait_until(saves_again, "the other one too", seconds=5)
    assert put(house, 3) == [200]


def test_a_standby_that_is_not_there_is_missed_by_nobody(house: House) -> None:
    """
    The server starts and answers every history, and says in the log why not from the standby.
    """
    assert house.stop() == 0
    house.environ |= {"ROLLBOOK_READ_DATABASE": "postgresql://nobody@127.0.0.1:1/x"}
    house.start()
    put(house, 2)
    with house.client() as client:
        answers = [client.get(f"{house.maths}/history") for _ in range(20)]

    assert {answer.status_code for answer in answers} == {200}
    assert all("2026-09-14" in answer.text for answer in answers)
    assert "the primary answers instead of the standby" in house.log()
    assert "cannot be reached" in house.log()


def test_a_revoked_key_is_refused_within_a_second(
    house: House, database: books.Database
) -> None:
    """
    Workers remember who a key belongs to for a moment, and no longer.
    """
    put(house, 2)
    database.sql(
        "UPDATE api_keys SET revoked_at = ? WHERE key = ?",
        "2026-01-01T00:00:00.000Z",
        house.cast.keys["alice"],
    )
    time.sleep(0.5)
    with house.client() as client:
        answers = [client.get(house.maths).status_code for _ in range(6)]

    assert answers == [401] * 6


def test_a_database_is_prepared_by_its_owner(cluster: Cluster, tmp_path: Path) -> None:
    """
    Nothing is served from an empty database; `rollbook migrate` prepares it, once.
    """
    terminal = Terminal(tmp_path, address=cluster.new_database("unprepared"))
    empty = terminal.types("district", "show")
    first = terminal.types("migrate")
    again = terminal.types("migrate")

    assert empty.exit_code == 1
    assert "rollbook migrate" in empty.stderr
    assert first.exit_code == 0, first.stderr
    assert "0001_initial.sql" in first.stdout
    assert "is up to date" in again.stdout
    assert terminal.types("district", "create", "Lindenhof").exit_code == 0
    assert "Lindenhof" in terminal.types("district", "show").stdout


def test_the_page_about_it_is_right(cluster: Cluster, tmp_path: Path) -> None:
    """
    An owner without further rights prepares a database, and a login that can change no table
    works with it, as docs/postgresql.md says.
    """
    page = (REPOSITORY / "docs" / "postgresql.md").read_text(encoding="utf-8")
    before, after = (block.split("```")[0] for block in page.split("```sql\n")[1:])
    for statement in before.splitlines():
        cluster.psql(statement)
    owner = Terminal(tmp_path, address=cluster.url("rollbook", user="rollbook_owner"))
    owner.run("migrate")
    for statement in after.splitlines():
        cluster.psql(statement)
    login = Terminal(tmp_path, address=cluster.url("rollbook", user="rollbook"))

    login.run("district", "create", "Lindenhof")
    assert "Lindenhof" in login.run("district", "show")
    assert "Nothing is wrong" in login.run("check")
    assert "nothing was removed" in owner.run("prune", "--before", "2020-01-01", "--yes")
    with pytest.raises(RuntimeError, match="must be owner"):
        cluster.psql(
            "ALTER TABLE marks ADD COLUMN x integer", database="rollbook", user="rollbook"
        )


def test_a_command_for_files_says_so(tmp_path: Path) -> None:
    """
    What is not there for PostgreSQL is refused before anything is looked for.
    """
    nowhere = "postgresql://nobody@127.0.0.1:1/x"
    result = Terminal(tmp_path, address=nowhere).types("backup", "b")

    assert result.exit_code == 1
    assert "a database in a file" in result.stderr
