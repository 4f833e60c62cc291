"""
Which disk a file is on: a network disk is none for a database.

In WAL mode the processes that use a file share memory beside it, which a network file system
does not give them on two machines; and many of them say that something is durable, or locked,
when it is not. https://sqlite.org/wal.html#overview, https://sqlite.org/faq.html#q5
"""

import re
from pathlib import Path

from rollbook.domain.errors import Unavailable

MOUNTS = Path("/proc/self/mountinfo")

_OVER_THE_NETWORK = {
    *("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ncpfs", "lustre", "ceph", "ocfs2"),
    *("fuse.sshfs", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.ceph", "davfs"),
}


def refuse_network_disk(path: Path, mounts: Path = MOUNTS) -> None:
    """Raise `Unavailable`, naming the file, when it is, or would be, on a network disk."""
    kind = kind_of_disk(path, mounts)
    if kind in _OVER_THE_NETWORK:
        raise Unavailable(
            f"The database {path} cannot be on a network disk ({kind}): what it confirms may be "
            "lost, and two processes can spoil it. Put it on a disk of this machine."
        )


def kind_of_disk(path: Path, mounts: Path = MOUNTS) -> str:
    """Return the file system that a path is on, as 'ext4' or 'nfs4'; '' when nobody says."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    place = path.resolve()
    # The last of those that are mounted deepest: a later one hides an earlier one.
    found = max(
        (
            (len(folder.parts), number, kind)
            for number, (folder, kind) in enumerate(map(_mount, lines))
            if place.is_relative_to(folder)
        ),
        default=(0, 0, ""),
    )
    return found[2]


def _mount(line: str) -> tuple[Path, str]:
    """Return where a line of mountinfo mounts what: `36 35 0:32 / /data rw - nfs4 host:/ rw`."""
    mounted, _, what = line.partition(" - ")
    folder = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), mounted.split()[4])
    return Path(folder), what.split()[0]
