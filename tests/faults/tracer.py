"""strace: what a process asks of the system, and a way to make that fail."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest


def require_strace() -> None:
    """Skip the test, saying so, where there is no strace or it may not be used."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed (apt-get install strace)")
    tried = subprocess.run(["strace", "-o", "/dev/null", "true"], check=False, timeout=20)
    if tried.returncode:
        pytest.skip("strace may not trace here")


@contextmanager
def traced(processes: Sequence[int], *options: str, output: Path) -> Iterator[None]:
    """Trace running processes, all their threads, for as long as the block runs."""
    pids = [word for process in processes for word in ("-p", str(process))]
    command = ["strace", "-f", "-q", "-o", str(output), *options, *pids]
    tracer = _attached(command, processes)
    try:
        yield
    finally:
        _let_go(tracer)


def _attached(command: Sequence[str], processes: Sequence[int]) -> subprocess.Popen[bytes]:
    """Return a tracer at work; one that gives up, as a thread ends that it wants, begins again."""
    for _ in range(3):
        tracer = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        if _traces(tracer, processes):
            return tracer
    raise AssertionError("strace gave up")


def _let_go(tracer: subprocess.Popen[bytes]) -> None:
    """End a tracer; one that waits for a thread that died otherwise waits for ever."""
    tracer.send_signal(signal.SIGINT)
    try:
        tracer.wait(timeout=2)
    except subprocess.TimeoutExpired:
        tracer.kill()
        tracer.wait()


def _traces(tracer: subprocess.Popen[bytes], processes: Sequence[int]) -> bool:
    """Wait until all are traced, or dead of what is injected; say whether the tracer lives."""
    for process in processes:
        for _ in range(500):
            if _tracer_of(process) in {tracer.pid, None}:
                break
            if tracer.poll() is not None:
                return False
            time.sleep(0.005)
    return True


def _tracer_of(process: int) -> int | None:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return None
    return int(status.partition("TracerPid:")[2].split()[0])
