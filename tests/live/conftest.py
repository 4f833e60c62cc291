"""The real server on a real port, one for all the tests that only talk to it."""

import datetime as dt
import ipaddress
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from conftest import World
from live.house import House, now


@pytest.fixture(scope="session")
def house(settled: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A running server that no test may stop."""
    database = tmp_path_factory.mktemp("live") / "rollbook.db"
    shutil.copy(settled.path, database)
    house = House(database, settled.lindenhof)
    house.start()
    yield house
    assert house.stop() == 0, house.log()


@pytest.fixture
def new_house(world: World) -> Iterator[Callable[..., House]]:
    """Makes servers on the test's own file, for it to do with as it likes."""
    made: list[House] = []

    def make(database: Path = world.path, **settings: str) -> House:
        made.append(House(database, world.lindenhof, **settings))
        return made[-1]

    yield make
    for house in made:
        if house.process is not None:
            house.kill()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Rollbook under test")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now() - dt.timedelta(hours=1))
        .not_valid_after(now() + dt.timedelta(hours=1))
        .add_extension(here, critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = tmp_path / "certificate.pem", tmp_path / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, secret
