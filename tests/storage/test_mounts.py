from pathlib import Path

import pytest

from rollbook.domain.errors import Unavailable
from rollbook.storage.sqlite.mounts import kind_of_disk, refuse_network_disk

MOUNTS = r"""
22 1 254:0 / / rw,relatime - ext4 /dev/root rw
31 22 0:29 / /data rw,relatime shared:1 - nfs4 files.example.org:/rolls rw,vers=4.2
32 31 0:30 / /data/here rw,relatime - xfs /dev/sdb rw
33 22 0:31 / /of\040two\040words rw,relatime - cifs //files/rolls rw
34 22 0:33 / /hidden rw - nfs host:/ rw
35 22 0:34 / /hidden rw - ext4 /dev/sdc rw
""".lstrip()


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    """What the system says about its disks."""
    place = tmp_path / "mountinfo"
    place.write_text(MOUNTS)
    return place


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/rollbook.db", "ext4"),
        ("/data/rollbook.db", "nfs4"),
        ("/data/here/rollbook.db", "xfs"),
        ("/database/rollbook.db", "ext4"),
        ("/of two words/rollbook.db", "cifs"),
        ("/hidden/rollbook.db", "ext4"),
    ],
)
def test_a_file_is_on_the_disk_that_is_mounted_deepest(
    mounts: Path, path: str, kind: str
) -> None:
    """
    The longest folder counts, whole names of folders, and the last of two mounts.
    """
    assert kind_of_disk(Path(path), mounts) == kind


@pytest.mark.parametrize(
    ("path", "kind"), [("/data/rollbook.db", "nfs4"), ("/of two words/rollbook.db", "cifs")]
)
def test_a_network_disk_is_refused(mounts: Path, path: str, kind: str) -> None:
    """
    The refusal names the file, the kind of disk, and what to do.
    """
    with pytest.raises(Unavailable, match=rf"{path}.*\({kind}\).*disk of this machine"):
        refuse_network_disk(Path(path), mounts)


def test_a_disk_of_this_machine_is_not(mounts: Path, tmp_path: Path) -> None:
    """
    Neither is one that nobody says anything about.
    """
    refuse_network_disk(Path("/data/here/rollbook.db"), mounts)
    refuse_network_disk(Path("/data/rollbook.db"), tmp_path / "no such file")
