"""The contract says what the application does, all of it and no more."""

import base64
import hashlib
import inspect
import re
from html.parser import HTMLParser
from typing import Any

import httpx
import jsonschema_rs
import msgspec
import pytest
import schemathesis

from conftest import Clock
from rollbook.api.app import build_app
from rollbook.api.contract import document
from rollbook.api.contract.fields import FIELDS
from rollbook.api.contract.refusals import REFUSALS
from rollbook.auth.door import Door
from rollbook.domain.errors import Kind
from rollbook.domain.store import Store
from rollbook.wire import shapes
from rollbook.wire.http import STATUSES

JSON, XML = "application/json", "text/xml"
DOCUMENT = document.build()
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = {
    (method.upper(), path): operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if method != "parameters"
}


def test_the_document_is_openapi() -> None:
    """
    It is a valid OpenAPI 3.1 document.
    """
    schemathesis.openapi.from_dict(DOCUMENT).validate()

    assert DOCUMENT["openapi"] == "3.1.0"


def test_every_route_is_described_and_no_other(store: Store, door: Door, clock: Clock) -> None:
    """
    What the application routes and what the contract lists are the same.
    """
    app = build_app(store, door, clock=clock)
    routed = {(method, route.template) for route in app.routes.all for method in route.handlers}

    assert set(OPERATIONS) == routed, "src/rollbook/api/contract/routes.py has to say the same"


def test_every_shape_is_used() -> None:
    """
    No answer has a shape that the contract does not know.
    """
    defined = {
        name.removesuffix("Shape")
        for name, shape in inspect.getmembers(shapes, inspect.isclass)
        if issubclass(shape, msgspec.Struct) and shape.__module__ == shapes.__name__
    }

    assert defined <= set(SCHEMAS)


def test_every_field_has_a_meaning() -> None:
    """
    Each field is described, and no description is left over.
    """
    fields = {(name, field) for name in SCHEMAS for field in SCHEMAS[name]["properties"]}
    silent = [
        f"{name}.{field}"
        for name, field in fields
        if "description" not in SCHEMAS[name]["properties"][field]
    ]
    names = {field for _, field in fields} | {f"{name}.{field}" for name, field in fields}

    assert silent == [], "src/rollbook/api/contract/fields.py has to say what they mean"
    assert set(FIELDS) <= names


def test_refusals_are_those_of_the_house() -> None:
    """
    Every kind of error has its place, but for the one that only commands meet.
    """
    statuses = {status for kind, status in STATUSES.items() if kind is not Kind.CONFLICT}

    assert set(REFUSALS) == statuses
    assert all(STATUSES[refusal.example.kind] == code for code, refusal in REFUSALS.items())


def contents() -> list[Any]:
    """Return each body and answer in the document."""
    operations = OPERATIONS.values()
    bodies = [
        operation["requestBody"] for operation in operations if "requestBody" in operation
    ]
    answers = [answer for operation in operations for answer in operation["responses"].values()]
    refusals = DOCUMENT["components"]["responses"].values()
    return [found["content"] for found in (*bodies, *answers, *refusals) if "content" in found]


def validator(schema: Any) -> Any:
    """Return a validator of a schema in the document."""
    return jsonschema_rs.validator_for({**schema, "components": {"schemas": SCHEMAS}})


def test_examples_have_the_shape_they_show() -> None:
    """
    Each example is valid by its own schema.
    """
    shown = [content[JSON] for content in contents() if "example" in content.get(JSON, {})]
    for content in shown:
        validator(content["schema"]).validate(content["example"])

    assert len(shown) > len(SCHEMAS) / 2


@pytest.mark.parametrize("media_type", [JSON, XML])
async def test_examples_work(client: httpx.AsyncClient, media_type: str, database: str) -> None:
    """
    Each example, sent as it stands, is answered with success and in the shape that is promised.
    """
    if database == "citus":
        pytest.skip(
            "ids count on from one test to the next there: examples name the first ones"
        )
    for (method, path), operation in sorted(OPERATIONS.items(), reverse=True):  # PUT, POST, GET
        asked = [
            *DOCUMENT["paths"][path].get("parameters", []),
            *(parameter for parameter in operation["parameters"] if "example" in parameter),
        ]
        values = {
            place: {each["name"]: each["example"] for each in asked if each["in"] == place}
            for place in ("path", "query")
        }
        headers, body = {"Accept": media_type}, None
        if "requestBody" in operation:
            example = operation["requestBody"]["content"][media_type]["example"]
            body = example.encode() if media_type == XML else msgspec.json.encode(example)
            headers["Content-Type"] = media_type
        response = await client.request(
            method,
            f"https://rollbook.test{path.format(**values['path'])}",
            params=values["query"] or None,
            headers=headers,
            content=body,
        )
        promised = operation["responses"][str(response.status_code)]

        assert response.status_code in (200, 303), (method, path, response.text)
        if media_type == JSON and JSON in promised.get("content", {}):
            validator(promised["content"][JSON]["schema"]).validate(response.json())


@pytest.mark.parametrize(
    ("path", "media_type"),
    [("/v1/openapi.json", JSON), ("/docs", "text/html; charset=utf-8")],
)
async def test_it_is_for_everybody_and_in_one_format(
    client: httpx.AsyncClient, path: str, media_type: str
) -> None:
    """
    Nobody has to sign to read the contract, whose format does not depend on `Accept`.
    """
    url = f"https://rollbook.test{path}"
    response = await client.get(url, auth=None, headers={"Accept": XML})
    again = await client.get(
        url, auth=None, headers={"If-None-Match": response.headers["ETag"]}
    )

    assert response.status_code == 200
    assert response.headers["Content-Type"] == media_type
    assert (again.status_code, again.content) == (304, b"")


async def test_the_served_document_is_the_one_that_was_built(client: httpx.AsyncClient) -> None:
    """
    What a client reads is the document.
    """
    response = await client.get("openapi.json", auth=None)

    assert response.json() == DOCUMENT


class Page(HTMLParser):
    """What a page has and loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "id":
                self.ids.append(value or "")
            if name == "href":
                self.links.append(value or "")


async def read_page(client: httpx.AsyncClient) -> httpx.Response:
    return await client.get("https://rollbook.test/docs", auth=None)


async def test_the_page_has_every_operation_and_shape(client: httpx.AsyncClient) -> None:
    """
    Everything has its place on the page, once, and every link within it leads somewhere.
    """
    page = Page((await read_page(client)).text)
    names = {operation["operationId"] for operation in OPERATIONS.values()} | set(SCHEMAS)

    assert names <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


async def test_the_page_loads_nothing_and_runs_nothing(client: httpx.AsyncClient) -> None:
    """
    No script, no style from elsewhere; the policy allows the one style that is in it.
    """
    response = await read_page(client)
    page = Page(response.text)
    (style,) = re.findall(r"<style>(.*?)</style>", response.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = response.headers["Content-Security-Policy"]

    assert page.tags.isdisjoint({"script", "link", "img", "iframe", "object", "form"})
    assert page.attributes.isdisjoint({"src", "srcset", "style", "onclick", "onload"})
    assert all(link.startswith(("#", "/v1/")) for link in page.links)
    assert "url(" not in style
    assert "@import" not in style
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
