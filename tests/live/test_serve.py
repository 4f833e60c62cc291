"""`rollbook serve`: how it starts, stops, and gets over the death of any of its processes."""

import os
import signal
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from api.talk import mark, marks_body
from cast import FRIDAY_BEFORE, SECRET
from live.house import JSON, House, hear, now, read_replies, spelled, wait_until
from signing import Signed

NewHouse = Callable[..., House]


def save(house: House) -> httpx.Response:
    """Save a mark."""
    entry = mark(house.cast.enrollments["anna"], FRIDAY_BEFORE, 2)
    with house.client() as client:
        return client.put(house.maths, json=marks_body(entry))


def is_answering(house: House) -> bool:
    try:
        with house.client() as client:
            return client.get(house.maths).status_code == 200
    except httpx.TransportError:
        return False


# ---------------------------------------------------------------- starting


def test_a_second_server_on_the_same_file_refuses(new_house: NewHouse) -> None:
    """
    Two writers would wait for each other; the second says who is there, and goes.
    """
    first, second = new_house(), new_house()
    first.start()
    code, said, _ = second.refusal()

    assert code != 0
    assert "Another server works on this database already" in said
    assert "Traceback" not in said
    assert save(first).status_code == 200


def test_a_port_that_is_taken_is_named(new_house: NewHouse, tmp_path: Path) -> None:
    """
    It does not start half.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, said, _ = new_house(tmp_path / "other.db", port=port).refusal()

    assert code != 0
    assert port in said
    assert "Traceback" not in said


def _a_folder(path: Path) -> None:
    path.mkdir()


def _no_database(path: Path) -> None:
    path.write_bytes(b"This is no database, and it is long enough to be none. " * 100)


def _a_folder_that_is_a_file(path: Path) -> None:
    path.parent.rmdir()
    path.parent.touch()


@pytest.mark.parametrize("make", [_a_folder, _no_database, _a_folder_that_is_a_file])
def test_a_database_that_cannot_be_used_is_named(
    new_house: NewHouse, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    """
    It ends within two seconds, saying which file it is and what is wrong with it.
    """
    path = tmp_path / "place" / "school.db"
    house = new_house()
    house.environ["ROLLBOOK_DATABASE"] = str(path)
    path.parent.mkdir()
    make(path)
    code, said, seconds = house.refusal()

    assert code != 0
    assert str(path) in said.replace("\n", "")
    assert "Traceback" not in said
    assert seconds < 2


# ---------------------------------------------------------------- stopping


def test_a_request_under_way_is_answered_before_it_stops(new_house: NewHouse) -> None:
    """
    SIGTERM in the middle of a body: the rest is awaited, the marks are saved, the exit is 0.
    """
    house = new_house()
    house.start()
    entry = mark(house.cast.enrollments["ben"], FRIDAY_BEFORE, 3)
    body = httpx.Request("PUT", "http://x", json=marks_body(entry)).read()
    headers = {
        "Host": f"127.0.0.1:{house.port}",
        "Authorization": house.authorization("PUT", house.maths),
        "Content-Type": JSON,
        "Content-Length": str(len(body)),
    }
    assert house.process is not None
    with socket.create_connection(("127.0.0.1", house.port), timeout=5) as line:
        line.sendall(spelled("PUT", house.maths, headers, body[:20]))
        time.sleep(0.3)
        house.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        line.sendall(body[20:])
        (reply,) = read_replies(hear(line))
    code = house.process.wait(timeout=10)

    assert (reply.status, code) == (200, 0)
    assert "Stopped; everything that was acknowledged is on the disk." in house.log()


def test_it_stops_at_once_when_nobody_asks(new_house: NewHouse) -> None:
    """
    Idle connections keep it from nothing.
    """
    house = new_house()
    house.start()
    with house.client() as client:
        client.get(house.maths)
        begun = time.monotonic()
        code = house.stop()

    assert code == 0
    assert time.monotonic() - begun < 5


def test_it_says_that_it_is_leaving_before_it_does(new_house: NewHouse) -> None:
    """
    Told to stop, it answers on for a while, and saves, so that a proxy can go elsewhere first;
    told again, it stops at once.
    """
    house = new_house(drain_time="30")
    house.start()
    assert house.process is not None
    with house.client() as client:
        before = client.get("/health/ready")
        house.process.send_signal(signal.SIGTERM)
        wait_until(lambda: client.get("/health/ready").status_code == 503, "it is leaving")
        why = client.get("/health/ready").json()["message"]
    saved = save(house)
    begun = time.monotonic()
    code = house.stop()

    assert (before.status_code, saved.status_code, code) == (200, 200, 0)
    assert why == "The server was told to stop, and is about to."
    assert time.monotonic() - begun < 10


def test_it_leaves_when_it_said_it_would(new_house: NewHouse) -> None:
    """
    One signal is enough.
    """
    house = new_house(drain_time="2")
    house.start()
    begun = time.monotonic()
    code = house.stop()

    assert code == 0
    assert 2 <= time.monotonic() - begun < 12


# ---------------------------------------------------------------- deaths


def test_the_port_is_free_after_its_main_process_was_killed(new_house: NewHouse) -> None:
    """
    Workers and writer leave with it, so the next server starts where it was.
    """
    house = new_house()
    house.start()
    everyone = [process for kind in house.processes().values() for process in kind]
    assert house.process is not None
    house.process.kill()
    house.process.wait()
    wait_until(lambda: not any(map(_lives, everyone)), "all of them have left", seconds=5)
    house.start()

    assert save(house).status_code == 200


def _lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_killed_worker_is_replaced(new_house: NewHouse) -> None:
    """
    The other one goes on, and soon there are two again.
    """
    house = new_house()
    house.start()
    workers = wait_until(lambda: _two(house), "two workers")
    os.kill(workers[0], signal.SIGKILL)
    wait_until(lambda: is_answering(house), "an answer", seconds=2)
    replaced = wait_until(lambda: _two(house, without=workers[0]), "two workers again")

    assert workers[1] in replaced
    assert [is_answering(house) for _ in range(8)] == [True] * 8


def _two(house: House, *, without: int = 0) -> list[int]:
    workers = house.processes()["worker"]
    return workers if len(workers) == 2 and without not in workers else []


def test_a_killed_writer_is_replaced(new_house: NewHouse) -> None:
    """
    Nothing can be saved for a moment, and it says so; reading goes on; then all is as before.
    """
    house = new_house()
    house.start()
    (writer,) = house.processes()["writer"]
    os.kill(writer, signal.SIGKILL)
    refused = wait_until(lambda: _refused(house), "a refusal", seconds=1)

    assert refused.status_code == 503
    assert refused.headers["Retry-After"]
    assert is_answering(house)
    wait_until(lambda: save(house).status_code == 200, "it saves again", seconds=5)


def _refused(house: House) -> httpx.Response | None:
    response = save(house)
    return response if response.status_code != 200 else None


# ---------------------------------------------------------------- TLS


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_it_speaks_tls(
    new_house: NewHouse, certificate: tuple[Path, Path], version: ssl.TLSVersion
) -> None:
    """
    With a certificate it answers https, and signs of https are what it checks.
    """
    file, key = map(str, certificate)
    house = new_house(tls_certificate=file, tls_key=key)
    house.start()
    context = ssl.create_default_context(cafile=file)
    context.maximum_version = version
    with house.client(verify=context) as client:
        listed = client.get(house.maths)
        me = client.get("/v1/users/me")

    assert listed.status_code == 200
    assert me.headers["Location"].startswith(f"{house.url}/v1/users/")


def test_plaintext_is_fine_over_tls(
    new_house: NewHouse, certificate: tuple[Path, Path]
) -> None:
    """
    A secret in the clear inside TLS.
    """
    file, key = map(str, certificate)
    house = new_house(tls_certificate=file, tls_key=key)
    house.start()
    auth = Signed(house.cast.keys["alice"], SECRET, now, method="PLAINTEXT")
    context = ssl.create_default_context(cafile=file)
    response = httpx.get(house.url + house.maths, auth=auth, verify=context)

    assert response.status_code == 200


def test_a_certificate_that_is_missing_is_named(new_house: NewHouse, tmp_path: Path) -> None:
    """
    It does not fall back to http.
    """
    missing = str(tmp_path / "missing.pem")
    code, said, _ = new_house(tls_certificate=missing, tls_key=missing).refusal()

    assert code != 0
    assert missing in said.replace("\n", "")
    assert "Traceback" not in said
