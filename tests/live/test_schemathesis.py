"""
Requests that are made up from the contract, to the real server, signed.

A few for each operation; `ROLLBOOK_SCHEMATHESIS_EXAMPLES=1000` makes it a long search.
"""

import os
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

import schemathesis
from requests_oauthlib import OAuth1
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cast import SECRET
from live.house import JSON, XML, House
from rollbook.api.contract import document
from rollbook.api.contract.examples import PATH, TEACHER

RUN_AS = "X-Schoology-Run-As"
EXAMPLES = int(os.environ.get("ROLLBOOK_SCHEMATHESIS_EXAMPLES", "5"))

CONFIG = {
    "generation": {
        "max-examples": EXAMPLES,
        "deterministic": "ROLLBOOK_SCHEMATHESIS_EXAMPLES" not in os.environ,
        "with-security-parameters": False,  # each request is signed instead
    },
}

schema: Any = schemathesis.openapi.from_dict(
    document.build(), config=schemathesis.Config.from_dict(CONFIG)
)


THERE: dict[str, Any] = {**PATH, RUN_AS: TEACHER}
del THERE["date"]


def send(house: House, case: Any, media_type: str) -> Any:
    """Send a made-up request, most often about what there is: or it would hear 404 for ever."""
    for place in ("path_parameters", "headers", "body"):
        setattr(case, place, _meeting(getattr(case, place)))
    if "If-Match" in (case.headers or {}) and len(case.headers["If-Match"]) % 8 != 1:
        case.headers["If-Match"] = "*"
    auth = OAuth1(house.cast.keys["alice"], SECRET)
    headers = {"Accept": media_type}
    return case.call(house.url, headers=headers, auth=auth, allow_redirects=False)


def _meeting(value: Any) -> Any:
    """Return a value in which most ids, wherever they are, are those of somebody."""
    if isinstance(value, list):
        return list(map(_meeting, value))
    if not isinstance(value, Mapping):
        return value
    return {
        name: _present(THERE[name], item) if name in THERE else _meeting(item)
        for name, item in value.items()
    }


def _present(known: Any, made_up: Any) -> Any:
    if str(made_up).isascii() and str(made_up).isdigit() and int(made_up) % 8:
        return type(made_up)(known)
    return made_up


@schema.parametrize()  # type: ignore[untyped-decorator]
def test_json_is_as_the_contract_says(house: House, case: Any) -> None:
    """
    No request is a fault of ours, and every answer has a status and a shape that is promised.
    """
    case.validate_response(
        send(house, case, JSON),
        checks=[
            not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_schema_conformance,
        ],
    )


@schema.parametrize()  # type: ignore[untyped-decorator]
def test_xml_is_as_the_contract_says(house: House, case: Any) -> None:
    """
    The same in XML, which can be read.
    """
    response = send(house, case, XML)
    case.validate_response(
        response, checks=[not_a_server_error, status_code_conformance, content_type_conformance]
    )
    if "xml" in response.headers.get("content-type", [""])[0]:
        ET.fromstring(response.content)
