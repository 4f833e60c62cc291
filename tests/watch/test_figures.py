"""Sheets: what each process counts, and what all of them counted together."""

import errno
import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from rollbook.watch.figures import Figure, Sheet, read_all

CALLS = Figure("calls_total", "counter", "Calls.", ("who",))
SIZE = Figure("size", "gauge", "A size.")
SPANS = Figure("spans", "histogram", "Spans.", (), (1, 2))
ALL = {figure.name: figure for figure in (CALLS, SIZE, SPANS)}
Take = Callable[[], Sheet]
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def take(take_sheet: Callable[..., Sheet]) -> Callable[[], Sheet]:
    return lambda: take_sheet("clerk", ALL.values())


def test_sheets_are_added_up(take: Take, tmp_path: Path) -> None:
    """
    What two processes count under one name is one number, other labels are another.
    """
    for who in (("ada", "bob"), ("ada", "cy")):
        sheet = take()
        for name in who:
            sheet.numbers[sheet.slot(CALLS, name)] += 1
    told = read_all(tmp_path, ALL)

    assert told["calls_total"] == {("ada",): [2.0], ("bob",): [1.0], ("cy",): [1.0]}
    assert told["size"] == {}


def test_a_histogram_has_a_number_for_each_bound(take: Take, tmp_path: Path) -> None:
    """
    A sum, a count up to each bound, and one beyond; what comes after it is not touched.
    """
    sheet = take()
    first, after = sheet.slot(SPANS), sheet.slot(SIZE)
    for number in range(SPANS.width):
        sheet.numbers[first + number] = number + 1
    sheet.numbers[after] = 9

    assert read_all(tmp_path, ALL)["spans"] == {(): [1.0, 2.0, 3.0, 4.0]}
    assert read_all(tmp_path, ALL)["size"] == {(): [9.0]}


def test_no_two_processes_share_a_sheet(take: Take) -> None:
    """
    A sheet that somebody holds is left alone; one that was let go of is taken.
    """
    first, second = take(), take()
    first.close()

    assert (first.name, second.name) == ("clerk-1", "clerk-2")
    assert take().name == "clerk-1"


def _count_and_die(room: Path) -> None:
    sheet = Sheet(room, "clerk", ALL.values())
    sheet.numbers[sheet.slot(CALLS, "ada")] += 5
    sheet.numbers[sheet.slot(SIZE)] = 7
    os.kill(os.getpid(), signal.SIGKILL)


def test_counts_survive_whoever_counted(take: Take, tmp_path: Path) -> None:
    """
    Who takes the place of a process that was killed goes on counting; its gauges are gone.
    """
    dying = SPAWN.Process(target=_count_and_die, args=(tmp_path,))
    dying.start()
    dying.join()
    before = read_all(tmp_path, ALL)
    sheet = take()
    sheet.numbers[sheet.slot(CALLS, "ada")] += 1
    told = read_all(tmp_path, ALL)

    assert dying.exitcode == -signal.SIGKILL
    assert before["size"] == {(): [7.0]}
    assert (told["calls_total"], told["size"]) == ({("ada",): [6.0]}, {(): [0.0]})


def test_a_name_that_is_being_written_is_not_told_yet(take: Take, tmp_path: Path) -> None:
    """
    Half a line, as a reader may meet it, is nothing.
    """
    sheet = take()
    sheet.numbers[sheet.slot(CALLS, "ada")] += 1
    half = b'["calls_total",["b'
    sheet._names[sheet._named : sheet._named + len(half)] = half

    assert read_all(tmp_path, ALL)["calls_total"] == {("ada",): [1.0]}


@pytest.mark.parametrize("figure", [CALLS, SPANS])
def test_a_full_sheet_counts_no_more(take: Take, tmp_path: Path, figure: Figure) -> None:
    """
    What no longer has room is counted nowhere, and harms nothing that has.
    """
    sheet = take()
    sheet.numbers[sheet.slot(CALLS, "ada")] += 1
    for number in range(9000):
        sheet.slot(CALLS, f"n{number}")
    spare = Figure(figure.name, figure.kind, figure.about, figure.labels, figure.bounds)
    late = sheet.slot(spare, "late") if figure is CALLS else sheet.slot(spare)
    for number in range(figure.width):
        sheet.numbers[late + number] += 1
    told = read_all(tmp_path, ALL)

    assert told["calls_total"]["ada",] == [1.0]
    assert ("late",) not in told["calls_total"]
    assert told["spans"] == {}


def test_a_full_disk_harms_nobody(
    take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Where a sheet has no room on the disk it is counted all the same; nobody else is told.
    """

    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", no_room)
    sheet = take()
    sheet.numbers[sheet.slot(CALLS, "ada")] += 1

    assert sheet.numbers[sheet.slot(CALLS, "ada")] == 1
    assert read_all(tmp_path, ALL)["calls_total"] == {}


def test_a_sheet_has_its_room_from_the_start(take: Take, tmp_path: Path) -> None:
    """
    To write to a page that the disk has no room for would kill the process.
    """
    take()
    taken = (tmp_path / "clerk-1.sheet").stat()

    assert taken.st_blocks * 512 >= taken.st_size > 0
