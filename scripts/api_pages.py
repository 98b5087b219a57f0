"""Write the API's reference as Markdown pages, from its OpenAPI schema: one page for each tag."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pitwall.api.app import build_api

Schema = Mapping[str, Any]

TITLES = {
    "live": "The race now",
    "forecasts": "Forecasts",
    "history": "Stored races",
    "ledger": "Ledger",
    "accounts": "Accounts",
    "v1": "As OpenF1 speaks it",
    "webhooks": "Webhooks",
}
"""The pages, in the order of the site; another tag comes after them under its own name."""

_WHO = {"cookie": "a logged-in browser", "bearer": "an API key (`Authorization: Bearer ...`)"}


def api_pages() -> dict[str, str]:
    """Return the Markdown of each page by the name of its tag."""
    schema = build_api().openapi()
    components = schema["components"]["schemas"]
    pages: dict[str, list[str]] = {}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            lines = pages.setdefault(operation["tags"][0], [])
            lines += _operation(method.upper(), path, operation, components)
    order = [*(tag for tag in TITLES if tag in pages), *(tag for tag in pages if tag not in TITLES)]
    return {
        tag: "\n".join([f"# {TITLES.get(tag, tag.capitalize())}", "", *pages[tag]]) for tag in order
    }


def _operation(method: str, path: str, operation: Schema, components: Schema) -> Iterator[str]:
    yield f"## {operation['summary']}"
    yield ""
    yield f"`{method} {path}`"
    yield ""
    yield operation.get("description", "")
    yield ""
    named = [name for each in operation.get("security", ()) for name in each]
    asks = " or ".join(_WHO.get(name, name) for name in named)
    yield f"**Who may ask:** {asks}." if asks else "**Who may ask:** anyone."
    yield ""
    yield from _parameters(operation.get("parameters", ()))
    for media, body in operation.get("requestBody", {}).get("content", {}).items():
        yield f"**Body** (`{media}`)"
        yield ""
        yield from _fields(body["schema"], components)
    yield from _answers(operation["responses"], components)


def _parameters(parameters: Sequence[Schema]) -> Iterator[str]:
    if not parameters:
        return
    yield "| parameter | in | kind | means |"
    yield "|---|---|---|---|"
    for each in parameters:
        schema = each["schema"]
        default = f" Default: `{json.dumps(schema['default'])}`." if "default" in schema else ""
        needed = " Required." if each.get("required") else default
        means = each.get("description", schema.get("description", ""))
        yield f"| `{each['name']}` | {each['in']} | {_kind(schema)} | {_cell(means)}{needed} |"
    yield ""


def _answers(responses: Schema, components: Schema) -> Iterator[str]:
    yield "| answer | means |"
    yield "|---|---|"
    for status, response in responses.items():
        yield f"| {status} | {_cell(response['description'])} |"
    yield ""
    for media, body in responses.get("200", {}).get("content", {}).items():
        if body.get("schema"):
            yield f"**Answer 200** (`{media}`)"
            yield ""
            yield from _fields(body["schema"], components)


def _fields(schema: Schema, components: Schema) -> Iterator[str]:
    """Tell the fields of an object, and of the objects in it, each one once."""
    waiting, told = list(_names(schema)), set[str]()
    if not waiting:
        yield f"{_kind(schema)}"
        yield ""
    while waiting:
        name = waiting.pop(0)
        if name in told:
            continue
        told.add(name)
        model = components[name]
        yield f'??? note "{name}"'
        yield ""
        if model.get("description"):
            yield "    " + model["description"].replace("\n", "\n    ")
            yield ""
        yield "    | field | kind | means |"
        yield "    |---|---|---|"
        for field, of in model.get("properties", {}).items():
            yield f"    | `{field}` | {_kind(of)} | {_cell(of.get('description', ''))} |"
            waiting += _names(of)
        yield ""


def _names(schema: object) -> Iterator[str]:
    """Name the components to which a schema refers."""
    if isinstance(schema, Mapping):
        if "$ref" in schema:
            yield schema["$ref"].rpartition("/")[2]
        for key in ("items", "anyOf", "oneOf", "allOf", "additionalProperties", "prefixItems"):
            yield from _names(schema.get(key))
    elif isinstance(schema, list):
        for each in schema:
            yield from _names(each)


def _kind(schema: Schema) -> str:
    """Tell in a word or two what a value is."""
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(_kind(each) for each in schema[key])
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(each)}`" for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    bounds = [
        f"{sign} {schema[key]}"
        for key, sign in (
            ("minimum", "≥"),
            ("exclusiveMinimum", ">"),
            ("maximum", "≤"),
            ("exclusiveMaximum", "<"),
        )
        if key in schema
    ]
    return ", ".join([schema.get("format") or schema.get("type", "any"), *bounds])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
