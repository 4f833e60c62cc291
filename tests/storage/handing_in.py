"""A process of workers that hand writes in at the counter, as one that speaks HTTP does."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from rollbook.domain.store import SaveMarks
from rollbook.storage.sqlite.counter import Line


def hand_in(place: Path, queues: Sequence[Sequence[SaveMarks]]) -> list[str]:
    """Hand in several queues of commands at once, each in its order; return what went wrong."""
    return asyncio.run(_hand_in(place, queues))


async def _hand_in(place: Path, queues: Sequence[Sequence[SaveMarks]]) -> list[str]:
    line = Line(place)
    outcomes = await asyncio.gather(*(_one_queue(line, queue) for queue in queues))
    line.close()
    return [problem for problems in outcomes for problem in problems]


async def _one_queue(line: Line, queue: Sequence[SaveMarks]) -> list[str]:
    problems = []
    for command in queue:
        try:
            saved = await line(command)
        except Exception as error:  # noqa: BLE001 — whatever it is, it is a problem
            problems.append(repr(error))
        else:
            problems += [str(answer) for answer in saved.refused.values()]
    return problems
