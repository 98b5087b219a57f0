"""`/docs` and `/openapi.json`: what the API says of itself, with nothing from outside."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse

from pitwall import services
from pitwall.api.problem_examples import complete_problems
from pitwall.api.problems import Problem
from pitwall.api.protection.content_policy import content_policy, inline_script_hashes

STATIC: Final = "/static-offline-docs"  # where FastAPIOffline serves Swagger's own files


def add_documentation(api: FastAPI) -> None:
    """Add the page, and correct the schema that FastAPI makes."""

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
    """Return the schema with `Problem` in it, so that 422 says what is really answered."""
    schema = get_openapi(
        title=api.title,
        version=api.version,
        description=api.description,
        routes=api.routes,
    )
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs", {})
    schemas["Problem"] = problem
    _describe_features(schemas)
    complete_problems(schema.get("paths", {}))
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    return schema


def _describe_features(schemas: dict[str, Any]) -> None:
    """Say of what a made-up battle may be made: the loaded model knows, when it is loaded."""
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
