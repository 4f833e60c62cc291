"""
What PostgreSQL does here when nothing else is asked of it, by its own load generator.

The scripts beside this are the statements of a save and of a reading on the same tables, with
their keys, indexes and constraints: no HTTP, no signatures, no roll, record or event.
"""

import re
import subprocess
import tempfile
from pathlib import Path

from benchmarks import land, measuring
from benchmarks.cluster import require_postgresql
from benchmarks.land import Land
from benchmarks.results import Row

_RATE = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)
_FAILED = re.compile(r"^number of failed transactions: (\d+)", re.MULTILINE)


def run(url: str, script: str, where: Land, *, clients: int, seconds: int) -> Row:
    """Run one of the scripts, `roll` or `month`, by so many clients for some seconds."""
    names = {
        "sections": where.sections,
        "first_section": land.FIRST_SECTION,
        "first_enrollment": land.FIRST_ENROLLMENT,
    }
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [
                *(require_postgresql() / "pgbench", "--no-vacuum", "--protocol=prepared"),
                *(f"--client={clients}", f"--time={seconds}", f"--file={_place(script)}"),
                *(f"--define={name}={value}" for name, value in names.items()),
                *("--log", f"--log-prefix={folder}/times", url),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"pgbench: {done.stderr.strip()}")
        # Each line is of a transaction; its third field is how long it took, in microseconds.
        took = [
            int(line.split(" ")[2]) / 1000
            for file in Path(folder).iterdir()
            for line in file.read_text("ascii").splitlines()
        ]
    rate = _RATE.search(done.stdout)
    failed = _FAILED.search(done.stdout)
    assert rate, done.stdout
    return Row(
        float(rate[1]),
        measuring.percentile(took, 50),
        measuring.percentile(took, 99),
        int(failed[1]) if failed else 0,
        [float(rate[1])],
    )


def _place(script: str) -> Path:
    return Path(__file__).with_name(f"{script}.sql")
