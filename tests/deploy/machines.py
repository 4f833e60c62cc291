"""
Machines to try an installation out on: namespaces of this one, each with a name and an address.

What a machine writes below /etc, /opt, /root, /srv, /usr/local and /var is its own, is kept while
it is off, and gone at the end. All of them are in one network. `main` must run in namespaces of
its own: `unshare --net --mount --pid --fork --kill-child --mount-proc`.
"""

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

NETWORK = "10.84.0"
ADDRESSES = {"web": 1, "api1": 11, "api2": 12, "db1": 21, "db2": 22, "client": 254}
STANDINS = Path(__file__).parent / "standins"
DISKS = Path("/mnt/disks")

_OWN = ("/etc", "/opt", "/root", "/srv", "/usr/local", "/var")
_INIT = (
    "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)\nwhile True: signal.pause()"
)
_BOOT = r"""
set -eu
mount --make-rprivate /
hostname {name}
for folder in {own}; do mount --bind "{disk}$folder" "$folder"; done
mount --bind {backups} /srv/backups
mount -t tmpfs -o mode=755 none /run
mount -t tmpfs none /dev/shm
install --directory --owner postgres --group postgres --mode 2775 /run/postgresql
ip link set lo up
touch /run/booted
exec python3 -c '{init}'
"""


def prepare(tools: Path) -> None:
    """Lay the network, and the folders that machines see as theirs."""
    run("mount -t tmpfs -o mode=755 none /mnt")
    run("ip link add switch type bridge && ip link set switch up && ip link set lo up")
    run(f"ip addr add {NETWORK}.{ADDRESSES['client']}/24 dev switch")
    hosts = "".join(
        f"{NETWORK}.{last} {name}\n" for name, last in ADDRESSES.items()
    )  # as the DNS would have them
    hosts = f"127.0.0.1 localhost\n{hosts}{NETWORK}.1 attendance.example.org\n"
    (DISKS / "backups").mkdir(parents=True)
    run(f"chown postgres:postgres {DISKS / 'backups'}")
    for name in ADDRESSES:
        for folder in _OWN:
            disk, above, work = (
                Path(f"/mnt/{place}/{name}{folder}") for place in ("disks", "upper", "work")
            )
            for place in (disk, above, work):
                place.mkdir(parents=True)
            run(
                f"mount -t overlay none -o"
                f" lowerdir={folder},upperdir={above},workdir={work} {disk}"
            )
        (DISKS / name / "etc" / "hosts").write_text(hosts)
        (DISKS / name / "etc" / "hostname").write_text(name + "\n")
        (DISKS / name / "srv" / "backups").mkdir()
        (DISKS / name / "root").chmod(0o755)  # the interpreter may be there
    run(f"mount --bind {DISKS}/client/etc/hosts /etc/hosts")
    for file in STANDINS.iterdir():
        (tools / file.name).symlink_to(file)


class Machine:
    """One of them; on from the beginning."""

    def __init__(self, name: str, tools: Path) -> None:
        self.name = name
        self._tools = tools
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def pid(self) -> int:
        """The process id of what runs first in it."""
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return int(children.read_text().split()[0])

    def start(self) -> None:
        """Switch it on: what is enabled starts."""
        boot = _BOOT.format(
            name=self.name,
            own=" ".join(_OWN),
            disk=DISKS / self.name,
            backups=DISKS / "backups",
            init=_INIT,
        )
        kinds = ["--net", "--uts", "--ipc", "--mount", "--pid", "--fork", "--kill-child"]
        self._process = subprocess.Popen(
            ["unshare", *kinds, "--mount-proc", "bash", "-c", boot], start_new_session=True
        )
        for _ in range(500):
            time.sleep(0.02)
            try:
                if Path(f"/proc/{self.pid}/root/run/booted").exists():
                    break
            except (OSError, IndexError):
                continue
        else:
            raise AssertionError(f"{self.name} does not start")
        address = f"{NETWORK}.{ADDRESSES[self.name]}/24"
        run(f"ip link add {self.name} type veth peer name eth0 netns {self.pid}")
        run(f"ip link set {self.name} master switch up")
        self.types(f"ip addr add {address} dev eth0; ip link set eth0 up")
        self.types(
            "for own in /etc/sysctl.d/rollbook*; do [ ! -e $own ] || sysctl -qp $own; done"
        )
        self.types("systemctl boot")

    def power_off(self) -> None:
        """Take its power: nobody hears of it, it just says nothing any more."""
        run(f"ip link del {self.name}")
        assert self._process is not None
        os.kill(self.pid, 9)
        self._process.wait()

    def unplug(self) -> None:
        """Take its network cable out."""
        run(f"ip link set {self.name} nomaster")

    def plug(self) -> None:
        """Put it in again."""
        run(f"ip link set {self.name} master switch")

    def freeze(self) -> None:
        """Have it stand still, as on a host that is too busy: nothing in it knows of that."""
        self.unplug()
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """Have it go on as if no time had passed."""
        self._signal_all(signal.SIGCONT)
        self.plug()

    def _signal_all(self, which: signal.Signals) -> None:
        ours = Path(f"/proc/{self.pid}/ns/pid").readlink()
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it ended meanwhile
                if (process / "ns" / "pid").readlink() == ours:
                    os.kill(int(process.name), which)

    def keep_logs(self, folder: Path) -> None:
        """Copy what its services said, if it is on."""
        with suppress(OSError, IndexError):
            for log in Path(f"/proc/{self.pid}/root/run/standin").glob("*.log"):
                shutil.copy(log, folder / f"{self.name}-{log.name}")

    def types(self, commands: str, folder: Path | None = None) -> str:
        """Type commands as root there; return what was printed. The first that fails ends it."""
        environ = {
            **{name: text for name, text in os.environ.items() if "PYTHON" not in name},
            "PATH": f"{self._tools}:/usr/local/bin:/usr/local/sbin:{os.environ['PATH']}",
            "STANDIN": "/run/standin",
            "HOME": "/root",
            "LC_ALL": "C.UTF-8",
        }
        place = f"cd {folder or '/root'}\nset -eu -o pipefail\numask 022\n"
        done = subprocess.run(
            ["nsenter", "--target", str(self.pid), "--net", "--uts", "--ipc", "--mount",
             "--pid", "bash", "-c", place + commands],
            env=environ, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode:
            logs = Path(f"/proc/{self.pid}/root/run/standin").glob("*.log")
            said = "\n".join(f"{log.name}: {log.read_text()[-9000:]}" for log in logs)
            raise AssertionError(
                f"{self.name}: {commands}\n--- {done.returncode}\n{done.stdout}\n{done.stderr}"
                f"\n{said}"
            )
        return done.stdout


def run(command: str) -> None:
    """Run a command here."""
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"
