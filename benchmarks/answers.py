"""Serve pitwall with two more routes, which answer as `/live-battles` does but keep nothing.

`python -m benchmarks.answers` serves what `python -m pitwall.serve` does, with the same settings,
the same protections and the same race, so that the answers can be compared in one run.
"""

from __future__ import annotations

import sys
from typing import Any

from fastapi import Response
from fastapi.routing import APIRoute
from granian.server import Server
from starlette.types import ASGIApp

from pitwall.api.live_schemas import BattlesOut
from pitwall.app import server
from pitwall.domain.frames import LiveFrame
from pitwall.errors import NothingLiveError
from pitwall.services import Services

AS_USUAL = "/benchmark/as-usual"
AT_ONCE = "/benchmark/at-once"


async def _frame(services: Services) -> LiveFrame:
    frame = await services.live.latest()
    if frame is None:
        raise NothingLiveError
    return frame


def asgi() -> ASGIApp:
    """Return the app of `pitwall.pitwall`, with the two routes."""
    from pitwall import pitwall, services  # as a worker does: it describes all pages

    async def as_usual() -> BattlesOut:
        """Return the answer as FastAPI's documentation has it: validated, then serialised."""
        return BattlesOut.of(await _frame(services.current()), 2.0, 0.0)

    async def at_once() -> Response:
        """Return the answer serialised by pydantic, without FastAPI's second validation."""
        answer = BattlesOut.of(await _frame(services.current()), 2.0, 0.0)
        return Response(answer.model_dump_json(), media_type="application/json")

    api: Any = pitwall.app.api_transformer
    routes = [
        APIRoute(AS_USUAL, as_usual, response_model=BattlesOut),
        APIRoute(AT_ONCE, at_once, response_model=None),
    ]
    api.router.routes[:0] = routes
    return pitwall.asgi()


class _Served(Server):  # type: ignore[misc, valid-type]  # one of two, by the platform
    """Serves this module's app, with all else as the caller has it."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401  granian's own
        super().__init__(**settings | {"target": "benchmarks.answers:asgi"})


if __name__ == "__main__":
    vars(server)["Server"] = _Served
    sys.exit(server.main())
