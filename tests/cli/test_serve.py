"""What `rollbook serve` refuses before it begins."""

import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cast import MASTER_KEY
from conftest import World
from rollbook.cli import main


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(world: World, master_key: Path, port: int) -> Result:
    options = ["--database", str(world.path), "--master-key-file", str(master_key)]
    return CliRunner().invoke(main, ["serve", *options, "--port", str(port)])


def test_a_lost_master_key_is_not_made_anew(world: World, tmp_path: Path, port: int) -> None:
    """
    With secrets in the database and no master key the server does not start, and makes none.
    """
    lost = tmp_path / "lost.key"
    result = serve(world, lost, port)

    assert result.exit_code == 1
    assert f"The master key {lost} is gone" in result.output
    assert not lost.exists()


def test_another_master_key_is_refused(world: World, tmp_path: Path, port: int) -> None:
    """
    With a master key that the secrets were not sealed with the server does not start.
    """
    other = tmp_path / "other.key"
    other.write_text(bytes(reversed(MASTER_KEY)).hex())
    result = serve(world, other, port)

    assert result.exit_code == 1
    assert "the master key is not the one" in result.output


def test_a_port_that_is_taken_is_named(world: World, tmp_path: Path) -> None:
    """
    When somebody listens at the port already, the refusal says where, and what to do.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = serve(world, tmp_path / "master.key", port)

    assert result.exit_code == 1
    assert f"127.0.0.1:{port}" in result.output
    assert "--port" in result.output
