"""Commands of `rollbook` that are killed at a chosen moment."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest


def environment(database: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "ROLLBOOK_DATABASE": str(database),
        "ROLLBOOK_MASTER_KEY_FILE": str(database.with_name("master.key")),
        "ROLLBOOK_CONFIG": "",
    }


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "rollbook", *map(str, words)]


def run(database: Path, *words: str | Path) -> tuple[str, float]:
    """Run a command that succeeds; return what it says, and the seconds it took."""
    begun = time.monotonic()
    done = subprocess.run(
        command(*words),
        env=environment(database),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, time.monotonic() - begun


def killed_after(seconds: float, database: Path, *words: str | Path) -> bool:
    """Kill a command after a while; say whether it was still running."""
    running = subprocess.Popen(
        command(*words),
        env=environment(database),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        running.wait(seconds)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()
        return True
    return False


def killed_at(calls: str, nth: int, database: Path, *words: str | Path) -> bool:
    """Kill a command at the nth of those system calls; say whether it came so far."""
    tracer = (
        *("strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={calls}"),
        *("-e", f"inject={calls}:signal=KILL:when={nth}"),
    )
    done = subprocess.run(
        [*tracer, *command(*words)],
        env=environment(database),
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode in (0, -9, 137), done.stderr
    return done.returncode != 0


needs_strace = pytest.mark.skipif(
    shutil.which("strace") is None,
    reason="strace, which kills at a chosen system call, is not installed",
)
