"""
The proxies of `deploy/`, real ones, in front of a real server: what clients sign has to arrive.

The files are used as they are, with this machine's addresses in the place of the example's.
"""

import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import msgspec
import pytest
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, SIGNATURE_PLAINTEXT

from cast import MONDAY, SECRET
from conftest import REPOSITORY
from faults.server import free_port
from live.house import JSON, House, now, wait_until
from signing import Signed

DEPLOY = REPOSITORY / "deploy"
NAME, UPSTREAM = "attendance.example.org", "127.0.0.1:8460"

NewHouse = Callable[..., House]


class Proxy(msgspec.Struct, kw_only=True):
    """A proxy that runs: where it answers, and who answers behind it."""

    url: str
    plain_url: str  # http, with no TLS
    house: House

    def client(
        self, who: str = "alice", method: str = "HMAC-SHA1", url: str = ""
    ) -> httpx.Client:
        """Return a client that signs as somebody."""
        auth = Signed(self.house.cast.keys[who], SECRET, now, method)
        return httpx.Client(base_url=url or self.url, auth=auth, verify=_trusting(), timeout=10)


def _trusting() -> ssl.SSLContext:
    """Take any certificate: it is the machine's own."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def replaced(text: str, instead: Mapping[str, str]) -> str:
    """Return a text with other words in it; each has to be there."""
    for old, new in instead.items():
        assert old in text
        text = text.replace(old, new)
    return text


def caddy(
    folder: Path,
    ports: tuple[int, int],
    _pair: Any,
    upstreams: Mapping[str, str],
    file: str = "Caddyfile",
) -> list[str]:
    """Return the command that runs Caddy as a file of `deploy/` says, with its own certificate."""
    secure, plain = ports
    here = {
        **upstreams,
        f"{NAME} {{": f"https://127.0.0.1:{secure}, http://127.0.0.1:{plain} {{",
        "{\n\tservers": "{\n\tadmin off\n\tskip_install_trust\n\tlocal_certs\n"
        "\tauto_https disable_redirects\n\tdefault_sni 127.0.0.1\n\tservers",
    }
    whole = folder / "Caddyfile"
    whole.write_text(replaced((DEPLOY / file).read_text(), here))
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(whole)]


def nginx(
    folder: Path,
    ports: tuple[int, int],
    pair: tuple[Path, Path],
    upstreams: Mapping[str, str],
    file: str = "nginx.conf",
) -> list[str]:
    """Return the command that runs nginx as a file of `deploy/` says."""
    secure, plain = ports
    here = {
        **upstreams,
        "listen 443 ssl;": f"listen 127.0.0.1:{secure} ssl; listen 127.0.0.1:{plain};",
        "/etc/ssl/rollbook/fullchain.pem": str(pair[0]),
        "/etc/ssl/rollbook/key.pem": str(pair[1]),
    }
    site = replaced((DEPLOY / file).read_text(), here)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder};\n" for kind in kinds)
    whole = folder / "nginx.conf"
    whose = "user root; " if os.geteuid() == 0 else ""  # or it could not look into our folder
    whole.write_text(
        f"{whose}daemon off; pid {folder}/pid; error_log stderr; worker_processes 1;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{paths}{site}\n}}\n"
    )
    return ["nginx", "-p", str(folder), "-e", "stderr", "-c", str(whole)]


Kind: TypeAlias = Callable[..., list[str]]


@contextmanager
def running(
    kind: Kind,
    ports: tuple[int, int],
    pair: tuple[Path, Path],
    folder: Path,
    *described: Any,
) -> Iterator[None]:
    """Have a proxy of a kind answer at two ports, https and http, as long as the block runs."""
    if shutil.which(kind.__name__) is None:
        pytest.skip(f"{kind.__name__} is not installed (apt install {kind.__name__})")
    folder.mkdir()
    log = folder / "log"
    environ = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    command = kind(folder, ports, pair, *described)
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environ, stdout=out, stderr=out)
    try:
        wait_until(lambda: _greets(*ports), f"it listens: {log.read_text()}", seconds=30)
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture(params=[caddy, nginx], ids=["caddy", "nginx"])
def proxy(
    request: pytest.FixtureRequest,
    new_house: NewHouse,
    certificate: tuple[Path, Path],
    tmp_path: Path,
) -> Iterator[Proxy]:
    """Each proxy in turn, with a server behind it that believes it."""
    ports = free_port(), free_port()
    url = f"https://127.0.0.1:{ports[0]}"
    house = new_house(trusted_proxies="127.0.0.1/32", public_url=url)
    house.start()
    upstreams = {UPSTREAM: f"127.0.0.1:{house.port}"}
    with running(request.param, ports, certificate, tmp_path / "proxy", upstreams):
        yield Proxy(url=url, plain_url=f"http://127.0.0.1:{ports[1]}", house=house)


def _greets(secure: int, plain: int) -> bool:
    """Say whether it answers at both; Caddy makes its certificate after it began to listen."""
    try:
        socket.create_connection(("127.0.0.1", plain), timeout=5).close()
        with socket.create_connection(("127.0.0.1", secure), timeout=5) as line:
            _trusting().wrap_socket(line).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("method", ["HMAC-SHA1", SIGNATURE_HMAC_SHA256, SIGNATURE_PLAINTEXT])
def test_what_is_signed_arrives_as_it_was_signed(proxy: Proxy, method: str) -> None:
    """
    Host, scheme, path and query come through a proxy as the client signed them, a body too.
    """
    house = proxy.house
    mark = {"enrollment_id": house.cast.enrollments["anna"], "date": MONDAY, "status": 2}
    odd = "?start=2026-09-01&a=b%20c%2Fd+e&e=%C3%A9&empty="
    with proxy.client(method=method) as client:
        saved = client.put(house.maths, json={"attendances": {"attendance": [mark]}})
        read = client.get(f"{house.maths}{odd}", headers={"Accept": JSON})
        again = client.get(
            f"{house.maths}{odd}", headers={"If-None-Match": read.headers["ETag"]}
        )

    assert saved.status_code == 200, saved.text
    assert read.json()["totals"]["total"] == [{"status": 2, "count": 1}]
    assert again.status_code == 304


def test_links_are_those_of_the_public_address(proxy: Proxy) -> None:
    """
    A link that a client is given leads through the proxy again.
    """
    with proxy.client() as client:
        sections = client.get("/v1/sections?limit=1").json()
        following = sections["links"]["next"]

        assert following.startswith(f"{proxy.url}/v1/")
        assert client.get(following).status_code == 200


def test_nobody_can_say_of_themselves_that_they_came_over_https(proxy: Proxy) -> None:
    """
    A bare secret over http is refused, whatever the client says of its way here.
    """
    with proxy.client(method=SIGNATURE_PLAINTEXT, url=proxy.plain_url) as client:
        told = {"X-Forwarded-Proto": "https"}
        refused = client.get("/v1/users/me", headers=told)

    assert refused.status_code == 401
    assert "only over https" in refused.json()["message"]


def test_a_body_may_be_as_large_as_the_server_takes(proxy: Proxy) -> None:
    """
    A body of a MiB comes through, to be refused for what is in it; one byte more does not.
    """
    largest = b" " * (1 << 20)
    with proxy.client() as client:
        headers = {"Content-Type": JSON}
        taken = client.put(proxy.house.maths, content=largest, headers=headers)
        cut_off = client.put(proxy.house.maths, content=largest + b" ", headers=headers)

    assert taken.status_code == 400
    # 413 is answered before all of it is read: a proxy that is sending still may call it 502.
    assert cut_off.status_code in (413, 502)


def test_the_figures_are_not_for_the_world(proxy: Proxy) -> None:
    """
    What the server says of itself to whoever watches it does not go through the proxy.
    """
    with proxy.client() as client:
        answer = client.get("/metrics")

    assert answer.status_code == 404
    assert "X-Request-Id" not in answer.headers  # it is the proxy that says so
