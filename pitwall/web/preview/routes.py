"""Serve the pictures of links, to anybody, within a limit for each address."""

from __future__ import annotations

import math
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from pitwall.domain.addresses import groups_of
from pitwall.domain.limits import LimitPolicy
from pitwall.errors import RaceNotFoundError, TooManyRequestsError
from pitwall.services import Services, current
from pitwall.web.preview.scene import PAGES
from pitwall.web.preview.scenes import live_scene, picture, replay_scene

PICTURES: Final = LimitPolicy("preview", quota=60, window_s=60)

router = APIRouter(prefix="/preview", include_in_schema=False)

CurrentServices = Annotated[Services, Depends(current)]


async def _within_limit(request: Request, services: CurrentServices) -> None:
    """Count a request for a picture.

    Raises:
        TooManyRequestsError: This address asked for too many.
    """
    if services.limits is None:
        return
    household = groups_of(request.client.host if request.client else "").household
    standing = await services.limits.take(PICTURES, household)
    if not standing.allowed:
        raise TooManyRequestsError(max(1, math.ceil(standing.reset_s)))


Limited = Depends(_within_limit)


@router.get("/live.png", dependencies=[Limited])
async def live_picture() -> Response:
    """Return the hottest battle of the race on screen."""
    return _png(await picture(await live_scene()), 60)


@router.get("/replay/{race_id}.png", dependencies=[Limited])
async def replay_picture(race_id: str, t: str = "", battle: str = "") -> Response:
    """Return a moment of a race that guests may replay; of others what the address says."""
    return _png(await picture(await replay_scene(race_id, t, battle)), 3600)


@router.get("/{page}.png", dependencies=[Limited])
async def page_picture(page: str) -> Response:
    """Return the picture of a page.

    Raises:
        RaceNotFoundError: There is no such page.
    """
    if page not in PAGES:
        message = f"There is no picture of {page[:40]!r}."
        raise RaceNotFoundError(message)
    return _png(await picture(PAGES[page]), 86_400)


def _png(body: bytes, keep_s: int) -> Response:
    headers = {
        "Cache-Control": f"public, max-age={keep_s}",
        # Messengers show it on pages of their own.
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return Response(body, media_type="image/png", headers=headers)
