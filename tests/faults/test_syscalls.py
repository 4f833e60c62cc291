"""Catalogue A3 and A4: the writer killed at each of its calls, and the order of its calls."""

import contextlib
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import apsw
import msgspec

from faults import figures
from faults.asking import Asking
from faults.check import check
from faults.elsewhere import ledger_elsewhere
from faults.ground import Ground
from faults.server import Server
from faults.storm import DAYS, Ledger, Storm
from faults.tracer import require_strace, traced

NewServer = Callable[..., Server]

# ---------------------------------------------------------------- A3: killed at the Nth


class Blow(msgspec.Struct, frozen=True):
    """Where the writer is to die: before its *nth* call of *call*."""

    call: str
    nth: int
    newborn: bool = False  # counted from its start, when it brings the log into the file


SHORT = [
    *(Blow("pwrite64", nth) for nth in (1, 2, 7, 20)),
    *(Blow("fdatasync", nth) for nth in (1, 2)),
    Blow("sendto", 1),
    Blow("pwrite64", 1, newborn=True),
    Blow("ftruncate", 1, newborn=True),
]
LONG = [
    *(Blow("pwrite64", nth) for nth in range(1, 41)),
    *(Blow("fdatasync", nth) for nth in range(1, 11)),
    *(Blow("sendto", nth) for nth in range(1, 6)),
    *(Blow("pwrite64", nth, newborn=True) for nth in range(1, 16)),
    *(Blow("fdatasync", nth, newborn=True) for nth in range(1, 6)),
    *(Blow("ftruncate", nth, newborn=True) for nth in range(1, 3)),
]


def new_writer(server: Server, former: int = 0) -> int:
    """Return the writer that is there, or will be, after one that died."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        writers = server.processes()["writer"]
        if set(writers) - {former}:
            return (set(writers) - {former}).pop()
        time.sleep(0.005)
    raise AssertionError("no new writer within 10 s")


def strike(server: Server, blow: Blow, trace: Path) -> bool:
    """Kill the writer so; return False when it made no such call within three seconds."""
    writer = new_writer(server)
    if blow.newborn:
        os.kill(writer, signal.SIGKILL)
        writer = new_writer(server, writer)
    inject = f"inject={blow.call}:signal=SIGKILL:when={blow.nth}"
    with traced([writer], "-e", f"trace={blow.call}", "-e", inject, output=trace):
        end = time.monotonic() + 3
        while time.monotonic() < end:
            if writer not in server.processes()["writer"]:
                return True
            time.sleep(0.005)
    return False


def sweep(
    ground: Ground, server: Server, blows: list[Blow], ledger: Ledger, trace: Path
) -> tuple[Storm, int]:
    """Strike one blow after the other in a storm; after every second the whole server dies."""
    server.start()
    storm = Storm(server.port, ground.key, ground.students, ledger)
    struck = 0
    with storm:
        for number, blow in enumerate(blows):
            struck += strike(server, blow, trace)
            if number % 20 == 19:
                print(f"A3: {number + 1} of {len(blows)} blows, {struck} struck")
            if number % 2:
                server.kill()
                server.start()
            else:
                wait_for_an_acknowledgement(ledger)
        wait_for_an_acknowledgement(ledger)
    assert server.stop() == 0, server.log()
    return storm, struck


def wait_for_an_acknowledgement(ledger: Ledger) -> None:
    before, end = ledger.acknowledged, time.monotonic() + 15
    while ledger.acknowledged == before:
        assert time.monotonic() < end, "nothing is saved any more"
        time.sleep(0.02)


def test_the_writer_may_die_at_any_of_its_calls(
    ground: Ground, new_server: NewServer, tmp_path: Path
) -> None:
    """
    Killed before its Nth write, wait for the disk, cut or answer: nothing is lost or half.
    """
    require_strace()
    blows = LONG if figures.LONG else SHORT
    with ledger_elsewhere() as ledger:
        storm, struck = sweep(ground, new_server(), blows, ledger, tmp_path / "trace")
        findings = check(ground.database, ledger)
    figures.note(
        "A3",
        "killed at the Nth call",
        swept=len(blows),
        struck=struck,
        acknowledged=ledger.acknowledged,
        lost=len(findings.lost),
        half=len(findings.half),
        phantom=len(findings.phantom),
        unexpected=len(storm.unexpected),
    )

    assert findings.all == []
    assert storm.unexpected == []
    assert struck >= 0.8 * len(blows)


def test_the_sweep_sees_marks_saved_without_their_record(
    ground: Ground, new_server: NewServer, tmp_path: Path
) -> None:
    """
    The guard off: with two transactions for one, a blow between them leaves half a roll.
    """
    require_strace()
    server = new_server(breaks="one transaction")
    # Every other wait for the disk is that between the two.
    blows = [Blow("fdatasync", nth) for nth in range(1, 7)]
    with ledger_elsewhere() as ledger:
        sweep(ground, server, blows, ledger, tmp_path / "trace")
        findings = check(ground.database, ledger)

    assert findings.half + findings.record != []


# ---------------------------------------------------------------- A4: the order


class Order(msgspec.Struct):
    """What the trace of a server shows."""

    written: int = 0  # to the log
    confirmed: int = 0
    answered: int = 0  # by the writer, to a worker
    replied: int = 0  # by a worker, to a client
    violations: int = 0


_CALL = re.compile(r"(\d+) +(<\.\.\. )?(\w+)(.*)")


def order_of(trace: Path, writer: int) -> Order:
    """Read a trace: a call stands where it began, unless another process came between."""
    order = Order()
    unconfirmed = False
    begun = ""  # the writer's call that has not come back
    for line in trace.read_text(errors="replace").splitlines():
        found = _CALL.match(line)
        if not found:
            continue
        process, resumed, call, rest = int(found[1]), found[2], found[3], found[4]
        if process == writer:
            if not resumed:
                begun = rest
            if call == "pwrite64" and not resumed and "-wal>" in rest:
                order.written += 1
                unconfirmed = True
            elif call == "fdatasync" and "-wal>" in begun and rest.endswith("= 0"):
                order.confirmed += 1
                unconfirmed = False
            elif call == "sendto" and not resumed:
                order.answered += 1
                order.violations += unconfirmed
        elif not resumed and '"HTTP/1.1 200' in rest:
            order.replied += 1
            order.violations += order.replied > order.answered
    return order


def order_of_saving(ground: Ground, server: Server, rolls: int, trace: Path) -> Order:
    """Save so many rolls, one after the other, and return in what order things happened."""
    with contextlib.closing(apsw.Connection(str(ground.database))) as db:
        # No worker has that noted beside the saves, for which nobody waits.
        db.execute("UPDATE api_keys SET last_used_on = '9999-12-31'")
    server.start()
    asking = Asking(server.port, ground.key)
    section, students = ground.students["w0"]
    writer, workers = server.writer, server.processes()["worker"]
    calls = "trace=pwrite64,fdatasync,fsync,sendto,sendmsg,write,writev"
    with traced([writer, *workers], "-y", "-s", "16", "-e", calls, output=trace):
        for number in range(rolls):
            marks = {(DAYS[0], student): 1 + number % 4 for student in students[:5]}
            assert asking.put(section, marks).status == 200
    server.stop()
    return order_of(trace, writer)


def test_nobody_is_answered_before_the_disk_has_it(
    ground: Ground, new_server: NewServer, tmp_path: Path
) -> None:
    """
    No answer leaves the writer before fdatasync of the log has returned 0, no reply before it.
    """
    require_strace()
    rolls = figures.long_or_short(1000, 200)
    order = order_of_saving(ground, new_server(), rolls, tmp_path / "trace")
    figures.note("A4", "order of the calls", rolls=rolls, **msgspec.to_builtins(order))

    assert order.violations == 0
    assert order.answered == order.replied == rolls
    assert order.confirmed >= rolls


def test_the_order_is_seen_to_be_wrong_without_waiting(
    ground: Ground, new_server: NewServer, tmp_path: Path
) -> None:
    """
    The guard off: at synchronous=NORMAL every answer leaves too early.
    """
    require_strace()
    order = order_of_saving(ground, new_server(breaks="sync"), 20, tmp_path / "trace")

    assert order.violations >= 20
