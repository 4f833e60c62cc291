"""
Signed requests for the tests of the front door.

What is signed is what oauthlib, the reference, makes of an address and parameters; only the
header is put together by hand, so that every one of its parts can be odd.
"""

import base64
import hmac
from collections.abc import Iterable
from urllib.parse import quote, urlsplit

from oauthlib.oauth1.rfc5849 import signature as reference

from cast import SECRET
from rollbook.auth.door import Knock
from rollbook.auth.oauth1 import Request, read_query

KEY = "a" * 40
NOW = 1_795_444_718  # 2026-11-23, in UTC
URL = "https://rollbook.test/v1/sections/7/attendance?start=2026-09-01&end=2026-09-30"
DIGESTS = {"HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256"}


def parameters(**changes: str | None) -> dict[str, str]:
    """Return what most clients send, with changes; None leaves a parameter out."""
    usual: dict[str, str | None] = {
        "oauth_consumer_key": KEY,
        "oauth_token": "",
        "oauth_nonce": "14056598",
        "oauth_timestamp": str(NOW),
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_version": "1.0",
    }
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


def signature(
    url: str, method: str, given: Iterable[tuple[str, str]], *, secret: str = SECRET
) -> str:
    """Return what signs a request with these OAuth parameters."""
    given = [pair for pair in given if pair[0] != "realm"]
    way = dict(given).get("oauth_signature_method", "HMAC-SHA1")
    key = f"{quote(secret, safe='~')}&"
    if way not in DIGESTS:
        return key
    collected = [*reference.collect_parameters(uri_query=urlsplit(url).query), *given]
    text = reference.signature_base_string(
        method, reference.base_string_uri(url), reference.normalize_parameters(collected)
    )
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), DIGESTS[way])).decode()


def header(
    given: Iterable[tuple[str, str]], *, between: str = ", ", form: str = '{}="{}"'
) -> str:
    """Return an `Authorization` header with these parameters, in this order."""
    encoded = (
        form.format(quote(name, safe="~"), quote(value, safe="~")) for name, value in given
    )
    return f"OAuth {between.join(encoded)}"


def signed(
    url: str = URL, method: str = "GET", *, secret: str = SECRET, **changes: str | None
) -> str:
    """Return an `Authorization` header that is right but for the changes."""
    given = parameters(**changes)
    if "oauth_signature" not in changes:
        given["oauth_signature"] = signature(url, method, given.items(), secret=secret)
    return header(given.items())


def request(url: str = URL, method: str = "GET") -> Request:
    """Return a request as it came over the wire."""
    parts = urlsplit(url)
    return Request(method, parts.scheme, parts.netloc, parts.path, read_query(parts.query))


def knock(
    authorization: str | None,
    url: str = URL,
    method: str = "GET",
    *,
    peer: str = "192.0.2.7",
    forwarded_scheme: str | None = None,
    run_as: str | None = None,
) -> Knock:
    """Return a request as it stands at the door."""
    asked = request(url, method)
    return Knock(
        method=method,
        scheme=asked.scheme,
        host=asked.host,
        raw_path=asked.raw_path,
        query=asked.query,
        peer=peer,
        authorization=[] if authorization is None else [authorization],
        forwarded_scheme=forwarded_scheme,
        run_as=run_as,
    )
