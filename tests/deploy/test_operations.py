"""
What docs/operations.md says to type on an empty server, typed in its order.

Where it would change the machine (/etc, /opt, /usr/local, /var/lib) it changes a copy that only
the test sees. `standins/systemctl` starts what a unit says, apt-get installs nothing, and the
pinned packages are those of this environment.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from conftest import REPOSITORY
from faults.server import free_port

PAGE = (REPOSITORY / "docs" / "operations.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

IN_A_COPY = r"""
set -eu
umask 022 # as a login has it
mount -t tmpfs none /mnt
for folder in /etc /opt /root /usr/local /var/lib; do
    mkdir -p "/mnt/upper$folder" "/mnt/work$folder"
    mount -t overlay none -o \
        "lowerdir=$folder,upperdir=/mnt/upper$folder,workdir=/mnt/work$folder" "$folder"
done
chmod 755 /root # the interpreter may be there
mkdir -p /etc/caddy /mnt/runs
export STANDIN=/mnt/runs
trap 'systemctl stop rollbook || true; cat /mnt/runs/*.log' EXIT
set -x
"""


def can_have_a_copy() -> bool:
    """Say whether a part of the machine can be copied for one process alone."""
    if os.geteuid() or shutil.which("unshare") is None or shutil.which("curl") is None:
        return False
    words = ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def typed(block: str, port: int = 8460) -> str:
    """Return what is typed of a block here: with no network, and at a port of our own."""
    seen_from = rf"\1/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    needed = f"echo {sysconfig.get_path('purelib')} > {seen_from}/needed.pth"
    block = re.sub(r"(\S+)/bin/pip install .*--requirement .*", needed, block)
    return block.replace("127.0.0.1:8460", f"127.0.0.1:{port}")


@pytest.mark.skipif(not can_have_a_copy(), reason="only root can try out what root types")
def test_an_empty_server_becomes_one_that_runs(folder: Path) -> None:
    """
    Every command works as it stands, from the first installation to taking an upgrade back.
    """
    tools = folder / "tools"
    tools.mkdir()
    (tools / "systemctl").symlink_to(REPOSITORY / "tests" / "deploy" / "standins" / "systemctl")
    (tools / "python3").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    for absent in {"apt-get", *({"caddy"} if shutil.which("caddy") is None else ())}:
        (tools / absent).write_text("#!/bin/sh\n")
    for tool in ("python3", "apt-get", "caddy"):
        if (tools / tool).exists():
            (tools / tool).chmod(0o755)
    port = free_port()
    blocks = [typed(block, port) for block in BLOCKS]
    done = subprocess.run(
        ["unshare", "--mount", "bash", "-c", IN_A_COPY + "\n".join(blocks)],
        cwd=folder,
        env={
            **{name: text for name, text in os.environ.items() if "PYTHON" not in name},
            "PATH": f"{tools}:/usr/local/bin:{os.environ['PATH']}",
            "ROLLBOOK_PORT": str(port),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "Stopped; everything that was acknowledged is on the disk." in done.stdout
