"""A running server is watched: what it says, what it counts, what it keeps to itself."""

import itertools
import json
import os
import re
import secrets
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.talk import mark, marks_body
from cast import FRIDAY_BEFORE, MASTER_KEY, SECRET
from conftest import World
from live.house import House, now, spelled, talk, wait_until
from signing import Signed

NewHouse = Callable[..., House]


def figures(house: House) -> dict[tuple[str, ...], float]:
    """Return the figures by name and labels' values."""
    text = httpx.get(f"{house.url}/metrics").text
    return {
        (sample.name, *(text for _, text in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def save(house: House, comment: str = "") -> httpx.Response:
    entry = mark(house.cast.enrollments["anna"], FRIDAY_BEFORE, 2, comment)
    with house.client() as client:
        return client.put(house.maths, json=marks_body(entry))


def events(house: House) -> list[dict[str, Any]]:
    """Return what was logged; what is said to people on stdout is no part of it."""
    lines = [
        line
        for line in house.log().splitlines()
        if not line.startswith(("Rollbook answers", "Stopped"))
    ]
    return [json.loads(line) for line in lines]


# ---------------------------------------------------------------- figures


def test_any_worker_tells_what_all_have_counted(new_house: NewHouse) -> None:
    """
    Requests to two workers, and the writer's commits, are in one answer of either; what a
    worker that died had counted is still there, and its place is taken.
    """
    house = new_house()
    house.start()
    served = ("rollbook_requests_total", "GET", "/v1/roles", "200")
    for _ in range(20):
        with house.client() as client:  # a new connection: either worker may get it
            client.get("/v1/roles")
    save(house)
    before = figures(house)
    kill(house.processes()["worker"][0])
    wait_until(
        lambda: is_answering(house) and figures(house)["rollbook_starts_total", "worker"] == 3,
        "a new worker",
        20,
    )
    after = figures(house)

    assert before[served] == after[served] == 20
    assert before["rollbook_commits_total", "done"] >= 1
    assert before["rollbook_commit_commands_sum",] >= 1
    assert {name for kind, *(name,) in named(after, "rollbook_process_resident_bytes")} == {
        "worker-1",
        "worker-2",
        "writer-1",
    }


def named(found: dict[tuple[str, ...], float], name: str) -> list[tuple[str, ...]]:
    return [key for key in found if key[0] == name]


def kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)


def is_answering(house: House) -> bool:
    try:
        return httpx.get(f"{house.url}/health/live").status_code == 200
    except httpx.TransportError:
        return False


def test_what_is_too_large_is_counted(new_house: NewHouse) -> None:
    """
    A body over the limit is refused with 413, and that is in the figures.
    """
    house = new_house(body_max="1000")
    house.start()
    response = save(house, "x" * 2000)
    route = "/v1/sections/{section_id}/attendance"

    assert response.status_code == 413
    assert figures(house)["rollbook_requests_total", "PUT", route, "413"] == 1


# ---------------------------------------------------------------- health


def test_it_is_not_ready_while_nothing_can_be_saved(new_house: NewHouse, world: World) -> None:
    """
    While somebody else holds the file's lock it lives, reads, and is not ready; then it is.
    """
    house = new_house()
    house.start()
    first = httpx.get(f"{house.url}/health/ready")
    intruder = apsw.Connection(str(world.path))
    intruder.execute("BEGIN IMMEDIATE")
    not_ready = wait_until(
        lambda: (
            (found := httpx.get(f"{house.url}/health/ready", timeout=20)).status_code == 503
            and found
        ),
        "not ready",
        20,
    )
    live = httpx.get(f"{house.url}/health/live")
    with house.client() as client:
        read = client.get(house.maths)
    intruder.execute("ROLLBACK")
    intruder.close()

    assert first.status_code == 200
    assert re.match(
        r"The writer has not answered|Nothing can be saved", not_ready.json()["message"]
    )
    assert (live.status_code, read.status_code) == (200, 200)
    wait_until(
        lambda: httpx.get(f"{house.url}/health/ready", timeout=20).status_code == 200,
        "ready again",
        20,
    )


# ---------------------------------------------------------------- limits


def test_a_scanner_gets_429(new_house: NewHouse) -> None:
    """
    Ten times what an address may fail: most of it is 429 with `Retry-After`, in the one shape,
    and a key that was proven from there lately still gets its answers.
    """
    house = new_house(failures_per_minute="20", workers="1")
    house.start()
    with house.client() as client:
        client.get("/v1/roles")
    codes = []
    with httpx.Client(base_url=house.url) as client:
        for _ in range(200):
            auth = Signed(secrets.token_hex(20), SECRET, now)
            response = client.get("/v1/roles", auth=auth)
            codes.append(response.status_code)
    with house.client() as client:
        right = client.get("/v1/roles")

    assert set(codes) == {401, 429}
    assert 20 <= codes.count(401) <= 40
    assert int(response.headers["Retry-After"]) > 0
    assert response.json()["code"] == 429
    assert right.status_code == 200
    assert figures(house)["rollbook_limited_total", "address"] == codes.count(429)


def test_a_key_that_floods_is_told_to_wait(new_house: NewHouse) -> None:
    """
    Its 429 do not concern the others.
    """
    house = new_house(key_rate="2", workers="1")
    house.start()
    with house.client("alice") as client:
        codes = [client.get("/v1/roles").status_code for _ in range(40)]
    with house.client("bob") as client:
        calm = [client.get("/v1/roles").status_code for _ in range(10)]

    assert codes[:20] == [200] * 20
    assert codes.count(429) >= 10
    assert calm == [200] * 10


# ---------------------------------------------------------------- logs


def test_no_request_breaks_a_line(new_house: NewHouse) -> None:
    """
    CR, LF, ESC and Unicode's own line ends, wherever a client can put them: each line is one
    JSON object, and none has what the client sent.
    """
    house = new_house(log_requests="on", log_level="debug")
    house.start()
    odd = "\u2028\u2029\x85".encode().decode("latin-1")  # as the bytes of UTF-8
    for request in (
        spelled("GET", "/v1/%0d%0a%1b%5b31m%e2%80%a8evil", {"Host": "localhost"}),
        spelled("GET", f"/v1/{odd}", {"Host": "localhost"}),
        spelled("GET", "/v1/roles?x=%0a%1b%e2%80%a8evil", {"Host": "localhost"}),
        spelled("EVIL", "/v1/roles", {"Host": "localhost", "User-Agent": f"evil{odd}"}),
        spelled("GET", "/v1/roles", {"Host": f"evil{odd}", "X-Request-Id": f"evil{odd}"}),
        spelled("GET", "/v1/roles", {"Host": "localhost", "Authorization": f"OAuth evil{odd}"}),
        b"GET /v1/roles HTTP/1.1\r\nHost: localhost\r\nevil\x1b: x\r\n\r\n",
        b"\x00\r\n\x1b evil \xe2\x80\xa8\r\n\r\n",
    ):
        talk(house.port, request, quiet=0.3)
    saved = save(house, "evil \x85\u2028\n\r\t")
    told = wait_until(
        lambda: (found := events(house)) and found[-1].get("method") == "PUT" and found,
        "the last request's line",
    )

    assert saved.status_code == 200
    assert len([event for event in told if event["message"] == "request"]) >= 6
    assert house.log().isascii()
    assert "evil" not in house.log()


def test_an_id_that_a_client_chose_is_not_ours(house: House) -> None:
    """
    Each answer has an id of ours, whatever the request says.
    """
    given = "f" * 16
    with house.client() as client:
        answers = [client.get("/v1/roles", headers={"X-Request-Id": given}) for _ in range(2)]
    ids = {answer.headers["X-Request-Id"] for answer in answers}

    assert len(ids) == 2
    assert given not in ids


def test_an_error_can_be_found_by_its_request(new_house: NewHouse, world: World) -> None:
    """
    The id in a 503 is the one in the log's line, which tells what it was and where.
    """
    house = new_house(workers="1")  # another would not begin, if the file is damaged before
    house.start()
    with house.client() as client:
        wait_until(lambda: client.get("/health/ready").is_success, "a writer that has begun")
        damage(world.path)
        response = client.get(house.maths)
    found = [event for event in events(house) if event["level"] == "error"]

    assert response.status_code == 503
    assert [event["request_id"] for event in found] == [response.headers["X-Request-Id"]]
    assert found[0]["message"] == "unavailable"
    assert found[0]["trace"]
    assert "Traceback" not in house.log()


def damage(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))


def test_a_writer_that_dies_is_a_line(new_house: NewHouse) -> None:
    """
    Main process, workers and writer all log in the one form, also a death.
    """
    house = new_house()
    house.start()
    (writer,) = house.processes()["writer"]
    kill(writer)
    told = wait_until(
        lambda: (
            (found := events(house))
            and [event for event in found if event.get("exit_code")]
            and [event for event in found if event["process"] == "writer"][1:]
            and found
        ),
        "the new writer's line",
    )

    assert {event["process"] for event in told} == {"main", "worker", "writer"}
    (death,) = (event for event in told if "exit_code" in event)
    assert (death["level"], death["exit_code"]) == ("error", -9)


# ---------------------------------------------------------------- what is kept to itself


@pytest.fixture
def canaries(world: World) -> dict[str, str]:
    """Put a word of its own in every name and comment of the book."""
    db = apsw.Connection(str(world.path))
    words = {}
    for table, column in (
        ("districts", "name"),
        ("schools", "title"),
        ("courses", "title"),
        ("sections", "title"),
        ("users", "name_first"),
        ("users", "name_first_preferred"),
        ("users", "name_last"),
        ("users", "username"),
        ("api_keys", "name"),
    ):
        words[f"{table}.{column}"] = word = f"Canary{secrets.token_hex(6)}"
        db.execute(f"UPDATE {table} SET {column} = ? || abs(random())", (word,))
    db.close()
    return words


def spoken_to(house: House, comment: str) -> Iterator[httpx.Response]:
    """Yield answers of every sort: good ones, refusals and faults."""
    yield save(house, comment)
    section = house.maths.removesuffix("/attendance")
    with house.client() as client:
        yield client.get(house.maths)
        yield client.get("/v1/users")
        yield client.put(house.maths, content=b'{"attendances": ' + comment.encode())
        yield client.put(f"{section}/rolls/{FRIDAY_BEFORE}", json={"attendances": comment})
        yield client.get(house.maths, params={"start": comment})
        yield client.get(f"/v1/{comment}")
        yield client.get("/v1/users/me", headers={"X-Schoology-Run-As": comment})
    for method in ("HMAC-SHA1", "PLAINTEXT"):
        for secret in (SECRET, f"{SECRET}{comment}"):
            auth = Signed(house.cast.keys["alice"], secret, now, method=method)
            yield httpx.get(house.url + house.maths, auth=auth)


def test_secrets_and_names_stay_in_the_book(
    new_house: NewHouse, world: World, canaries: dict[str, str]
) -> None:
    """
    After requests of every sort, a dead writer and a damaged file, no secret is in any log,
    figure, refusal, environment or command line; and no name in any but the good answers.
    """
    house = new_house(log_requests="on", log_level="debug", workers="2")
    house.start()
    comment = f"Canary{secrets.token_hex(6)}"
    answers = list(spoken_to(house, comment))
    kill(house.processes()["writer"][0])
    with house.client() as client:
        answers.append(client.put(house.maths, json={}))
    probes = [httpx.get(house.url + path, timeout=20).text for path in ("/metrics", "/health")]
    assert house.process is not None
    processes = [house.process.pid, *itertools.chain(*house.processes().values())]
    seen = b"".join(
        Path(f"/proc/{process}/{name}").read_bytes()
        for process in processes
        for name in ("environ", "cmdline")
    ).decode()
    damage(world.path)
    answers.extend(spoken_to(house, comment))
    assert house.stop() == 0
    secret = [SECRET, MASTER_KEY.hex(), MASTER_KEY.decode("latin-1")]
    refusals = [answer.text for answer in answers if answer.status_code >= 400]

    assert {200, 400, 401, 404, 503} <= {answer.status_code for answer in answers}
    assert any(word in answers[2].text for word in canaries.values())  # they can be found
    for text in (house.log(), *probes, *refusals, seen):
        assert [word for word in (*secret, *canaries.values()) if word in text] == []
    for text in (house.log(), *probes, seen):
        assert comment not in text
