"""Many clients at once, each with a connection that it keeps."""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

import msgspec

from faults.asking import AWAY, Answer, headers_of, path_of

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_RETRY_AFTER = re.compile(rb"retry-after: (\d+)", re.IGNORECASE)


class Errand(msgspec.Struct):
    """One request of a client."""

    method: str
    section: int
    body: bytes = b""

    def spelled(self, port: int, key: str) -> bytes:
        """Return it as it goes over the wire."""
        headers = {
            "Host": f"127.0.0.1:{port}",
            "Content-Length": str(len(self.body)),
            **headers_of(key),
        }
        lines = [f"{name}: {text}" for name, text in headers.items()]
        first = f"{self.method} {path_of(self.section)} HTTP/1.1"
        return "\r\n".join([first, *lines, "", ""]).encode() + self.body


Plan: TypeAlias = Callable[[int, int], Errand]  # which client, its how-manieth


def flood(port: int, key: str, plan: Plan, *, clients: int, times: int) -> list[Answer]:
    """Send *times* requests from each of so many clients at once; return what they came to."""

    async def all_of_them() -> list[Answer]:
        each = await asyncio.gather(
            *(_client(port, key, plan, client, times) for client in range(clients))
        )
        return [answer for answers in each for answer in answers]

    return asyncio.run(all_of_them())


async def at_a_pace(
    port: int, requests: Sequence[tuple[str, Errand]], rate: float
) -> list[Answer]:
    """Send that many a second, each with its key, whether or not earlier ones were answered."""
    begun = time.monotonic()
    sent = []
    for number, (key, errand) in enumerate(requests):
        await asyncio.sleep(begun + number / rate - time.monotonic())
        sent.append(asyncio.create_task(_alone(port, key, errand)))
    return await asyncio.gather(*sent)


async def _alone(port: int, key: str, errand: Errand) -> Answer:
    begun = time.monotonic()
    incoming, outgoing = await asyncio.open_connection("127.0.0.1", port)
    outgoing.write(errand.spelled(port, key))
    answer = await _read(incoming)
    outgoing.close()
    answer.begun, answer.seconds = begun, time.monotonic() - begun
    return answer


async def _client(port: int, key: str, plan: Plan, client: int, times: int) -> list[Answer]:
    # Not all in one moment: whichever worker woke first would take them all.
    await asyncio.sleep(client * 0.003)
    incoming, outgoing = await asyncio.open_connection("127.0.0.1", port)
    answers = []
    try:
        for number in range(times):
            begun = time.monotonic()
            outgoing.write(plan(client, number).spelled(port, key))
            answer = await _read(incoming)
            answer.begun, answer.seconds = begun, time.monotonic() - begun
            answers.append(answer)
            if answer.status == AWAY:
                break
    finally:
        outgoing.close()
    return answers


async def _read(incoming: asyncio.StreamReader) -> Answer:
    try:
        head = await incoming.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        body = await incoming.readexactly(int(length[1]) if length else 0)
    except (OSError, asyncio.IncompleteReadError):
        return Answer(AWAY)
    later = _RETRY_AFTER.search(head)
    return Answer(int(head[9:12]), body, later[1].decode() if later else None)
