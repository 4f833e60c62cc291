"""Several machines: what docs/operations.md says to type on them, and what befalls them then."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import REPOSITORY
from deploy.machines import ADDRESSES
from deploy.several import BLOCK, KINDS
from deploy.test_operations import PAGE
from faults import figures

FILES = REPOSITORY / "deploy" / "several"
NEEDED = ("nginx", "caddy", "patroni", "etcd", "pgbouncer", "pgbackrest", "make-ssl-cert", "ip")


def test_each_block_says_where_it_is_typed() -> None:
    """
    Every block for several machines names machines that there are, and a kind that is tried.
    """
    words = {word for words, _ in BLOCK.findall(PAGE) for word in words.split()}

    assert words - set(ADDRESSES) == KINDS


def test_every_file_is_laid_where_it_belongs() -> None:
    """
    The page copies each file of `deploy/several/`, and fills in all that is left open in it.
    """
    named = set(
        re.findall(r"several/([\w.-]+)", "".join(text for _, text in BLOCK.findall(PAGE)))
    )
    left_open = {
        word
        for file in FILES.iterdir()
        for word in re.findall(r"HERE|\b[A-Z]+_PASSWORD\b", file.read_text())
    }

    assert named == {file.name for file in FILES.iterdir()}
    assert {word for word in left_open if f"s/{word}/" not in PAGE} == set()


@figures.only_long
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make machines of namespaces")
@pytest.mark.skipif(
    any(shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") is None for name in NEEDED),
    reason=f"not all of these are installed: {', '.join(NEEDED)}",
)
def test_machines_may_fail_and_no_roll_is_lost(folder: Path) -> None:
    """
    Typed as it stands, the page makes an installation that outlives its machines one at a time,
    upgrades and a bad command, and loses nothing that was acknowledged.
    """
    words = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    done = subprocess.run(
        [*words, sys.executable, "-m", "deploy.several", str(folder)],
        cwd=REPOSITORY / "tests",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    found = json.loads(done.stdout)
    print(done.stdout)

    assert found["wrong"] == []
    assert found["acknowledged"] > 500
    heard = found["heard"]
    for planned in (
        "a new version, machine by machine",
        "a pooler is put in between",
        "the version before, machine by machine, through Caddy",
    ):
        answers = {*heard[planned]["saves"], *heard[planned]["reads"]}
        assert answers == {"200"}, (planned, heard[planned])
    for name, each in heard.items():
        allowed = {"200", "502", "503", "504"}
        if "web" in name or "place" in name:
            allowed |= {"0"}  # there is one `web`
        if "api1" in name:
            allowed |= {"401"}  # done before it died, and asked again of api2
        assert set(each["saves"]) <= allowed, (name, each)
        assert each["longest_without_a_save_s"] < 60, (name, each)
    marks, left, again = found["went_back"]["marks"]
    assert (left, again) == (0, marks)
