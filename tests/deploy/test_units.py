"""The units of `deploy/`, read by systemd itself."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from conftest import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
UNITS = sorted(file.name for file in DEPLOY.iterdir() if file.suffix in {".service", ".timer"})

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def analyze(*words: str) -> str:
    done = subprocess.run(
        ["systemd-analyze", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done
    return done.stdout + done.stderr


@needs_systemd
def test_systemd_understands_them(installed: Path, tmp_path: Path) -> None:
    """
    Not a word in them that systemd does not know, and not a program that is not there.
    """
    for name in UNITS:
        text = (DEPLOY / name).read_text().replace("/opt/rollbook/current", str(installed))
        (tmp_path / name).write_text(text)
    said = analyze("verify", "--man=no", *(str(tmp_path / name) for name in UNITS))

    assert [line for line in said.splitlines() if str(tmp_path) in line] == []


@needs_systemd
@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".service")])
def test_they_leave_little_open(name: str) -> None:
    """
    systemd's own account of what a unit may do comes to 1.5 of 10 at most.
    """
    said = analyze("security", "--offline=true", "--no-pager", str(DEPLOY / name))
    (exposure,) = re.findall(r"Overall exposure level for \S+: ([0-9.]+)", said)

    assert float(exposure) <= 1.5
