"""The edge: every request is counted, and refused when there is too much to do."""

import asyncio
import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rollbook.edge import Edge
from rollbook.watch.figures import Sheet, read_all
from rollbook.watch.metrics import FIGURES, Requests

Take = Callable[..., Sheet]


def scope_of(path: str = "/v1/roles", accept: str = "", **more: Any) -> dict[str, Any]:
    headers = [(b"accept", accept.encode())] if accept else []
    plain = {"type": "http", "http_version": "1.1", "method": "GET"}
    return {**plain, "path": path, "headers": headers, **more}


class Application:
    """Answers as soon as it may."""

    def __init__(self) -> None:
        self.may = asyncio.Event()
        self.may.set()

    async def __call__(self, scope: dict[str, Any], _receive: Any, send: Any) -> None:
        await self.may.wait()
        scope["rollbook.route"] = "/v1/roles/{role_id}"
        scope["rollbook.key"] = "0123456789abcdef"
        headers = [(b"x-request-id", b"00000000deadbeef")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"here"})


class Heard:
    """What came back: status, headers, body."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""

    async def __call__(self, event: dict[str, Any]) -> None:
        if event["type"] == "http.response.start":
            self.status = event["status"]
            self.headers = {name.decode(): text.decode() for name, text in event["headers"]}
        else:
            self.body += event["body"]


async def _no_body() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def ask(edge: Edge, *args: Any, **more: Any) -> Heard:
    heard = Heard()
    await edge(scope_of(*args, **more), _no_body, heard)
    return heard


async def test_what_was_answered_is_counted(take_sheet: Take, tmp_path: Path) -> None:
    """
    By method, the route that the application found, and the status that it gave.
    """
    edge = Edge(Application(), Requests(take_sheet()))
    heard = await ask(edge)
    told = read_all(tmp_path, FIGURES)

    assert (heard.status, heard.body) == (200, b"here")
    assert told["rollbook_requests_total"] == {("GET", "/v1/roles/{role_id}", "200"): [1.0]}
    assert sum(told["rollbook_request_seconds"]["/v1/roles/{role_id}",][1:]) == 1


async def test_who_comes_when_all_hands_are_full_is_refused(
    take_sheet: Take, tmp_path: Path
) -> None:
    """
    503 at once with `Retry-After`, in the one shape; and let in again when a hand is free.
    """
    application = Application()
    edge = Edge(application, Requests(take_sheet()), in_progress_max=3)
    application.may.clear()
    waiting = [asyncio.create_task(ask(edge)) for _ in range(3)]
    await asyncio.sleep(0)
    refused = await ask(edge)
    in_xml = await ask(edge, accept="text/xml")
    application.may.set()
    done = [heard.status for heard in await asyncio.gather(*waiting)]
    told = read_all(tmp_path, FIGURES)

    assert done == [200] * 3
    assert refused.status == 503
    assert json.loads(refused.body)["code"] == 503
    assert int(refused.headers["retry-after"]) > 0
    assert len(refused.headers["x-request-id"]) == 16
    assert in_xml.headers["content-type"] == "text/xml; charset=utf-8"
    assert in_xml.body.startswith(b"<?xml")
    assert (await ask(edge)).status == 200
    assert told["rollbook_shed_total"] == {("in_progress",): [2.0]}
    assert edge._in_progress == 0


@pytest.mark.parametrize("path", ["/health/ready", "/metrics"])
async def test_who_wants_to_know_is_never_refused(take_sheet: Take, path: str) -> None:
    """
    Health and figures are answered above all when there is too much to do.
    """
    application = Application()
    edge = Edge(application, Requests(take_sheet()), in_progress_max=1)
    application.may.clear()
    busy = asyncio.create_task(ask(edge))
    await asyncio.sleep(0)
    asked = asyncio.create_task(ask(edge, path))
    await asyncio.sleep(0)
    application.may.set()

    assert (await asked).status == 200
    await busy


async def test_a_worker_that_is_late_refuses(take_sheet: Take, tmp_path: Path) -> None:
    """
    When what is due waits too long for its turn, new requests do not wait as well; it ends
    as soon as it is on time again.
    """
    edge = Edge(Application(), Requests(take_sheet()), late_max=0.2)
    first = await ask(edge)
    time.sleep(0.5)  # noqa: ASYNC251 — to be late is what this is about
    await asyncio.sleep(0.01)
    late = await ask(edge)
    await asyncio.sleep(0.25)
    after = await ask(edge)

    assert [first.status, late.status, after.status] == [200, 503, 200]
    assert read_all(tmp_path, FIGURES)["rollbook_shed_total"] == {("late",): [1.0]}


async def test_a_request_that_came_to_nothing_is_counted(
    take_sheet: Take, tmp_path: Path
) -> None:
    """
    What raised, or was given up by its client, is no longer in progress.
    """

    async def failing(*_: Any) -> None:
        raise RuntimeError

    edge = Edge(failing, Requests(take_sheet()))
    with pytest.raises(RuntimeError):
        await ask(edge)
    told = read_all(tmp_path, FIGURES)

    assert told["rollbook_requests_total"] == {("GET", "none", "0"): [1.0]}
    assert edge._in_progress == 0


async def test_requests_are_logged_only_if_asked_for(
    take_sheet: Take, caplog: pytest.LogCaptureFixture
) -> None:
    """
    A line names the route, not the path; of the key its beginning; of the rest nothing.
    """
    caplog.set_level(logging.INFO, "rollbook.requests")
    requests = Requests(take_sheet())
    await ask(Edge(Application(), requests))
    quiet = list(caplog.records)
    await ask(Edge(Application(), requests, log_requests=True), "/v1/x?y", method="EVIL")
    (record,) = caplog.records
    told = vars(record)

    assert quiet == []
    assert told["key"] == "01234567"
    assert told["request_id"] == "00000000deadbeef"
    assert (told["method"], told["route"], told["status"]) == (
        "other",
        "/v1/roles/{role_id}",
        200,
    )
    assert told["ms"] >= 0
