"""
OAuth 1.0a signatures, two-legged (RFC 5849), as the clients of this API family send them.

`read` takes an `Authorization` header apart, `Claim.proves` compares its signature with a
secret. Nothing here knows keys, clocks or nonces: those are the door's.

What differs from the RFC, each for a client that exists: PLAINTEXT is accepted with the secret
encoded or bare, parameters may be unquoted, an empty `oauth_token` may be sent or left out (it
is signed as it was sent), a timestamp may have a decimal fraction.
"""

import base64
import functools
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TypeAlias
from urllib.parse import quote, unquote

import msgspec

from rollbook.domain.errors import BadRequest, NotAuthenticated
from rollbook.domain.sentences import Sentence

Pairs: TypeAlias = Sequence[tuple[str, str]]

REALM = 'OAuth realm="Schoology API"'
_DIGESTS = {"HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256"}

# Possessive (*+, ++): a header that does not match is given up at once, however long it is.
_PARAMETER = (
    r'[ \t]*+([A-Za-z0-9_.~%-]++)[ \t]*+=[ \t]*+(?:"([^"]*+)"|([^", \t]*+))[ \t]*+(?:,|\Z)'
)
_each_parameter = re.compile(_PARAMETER).findall
_parameters_from_the_start = re.compile(f"(?:{_PARAMETER})*+").match
_UNRESERVED = re.compile("[A-Za-z0-9._~-]*")  # by far the most of what is encoded
_PLAIN_URI = re.compile("[A-Za-z0-9._~:/-]*")
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_TIMESTAMP = re.compile(r"([0-9]{1,12})(?:\.[0-9]+)?")
_NONCE = re.compile(r"[!-~]{1,255}")
_HOST = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{0,5}))?")
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
        # Compared as text: base64 could spell the same bytes in several ways.
        digest = hmac.digest(key.encode(), self.signed.encode(), _DIGESTS[self.method])
        return hmac.compare_digest(self.signature.encode(), base64.b64encode(digest))

    def covers(self, body: bytes) -> bool:
        """Say whether the body is the one that `oauth_body_hash`, if sent, was made of."""
        if self.body_hash is None:
            return True
        given = self.body_hash.encode()
        # Some clients hash with SHA-1 whatever they sign with.
        digests = [hashlib.new(name, body).digest() for name in ("sha1", "sha256")]
        return any(hmac.compare_digest(given, base64.b64encode(digest)) for digest in digests)


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
    if any(name.startswith("oauth_") for name, _ in request.query):
        raise BadRequest("An oauth_ parameter belongs in the Authorization header only.")
    for name in ("oauth_consumer_key", "oauth_signature_method", "oauth_signature"):
        if not given.get(name):
            raise BadRequest(f"The Authorization header has no {name}.")
    if given.get("oauth_version", "1.0") != "1.0":
        raise BadRequest("The oauth_version must be 1.0.")
    method = given["oauth_signature_method"]
    if method != "PLAINTEXT" and method not in _DIGESTS:
        accepted = ", ".join(("PLAINTEXT", *_DIGESTS))
        raise NotAuthenticated(f"The oauth_signature_method must be one of {accepted}.")
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
        raise NotAuthenticated("The Authorization header must be of the scheme OAuth.")
    if not rest.isascii():
        raise BadRequest("The Authorization header may hold only ASCII characters.")
    good = _parameters_from_the_start(rest)
    end = good.end() if good else 0
    if end < len(rest):
        raise BadRequest(f"The Authorization header is malformed at character {end}.")
    where = "Authorization header"
    return [
        (_decode(name, where), _decode(quoted or bare, where))
        for name, quoted, bare in _each_parameter(rest)
    ]


def _decode(text: str, where: str) -> str:
    if "%" not in text:
        return text
    # What base64 needs encoded, which is all there is in a signature: ten times as quick.
    plain = text.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=")
    if "%" not in plain:
        return plain
    if not _BAD_PERCENT.search(text):
        with suppress(UnicodeDecodeError):
            return unquote(text, errors="strict")
    raise BadRequest(f"The {where} has a bad percent-encoding.")


def _freshness(given: dict[str, str], *, optional: bool) -> tuple[int | None, str | None]:
    timestamp, nonce = given.get("oauth_timestamp"), given.get("oauth_nonce")
    if optional and timestamp is None and nonce is None:
        return None, None
    moment = _TIMESTAMP.fullmatch(timestamp or "")
    if moment is None:
        raise BadRequest("The oauth_timestamp must be the seconds since 1970, in digits.")
    if not _NONCE.fullmatch(nonce or ""):
        raise BadRequest("The oauth_nonce must be 1 to 255 visible ASCII characters.")
    return int(moment[1]), nonce


def read_query(text: str) -> list[tuple[str, str]]:
    """
    Return a query string's pairs, decoded as a form is: the one reading for door and handlers.

    Raises:
        BadRequest: A percent-encoding is broken or is not UTF-8.
    """
    pairs = []
    for part in filter(None, text.replace("+", " ").split("&")):
        name, _, value = part.partition("=")
        pairs.append((_decode(name, "query"), _decode(value, "query")))
    return pairs


def base_string(request: Request, oauth_parameters: Iterable[tuple[str, str]]) -> str:
    """Return the signature base string (RFC 5849, section 3.4.1)."""
    uri = base_uri(request.scheme, request.host, request.raw_path)
    normal = normalise([*request.query, *oauth_parameters])
    # What is encoded here a second time holds only unreserved characters, % = and &.
    if "%" in normal:
        normal = normal.replace("%", "%25")
    again = normal.replace("=", "%3D").replace("&", "%26")
    return f"{request.method.upper()}&{_encode_uri(uri)}&{again}"


def base_uri(scheme: str, host: str, raw_path: str) -> str:
    """
    Return the base string URI (section 3.4.1.2): no default port, no query, no fragment.

    Raises:
        BadRequest: *host* is no host and port.
    """
    path = (raw_path or "/").replace(" ", "%20")
    return f"{_origin(scheme, host)}{path}"


@functools.lru_cache(maxsize=64)  # no more: anybody may send any
def _origin(scheme: str, host: str) -> str:
    scheme = scheme.lower()
    name, port = read_host(host)
    authority = name if port in ("", _DEFAULT_PORTS.get(scheme)) else f"{name}:{port}"
    return f"{scheme}://{authority}"


@functools.lru_cache(maxsize=64)  # no more: anybody may send any
def read_host(host: str) -> tuple[str, str]:
    """
    Return a Host header's name, in lower case, and its port, empty when there is none.

    Raises:
        BadRequest: It is no host name with an optional port.
    """
    found = _HOST.fullmatch(host.lower())
    if found is None or (found[2] and not 0 < int(found[2]) < 65536):
        raise BadRequest(Sentence("The Host header is not a host name with an optional port."))
    return found[1], (found[2] or "").lstrip("0")  # 0443 is 443, and is signed so


def normalise(parameters: Iterable[tuple[str, str]]) -> str:
    """Return parameters encoded, sorted by bytes and joined (section 3.4.1.3.2)."""
    pairs = list(parameters)
    if not _UNRESERVED.fullmatch("".join(map("".join, pairs))):
        pairs = [(encode(name), encode(value)) for name, value in pairs]
    return "&".join([f"{name}={value}" for name, value in sorted(pairs)])


def encode(text: str) -> str:
    """Return text percent-encoded (section 3.6): only A-Z a-z 0-9 - . _ ~ stay bare."""
    return text if _UNRESERVED.fullmatch(text) else quote(text, safe="~")


def _encode_uri(uri: str) -> str:
    if _PLAIN_URI.fullmatch(uri):  # five times as quick as looking at each character
        return uri.replace(":", "%3A").replace("/", "%2F")
    return encode(uri)
