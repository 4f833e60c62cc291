"""What is handed to those who run Rollbook, built once."""

import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
from pathlib import Path

import msgspec
import pytest

from conftest import REPOSITORY
from rollbook import __version__


class Dist(msgspec.Struct, frozen=True):
    """What `make wheel` builds."""

    wheel: Path
    archive: Path


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Dist:
    """The wheel and the source archive."""
    return build(REPOSITORY, tmp_path_factory.mktemp("dist"))


def build(source: Path, folder: Path) -> Dist:
    """Build both from a folder with the sources, with what is installed here already."""
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (wheel,), (archive,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return Dist(wheel, archive)


@pytest.fixture(scope="session")
def installed(dist: Dist, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an environment with the wheel in it, that sees what the wheel needs."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, symlinks=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    # By a .pth: so what is in the folder is seen, but not what is linked to from there.
    needed = folder / "lib" / version / "site-packages" / "needed.pth"
    needed.write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
    options = ["install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    subprocess.run([*pip, *options, str(dist.wheel)], check=True)
    return folder


@pytest.fixture
def folder(dist: Dist, tmp_path: Path) -> Path:
    """A folder with `dist/` in it, and in that this version and the next."""
    with tarfile.open(dist.archive) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    for name in ("pyproject.toml", "src/rollbook/__init__.py"):
        file = source / name
        file.write_text(file.read_text().replace(f'"{__version__}"', '"0.1.1"'))
    found = build(source, tmp_path / "next")
    (tmp_path / "dist").mkdir()
    shutil.copy(found.wheel, tmp_path / "dist")
    shutil.copy(dist.wheel, tmp_path / "dist")
    return tmp_path
