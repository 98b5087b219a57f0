"""Build the FastAPI app that Reflex mounts (`rx.App(api_transformer=...)`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from itertools import chain

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline

from pitwall import __version__
from pitwall.api import (
    accounts,
    export,
    history,
    ledger,
    live,
    live_stream,
    llms,
    predict,
    problems,
    race_timeline,
    v1,
    webhooks,
)
from pitwall.api.documentation import STATIC, add_documentation
from pitwall.api.head_requests import Heads
from pitwall.api.shared_paths import ForPrograms

_ROUTERS = (
    live.router,
    live_stream.router,
    predict.router,
    history.router,
    export.router,
    race_timeline.router,
    ledger.router,
    accounts.router,
    webhooks.router,
    v1.router,
    llms.router,
)
_METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}

_DESCRIPTION = """
Live Formula 1 battles, and the chance that each ends in an overtake.

Every answer names the kind of its data in `source`: `live`, `recorded`, `reconstructed` or
`simulated`. Probabilities are estimates. Errors are problem details (RFC 9457).
"""


def build_api(*others: APIRouter) -> FastAPI:
    """Return the API with its routes, its documentation and its error handlers.

    Args:
        others: Further routes, beside those for programs; their errors are answered alike.
    """
    # FastAPIOffline serves the files of the documentation itself: no page loads from outside.
    api = FastAPIOffline(
        docs_url=None,
        redoc_url=None,
        static_url=STATIC,
        title="pitwall",
        version=__version__,
        description=_DESCRIPTION,
    )
    routers = (*_ROUTERS, *others)
    for router in routers:
        api.include_router(router)
    problems.install(api)
    _refuse_other_methods(api, routers)
    folders = _folders(routers)
    _refuse_other_paths(api, folders)
    add_documentation(api)
    api.add_middleware(Heads, folders=frozenset({*folders, "docs", "openapi.json"}))
    return api


def _refuse_other_methods(api: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Answer methods that a path of the API does not have with problem details.

    The pages are mounted below the API and match every path, so that without this a page would
    answer.
    """
    known: dict[str, set[str]] = {}
    for route in chain.from_iterable(router.routes for router in routers):
        if isinstance(route, APIRoute):
            known.setdefault(route.path, set()).update(route.methods or ())
    for path, methods in known.items():
        api.add_api_route(
            path,
            _refusal(methods),
            methods=sorted(_METHODS - methods),
            include_in_schema=False,
        )


def _refuse_other_paths(api: FastAPI, folders: Mapping[str, APIRoute]) -> None:
    """Answer unknown paths below a path of the API, likewise before a page does."""
    for folder, route in sorted(folders.items()):
        api.router.add_api_route(
            f"/{folder}/{{rest:path}}",
            _nothing_there,
            methods=sorted(_METHODS),
            include_in_schema=False,
            route_class_override=ForPrograms if isinstance(route, ForPrograms) else None,
        )


def _folders(routers: Sequence[APIRouter]) -> dict[str, APIRoute]:
    """Return the first part of every path of the API, with one of its routes."""
    routes = chain.from_iterable(router.routes for router in routers)
    return {route.path.split("/")[1]: route for route in routes if isinstance(route, APIRoute)}


async def _nothing_there(request: Request) -> JSONResponse:
    detail = f"There is nothing at {request.url.path}."
    return await problems.answer(request, HTTPStatus.NOT_FOUND, detail)


def _refusal(methods: set[str]) -> Callable[[Request], Awaitable[JSONResponse]]:
    allowed = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))

    async def refuse(request: Request) -> JSONResponse:
        detail = f"{request.url.path} answers {allowed}, not {request.method}."
        response = await problems.answer(request, HTTPStatus.METHOD_NOT_ALLOWED, detail)
        response.headers["Allow"] = allowed
        return response

    return refuse
