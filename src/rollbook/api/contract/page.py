"""The OpenAPI document as a page to read: no script, and nothing from elsewhere."""

import base64
import hashlib
import itertools
import json
import re
from typing import Any
from xml.etree import ElementTree as ET

from jinja2 import Environment, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from rollbook.api.contract.document import Document, text_of


def render(document: Document) -> tuple[str, str]:
    """Return the page, and the Content-Security-Policy that lets it have its own style."""
    style = text_of("docs.css")
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    environment.filters.update(
        prose=_prose, code=_code, breakable=_breakable, slug=_slug, type=_type
    )
    groups = _groups(document)
    page = environment.from_string(text_of("docs.html")).render(
        document=document,
        groups=groups,
        chapters=re.findall(r"^## (.+)$", document["info"]["description"], re.MULTILINE),
        style=Markup(style),  # noqa: S704 — a file of ours
        refusals={
            code: _resolved(document, response)
            for _, operations in groups
            for operation in operations
            for code, response in sorted(operation["responses"].items())
            if "$ref" in response
        },
    )
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return page, policy


def _groups(document: Document) -> list[tuple[Document, list[Document]]]:
    """Return each tag with its operations, which know their method, path and own parameters."""
    operations = [
        {
            **item[method],
            "method": method,
            "path": path,
            "parameters": [
                parameter
                for parameter in (*item.get("parameters", ()), *item[method]["parameters"])
                if "$ref" not in parameter  # what all have in common is in the introduction
            ],
        }
        for path, item in document["paths"].items()
        for method in item
        if method != "parameters"
    ]
    return [
        (tag, [operation for operation in operations if tag["name"] in operation["tags"]])
        for tag in document["tags"]
    ]


def _resolved(document: Document, part: Document) -> Document:
    """Return a part of the document, or what it refers to."""
    if "$ref" not in part:
        return part
    found = document
    for name in part["$ref"].split("/")[1:]:
        found = found[name]
    return found


# ---------------------------------------------------------------- filters of the template


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


_commonmark = MarkdownIt("commonmark", {"html": False})


def _prose(text: str) -> Markup:
    """Return CommonMark as HTML, with an id for each heading."""
    tokens = _commonmark.parse(text)
    for opening, heading in itertools.pairwise(tokens):
        if opening.type == "heading_open":
            opening.attrSet("id", _slug(heading.content))
    html = _commonmark.renderer.render(tokens, _commonmark.options, {})
    return Markup(html)  # noqa: S704 — without HTML in it, see above


def _code(example: Any) -> str:
    """Return an example as people like to read it."""
    if not isinstance(example, str):
        return json.dumps(example, ensure_ascii=False, indent=2)
    head, _, body = example.partition("\n")
    tree = ET.fromstring(body)  # noqa: S314 — an example of ours
    ET.indent(tree)
    return f"{head}\n{ET.tostring(tree, encoding='unicode')}"


def _breakable(path: str) -> Markup:
    """Return a path that a narrow screen may break before each slash."""
    return Markup("<wbr>/").join(path.split("/"))


_WORDS = {
    "string": "text",
    "boolean": "true or false",
    "date": "day",
    "date-time": "moment",
    "any": "any value",
}


def _type(schema: Document) -> Markup:
    """Return what kind of value a schema describes, in a few words."""
    if "$ref" in schema:
        return Markup('<a href="#{0}">{0}</a>').format(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        kinds = [_type(option) for option in schema["anyOf"] if option.get("type") != "null"]
        return Markup(" or ").join(dict.fromkeys(kinds))
    if "enum" in schema:
        return Markup("one of {}").format(", ".join(map(json.dumps, schema["enum"])))
    if schema.get("type") == "array":
        return Markup("list of {}").format(_type(schema["items"]))
    kind = schema.get("format") or schema.get(
        "type", "string" if "pattern" in schema else "any"
    )
    return Markup("{}").format(_WORDS.get(kind, kind))
