"""The quick signer of the measurements agrees with the reference."""

import re
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
from oauthlib.oauth1.rfc5849 import signature

from benchmarks.signing import Signer


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("PUT", "/v1/sections/7/attendance", ()),
        ("GET", "/v1/sections/7/attendance", (("start", "2026-09-01"), ("end", "2026-09-30"))),
    ],
)
def test_a_request_is_signed_as_the_reference_signs_it(
    method: str, path: str, query: tuple[tuple[str, str], ...]
) -> None:
    """
    oauthlib finds the signature right, and wrong for another secret.
    """
    body = b"{}" if method == "PUT" else b""
    sign = Signer("127.0.0.1:8460", "ab12", "secret").request
    head, _, rest = sign(method, path, 1_790_000_000, query=query, body=body).partition(
        b"\r\n\r\n"
    )
    lines = head.decode().split("\r\n")
    claim = dict(re.findall(r'(oauth_\w+)="([^"]*)"', lines[2]))
    request = SimpleNamespace(
        http_method=method,
        uri=f"http://127.0.0.1:8460{lines[0].split(' ')[1]}",
        signature=unquote(claim.pop("oauth_signature")),
        params=[*query, *claim.items()],
    )

    assert rest == body
    assert lines[2].startswith("Authorization: OAuth ")
    assert signature.verify_hmac_sha1(request, "secret")
    assert not signature.verify_hmac_sha1(request, "another")
