"""
Requests that real clients put on the wire, signed anew and otherwise to the byte.

Ten were captured (the corpus says from which clients); the R client's is spelled as its source
code spells it.
"""

import json
import random
import re
import string
import time
from typing import Any
from urllib.parse import quote

import pytest
from oauthlib.oauth1.rfc5849 import signature

from api.talk import mark, marks_body
from cast import SECRET, WEDNESDAY
from conftest import corpus
from live.house import House, Reply, spelled, talk

_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


def signed_anew(header: str, key: str, method: str, url: str) -> str:
    """Return the header with a fresh time, nonce and signature, in the spelling that it has."""
    given = dict(_PARAMETER.findall(header))
    fresh = {
        "oauth_consumer_key": key,
        "oauth_nonce": _like(given["oauth_nonce"]),
        "oauth_timestamp": str(int(time.time())) + _fraction(given["oauth_timestamp"]),
    }
    signed = {name: value for name, value in {**given, **fresh}.items() if name != "realm"}
    del signed["oauth_signature"]
    if given["oauth_signature_method"] == "PLAINTEXT":
        end = "&" if given["oauth_signature"].endswith("&") else "%26"
        fresh["oauth_signature"] = SECRET + end
    else:
        fresh["oauth_signature"] = quote(_hmac_sha1(method, url, signed), safe="~")
    return _PARAMETER.sub(lambda found: f'{found[1]}="{fresh.get(found[1], found[2])}"', header)


def _hmac_sha1(method: str, url: str, signed: dict[str, str]) -> str:
    """Return the signature as the reference makes it."""
    uri, _, query = url.partition("?")
    pairs = signature.collect_parameters(uri_query=query, body=list(signed.items()))
    base = signature.signature_base_string(
        method,
        signature.base_string_uri(uri),
        signature.normalize_parameters(pairs),
    )
    text: str = signature._sign_hmac("SHA-1", base, SECRET, "")
    return text


def _like(nonce: str) -> str:
    """Return a nonce of the same length and kind."""
    alphabet = string.digits if nonce.isdigit() else "0123456789abcdef"
    if set(nonce) - set(alphabet):
        alphabet = string.ascii_letters + string.digits
    return "".join(random.choices(alphabet, k=len(nonce)))


def _fraction(timestamp: str) -> str:
    return "." + timestamp.partition(".")[2] if "." in timestamp else ""


def send(house: House, captured: dict[str, Any]) -> Reply:
    """Send one of them, to our section and with our key."""
    method = captured["method"]
    target = captured["target"].replace("/v1/sections/7/attendance", house.maths)
    headers = dict(captured["headers"])
    here = f"127.0.0.1:{house.port}"
    host = "api.schoology.com" if headers.get("Host") == "api.schoology.com" else here
    body = b""
    if method == "PUT" and headers["Content-Length"] != "0":
        body = json.dumps(
            marks_body(mark(house.cast.enrollments["anna"], WEDNESDAY, 2))
        ).encode()
        headers["Content-Length"] = str(len(body))
    key = house.cast.keys["alice"]
    url = f"http://{host}{target}"
    headers["Host"] = host
    headers["Authorization"] = signed_anew(headers["Authorization"], key, method, url)
    (reply,) = talk(house.port, spelled(method, target, headers, body), quiet=0.3)
    return reply


@pytest.mark.parametrize("number", range(10))
def test_what_real_clients_send_is_accepted(house: House, number: int) -> None:
    """
    Each is let in. The PHP client drops a body that is text: an empty PUT saves nothing.
    """
    file = corpus("oauth1-vectors") / "captured-real-clients.json"
    captured = json.loads(file.read_text())[number]
    empty = captured["method"] == "PUT" and dict(captured["headers"])["Content-Length"] == "0"
    reply = send(house, captured)

    assert reply.status == (400 if empty else 200), reply.body


R_HEADER = (
    'OAuth oauth_consumer_key="k", oauth_nonce="aB3dE5gH7j", oauth_signature="s", '
    'oauth_signature_method="HMAC-SHA1", oauth_timestamp="1795444718", oauth_version="1.0"'
)


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_what_the_r_client_sends_is_accepted(house: House, method: str) -> None:
    """
    It names every parameter of the query, also those it has no value for, and signs them.
    """
    headers = {
        "Host": "127.0.0.1",
        "User-Agent": "libcurl/7.88.1 r-curl/5.2.0 httr/1.4.7",
        "Accept-Encoding": "deflate, gzip",
        "Accept": "application/json, text/xml, application/xml, */*",
        "Authorization": R_HEADER,
    }
    if method == "PUT":
        headers |= {"Content-Type": "application/json", "Content-Length": "1"}
    query = "?start=&end=&enrollment_id=" if method == "GET" else ""
    target = f"/v1/sections/7/attendance{query}"
    reply = send(house, {"method": method, "target": target, "headers": headers.items()})

    assert reply.status == 200, reply.body


def test_a_replay_is_refused_in_the_words_that_clients_know(house: House) -> None:
    """
    The very same bytes are good once.
    """
    headers = {"Host": f"127.0.0.1:{house.port}"}
    headers["Authorization"] = house.authorization("GET", house.maths)
    request = spelled("GET", house.maths, headers)
    (first,) = talk(house.port, request, quiet=0.3)
    (second,) = talk(house.port, request, quiet=0.3)

    assert (first.status, second.status) == (200, 401)
    assert (
        b"Duplicate timestamp/nonce combination, possible replay attack. Request rejected."
        in (second.body)
    )
