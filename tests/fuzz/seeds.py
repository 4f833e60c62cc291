"""What fuzzing begins with: our own good and bad input, and the corpora in their place."""

import json
from collections.abc import Iterator
from pathlib import Path

from cast import SECRET
from conftest import CORPORA

SAVED = Path(__file__).parent / "saved"

_MARK = {"enrollment_id": 784754, "date": "2014-05-20", "status": 1, "comment": "x"}
_HEADERS = [
    f'OAuth {realm}oauth_consumer_key="ck0123456789abcdef", oauth_nonce="6b044fee7c006", '
    f'oauth_signature_method="{way}", oauth_timestamp="1795444718", oauth_token="", '
    f'oauth_version="1.0", oauth_signature="{signature}"'
    for realm, way, signature in [
        ('realm="", ', "HMAC-SHA1", "hyLqzqNSHg3y%2BP3i%2FUvmL2uBf2w%3D"),
        ('realm="Schoology API", ', "PLAINTEXT", "s3cr%2Bt%26"),
        ("", "HMAC-SHA256", "3q2%2B7w%3D%3D"),
    ]
]

_OWN: dict[str, list[str]] = {
    "json": [
        json.dumps({"attendances": {"attendance": items}})
        for items in (
            [_MARK],
            _MARK,
            [_MARK, {**_MARK, "enrollment_id": "1", "status": "4", "comment": "é \U0001f600"}],
            [{**_MARK, "comment": None, "other": [{}, 1.5e3, True]}],
            [],
        )
    ],
    "xml": [
        f"<r><attendances>{items}</attendances></r>"
        for mark in [
            "<enrollment_id>784754</enrollment_id><date>2014-05-20</date><status>1</status>"
        ]
        for items in (
            f"<attendance>{mark}</attendance>",
            f"<attendance>{mark}<comment>a &lt;b&gt; &#13;&#x1f600;</comment></attendance>" * 2,
            f"<attendance>{mark}<comment><![CDATA[<x>]]></comment><!-- c --></attendance>",
            "<attendance/>",
        )
    ],
    "authorization": [
        *_HEADERS,
        f"{_HEADERS[0]}\n/v1/users?a=b%20c&d=%C3%A9&a=\nexample.org:8080",
        (
            f'OAuth oauth_consumer_key="a{0:039}", oauth_signature_method="PLAINTEXT", '
            f'oauth_signature="{SECRET}&", oauth_timestamp="1795444718", oauth_nonce="n"'
        ),
        (
            f'OAuth oauth_consumer_key="a{0:039}",oauth_signature_method=PLAINTEXT,'
            f"oauth_signature={SECRET}%26"
        ),
        "OAuth oauth_consumer_key=ck,oauth_signature_method=PLAINTEXT,oauth_signature=x&",
        "Bearer x",
    ],
    "query": [
        "start=2026-09-01&end=2026-09-30&limit=20",
        "enrollment_id=1,2,3&start=0&start_id=8589934591",
        "a=b+c%20d&&x==&%C3%A9=%F0%9F%98%80",
        "a=%ff&b=%",
    ],
}

WORDS: dict[str, list[str]] = {
    "json": [
        *(
            '"attendances"',
            '"attendance"',
            '"enrollment_id"',
            '"date"',
            '"status"',
            '"comment"',
        ),
        *("2014-05-20", "\\u0061", "\\ud800", "null", "NaN", "1e400", "[[", "{}", '":'),
    ],
    "xml": [
        *(
            "<attendances>",
            "</attendance>",
            "<enrollment_id>",
            "<date>",
            "<status/>",
            "<comment>",
        ),
        *("<![CDATA[", "]]>", "<!--", "-->", "<!DOCTYPE r [", "<!ENTITY e ", "&e;", "&#0;"),
        *('<?xml version="1.0" encoding="', "utf-16", "xmlns:a=", "<?p ?>", "&amp;"),
    ],
    "authorization": [
        *("OAuth ", "realm=", "oauth_consumer_key=", "oauth_signature_method=", "oauth_token="),
        *(
            "oauth_signature=",
            "oauth_timestamp=",
            "oauth_nonce=",
            "oauth_version=",
            "1795444718",
        ),
        *("oauth_body_hash=", "HMAC-SHA1", "HMAC-SHA256", "PLAINTEXT", "%C3%A9", "%ff", '","'),
    ],
    "query": [
        *("start=", "end=", "limit=", "enrollment_id=", "start_id=", "oauth_token=", "%C3%A9"),
        *("%ff", "&&", "2014-05-20", "99999999999999999999"),
    ],
}


def folders(name: str) -> list[Path]:
    """Return the folders of the corpora that hold such input, where they are there."""
    places = {"json": "json-testsuite/test_parsing", "xml": "xml-defusedxml/xmltestdata"}
    found = [CORPORA / places[name]] if name in places else []
    return [folder for folder in found if folder.is_dir()]


def seeds(name: str) -> list[bytes]:
    """Return the input that a parser is begun with, besides that of `folders`."""
    return [*(text.encode() for text in _OWN[name]), *_captured(name), *saved(name)]


def _captured(name: str) -> Iterator[bytes]:
    """Yield the headers that real clients sent, and their addresses and hosts."""
    file = CORPORA / "oauth1-vectors" / "captured-real-clients.json"
    if name != "authorization" or not file.is_file():
        return
    for request in json.loads(file.read_bytes()):
        headers = dict(request["headers"])
        lines = headers["Authorization"], request["target"], headers.get("Host", "")
        yield "\n".join(lines).encode()


def saved(name: str) -> list[bytes]:
    """Return what long runs found worth keeping: one input of each way through the parser."""
    file = SAVED / f"{name}.txt"
    lines = file.read_text(encoding="ascii").splitlines() if file.is_file() else []
    return [line.encode().decode("unicode_escape").encode("latin-1") for line in lines]
