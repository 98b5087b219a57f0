"""Serve `/docs` and `/openapi.json`, with complete examples of every refusal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from pitwall import services
from pitwall.api import examples
from pitwall.api.problems import MEDIA_TYPE, InvalidParameter, Problem
from pitwall.api.protection.content_policy import content_policy, inline_script_hashes
from pitwall.api.stream_schemas import EVENT_MODELS


def complete_problems(paths: Mapping[str, Any]) -> None:
    """Complete every example of a problem to what its route would answer.

    Args:
        paths: `paths` of the OpenAPI schema, changed in place.
    """
    for path, methods in paths.items():
        for operation in methods.values():
            parameters = operation.get("parameters", ())
            for status, response in operation["responses"].items():
                media = response.get("content", {}).get(MEDIA_TYPE)
                if media:
                    example = media["example"]
                    media["example"] = _whole(
                        example, int(status), _asked(path, parameters, example)
                    )


def _asked(path: str, parameters: Iterable[Any], example: Mapping[str, Any]) -> str:
    """Return the path with its parameters' examples filled in, except for an invalid one."""
    invalid = {each["name"] for each in example.get("invalid", ())}
    for parameter in parameters:
        name = parameter["name"]
        if parameter["in"] == "path":
            wrong = f"path.{name}" in invalid
            value = examples.NO_UUID if wrong else parameter["schema"]["examples"][0]
            path = path.replace(f"{{{name}}}", str(value))
    return path


def _whole(example: dict[str, Any], status: int, instance: str) -> dict[str, Any]:
    problem = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=example["detail"],
        instance=instance,
        invalid=[InvalidParameter(**each) for each in example.get("invalid", ())] or None,
        request_id=examples.REQUEST_ID,
        source=examples.SOURCE if status != HTTPStatus.SERVICE_UNAVAILABLE else None,
    )
    return problem.model_dump(exclude_none=True)


STATIC: Final = "/static-offline-docs"  # where FastAPIOffline serves Swagger's own files


def add_documentation(api: FastAPI) -> None:
    """Add the documentation page, and correct the schema that FastAPI makes."""

    @api.get("/docs", include_in_schema=False)
    async def documentation() -> HTMLResponse:
        return _page(api)

    def openapi() -> dict[str, object]:
        if not api.openapi_schema:
            api.openapi_schema = _schema(api)
        return api.openapi_schema

    api.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def _page(api: FastAPI) -> HTMLResponse:
    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title=f"{api.title} API",
        swagger_js_url=f"{STATIC}/swagger-ui-bundle.js",
        swagger_css_url=f"{STATIC}/swagger-ui.css",
        swagger_favicon_url="/favicon.svg",
    )
    # Its one script stands inside the page, and Swagger's components style themselves in place.
    page.headers["Content-Security-Policy"] = content_policy(
        inline_script_hashes(bytes(page.body)), style_src="'self' 'unsafe-inline'"
    )
    return page


def _schema(api: FastAPI) -> dict[str, object]:
    """Return the schema with the real answers of 422 and of the stream in it."""
    schema = get_openapi(
        title=api.title,
        version=api.version,
        description=api.description,
        routes=api.routes,
    )
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    # No route answers these as its whole body, so that FastAPI does not find them.
    models: list[type[BaseModel]] = [Problem, *EVENT_MODELS.values()]
    for model in models:
        own = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= own.pop("$defs", {})
        schemas[model.__name__] = own
    _describe_features(schemas)
    complete_problems(schema.get("paths", {}))
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    return schema


def _describe_features(schemas: dict[str, Any]) -> None:
    """Add the features of a made-up battle to the schema, if a model that has them is loaded."""
    try:
        model = services.current().what_if
    except RuntimeError:
        return
    if model is None:
        return
    schemas["WhatIfIn"]["properties"]["features"] |= {
        "additionalProperties": False,
        "properties": {
            feature.name: {
                "type": "number",
                "minimum": feature.lowest,
                "maximum": feature.highest,
                "description": f"{feature.meaning}, {feature.unit}",
            }
            for feature in model.features
        },
    }
