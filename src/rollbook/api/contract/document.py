"""The contract as an OpenAPI 3.1 document, put together from the table and the shapes."""

import json
import re
from collections.abc import Iterator
from importlib import resources
from typing import Any
from urllib.parse import urlencode

import msgspec

from rollbook import __version__
from rollbook.api.contract import routes
from rollbook.api.contract.examples import EXAMPLES, PATH
from rollbook.api.contract.fields import FIELDS
from rollbook.api.contract.refusals import REFUSALS, Refusal
from rollbook.api.contract.terms import Operation, Parameter
from rollbook.wire import shapes, xml

Document = dict[str, Any]

# What every request that is signed, or need not be, may be refused for.
_WHEN_SIGNED = (400, 401, 403, 404, 406, 429, 503)
_WHEN_PUBLIC = (503,)


def build() -> Document:
    """Return the whole document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Rollbook",
            "version": __version__,
            "summary": "Who was there, for every child, class and day.",
            "description": text_of("introduction.md"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"oauth": []}],
        "tags": [{"name": group.name, "description": group.about} for group in routes.GROUPS],
        "paths": _paths(),
        "components": {
            "schemas": _schemas(),
            "responses": {REFUSALS[code].name: _refusal(code) for code in REFUSALS},
            "parameters": _PARAMETERS,
            "headers": _HEADERS,
            "securitySchemes": {
                "oauth": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": text_of("signing.md"),
                }
            },
        },
    }


def text_of(name: str) -> str:
    """Return what a file of this package holds."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _ref(kind: str, name: str) -> Document:
    return {"$ref": f"#/components/{kind}/{name}"}


# ---------------------------------------------------------------- paths


def _paths() -> Document:
    found: Document = {}
    for group in routes.GROUPS:
        for operation in group.operations:
            path = found.setdefault(operation.path, _path(operation.path))
            path[operation.method.lower()] = _operation(operation, group.name)
    return found


def _path(path: str) -> Document:
    names = re.findall(r"{(\w+)}", path)
    return {"parameters": [_path_parameter(name) for name in names]} if names else {}


def _operation(operation: Operation, tag: str) -> Document:
    asks = [_parameter(parameter) for parameter in operation.asks]
    found: Document = {
        "operationId": operation.name,
        "tags": [tag],
        "summary": operation.summary,
        "description": operation.about,
        "parameters": asks,
        "responses": _responses(operation),
        "x-codeSamples": [{"lang": "Shell", "source": _curl(operation)}],
    }
    if operation.sends:
        found["requestBody"] = {"required": True, "content": _in_both_formats(operation.sends)}
    if operation.public:
        found["security"] = []
    else:
        asks.append(_ref("parameters", "RunAs"))
    return found


def _path_parameter(name: str) -> Document:
    a_day = name == "date"
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": "The day, `YYYY-MM-DD`." if a_day else f"The {name[:-3]}'s id.",
        "schema": {"type": "string", "format": "date"} if a_day else routes.MANY,
        "example": PATH[name],
    }


def _parameter(asked: Parameter) -> Document:
    found = {
        "name": asked.name,
        "in": asked.where,
        "description": asked.about,
        "schema": asked.schema,
    }
    return found if asked.example is None else {**found, "example": asked.example}


_PARAMETERS = {
    "RunAs": {
        "name": "X-Schoology-Run-As",
        "in": "header",
        "description": "The id of the user to act as; for administrators' keys.",
        "schema": routes.MANY,
    }
}


def _curl(operation: Operation) -> str:
    """Return a command that makes the request, with what `signing.md` has set up."""
    words = ["curl"] if operation.method == "GET" else [f"curl -X {operation.method}"]
    if not operation.public:
        words.append('-H "$AUTH"')
    if operation.sends:
        body = msgspec.to_builtins(EXAMPLES[operation.sends])
        text = json.dumps(body, ensure_ascii=False, indent=2)
        words += ["-H 'Content-Type: application/json'", f"--data '{text}'"]
    query = {asked.name: asked.example for asked in operation.asks if asked.example is not None}
    target = operation.path.format(**PATH) + (f"?{urlencode(query)}" if query else "")
    return " \\\n  ".join([" ".join(words[:2]), *words[2:], f'"$ROLLBOOK{target}"'])


# ---------------------------------------------------------------- answers


def _responses(operation: Operation) -> Document:
    headers = {"X-Request-Id": _ref("headers", "RequestId")}
    if operation.versioned:
        headers["ETag"] = _ref("headers", "ETag")
    found: Document = {}
    if operation.answers is None:
        headers["Location"] = _ref("headers", "Location")
        found["303"] = {"description": "It is elsewhere.", "headers": headers}
    elif operation.media_type:
        schema = msgspec.json.schema(operation.answers)
        content = {operation.media_type: {"schema": schema}}
        found["200"] = {"description": "Here it is.", "headers": headers, "content": content}
    else:
        content = _in_both_formats(operation.answers)
        done = "Here it is." if operation.method == "GET" else "It is done."
        found["200"] = {"description": done, "headers": headers, "content": content}
    if routes.IF_NONE_MATCH in operation.asks:
        found["304"] = {"description": "Nothing has changed.", "headers": headers}
    codes = {*operation.refuses, *(_WHEN_PUBLIC if operation.public else _WHEN_SIGNED)}
    found.update({str(code): _ref("responses", REFUSALS[code].name) for code in sorted(codes)})
    return found


def _refusal(code: int) -> Document:
    refusal: Refusal = REFUSALS[code]
    headers = {"X-Request-Id": _ref("headers", "RequestId")}
    for name, of in (("WWW-Authenticate", {401}), ("Retry-After", {429, 503})):
        if code in of:
            headers[name] = _ref("headers", name.replace("-", ""))
    example = shapes.Error(code, str(refusal.example))
    content = _in_both_formats(shapes.Error, example)
    return {"description": refusal.about, "headers": headers, "content": content}


_HEADERS = {
    "RequestId": {
        "description": "The request's id, as the server's log has it.",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
    },
    "ETag": {
        "description": "The version of what was read or written.",
        "schema": {"type": "string", "pattern": '^"[^"]+"$'},
    },
    "Location": {
        "description": "Where it is. Sign that request anew.",
        "schema": {"type": "string", "format": "uri"},
    },
    "WWWAuthenticate": {
        "description": "The scheme to sign with.",
        "schema": {"type": "string", "pattern": "^OAuth "},
    },
    "RetryAfter": {
        "description": "How many seconds to wait before the next try.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
}


# ---------------------------------------------------------------- shapes


def _in_both_formats(shape: type, example: Any = None) -> Document:
    """Return the content of a body or an answer, with an example in each format."""
    example = example or EXAMPLES[shape]
    schema = _ref("schemas", _public_name(shape))
    return {
        "application/json": {"schema": schema, "example": msgspec.to_builtins(example)},
        "text/xml": {
            "schema": {**schema, "xml": {"name": "result"}},
            "example": xml.write(example).decode(),
        },
    }


def _used() -> Iterator[type]:
    """Return the shape of each body and answer."""
    yield shapes.Error
    for group in routes.GROUPS:
        for operation in group.operations:
            if not operation.media_type:
                yield from filter(None, (operation.sends, operation.answers))


def _schemas() -> Document:
    template = "#/components/schemas/{name}"
    shapes_used = list(dict.fromkeys(_used()))
    _, found = msgspec.json.schema_components(shapes_used, ref_template=template)
    # Wherever a shape is named (as a key, a title, the end of a reference) in its public name.
    text = msgspec.json.encode(found).replace(b'Shape"', b'"')
    schemas: Document = msgspec.json.decode(text)
    return {name: _described(name, schema) for name, schema in sorted(schemas.items())}


def _public_name(shape: type) -> str:
    return shape.__name__.removesuffix("Shape")


def _described(name: str, schema: Document) -> Document:
    """Return a schema with each of its fields described, in words and in what they can hold."""
    described = {
        field: {**_never_null(facts), **_meaning(name, field)}
        for field, facts in schema["properties"].items()
    }
    return {**schema, "properties": described}


def _never_null(facts: Document) -> Document:
    """Return a field's schema; one whose default is null is left out instead of being null."""
    if "default" not in facts:
        return facts
    kept: list[Document] = [option for option in facts["anyOf"] if option != {"type": "null"}]
    return kept[0]


def _meaning(shape: str, field: str) -> Document:
    return FIELDS.get(f"{shape}.{field}") or FIELDS.get(field, {})
