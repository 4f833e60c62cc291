"""
OAuth 1.0a signatures, two-legged (RFC 5849), as the clients of this API family really send them.

`read` takes an `Authorization` header apart, `Claim.proves` compares its signature with a secret.
Nothing here knows keys, clocks or nonces: those are the door's.

What differs from the RFC, each for a client that exists: PLAINTEXT is accepted with the secret
encoded or bare, parameters may be unquoted, an empty `oauth_token` may be sent or left out (it is
signed as it was sent), a timestamp may have a decimal fraction.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from typing import TypeAlias
from urllib.parse import quote, unquote, unquote_plus

import msgspec

from rollbook.domain.errors import BadRequest, NotAuthenticated

Pairs: TypeAlias = Sequence[tuple[str, str]]

REALM = 'OAuth realm="Schoology API"'
_DIGESTS = {"HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256"}
_PROTOCOL = frozenset(
    f"oauth_{name}"
    for name in (
        "consumer_key",
        "token",
        "nonce",
        "timestamp",
        "signature_method",
        "version",
        "signature",
        "body_hash",
    )
)

_PARAMETER = re.compile(r'\s*([A-Za-z0-9_.~%-]+)\s*=\s*(?:"([^"]*)"|([^",\s]*))\s*(?:,|$)')
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_TIMESTAMP = re.compile(r"([0-9]{1,12})(?:\.[0-9]+)?")
_NONCE = re.compile(r"[!-~]{1,255}")
_HOST = re.compile(r"([^:\[\]]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]*))?")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


class Request(msgspec.Struct, frozen=True):
    """What of a request is signed, as it came over the wire."""

    method: str
    scheme: str  # the client's: behind a proxy, what the trusted proxy says
    host: str  # the Host header
    raw_path: str  # not decoded
    query: Pairs  # decoded


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What a request says of who sent it."""

    consumer_key: str
    token: str
    method: str  # PLAINTEXT, HMAC-SHA1 or HMAC-SHA256
    signature: str
    timestamp: int | None  # whole seconds; PLAINTEXT may leave it out, and the nonce
    nonce: str | None
    body_hash: str | None
    signed: str  # the base string; empty for PLAINTEXT

    def proves(self, secret: str) -> bool:
        """Say whether the signature was made with that consumer secret, in constant time."""
        key = encode(secret) + "&"
        if self.method == "PLAINTEXT":
            given = self.signature.encode()
            encoded = hmac.compare_digest(given, key.encode())
            bare = hmac.compare_digest(given, f"{secret}&".encode())
            return encoded or bare
        digest = hmac.digest(key.encode(), self.signed.encode(), _DIGESTS[self.method])
        try:
            given = base64.b64decode(self.signature.encode(), validate=True)
        except binascii.Error:
            given = b""
        return hmac.compare_digest(given, digest)

    def covers(self, body: bytes) -> bool:
        """Say whether the body is the one that `oauth_body_hash` was made of, if it was sent."""
        if self.body_hash is None:
            return True
        name = "sha256" if self.method == "HMAC-SHA256" else "sha1"
        digest = base64.b64encode(hashlib.new(name, body).digest())
        return hmac.compare_digest(self.body_hash.encode(), digest)


def read(header: str, request: Request) -> Claim:
    """
    Return what an `Authorization` header claims.

    Raises:
        NotAuthenticated: It is no OAuth header, or names a method that we do not accept.
        BadRequest: It is malformed: a parameter is missing, doubled or no value of its kind.
    """
    pairs = _parameters(header)
    given = dict(pairs)
    if len(given) != len(pairs):
        raise BadRequest("The Authorization header has a parameter twice.")
    elsewhere = sorted(_PROTOCOL.intersection(name for name, _ in request.query))
    if elsewhere:
        raise BadRequest(f"{elsewhere[0]} belongs in the Authorization header, not in the query.")
    for name in ("oauth_consumer_key", "oauth_signature_method", "oauth_signature"):
        if not given.get(name):
            raise BadRequest(f"The Authorization header has no {name}.")
    if given.get("oauth_version", "1.0") != "1.0":
        raise BadRequest("oauth_version must be 1.0.")
    method = given["oauth_signature_method"]
    if method != "PLAINTEXT" and method not in _DIGESTS:
        accepted = ", ".join(("PLAINTEXT", *_DIGESTS))
        raise NotAuthenticated(f"oauth_signature_method must be one of {accepted}.")
    timestamp, nonce = _freshness(given, optional=method == "PLAINTEXT")
    signed = [pair for pair in pairs if pair[0] not in ("realm", "oauth_signature")]
    return Claim(
        consumer_key=given["oauth_consumer_key"],
        token=given.get("oauth_token", ""),
        method=method,
        signature=given["oauth_signature"],
        timestamp=timestamp,
        nonce=nonce,
        body_hash=given.get("oauth_body_hash"),
        signed="" if method == "PLAINTEXT" else base_string(request, signed),
    )


def _parameters(header: str) -> list[tuple[str, str]]:
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() != "oauth":
        raise NotAuthenticated("This request needs an Authorization header of the scheme OAuth.")
    if not rest.isascii():
        raise BadRequest("The Authorization header may hold only ASCII characters.")
    pairs, position = [], 0
    while position < len(rest):
        found = _PARAMETER.match(rest, position)
        if found is None:
            raise BadRequest(f"The Authorization header is malformed at character {position}.")
        name, quoted, bare = found.groups()
        pairs.append((_decode(name), _decode(quoted if quoted is not None else bare)))
        position = found.end()
    return pairs


def _decode(text: str) -> str:
    if "%" not in text:
        return text
    try:
        if _BAD_PERCENT.search(text):
            raise ValueError(text)
        return unquote(text, errors="strict")
    except ValueError:
        raise BadRequest("The Authorization header has a bad percent-encoding.") from None


def _freshness(given: dict[str, str], *, optional: bool) -> tuple[int | None, str | None]:
    timestamp, nonce = given.get("oauth_timestamp"), given.get("oauth_nonce")
    if optional and timestamp is None and nonce is None:
        return None, None
    moment = _TIMESTAMP.fullmatch(timestamp or "")
    if moment is None:
        raise BadRequest("oauth_timestamp must be the seconds since 1970, in digits.")
    if not _NONCE.fullmatch(nonce or ""):
        raise BadRequest("oauth_nonce must be 1 to 255 visible ASCII characters.")
    return int(moment[1]), nonce


def read_query(text: str) -> list[tuple[str, str]]:
    """
    Return a query string's pairs, decoded as a form is: the one reading for door and handlers.

    Raises:
        BadRequest: A percent-encoding is broken or is not UTF-8.
    """
    pairs = []
    for part in text.split("&") if text else ():
        if part:
            name, _, value = part.partition("=")
            try:
                if _BAD_PERCENT.search(part):
                    raise ValueError(part)
                pairs.append(
                    (unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict"))
                )
            except ValueError:
                raise BadRequest("The query has a bad percent-encoding.") from None
    return pairs


def base_string(request: Request, oauth_parameters: Iterable[tuple[str, str]]) -> str:
    """Return the signature base string (RFC 5849, section 3.4.1)."""
    uri = base_uri(request.scheme, request.host, request.raw_path)
    normal = normalise([*request.query, *oauth_parameters])
    # What is encoded here a second time holds only unreserved characters, % = and &.
    again = normal.replace("%", "%25").replace("=", "%3D").replace("&", "%26")
    return f"{request.method.upper()}&{encode(uri)}&{again}"


def base_uri(scheme: str, host: str, raw_path: str) -> str:
    """
    Return the base string URI (section 3.4.1.2): no default port, no query, no fragment.

    Raises:
        BadRequest: *host* is no host and port.
    """
    scheme = scheme.lower()
    found = _HOST.fullmatch(host.strip().lower())
    if found is None or (found[2] and not 0 < int(found[2]) < 65536):
        raise BadRequest("The Host header is not a host name with an optional port.")
    name, port = found.groups()
    authority = name if port in (None, "", _DEFAULT_PORTS.get(scheme)) else f"{name}:{port}"
    path = quote(raw_path or "/", safe="/%:@!$&'()*+,;=~-._")
    return f"{scheme}://{authority}{path}"


def normalise(pairs: Iterable[tuple[str, str]]) -> str:
    """Return parameters encoded, sorted by bytes and joined (section 3.4.1.3.2)."""
    encoded = sorted((encode(name), encode(value)) for name, value in pairs)
    return "&".join([f"{name}={value}" for name, value in encoded])


def encode(text: str) -> str:
    """Return text percent-encoded (section 3.6): only A-Z a-z 0-9 - . _ ~ stay bare."""
    return text if text.isalnum() and text.isascii() else quote(text, safe="~")
